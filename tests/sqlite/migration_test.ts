/** Files of older schema versions become version 6 in place, all at once or not at all. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { copyFileSync } from "node:fs";
import { DatabaseLockedError, GraphError, UnsupportedError } from "../../lib/backend/errors.ts";
import { openRaw, type RawDatabase, type RawValue } from "../support/raw_sqlite.ts";
import { bytesOf, copyReference, EMPTY_FILES, FULL_FILES } from "../support/reference_fixture.ts";
import { tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";
import { makeOldFile, OLD_LABELS } from "./old_file.ts";
import { DRIVERS, listing, openAt, sha256 } from "./reference.ts";

const OLD_VERSIONS = [1, 2, 3, 4, 5];

interface SchemaObject {
  readonly table: RawValue | undefined;
  readonly columns: readonly RawValue[][];
}

/** Tables with their columns and constraints, and indexes with theirs; not ours and not the text of their SQL. */
function schemaOf(raw: RawDatabase): Record<string, SchemaObject> {
  const objects: Record<string, SchemaObject> = {};
  for (const [type, name, table] of raw.rows("SELECT type, name, tbl_name FROM sqlite_schema ORDER BY name")) {
    if ((name as string).startsWith("sqlitegraph_")) continue;
    const columns = type === "table"
      ? raw.rows('SELECT cid, name, type, "notnull", dflt_value, pk FROM pragma_table_info(?)', name as string)
      : raw.rows("SELECT seqno, cid, name FROM pragma_index_info(?)", name as string);
    const details = type === "table"
      ? raw.rows('SELECT "table", "from", "to", on_delete FROM pragma_foreign_key_list(?)', name as string)
      : raw.rows(
        'SELECT "unique", origin, partial FROM pragma_index_list(?) WHERE name = ?',
        table as string,
        name as string,
      );
    objects[`${type} ${name}`] = { table, columns: [...columns, ...details] };
  }
  return objects;
}

function schemaOfReference(): Record<string, SchemaObject> {
  using folder = tempDir();
  using raw = openRaw(copyReference("empty-3.2.5", folder));
  return schemaOf(raw);
}

function withoutKeyValues(schema: Record<string, SchemaObject>): Record<string, SchemaObject> {
  const { "table kv_store": _, "index sqlite_autoindex_kv_store_1": __, ...rest } = schema;
  return rest;
}

