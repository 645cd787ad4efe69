/** The commands for files of other makers: inspect and import-reference. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { engineTest, failJson, peopleIn, run, succeed, succeedJson, workplace } from "./command_line.ts";
import { unpackGolden } from "../support/reference_golden.ts";
import { test } from "../support/test.ts";

interface ImportJson {
  readonly version: string;
  readonly nodes: number;
  readonly edges: number;
  readonly keyValues: number;
  readonly salvaged: { readonly edges: number };
  readonly losses: readonly { readonly code: string }[];
  readonly lossCount: number;
}

test("a sound file of the Rust system is imported into a new database", async () => {
  using place = workplace();
  const old = unpackGolden("3.2.5/wal_and_checkpoint", place);
  const database = place.path("new.graph");
  const before = readdirSync(place.root);
  const text = await succeed("import-reference", old, "--into", database);
  assertMatch(text, /^imported 2 nodes, 0 edges and 3 keys into .* in /m);
  assertMatch(text, /^nothing was lost$/m);
  assertEquals(await succeedJson("check", database), { ok: true, findings: [] });
  assertEquals(await succeedJson("kv", "get", database, "only-checkpoint"), { key: "only-checkpoint", value: 1 });
  const made = readdirSync(place.root).filter((name) => !before.includes(name) && !name.startsWith("new.graph"));
  assertEquals(made, []);
  assertEquals(existsSync(`${database}.new`), false);
});

engineTest("an import lists its losses by their kind, or all of them as JSON", async (backend) => {
  using place = workplace();
  const old = unpackGolden("3.2.5/hub", place);
  const database = place.path("hub.graph");
  const { code, stdout, stderr } = await run("import-reference", old, "--into", database, "--backend", backend);
  assertEquals([code, stderr], [1, ""]);
  assertMatch(stdout, /^lost +times +what$/m);
  const { losses, lossCount } = JSON.parse(
    (await run("import-reference", old, "--into", place.path("json.graph"), "--json")).stdout,
  ) as ImportJson;
  assertEquals(losses.length, lossCount);
  for (const { code: reason } of losses) assertMatch(stdout, new RegExp(`^${reason} `, "m"));
  assertStringIncludes(stdout, `${lossCount} loss`);
  assertEquals((await succeedJson("status", database) as { backend: string; nodes: number }).backend, backend);
});

test("salvage brings back what nothing leads to", async () => {
  using place = workplace();
  const old = unpackGolden("cross/3.9.0_then_3.2.5", place);
  const plain = await run("import-reference", old, "--into", place.path("plain.graph"), "--json");
  const salvaged = await run("import-reference", old, "--into", place.path("more.graph"), "--salvage", "--json");
  const [one, other] = [plain, salvaged].map(({ stdout }) => JSON.parse(stdout) as ImportJson);
  assertEquals([one?.salvaged.edges, other?.salvaged.edges], [0, 2]);
  assertEquals((other?.edges ?? 0) - (one?.edges ?? 0), 2);
});

test("an import goes into an empty database, but not into another one", async () => {
  using place = workplace();
  const old = unpackGolden("3.2.5/tiny", place);
  const people = peopleIn(place);
  const error = await failJson(1, "import-reference", old, "--into", people);
  assertEquals(error["name"], "ConflictError");
  assertEquals((await succeedJson("status", people) as { nodes: number }).nodes, 4);

  const empty = place.path("empty.graph");
  writeFileSync(place.path("nothing.jsonl"), "");
  await succeed("import", place.path("nothing.jsonl"), "--into", empty);
  await run("import-reference", old, "--into", empty);
  assertEquals((await succeedJson("status", empty) as { nodes: number }).nodes, 3);
});

test("a failed import leaves no database behind", async () => {
  using place = workplace();
  const bad = place.path("bad.graph");
  const target = place.path("target.graph");
  writeFileSync(bad, "no database");
  assertEquals((await failJson(1, "import-reference", bad, "--into", target))["name"], "CorruptionError");
  assertEquals(
    (await failJson(1, "import-reference", place.path("no.graph"), "--into", target))["name"],
    "NotFoundError",
  );
  assertEquals(readdirSync(place.root), ["bad.graph"]);
});

test("what a killed import left is taken for nothing", async () => {
  using place = workplace();
  const old = unpackGolden("3.2.5/tiny", place);
  const target = place.path("target.graph");
  writeFileSync(`${target}.new`, "half of a database");
  await run("import-reference", old, "--into", target);
  assertEquals((await succeedJson("status", target) as { nodes: number }).nodes, 3);
  assertEquals(existsSync(`${target}.new`), false);
});

test("opening a file of the Rust system says which command to run", async () => {
  using place = workplace();
  const old = unpackGolden("3.2.5/tiny", place);
  const before = readdirSync(place.root);
  const { name, message } = await failJson(1, "status", old);
  assertEquals(name, "UnsupportedError");
  assertStringIncludes(message as string, `sqlitegraph import-reference ${old} --into NEWFILE`);
  assertEquals(readdirSync(place.root), before);
});

test("inspect shows a file of the Rust system", async () => {
  using place = workplace();
  const old = unpackGolden("3.9.0/hub", place);
  const text = await succeed("inspect", old);
  assertMatch(text, /^written by +3\.9\.0$/m);
  assertMatch(text, /^ {2}edges of a hub, in parts +4$/m);
  const { engine, census } = await succeedJson("inspect", old) as { engine: string; census: { nodeRecords: number } };
  assertEquals([engine, census.nodeRecords], ["reference", 61]);
});

engineTest("inspect shows a file of this program", async (backend) => {
  using place = workplace();
  const database = peopleIn(place, backend);
  const text = await succeed("inspect", database);
  assertMatch(text, backend === "v3" ? /^recordLeaf +\d+$/m : /^graph_entities +4$/m);
  const found = await succeedJson("inspect", database) as Record<string, unknown>;
  assertEquals(found["engine"], backend);
});

test("inspect shows which part of a V3 file is damaged", async () => {
  using place = workplace();
  const database = peopleIn(place);
  const bytes = readFileSync(database);
  bytes[100] = (bytes[100] as number) ^ 1;
  const at = bytes.indexOf("Charles");
  bytes.set(new TextEncoder().encode("Sharlez"), at);
  writeFileSync(database, bytes);
  const { slots, pages } = await succeedJson("inspect", database) as {
    slots: readonly { isSound: boolean; isChosen: boolean }[];
    pages: readonly { type: string; pages: number }[];
  };
  assertEquals(slots.map(({ isSound, isChosen }) => [isSound, isChosen]), [[false, false], [true, true]]);
  assertEquals(pages.find(({ type }) => type === "damaged")?.pages, 1);
});

test("inspect refuses what is no database", async () => {
  using place = workplace();
  const text = place.write("text.txt", ["no database"]);
  assertEquals((await failJson(1, "inspect", text))["name"], "CorruptionError");
  assertEquals((await failJson(1, "inspect", place.path("missing")))["name"], "NotFoundError");
});
