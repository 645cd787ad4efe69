/**
 * Tables of a database file: those of the Rust system sqlitegraph (schema version 6, so that its releases from 3.2.5 on open
 * our files) and objects of our own, which it ignores. Files of versions 1 to 5 are migrated, 7 to 10 kept as they are.
 */

import { InvalidArgumentError, UnsupportedError } from "../backend/errors.ts";
import type { SqlDriver } from "./driver.ts";
import { ADD_VECTOR_TIME, OWN_VECTOR_TABLES, temporaryVectorTables } from "./vector_tables.ts";

/** Schema version that new files get and older ones are migrated to. */
export const SCHEMA_VERSION = 6;

/** Newest schema version that is opened (and then kept). */
export const NEWEST_SCHEMA_VERSION = 10;

/** Schema version of the first releases that write the kind as a label. */
const FIRST_WITH_KIND_LABELS = 5;

/** What a connection has to know about the file's tables. */
export interface FileSchema {
  /** Value in `graph_meta`. */
  readonly version: number;
  /** Versions 8 and up: `graph_entities` and `graph_edges` have `snapshot_id` and `created_at`. */
  readonly hasCreatedAt: boolean;
  /** Version 10: `graph_meta.authoritative_version` counts commits. */
  readonly hasCommitCounter: boolean;
  /** Whether the file counts changes of vectors: see `vector_time.ts`. */
  readonly hasVectorTime: boolean;
}

const BASE_TABLES = `
CREATE TABLE IF NOT EXISTS graph_entities (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  file_path TEXT,
  data TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS graph_edges (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  from_id INTEGER NOT NULL,
  to_id INTEGER NOT NULL,
  edge_type TEXT NOT NULL,
  data TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS graph_labels (entity_id INTEGER NOT NULL, label TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS graph_properties (entity_id INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS graph_meta (id INTEGER PRIMARY KEY CHECK (id = 1), schema_version INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS idx_edges_from ON graph_edges(from_id);
CREATE INDEX IF NOT EXISTS idx_edges_to ON graph_edges(to_id);
CREATE INDEX IF NOT EXISTS idx_edges_type ON graph_edges(edge_type);
CREATE INDEX IF NOT EXISTS idx_labels_label ON graph_labels(label);
CREATE INDEX IF NOT EXISTS idx_labels_label_entity_id ON graph_labels(label, entity_id);
CREATE INDEX IF NOT EXISTS idx_props_key_value ON graph_properties(key, value);
CREATE INDEX IF NOT EXISTS idx_props_key_value_entity_id ON graph_properties(key, value, entity_id);
CREATE INDEX IF NOT EXISTS idx_entities_kind_id ON graph_entities(kind, id);
`;

/** Statements of each migration, by the version that it leads to. */
const MIGRATIONS: ReadonlyMap<number, string> = new Map([
  [
    2,
    `CREATE TABLE IF NOT EXISTS graph_meta_history (
  version INTEGER NOT NULL,
  applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
);`,
  ],
  [
    3,
    `CREATE TABLE IF NOT EXISTS hnsw_indexes (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  dimension INTEGER NOT NULL,
  m INTEGER NOT NULL,
  ef_construction INTEGER NOT NULL,
  distance_metric TEXT NOT NULL,
  vector_count INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS hnsw_vectors (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  index_id INTEGER NOT NULL,
  vector_data BLOB NOT NULL,
  metadata TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  FOREIGN KEY (index_id) REFERENCES hnsw_indexes(id) ON DELETE CASCADE
);
CREATE TABLE IF NOT EXISTS hnsw_layers (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  index_id INTEGER NOT NULL,
  layer_level INTEGER NOT NULL,
  node_id INTEGER NOT NULL,
  connections BLOB NOT NULL,
  FOREIGN KEY (index_id) REFERENCES hnsw_indexes(id) ON DELETE CASCADE,
  UNIQUE (index_id, layer_level, node_id)
);
CREATE TABLE IF NOT EXISTS hnsw_entry_points (
  index_id INTEGER NOT NULL,
  node_id INTEGER NOT NULL,
  PRIMARY KEY (index_id, node_id),
  FOREIGN KEY (index_id) REFERENCES hnsw_indexes(id) ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS idx_hnsw_vectors_index ON hnsw_vectors(index_id);
CREATE INDEX IF NOT EXISTS idx_hnsw_layers_index ON hnsw_layers(index_id, layer_level);
CREATE INDEX IF NOT EXISTS idx_hnsw_entry_points_index ON hnsw_entry_points(index_id);`,
  ],
  [
    4,
    `CREATE INDEX IF NOT EXISTS idx_entities_kind ON graph_entities(kind);
CREATE INDEX IF NOT EXISTS idx_entities_kind_name ON graph_entities(kind, name);`,
  ],
  [
    5,
    `DELETE FROM graph_labels WHERE rowid NOT IN (SELECT min(rowid) FROM graph_labels GROUP BY entity_id, label);
CREATE UNIQUE INDEX IF NOT EXISTS uq_graph_labels_entity_label ON graph_labels(entity_id, label);`,
  ],
  [6, "ALTER TABLE hnsw_entry_points ADD COLUMN order_idx INTEGER NOT NULL DEFAULT 0;"],
]);