for (const driver of DRIVERS) {
  test(`a new file by ${driver} has the tables, columns and indexes of schema version 6`, () => {
    using folder = tempDir();
    openAt(folder.path("new.db"), { driver }).close();
    assertEquals(listing(folder.root), ["new.db"]);
    using raw = openRaw(folder.path("new.db"));
    assertEquals(withoutKeyValues(schemaOf(raw)), schemaOfReference());
    using other = tempDir();
    using reference = openRaw(copyReference("sqlite-3.2.5", other));
    assertEquals(schemaOf(raw), schemaOf(reference), "with the key-value table");
    assertEquals(raw.rows("SELECT id, schema_version FROM graph_meta"), [[1n, 6n]]);
    assertEquals(raw.rows("SELECT version FROM graph_meta_history"), [[2n], [3n], [4n], [5n], [6n]]);
    for (const [, applied] of raw.rows("SELECT version, applied_at FROM graph_meta_history")) {
      assert(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(applied as string), `${applied}`);
    }
    assertEquals(raw.value("PRAGMA user_version"), 0n);
    assertEquals(raw.value("PRAGMA application_id"), 0n);
    assertEquals(raw.value("PRAGMA journal_mode"), "wal");
    assertEquals(raw.value("PRAGMA encoding"), "UTF-8");
    assertEquals(raw.rows("PRAGMA integrity_check"), [["ok"]]);
  });

  for (const version of OLD_VERSIONS) {
    test(`a file of version ${version} becomes version 6 by ${driver} and keeps its content`, () => {
      using folder = tempDir();
      const path = folder.path("old.db");
      makeOldFile(path, version);
      using db = openAt(path, { driver });
      assertEquals(db.stats().formatVersion, 6);
      assertEquals([...db.nodes()] as unknown, [
        { id: 1, kind: "Person", name: "Ada", labels: OLD_LABELS[1], data: { big: 9007199254740993n, f: 1 } },
        { id: 2, kind: "Person", name: "Bob", filePath: "b.txt", labels: OLD_LABELS[2], data: null },
        { id: 4, kind: "City", name: "nul\0inside", filePath: "", data: {} },
      ]);
      assertEquals([...db.edges()] as unknown, [
        { id: 1, from: 1, to: 2, type: "KNOWS", data: { since: 1999 } },
        { id: 3, from: 2, to: 4, type: "", data: {} },
      ]);
      assertEquals([...db.nodeIds({ label: "Person" })], [1, 2], "the kind becomes a label");
      assertEquals(db.insertNode({ kind: "Person", name: "Cy" }), 7, "ids continue above the highest ever used");
      assertEquals(db.insertEdge({ from: 7, to: 7, type: "T" }), 4);
      db.kv.set("k", 1);
      db.close();

      using raw = openRaw(path);
      assertEquals(withoutKeyValues(schemaOf(raw)), schemaOfReference());
      assertEquals(raw.rows("SELECT id, schema_version FROM graph_meta"), [[1n, 6n]]);
      assertEquals(raw.rows("SELECT version FROM graph_meta_history"), [[2n], [3n], [4n], [5n], [6n]]);
      assertEquals(
        raw.value("SELECT count(*) FROM graph_meta_history WHERE applied_at = '2024-01-02 03:04:05'"),
        BigInt(version - 1),
        "the rows of earlier migrations stay",
      );
      assertEquals(raw.rows("SELECT entity_id, label FROM graph_labels WHERE entity_id < 7 ORDER BY 1, 2"), [
        [1n, "Person"],
        [1n, "once"],
        [1n, "twice"],
        [2n, "Person"],
        [2n, "first"],
        [4n, "City"],
      ], "each label once");
      assertEquals(raw.value("SELECT count(*) FROM graph_properties"), 3n);
      assertEquals(raw.value("SELECT data FROM graph_entities WHERE id = 1"), '{"big":9007199254740993,"f":1.0}');
      assertEquals(raw.rows("PRAGMA integrity_check"), [["ok"]]);
      if (version < 3) return;
      assertEquals(raw.rows("SELECT index_id, node_id, order_idx FROM hnsw_entry_points ORDER BY node_id"), [
        [1n, 7n, 0n],
        [1n, 9n, 0n],
      ]);
      assertEquals(raw.value("SELECT hex(vector_data) FROM hnsw_vectors WHERE id = 7"), "0000803F00000040");
      assertEquals(raw.value("SELECT hex(connections) FROM hnsw_layers WHERE id = 3"), "0500000000000000");
    });
  }
}

for (const { name, schema } of [...EMPTY_FILES, ...FULL_FILES].filter((file) => file.schema < 6)) {
  test(`reference ${name}: after the upgrade from version ${schema} the schema is that of a new file`, () => {
    using folder = tempDir();
    const path = copyReference(name, folder);
    openAt(path).close();
    using raw = openRaw(path);
    assertEquals(withoutKeyValues(schemaOf(raw)), schemaOfReference());
    assertEquals(raw.rows("SELECT version FROM graph_meta_history"), [[2n], [3n], [4n], [5n], [6n]]);
  });
}

test("a label that was added twice is kept once by the step to version 5, with its first row", () => {
  using folder = tempDir();
  makeOldFile(folder.path("old.db"), 4);
  using before = openRaw(folder.path("old.db"));
  const [first] = before.rows("SELECT min(rowid) FROM graph_labels WHERE entity_id = 1 AND label = 'twice'")[0]!;
  assertEquals(before.value("SELECT count(*) FROM graph_labels WHERE label = 'twice'"), 3n);
  before.close();
  openAt(folder.path("old.db")).close();
  using raw = openRaw(folder.path("old.db"));
  assertEquals(raw.rows("SELECT rowid FROM graph_labels WHERE entity_id = 1 AND label = 'twice'"), [[first!]]);
});

