/** The commands that look after a file: checkpoint, compact, salvage. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { open } from "../../mod.ts";
import { test } from "../support/test.ts";
import { crash, startAction } from "../v3/processes.ts";
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

engineTest("checkpoint removes what has expired", async (backend) => {
  using place = workplace();
  const database = peopleIn(place, backend);
  await succeed("kv", "set", database, "gone", "1", "--ttl", "0");
  assertEquals(await succeedJson("checkpoint", database), { complete: true, expiredKeys: 1 });
  assertEquals(await succeed("checkpoint", database), "complete; removed 0 expired keys\n");
});

test("what a writer has not brought into the file is told as its log", async () => {
  using place = workplace();
  const database = peopleIn(place);
  using db = open(database);
  db.kv.set("k", 1);
  const beside = await succeedJson("status", database) as Record<string, unknown>;
  assertEquals([beside["lsn"], Number(beside["logBytes"]) > 0], [1, true]);
  assertEquals((await failJson(1, "checkpoint", database))["code"], "database-locked");
  db.checkpoint();
  const after = await succeedJson("status", database) as Record<string, unknown>;
  assertEquals([after["lsn"], after["logBytes"]], [2, 0]);
});

test("compact writes a smaller file with the same content, and takes history along when asked", async () => {
  using place = workplace();
  const database = peopleIn(place);
  await succeed("tag", "add", database, "people");
  const filled = place.write("filled.jsonl", [`{"kv": {"key": "large", "value": "${"x".repeat(500_000)}"}}`]);
  await succeed("import", filled, "--into", database);
  await succeed("kv", "delete", database, "large");

  const small = place.path("small.graph");
  const result = await succeedJson("compact", database, "--to", small) as Record<string, number>;
  assertEquals([result["nodes"], result["edges"], result["keyValues"], result["lsn"]], [4, 3, 3, 3]);
  assertEquals(Number(result["sizeBytes"]) < Number(result["fileBytes"]), true);
  assertEquals(await succeed("kv", "scan", small, "--json"), await succeed("kv", "scan", database, "--json"));
  assertEquals(await succeed("bfs", small, "1"), await succeed("bfs", database, "1"));
  assertEquals((await succeedJsonLines("history", small)).length, 1);
  assertEquals((await failJson(1, "compact", database, "--to", small))["code"], "file-exists");

  const whole = place.path("whole.graph");
  assertMatch(await succeed("compact", database, "--to", whole, "--history"), /^wrote 4 nodes, 3 edges and 3 keys to /);
  assertEquals(await succeed("history", whole), await succeed("history", database));
  assertEquals(await succeedJson("check", whole), { ok: true, findings: [] });
});

test("a backup has the commits that a killed process left in the log", async () => {
  using place = workplace();
  const database = place.path("killed.graph");
  const writer = startAction("bun", "writeAndStay", database, "5", "3");
  await writer.printed("written");
  await crash(writer);
  assertEquals(await succeedJson("kv", "get", database, "rounds"), { key: "rounds", value: 5 });
  const { path } = await succeedJson("backup", database, "--to", place.path("copies")) as { path: string };
  assertEquals(await succeedJson("kv", "get", path, "rounds"), { key: "rounds", value: 5 });
});

test("check finds a damaged page of a V3 file, and salvage copies the rest", async () => {
  using place = workplace();
  const database = peopleIn(place);
  const damaged = place.path("damaged.graph");
  copyFileSync(database, damaged);
  assertEquals(await succeedJson("check", damaged), { ok: true, findings: [] });
  const bytes = readFileSync(damaged);
  const at = bytes.indexOf("Charles");
  bytes.set(new TextEncoder().encode("Sharlez"), at);
  writeFileSync(damaged, bytes);

  const check = await run("check", damaged, "--json");
  const { ok, findings } = JSON.parse(check.stdout) as { ok: boolean; findings: { severity: string }[] };
  assertEquals([check.code, check.stderr, ok], [1, "", false]);
  assertEquals(findings.some(({ severity }) => severity === "error"), true);
  assertEquals((await failJson(1, "get", damaged, "Charles"))["name"], "CorruptionError");

  const saved = place.path("saved.graph");
  const salvage = await run("salvage", damaged, "--to", saved, "--json");
  const report = JSON.parse(salvage.stdout) as { keyValues: number; losses: readonly unknown[] };
  assertEquals([salvage.code, salvage.stderr, report.keyValues], [1, "", 3]);
  assertEquals(report.losses.length > 0, true);
  assertEquals(await succeed("kv", "scan", saved), await succeed("kv", "scan", database));
  assertEquals(await succeedJson("check", saved), { ok: true, findings: [] });
  assertEquals(readFileSync(damaged), bytes);
});

test("salvage of a sound file loses nothing and says so", async () => {
  using place = workplace();
  const database = peopleIn(place);
  const copy = place.path("copy.graph");
  const text = await succeed("salvage", database, "--to", copy);
  assertStringIncludes(text, "copied 4 nodes, 3 edges and 3 keys");
  assertStringIncludes(text, "nothing was lost");
  assertEquals(await succeed("bfs", copy, "1"), await succeed("bfs", database, "1"));
  const missing = await failJson(1, "salvage", place.path("missing.graph"), "--to", place.path("none.graph"));
  assertEquals(missing["name"], "NotFoundError");
  assertEquals((await failJson(1, "salvage", database, "--to", copy))["name"], "ConflictError");
  assertEquals([existsSync(place.path("missing.graph")), existsSync(place.path("none.graph"))], [false, false]);
  assertEquals(readdirSync(place.root).filter((name) => name.includes("new")), []);
});
