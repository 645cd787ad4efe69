/** Files of schema versions 7 to 10 are opened and written as they are. */

import { assert, assertEquals, assertGreater, assertLess, assertThrows } from "@std/assert";
import { GraphError } from "../../lib/backend/errors.ts";
import type { GraphBackend } from "../../lib/backend/graph_backend.ts";
import { openRaw, type RawRow } from "../support/raw_sqlite.ts";
import { copyReference, READ_MS } from "../support/reference_fixture.ts";
import { type TempDir, tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";
import { DRIVERS, openAt, openReference } from "./reference.ts";

/** What the versions add to version 6; a file of version 10 is in the fixture. */
const STEPS: readonly (readonly [version: number, sql: string])[] = [
  [
    7,
    `CREATE TABLE csr_manifest (shard_id INTEGER PRIMARY KEY, source_start INTEGER NOT NULL, source_end INTEGER NOT NULL,
       node_count INTEGER NOT NULL, edge_count INTEGER NOT NULL,
       conflict_resolution TEXT NOT NULL DEFAULT 'last-write-wins', created_at INTEGER NOT NULL);
     CREATE TABLE csr_shards (shard_id INTEGER NOT NULL, node_id INTEGER NOT NULL, shard_data BLOB NOT NULL,
       version INTEGER NOT NULL DEFAULT 1, created_at INTEGER NOT NULL DEFAULT 0, visible_at INTEGER NOT NULL DEFAULT 0,
       PRIMARY KEY (shard_id, node_id, version));
     CREATE TABLE consumer_groups (name TEXT PRIMARY KEY, created_at INTEGER NOT NULL);
     ALTER TABLE hnsw_vectors ADD COLUMN snapshot_id TEXT NOT NULL DEFAULT 'default';
     INSERT INTO csr_manifest VALUES (1, 1, 9, 9, 3, 'last-write-wins', 1700000000);
     INSERT INTO csr_shards VALUES (1, 1, x'00FF00', 1, 0, 0);
     INSERT INTO consumer_groups VALUES ('group', 1700000000);`,
  ],
  [
    8,
    `CREATE TABLE snapshots (snapshot_id TEXT PRIMARY KEY, created_at INTEGER NOT NULL, description TEXT);
     ALTER TABLE graph_entities ADD COLUMN snapshot_id TEXT NOT NULL DEFAULT 'default';
     ALTER TABLE graph_entities ADD COLUMN created_at INTEGER NOT NULL DEFAULT 0;
     ALTER TABLE graph_edges ADD COLUMN snapshot_id TEXT NOT NULL DEFAULT 'default';
     ALTER TABLE graph_edges ADD COLUMN created_at INTEGER NOT NULL DEFAULT 0;
     CREATE INDEX idx_graph_entities_snapshot ON graph_entities(snapshot_id);
     CREATE INDEX idx_graph_edges_snapshot ON graph_edges(snapshot_id);
     CREATE INDEX idx_graph_entities_created ON graph_entities(created_at);
     CREATE INDEX idx_graph_edges_created ON graph_edges(created_at);
     INSERT INTO snapshots VALUES ('default', 1700000000, 'kept');`,
  ],
  [
    9,
    `CREATE TABLE snapshot_stats (snapshot_id TEXT PRIMARY KEY, entity_count INTEGER NOT NULL DEFAULT 0,
       edge_count INTEGER NOT NULL DEFAULT 0, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
       FOREIGN KEY (snapshot_id) REFERENCES snapshots(snapshot_id) ON DELETE CASCADE);
     CREATE INDEX idx_graph_entities_snapshot_created ON graph_entities(snapshot_id, created_at);
     CREATE INDEX idx_graph_edges_snapshot_created ON graph_edges(snapshot_id, created_at);
     INSERT INTO snapshot_stats VALUES ('default', 41, 79, 1700000000, 1700000000);`,
  ],
];

/** A copy of the full database of 3.2.5 (or 3.9.0), brought to this version. */
function makeNewerFile(version: number, folder: TempDir, as: string): string {
  if (version === 10) return copyReference("sqlite-3.9.0", folder, as);
  const path = copyReference("sqlite-3.2.5", folder, as);
  using raw = openRaw(path);
  for (const [step, sql] of STEPS) {
    if (step > version) break;
    raw.exec(
      `${sql} INSERT INTO graph_meta_history VALUES (${step}, '2026-01-02 03:04:05'); UPDATE graph_meta SET schema_version = ${step}`,
    );
  }
  return path;
}

function tablesOf(path: string): Record<string, RawRow[]> {
  using raw = openRaw(path);
  return Object.fromEntries(raw.tables().map((table) => [table, raw.table(table)]));
}

/** The SQL of every object that is not ours. */
function schemaText(path: string): unknown {
  using raw = openRaw(path);
  return raw.rows("SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlitegraph%' ORDER BY type, name");
}

for (const version of [7, 8, 9, 10]) {
  for (const driver of DRIVERS) {
    test(`a file of version ${version} by ${driver} is written as it is, and stays of version ${version}`, () => {
      using folder = tempDir();
      const path = makeNewerFile(version, folder, "newer.db");
      const before = tablesOf(makeNewerFile(version, folder, "untouched.db"));
      const schema = schemaText(path);
      using db = openAt(path, { driver });
      assertEquals(db.stats().formatVersion, version);
      assertEquals([db.countNodes(), db.countEdges()], [41, 79]);
      const [a, b] = db.insertNodes([{ kind: "New", name: "a" }, { kind: "New", name: "b", labels: ["x"] }]);
      const edge = db.insertEdge({ from: a!, to: b!, type: "NEW", data: { weight: 1 } });
      const [second] = db.insertEdges([{ from: b!, to: a!, type: "NEW" }]);
      db.mergeNode({ kind: "New", name: "c" });
      db.mergeEdge({ from: a!, to: a!, type: "SELF" });
      db.updateNode(2, { data: { changed: true } });
      db.deleteNode(5);
      db.kv.set("new", 1);
      db.close();

      using again = openAt(path, { driver });
      assertEquals([again.countNodes(), again.stats().formatVersion], [43, version]);
      assertEquals(again.getEdge(edge)?.data, { weight: 1 });
      assertEquals(again.hasEdge(second!), true);
      assert(again.check().ok);
      again.close();
      const after = tablesOf(path);
      assertEquals(schemaText(path), schema, "no table, column or index was added or removed");
      assertEquals(after["graph_meta"]![0]!["schema_version"], BigInt(version));
      assertEquals(after["graph_meta_history"], before["graph_meta_history"]);
      for (const table of Object.keys(before)) {
        if (!/^(graph_|kv_store|sqlite_sequence)/.test(table)) assertEquals(after[table], before[table], table);
      }
      if (version < 8) return;
      const seconds = BigInt(Math.floor(READ_MS / 1000));
      const isNew = (row: RawRow) => !before["graph_entities"]!.some(({ id }) => id === row["id"]);
      const newNodes = after["graph_entities"]!.filter(isNew);
      assertEquals(newNodes.map((row) => [row["snapshot_id"], row["created_at"]]), [
        ["default", seconds],
        ["default", seconds],
        ["default", seconds],
      ]);
      const newEdges = after["graph_edges"]!.filter((row) => Number(row["id"]) > 85);
      assertEquals(newEdges.length, 3);
      for (const row of newEdges) assertEquals([row["snapshot_id"], row["created_at"]], ["default", seconds]);
      const two = after["graph_entities"]!.find(({ id }) => id === 2n)!;
      const twoBefore = before["graph_entities"]!.find(({ id }) => id === 2n)!;
      assertEquals(two["created_at"], twoBefore["created_at"], "an update is no creation");
    });
  }
}

test("a file of ours that another program brings to version 10 is written as such from then on", () => {
  using folder = tempDir();
  const path = folder.path("ours.db");
  using db = openAt(path);
  const [a, b] = db.insertNodes([{ kind: "K", name: "a", labels: ["l"] }, { kind: "K", name: "b" }]) as [
    number,
    number,
  ];
  db.kv.set("k", 1, { ttlSeconds: 60.25 });
  const { lsn } = db;
  db.close();
  {
    using raw = openRaw(path);
    for (const [, sql] of STEPS) raw.exec(sql);
    raw.exec(`ALTER TABLE graph_meta ADD COLUMN authoritative_version INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE graph_meta ADD COLUMN materialized_version INTEGER NOT NULL DEFAULT 0;
      UPDATE graph_meta SET schema_version = 10, authoritative_version = 7;
      INSERT INTO graph_entities (kind, name, data, created_at) VALUES ('K', 'theirs', '{}', 1700000000);
      INSERT INTO graph_labels VALUES (3, 'K')`);
  }
  using again = openAt(path);
  assertEquals([again.lsn, again.stats().formatVersion], [lsn, 10], "their writes do not raise our number");
  assertEquals([...again.nodeIds({ label: "K" })], [a, b, 3]);
  assertEquals(again.kv.entry("k")?.expiresAt, READ_MS + 60_250);
  again.insertEdge({ from: a, to: 3, type: "T" });
  assertEquals([again.lsn, counters(path)], [lsn + 1, { authoritative: 8n, materialized: 0n }]);
  using raw = openRaw(path);
  assertEquals(raw.rows("SELECT snapshot_id, created_at FROM graph_edges"), [["default", BigInt(READ_MS / 1000)]]);
});

/** The counters of a version 10 file. */
function counters(path: string): { authoritative: bigint; materialized: bigint } {
  using raw = openRaw(path, { readonly: true });
  const [authoritative, materialized] = raw.rows(
    "SELECT authoritative_version, materialized_version FROM graph_meta",
  )[0]!;
  return { authoritative: authoritative as bigint, materialized: materialized as bigint };
}

/** Every sort of commit. */
const COMMITS: readonly (readonly [what: string, write: (db: GraphBackend, folder: TempDir) => unknown])[] = [
  ["insertNode", (db) => db.insertNode({ kind: "K", name: "n", labels: ["l"] })],
  ["insertNodes", (db) => db.insertNodes([{ kind: "K", name: "n" }, { kind: "K", name: "m" }])],
  ["mergeNode", (db) => db.mergeNode({ kind: "K", name: "merged" })],
  ["updateNode", (db) => db.updateNode(1, { name: "updated" })],
  ["patchNode", (db) => db.patchNode(1, { a: 1 })],
  ["addLabel", (db) => db.addLabel(1, "counted")],
  ["removeLabel", (db) => db.removeLabel(1, "counted")],
  ["deleteNode", (db) => db.deleteNode(5)],
  ["insertEdge", (db) => db.insertEdge({ from: 1, to: 2, type: "T" })],
  ["insertEdges", (db) => db.insertEdges([{ from: 1, to: 2, type: "T" }, { from: 2, to: 1, type: "T" }])],
  ["mergeEdge", (db) => db.mergeEdge({ from: 2, to: 2, type: "MERGED" })],
  ["updateEdge", (db) => db.updateEdge(1, { type: "U" })],
  ["patchEdge", (db) => db.patchEdge(1, { a: 1 })],
  ["deleteEdge", (db) => db.deleteEdge(3)],
  ["kv.set", (db) => db.kv.set("counted", 1)],
  ["kv.delete", (db) => db.kv.delete("counted")],
  ["a transaction of many writes", (db) =>
    db.transaction((tx) => {
      tx.insertNode({ kind: "K", name: "in tx" });
      tx.transaction((inner) => inner.kv.set("in tx", 1));
      tx.deleteEdge(4);
    })],
  ["importSnapshot", (db, folder) => {
    db.exportSnapshot(folder.path("all.jsonl"));
    db.importSnapshot(folder.path("all.jsonl"), { replace: true });
  }],
];

test("features SC-5: every commit raises the version counter by one, whatever it wrote", () => {
  using folder = tempDir();
  using db = openReference("sqlite-3.9.0", folder);
  const { materialized } = counters(db.path);
  for (const [what, write] of COMMITS) {
    const before = counters(db.path).authoritative;
    write(db, folder);
    assertEquals(counters(db.path), { authoritative: before + 1n, materialized }, what);
  }
});

test("features SC-5: reads, refused calls and what is rolled back do not raise the version counter", () => {
  using folder = tempDir();
  using db = openReference("sqlite-3.9.0", folder);
  assertEquals(db.checkpoint().expiredKeys, 2, "the first checkpoint is a commit: it removes keys");
  const before = counters(db.path);
  [...db.nodes()];
  db.check();
  db.bfs(1);
  assertThrows(() => db.insertEdge({ from: 1, to: 999, type: "T" }), GraphError);
  assertThrows(() => db.insertNodes([{ kind: "K", name: "n" }, { kind: "", name: "bad" }]), GraphError);
  assertThrows(() =>
    db.transaction((tx) => {
      tx.insertNode({ kind: "K", name: "n" });
      throw new GraphError("stop", { code: "stop" });
    }), GraphError);
  db.flush();
  db.checkpoint();
  db.backup(folder.path("backups"));
  assertEquals(counters(db.path), before);
});

test("features SC-3: a row and the version counter are one commit", () => {
  using folder = tempDir();
  using db = openReference("sqlite-3.9.0", folder);
  {
    using raw = openRaw(db.path);
    raw.exec("CREATE TRIGGER stop BEFORE UPDATE ON graph_meta BEGIN SELECT RAISE(ABORT, 'stopped'); END");
  }
  const before = tablesOf(db.path);
  assertThrows(() => db.insertNode({ kind: "K", name: "n" }), GraphError);
  assertThrows(() => db.kv.set("k", 1), GraphError);
  assertThrows(() => db.deleteNode(5), GraphError);
  assertEquals(tablesOf(db.path), before);
  {
    using raw = openRaw(db.path);
    raw.exec("DROP TRIGGER stop");
  }
  assertGreater(db.insertNode({ kind: "K", name: "n" }), 43);
  assertEquals(counters(db.path).authoritative, 136n);
});

test("features SC-2: a file without the version counter is written without an error, and once", () => {
  for (const version of [7, 8, 9]) {
    using folder = tempDir();
    using db = openAt(makeNewerFile(version, folder, "newer.db"));
    assertEquals(db.insertNode({ kind: "K", name: "n" }), 44);
    db.kv.set("k", 1);
    db.deleteEdge(1);
    assertEquals([db.countNodes({ kind: "K" }), db.kv.get("k"), db.countEdges()], [1, 1, 78]);
    using raw = openRaw(db.path);
    assertEquals(raw.value("SELECT count(*) FROM graph_entities WHERE kind = 'K'"), 1n);
  }
});

test("features SC-1: a file that was made without migrations by 3.9.0 migrates", () => {
  using folder = tempDir();
  const path = copyReference("nomigrations-3.2.5", folder);
  {
    // 3.9.0 makes the counters with the table, also when it leaves all migrations out.
    using raw = openRaw(path);
    raw.exec(`
      DROP TABLE graph_meta;
      CREATE TABLE graph_meta (id INTEGER PRIMARY KEY CHECK (id = 1), schema_version INTEGER NOT NULL,
        authoritative_version INTEGER NOT NULL DEFAULT 0, materialized_version INTEGER NOT NULL DEFAULT 0);
      INSERT INTO graph_meta VALUES (1, 1, 5, 0);`);
  }
  using db = openAt(path);
  assertEquals([db.countNodes(), db.stats().formatVersion], [3, 6]);
  assertEquals(db.getNode(1)?.labels, ["twice"]);
  const before = counters(path).authoritative;
  db.insertNode({ kind: "K", name: "n" });
  assertEquals(counters(path).authoritative, before + 1n);
  assert(db.check().ok);
});

test("features SC-4: a write needs no second connection: it goes on while iterators and snapshots are open", () => {
  using folder = tempDir();
  using db = openReference("sqlite-3.9.0", folder, { busyTimeoutMs: 0 });
  const iterators = Array.from({ length: 12 }, () => db.nodes());
  for (const iterator of iterators) iterator.next();
  const snapshots = Array.from({ length: 12 }, () => db.snapshot());
  const start = performance.now();
  for (let count = 0; count < 100; count++) db.insertNode({ kind: "K", name: "n" });
  db.insertNodes(Array.from({ length: 100 }, () => ({ kind: "K", name: "n" })));
  assertLess(performance.now() - start, 20_000);
  assertEquals(db.countNodes({ kind: "K" }), 200);
  for (const snapshot of snapshots) {
    assertEquals(snapshot.countNodes(), 41);
    snapshot.release();
  }
  for (const iterator of iterators) assertEquals([...iterator].length, 40);
});
