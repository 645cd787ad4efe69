/** Reads of nodes: the SQL and the decoding of its rows. */

import { UnsupportedError } from "../backend/errors.ts";
import type { CheckedNodeFilter } from "../backend/record_input.ts";
import type { NodeRecord } from "../backend/schema.ts";
import type { NodeShapeWanted, Page } from "../backend/store.ts";
import { parseStoredData } from "../backend/stored_data.ts";
import { storable } from "../backend/validate.ts";
import type { Connection } from "./connection.ts";
import type { SqlRow, SqlStatement, SqlValue } from "./driver.ts";

const UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** A text column: text, or its bytes where it contains NUL (see `SqlDriver.text`). */
export function decodeText(value: SqlValue | undefined): string {
  return typeof value === "string" ? value : UTF8.decode(value as Uint8Array);
}

/** An id column. Files of other programs may hold ids that a number cannot. */
export function decodeId(value: SqlValue | undefined): number {
  if (Number.isSafeInteger(value)) return value as number;
  throw new UnsupportedError(`the file holds the id ${String(value)}, which is beyond 2^53; it cannot be opened here`, {
    code: "integer-too-large",
    value,
  });
}

/** A node's labels besides its kind as a JSON array in byte order, NULL when it has none. */
export const LABELS_SQL =
  `CASE WHEN EXISTS (SELECT 1 FROM graph_labels WHERE entity_id = node.id AND label <> node.kind) THEN
  (SELECT json_group_array(DISTINCT label ORDER BY label) FROM graph_labels
   WHERE entity_id = node.id AND label <> node.kind) END`;

/**
 * SQL of a node's columns, from a table named `node`. One statement for all of them: outside a transaction the locks of a
 * second one would cost as much as the whole look-up.
 */
function columns(connection: Connection): string {
  const { driver } = connection;
  return `node.id AS id, ${driver.text("node.kind")} AS kind, ${driver.text("node.name")} AS name,
    ${driver.text("node.file_path")} AS file_path, ${LABELS_SQL} AS labels`;
}

/** The record of a row: id, kind, name, file path, labels, and `data` where it was asked for. */
function decodeNode(row: SqlRow, withData: boolean): NodeRecord {
  const id = decodeId(row[0]);
  const kind = decodeText(row[1]);
  const name = decodeText(row[2]);
  const data = withData ? parseStoredData(row[5], "node", id) as NodeRecord["data"] : undefined;
  // Hot: the usual node gets its shape at once.
  if (row[3] === null && row[4] === null) {
    return (withData ? { id, kind, name, data } : { id, kind, name }) as NodeRecord;
  }
  return {
    id,
    kind,
    name,
    ...(row[3] === null ? undefined : { filePath: decodeText(row[3]) }),
    ...(row[4] === null ? undefined : { labels: JSON.parse(row[4] as string) }),
    ...(withData ? { data } : undefined),
  } as NodeRecord;
}

/** The statements of the hot look-ups, prepared once per connection. */
class NodeStatements {
  readonly record: SqlStatement;
  readonly header: SqlStatement;
  readonly name: SqlStatement;
  readonly kind: SqlStatement;
  readonly exists: SqlStatement;

  constructor(connection: Connection) {
    const { driver } = connection;
    const from = "FROM graph_entities AS node WHERE node.id = ?";
    this.record = driver.prepare(`SELECT ${columns(connection)}, node.data AS data ${from}`);
    this.header = driver.prepare(`SELECT ${columns(connection)} ${from}`);
    this.name = driver.prepare(`SELECT ${driver.text("node.name")} AS name ${from}`);
    this.kind = driver.prepare(`SELECT ${driver.text("node.kind")} AS kind ${from}`);
    this.exists = driver.prepare(`SELECT 1 ${from}`);
  }
}

function statements(connection: Connection): NodeStatements {
  return connection.prepared(NodeStatements);
}

/** The node, or undefined. */
export function readNode(connection: Connection, id: number, withData: boolean): NodeRecord | undefined {
  const { record, header } = statements(connection);
  const row = (withData ? record : header).get(id);
  return row === undefined ? undefined : decodeNode(row, withData);
}

/** Name of the node, or undefined. */
export function readNodeName(connection: Connection, id: number): string | undefined {
  const row = statements(connection).name.get(id);
  return row === undefined ? undefined : decodeText(row[0]);
}

/** Kind of the node, or undefined. */
export function readNodeKind(connection: Connection, id: number): string | undefined {
  const row = statements(connection).kind.get(id);
  return row === undefined ? undefined : decodeText(row[0]);
}

/** Stored JSON text of the node's `data`, or undefined. */
export function readNodeDataText(connection: Connection, id: number): string | undefined {
  return connection.statement("SELECT data FROM graph_entities WHERE id = ?").get(id)?.[0] as string | undefined;
}

