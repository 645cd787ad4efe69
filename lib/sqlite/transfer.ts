/** Export to and import from a snapshot file. */

import type { ImportOptions, LongCallOptions, TransferResult } from "../backend/care.ts";
import { ConflictError, InvalidArgumentError } from "../backend/errors.ts";
import { writeLines } from "../backend/line_file.ts";
import { LineReader } from "../backend/line_reader.ts";
import {
  formatEdge,
  formatHeader,
  formatKeyValue,
  formatNode,
  formatProperty,
  type NodeRow,
  parseHeader,
  parseRow,
  type SnapshotHeader,
  type SnapshotRow,
} from "../backend/snapshot_row.ts";
import { readLsn } from "./commit_counter.ts";
import type { Connection } from "./connection.ts";
import type { SqlRow, SqlValue } from "./driver.ts";
import { countEdges } from "./edge_rows.ts";
import { countValues, encodeValue, readValuePage, type ScannedRow, type ScanPosition, writeValue } from "./kv_rows.ts";
import { decodeData, decodeId, decodeText, LABELS_SQL, nodeExists } from "./node_rows.ts";
import type { Page } from "./paged_iterator.ts";
import { raiseSequence, type Session } from "./session.ts";
import { countAllNodes } from "./stats.ts";

const PAGE = 1000;
/** The Rust system leaves the properties of deleted nodes behind. */
const OF_EXISTING_NODES = "WHERE entity_id IN (SELECT id FROM graph_entities)";

/** Rows between two reports of progress. */
const PROGRESS_ROWS = 1000;

/** Writes the last commit (inside a transaction: its present state) to a file. */
export function exportSnapshot(session: Session, path: string, options: LongCallOptions = {}): TransferResult {
  const connection = session.connection("exportSnapshot");
  options.signal?.throwIfAborted();
  return session.consistently(() => {
    const now = session.now();
    const header = readHeader(connection, now);
    const total = header.nodes + header.edges + header.keyValues + header.properties;
    const sizeBytes = writeLines(path, withProgress(rows(connection, header, now), total, options));
    return { path, sizeBytes, ...countsOf(header) };
  });
}

function countsOf(header: SnapshotHeader): Pick<TransferResult, "nodes" | "edges" | "keyValues" | "properties"> {
  const { nodes, edges, keyValues, properties } = header;
  return { nodes, edges, keyValues, properties };
}

function readHeader(connection: Connection, now: number): SnapshotHeader {
  const next = (table: string): number =>
    Number(connection.statement("SELECT seq FROM sqlite_sequence WHERE name = ?").get(table)?.[0] ?? 0) + 1;
  return {
    lsn: readLsn(connection),
    timeMs: now,
    nodes: countAllNodes(connection),
    edges: countEdges(connection, undefined),
    keyValues: countValues(connection, now),
    properties: Number(connection.statement(`SELECT count(*) FROM graph_properties ${OF_EXISTING_NODES}`).get()?.[0]),
    nextNodeId: next("graph_entities"),
    nextEdgeId: next("graph_edges"),
  };
}

function* withProgress(lines: Iterable<string>, total: number, options: LongCallOptions): Generator<string> {
  let done = 0;
  for (const line of lines) {
    if (done % PROGRESS_ROWS === 0) {
      options.onProgress?.({ phase: "export", done, total });
      options.signal?.throwIfAborted();
    }
    yield line;
    done++;
  }
  options.onProgress?.({ phase: "export", done: total, total });
  options.signal?.throwIfAborted();
}

