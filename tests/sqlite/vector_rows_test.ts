/** The rows of vectors: as the Rust program reads them, and as other programs change them. */

import { assert, assertEquals, assertFalse, assertThrows } from "@std/assert";
import { CorruptionError, UnsupportedError } from "../../lib/backend/errors.ts";
import type { GraphBackend } from "../../lib/backend/graph_backend.ts";
import { SqliteBackend } from "../../lib/sqlite/mod.ts";
import { openRaw, type RawDatabase } from "../support/raw_sqlite.ts";
import { type TempDir, tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";
import { DRIVERS, type OpenOptions } from "./reference.ts";

const OWN_TABLES = [
  "sqlitegraph_vector_changes",
  "sqlitegraph_vector_indexes",
  "sqlitegraph_vector_links",
  "sqlitegraph_vector_owners",
];

function openNew(folder: TempDir, options: OpenOptions = {}): GraphBackend {
  return SqliteBackend.open(folder.path("a.db"), { durability: "off", clock: () => 1_700_000_000_000, ...options });
}

/** A database with an index "e" of dimension 2, in which nodes 1 to `count` have the vectors (id, 0). */
function withVectors(folder: TempDir, count: number, options: OpenOptions = {}): GraphBackend {
  const db = openNew(folder, options);
  db.createVectorIndex("e", { dimension: 2, metric: "euclidean", m: 4, efConstruction: 40, efSearch: 9, seed: 5 });
  for (let id = 1; id <= count; id++) db.setVector("e", db.insertNode({ kind: "N", name: String(id) }), [id, 0]);
  return db;
}

/** Runs SQL as another program does while the database is closed. */
function meddle(folder: TempDir, run: (raw: RawDatabase) => void): void {
  using raw = openRaw(folder.path("a.db"));
  run(raw);
}

function findings(db: GraphBackend): string[] {
  return db.check().findings.map(({ severity, code, count }) => `${severity} ${code} ${count}`);
}

const vectorId = ({ nodeId, vectorId }: { nodeId: number; vectorId?: number }) => vectorId ?? -nodeId;

for (const driver of DRIVERS) {
  test(`an index and its vectors are rows as the Rust program writes them, by ${driver}`, () => {
    using folder = tempDir();
    {
      using db = withVectors(folder, 2, { driver });
      db.setVector("e", 1, [0.1, -0]);
      db.createVectorIndex("d", { dimension: 1, metric: "dot" });
    }
    meddle(folder, (raw) => {
      assertEquals(raw.rows("SELECT * FROM hnsw_indexes ORDER BY id"), [
        [1n, "e", 2n, 4n, 40n, "euclidean", 2n, 1_700_000_000n, 1_700_000_000n],
        [2n, "d", 1n, 16n, 200n, "dot_product", 0n, 1_700_000_000n, 1_700_000_000n],
      ]);
      assertEquals(raw.table("hnsw_vectors"), [
        {
          id: 2n,
          index_id: 1n,
          vector_data: new Uint8Array([0, 0, 0, 64, 0, 0, 0, 0]),
          metadata: '{"node_id":2}',
          created_at: 1_700_000_000n,
          updated_at: 1_700_000_000n,
        },
        {
          id: 3n,
          index_id: 1n,
          vector_data: new Uint8Array([0xcd, 0xcc, 0xcc, 0x3d, 0, 0, 0, 0x80]),
          metadata: '{"node_id":1}',
          created_at: 1_700_000_000n,
          updated_at: 1_700_000_000n,
        },
      ]);
      assertEquals(raw.table("sqlitegraph_vector_owners"), [
        { index_id: 1n, node_id: 1n, vector_id: 3n },
        { index_id: 1n, node_id: 2n, vector_id: 2n },
      ]);
    });
  });
}

test("the number of an index is not given again, also not after reopening", () => {
  using folder = tempDir();
  {
    using db = openNew(folder);
    db.createVectorIndex("a", { dimension: 1 });
    db.dropVectorIndex("a");
  }
  using db = openNew(folder);
  db.createVectorIndex("b", { dimension: 1 });
  db.close();
  meddle(folder, (raw) => assertEquals(raw.value("SELECT id FROM hnsw_indexes"), 2n));
});

test("what a dropped index and a deleted node leave behind is nothing", () => {
  using folder = tempDir();
  using db = withVectors(folder, 3);
  db.createVectorIndex("f", { dimension: 1 });
  for (const node of [1, 2, 3]) db.setVector("f", node, [1]);
  db.dropVectorIndex("e");
  db.deleteNode(2);
  db.close();
  meddle(folder, (raw) => {
    assertEquals(raw.rows("SELECT index_id, count(*) FROM hnsw_vectors GROUP BY 1"), [[2n, 2n]]);
    assertEquals(raw.rows("SELECT node_id FROM sqlitegraph_vector_owners"), [[1n], [3n]]);
    assertEquals(raw.rows("SELECT name, vector_count FROM hnsw_indexes"), [["f", 2n]]);
  });
});

test("a deleted vector leaves no list of links, and the Rust program an entry point", () => {
  using folder = tempDir();
  withVectors(folder, 3).close();
  meddle(folder, (raw) => {
    raw.exec("DELETE FROM hnsw_layers; DELETE FROM hnsw_entry_points");
    raw.exec("INSERT INTO hnsw_layers VALUES (1, 1, 0, 0, x'0100000000000000'), (2, 1, 0, 1, x''), (3, 1, 0, 2, x'')");
    raw.exec("INSERT INTO hnsw_entry_points VALUES (1, 1, 0)");
  });
  // Nothing is loaded, so no links are written.
  using db = openNew(folder);
  db.setVector("e", 1, [8, 8]);
  db.deleteNode(3);
  db.close();
  meddle(folder, (raw) => {
    assertEquals(raw.rows("SELECT id, node_id FROM hnsw_layers"), [[2n, 1n]]);
    assertEquals(raw.rows("SELECT * FROM hnsw_entry_points"), [[1n, 2n, 0n]]);
  });
});

test("vectors that another program adds and deletes are counted", () => {
  using folder = tempDir();
  withVectors(folder, 3).close();
  meddle(folder, (raw) => {
    raw.exec("INSERT INTO hnsw_indexes VALUES (7, 'theirs', 1, 4, 40, 'manhattan', 0, 1, 1)");
    raw.exec(
      "INSERT INTO hnsw_vectors VALUES (90, 7, x'0000803F', NULL, 1, 1), (91, 1, x'0000803F00000000', '[]', 1, 1)",
    );
    raw.exec("DELETE FROM hnsw_vectors WHERE id = 2");
  });
  using db = openNew(folder);
  assertEquals(db.vectorIndexes().map(({ name, metric, count, efSearch }) => [name, metric, count, efSearch]), [
    ["e", "euclidean", 3, 9],
    ["theirs", "manhattan", 1, 64],
  ]);
  assertEquals(db.searchVectors("e", [1, 0]), [
    { nodeId: 0, distance: 0, vectorId: 91 },
    { nodeId: 1, distance: 0 },
    { nodeId: 3, distance: 2 },
  ]);
  assertEquals(db.getVector("e", 2), undefined);
  assertFalse(db.deleteVector("e", 2));
  assertEquals(findings(db), []);
});

test("vectors of a node that another program deleted are nobody's, and check says so", () => {
  using folder = tempDir();
  withVectors(folder, 3).close();
  meddle(
    folder,
    (raw) => raw.exec("DELETE FROM graph_entities WHERE id = 2; DELETE FROM graph_labels WHERE entity_id = 2"),
  );
  using db = openNew(folder);
  assertEquals(db.getVector("e", 2), undefined);
  assertEquals([...db.vectorIndex("e").vectors()].map(vectorId), [-1, -3, 2]);
  assertEquals(db.searchVectors("e", [2, 0], { k: 1 }), [{ nodeId: 0, distance: 0, vectorId: 2 }]);
  assertEquals(db.searchVectors("e", [2, 0], { filter: {} }).map(vectorId), [-1, -3]);
  assertEquals(db.vectorIndex("e").info.count, 3);
  assertEquals(findings(db), ["warning orphan-vector 1"]);
});

test("rows that were changed behind the back of foreign keys and triggers are found and do no harm", () => {
  using folder = tempDir();
  withVectors(folder, 4).close();
  meddle(folder, (raw) => {
    raw.exec("PRAGMA foreign_keys = OFF; DELETE FROM hnsw_vectors WHERE id = 1");
    raw.exec("UPDATE sqlitegraph_vector_indexes SET vector_count = 9");
    raw.exec("UPDATE sqlitegraph_vector_owners SET node_id = 77 WHERE node_id = 4");
  });
  using db = openNew(folder);
  assertEquals(findings(db).sort(), [
    "error dangling-vector 1",
    "error foreign-key 1",
    "error vector-count 1",
    "error vector-owner 1",
  ]);
  assertEquals(db.getVector("e", 1), undefined);
  db.setVector("e", 1, [5, 5]);
  assertEquals(db.getVector("e", 1), Float32Array.of(5, 5));
  assertEquals([...db.vectorIndex("e").vectors()].map(vectorId), [-1, -2, -3, -77]);
});

test("a vector of another length, or with a number that is not finite, is corruption and nothing else fails", () => {
  for (const blob of ["x'0000803F'", "x'0000803F0000C07F'", "x'0000803F0000807F'", "'textual!'", "x''"]) {
    using folder = tempDir();
    withVectors(folder, 3).close();
    meddle(folder, (raw) => raw.exec(`UPDATE hnsw_vectors SET vector_data = ${blob} WHERE id = 2`));
    using db = openNew(folder);
    assertEquals(findings(db), ["error corrupt-vector 1"], blob);
    for (
      const read of [
        () => db.getVector("e", 2),
        () => db.searchVectors("e", [1, 2]),
        () => db.searchVectors("e", [1, 2], { filter: { nodeIds: [2] } }),
        () => [...db.vectorIndex("e").vectors()],
      ]
    ) {
      const error = assertThrows(read, CorruptionError, "vector 2");
      assertEquals(error.code, "corrupt-vector");
    }
    assertEquals(db.getVector("e", 1), Float32Array.of(1, 0));
    db.setVector("e", 2, [2, 2]);
    assertEquals(db.searchVectors("e", [2, 2], { k: 1 }), [{ nodeId: 2, distance: 0 }]);
    assertEquals(findings(db), []);
  }
});

test("a vector without a direction, which old releases stored, is no match by cosine and no damage", () => {
  using folder = tempDir();
  {
    using db = openNew(folder);
    db.createVectorIndex("c", { dimension: 2 });
    db.setVector("c", db.insertNode({ kind: "N", name: "n" }), [1, 1]);
  }
  meddle(folder, (raw) => raw.exec("INSERT INTO hnsw_vectors VALUES (9, 1, zeroblob(8), NULL, 1, 1)"));
  using db = openNew(folder);
  assertEquals(db.searchVectors("c", [1, 1]).length, 1);
  assertEquals([...db.vectorIndex("c").vectors()].map(vectorId), [-1, 9]);
  assertEquals(findings(db), []);
});

test("an index with a metric that nobody knows is named, not listed, and refused", () => {
  using folder = tempDir();
  withVectors(folder, 1).close();
  meddle(folder, (raw) => raw.exec("UPDATE hnsw_indexes SET distance_metric = 'hamming'"));
  using db = openNew(folder);
  assertEquals(db.vectorIndexes(), []);
  assertThrows(() => db.searchVectors("e", [1, 2]), UnsupportedError, "hamming");
  assertThrows(() => db.createVectorIndex("e", { dimension: 2 }), UnsupportedError, "hamming");
  assertEquals(findings(db), ["warning unknown-metric 1"]);
});

test("a file that lacks our tables gets them when it may be written, and is read without them", () => {
  using folder = tempDir();
  withVectors(folder, 2).close();
  const tables = () => {
    using raw = openRaw(folder.path("a.db"), { readonly: true });
    return raw.tables().filter((name) => name.startsWith("sqlitegraph_vector"));
  };
  meddle(folder, (raw) => {
    for (const name of ["index_insert", "insert", "insert_below", "delete", "update", "orphan"]) {
      raw.exec(`DROP TRIGGER sqlitegraph_vector_${name}`);
    }
    for (const table of OWN_TABLES) raw.exec(`DROP TABLE ${table}`);
    raw.exec("INSERT INTO hnsw_vectors VALUES (9, 1, x'0000803F00000000', NULL, 1, 1)");
  });
  {
    using db = openNew(folder, { readonly: true });
    assertEquals([...db.vectorIndex("e").vectors()].map(vectorId), [1, 2, 9]);
    assertEquals(db.vectorIndex("e").info.count, 3);
    assertEquals(db.check().ok, true);
  }
  assertEquals(tables(), []);
  using db = openNew(folder);
  assertEquals([...db.vectorIndex("e").vectors()].map(vectorId), [1, 2, 9]);
  db.setVector("e", 1, [3, 3]);
  assertEquals(db.vectorIndex("e").info.count, 4);
  assertEquals(tables(), OWN_TABLES);
  assertEquals(findings(db), []);
});

test("a page of vectors goes on where the one before ended, across those of nodes and of none", () => {
  using folder = tempDir();
  withVectors(folder, 40).close();
  meddle(folder, (raw) => {
    for (let id = 101; id <= 140; id++) raw.exec(`INSERT INTO hnsw_vectors VALUES (${id}, 1, zeroblob(8), NULL, 1, 1)`);
  });
  using db = openNew(folder);
  const expected = Array.from({ length: 80 }, (_, at) => at < 40 ? -1 - at : 61 + at);
  assertEquals([...db.vectorIndex("e").vectors()].map(vectorId), expected);
  const allowed = db.searchVectors("e", [0, 0], { k: 100, filter: {} });
  assertEquals(allowed.map(vectorId), expected.slice(0, 40));
});

test("a file with texts in UTF-16 keeps its vectors", () => {
  using folder = tempDir();
  withVectors(folder, 1).close();
  {
    using raw = openRaw(folder.path("b.db"));
    raw.exec(
      "PRAGMA encoding = 'UTF-16le'; CREATE TABLE graph_meta (id INTEGER PRIMARY KEY, schema_version INTEGER NOT NULL)",
    );
    using model = openRaw(folder.path("a.db"), { readonly: true });
    raw.exec(String(model.value("SELECT sql FROM sqlite_schema WHERE name = 'graph_entities'")));
  }
  using db = SqliteBackend.open(folder.path("b.db"), { durability: "off" });
  db.createVectorIndex("e", { dimension: 2, metric: "euclidean" });
  // As UTF-16 this would be half of a pair of surrogates, and a NUL.
  const vector = new Float32Array(Uint32Array.of(0x3f80d800, 0x3f800000).buffer);
  const node = db.insertNode({ kind: "N", name: "n" });
  db.setVector("e", node, vector);
  assertEquals(db.searchVectors("e", vector), [{ nodeId: node, distance: 0 }]);
  assertEquals([...db.vectorIndex("e").vectors()], [{ nodeId: node, vector }]);
  assert(db.check().ok);
});
