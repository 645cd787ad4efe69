/** Writes of the one connection that writes. */

import type { KeyValueChange } from "../backend/change.ts";
import type { CheckedEdge, CheckedEdgeUpdate, CheckedNode, CheckedNodeUpdate } from "../backend/record_input.ts";
import type { EdgeRecord, NodeRecord } from "../backend/schema.ts";
import type { WriteStore } from "../backend/store.ts";
import type { CheckedValue } from "../backend/value_input.ts";
import type { VectorMatch } from "../backend/vector.ts";
import type { CheckedVectorSearch, VectorIndexDefinition } from "../backend/vector_input.ts";
import type { StoredVectorIndex } from "../backend/vector_store.ts";
import { searchChanged, type VectorChange } from "../vector/vector_changes.ts";
import type { Connection } from "./connection.ts";
import type { SqlStatement } from "./driver.ts";
import { findEdge, readEdge } from "./edge_rows.ts";
import { deleteValue, encodeValue, keyExists, writeValue } from "./kv_rows.ts";
import { decodeId, nodeExists, readNode, readNodeKind } from "./node_rows.ts";
import { SqliteReadStore } from "./read_store.ts";
import type { FoundIndex, VectorsInMemory } from "./vector_memory.ts";
import { readMemoryVector } from "./vector_rows.ts";
import { searchStored } from "./vector_search.ts";
import { deleteVectorIndex, insertVectorIndex, removeVector, removeVectorsOf, writeVector } from "./vector_writes.ts";

/** What happened to a node or edge. */
export type RecordOperation = "insert" | "update" | "delete";

/** What writes tell the running transaction, and what it knows. */
export interface TransactionNotes {
  /** Clock of creation times, in milliseconds. */
  now(): number;
  /** Notes that a node changed. */
  noteNode(operation: RecordOperation, id: number): void;
  /** Notes that an edge changed. */
  noteEdge(operation: RecordOperation, id: number, from: number, to: number): void;
  /** Notes that a key changed; `operation` is asked for only while somebody listens. */
  noteKey(operation: () => KeyValueChange["operation"], key: Uint8Array): void;
  /** Notes that a vector index was made. */
  noteNewVectorIndex(index: StoredVectorIndex): void;
  /** Notes that the vector index with a number was dropped. */
  noteDroppedVectorIndex(index: number): void;
  /** Notes the vector that a node has from now on in the index with a number, or that it has none. */
  noteVector(index: number, nodeId: number, vector: Float32Array | undefined): void;
  /** Whether the running transaction, if there is one, has changed no vectors. */
  readonly hasCommittedVectors: boolean;
  /** The vectors of an index that the running transaction changed. */
  changedVectors(index: number): ReadonlyMap<number, VectorChange>;
  /** Whether the running transaction knows without asking that a node exists. */
  isKnownNode(id: number): boolean;
}

const INSERT_LABEL = "INSERT OR IGNORE INTO graph_labels (entity_id, label) VALUES (?, ?)";

/** The statements of the hot inserts, prepared once per connection; newer schema versions have two more columns. */
class InsertStatements {
  readonly node: SqlStatement;
  readonly label: SqlStatement;
  readonly edge: SqlStatement;

  constructor(connection: Connection) {
    const { driver, schema } = connection;
    const [columns, values] = schema.hasCreatedAt ? [", snapshot_id, created_at", ", 'default', ?"] : ["", ""];
    this.node = driver.prepare(
      `INSERT INTO graph_entities (kind, name, file_path, data${columns}) VALUES (?, ?, ?, ?${values})`,
    );
    this.label = driver.prepare(INSERT_LABEL);
    this.edge = driver.prepare(
      `INSERT INTO graph_edges (from_id, to_id, edge_type, data${columns}) VALUES (?, ?, ?, ?${values})`,
    );
  }
}

/** The reads and writes of a connection, noted in a transaction. */
export class SqliteWriteStore extends SqliteReadStore implements WriteStore {
  readonly #notes: TransactionNotes;
  readonly #vectors: VectorsInMemory;

