import { assertEquals, assertInstanceOf, assertStringIncludes, assertThrows } from "@std/assert";
import { type GraphBackend, InvalidArgumentError, NotFoundError, open } from "../../mod.ts";
import { type IngestProgress, ingestRows, type SkippedRow } from "../../lib/graph/ingest.ts";
import { RefTable } from "../../lib/graph/ref_table.ts";
import type { IngestRow } from "../../lib/graph/row_source.ts";
import { test } from "../support/test.ts";

function person(name: string, ref?: string): IngestRow {
  return { node: { kind: "Person", name }, ref };
}

function knows(from: string | number, to: string | number): IngestRow {
  const end = (of: string | number) => typeof of === "number" ? of : { ref: of };
  return { edge: { type: "KNOWS", from: end(from), to: end(to) } };
}

function contents(db: GraphBackend): { nodes: string[]; edges: number[][]; keys: unknown[] } {
  return {
    nodes: [...db.nodes()].map(({ name }) => name),
    edges: [...db.edges()].map(({ from, to }) => [from, to]),
    keys: [...db.kv.scan()].map(({ key }) => key),
  };
}

const EMPTY = { nodes: [], edges: [], keys: [] };

test("an ingest inserts nodes, edges by ref and by id, and key-values, in one commit", () => {
  using db = open(":memory:");
  const eve = db.insertNode({ kind: "Person", name: "Eve" });
  const lsn = db.lsn;
  const result = ingestRows(db, [
    { node: { kind: "Person", name: "Ada", filePath: "a.txt", labels: ["math"], data: { born: 1815 } }, ref: "ada" },
    person("Bob", "bob"),
    { edge: { type: "KNOWS", from: { ref: "ada" }, to: { ref: "bob" }, data: { since: 1833 } } },
    knows("bob", eve),
    { kv: { key: "one", value: 2n ** 60n } },
    { kv: { key: new Uint8Array([255]), value: null, ttlSeconds: 1000 } },
  ]);
  assertEquals(result, { nodes: 2, edges: 2, keyValues: 2, skipped: 0 });
  const [ada] = [...db.nodes({ name: "Ada" })];
  assertEquals(ada, { id: 2, kind: "Person", name: "Ada", filePath: "a.txt", labels: ["math"], data: { born: 1815 } });
  assertEquals(db.edgesBetween(2, 3)[0]?.data, { since: 1833 });
  assertEquals(db.neighbors(3), [eve]);
  assertEquals(db.kv.get("one"), 2n ** 60n);
  assertEquals(typeof db.kv.entry(new Uint8Array([255]))?.expiresAt, "number");
  assertEquals(db.lsn, lsn + 1);
});

test("ids follow the rows, also where nodes and edges alternate over many batches", () => {
  using db = open(":memory:");
  const rows = function* (): Generator<IngestRow> {
    yield person("0", "0");
    for (let number = 1; number < 3000; number++) {
      yield person(`${number}`, `${number}`);
      yield knows(`${number - 1}`, `${number}`);
    }
  };
  assertEquals(ingestRows(db, rows()), { nodes: 3000, edges: 2999, keyValues: 0, skipped: 0 });
  assertEquals([...db.nodes()].every(({ id, name }) => id === Number(name) + 1), true);
  assertEquals([...db.edges()].every(({ id, from, to }) => from === id && to === id + 1), true);
});

const BAD_ROWS: readonly (readonly [problem: string, row: unknown, code: string, text: string])[] = [
  ["an unknown ref", knows("ada", "nobody"), "unknown-ref", '"nobody"'],
  ["a ref to a later row", knows("ada", "zoe"), "unknown-ref", '"zoe"'],
  ["a missing id", knows("ada", 99), "node-not-found", "99"],
  ["a ref for the second time", person("Ada", "ada"), "invalid-row", '"ada"'],
  ["a blank kind", { node: { kind: " ", name: "x" } }, "blank", "kind"],
  ["a blank type", { edge: { type: "", from: 1, to: 1 } }, "blank", "type"],
  ["a node without a name", { node: { kind: "Person" } }, "invalid-text", "name"],
  ["data that is no JSON", { node: { kind: "Person", name: "x", data: { at: new Date() } } }, "not-json", "Date"],
  ["an unknown member", { node: { kind: "Person", name: "x", lables: [] } }, "invalid-row", "lables"],
  ["an id", { node: { id: 7, kind: "Person", name: "x" } }, "invalid-row", "ids are given by the database"],
  ["an unknown sort of row", { vertex: {} }, "invalid-row", "vertex"],
  ["two sorts at once", { ...person("x"), kv: { key: "k", value: 1 } }, "invalid-row", "exactly one"],
  ["no sort", {}, "invalid-row", "exactly one"],
  ["a ref of an edge", { ...knows(1, 1), ref: "x" }, "invalid-row", "ref"],
  ["a ref that is no text", { node: { kind: "Person", name: "x" }, ref: 5 }, "invalid-row", "ref"],
  ["a row that is no object", null, "invalid-row", "null"],
  ["an end of the wrong type", { edge: { type: "T", from: "ada", to: 1 } }, "invalid-row", "from"],
  ["a fractional id", { edge: { type: "T", from: 1, to: 1.5 } }, "invalid-row", "to"],
  ["a key-value without value", { kv: { key: "k" } }, "invalid-row", "no value"],
  ["a value that cannot be stored", { kv: { key: "k", value: 2n ** 64n } }, "integer-too-large", "value"],
];

