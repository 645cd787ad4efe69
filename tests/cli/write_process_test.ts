import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { existsSync, readFileSync } from "node:fs";
import { test } from "../support/test.ts";
import {
  engineTest,
  failJson,
  PEOPLE,
  peopleIn,
  run,
  succeed,
  succeedJson,
  succeedJsonLines,
  workplace,
} from "./command_line.ts";

engineTest("import says what it imported and how fast", async (backend) => {
  using place = workplace();
  const rows = place.write("people.jsonl", PEOPLE);
  const database = place.path("a.graph");
  const text = await succeed("import", rows, "--into", database, "--backend", backend);
  assertMatch(text, /^imported 4 nodes, 3 edges and 3 keys in .* \([\d,]+ rows\/s\)\n$/);
  const result = await succeedJson("import", rows, "--into", database) as Record<string, unknown>;
  assertEquals({ ...result, durationMs: 0 }, { nodes: 4, edges: 3, keyValues: 3, skipped: 0, durationMs: 0 });
  const status = await succeedJson("status", database) as Record<string, unknown>;
  assertEquals([status["backend"], status["nodes"]], [backend, 8]);
});

engineTest("a bad row ends an import with file and line, and nothing of it stays", async (backend) => {
  using place = workplace();
  const database = peopleIn(place, backend);
  const bad = place.write("bad.jsonl", [
    '{"node": {"kind": "K", "name": "n"}}',
    "",
    '{"edge": {"type": "T", "from": 1, "to": 99}}',
  ]);
  const error = await failJson(1, "import", bad, "--into", database);
  assertEquals([error["name"], error["code"]], ["NotFoundError", "node-not-found"]);
  assertStringIncludes(String(error["message"]), `${bad} line 3`);
  assertEquals((await succeedJson("status", database) as { nodes: number }).nodes, 4);
});

test("import --skip leaves bad rows out and says which and why", async () => {
  using place = workplace();
  const bad = place.write("bad.jsonl", [
    '{"node": {"kind": "K", "name": "n"}}',
    "{",
    '{"node": {"kind": "", "name": "n"}}',
  ]);
  const text = await run("import", bad, "--into", place.path("a.graph"), "--skip");
  assertEquals(text.code, 0);
  assertStringIncludes(text.stdout, "; skipped 2 rows");
  assertMatch(text.stderr, /bad\.jsonl line 2: the line is no JSON[^\n]*\n[^\n]*bad\.jsonl line 3: .*kind/);
  const json = await run("import", bad, "--into", place.path("b.graph"), "--skip", "--json");
  assertEquals((JSON.parse(json.stdout) as { skipped: number }).skipped, 2);
  const skips = json.stderr.trim().split("\n").map((line) =>
    (JSON.parse(line) as { skipped: Record<string, unknown> }).skipped
  );
  assertEquals(skips.map(({ row, line, code }) => [row, line, code]), [[2, 2, "not-json"], [3, 3, "blank"]]);
});

test("CSV files of nodes and of edges are imported together", async () => {
  using place = workplace();
  const nodes = place.write("nodes.csv", ["ref,kind,name,born", "ada,Person,Ada,1815", 'bob,Person,"Bob, Jr.",']);
  const edges = place.write("edges.tsv", ["type\tfrom\tto\tsince", "KNOWS\tada\tbob\t1833"]);
  const database = place.path("a.graph");
  await succeed("import", nodes, edges, "--into", database);
  assertEquals(await succeedJson("get", database, "Ada"), { id: 1, kind: "Person", name: "Ada", data: { born: 1815 } });
  assertEquals(await succeedJsonLines("pattern", database, "()-[KNOWS]->()"), [[
    { id: 1, kind: "Person", name: "Ada" },
    { id: 2, kind: "Person", name: "Bob, Jr." },
  ]]);
});

engineTest(
  "an export comes back with the same ids on the other engine, and a database that holds something needs --replace",
  async (backend) => {
    using place = workplace();
    const database = peopleIn(place, backend);
    const file = place.path("export.jsonl");
    const result = await succeedJson("export", database, "--to", file) as Record<string, unknown>;
    assertEquals([result["nodes"], result["edges"], result["keyValues"]], [4, 3, 3]);
    const copy = place.path("copy.graph");
    await succeed("import", file, "--into", copy, "--backend", backend === "v3" ? "sqlite" : "v3");
    assertEquals(await succeed("kv", "scan", copy, "--json"), await succeed("kv", "scan", database, "--json"));
    assertEquals(await succeed("bfs", copy, "1"), await succeed("bfs", database, "1"));
    assertEquals((await failJson(1, "import", file, "--into", copy))["name"], "ConflictError");
    await succeed("import", file, "--into", copy, "--replace");
    assertEquals((await succeedJson("status", copy) as { nodes: number }).nodes, 4);
  },
);

