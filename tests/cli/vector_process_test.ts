import { assertAlmostEquals, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { writeFileSync } from "node:fs";
import { open } from "../../mod.ts";
import { test } from "../support/test.ts";
import {
  type Backend,
  engineTest,
  failJson,
  peopleIn,
  run,
  succeed,
  succeedJson,
  succeedJsonLines,
  type Workplace,
  workplace,
} from "./command_line.ts";

interface Found {
  readonly id: number;
  readonly kind: string;
  readonly name: string;
  readonly distance: number;
}

/** The people's database with an empty index "taste" of two dimensions. */
function tasteIn(place: Workplace, backend: Backend = "v3"): string {
  const database = peopleIn(place, backend);
  using db = open(database);
  db.createVectorIndex("taste", { dimension: 2, metric: "euclidean" });
  return database;
}

/** Vectors of all nodes of the index "taste". */
function vectorsOf(database: string): [nodeId: number, vector: number[]][] {
  using db = open(database, { readonly: true });
  return [...db.vectorIndex("taste").vectors()].map(({ nodeId, vector }) => [nodeId, [...vector]]);
}

/** An fvecs file. */
function writeFvecs(place: Workplace, name: string, rows: readonly (readonly number[])[]): string {
  const bytes = rows.map((row) => [...new Uint8Array(Int32Array.of(row.length).buffer), ...floats(row)]);
  return writeBytes(place, name, bytes.flat());
}

/** A .npy file of version 1. */
function writeNpy(place: Workplace, name: string, header: string, numbers: readonly number[]): string {
  const text = `\x93NUMPY\x01\x00${String.fromCharCode(header.length, 0)}${header}`;
  return writeBytes(place, name, [...text].map((letter) => letter.charCodeAt(0)).concat(numbers));
}

function floats(numbers: readonly number[]): number[] {
  return [...new Uint8Array(Float32Array.from(numbers).buffer)];
}

function writeBytes(place: Workplace, name: string, bytes: readonly number[]): string {
  const path = place.path(name);
  writeFileSync(path, Uint8Array.from(bytes));
  return path;
}

engineTest("an index is made, shown, listed by status, and dropped only on demand", async (backend) => {
  using place = workplace();
  const database = peopleIn(place, backend);
  const options = ["--dimension", "2", "--metric", "manhattan", "--m", "4", "--ef-construction", "40"];
  const more = ["--ef-search", "30", "--storage", "i8", "--seed", "7"];
  const made = await succeedJson("vector", "create", database, "taste", ...options, ...more);
  const expected = {
    name: "taste",
    dimension: 2,
    metric: "manhattan",
    m: 4,
    efConstruction: 40,
    efSearch: 30,
    storage: "i8",
    seed: 7,
    engine: "hnsw",
    count: 0,
  };
  assertEquals(made, expected);
  assertEquals((await failJson(1, "vector", "create", database, "taste", "--dimension", "2"))["name"], "ConflictError");
  await succeed("vector", "create", database, "bio", "--dimension", "3");
  const rows = place.write("rows.jsonl", ['{"nodeId": 1, "vector": [1, 2]}']);
  await succeed("vector", "import", database, "taste", rows);

  const all = await succeedJsonLines("vector", "stats", database) as { name: string; count: number }[];
  assertEquals(all.map(({ name, count }) => [name, count]), [["bio", 0], ["taste", 1]]);
  const one = await succeedJson("vector", "stats", database, "taste") as Record<string, unknown>;
  assertEquals(Object.fromEntries(Object.keys(expected).map((key) => [key, one[key]])), { ...expected, count: 1 });
  assertMatch(await succeed("vector", "stats", database), /^taste +1 +2 +manhattan +i8 /m);
  assertMatch(await succeed("vector", "stats", database, "taste"), /^vectors +1 of dimension 2, manhattan$/m);
  assertMatch(await succeed("status", database), /^vector index +vectors\nbio +0\ntaste +1$/m);
  const status = await succeedJson("status", database) as { vectorIndexes: { name: string }[] };
  assertEquals(status.vectorIndexes.map(({ name }) => name), ["bio", "taste"]);

  assertStringIncludes(
    String((await failJson(2, "vector", "drop", database, "taste"))["message"]),
    "1 vector; add --yes",
  );
  assertEquals(await succeed("vector", "drop", database, "bio"), "dropped index bio with 0 vectors\n");
  const dropped = await succeedJson("vector", "drop", database, "taste", "--yes");
  assertEquals(dropped, { name: "taste", vectors: 1, dropped: true });
  assertEquals(await succeed("vector", "stats", database), "no vector indexes\n");
});

test("vectors are imported by id and by kind and name, and searched", async () => {
  using place = workplace();
  const database = tasteIn(place);
  const rows = place.write("rows.jsonl", [
    '{"nodeId": 1, "vector": [0, 0]}',
    "",
    '{"kind": "Person", "name": "Charles", "vector": [3, 4]}',
    '{"kind": "City", "name": "Ada", "vector": [1, 0]}',
  ]);
  const text = await succeed("vector", "import", database, "taste", rows);
  assertMatch(text, /^imported 3 vectors into taste in .* \([\d,]+ rows\/s\)\n$/);

  const search = async (...args: string[]) =>
    (await succeedJsonLines("vector", "search", database, "taste", ...args) as Found[]).map(({ id, distance }) =>
      [id, distance] as const
    );
  const query = ["--query", "[0, 0]"];
  assertEquals(await search(...query), [[1, 0], [3, 1], [2, 5]]);
  assertEquals(await search(...query, "-k", "2", "--ef", "50", "--exact"), [[1, 0], [3, 1]]);
  assertEquals(await search(...query, "--kind", "Person"), [[1, 0], [2, 5]]);
  assertEquals(await search(...query, "--kind", "Person", "--kind", "City"), [[1, 0], [3, 1], [2, 5]]);
  assertEquals(await search(...query, "--label", "math"), [[2, 5]]);
  assertEquals(await search(...query, "--max-distance", "1.5"), [[1, 0], [3, 1]]);
  assertEquals(await search("--like", "1", "-k", "1"), [[3, 1]]);
  assertEquals(await search(...query, "--near", "City:Ada"), [[3, 1]]);
  assertEquals(await search(...query, "--near", "1"), [[1, 0], [2, 5]]);
  assertEquals(await search(...query, "--near", "1", "--hops", "2", "-k", "2"), [[1, 0], [3, 1]]);
  assertEquals(await search(...query, "--near", "1", "--hops", "2", "--types", "KNOWS"), [[1, 0], [2, 5]]);
  assertEquals(await search(...query, "--near", "3", "--direction", "in", "--kind", "Person"), [[2, 5]]);
  assertEquals(await search("--like", "1", "--near", "1", "--near", "3"), [[3, 1], [2, 5]]);
  const usage = await failJson(2, "vector", "search", database, "taste", ...query, "--hops", "2");
  assertStringIncludes(String(usage["message"]), "--near");

  const copy = place.path("copy.graph");
  assertMatch(await succeed("compact", database, "--to", copy), /^wrote 4 nodes, 3 edges, 3 keys and 3 vectors to /);
  const exported = await succeed("export", copy, "--to", place.path("copy.jsonl"));
  assertMatch(exported, /^exported 4 nodes, 3 edges, 3 keys and 3 vectors to /);
  const [row = [0, 0]] = await search("--like", "Charles", "--kind", "City");
  assertEquals(row[0], 3);
  assertAlmostEquals(row[1], Math.hypot(2, 4), 1e-6);
  const table = await succeed("vector", "search", database, "taste", ...query, "-k", "2");
  assertMatch(table, /^id +kind +name +distance\n +1 +Person +Ada +0\.00000\n +3 +City +Ada +1\.00000\n$/);
});

test("vectors are imported from CSV, with a column a number or one for all", async () => {
  using place = workplace();
  const database = tasteIn(place);
  const numbers = place.write("numbers.csv", ["nodeId,x,y", "1,0.5,-1e1", "2, 2 ,3"]);
  await succeed("vector", "import", database, "taste", numbers);
  assertEquals(vectorsOf(database), [[1, [0.5, -10]], [2, [2, 3]]]);
  const json = place.write("json.csv", ["name,vector,kind", 'Ada,"[7, 8]",City']);
  await succeed("vector", "import", database, "taste", json);
  const named = place.write("named.tsv", ["name\tx\ty", "Charles\t4\t5"]);
  await succeed("vector", "import", database, "taste", named, "--kind", "Person");
  assertEquals(vectorsOf(database), [[1, [0.5, -10]], [2, [4, 5]], [3, [7, 8]]]);
});

test("fvecs and npy rows belong to the ids of a file, or to the nodes of a kind", async () => {
  using place = workplace();
  const database = tasteIn(place);
  const fvecs = writeFvecs(place, "a.fvecs", [[1, 2], [3, 4], [5, 6]]);
  await succeed("vector", "import", database, "taste", fvecs, "--ids", place.write("ids", ["3", "1", "", " 2"]));
  assertEquals(vectorsOf(database), [[1, [3, 4]], [2, [5, 6]], [3, [1, 2]]]);
  const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }\n";
  const npy = writeNpy(place, "a.npy", header, floats([9, 8, 7, 6, 5, 4]));
  await succeed("vector", "import", database, "taste", npy, "--kind", "Person");
  assertEquals(vectorsOf(database), [[1, [9, 8]], [2, [7, 6]], [3, [1, 2]], [4, [5, 4]]]);
});

