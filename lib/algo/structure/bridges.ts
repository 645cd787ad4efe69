/** Edges and nodes whose loss splits a component. */

import type { EdgeId, NodeId } from "../../backend/schema.ts";
import type { Algorithm } from "../define.ts";
import { checkParams } from "../params.ts";
import { defineForOneThread } from "../one_thread.ts";
import { requireUndirected } from "../require.ts";
import { lowPoints } from "./low_points.ts";

/** An edge whose loss splits a component. */
export interface Bridge {
  /** Its end with the smaller id. */
  readonly from: NodeId;
  /** Its other end. */
  readonly to: NodeId;
  /** Its id, when the projection knows its edges. */
  readonly edgeId?: EdgeId;
}

/**
 * Bridges of an undirected graph: edges that lie on no cycle. Without one of them its component falls apart. An edge with a
 * parallel one is none, nor is a self-loop. By ascending `from`, then `to`. Progress counts nodes.
 *
 * O(n + m). Hopcroft, Tarjan, Algorithm 447: efficient algorithms for graph manipulation, 1973, without recursion.
 *
 * @throws {InvalidArgumentError} for a directed projection, and for parameters: there are none
 *
 * @example
 * ```ts ignore
 * console.log(bridges(projectEdges({ from: [1, 2, 3, 3], to: [2, 3, 1, 4], undirected: true }))); // [{ from: 3, to: 4 }]
 * ```
 */
export const bridges: Algorithm<Record<never, never>, Bridge[]> = defineForOneThread(
  import.meta.url,
  "bridges",
  (projection, params: Record<never, never>, context) => {
    checkParams({}, params, projection, "bridges");
    requireUndirected(projection, "bridges");
    const { out: { offsets, targets, edgeIds }, nodeCount, nodeIds } = projection;
    const { places, lows, parents } = lowPoints(projection.out, context);
    const found: Bridge[] = [];
    for (let node = 0; node < nodeCount; node++) {
      if ((node & 255) === 0) context.throwIfAborted();
      const end = offsets[node + 1] as number;
      for (let at = offsets[node] as number; at < end; at++) {
        const other = targets[at] as number;
        if (other <= node) continue;
        const child = parents[other] === node ? other : parents[node] === other ? node : -1;
        if (child === -1 || lows[child] !== places[child]) continue;
        const [from, to] = [nodeIds[node] as number, nodeIds[other] as number];
        found.push(edgeIds === undefined ? { from, to } : { from, to, edgeId: edgeIds[at] as number });
      }
    }
    return found;
  },
);

/**
 * Articulation points of an undirected graph: nodes without which their component falls apart; ascending. Parallel edges and
 * self-loops change nothing. Progress counts nodes.
 *
 * O(n + m). Hopcroft, Tarjan 1973, without recursion.
 *
 * @throws {InvalidArgumentError} for a directed projection, and for parameters: there are none
 *
 * @example
 * ```ts ignore
 * console.log(articulationPoints(projectEdges({ from: [1, 2], to: [2, 3], undirected: true }))); // [2]
 * ```
 */
export const articulationPoints: Algorithm<Record<never, never>, NodeId[]> = defineForOneThread(
  import.meta.url,
  "articulationPoints",
  (projection, params: Record<never, never>, context) => {
    checkParams({}, params, projection, "articulationPoints");
    requireUndirected(projection, "articulationPoints");
    const { nodeCount, nodeIds } = projection;
    const { places, lows, parents } = lowPoints(projection.out, context);
    // Children from whose subtree nothing leads further back than the node; a root needs two of them.
    const cutOff = new Uint8Array(nodeCount);
    for (let node = 0; node < nodeCount; node++) {
      if ((node & 65_535) === 0) context.throwIfAborted();
      const parent = parents[node] as number;
      if (parent === -1 || (lows[node] as number) < (places[parent] as number)) continue;
      if ((cutOff[parent] as number) < 2) cutOff[parent] = (cutOff[parent] as number) + 1;
    }
    const found: NodeId[] = [];
    for (let node = 0; node < nodeCount; node++) {
      if ((node & 65_535) === 0) context.throwIfAborted();
      if ((cutOff[node] as number) > (parents[node] === -1 ? 1 : 0)) found.push(nodeIds[node] as number);
    }
    return found;
  },
);
