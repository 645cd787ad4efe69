/** What export and import ask of SQLite: all rows, and rows with the ids that they bring. */

import { InvalidArgumentError } from "../backend/errors.ts";
import { type ExportSource, liveEntries } from "../backend/export_snapshot.ts";
import type { ImportTarget } from "../backend/restore_rows.ts";
import type { EdgeRow, NodeRow, PropertyRow, VectorRow } from "../backend/snapshot_row.ts";
import { parseStoredData } from "../backend/stored_data.ts";
import type { StoredVectorIndex } from "../backend/vector_store.ts";
import type { Connection } from "./connection.ts";
import type { SqlRow, SqlValue } from "./driver.ts";
import { countEdges } from "./edge_rows.ts";
import { decodeId, decodeText, LABELS_SQL } from "./node_rows.ts";
import type { SqliteReadStore } from "./read_store.ts";
import { raiseSequence, type Session } from "./session.ts";
import { countAllNodes } from "./stats.ts";
import { readVectorIndexes } from "./vector_rows.ts";
import { ORPHAN_TRIGGER } from "./vector_tables.ts";
import { deleteVectorIndexes, renumberOwned } from "./vector_writes.ts";
import type { SqliteWriteStore } from "./write_store.ts";

const PAGE = 1000;
/** The Rust system leaves the properties of deleted nodes behind. */
const OF_EXISTING_NODES = "WHERE entity_id IN (SELECT id FROM graph_entities)";

/** The rows of a connection. */
export class SqliteExportSource implements ExportSource {
  readonly store: SqliteReadStore;
  readonly #connection: Connection;

  constructor(store: SqliteReadStore) {
    this.store = store;
    this.#connection = store.connection;
  }

  nextNodeId(): number {
    return this.#nextId("graph_entities");
  }

  nextEdgeId(): number {
    return this.#nextId("graph_edges");
  }