engineTest("--create makes the nodes that are missing, once each", async (backend) => {
  using place = workplace();
  const database = tasteIn(place, backend);
  const rows = place.write("rows.jsonl", [
    '{"kind": "Person", "name": "Eve", "vector": [1, 2]}',
    '{"kind": "Person", "name": "Ada", "vector": [3, 4]}',
    '{"kind": "Person", "name": "Eve", "vector": [5, 6]}',
  ]);
  assertEquals((await failJson(1, "vector", "import", database, "taste", rows))["code"], "node-not-found");
  const dry = await succeedJson("vector", "import", database, "taste", rows, "--create", "--dry-run") as object;
  assertEquals({ ...dry, durationMs: 0 }, { vectors: 3, created: 1, skipped: 0, dryRun: true, durationMs: 0 });
  assertEquals(vectorsOf(database), []);
  const result = await succeedJson("vector", "import", database, "taste", rows, "--create") as object;
  assertEquals({ ...result, durationMs: 0 }, { vectors: 3, created: 1, skipped: 0, dryRun: false, durationMs: 0 });
  assertEquals(vectorsOf(database), [[1, [3, 4]], [5, [5, 6]]]);
});

test("a bad row ends an import with its place, or is left out with --skip", async () => {
  using place = workplace();
  const database = tasteIn(place);
  const rows = place.write("rows.jsonl", [
    '{"nodeId": 1, "vector": [1, 2]}',
    "{",
    '{"nodeId": 2, "vector": [1]}',
    '{"nodeId": 2, "vector": [1, 1e999]}',
    '{"nodeId": 2, "vector": "1"}',
    '{"nodeId": 99, "vector": [1, 2]}',
    '{"nodeId": "x", "vector": [1, 2]}',
    '{"name": "Ada", "vector": [1, 2]}',
    '{"vector": [1, 2]}',
    '{"nodeId": 2, "vectr": [1, 2]}',
    '{"kind": "Person", "name": "Nobody", "vector": [1, 2]}',
    '{"nodeId": 3, "vector": [3, 4]}',
  ]);
  const error = await failJson(1, "vector", "import", database, "taste", rows);
  assertEquals([error["name"], error["code"]], ["InvalidArgumentError", "not-json"]);
  assertStringIncludes(String(error["message"]), `${rows} line 2`);
  assertEquals(vectorsOf(database), []);

  const { code, stdout, stderr } = await run("vector", "import", database, "taste", rows, "--skip", "--json");
  assertEquals([code, (JSON.parse(stdout) as { skipped: number }).skipped], [0, 10]);
  const skips = stderr.trim().split("\n").map((line) => {
    const { skipped } = JSON.parse(line) as { skipped: Record<string, unknown> };
    return [skipped["line"], skipped["code"]];
  });
  assertEquals(skips, [
    [2, "not-json"],
    [3, "wrong-dimension"],
    [4, "invalid-vector"],
    [5, "invalid-argument"],
    [6, "node-not-found"],
    [7, "invalid-id"],
    [8, "ambiguous-node"],
    [9, "invalid-row"],
    [10, "invalid-row"],
    [11, "node-not-found"],
  ]);
  assertEquals(vectorsOf(database), [[1, [1, 2]], [3, [3, 4]]]);
  const text = await run("vector", "import", database, "taste", rows, "--skip", "--dry-run");
  assertMatch(text.stdout, /^would have imported 2 vectors into taste in .*; skipped 10 rows\n$/);
  assertMatch(text.stderr, /^skipped .*rows\.jsonl line 3: .*dimension 2$/m);
});