const KV_TABLE = `
CREATE TABLE IF NOT EXISTS kv_store (
  key TEXT PRIMARY KEY,
  value_json TEXT NOT NULL,
  ttl_seconds INTEGER,
  version INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
);`;

/**
 * Hexadecimal form of a `kv_store` key (decimal bytes joined by commas): its text order is the byte order of the keys. The
 * column must be qualified: `json_each` has a column `key` too.
 */
export function keyHexSql(key: string): string {
  return `(SELECT coalesce(group_concat(printf('%02x', value), ''), '') FROM json_each('[' || ${key} || ']'))`;
}

/**
 * `sqlitegraph_state`: our commit counter and the time of vectors. `sqlitegraph_kv_keys`: the keys of `kv_store` in byte order, kept in step by
 * triggers (so keys that another program writes are seen), with the exact expiry of those that we gave one; it counts only
 * while `version` and `updated_at` of the row are the same.
 */
const OWN_TABLES = `
CREATE TABLE sqlitegraph_state (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  format INTEGER NOT NULL,
  lsn INTEGER NOT NULL,
  committed_ms INTEGER NOT NULL,
  vector_time INTEGER NOT NULL DEFAULT 0
);
INSERT INTO sqlitegraph_state (id, format, lsn, committed_ms) VALUES (1, 1, 0, 0);
CREATE INDEX sqlitegraph_entities_name ON graph_entities(name);
CREATE INDEX sqlitegraph_properties_entity ON graph_properties(entity_id);
CREATE INDEX sqlitegraph_kv_mortal ON kv_store(key) WHERE ttl_seconds IS NOT NULL;
CREATE TABLE sqlitegraph_kv_keys (
  key_hex TEXT PRIMARY KEY,
  key TEXT NOT NULL,
  expires_ms INTEGER,
  row_version INTEGER,
  row_updated_at INTEGER
) WITHOUT ROWID;
INSERT INTO sqlitegraph_kv_keys (key_hex, key) SELECT ${keyHexSql("kv_store.key")}, key FROM kv_store;
CREATE TRIGGER sqlitegraph_kv_insert AFTER INSERT ON kv_store BEGIN
  INSERT OR REPLACE INTO sqlitegraph_kv_keys (key_hex, key) VALUES (${keyHexSql("NEW.key")}, NEW.key);
END;
CREATE TRIGGER sqlitegraph_kv_delete AFTER DELETE ON kv_store BEGIN
  DELETE FROM sqlitegraph_kv_keys WHERE key_hex = ${keyHexSql("OLD.key")};
END;`;

/**
 * Labels as the contract has them, once per file: rows of missing nodes go, every node gets its kind as a label. The kind
 * label that an update of the kind left behind (the Rust system wrote it right after the node, so before any row of a later
 * node) goes when it is the kind of other nodes and the file is of a release that writes kind labels.
 */