/** Whether the node exists. */
export function nodeExists(connection: Connection, id: number): boolean {
  return statements(connection).exists.get(id) !== undefined;
}

/** A filter of nodes as SQL conditions, with what SQL cannot say (globs) left over. */
interface NodeCondition {
  readonly sql: string;
  readonly parameters: readonly SqlValue[];
  /** Names that the glob matches; undefined without one. */
  readonly matches: ((name: string) => boolean) | undefined;
  readonly label: string | undefined;
}

function nodeCondition(filter: CheckedNodeFilter): NodeCondition {
  const conditions: string[] = [];
  const parameters: SqlValue[] = [];
  if (filter.kind !== undefined) {
    conditions.push("node.kind = ?");
    parameters.push(filter.kind);
  }
  if (filter.name !== undefined) {
    conditions.push("node.name = ?");
    parameters.push(filter.name);
  }
  const { glob } = filter;
  if (glob?.isLiteral) {
    conditions.push("node.name = ?");
    parameters.push(storable(glob.prefix));
  } else if (glob !== undefined && glob.prefix !== "" && !glob.prefix.includes("\0")) {
    // Not a range over the index of names: pages are in order of ids. substr counts code points, as the prefix's length does.
    conditions.push("substr(node.name, 1, ?) = ?");
    parameters.push([...glob.prefix].length, storable(glob.prefix));
  }
  return {
    sql: conditions.map((condition) => ` AND ${condition}`).join(""),
    parameters,
    matches: glob === undefined || glob.isLiteral ? undefined : glob.matches,
    label: filter.label,
  };
}

/** The page of nodes that pass the filter, after an id. */
export function readNodePage<T>(
  connection: Connection,
  filter: CheckedNodeFilter,
  wanted: NodeShapeWanted,
  after: number,
  size: number,
): Page<T, number> {
  const condition = nodeCondition(filter);
  const shape = wanted !== "id" ? columns(connection) : condition.matches === undefined
    ? "node.id AS id"
    // The glob is matched against the third column.
    : `node.id AS id, NULL AS kind, ${connection.driver.text("node.name")} AS name`;
  const data = wanted === "record" ? ", node.data AS data" : "";
  const rows = condition.label === undefined
    ? connection.statement(
      `SELECT ${shape}${data} FROM graph_entities AS node WHERE node.id > ?${condition.sql} ORDER BY node.id LIMIT ?`,
    ).all(after, ...condition.parameters, size)
    : labelRows(connection, `${shape}${data}`, condition, condition.label, after, size);
  const items: unknown[] = [];
  for (const row of rows) {
    if (row[0] === null) continue;
    if (condition.matches !== undefined && !condition.matches(decodeText(row[2]))) continue;
    items.push(wanted === "id" ? decodeId(row[0]) : decodeNode(row, wanted === "record"));
  }
  const last = rows.at(-1);
  const next = rows.length < size ? undefined : decodeId(condition.label === undefined ? last?.[0] : last?.at(-1));
  return { items: items as T[], next };
}

/**
 * Rows of labelled nodes. The two sources are merged in order of ids and cut to the page before nodes are looked up; a
 * candidate that fails the condition is a row of nulls, so the last row always tells where to go on (its last column).
 */
function labelRows(
  connection: Connection,
  shape: string,
  condition: NodeCondition,
  label: string,
  after: number,
  size: number,
): SqlRow[] {
  return connection.statement(
    `WITH candidate(candidate_id) AS (
       SELECT id FROM graph_entities WHERE kind = ?1 AND id > ?2
       UNION SELECT entity_id FROM graph_labels WHERE label = ?1 AND entity_id > ?2
       ORDER BY 1 LIMIT ?3)
     SELECT ${shape}, candidate_id FROM candidate
     LEFT JOIN graph_entities AS node ON node.id = candidate_id${numbered(condition.sql, 4)} ORDER BY candidate_id`,
  ).all(label, after, size, ...condition.parameters);
}

function numbered(sql: string, first: number): string {
  let next = first;
  return sql.replace(/\?/g, () => `?${next++}`);
}

/** Number of nodes that pass the filter; undefined when SQL alone cannot tell. */
export function countNodes(connection: Connection, filter: CheckedNodeFilter): number | undefined {
  const condition = nodeCondition(filter);
  if (condition.matches !== undefined) return undefined;
  const label = condition.label === undefined
    ? ""
    : " AND (node.kind = ? OR EXISTS (SELECT 1 FROM graph_labels WHERE entity_id = node.id AND label = ?))";
  const parameters = condition.label === undefined ? [] : [condition.label, condition.label];
  const row = connection.statement(
    `SELECT count(*) AS count FROM graph_entities AS node WHERE 1${condition.sql}${label}`,
  ).get(...condition.parameters, ...parameters);
  return Number(row?.[0]);
}