test("files that are damaged, or have other vectors or nodes than they should, change nothing", async () => {
  using place = workplace();
  const database = tasteIn(place);
  const one = place.write("one", ["1"]);
  const cases: readonly (readonly [file: string, code: string, part: string])[] = [
    [writeBytes(place, "cut.fvecs", [2, 0, 0, 0, 0, 0, 128, 63]), "invalid-vector-file", "cut off"],
    [writeFvecs(place, "wide.fvecs", [[1, 2, 3]]), "wrong-dimension", "dimension 3"],
    [writeFvecs(place, "two.fvecs", [[1, 2], [3, 4]]), "wrong-row-count", "2 rows"],
    [writeFvecs(place, "nan.fvecs", [[1, NaN]]), "invalid-vector", "row 1"],
    [writeNpy(place, "header.npy", "{'descr': '<f4'}", floats([1, 2])), "invalid-vector-file", "header"],
    [place.write("header.csv", ["id,x,y", "1,2,3"]), "invalid-csv-header", "nodeId"],
  ];
  await Promise.all(cases.map(async ([file, code, part]) => {
    const ids = file.endsWith(".csv") ? [] : ["--ids", one];
    const error = await failJson(1, "vector", "import", database, "taste", file, ...ids, "--dry-run");
    assertEquals(error["code"], code, file);
    assertStringIncludes(String(error["message"]), part);
  }));
  const pair = writeFvecs(place, "pair.fvecs", [[1, 2], [3, 4]]);
  const error = await failJson(1, "vector", "import", database, "taste", pair, "--kind", "Person");
  assertStringIncludes(String(error["message"]), "there are 3 nodes of kind Person");
  assertEquals(vectorsOf(database), []);
});