test("without --backend a new database is one of V3, and an existing one of another engine is refused", async () => {
  using place = workplace();
  const database = peopleIn(place);
  assertEquals((await succeedJson("status", database) as { backend: string }).backend, "v3");
  const rows = place.write("rows.jsonl", PEOPLE);
  const error = await failJson(1, "import", rows, "--into", database, "--backend", "sqlite");
  assertEquals([error["code"], error["field"]], ["wrong-backend", "backend"]);
  assertEquals((await succeedJson("status", database) as { nodes: number }).nodes, 4);
});

test("an import that cannot begin leaves no database behind", async () => {
  using place = workplace();
  const database = place.path("a.graph");
  assertEquals((await failJson(1, "import", place.path("none.jsonl"), "--into", database))["code"], "file-not-found");
  const rows = place.write("people.jsonl", PEOPLE);
  assertEquals((await failJson(2, "import", rows, "--into", database, "--replace"))["code"], "usage");
  assertEquals(existsSync(database), false);
});

test("kv writes, reads, lists and deletes keys of every kind", async () => {
  using place = workplace();
  const database = peopleIn(place);
  assertEquals(
    await succeed("kv", "get", database, "app:a", "--json"),
    '{"key":"app:a","value":{"n":12345678901234567890}}\n',
  );
  assertEquals(await succeed("kv", "set", database, "text", "hello"), "");
  assertEquals(await succeed("kv", "get", database, "text"), '"hello"\n');
  await succeed("kv", "set", database, "number", "--", "-12");
  assertEquals(await succeedJson("kv", "get", database, "number"), { key: "number", value: -12 });
  await succeed("kv", "set", database, "number", "12", "--text");
  assertEquals(await succeedJson("kv", "get", database, "number"), { key: "number", value: "12" });
  const { expiresAt } = await succeedJson("kv", "set", database, "soon", "[1]", "--ttl", "60") as { expiresAt: number };
  assertEquals(Math.abs(expiresAt - Date.now() - 60_000) < 30_000, true);
  await succeed("kv", "set", database, "gone", "1", "--ttl", "0");
  assertEquals((await failJson(1, "kv", "get", database, "gone"))["code"], "key-not-found");
  assertEquals(await succeedJson("kv", "delete", database, "text"), { key: "text", deleted: true });
  assertEquals((await failJson(1, "kv", "delete", database, "text"))["code"], "key-not-found");

  assertEquals(await succeedJson("kv", "get", database, "ff00", "--hex"), { keyBytes: "/wA=", bytes: "AQI=" });
  assertEquals((await failJson(2, "kv", "get", database, "f", "--hex"))["code"], "usage");
  const keys = async (...args: string[]) =>
    (await succeedJsonLines("kv", "scan", database, ...args)).map((entry) =>
      (entry as { key?: string }).key ?? "bytes"
    );
  assertEquals(await keys(), ["app:a", "app:b", "number", "soon", "bytes"]);
  assertEquals(await keys("--prefix", "app:"), ["app:a", "app:b"]);
  assertEquals(await keys("--after", "app:b", "--limit", "1"), ["number"]);
  assertMatch(await succeed("kv", "scan", database), /^app:b +null +\d{4}-\d\d-\d\dT/m);
});

engineTest("backup writes a copy that opens, and a manifest", async (backend) => {
  using place = workplace();
  const database = peopleIn(place, backend);
  const result = await succeedJson("backup", database, "--to", place.path("copies")) as Record<string, unknown>;
  assertEquals([result["nodes"], result["edges"], result["keyValues"]], [4, 3, 3]);
  assertStringIncludes(readFileSync(String(result["manifestPath"]), "utf8"), String(result["sha256"]));
  assertEquals(await succeedJson("check", String(result["path"])), { ok: true, findings: [] });
  assertMatch(await succeed("backup", database, "--to", place.path("copies")), /^sha256 +[\da-f]{64}$/m);
});