for (const [problem, row, code, text] of BAD_ROWS) {
  test(`${problem} ends an ingest with the number of the row, and nothing stays`, () => {
    using db = open(":memory:");
    const rows = [person("Ada", "ada"), { kv: { key: "a", value: 1 } }, row, person("Zoe", "zoe")] as IngestRow[];
    const error = assertThrows(() => ingestRows(db, rows), Error, "ingest: row 3: ");
    if (!(error instanceof NotFoundError)) assertInstanceOf(error, InvalidArgumentError);
    if (code !== "integer-too-large") assertEquals((error as InvalidArgumentError).code, code);
    assertStringIncludes((error as Error).message, text);
    assertEquals(contents(db), EMPTY);
  });
}

test("onSkip gets every bad row, and the others are ingested", () => {
  for (const [problem, row] of BAD_ROWS) {
    using db = open(":memory:");
    const skipped: SkippedRow[] = [];
    const rows = [person("Ada", "ada"), row, person("Zoe", "zoe"), knows("ada", "zoe")] as IngestRow[];
    const result = ingestRows(db, rows, { onSkip: (skippedRow) => skipped.push(skippedRow) });
    assertEquals(result, { nodes: 2, edges: 1, keyValues: 0, skipped: 1 }, problem);
    assertEquals(skipped, [{ row: 2, value: row }], problem);
  }
});

test("an edge of a skipped node is skipped as well, with an unknown ref", () => {
  using db = open(":memory:");
  const codes: string[] = [];
  const rows = [
    { node: { kind: "", name: "x" }, ref: "x" },
    person("y", "y"),
    knows("x", "y"),
    person("x", "x"),
    knows("x", "y"),
  ];
  const result = ingestRows(db, rows, { onSkip: ({ row }, { code }) => codes.push(`${row} ${code}`) });
  assertEquals(codes, ["1 blank", "3 unknown-ref", "4 invalid-row", "5 unknown-ref"]);
  assertEquals(result, { nodes: 1, edges: 0, keyValues: 0, skipped: 4 });
});

test("the ref of a skipped row stays taken, in later batches too", () => {
  using db = open(":memory:");
  const rows = function* (): Generator<IngestRow> {
    yield { node: { kind: "", name: "x" }, ref: "x" };
    for (let number = 0; number < 1000; number++) yield person(`${number}`);
    yield person("x", "x");
    yield knows("x", "x");
  };
  assertEquals(ingestRows(db, rows(), { onSkip() {} }), { nodes: 1000, edges: 0, keyValues: 0, skipped: 3 });
});

test("the first bad row ends an ingest, also when a later one is found before it", () => {
  using db = open(":memory:");
  const rows = [person("a"), { node: { kind: "", name: "b" } }, knows("nobody", "a")] as IngestRow[];
  assertThrows(() => ingestRows(db, rows), InvalidArgumentError, "ingest: row 2: ");
});

test("an error of the rows themselves or of onSkip takes everything back", () => {
  using db = open(":memory:");
  const rows = function* (): Generator<IngestRow> {
    for (let number = 0; number < 2000; number++) yield person(`${number}`);
    throw new RangeError("the source is gone");
  };
  assertThrows(() => ingestRows(db, rows()), RangeError, "the source is gone");
  const stop = () => {
    throw new RangeError("enough");
  };
  assertThrows(() => ingestRows(db, [person("x"), knows(5, 6)], { onSkip: stop }), RangeError, "enough");
  assertEquals(contents(db), EMPTY);
});

test("an ingest inside a transaction belongs to it", () => {
  using db = open(":memory:");
  assertThrows(() =>
    db.transaction((tx) => {
      ingestRows(tx, [person("x")]);
      assertEquals(tx.countNodes(), 1);
      throw new RangeError("back");
    }), RangeError);
  assertEquals(db.countNodes(), 0);
});

test("progress is reported with rows done, and the signal stops the ingest without a trace", () => {
  using db = open(":memory:");
  const seen: IngestProgress[] = [];
  const rows = Array.from({ length: 1500 }, (_, number) => person(`${number}`));
  ingestRows(db, rows, { onProgress: (progress) => seen.push(progress) });
  assertEquals(seen.at(-1), { phase: "ingest", rows: 1500, skipped: 0, done: 1500 });
  assertEquals(seen.length > 2, true);

  const controller = new AbortController();
  const onProgress = ({ rows: done }: IngestProgress) => done > 600 && controller.abort(new RangeError("stop"));
  assertThrows(() => ingestRows(db, rows, { onProgress, signal: controller.signal }), RangeError, "stop");
  assertEquals(db.countNodes(), 1500);
  assertThrows(() => ingestRows(db, rows, { signal: AbortSignal.abort(new RangeError("never")) }), RangeError, "never");
});

test("rows that are no iterable are refused", () => {
  using db = open(":memory:");
  assertThrows(() => ingestRows(db, 5 as unknown as IngestRow[]), InvalidArgumentError, "rows");
});

test("refs are found in every map of the table", () => {
  const refs = new RefTable(10);
  for (let number = 1; number <= 95; number++) refs.add(`r${number}`, -number);
  for (let number = 1; number <= 95; number++) refs.replace(`r${number}`, number);
  assertEquals([refs.get("r1"), refs.get("r55"), refs.get("r95"), refs.get("r96")], [1, 55, 95, undefined]);
});