  constructor(connection: Connection, notes: TransactionNotes, vectors: VectorsInMemory) {
    super(connection, vectors);
    this.#notes = notes;
    this.#vectors = vectors;
  }

  override nodeExists(id: number): boolean {
    return this.#notes.isKnownNode(id) || nodeExists(this.connection, id);
  }

  insertNode(node: CheckedNode): number {
    const { connection } = this;
    const statements = connection.prepared(InsertStatements);
    const { kind, name, filePath, data } = node;
    const id = decodeId(
      connection.schema.hasCreatedAt
        ? statements.node.insert(kind, name, filePath, data, this.#seconds())
        : statements.node.insert(kind, name, filePath, data),
    );
    statements.label.run(id, kind);
    for (const label of node.labels) statements.label.run(id, label);
    this.#notes.noteNode("insert", id);
    return id;
  }

  #seconds(): number {
    return Math.floor(this.#notes.now() / 1000);
  }

  findNode(kind: string, name: string): number | undefined {
    const found = this.connection.statement(
      "SELECT id FROM graph_entities WHERE kind = ? AND name = ? AND id > 0 ORDER BY id LIMIT 1",
    ).get(kind, name);
    return found === undefined ? undefined : Number(found[0]);
  }

  updateNode(id: number, update: CheckedNodeUpdate): NodeRecord {
    const { connection } = this;
    const { kind, name, filePath, data } = update;
    if (kind !== undefined) {
      connection.statement(
        "DELETE FROM graph_labels WHERE entity_id = ?1 AND label = (SELECT kind FROM graph_entities WHERE id = ?1)",
      ).run(id);
      this.#setColumn("kind", id, kind);
      connection.statement(INSERT_LABEL).run(id, kind);
    }
    if (name !== undefined) this.#setColumn("name", id, name);
    if (filePath !== undefined) this.#setColumn("file_path", id, filePath);
    if (data !== undefined) this.#setColumn("data", id, data);
    this.#notes.noteNode("update", id);
    return readNode(connection, id, true) as NodeRecord;
  }

  #setColumn(column: string, id: number, value: string | null): void {
    this.connection.statement(`UPDATE graph_entities SET ${column} = ? WHERE id = ?`).run(value, id);
  }

  deleteNode(id: number): boolean {
    const { connection } = this;
    if (!nodeExists(connection, id)) return false;
    const edges = connection.statement(
      "SELECT id, from_id, to_id FROM graph_edges WHERE from_id = ?1 OR to_id = ?1 ORDER BY id",
    ).all(id);
    connection.statement("DELETE FROM graph_edges WHERE from_id = ?1 OR to_id = ?1").run(id);
    connection.statement("DELETE FROM graph_labels WHERE entity_id = ?").run(id);
    connection.statement("DELETE FROM graph_properties WHERE entity_id = ?").run(id);
    for (const index of removeVectorsOf(connection, id)) this.#notes.noteVector(index, id, undefined);
    connection.statement("DELETE FROM graph_entities WHERE id = ?").run(id);
    for (const [edge, from, to] of edges) this.#notes.noteEdge("delete", Number(edge), Number(from), Number(to));
    this.#notes.noteNode("delete", id);
    return true;
  }

  addLabel(id: number, label: string): boolean {
    const { connection } = this;
    if (connection.statement(INSERT_LABEL).run(id, label) === 0) return false;
    // Files of other programs may lack the row of the kind: adding it is no change of the node.
    if (readNodeKind(connection, id) === label) return false;
    this.#notes.noteNode("update", id);
    return true;
  }

  removeLabel(id: number, label: string): boolean {
    const statement = this.connection.statement("DELETE FROM graph_labels WHERE entity_id = ? AND label = ?");
    if (statement.run(id, label) === 0) return false;
    this.#notes.noteNode("update", id);
    return true;
  }

