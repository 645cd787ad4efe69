import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import { test } from "../support/test.ts";
import {
  engineTest,
  failJson,
  peopleIn,
  run,
  succeed,
  succeedJson,
  succeedJsonLines,
  workplace,
} from "./command_line.ts";

const ADA = { id: 1, kind: "Person", name: "Ada" };
const CHARLES = { id: 2, kind: "Person", name: "Charles" };
const CITY = { id: 3, kind: "City", name: "Ada" };

engineTest("status shows kinds, types and labels with their counts", async (backend) => {
  using place = workplace();
  const database = peopleIn(place, backend);
  const stats = await succeedJson("status", database) as Record<string, unknown>;
  assertEquals([stats["nodes"], stats["edges"], stats["keyValues"]], [4, 3, 3]);
  assertEquals(stats["kinds"], [{ name: "City", count: 1 }, { name: "Person", count: 3 }]);
  assertEquals(stats["labels"], [{ name: "math", count: 1 }]);
  const text = await succeed("status", database);
  assertMatch(text, /^nodes +4$/m);
  assertMatch(text, /^Person +3$/m);
  assertMatch(text, /^LIVES_IN +1$/m);
});

engineTest("get finds a node by id, by name and by kind and name", async (backend) => {
  using place = workplace();
  const database = peopleIn(place, backend);
  const json = await succeed("get", database, "Person:Ada", "--json");
  assertEquals(json, '{"id":1,"kind":"Person","name":"Ada","data":{"born":1815,"big":12345678901234567890}}\n');
  assertEquals((await succeedJson("get", database, "2") as { name: string }).name, "Charles");
  assertEquals((await succeedJson("get", database, ":1984") as { id: number }).id, 4);
  const text = await succeed("get", database, "Charles");
  assertMatch(text, /^labels +math$/m);
  assertMatch(text, /^file +c\.txt$/m);
  assertMatch(text, /^edges +1 edge out, 2 edges in$/m);
});

test("a name of several nodes is an error with the candidates", async () => {
  using place = workplace();
  const database = peopleIn(place);
  const error = await failJson(1, "get", database, "Ada");
  assertEquals([error["name"], error["code"], error["candidates"]], ["AmbiguousNodeError", "ambiguous-node", [
    ADA,
    CITY,
  ]]);
  const { stderr } = await run("get", database, "Ada");
  assertStringIncludes(stderr, "AmbiguousNodeError [ambiguous-node]");
  assertStringIncludes(stderr, "3  City:Ada");
});

test("a node that does not exist ends with exit code 1, as text or as JSON", async () => {
  using place = workplace();
  const database = peopleIn(place);
  for (const node of ["99", "0", "99999999999999999999", "Nobody", "City:Charles"]) {
    assertEquals((await failJson(1, "get", database, node))["code"], "node-not-found", node);
  }
  const { code, stdout, stderr } = await run("get", database, "99");
  assertEquals([code, stdout], [1, ""]);
  assertStringIncludes(stderr, "NotFoundError [node-not-found]: ");
});

test("neighbors lists each neighbour once with the edges that lead there", async () => {
  using place = workplace();
  const database = peopleIn(place);
  assertEquals(await succeedJsonLines("neighbors", database, "Charles", "--direction", "both"), [
    { ...ADA, edges: [{ id: 1, type: "KNOWS", from: 1, to: 2 }, { id: 2, type: "WRITES_TO", from: 1, to: 2 }] },
    { ...CITY, edges: [{ id: 3, type: "LIVES_IN", from: 2, to: 3 }] },
  ]);
  const filtered = ["neighbors", database, "Charles", "--direction", "both", "--types"];
  assertEquals((await succeedJsonLines(...filtered, "LIVES_IN,X")).length, 1);
  assertEquals((await succeedJsonLines(...filtered, "LIVES_IN", "--types", "KNOWS")).length, 2);
  assertEquals((await succeedJsonLines(...filtered, "LIVES_IN,KNOWS", "--limit", "1")).length, 1);
  assertEquals(await succeed("neighbors", database, "3"), "");
  assertStringIncludes(await succeed("neighbors", database, "2"), "LIVES_IN →");
});

engineTest("path shows a shortest path, and exit code 1 says that there is none", async (backend) => {
  using place = workplace();
  const database = peopleIn(place, backend);
  assertEquals(await succeedJson("path", database, "1", "City:Ada"), {
    length: 2,
    nodes: [ADA, CHARLES, CITY],
    edges: [{ id: 1, type: "KNOWS", from: 1, to: 2 }, { id: 3, type: "LIVES_IN", from: 2, to: 3 }],
  });
  assertEquals(await succeedJson("path", database, "1", "1"), { length: 0, nodes: [ADA], edges: [] });
  assertEquals((await failJson(1, "path", database, "3", "1"))["code"], "path-not-found");
  assertEquals((await failJson(1, "path", database, "1", "3", "--types", "KNOWS"))["code"], "path-not-found");
  const text = await succeed("path", database, "3", "1", "--direction", "both");
  assertEquals(text, "Ada (City 3)\n  ← LIVES_IN Charles (Person 2)\n  ← KNOWS Ada (Person 1)\n2 edges\n");
});

test("bfs lists what can be reached, nearest first", async () => {
  using place = workplace();
  const database = peopleIn(place);
  assertEquals(await succeedJsonLines("bfs", database, "1"), [ADA, CHARLES, CITY]);
  assertEquals(await succeedJsonLines("bfs", database, "1", "--depth", "1"), [ADA, CHARLES]);
  assertEquals(await succeedJsonLines("bfs", database, "1", "--limit", "1"), [ADA]);
  assertEquals(await succeedJsonLines("bfs", database, "3", "--direction", "in", "--depth=0"), [CITY]);
});

test("pattern finds paths by kinds, types, names and data", async () => {
  using place = workplace();
  const database = peopleIn(place);
  assertEquals(await succeedJsonLines("pattern", database, '(Person {"born": 1815}) -[KNOWS]-> (Ch*) --> (City)'), [
    [ADA, CHARLES, CITY],
  ]);
  assertEquals((await succeedJsonLines("pattern", database, "(Person)", "--limit", "2")).length, 2);
  assertEquals(await succeedJsonLines("pattern", database, "() <-- ()", "--start", "3"), [[CITY, CHARLES]]);
  assertEquals(await succeed("pattern", database, "(City)-->()"), "");
  const error = await failJson(2, "pattern", database, "(Person");
  assertStringIncludes(String(error["message"]), "the end of the node");
});

engineTest("check is content with a sound database", async (backend) => {
  using place = workplace();
  const database = peopleIn(place, backend);
  assertEquals(await succeedJson("check", database), { ok: true, findings: [] });
  assertEquals(await succeed("check", database), "ok\n");
});

test("reading commands leave a missing database missing and refuse files that are none", async () => {
  using place = workplace();
  const missing = place.path("missing.graph");
  for (
    const args of [["status", missing], ["get", missing, "1"], ["kv", "get", missing, "k"], [
      "kv",
      "set",
      missing,
      "k",
      "1",
    ]]
  ) {
    assertEquals((await failJson(1, ...args))["name"], "NotFoundError", args.join(" "));
    assertEquals(existsSync(missing), false);
  }
  const text = place.write("text.txt", [
    "this is no database, but long enough to have a header of one hundred bytes ".repeat(3),
  ]);
  assertEquals((await failJson(1, "status", text))["name"], "CorruptionError");
});