for (
  const [what, sql] of [["no version row", "DELETE FROM graph_meta"], [
    "version 0",
    "UPDATE graph_meta SET schema_version = 0",
  ], [
    "version -3",
    "UPDATE graph_meta SET schema_version = -3",
  ]] as const
) {
  for (const version of [...OLD_VERSIONS, 6]) {
    test(`a file with ${what} that has the tables of version ${version} is treated as version 1`, () => {
      using folder = tempDir();
      const path = folder.path("old.db");
      if (version === 6) copyReference("sqlite-3.2.5", folder, "old.db");
      else makeOldFile(path, version);
      using raw = openRaw(path);
      raw.exec(sql);
      const nodes = raw.value("SELECT count(*) FROM graph_entities");
      raw.close();
      using db = openAt(path);
      assertEquals(db.stats().formatVersion, 6);
      assertEquals(db.countNodes(), Number(nodes));
      assert(db.check().ok);
      db.insertNode({ kind: "K", name: "n" });
      db.close();
      using after = openRaw(path);
      assertEquals(after.rows("SELECT id, schema_version FROM graph_meta"), [[1n, 6n]]);
      // The steps run again, so they are in the history once more.
      assertEquals(
        after.table("graph_meta_history").map((row) => row["version"]),
        [...Array.from({ length: version - 1 }, (_, at) => BigInt(at + 2)), 2n, 3n, 4n, 5n, 6n],
      );
      assertEquals(withoutKeyValues(schemaOf(after)), schemaOfReference());
    });
  }
}

test("a file of version 10 without its version row is opened, and neither downgraded nor broken", () => {
  using folder = tempDir();
  const path = copyReference("sqlite-3.9.0", folder);
  {
    using raw = openRaw(path);
    raw.exec("DELETE FROM graph_meta");
  }
  using db = openAt(path);
  assertEquals(db.countNodes(), 41);
  const id = db.insertNode({ kind: "K", name: "n" });
  db.close();
  using raw = openRaw(path);
  assertEquals(raw.value("SELECT count(*) FROM graph_meta"), 1n);
  assertEquals(raw.rows("SELECT snapshot_id FROM graph_entities WHERE id = ?", BigInt(id)), [["default"]]);
  assertEquals(raw.rows("PRAGMA integrity_check"), [["ok"]]);
  assertEquals(raw.value("SELECT count(*) FROM pragma_table_info('graph_entities') WHERE name = 'created_at'"), 1n);
});

for (const version of [11, 12, 2 ** 31, Number.MAX_SAFE_INTEGER]) {
  test(`a file of version ${version} is refused and left as it is`, () => {
    using folder = tempDir();
    const path = copyReference("sqlite-3.9.0", folder, "future.db");
    {
      using raw = openRaw(path);
      raw.exec(`UPDATE graph_meta SET schema_version = ${version}; PRAGMA wal_checkpoint(TRUNCATE)`);
    }
    const before = sha256(path);
    for (const readonly of [false, true]) {
      const error = assertThrows(() => openAt(path, { readonly }), UnsupportedError, `${version}`);
      assert(/\b10\b/.test(error.message), `names the newest version that can be opened: ${error.message}`);
      assert(error.message.includes("future.db"), error.message);
    }
    assertEquals(sha256(path), before);
    assertEquals(listing(folder.root).filter((file) => !/-(wal|shm)$/.test(file)), ["future.db"]);
  });
}

