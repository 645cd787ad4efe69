/** Cheapest paths from some nodes, on several threads. */

import type { Adjacency, Projection } from "../../backend/projection.ts";
import { InvalidArgumentError } from "../../backend/errors.ts";
import { type Algorithm, defineAlgorithm, NodeValues, type TaskContext } from "../define.ts";
import { Pace } from "../pace.ts";
import { checkParams, type ParamSpecs } from "../params.ts";
import { requireWeights } from "../require.ts";
import { weightedDistances } from "./delta_search.ts";
import { PathTree } from "./path_tree.ts";
import { START_PARAMS, startIndexes, type StartParams } from "./starts.ts";
import { parentsOf } from "./tight_parents.ts";
import { weightRange } from "./weight_range.ts";

/** Parameters of `deltaStepping` and `shortestPathTree`. */
export interface DeltaSteppingParams extends StartParams {
  /**
   * Distances that differ by less are worked on at once. It changes only the time. Default: the mean weight through the mean number of
   * links of a node.
   */
  readonly delta?: number | undefined;
}

/** What `deltaStepping` and `shortestPathTree` take. */
export const DELTA_STEPPING_PARAMS: ParamSpecs<DeltaSteppingParams> = {
  ...START_PARAMS,
  delta: { kind: "number", doc: "distances that differ by less are worked on at once", above: 0, optional: true },
};

/**
 * Weighted distance of each node from the start, or from the nearest of several starts; none for nodes that no path leads to (Infinity
 * in `values`). Weights must not be negative; of parallel edges the lightest counts. Edges are followed in their direction. A distance
 * is the least sum of weights over all paths, added from the start on: the same, bit by bit, as `dijkstra` finds.
 *
 * Threads share one run, and find the same. Progress counts nodes. O(n + m) for random weights and bounded degrees. Meyer and Sanders,
 * Δ-stepping: a parallelizable shortest path algorithm, 2003.
 *
 * @throws {InvalidArgumentError} for bad parameters, without weights and for negative ones anywhere in the projection
 * @throws {NotFoundError} for nodes that are not in the projection
 */
export const deltaStepping: Algorithm<DeltaSteppingParams, NodeValues> = defineAlgorithm(
  import.meta.url,
  "deltaStepping",
  (projection, params: DeltaSteppingParams, context) => {
    const { distances } = search(projection, params, context, "deltaStepping");
    return NodeValues.of(projection, distances, { none: Infinity });
  },
);

/**
 * The path of least weight from the start to each node, or from the nearest of several starts: `deltaStepping`, then a look for the last
 * link of each path. Of equally light paths it keeps that whose last node but one has the smallest id among those nearer to the start; a
 * node with links of weight 0 only comes from the neighbour at the same distance that was found first from those.
 *
 * Threads share the distances, not the look for links. Otherwise as `deltaStepping`.
 *
 * @throws {InvalidArgumentError} as `deltaStepping`
 * @throws {NotFoundError} for nodes that are not in the projection
 */
export const shortestPathTree: Algorithm<DeltaSteppingParams, PathTree> = defineAlgorithm(
  import.meta.url,
  "shortestPathTree",
  (projection, params: DeltaSteppingParams, context) => {
    const { links, starts, distances } = search(projection, params, context, "shortestPathTree");
    // What the other threads return is not read.
    if (context.worker !== 0) return undefined as unknown as PathTree;
    const { parents, edges } = parentsOf(links, distances, starts, new Pace(context));
    return PathTree.of(projection, { costs: distances, parents, edges, none: Infinity });
  },
);

function search(
  projection: Projection,
  params: DeltaSteppingParams,
  context: TaskContext,
  call: string,
): {
  readonly links: Adjacency & { readonly weights: Float64Array<SharedArrayBuffer> };
  readonly starts: number[];
  readonly distances: Float64Array<SharedArrayBuffer>;
} {
  const checked = checkParams<DeltaSteppingParams, keyof DeltaSteppingParams>(
    DELTA_STEPPING_PARAMS,
    params,
    projection,
    call,
  );
  const starts = startIndexes(projection, checked, call);
  const links = { ...projection.out, weights: requireWeights(projection, call) };
  const { min, max, mean } = weightRange(links.weights, context);
  if (min < 0) {
    throw new InvalidArgumentError(
      `${call}: an edge has the weight ${min}, and weights must not be negative here; use bellmanFord or johnson`,
      { code: "negative-weight", field: "projection", value: min },
    );
  }
  const guess = mean / Math.max(1, links.targets.length / projection.nodeCount);
  // The numbers of buckets must be exact: below 2^53 for all sums of weights.
  const least = max * projection.nodeCount / 2 ** 52;
  const delta = Math.max(checked.delta ?? (guess > 0 ? guess : 1), least);
  return { links, starts, distances: weightedDistances(context, links, starts, delta, projection.isUndirected) };
}
