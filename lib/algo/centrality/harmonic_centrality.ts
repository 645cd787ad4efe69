/** How near all others are to nodes, where some cannot be reached. */

import { type Algorithm, defineAlgorithm, NodeValues, ParallelRange } from "../define.ts";
import { checkParams, type ParamSpecs } from "../params.ts";
import { DISTANCE_PARAMS, type DistanceParams, distanceSums } from "./distance_sums.ts";

/** Parameters of `harmonicCentrality`. */
export interface HarmonicParams extends DistanceParams {
  /** Whether scores are divided by the number of other nodes, so that they are from 0 to 1 without weights. Default false. */
  readonly normalized?: boolean | undefined;
}

/** What `harmonicCentrality` takes. */
export const HARMONIC_PARAMS: ParamSpecs<HarmonicParams> = {
  ...DISTANCE_PARAMS,
  normalized: { kind: "flag", doc: "scores are divided by the number of other nodes", default: false },
};

/**
 * Harmonic centrality: the sum of 1 through the distance from each other node; nodes without a path add 0. Equal to
 * `networkx.harmonic_centrality`; where `normalized` through the number of other nodes. With `samples`, the sum over some nodes is
 * multiplied by the number of others through theirs: an estimate without bias. Otherwise as `closenessCentrality`.
 *
 * Threads share one run; scores are the same for any number of them. Progress counts nodes that were searched from. Costs as
 * `closenessCentrality`. Marchiori, Latora, Harmony in the small-world, 2000.
 *
 * @throws {InvalidArgumentError} for bad parameters, missing weights and such as are not above 0
 *
 * @example
 * ```ts ignore
 * const path = projectEdges({ from: [1, 2], to: [2, 3], undirected: true });
 * console.log(harmonicCentrality(path).get(1)); // 1.5
 * ```
 */
export const harmonicCentrality: Algorithm<HarmonicParams, NodeValues> = defineAlgorithm(
  import.meta.url,
  "harmonicCentrality",
  (projection, params: HarmonicParams, context) => {
    const call = "harmonicCentrality";
    const checked = checkParams<HarmonicParams, "samples">(HARMONIC_PARAMS, params, projection, call);
    const { sums, asked } = distanceSums(context, projection, checked, call, (distance) => 1 / distance);
    const others = projection.nodeCount - 1;
    const nodes = new ParallelRange(context, projection.nodeCount);
    while (nodes.next()) {
      for (let node = nodes.start; node < nodes.end; node++) {
        const from = asked(node);
        if (from === 0) continue;
        const scale = (from === others ? 1 : others / from) / (checked.normalized ? others : 1);
        sums[node] = scale * (sums[node] as number);
      }
    }
    return NodeValues.of(projection, sums);
  },
);