const REMOVE_ORPHANS = `
DELETE FROM graph_labels WHERE entity_id NOT IN (SELECT id FROM graph_entities);
DELETE FROM graph_properties WHERE entity_id NOT IN (SELECT id FROM graph_entities);`;
const STALE_KIND_LABELS = `
  SELECT first_row FROM (
    SELECT entity_id, first_row,
      min(first_row) OVER (ORDER BY entity_id DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS later_row
    FROM (SELECT entity_id, min(rowid) AS first_row FROM main.graph_labels GROUP BY entity_id)
  ) AS written
  JOIN graph_entities AS node ON node.id = written.entity_id
  JOIN main.graph_labels AS first ON first.rowid = first_row
  WHERE coalesce(later_row > first_row, 1)
    AND NOT EXISTS (SELECT 1 FROM main.graph_labels WHERE entity_id = node.id AND label = node.kind)
    AND EXISTS (SELECT 1 FROM graph_entities WHERE kind = first.label)`;
const ADD_KIND_LABELS = `
INSERT INTO graph_labels (entity_id, label) SELECT id, kind FROM graph_entities AS node
  WHERE NOT EXISTS (SELECT 1 FROM graph_labels WHERE entity_id = node.id AND label = node.kind);`;

/** Stand-ins in a read-only connection for what the file does not have: nothing in the file changes. */
const TEMPORARY_STATE = `
CREATE TEMP TABLE sqlitegraph_state (id INTEGER, format INTEGER, lsn INTEGER, committed_ms INTEGER);
INSERT INTO sqlitegraph_state VALUES (1, 1, 0, 0);`;
const TEMPORARY_LABELS = `
CREATE TEMP TABLE sqlitegraph_stale_labels AS ${STALE_KIND_LABELS};
CREATE TEMP VIEW graph_labels AS SELECT entity_id, label FROM main.graph_labels AS stored
  WHERE NOT EXISTS (SELECT 1 FROM sqlitegraph_stale_labels WHERE first_row = stored.rowid);`;
const TEMPORARY_KEYS = `
CREATE TEMP VIEW sqlitegraph_kv_keys AS SELECT ${
  keyHexSql("kv_store.key")
} AS key_hex, key, NULL AS expires_ms, NULL AS row_version, NULL AS row_updated_at FROM kv_store;`;

function tableNames(driver: SqlDriver): Set<string> {
  return new Set(
    driver.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all().map(([name]) => name as string),
  );
}

function columnNames(driver: SqlDriver, table: string): Set<string> {
  return new Set(driver.prepare("SELECT name FROM pragma_table_info(?)").all(table).map(([name]) => name as string));
}

/**
 * Throws unless the file is ours, the Rust system's or empty of tables.
 *
 * @throws {InvalidArgumentError} for another program's database
 * @throws {UnsupportedError} for a schema from the future
 */
export function refuseForeignFile(driver: SqlDriver, path: string): void {
  const tables = tableNames(driver);
  const columns = columnNames(driver, "graph_entities");
  const isOurs = ["id", "kind", "name", "file_path", "data"].every((column) => columns.has(column));
  if (!isOurs) {
    if (driver.prepare("SELECT 1 FROM sqlite_schema").get() === undefined) return;
    throw new InvalidArgumentError(
      `${path} is a SQLite database of another program (it has no table graph_entities of ours); choose another file`,
      { code: "not-a-graph", field: "path", value: path },
    );
  }
  storedVersion(driver, tables, path);
}

function storedVersion(driver: SqlDriver, tables: ReadonlySet<string>, path: string): number {
  const row = tables.has("graph_meta")
    ? driver.prepare("SELECT schema_version FROM graph_meta WHERE id = 1").get()
    : undefined;
  const version = Math.max(1, Number(row?.[0] ?? 1));
  if (version > NEWEST_SCHEMA_VERSION) {
    throw new UnsupportedError(
      `${path} has schema version ${version}, newer than ${NEWEST_SCHEMA_VERSION}, the newest this release can open; update it`,
      { code: "schema-too-new", value: version },
    );
  }
  return version;
}

