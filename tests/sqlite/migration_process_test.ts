/** Migrations while several processes open the file, or while one is killed. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { openRaw } from "../support/raw_sqlite.ts";
import { copyReference } from "../support/reference_fixture.ts";
import { tempDir } from "../support/temp_dir.ts";
import { RUNTIME, test } from "../support/test.ts";
import { makeOldFile, migrateByHand } from "./old_file.ts";
import { runtimeOf, startAction, valueOf } from "./processes.ts";
import { openAt } from "./reference.ts";

test("schema S-03: processes that open one old file at once all succeed, and it migrates once", async () => {
  for (const version of [1, 3, 5, 3]) {
    using folder = tempDir();
    const path = folder.path("old.db");
    const go = folder.path("go");
    makeOldFile(path, version);
    const openers = Array.from(
      { length: 4 },
      (_, at) => startAction({ runtime: runtimeOf(at) }, "openTogether", path, go, `${at}`),
    );
    for (const opener of openers) await opener.printed("ready");
    writeFileSync(go, "");
    const results = await Promise.all(openers.map((opener) => valueOf<{ id: number; version: number }>(opener)));
    assertEquals(results.map((result) => result.version), [6, 6, 6, 6]);
    assertEquals(results.map(({ id }) => id).sort((a, b) => a - b), [7, 8, 9, 10]);
    using raw = openRaw(path);
    assertEquals(raw.rows("SELECT version FROM graph_meta_history"), [[2n], [3n], [4n], [5n], [6n]], "each step once");
    assertEquals(raw.rows("PRAGMA integrity_check"), [["ok"]]);
    assertEquals(raw.value("SELECT count(*) FROM graph_labels WHERE label = 'Opened'"), 4n);
  }
});

test("schema S-03: a process that waited while another program migrated the file finds it migrated", async () => {
  for (const version of [1, 3, 5]) {
    using folder = tempDir();
    const path = folder.path("old.db");
    const go = folder.path("go");
    makeOldFile(path, version);
    using raw = openRaw(path);
    const opener = startAction({}, "openTogether", path, go);
    await opener.printed("ready");
    raw.exec("BEGIN IMMEDIATE");
    writeFileSync(go, "");
    // By now it has read the old version and waits for the lock.
    await delay(500);
    migrateByHand(raw, version);
    raw.exec("COMMIT");
    assertEquals(await valueOf(opener), { id: 7, version: 6 });
    assertEquals(raw.rows("SELECT version FROM graph_meta_history"), [[2n], [3n], [4n], [5n], [6n]], "each step once");
    assertEquals(
      raw.value("SELECT count(*) FROM graph_labels WHERE label = 'Person'"),
      2n,
      "and is taken over all the same",
    );
  }
});

test("a process that is killed while it migrates leaves the old file or the new one, nothing in between", async () => {
  using folder = tempDir();
  makeOldFile(folder.path("big.db"), 3);
  {
    using raw = openRaw(folder.path("big.db"));
    raw.exec(`
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)
      INSERT INTO graph_entities (kind, name, data) SELECT 'Many', 'n' || i, '{}' FROM n;
      INSERT INTO graph_labels SELECT id, 'twice' FROM graph_entities WHERE kind = 'Many';
      INSERT INTO graph_labels SELECT id, 'twice' FROM graph_entities WHERE kind = 'Many';
      PRAGMA wal_checkpoint(TRUNCATE);`);
  }
  const path = folder.path("big.db");
  let unfinished = 0;
  for (let round = 0; round < 6; round++) {
    const go = folder.path(`go${round}`);
    const opener = startAction({ runtime: RUNTIME }, "openTogether", path, go);
    await opener.printed("ready");
    writeFileSync(go, "");
    await delay(20 + round * 40);
    opener.kill();
    await opener.finished;
    using raw = openRaw(path);
    const version = raw.value("SELECT schema_version FROM graph_meta");
    const labels = raw.value("SELECT count(*) FROM graph_labels WHERE label = 'twice' AND entity_id > 6");
    const hasIndex = raw.value("SELECT count(*) FROM sqlite_schema WHERE name = 'uq_graph_labels_entity_label'");
    const ours = raw.value("SELECT count(*) FROM sqlite_schema WHERE name LIKE 'sqlitegraph_%'");
    if (version === 3n) {
      unfinished++;
      assertEquals([labels, hasIndex, ours, raw.value("SELECT count(*) FROM graph_meta_history")], [
        120_000n,
        0n,
        0n,
        2n,
      ]);
    } else {
      assertEquals([version, labels, hasIndex, Number(ours) > 0], [6n, 60_000n, 1n, true]);
      break;
    }
  }
  assert(unfinished > 0, "no kill met the migration: make the file larger");
  using db = openAt(path);
  assertEquals(db.countNodes({ label: "Many" }), 60_000);
  assertEquals(db.countNodes({ label: "twice" }), 60_001);
  assert(db.check().ok);
});

test("processes that open a full older file at once see all of it", async () => {
  using folder = tempDir();
  const path = copyReference("sqlite-2.0.7-kv", folder);
  const results = await Promise.all(
    [0, 1, 2].map((at) => valueOf(startAction({ runtime: runtimeOf(at) }, "open", path))),
  );
  for (const result of results) assertEquals(result, { nodes: 41, edges: 79, version: 6 });
  assertThrows(() => openAt(path, { create: false, readonly: true }).insertNode({ kind: "K", name: "n" }));
});
