/** What can be said of a graph at a glance. */

import type { Algorithm } from "../define.ts";
import { checkParams } from "../params.ts";
import { defineForOneThread } from "../one_thread.ts";

/** Counts of a graph. */
export interface GraphStatistics {
  /** Number of nodes. */
  readonly nodeCount: number;
  /** Number of edges. */
  readonly edgeCount: number;
  /** Whether each edge can be followed both ways. */
  readonly isUndirected: boolean;
  /** Edges for each pair of different nodes, ordered ones in directed projections; above 1 only with parallel edges or self-loops. */
  readonly density: number;
  /** Edges from a node to itself. */
  readonly selfLoopCount: number;
  /** Edges beyond the first one from one node to another, or in undirected projections between two; self-loops among them. */
  readonly parallelEdgeCount: number;
  /** Nodes without edges to others. */
  readonly isolatedCount: number;
  /** Nodes with edges to others of which none enters them; in undirected projections 0. */
  readonly sourceCount: number;
  /** Nodes with edges to others of which none leaves them; in undirected projections 0. */
  readonly sinkCount: number;
  /** Largest number of links that leave a node, as in `projection.out`. */
  readonly maxOutDegree: number;
  /** Largest number of links that enter a node. */
  readonly maxInDegree: number;
  /** Edges for each node, those that leave it and those that enter it: 2 m / n. 0 without nodes. */
  readonly meanDegree: number;
}

/**
 * Counts nodes, edges and what is special about them. Progress counts nodes. O(n + m), 5 bytes for each node.
 *
 * @throws {InvalidArgumentError} for parameters: there are none
 *
 * @example
 * ```ts ignore
 * console.log(graphStatistics(projectEdges({ from: [1, 1], to: [2, 2], nodeIds: [1, 2, 3] })).parallelEdgeCount); // 1
 * ```
 */
export const graphStatistics: Algorithm<Record<never, never>, GraphStatistics> = defineForOneThread(
  import.meta.url,
  "graphStatistics",
  (projection, params: Record<never, never>, context) => {
    checkParams({}, params, projection, "graphStatistics");
    const { nodeCount, edgeCount, isUndirected, out: { offsets, targets } } = projection;
    const entering = new Uint32Array(nodeCount);
    // 1: an edge to another node leaves it, 2: one enters it.
    const marks = new Uint8Array(nodeCount);
    let [loops, parallels, parallelLoops, maxOutDegree] = [0, 0, 0, 0];
    context.total(nodeCount);
    for (let start = 0; start < nodeCount; start += 16_384) {
      context.throwIfAborted();
      const last = Math.min(start + 16_384, nodeCount);
      for (let node = start; node < last; node++) {
        const first = offsets[node] as number;
        const end = offsets[node + 1] as number;
        if (end - first > maxOutDegree) maxOutDegree = end - first;
        for (let at = first; at < end; at++) {
          const target = targets[at] as number;
          const isParallel = at > first && targets[at - 1] === target;
          entering[target] = (entering[target] as number) + 1;
          if (target === node) {
            loops++;
            if (isParallel) parallelLoops++;
            continue;
          }
          if (isParallel) parallels++;
          marks[node] = (marks[node] as number) | 1;
          marks[target] = (marks[target] as number) | 2;
        }
      }
      context.progress(last - start);
    }
    const countOf = [0, 0, 0, 0];
    let maxInDegree = 0;
    for (let node = 0; node < nodeCount; node++) {
      countOf[marks[node] as number] = (countOf[marks[node] as number] as number) + 1;
      if ((entering[node] as number) > maxInDegree) maxInDegree = entering[node] as number;
    }
    const pairs = nodeCount * (nodeCount - 1) / (isUndirected ? 2 : 1);
    return {
      nodeCount,
      edgeCount,
      isUndirected,
      density: pairs === 0 ? 0 : edgeCount / pairs,
      selfLoopCount: loops,
      parallelEdgeCount: (isUndirected ? parallels / 2 : parallels) + parallelLoops,
      isolatedCount: countOf[0] as number,
      sourceCount: countOf[1] as number,
      sinkCount: countOf[2] as number,
      maxOutDegree,
      maxInDegree,
      meanDegree: nodeCount === 0 ? 0 : 2 * edgeCount / nodeCount,
    };
  },
);