test("commands for vectors say what does not fit together", async () => {
  using place = workplace();
  const database = tasteIn(place);
  const rows = place.write("rows.jsonl", ['{"nodeId": 1, "vector": [1, 2]}']);
  const fvecs = writeFvecs(place, "a.fvecs", [[1, 2]]);
  const usage: readonly (readonly string[])[] = [
    ["import", database, "taste", fvecs],
    ["import", database, "taste", fvecs, "--ids", rows, "--kind", "Person"],
    ["import", database, "taste", fvecs, "--kind", "Person", "--create"],
    ["import", database, "taste", rows, "--ids", rows],
    ["search", database, "taste"],
    ["search", database, "taste", "--query", "[1, 2]", "--like", "1"],
    ["search", database, "taste", "--query", "1, 2"],
    ["search", database, "taste", "--query", '["a"]'],
    ["search", database, "taste", "--query", "[]"],
  ];
  const failing: readonly (readonly [string, ...string[]])[] = [
    ["vector-index-not-found", "search", database, "none", "--query", "[1]"],
    ["vector-index-not-found", "import", database, "none", rows, "--dry-run"],
    ["vector-index-not-found", "stats", database, "none"],
    ["vector-index-not-found", "drop", database, "none", "--yes"],
    ["wrong-dimension", "search", database, "taste", "--query", "[1]"],
    ["vector-not-found", "search", database, "taste", "--like", "1"],
    ["node-not-found", "search", database, "taste", "--like", "99"],
    ["ambiguous-node", "search", database, "taste", "--like", "Ada"],
  ];
  await Promise.all([
    ...usage.map((args) => failJson(2, "vector", ...args)),
    ...failing.map(async ([code, ...args]) => {
      assertEquals((await failJson(1, "vector", ...args))["code"], code, args.join(" "));
    }),
  ]);
});

engineTest("a database that another process writes is searched, and not written", async (backend) => {
  using place = workplace();
  const database = tasteIn(place, backend);
  using db = open(database);
  db.setVector("taste", 2, [1, 1]);
  db.checkpoint();
  const found = await succeedJsonLines("vector", "search", database, "taste", "--query", "[0, 1]") as Found[];
  assertEquals(found, [{ id: 2, kind: "Person", name: "Charles", distance: 1 }]);
  if (backend === "v3") {
    const error = await failJson(1, "vector", "drop", database, "taste", "--yes");
    assertEquals(error["name"], "DatabaseLockedError");
  }
});
