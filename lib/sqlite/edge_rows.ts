/** Reads of edges and neighbours: the SQL and the decoding of its rows. */

import type { Direction } from "../backend/query.ts";
import type { EdgeRecord } from "../backend/schema.ts";
import type { Page } from "../backend/store.ts";
import { parseStoredData } from "../backend/stored_data.ts";
import type { Connection } from "./connection.ts";
import type { SqlRow, SqlValue } from "./driver.ts";
import { decodeId, decodeText } from "./node_rows.ts";

function columns(connection: Connection, withData: boolean): string {
  const type = `${connection.driver.text("edge_type")} AS type`;
  return `id, from_id, to_id, ${type}${withData ? ", data" : ""}`;
}

function decodeEdge(row: SqlRow, withData: boolean): EdgeRecord {
  const id = decodeId(row[0]);
  const header = { id, from: decodeId(row[1]), to: decodeId(row[2]), type: decodeText(row[3]) };
  return (withData ? { ...header, data: parseStoredData(row[4], "edge", id) } : header) as EdgeRecord;
}

/** The edge, or undefined. */
export function readEdge(connection: Connection, id: number, withData: boolean): EdgeRecord | undefined {
  const row = connection.statement(`SELECT ${columns(connection, withData)} FROM graph_edges WHERE id = ?`).get(id);
  return row === undefined ? undefined : decodeEdge(row, withData);
}

/** Stored JSON text of the edge's `data`, or undefined. */
export function readEdgeDataText(connection: Connection, id: number): string | undefined {
  return connection.statement("SELECT data FROM graph_edges WHERE id = ?").get(id)?.[0] as string | undefined;
}

/** Whether the edge exists. */
export function edgeExists(connection: Connection, id: number): boolean {
  return connection.statement("SELECT 1 FROM graph_edges WHERE id = ?").get(id) !== undefined;
}

/** Number of edges, or of those of one type. */
export function countEdges(connection: Connection, type: string | undefined): number {
  const row = type === undefined
    ? connection.statement("SELECT count(*) FROM graph_edges").get()
    : connection.statement("SELECT count(*) FROM graph_edges WHERE edge_type = ?").get(type);
  return Number(row?.[0]);
}

/** The page of edges (of one type) after an id. */
export function readEdgePage(
  connection: Connection,
  type: string | undefined,
  withData: boolean,
  after: number,
  size: number,
): Page<EdgeRecord, number> {
  const select = `SELECT ${columns(connection, withData)} FROM graph_edges WHERE id > ?`;
  const rows = type === undefined
    ? connection.statement(`${select} ORDER BY id LIMIT ?`).all(after, size)
    : connection.statement(`${select} AND edge_type = ? ORDER BY id LIMIT ?`).all(after, type, size);
  const items = rows.map((row) => decodeEdge(row, withData));
  return { items, next: rows.length < size ? undefined : items.at(-1)?.id };
}

/**
 * SQL condition on edge types. The unary plus keeps the planner on the index of the node: an index of types would read all
 * edges of a type.
 */
export function typeCondition(types: readonly string[] | undefined): string {
  if (types === undefined) return "";
  return types.length === 1 ? " AND +edge_type = ?" : " AND +edge_type IN (SELECT value FROM json_each(?))";
}

/** What the condition on edge types takes. */
export function typeParameters(types: readonly string[] | undefined): SqlValue[] {
  if (types === undefined) return [];
  return [types.length === 1 ? types[0] as string : JSON.stringify(types)];
}

