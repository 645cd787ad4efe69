/** A part of a projection, as a projection of its own. */

import type { Direction } from "../../backend/query.ts";
import type { NodeId } from "../../backend/schema.ts";
import { type Adjacency, type Projection, projectPart } from "../../projection/mod.ts";
import type { Algorithm } from "../define.ts";
import { Pace } from "../pace.ts";
import { checkParams, type ParamSpecs } from "../params.ts";
import { defineForOneThread } from "../one_thread.ts";

/** Which part. */
export interface ExtractSubgraphParams {
  /** The nodes around which it lies. */
  readonly nodes: readonly NodeId[];
  /** How many links away from them its other nodes are at most; 0: only they themselves. Default 1. */
  readonly hops?: number | undefined;
  /** Links that are followed; default `both`. */
  readonly direction?: Direction | undefined;
}

/** Parameters as the command line knows them. */
export const EXTRACT_SUBGRAPH_PARAMS: ParamSpecs<ExtractSubgraphParams> = {
  nodes: { kind: "nodes", doc: "nodes around which the part lies" },
  hops: { kind: "number", doc: "how many links away from them other nodes are at most", default: 1, min: 0 },
  direction: { kind: "choice", doc: "links that are followed", options: ["out", "in", "both"], default: "both" },
};

/**
 * The part of a graph around some nodes: they and all nodes that are at most `hops` links away, with all links between them (an
 * induced subgraph), as a projection for other algorithms. Ids of nodes, weights and edge ids stay as they are, and so do parallel
 * links and self-loops. In an undirected projection the direction does not matter.
 *
 * Progress counts links that were looked at. O(n + links of the nodes in the part); the part is new memory.
 *
 * @throws {InvalidArgumentError} for bad parameters
 * @throws {NotFoundError} for nodes that are not in the projection
 *
 * @example
 * ```ts ignore
 * const chain = projectEdges({ from: [1, 2, 3], to: [2, 3, 4] });
 * console.log([...extractSubgraph(chain, { nodes: [2], hops: 1 }).nodeIds]); // [1, 2, 3]
 * ```
 */
export const extractSubgraph: Algorithm<ExtractSubgraphParams, Projection> = defineForOneThread(
  import.meta.url,
  "extractSubgraph",
  (projection, params: ExtractSubgraphParams, context) => {
    const { nodes, hops, direction } = checkParams(EXTRACT_SUBGRAPH_PARAMS, params, projection, "extractSubgraph");
    const pace = new Pace(context);
    const isInside = within(projection, nodes, hops, direction, pace);
    const part = projectPart(projection, isInside, () => context.throwIfAborted());
    pace.end();
    return part;
  },
);

/** Marks the nodes that are at most some links away: 1 for each, by dense index. Breadth first. */
function within(
  projection: Projection,
  nodes: readonly NodeId[],
  hops: number,
  direction: Direction,
  pace: Pace,
): Uint8Array {
  const { nodeCount, isUndirected } = projection;
  const isInside = new Uint8Array(nodeCount);
  const queue = new Uint32Array(nodeCount);
  let length = 0;
  for (const id of nodes) {
    const node = projection.indexOf(id);
    if (isInside[node] === 1) continue;
    isInside[node] = 1;
    queue[length++] = node;
  }
  const sides: Adjacency[] = [];
  if (direction !== "in") sides.push(projection.out);
  if (direction === "in" || direction === "both" && !isUndirected) sides.push(projection.in);
  let start = 0;
  for (let hop = 0; hop < hops && start < length; hop++) {
    const end = length;
    for (const { offsets, targets } of sides) {
      for (let at = start; at < end; at++) {
        const node = queue[at] as number;
        const first = offsets[node] as number;
        const last = offsets[node + 1] as number;
        for (let link = first; link < last; link++) {
          const target = targets[link] as number;
          if (isInside[target] === 1) continue;
          isInside[target] = 1;
          queue[length++] = target;
        }
        pace.step(last - first, 1);
      }
    }
    start = end;
  }
  return isInside;
}
