import { assertEquals, assertInstanceOf, assertStringIncludes, assertThrows } from "@std/assert";
import { writeFileSync } from "node:fs";
import { InvalidArgumentError, IoError, NotFoundError, open } from "../../mod.ts";
import { csvRecords, readCsv } from "../../lib/graph/csv.ts";
import { type IngestProgress, ingestRows } from "../../lib/graph/ingest.ts";
import { isSnapshotFile, readJsonLines } from "../../lib/graph/json_lines.ts";
import { LineReader } from "../../lib/backend/line_reader.ts";
import { joinSources, type RowSource, UnreadableRow } from "../../lib/graph/row_source.ts";
import { tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";

/** Writes a file and removes it with its folder when the block ends. */
function file(content: string | Uint8Array): Disposable & { readonly path: string } {
  const dir = tempDir();
  const path = dir.path("rows.txt");
  writeFileSync(path, content);
  return { path, [Symbol.dispose]: () => dir[Symbol.dispose]() };
}

function linesOf(content: string | Uint8Array): string[] {
  using source = file(content);
  return [...new LineReader(source.path).lines()];
}

function cellsOf(content: string): (string | undefined)[][] {
  using source = file(content);
  return [...csvRecords(new LineReader(source.path), ",")].map(({ cells }) => [...cells]);
}

function rowsOf(read: (path: string) => RowSource, content: string): unknown[] {
  using source = file(content);
  return [...read(source.path)].map((row) => row instanceof UnreadableRow ? row.reason.message : row);
}

test("lines are split at line feeds only, with and without one at the end", () => {
  assertEquals(linesOf("a\nb\r\n\nc"), ["a", "b\r", "", "c"]);
  assertEquals(linesOf("a\n"), ["a"]);
  assertEquals(linesOf(""), []);
  assertEquals(linesOf("\ufeffa\n\ufeffb"), ["a", "\ufeffb"]);
  assertEquals(linesOf("a\u2028b\n"), ["a\u2028b"]);
});

test("long lines and characters that lie across two blocks come back whole", () => {
  const lines = [...Array(40)].map((_, index) => "ü€😀".repeat(3000 * (index % 7)) + index);
  lines.push("x".repeat(3_000_000));
  assertEquals(linesOf(lines.join("\n")), lines);
});

test("bytes that are no UTF-8 are an error with the line, after the lines before it", () => {
  using source = file(new Uint8Array([97, 10, 98, 10, 0xff, 10, 99]));
  const seen: string[] = [];
  const error = assertThrows(
    () => {
      for (const line of new LineReader(source.path).lines()) seen.push(line);
    },
    InvalidArgumentError,
    "line 3 is no UTF-8",
  );
  assertEquals(seen, ["a", "b"]);
  assertEquals((error as InvalidArgumentError).code, "not-utf-8");
});

test("a missing file and a folder are typed errors", () => {
  using dir = tempDir();
  assertEquals(
    (assertThrows(() => readJsonLines(dir.path("none")), NotFoundError) as NotFoundError).code,
    "file-not-found",
  );
  assertThrows(() => readCsv(dir.root), IoError, "folder");
});

test("JSON Lines keep large integers, pass over blank lines and tell the line of each row", () => {
  using source = file('\n{"kv":{"key":"a","value":12345678901234567890}}\r\n  \n{"kv":{"key":"b","value":1.5}}');
  const rows = readJsonLines(source.path);
  const seen: unknown[] = [];
  for (const row of rows) seen.push([rows.line, row]);
  assertEquals(seen, [
    [2, { kv: { key: "a", value: 12345678901234567890n } }],
    [4, { kv: { key: "b", value: 1.5 } }],
  ]);
  assertEquals(rows.bytesRead, rows.sizeBytes);
});

test("JSON Lines hold bytes and special floats the way a snapshot file does", () => {
  const rows = ['{"kv":{"keyBytes":"AP8=","bytes":"AQI="}}', '{"kv":{"key":"a","float":"-Infinity","ttlSeconds":5}}'];
  assertEquals(rowsOf(readJsonLines, rows.join("\n")), [
    { kv: { key: new Uint8Array([0, 255]), value: new Uint8Array([1, 2]) } },
    { kv: { key: "a", value: -Infinity, ttlSeconds: 5 } },
  ]);
  const bad = [
    '{"kv":{"key":"a","keyBytes":"AA==","value":1}}',
    '{"kv":{"key":"a","bytes":"?"}}',
    '{"kv":{"key":"a","float":"1"}}',
  ];
  assertEquals(rowsOf(readJsonLines, bad.join("\n")).every((reason) => typeof reason === "string"), true);
  assertEquals(rowsOf(readJsonLines, '{"kv":{"key":"a","value":1,"bytes":"AA=="}}').length, 1);
});

test("a line that is no JSON ends an ingest with file and line, or is skipped with its text", () => {
  using source = file('{"node":{"kind":"K","name":"a"}}\n{oops\n{"node":{"kind":"K","name":"b"}}\n');
  using db = open(":memory:");
  const error = assertThrows(
    () => ingestRows(db, readJsonLines(source.path)),
    InvalidArgumentError,
    `${source.path} line 2`,
  );
  assertEquals((error as InvalidArgumentError).code, "not-json");
  assertEquals(db.countNodes(), 0);
  const skipped: unknown[] = [];
  const progress: IngestProgress[] = [];
  const options = {
    onSkip: (row: unknown) => skipped.push(row),
    onProgress: (now: IngestProgress) => progress.push(now),
  };
  assertEquals(ingestRows(db, readJsonLines(source.path), options).nodes, 2);
  assertEquals(skipped, [{ row: 2, file: source.path, line: 2, value: "{oops" }]);
  assertEquals(progress.at(-1), { phase: "ingest", rows: 3, skipped: 1, done: 72, total: 72 });
});

test("CSV cells may hold delimiters, quotes and line ends; empty ones without quotes are absent", () => {
  assertEquals(cellsOf('a,b,c\r\n1,"x,""y""\r\nz",\r\n\r\n"","",""\n'), [
    ["a", "b", "c"],
    ["1", 'x,"y"\r\nz', undefined],
    ["", "", ""],
  ]);
  assertEquals(cellsOf(",\n"), [[undefined, undefined]]);
  assertEquals(cellsOf('"a","b"'), [["a", "b"]]);
  assertEquals(cellsOf("a\n\n"), [["a"]]);
});

test("a CSV file of nodes: refs, labels, file path, and JSON where a cell is JSON", () => {
  const header = "ref,kind,name,filePath,labels,born,tags,note,__proto__";
  const rows = [
    'ada,Person,Ada,a.txt,math,1815,"[1,{""a"":null}]",hello,1',
    ',Person,"Bob ""B"" Ross",,"[""x"",""y""]",007,true,"",',
    "c,Person,,,,12345678901234567890,-0.5,nope,",
  ];
  assertEquals(rowsOf(readCsv, [header, ...rows].join("\n")), [
    {
      node: {
        kind: "Person",
        name: "Ada",
        filePath: "a.txt",
        labels: ["math"],
        data: { born: 1815, tags: [1, { a: null }], note: "hello", ["__proto__"]: 1 },
      },
      ref: "ada",
    },
    {
      node: {
        kind: "Person",
        name: 'Bob "B" Ross',
        filePath: undefined,
        labels: ["x", "y"],
        data: { born: "007", tags: true, note: "" },
      },
      ref: undefined,
    },
    {
      node: {
        kind: "Person",
        name: "",
        filePath: undefined,
        labels: undefined,
        data: { born: 12345678901234567890n, tags: -0.5, note: "nope" },
      },
      ref: "c",
    },
  ]);
});

test("a CSV file of edges takes refs or ids", () => {
  assertEquals(rowsOf(readCsv, "type,from,to,since\nKNOWS,ada,17,1833\n"), [
    { edge: { type: "KNOWS", from: { ref: "ada" }, to: { ref: "17" }, data: { since: 1833 } } },
  ]);
  assertEquals(rowsOf(readCsv, "fromId,type,to\n17,KNOWS,ada\n"), [
    { edge: { type: "KNOWS", from: 17, to: { ref: "ada" }, data: {} } },
  ]);
});

test("bad CSV records are told with their line and can be skipped", () => {
  const content = 'kind,name\nK,"a\nb"\nK\nK,a,b\nK,a"b\nK,"a"b\nK,c\nK,"d\n';
  using source = file(content);
  using db = open(":memory:");
  const seen: string[] = [];
  ingestRows(db, readCsv(source.path), { onSkip: ({ line }, { message }) => seen.push(`${line} ${message}`) });
  assertEquals(seen.map((text) => text.slice(0, 24)), [
    "4 the record has 1 cells",
    "5 the record has 3 cells",
    "6 cell 2 has a quote ins",
    "7 there is text after th",
    "9 a quote is never close",
  ]);
  assertEquals([...db.nodes()].map(({ name }) => name), ["a\nb", "c"]);
  assertThrows(() => ingestRows(db, readCsv(source.path)), InvalidArgumentError, `${source.path} line 4`);
});

test("a CSV edge without an end or with a bad id is a bad row", () => {
  const [first] = rowsOf(readCsv, "type,from,to\nT,,x\n");
  assertStringIncludes(String(first), "from is empty");
  const [second] = rowsOf(readCsv, "type,fromId,toId\nT,1,x\n");
  assertStringIncludes(String(second), "toId");
});

test("a CSV header must say what the rows are", () => {
  for (
    const header of [
      "a,b",
      "kind",
      "kind,name,kind",
      "kind,name,",
      "type,from",
      "type,from,fromId,to",
      "kind,name,type,from,to",
      '"kind,name',
    ]
  ) {
    using source = file(`${header}\n1,2\n`);
    const error = assertThrows(() => [...readCsv(source.path)], InvalidArgumentError, "line 1");
    assertInstanceOf(error, InvalidArgumentError);
    assertEquals(error.code, "invalid-csv-header");
  }
});

test("other delimiters are one character", () => {
  using source = file("kind;name\nK;a,b\n");
  const [row] = [...readCsv(source.path, { delimiter: ";" })];
  assertEquals((row as { node: { name: string } }).node.name, "a,b");
  assertThrows(() => readCsv(source.path, { delimiter: "ab" }), InvalidArgumentError, "delimiter");
  assertThrows(() => readCsv(source.path, { delimiter: '"' }), InvalidArgumentError, "delimiter");
});

test("joined files share their refs and add up their bytes", () => {
  using nodes = file("ref,kind,name\na,K,a\nb,K,b\n");
  using edges = file("type,from,to\nT,a,b\nT,b,z\n");
  using db = open(":memory:");
  const source = joinSources([readCsv(nodes.path), readCsv(edges.path)]);
  const where: unknown[] = [];
  const result = ingestRows(db, source, { onSkip: ({ row, file: path, line }) => where.push([row, path, line]) });
  assertEquals(result, { nodes: 2, edges: 1, keyValues: 0, skipped: 1 });
  assertEquals(where, [[4, edges.path, 3]]);
  assertEquals(source.bytesRead, source.sizeBytes);
});

test("a snapshot file is told by its first line", () => {
  using snapshot = file('{"sqlitegraph":{"format":1}}\n');
  using rows = file('{"node":{}}\n');
  assertEquals([isSnapshotFile(snapshot.path), isSnapshotFile(rows.path), isSnapshotFile("missing")], [
    true,
    false,
    false,
  ]);
});
