/** How near all others are to nodes. */

import { type Algorithm, defineAlgorithm, NodeValues, ParallelRange } from "../define.ts";
import { checkParams, type ParamSpecs } from "../params.ts";
import { DISTANCE_PARAMS, type DistanceParams, distanceSums } from "./distance_sums.ts";

/** Parameters of `closenessCentrality`. */
export interface ClosenessParams extends DistanceParams {
  /**
   * Whether scores are multiplied by the part of the other nodes that paths connect with the node, so that nodes of small components do not
   * have the largest (Wasserman and Faust). Default true.
   */
  readonly corrected?: boolean | undefined;
}

/** What `closenessCentrality` takes. */
export const CLOSENESS_PARAMS: ParamSpecs<ClosenessParams> = {
  ...DISTANCE_PARAMS,
  corrected: { kind: "flag", doc: "scores are multiplied by the part of the nodes that paths connect", default: true },
};

/**
 * Closeness: 1 through the mean distance from all nodes that have a path to a node; where `corrected` times the number of these through
 * the number of other nodes. A node that no path leads to has 0. Edges count in their direction; parallel edges and self-loops change
 * nothing, of parallel edges with weights the shortest counts. Lengths are sums of weights, where `weighted`.
 *
 * Equal to `networkx.closeness_centrality`; not `corrected` as there with `wf_improved=False`. With `samples`, only distances from some nodes
 * count: an estimate, where these are reached.
 *
 * Threads share one run; scores are the same for any number of them. Progress counts nodes that were searched from.
 *
 * O(n m), or O(samples m), where searches that meet go on together, up to 64; weighted O(n (n + m) log n). 36 bytes for each node; weighted
 * as `betweennessCentrality`. A directed projection is read in both directions. Bavelas, Communication patterns in task-oriented groups,
 * 1950; Wasserman, Faust, Social network analysis, 1994; samples: Eppstein, Wang, Fast approximation of centrality, 2004.
 *
 * @throws {InvalidArgumentError} for bad parameters, missing weights and such as are not above 0
 *
 * @example
 * ```ts ignore
 * const path = projectEdges({ from: [1, 2], to: [2, 3], undirected: true });
 * console.log(closenessCentrality(path).get(2)); // 1
 * ```
 */
export const closenessCentrality: Algorithm<ClosenessParams, NodeValues> = defineAlgorithm(
  import.meta.url,
  "closenessCentrality",
  (projection, params: ClosenessParams, context) => {
    const call = "closenessCentrality";
    const checked = checkParams<ClosenessParams, "samples">(CLOSENESS_PARAMS, params, projection, call);
    const { sums, hits, asked } = distanceSums(context, projection, checked, call, (distance) => distance);
    const nodes = new ParallelRange(context, projection.nodeCount);
    while (nodes.next()) {
      for (let node = nodes.start; node < nodes.end; node++) {
        const reached = hits[node] as number;
        if (reached === 0) continue;
        const part = checked.corrected ? reached / asked(node) : 1;
        sums[node] = part * reached / (sums[node] as number);
      }
    }
    return NodeValues.of(projection, sums);
  },
);
