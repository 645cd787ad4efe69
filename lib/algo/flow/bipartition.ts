/** Whether nodes are of two sides, and edges only between these. */

import type { NodeId } from "../../backend/schema.ts";
import { type Algorithm, defineAlgorithm } from "../define.ts";
import { NodeListsBuilder } from "../node_lists.ts";
import { checkParams } from "../params.ts";
import { Pace } from "../pace.ts";
import { requireUndirected } from "../require.ts";
import { idsMarked } from "./terminals.ts";
import { twoColoring } from "./two_coloring.ts";

/** Two sides of a graph, or why there are none. */
export type Bipartition = {
  /** Whether each edge joins one side with the other. */
  readonly isBipartite: true;
  /** Nodes of one side, ascending: in each component that of the smallest id. */
  readonly left: Float64Array<SharedArrayBuffer>;
  /** Nodes of the other side, ascending. */
  readonly right: Float64Array<SharedArrayBuffer>;
  /** There is none. */
  readonly oddCycle: undefined;
} | {
  /** Whether each edge joins one side with the other. */
  readonly isBipartite: false;
  /** There are none. */
  readonly left: undefined;
  /** There are none. */
  readonly right: undefined;
  /** The nodes of a cycle of odd length, each once, from the smallest id on towards its smaller neighbour. */
  readonly oddCycle: readonly NodeId[];
};

/**
 * Splits the nodes in two sides so that each edge joins one side with the other; when that cannot be, an odd number of edges goes
 * round somewhere, and such a cycle is returned. A self-loop is a cycle of one node; parallel edges change nothing. Nodes
 * without edges are on the left. Progress counts nodes and links.
 *
 * O(n + m). König, Theorie der endlichen und unendlichen Graphen, 1936.
 *
 * @throws {InvalidArgumentError} for a directed projection, and for parameters: there are none
 *
 * @example
 * ```ts ignore
 * const { isBipartite, oddCycle } = bipartition(projectEdges({ from: [1, 2, 3], to: [2, 3, 1], undirected: true }));
 * console.log(isBipartite, oddCycle); // false [1, 2, 3]
 * ```
 */
export const bipartition: Algorithm<Record<never, never>, Bipartition> = defineAlgorithm(
  import.meta.url,
  "bipartition",
  (projection, params: Record<never, never>, context): Bipartition => {
    checkParams({}, params, projection, "bipartition");
    requireUndirected(projection, "bipartition");
    const pace = new Pace(context, projection.nodeCount + projection.out.targets.length);
    const { colors, oddCycle } = twoColoring(projection.out, pace);
    pace.end();
    if (oddCycle !== undefined) {
      const cycles = new NodeListsBuilder(projection.nodeIds);
      for (const node of oddCycle) cycles.push(node);
      cycles.endList();
      cycles.normalizeRing(false);
      return { isBipartite: false, left: undefined, right: undefined, oddCycle: cycles.build().list(0) };
    }
    return {
      isBipartite: true,
      left: idsMarked(projection, colors, 0),
      right: idsMarked(projection, colors, 1),
      oddCycle: undefined,
    };
  },
);
