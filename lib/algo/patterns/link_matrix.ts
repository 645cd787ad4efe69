/** Small graphs as matrices. */

import type { Projection } from "../../projection/mod.ts";
import { invalid } from "../params.ts";

/** Most nodes of graphs that are compared exactly. */
export const MAX_EXACT_NODES = 256;

/** How many links lead from each node to each node. */
export interface LinkMatrix {
  /** Number of nodes. */
  readonly size: number;
  /** Links from node i to node j at i · size + j. */
  readonly counts: Uint32Array;
  /** Number of links that leave or enter each node. */
  readonly degrees: Uint32Array;
}

/** The matrix of a projection. O(n² + m). */
export function linkMatrix({ nodeCount, out: { offsets, targets } }: Projection): LinkMatrix {
  const counts = new Uint32Array(nodeCount * nodeCount);
  const degrees = new Uint32Array(nodeCount);
  for (let node = 0; node < nodeCount; node++) {
    const end = offsets[node + 1] as number;
    for (let at = offsets[node] as number; at < end; at++) {
      const target = targets[at] as number;
      counts[node * nodeCount + target] = (counts[node * nodeCount + target] as number) + 1;
      degrees[node] = (degrees[node] as number) + 1;
      degrees[target] = (degrees[target] as number) + 1;
    }
  }
  return { size: nodeCount, counts, degrees };
}

/** @throws {InvalidArgumentError} for graphs that are too large to be compared exactly */
export function checkExactSize(one: Projection, other: Projection, call: string): void {
  for (const [field, { nodeCount }] of [["projection", one], ["other", other]] as const) {
    if (nodeCount <= MAX_EXACT_NODES) continue;
    throw invalid(
      call,
      field,
      nodeCount,
      `has ${nodeCount} nodes; the limit is ${MAX_EXACT_NODES}; see structuralSimilarity`,
    );
  }
}