function* rows(connection: Connection, header: SnapshotHeader, now: number): Generator<string> {
  const { driver } = connection;
  yield formatHeader(header);
  const nodes = `SELECT id, ${driver.text("kind")} AS kind, ${driver.text("name")} AS name,
    ${driver.text("file_path")} AS file_path, data,
    ${LABELS_SQL} AS labels
    FROM graph_entities AS node WHERE id > ? ORDER BY id LIMIT ${PAGE}`;
  for (const row of pages(connection, nodes)) yield formatNode(nodeRow(row));
  const edges = `SELECT id, ${driver.text("edge_type")} AS type, from_id, to_id, data FROM graph_edges
    WHERE id > ? ORDER BY id LIMIT ${PAGE}`;
  for (const [id, type, from, to, data] of pages(connection, edges)) {
    const edge = { id: decodeId(id), type: decodeText(type), from: decodeId(from), to: decodeId(to) };
    yield formatEdge({ ...edge, dataText: checkedData(data, "edge", edge.id) });
  }
  for (const row of keyValues(connection, now)) yield formatKeyValue(row);
  const properties = `SELECT rowid AS row_id, entity_id, ${driver.text("key")} AS key, ${driver.text("value")} AS value
    FROM graph_properties ${OF_EXISTING_NODES} AND rowid > ? ORDER BY rowid LIMIT ${PAGE}`;
  for (const [, node, key, value] of pages(connection, properties)) {
    yield formatProperty({ node: decodeId(node), key: decodeText(key), value: decodeText(value) });
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

/** The stored text, after making sure that it is JSON: a file that cannot be read again is worse than an error now. */
function checkedData(text: SqlValue | undefined, what: string, id: number): string {
  decodeData(text, what, id);
  return text as string;
}

/** Key-values that have not expired, in byte order of their keys. */
function* keyValues(connection: Connection, now: number): Generator<ScannedRow> {
  let after: ScanPosition | undefined = { hex: "", isInclusive: true };
  while (after !== undefined) {
    const page: Page<ScannedRow, ScanPosition> = readValuePage(connection, "", after, now, PAGE);
    yield* page.items;
    after = page.next;
  }
}

/** Reads a file of `exportSnapshot` in one transaction. */
export function importSnapshot(session: Session, path: string, options: ImportOptions = {}): TransferResult {
  session.connection("importSnapshot");
  options.signal?.throwIfAborted();
  return session.writeMany("importSnapshot", (connection) => {
    clearOrRefuse(session, connection, options.replace === true);
    const reader = new LineReader(path);
    const { sizeBytes } = reader;
    const found = { nodes: 0, edges: 0, keyValues: 0, properties: 0 };
    const restorer = new Restorer(session, connection);
    let header: SnapshotHeader | undefined;
    let done = 0;
    for (const text of reader.lines()) {
      if (done++ % PROGRESS_ROWS === 0) {
        options.onProgress?.({ phase: "import", done: reader.bytesRead, total: sizeBytes });
        options.signal?.throwIfAborted();
      }
      if (text.trim() === "") continue;
      if (header === undefined) header = parseHeader(text, reader.line);
      else restorer.restore(parseRow(text, reader.line), reader.line, found);
    }
    options.onProgress?.({ phase: "import", done: sizeBytes, total: sizeBytes });
    options.signal?.throwIfAborted();
    if (header === undefined) throw badFile(path, "is empty");
    const expected = countsOf(header);
    for (const what of ["nodes", "edges", "keyValues", "properties"] as const) {
      if (found[what] !== expected[what]) {
        throw badFile(
          path,
          `holds ${found[what]} ${what} where its header says ${expected[what]}: it was cut or changed`,
        );
      }
    }
    // Ids that were given before the export are not given again.
    raiseSequence(connection, "graph_entities", header.nextNodeId - 1);
    raiseSequence(connection, "graph_edges", header.nextEdgeId - 1);
    return { path, sizeBytes, ...found };
  });
}

function badFile(path: string, problem: string): InvalidArgumentError {
  return new InvalidArgumentError(`importSnapshot: ${path} ${problem}; nothing was imported`, {
    code: "bad-snapshot-file",
    field: "path",
    value: path,
  });
}

function clearOrRefuse(session: Session, connection: Connection, replace: boolean): void {
  const nodes = countAllNodes(connection);
  const keys = Number(connection.statement("SELECT count(*) FROM kv_store").get()?.[0]);
  if (nodes === 0 && keys === 0 && countEdges(connection, undefined) === 0) return;
  if (!replace) {
    throw new ConflictError(
      `importSnapshot: ${session.path} holds ${nodes} nodes and ${keys} keys; import into a new database, or set { replace: true }`,
      { code: "not-empty" },
    );
  }
  if (session.isObserved) noteDeletions(session, connection);
  session.markChanged();
  for (const table of ["graph_edges", "graph_labels", "graph_properties", "graph_entities", "kv_store"]) {
    connection.statement(`DELETE FROM ${table}`).run();
  }
}

/** Tells listeners of everything that a replacing import removes. */
function noteDeletions(session: Session, connection: Connection): void {
  const edges = `SELECT id, from_id, to_id FROM graph_edges WHERE id > ? ORDER BY id LIMIT ${PAGE}`;
  for (const [id, from, to] of pages(connection, edges)) {
    session.noteEdge("delete", Number(id), Number(from), Number(to));
  }
  for (const [id] of pages(connection, `SELECT id FROM graph_entities WHERE id > ? ORDER BY id LIMIT ${PAGE}`)) {
    session.noteNode("delete", Number(id));
  }
  for (const { key } of keyValues(connection, session.now())) session.noteKey(() => "delete", key);
}

/** Writes rows with the ids that they bring. */
class Restorer {
  readonly #session: Session;
  readonly #connection: Connection;
  readonly #extraColumns: string;
  readonly #extraValues: string;

  constructor(session: Session, connection: Connection) {
    this.#session = session;
    this.#connection = connection;
    const seconds = Math.floor(session.now() / 1000);
    this.#extraColumns = connection.schema.hasCreatedAt ? ", snapshot_id, created_at" : "";
    this.#extraValues = connection.schema.hasCreatedAt ? `, 'default', ${seconds}` : "";
  }

  restore(row: SnapshotRow, line: number, found: Record<"nodes" | "edges" | "keyValues" | "properties", number>): void {
    const session = this.#session;
    const connection = this.#connection;
    if ("node" in row) {
      const { id, kind, name, filePath, labels, dataText } = row.node;
      const inserted = connection.statement(
        `INSERT OR IGNORE INTO graph_entities (id, kind, name, file_path, data${this.#extraColumns})
         VALUES (?, ?, ?, ?, ?${this.#extraValues})`,
      ).run(id, kind, name, filePath ?? null, dataText);
      if (inserted === 0) throw duplicate(line, "node", id);
      const label = connection.statement("INSERT OR IGNORE INTO graph_labels (entity_id, label) VALUES (?, ?)");
      label.run(id, kind);
      for (const further of labels) label.run(id, further);
      session.noteNode("insert", id);
      found.nodes++;
    } else if ("edge" in row) {
      const { id, type, from, to, dataText } = row.edge;
      this.#requireNode(line, "from", from);
      this.#requireNode(line, "to", to);
      const inserted = connection.statement(
        `INSERT OR IGNORE INTO graph_edges (id, from_id, to_id, edge_type, data${this.#extraColumns})
         VALUES (?, ?, ?, ?, ?${this.#extraValues})`,
      ).run(id, from, to, type, dataText);
      if (inserted === 0) throw duplicate(line, "edge", id);
      session.noteEdge("insert", id, from, to);
      found.edges++;
    } else if ("kv" in row) {
      const { key, value, expiresAt } = row.kv;
      session.noteKey(() => "insert", key);
      writeValue(connection, key, encodeValue(value), session.now(), expiresAt);
      found.keyValues++;
    } else {
      const { node, key, value } = row.property;
      this.#requireNode(line, "node", node);
      connection.statement("INSERT INTO graph_properties (entity_id, key, value) VALUES (?, ?, ?)").run(
        node,
        key,
        value,
      );
      found.properties++;
    }
  }

  #requireNode(line: number, field: string, id: number): void {
    if (this.#session.isKnownNode(id) || nodeExists(this.#connection, id)) return;
    throw new InvalidArgumentError(
      `importSnapshot: line ${line} names node ${id} (field "${field}"), which no earlier line holds; nothing was imported`,
      { code: "bad-snapshot-file", field, value: id },
    );
  }
}

function duplicate(line: number, what: string, id: number): InvalidArgumentError {
  return new InvalidArgumentError(
    `importSnapshot: line ${line} repeats the id of ${what} ${id}; nothing was imported`,
    {
      code: "bad-snapshot-file",
      field: "id",
      value: id,
    },
  );
}