/** Ids at the other end of a node's edges: ascending, one per edge (a self-loop once), or each once. */
export function readNeighbors(
  connection: Connection,
  id: number,
  direction: Direction,
  types: readonly string[] | undefined,
  distinct: boolean,
): number[] {
  if (types?.length === 0) return [];
  const parameters = typeParameters(types);
  const ids: number[] = [];
  if (direction !== "in") {
    const sql = `SELECT to_id FROM graph_edges WHERE from_id = ?${typeCondition(types)}`;
    for (const row of connection.statement(sql).all(id, ...parameters)) ids.push(decodeId(row[0]));
  }
  if (direction !== "out") {
    const loops = direction === "both" ? " AND from_id <> to_id" : "";
    const sql = `SELECT from_id FROM graph_edges WHERE to_id = ?${loops}${typeCondition(types)}`;
    for (const row of connection.statement(sql).all(id, ...parameters)) ids.push(decodeId(row[0]));
  }
  if (ids.length < 2) return ids;
  // Sorted here: an ORDER BY costs three times the query on Bun.
  ids.sort((a, b) => a - b);
  if (!distinct) return ids;
  let kept = 1;
  for (let at = 1; at < ids.length; at++) if (ids[at] !== ids[at - 1]) ids[kept++] = ids[at] as number;
  ids.length = kept;
  return ids;
}

/** Number of edges of a node; `both` is out plus in. */
export function readDegree(
  connection: Connection,
  id: number,
  direction: Direction,
  types: readonly string[] | undefined,
): number {
  if (types?.length === 0) return 0;
  const parameters = typeParameters(types);
  let degree = 0;
  for (const [side, column] of [["in", "from_id"], ["out", "to_id"]] as const) {
    if (direction === side) continue;
    const sql = `SELECT count(*) FROM graph_edges WHERE ${column} = ?${typeCondition(types)}`;
    degree += Number(connection.statement(sql).get(id, ...parameters)?.[0]);
  }
  return degree;
}

/** Edges of a node, by neighbour id, then edge id; a self-loop once. */
export function readEdgesOf(
  connection: Connection,
  id: number,
  direction: Direction,
  types: readonly string[] | undefined,
  withData: boolean,
): EdgeRecord[] {
  if (types?.length === 0) return [];
  const edges: EdgeRecord[] = [];
  const select = `SELECT ${columns(connection, withData)} FROM graph_edges WHERE`;
  const collect = (condition: string): void => {
    const rows = connection.statement(`${select} ${condition}${typeCondition(types)}`).all(
      id,
      ...typeParameters(types),
    );
    for (const row of rows) edges.push(decodeEdge(row, withData));
  };
  if (direction !== "in") collect("from_id = ?");
  if (direction !== "out") collect(direction === "both" ? "to_id = ? AND from_id <> to_id" : "to_id = ?");
  const neighbor = (edge: EdgeRecord): number => edge.from === id ? edge.to : edge.from;
  return edges.sort((a, b) => neighbor(a) - neighbor(b) || a.id - b.id);
}

/** Edges between two nodes, in ascending ids. */
export function readEdgesBetween(
  connection: Connection,
  from: number,
  to: number,
  direction: Direction,
  types: readonly string[] | undefined,
): EdgeRecord[] {
  if (types?.length === 0) return [];
  const sql = `SELECT ${columns(connection, true)} FROM graph_edges WHERE from_id = ? AND +to_id = ?${
    typeCondition(types)
  }`;
  const statement = connection.statement(sql);
  const edges: EdgeRecord[] = [];
  const collect = (source: number, target: number): void => {
    for (const row of statement.all(source, target, ...typeParameters(types))) edges.push(decodeEdge(row, true));
  };
  if (direction !== "in") collect(from, to);
  if (direction !== "out" && !(direction === "both" && from === to)) collect(to, from);
  return edges.sort((a, b) => a.id - b.id);
}

/** The smallest id of an edge with these ends and this type, or undefined. */
export function findEdge(connection: Connection, from: number, to: number, type: string): number | undefined {
  const row = connection.statement(
    "SELECT min(id) FROM graph_edges WHERE from_id = ? AND +to_id = ? AND +edge_type = ?",
  ).get(from, to, type);
  return row?.[0] === null || row === undefined ? undefined : decodeId(row[0]);
}