/** Brings a writable file up to date inside one immediate transaction, or finds it up to date without one. */
export function prepareFile(driver: SqlDriver, path: string): FileSchema {
  if (!isPrepared(driver, path)) {
    driver.exec("BEGIN IMMEDIATE");
    try {
      // Another process may have done it while this one waited for the lock.
      if (!isPrepared(driver, path)) migrate(driver, path);
      driver.exec("COMMIT");
    } catch (error) {
      driver.exec("ROLLBACK");
      throw error;
    }
  }
  return describe(driver, path);
}

function isPrepared(driver: SqlDriver, path: string): boolean {
  const tables = tableNames(driver);
  return tables.has("sqlitegraph_state") && tables.has("sqlitegraph_vector_indexes") && tables.has("graph_meta") &&
    storedVersion(driver, tables, path) >= SCHEMA_VERSION;
}

function migrate(driver: SqlDriver, path: string): void {
  const tables = tableNames(driver);
  const found = storedVersion(driver, tables, path);
  driver.exec(BASE_TABLES);
  for (let version = found + 1; version <= SCHEMA_VERSION; version++) {
    const isDone = version === 6 && columnNames(driver, "hnsw_entry_points").has("order_idx");
    if (!isDone) driver.exec(MIGRATIONS.get(version) as string);
    driver.prepare("INSERT INTO graph_meta_history (version) VALUES (?)").run(version);
  }
  driver.prepare(
    "INSERT INTO graph_meta (id, schema_version) VALUES (1, ?1) ON CONFLICT (id) DO UPDATE SET schema_version = ?1",
  )
    .run(Math.max(found, SCHEMA_VERSION));
  if (!tables.has("sqlitegraph_vector_indexes")) {
    // Nothing says that a file of a later version still has them.
    if (!tables.has("hnsw_vectors")) driver.exec(MIGRATIONS.get(3) as string);
    const lacksTime = tables.has("sqlitegraph_state") && !columnNames(driver, "sqlitegraph_state").has("vector_time");
    if (lacksTime) driver.exec(ADD_VECTOR_TIME);
    driver.exec(OWN_VECTOR_TABLES);
  }
  if (tables.has("sqlitegraph_state")) return;
  driver.exec(KV_TABLE);
  driver.exec(OWN_TABLES);
  driver.exec(REMOVE_ORPHANS);
  if (found >= FIRST_WITH_KIND_LABELS) {
    driver.exec(`DELETE FROM graph_labels WHERE rowid IN (${STALE_KIND_LABELS})`);
  }
  driver.exec(ADD_KIND_LABELS);
}

/** Makes a read-only connection answer like a writable one, without touching the file. */
export function prepareReadonly(driver: SqlDriver, path: string): FileSchema {
  const tables = tableNames(driver);
  if (!tables.has("graph_entities")) {
    throw new InvalidArgumentError(`${path} holds no graph and is opened read-only; open it for writing first`, {
      code: "not-a-graph",
      field: "path",
      value: path,
    });
  }
  if (!tables.has("kv_store")) driver.exec(KV_TABLE.replace("CREATE TABLE IF NOT EXISTS", "CREATE TEMP TABLE"));
  if (!tables.has("sqlitegraph_kv_keys")) driver.exec(TEMPORARY_KEYS);
  if (!tables.has("sqlitegraph_state")) {
    driver.exec(TEMPORARY_STATE);
    const hasStaleLabels = storedVersion(driver, tables, path) >= FIRST_WITH_KIND_LABELS &&
      driver.prepare(STALE_KIND_LABELS).get() !== undefined;
    if (hasStaleLabels) driver.exec(TEMPORARY_LABELS);
  }
  const vectorTables = temporaryVectorTables(tables, columnNames(driver, "hnsw_entry_points").has("order_idx"));
  if (vectorTables !== "") driver.exec(vectorTables);
  return describe(driver, path);
}

function describe(driver: SqlDriver, path: string): FileSchema {
  return {
    version: storedVersion(driver, tableNames(driver), path),
    hasCreatedAt: columnNames(driver, "graph_entities").has("created_at") &&
      columnNames(driver, "graph_edges").has("created_at"),
    hasCommitCounter: columnNames(driver, "graph_meta").has("authoritative_version"),
    hasVectorTime: tableNames(driver).has("sqlitegraph_vector_changes") &&
      columnNames(driver, "sqlitegraph_state").has("vector_time"),
  };
}