/** Ways to make a step of the migration fail, after earlier steps have been carried out. */
const OBSTACLES: readonly (readonly [what: string, sql: string])[] = [
  ["a table has the name of an index", "CREATE TABLE uq_graph_labels_entity_label (a)"],
  ["a view has the name of the key-value table", "CREATE VIEW kv_store AS SELECT 1 AS key"],
  [
    "the version cannot be written",
    "CREATE TRIGGER stop BEFORE UPDATE ON graph_meta BEGIN SELECT RAISE(ABORT, 'stopped'); END",
  ],
  [
    "a label cannot be written",
    "CREATE TRIGGER stop BEFORE INSERT ON graph_labels BEGIN SELECT RAISE(ABORT, 'stopped'); END",
  ],
];

for (const [what, sql] of OBSTACLES) {
  for (const version of [1, 4]) {
    test(`a migration from version ${version} that fails because ${what} changes nothing`, () => {
      using folder = tempDir();
      const path = folder.path("old.db");
      makeOldFile(path, version);
      const everything = () => {
        using raw = openRaw(path);
        const tables = Object.fromEntries(raw.tables().map((table) => [table, raw.table(table)]));
        return { tables, schema: raw.rows("SELECT type, name, sql FROM sqlite_schema ORDER BY rowid") };
      };
      {
        using raw = openRaw(path);
        raw.exec(sql);
      }
      const before = everything();
      assertThrows(() => openAt(path), GraphError);
      assertEquals(everything(), before);
      {
        using raw = openRaw(path);
        const [, kind, name] = /^CREATE (\w+) (\w+)/.exec(sql)!;
        raw.exec(`DROP ${kind} ${name}`);
      }
      using db = openAt(path);
      assertEquals([db.countNodes(), db.countEdges(), db.stats().formatVersion], [3, 2, 6]);
      assertEquals([...db.nodeIds({ label: "Person" })], [1, 2]);
    });
  }
}

for (const driver of DRIVERS) {
  test(`a file that has to migrate while another program holds its lock is refused by ${driver} as locked`, () => {
    using folder = tempDir();
    const path = folder.path("old.db");
    makeOldFile(path, 3);
    using raw = openRaw(path);
    raw.exec("BEGIN IMMEDIATE");
    const start = performance.now();
    assertThrows(() => openAt(path, { driver, busyTimeoutMs: 50 }), DatabaseLockedError, path);
    assert(performance.now() - start < 3_000);
    raw.exec("ROLLBACK");
    assertEquals(raw.value("SELECT schema_version FROM graph_meta"), 3n);
    using db = openAt(path, { driver });
    assertEquals(db.stats().formatVersion, 6);
  });
}

test("a file whose migration was cut off by a crash migrates at the next opening", () => {
  using folder = tempDir();
  const path = folder.path("old.db");
  makeOldFile(path, 3);
  // What a crash leaves behind: the pages of an uncommitted transaction in the log.
  using raw = openRaw(path);
  raw.exec("PRAGMA cache_size = 1; BEGIN IMMEDIATE");
  raw.exec("CREATE INDEX idx_entities_kind ON graph_entities(kind); UPDATE graph_meta SET schema_version = 4");
  using copy = tempDir();
  for (const suffix of ["", "-wal"]) copyFileSync(`${path}${suffix}`, copy.path(`old.db${suffix}`));
  raw.exec("ROLLBACK");
  raw.close();
  using db = openAt(copy.path("old.db"));
  assertEquals([db.countNodes(), db.stats().formatVersion], [3, 6]);
  db.close();
  using after = openRaw(copy.path("old.db"));
  assertEquals(withoutKeyValues(schemaOf(after)), schemaOfReference());
});

test("the fixture's files of version 10 have what a version 10 file must keep", () => {
  assert(bytesOf("empty-3.9.0.db").length > 200_000);
  using folder = tempDir();
  using raw = openRaw(copyReference("empty-3.9.0", folder));
  for (const table of ["csr_shards", "snapshots", "snapshot_stats", "consumer_groups", "token_content"]) {
    assert(raw.tables().includes(table), table);
  }
});
