/** Links in bulk: the rows of edges in the order of one of their ends. */

import type { LinkBatch, LinkPosition } from "../backend/links.ts";
import type { Connection } from "./connection.ts";
import type { SqlRow } from "./driver.ts";
import { typeCondition, typeParameters } from "./edge_rows.ts";
import { decodeId } from "./node_rows.ts";

/**
 * Fills a batch with links by node, then edge: the order of the indexes, in which SQLite need not sort. See
 * `ReadStore.linkPage`.
 */
export function readLinkPage(
  connection: Connection,
  direction: "out" | "in",
  types: readonly string[] | undefined,
  from: LinkPosition,
  untilNode: number,
  batch: LinkBatch,
): LinkPosition | undefined {
  batch.clear();
  if (types?.length === 0) return undefined;
  const [own, other] = direction === "out" ? ["from_id", "to_id"] : ["to_id", "from_id"];
  const select = `SELECT ${own}, ${other}, id FROM graph_edges WHERE`;
  const parameters = typeParameters(types);
  let after = from.node - 1;
  if (from.edge > 0) {
    // The rest of a node that did not fit: one look-up in the index, where one condition for both would read the node from
    // its begin.
    const rows = connection.statement(
      `${select} ${own} = ? AND id >= ?${typeCondition(types)} ORDER BY id LIMIT ?`,
    ).all(from.node, from.edge, ...parameters, batch.capacity);
    append(rows, batch);
    after = from.node;
  }
  const room = batch.capacity - batch.count;
  if (room > 0 && after < untilNode) {
    const rows = connection.statement(
      `${select} ${own} > ? AND ${own} <= ?${typeCondition(types)} ORDER BY ${own}, id LIMIT ?`,
    ).all(after, untilNode, ...parameters, room);
    append(rows, batch);
  }
  if (batch.count < batch.capacity) return undefined;
  const edge = (batch.edges[batch.count - 1] as number) + 1;
  return { node: batch.nodes[batch.rowCount - 1] as number, neighbor: 0, edge };
}

function append(rows: readonly SqlRow[], batch: LinkBatch): void {
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at] as SqlRow;
    batch.push(decodeId(row[0]), decodeId(row[1]), decodeId(row[2]));
  }
}
