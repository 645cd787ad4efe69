/** The commands for what only V3 has: tags, kept commits, differences. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { ingestRows } from "../../lib/graph/ingest.ts";
import { readJsonLines } from "../../lib/graph/json_lines.ts";
import { open } from "../../mod.ts";
import { test } from "../support/test.ts";
import {
  failJson,
  peopleIn,
  run,
  succeed,
  succeedJson,
  succeedJsonLines,
  type Workplace,
  workplace,
} from "./command_line.ts";

const MORE: readonly string[] = [
  '{"node": {"kind": "City", "name": "London"}, "ref": "london"}',
  '{"edge": {"type": "LIVES_IN", "from": 1, "to": {"ref": "london"}}}',
  '{"kv": {"key": "app:a", "value": 2}}',
  '{"kv": {"keyBytes": "/wE=", "value": 1}}',
];

/** People, the tag `before`, then more of them. */
function historyIn(place: Workplace): string {
  const database = peopleIn(place);
  using db = open(database);
  db.tag("before");
  ingestRows(db, readJsonLines(place.write("more.jsonl", MORE)));
  return database;
}

test("a tag names the last commit until it is removed", async () => {
  using place = workplace();
  const database = peopleIn(place);
  assertEquals(await succeed("tag", "add", database, "one"), "tagged commit 1 as one\n");
  assertEquals(await succeedJson("tag", "add", database, "1984"), { name: "1984", lsn: 1 });
  assertEquals((await failJson(1, "tag", "add", database, "one"))["code"], "tag-exists");
  const tags = await succeedJsonLines("tag", "list", database) as Record<string, unknown>[];
  assertEquals(tags.map(({ name, lsn }) => [name, lsn]), [["1984", 1], ["one", 1]]);
  assertEquals(Math.abs(Number(tags[0]?.["timeMs"]) - Date.now()) < 60_000, true);
  assertMatch(await succeed("tag", "list", database), /^one +1 +\d{4}-\d\d-\d\dT/m);
  const status = await succeedJson("status", database) as Record<string, unknown>;
  assertEquals(status["tags"], [{ name: "1984", lsn: 1 }, { name: "one", lsn: 1 }]);
  assertMatch(await succeed("status", database), /^tag +commit\n1984 +1\none +1$/m);
  assertEquals(await succeedJson("tag", "remove", database, "1984"), { name: "1984", removed: true });
  assertEquals((await failJson(1, "tag", "remove", database, "1984"))["code"], "tag-not-found");
  assertEquals(await succeed("tag", "remove", database, "one"), "");
  assertEquals(await succeed("tag", "list", database), "");
});

test("history lists the kept commits with their tags, oldest first", async () => {
  using place = workplace();
  const database = historyIn(place);
  const commits = await succeedJsonLines("history", database) as Record<string, unknown>[];
  assertEquals(commits.map(({ nodes, edges, tags }) => ({ nodes, edges, tags })), [
    { nodes: 4, edges: 3, tags: ["before"] },
    { nodes: 5, edges: 4, tags: [] },
  ]);
  assertMatch(await succeed("history", database), /^commit +time +nodes +edges +tags\n +1 +\S+Z +4 +3 +before\n/);
});

test("diff shows what differs between a tag and a commit, in both directions", async () => {
  using place = workplace();
  const database = historyIn(place);
  assertEquals(await succeedJsonLines("diff", database, "before", "0"), [
    { type: "node", operation: "insert", id: 5 },
    { type: "edge", operation: "insert", id: 4 },
    { type: "kv", operation: "update", key: "app:a" },
    { type: "kv", operation: "insert", keyBytes: "/wE=" },
  ]);
  assertEquals(
    await succeed("diff", database, "2", ":before"),
    [
      "change  of    what",
      "delete  node  London (City 5)",
      "delete  edge  4: Ada (Person 1) LIVES_IN → London (City 5)",
      "update  key   app:a",
      "delete  key   0xff01",
      "",
    ].join("\n"),
  );
  assertEquals(await succeedJsonLines("diff", database, "before", "1"), []);
});

test("diff of a state that is not kept ends with exit code 1 and says which are", async () => {
  using place = workplace();
  const database = historyIn(place);
  await succeed("kv", "set", database, "k", "1");
  const error = await failJson(1, "diff", database, "2", "0");
  assertEquals([error["name"], error["code"]], ["NotRetainedError", "not-retained"]);
  const { stderr } = await run("diff", database, "after", "0");
  assertStringIncludes(stderr, 'there is no tag "after"; the tags are "before"');
});

test("a SQLite database has no history, and each command says so", async () => {
  using place = workplace();
  const database = peopleIn(place, "sqlite");
  const commands = [
    ["tag", "add", database, "t"],
    ["tag", "list", database],
    ["tag", "remove", database, "t"],
    ["history", database],
    ["diff", database, "1", "0"],
    ["compact", database, "--to", place.path("compact.graph")],
    ["salvage", database, "--to", place.path("saved.graph")],
  ];
  await Promise.all(commands.map(async (command) => {
    const error = await failJson(1, ...command);
    assertEquals(error["name"], "UnsupportedError", command.join(" "));
    assertStringIncludes(String(error["message"]), "SQLite database");
  }));
});
