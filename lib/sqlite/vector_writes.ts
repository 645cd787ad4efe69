/** Writes of vector indexes and vectors, in the running transaction. */

import type { VectorIndexDefinition } from "../backend/vector_input.ts";
import type { StoredVectorIndex } from "../backend/vector_store.ts";
import type { Connection } from "./connection.ts";
import type { SqlStatement } from "./driver.ts";
import { decodeId } from "./node_rows.ts";
import { METRIC_NAMES, readVectorId } from "./vector_rows.ts";

/** The statements of the hot writes, prepared once per connection. */
class VectorWriteStatements {
  readonly insert: SqlStatement;
  readonly own: SqlStatement;
  readonly remove: SqlStatement;
  readonly removeLinks: SqlStatement;
  readonly removeEntryPoint: SqlStatement;
  readonly ofNode: SqlStatement;

  constructor({ driver }: Connection) {
    // The Rust system finds the node beside the vector, as in its own format.
    this.insert = driver.prepare(
      `INSERT INTO hnsw_vectors (index_id, vector_data, metadata, created_at, updated_at)
       VALUES (?1, ?2, '{"node_id":' || CAST(?3 AS INTEGER) || '}', ?4, ?4)`,
    );
    this.own = driver.prepare(
      "INSERT OR REPLACE INTO sqlitegraph_vector_owners (index_id, node_id, vector_id) VALUES (?, ?, ?)",
    );
    this.remove = driver.prepare("DELETE FROM hnsw_vectors WHERE id = ?");
    this.removeLinks = driver.prepare("DELETE FROM hnsw_layers WHERE index_id = ? AND layer_level = 0 AND node_id = ?");
    this.removeEntryPoint = driver.prepare("DELETE FROM hnsw_entry_points WHERE index_id = ? AND node_id = ?");
    this.ofNode = driver.prepare(
      `SELECT own.index_id AS index_id, vector_id FROM sqlitegraph_vector_indexes AS own
       CROSS JOIN sqlitegraph_vector_owners AS owner ON owner.index_id = own.index_id AND owner.node_id = ?`,
    );
  }
}

/** Makes an index under a name that none has. Returns its number. */
export function insertVectorIndex(connection: Connection, definition: VectorIndexDefinition, seconds: number): number {
  const { name, dimension, metric, m, efConstruction, efSearch, storage, seed, engine } = definition;
  const id = decodeId(
    connection.statement(
      `INSERT INTO hnsw_indexes (name, dimension, m, ef_construction, distance_metric, created_at, updated_at)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6)`,
    ).insert(name, dimension, m, efConstruction, METRIC_NAMES[metric], seconds),
  );
  connection.statement(
    "UPDATE sqlitegraph_vector_indexes SET ef_search = ?, storage = ?, seed = ?, engine = ? WHERE index_id = ?",
  ).run(efSearch, storage, seed, engine, id);
  return id;
}

/** Removes an index with everything in it. */
export function deleteVectorIndex(connection: Connection, index: StoredVectorIndex): void {
  connection.statement("DELETE FROM hnsw_indexes WHERE id = ?").run(index.number);
}

/** Removes all indexes. */
export function deleteVectorIndexes(connection: Connection): void {
  connection.statement("DELETE FROM hnsw_indexes").run();
}

/** Gives a node a vector, under a new number. `isFirst`: it is known to have none. */
export function writeVector(
  connection: Connection,
  index: StoredVectorIndex,
  nodeId: number,
  vector: Float32Array,
  seconds: number,
  isFirst: boolean,
): void {
  if (!isFirst) removeVector(connection, index, nodeId);
  const bytes = new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);
  insertRow(connection, index.number, nodeId, bytes, seconds);
}

function insertRow(connection: Connection, index: number, nodeId: number, bytes: Uint8Array, seconds: number): void {
  const { insert, own } = connection.prepared(VectorWriteStatements);
  own.run(index, nodeId, insert.insert(index, bytes, nodeId, seconds));
}

/** Takes a node's vector away; false when it has none. */
export function removeVector(connection: Connection, index: StoredVectorIndex, nodeId: number): boolean {
  const vectorId = readVectorId(connection, index, nodeId);
  if (vectorId === undefined) return false;
  removeRow(connection, index.number, vectorId);
  return true;
}

/** Takes a node's vectors away; in which indexes it had one. */
export function removeVectorsOf(connection: Connection, nodeId: number): number[] {
  return connection.prepared(VectorWriteStatements).ofNode.all(nodeId).map(([index, vector]) => {
    removeRow(connection, decodeId(index), decodeId(vector));
    return decodeId(index);
  });
}

/** Makes a number free for a vector of the Rust system: a vector of a node that has it gets another one. */
export function renumberOwned(connection: Connection, vectorId: number, seconds: number): void {
  const row = connection.statement(
    `SELECT owner.index_id AS index_id, node_id, vector_data FROM sqlitegraph_vector_owners AS owner
     JOIN hnsw_vectors ON id = vector_id WHERE vector_id = ? AND node_id > 0`,
  ).get(vectorId);
  if (row === undefined) return;
  const [index, node] = [decodeId(row[0]), decodeId(row[1])];
  removeRow(connection, index, vectorId);
  insertRow(connection, index, node, row[2] as Uint8Array, seconds);
}

/** Owner and links of our own go with the vector. Other vectors' links to it stay until their lists are written again. */
function removeRow(connection: Connection, index: number, vectorId: number): void {
  const { remove, removeLinks, removeEntryPoint } = connection.prepared(VectorWriteStatements);
  remove.run(vectorId);
  removeLinks.run(index, vectorId - 1);
  if (removeEntryPoint.run(index, vectorId) > 0) electEntryPoint(connection, index);
}

/** Without an entry point the Rust system finds nothing. (`min(id)` would look at all vectors.) */
function electEntryPoint(connection: Connection, index: number): void {
  connection.statement(
    `INSERT INTO hnsw_entry_points (index_id, node_id, order_idx) SELECT ?1, id, 0 FROM hnsw_vectors
     WHERE index_id = ?1 AND NOT EXISTS (SELECT 1 FROM hnsw_entry_points WHERE index_id = ?1) ORDER BY id LIMIT 1`,
  ).run(index);
}