  #nextId(table: string): number {
    const row = this.#connection.statement("SELECT seq FROM sqlite_sequence WHERE name = ?").get(table);
    return Number(row?.[0] ?? 0) + 1;
  }

  *nodeRows(): Generator<NodeRow> {
    const { driver } = this.#connection;
    const sql = `SELECT id, ${driver.text("kind")} AS kind, ${driver.text("name")} AS name,
      ${driver.text("file_path")} AS file_path, data,
      ${LABELS_SQL} AS labels
      FROM graph_entities AS node WHERE id > ? ORDER BY id LIMIT ${PAGE}`;
    for (const row of pages(this.#connection, sql)) yield nodeRow(row);
  }

  *edgeRows(): Generator<EdgeRow> {
    const sql = `SELECT id, ${this.#connection.driver.text("edge_type")} AS type, from_id, to_id, data FROM graph_edges
      WHERE id > ? ORDER BY id LIMIT ${PAGE}`;
    for (const [id, type, from, to, data] of pages(this.#connection, sql)) {
      const edge = { id: decodeId(id), type: decodeText(type), from: decodeId(from), to: decodeId(to) };
      yield { ...edge, dataText: checkedData(data, "edge", edge.id) };
    }
  }

  countProperties(): number {
    const row = this.#connection.statement(`SELECT count(*) FROM graph_properties ${OF_EXISTING_NODES}`).get();
    return Number(row?.[0]);
  }

  *propertyRows(): Generator<PropertyRow> {
    const { driver } = this.#connection;
    const sql = `SELECT rowid AS row_id, entity_id, ${driver.text("key")} AS key, ${driver.text("value")} AS value
      FROM graph_properties ${OF_EXISTING_NODES} AND rowid > ? ORDER BY rowid LIMIT ${PAGE}`;
    for (const [, node, key, value] of pages(this.#connection, sql)) {
      yield { node: decodeId(node), key: decodeText(key), value: decodeText(value) };
    }
  }
}

/** Rows of a query that takes the last key and yields it in its first column. */
function* pages(connection: Connection, sql: string): Generator<SqlRow> {
  const statement = connection.statement(sql);
  for (let after: SqlValue = Number.MIN_SAFE_INTEGER;;) {
    const page = statement.all(after);
    yield* page;
    if (page.length < PAGE) return;
    after = page.at(-1)?.[0] as SqlValue;
  }
}

function nodeRow(row: SqlRow): NodeRow {
  const id = decodeId(row[0]);
  return {
    id,
    kind: decodeText(row[1]),
    name: decodeText(row[2]),
    filePath: row[3] === null ? undefined : decodeText(row[3]),
    labels: row[5] === null ? [] : JSON.parse(row[5] as string) as string[],
    dataText: checkedData(row[4], "node", id),
  };
}

/** The stored text, after making sure that it is JSON. */
function checkedData(text: SqlValue | undefined, what: "node" | "edge", id: number): string {
  parseStoredData(text, what, id);
  return text as string;
}

/** The tables of a session's running transaction. */
export class SqliteImportTarget implements ImportTarget {
  readonly store: SqliteWriteStore;
  readonly #session: Session;
  readonly #connection: Connection;
  readonly #extraColumns: string;
  readonly #extraValues: string;

  constructor(session: Session, call: string) {
    this.store = session.store(call);
    this.#session = session;
    this.#connection = this.store.connection;
    const { hasCreatedAt } = this.#connection.schema;
    const seconds = Math.floor(session.now() / 1000);
    this.#extraColumns = hasCreatedAt ? ", snapshot_id, created_at" : "";
    this.#extraValues = hasCreatedAt ? `, 'default', ${seconds}` : "";
  }

  contents(): { nodes: number; edges: number; keys: number } {
    const connection = this.#connection;
    return {
      nodes: countAllNodes(connection),
      edges: countEdges(connection, undefined),
      keys: Number(connection.statement("SELECT count(*) FROM kv_store").get()?.[0]),
    };
  }

  clear(): void {
    if (this.#session.isObserved) this.#noteDeletions();
    this.#session.noteCleared();
    for (const index of readVectorIndexes(this.#connection)) this.store.dropVectorIndex(index);
    // Also those with a metric that nobody knows.
    deleteVectorIndexes(this.#connection);
    // A trigger would have SQLite look at every node instead of giving whole pages back.
    this.#connection.driver.exec("DROP TRIGGER IF EXISTS sqlitegraph_vector_orphan");
    for (const table of ["graph_edges", "graph_labels", "graph_properties", "graph_entities", "kv_store"]) {
      this.#connection.statement(`DELETE FROM ${table}`).run();
    }
    this.#connection.driver.exec(ORPHAN_TRIGGER);
  }

  #noteDeletions(): void {
    const session = this.#session;
    const edges = `SELECT id, from_id, to_id FROM graph_edges WHERE id > ? ORDER BY id LIMIT ${PAGE}`;
    for (const [id, from, to] of pages(this.#connection, edges)) {
      session.noteEdge("delete", Number(id), Number(from), Number(to));
    }
    const nodes = `SELECT id FROM graph_entities WHERE id > ? ORDER BY id LIMIT ${PAGE}`;
    for (const [id] of pages(this.#connection, nodes)) session.noteNode("delete", Number(id));
    for (const { key } of liveEntries(this.store, session.now())) session.noteKey(() => "delete", key);
  }

  restoreNode({ id, kind, name, filePath, labels, dataText }: NodeRow): boolean {
    const connection = this.#connection;
    const inserted = connection.statement(
      `INSERT OR IGNORE INTO graph_entities (id, kind, name, file_path, data${this.#extraColumns})
       VALUES (?, ?, ?, ?, ?${this.#extraValues})`,
    ).run(id, kind, name, filePath ?? null, dataText);
    if (inserted === 0) return false;
    const label = connection.statement("INSERT OR IGNORE INTO graph_labels (entity_id, label) VALUES (?, ?)");
    label.run(id, kind);
    for (const further of labels) label.run(id, further);
    this.#session.noteNode("insert", id);
    return true;
  }

  restoreEdge({ id, type, from, to, dataText }: EdgeRow): boolean {
    const inserted = this.#connection.statement(
      `INSERT OR IGNORE INTO graph_edges (id, from_id, to_id, edge_type, data${this.#extraColumns})
       VALUES (?, ?, ?, ?, ?${this.#extraValues})`,
    ).run(id, from, to, type, dataText);
    if (inserted === 0) return false;
    this.#session.noteEdge("insert", id, from, to);
    return true;
  }

  restoreProperty({ node, key, value }: PropertyRow): void {
    this.#connection.statement("INSERT INTO graph_properties (entity_id, key, value) VALUES (?, ?, ?)")
      .run(node, key, value);
  }

  restoreForeignVector(index: StoredVectorIndex, { vectorId, vector, metadata }: VectorRow): boolean {
    const number = vectorId as number;
    const { dimension, name } = index.definition;
    const floats = Float32Array.from(vector);
    if (floats.length !== dimension || !floats.every(Number.isFinite)) {
      throw new InvalidArgumentError(
        `vector ${number} of index ${JSON.stringify(name)} is not ${dimension} finite numbers; nothing was imported`,
        { code: "invalid-vector", field: "vector", value: number },
      );
    }
    const seconds = Math.floor(this.#session.now() / 1000);
    renumberOwned(this.#connection, number, seconds);
    const inserted = this.#connection.statement(
      `INSERT OR IGNORE INTO hnsw_vectors (id, index_id, vector_data, metadata, created_at, updated_at)
       VALUES (?1, ?2, ?3, ?4, ?5, ?5)`,
    ).run(number, index.number, new Uint8Array(floats.buffer), metadata ?? null, seconds);
    if (inserted === 0) return false;
    this.#session.noteVector(index.number, -number, floats);
    return true;
  }

  raiseNextIds(nextNodeId: number, nextEdgeId: number): void {
    raiseSequence(this.#connection, "graph_entities", nextNodeId - 1);
    raiseSequence(this.#connection, "graph_edges", nextEdgeId - 1);
  }
}
