/** Files of schema versions 1 to 5, as releases of the Rust program made them, built by hand. */

import { openRaw, type RawDatabase } from "../support/raw_sqlite.ts";

/** Statements that each version added, by version. */
const STEPS: readonly (readonly [version: number, sql: string])[] = [
  [
    1,
    `CREATE TABLE graph_entities (id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, name TEXT NOT NULL,
       file_path TEXT, data TEXT NOT NULL);
     CREATE TABLE graph_edges (id INTEGER PRIMARY KEY AUTOINCREMENT, from_id INTEGER NOT NULL, to_id INTEGER NOT NULL,
       edge_type TEXT NOT NULL, data TEXT NOT NULL);
     CREATE TABLE graph_labels (entity_id INTEGER NOT NULL, label TEXT NOT NULL);
     CREATE TABLE graph_properties (entity_id INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL);
     CREATE INDEX idx_edges_from ON graph_edges(from_id);
     CREATE INDEX idx_edges_to ON graph_edges(to_id);
     CREATE INDEX idx_edges_type ON graph_edges(edge_type);
     CREATE INDEX idx_labels_label ON graph_labels(label);
     CREATE INDEX idx_labels_label_entity_id ON graph_labels(label, entity_id);
     CREATE INDEX idx_props_key_value ON graph_properties(key, value);
     CREATE INDEX idx_props_key_value_entity_id ON graph_properties(key, value, entity_id);
     CREATE INDEX idx_entities_kind_id ON graph_entities(kind, id);
     CREATE TABLE graph_meta (id INTEGER PRIMARY KEY CHECK (id = 1), schema_version INTEGER NOT NULL);
     INSERT INTO graph_meta VALUES (1, 1);`,
  ],
  [2, "CREATE TABLE graph_meta_history(version INTEGER NOT NULL, applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP);"],
  [
    3,
    `CREATE TABLE hnsw_indexes (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, dimension INTEGER NOT NULL,
       m INTEGER NOT NULL, ef_construction INTEGER NOT NULL, distance_metric TEXT NOT NULL,
       vector_count INTEGER NOT NULL DEFAULT 0, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL);
     CREATE TABLE hnsw_vectors (id INTEGER PRIMARY KEY AUTOINCREMENT, index_id INTEGER NOT NULL, vector_data BLOB NOT NULL,
       metadata TEXT, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
       FOREIGN KEY (index_id) REFERENCES hnsw_indexes(id) ON DELETE CASCADE);
     CREATE TABLE hnsw_layers (id INTEGER PRIMARY KEY AUTOINCREMENT, index_id INTEGER NOT NULL, layer_level INTEGER NOT NULL,
       node_id INTEGER NOT NULL, connections BLOB NOT NULL,
       FOREIGN KEY (index_id) REFERENCES hnsw_indexes(id) ON DELETE CASCADE, UNIQUE(index_id, layer_level, node_id));
     CREATE TABLE hnsw_entry_points (index_id INTEGER NOT NULL, node_id INTEGER NOT NULL, PRIMARY KEY (index_id, node_id),
       FOREIGN KEY (index_id) REFERENCES hnsw_indexes(id) ON DELETE CASCADE);
     CREATE INDEX idx_hnsw_vectors_index ON hnsw_vectors(index_id);
     CREATE INDEX idx_hnsw_layers_index ON hnsw_layers(index_id, layer_level);
     CREATE INDEX idx_hnsw_entry_points_index ON hnsw_entry_points(index_id);
     INSERT INTO hnsw_indexes VALUES (1, 'vectors', 2, 16, 200, 'cosine', 0, 1700000000, 1700000000);
     INSERT INTO hnsw_vectors VALUES (7, 1, x'0000803F00000040', '{"a":1}', 1700000000, 1700000000);
     INSERT INTO hnsw_layers VALUES (3, 1, 0, 6, x'0500000000000000');
     INSERT INTO hnsw_entry_points VALUES (1, 7), (1, 9);`,
  ],
  [
    4,
    `CREATE INDEX idx_entities_kind ON graph_entities(kind);
     CREATE INDEX idx_entities_kind_name ON graph_entities(kind, name);`,
  ],
  [
    5,
    `DELETE FROM graph_labels WHERE rowid NOT IN (SELECT min(rowid) FROM graph_labels GROUP BY entity_id, label);
     CREATE UNIQUE INDEX uq_graph_labels_entity_label ON graph_labels(entity_id, label);`,
  ],
  [6, "ALTER TABLE hnsw_entry_points ADD COLUMN order_idx INTEGER NOT NULL DEFAULT 0;"],
];

/** What every old file holds. Nodes 1, 2 and 4, of which 4 stands in for a deleted highest id 6; three labels too many. */
const CONTENT = `
  INSERT INTO graph_entities (id, kind, name, file_path, data) VALUES
    (1, 'Person', 'Ada', NULL, '{"big":9007199254740993,"f":1.0}'), (2, 'Person', 'Bob', 'b.txt', 'null'),
    (4, 'City', 'nul' || char(0) || 'inside', '', '{}');
  UPDATE sqlite_sequence SET seq = 6 WHERE name = 'graph_entities';
  INSERT INTO graph_edges (id, from_id, to_id, edge_type, data) VALUES (1, 1, 2, 'KNOWS', '{"since":1999}'), (3, 2, 4, '', '{}');
  INSERT INTO graph_properties VALUES (1, 'k', 'v'), (1, 'k', 'v'), (2, '', '');`;
const DUPLICATES =
  "INSERT INTO graph_labels VALUES (2, 'first'), (1, 'twice'), (1, 'twice'), (1, 'once'), (1, 'twice');";

/** Labels of the nodes of an old file, by id, as they must be listed. */
export const OLD_LABELS: Readonly<Record<number, readonly string[] | undefined>> = {
  1: ["once", "twice"],
  2: ["first"],
  4: undefined,
};

/** Takes the steps after a version up to version 6, as the Rust program does. */
export function migrateByHand(raw: RawDatabase, version: number): void {
  for (const [step, sql] of STEPS) {
    if (step <= version) continue;
    raw.exec(
      `${sql} INSERT INTO graph_meta_history (version) VALUES (${step}); UPDATE graph_meta SET schema_version = ${step}`,
    );
  }
}

/** Makes a file of a schema version from 1 to 5. */
export function makeOldFile(path: string, version: number): void {
  using raw = openRaw(path);
  raw.exec("PRAGMA journal_mode = WAL");
  for (const [step, sql] of STEPS) {
    if (step > version) break;
    raw.exec(sql);
    if (step > 1) raw.exec(`INSERT INTO graph_meta_history VALUES (${step}, '2024-01-02 03:04:05')`);
    if (step === 1) raw.exec(`${CONTENT}${DUPLICATES}`);
    raw.exec(`UPDATE graph_meta SET schema_version = ${step}`);
  }
}