  insertEdge(edge: CheckedEdge): number {
    const { connection } = this;
    const { from, to, type, data } = edge;
    const statement = connection.prepared(InsertStatements).edge;
    const id = decodeId(
      connection.schema.hasCreatedAt
        ? statement.insert(from, to, type, data, this.#seconds())
        : statement.insert(from, to, type, data),
    );
    this.#notes.noteEdge("insert", id, from, to);
    return id;
  }

  findEdge(from: number, to: number, type: string): number | undefined {
    return findEdge(this.connection, from, to, type);
  }

  updateEdge(id: number, update: CheckedEdgeUpdate): EdgeRecord {
    const { connection } = this;
    const { type, data } = update;
    if (type !== undefined) connection.statement("UPDATE graph_edges SET edge_type = ? WHERE id = ?").run(type, id);
    if (data !== undefined) connection.statement("UPDATE graph_edges SET data = ? WHERE id = ?").run(data, id);
    const edge = readEdge(connection, id, true) as EdgeRecord;
    this.#notes.noteEdge("update", id, edge.from, edge.to);
    return edge;
  }

  deleteEdge(id: number): boolean {
    const { connection } = this;
    const edge = readEdge(connection, id, false);
    if (edge === undefined) return false;
    connection.statement("DELETE FROM graph_edges WHERE id = ?").run(id);
    this.#notes.noteEdge("delete", id, edge.from, edge.to);
    return true;
  }

  setValue(key: Uint8Array, value: CheckedValue, now: number, expiresAt: number | undefined): void {
    const { connection } = this;
    this.#notes.noteKey(() => keyExists(connection, key, now) ? "update" : "insert", key);
    writeValue(connection, key, encodeValue(value), now, expiresAt);
  }

  deleteValue(key: Uint8Array, now: number): boolean {
    const { connection } = this;
    if (!keyExists(connection, key, now)) return false;
    deleteValue(connection, key);
    this.#notes.noteKey(() => "delete", key);
    return true;
  }

  protected override findVectors(index: StoredVectorIndex, isOneSearch: boolean): FoundIndex | undefined {
    return this.#notes.hasCommittedVectors ? super.findVectors(index, isOneSearch) : this.#vectors.findCommitted(index);
  }

  override searchVectors(index: StoredVectorIndex, search: CheckedVectorSearch): VectorMatch[] {
    const found = this.findVectors(index, true);
    if (found === undefined) return searchStored(this.connection, index, search);
    const { connection } = this;
    const changed = this.#notes.changedVectors(index.number);
    // What is found of changed nodes is left out, whatever its distance.
    const readStored = (id: number) => changed.has(id) ? search.query : readMemoryVector(connection, index, id);
    return searchChanged(
      changed,
      index.definition.metric,
      search,
      (below) => found.search.search(below, found.time, readStored),
      (all) => searchStored(this.connection, index, all),
    );
  }

  linkVectors(index: StoredVectorIndex, limit: number): number {
    if (this.#notes.hasCommittedVectors) this.#vectors.load(index.number);
    else if (this.#vectors.findCommitted(index) === undefined) return 0;
    return this.#vectors.link(index, limit);
  }

  createVectorIndex(definition: VectorIndexDefinition): void {
    const number = insertVectorIndex(this.connection, definition, this.#seconds());
    this.#notes.noteNewVectorIndex({ definition, number, count: 0 });
  }

  dropVectorIndex(index: StoredVectorIndex): void {
    deleteVectorIndex(this.connection, index);
    this.#notes.noteDroppedVectorIndex(index.number);
  }

  setVector(index: StoredVectorIndex, nodeId: number, vector: Float32Array): void {
    const isFirst = this.#notes.isKnownNode(nodeId) && !this.#notes.changedVectors(index.number).has(nodeId);
    writeVector(this.connection, index, nodeId, vector, this.#seconds(), isFirst);
    this.#noteVector(index, nodeId, vector);
  }

  deleteVector(index: StoredVectorIndex, nodeId: number): boolean {
    if (!removeVector(this.connection, index, nodeId)) return false;
    this.#noteVector(index, nodeId, undefined);
    return true;
  }

  #noteVector(index: StoredVectorIndex, nodeId: number, vector: Float32Array | undefined): void {
    this.#notes.noteVector(index.number, nodeId, vector);
    this.#notes.noteNode("update", nodeId);
  }
}
