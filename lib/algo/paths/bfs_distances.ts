/** Distances in edges. */

import { type Algorithm, defineAlgorithm, NodeValues } from "../define.ts";
import { checkParams, type ParamSpecs } from "../params.ts";
import { hopDistances } from "./hop_search.ts";
import {
  DIRECTION_PARAMS,
  type DirectionParams,
  linksOf,
  START_PARAMS,
  startIndexes,
  type StartParams,
} from "./starts.ts";

/** Parameters of `bfsDistances`. */
export interface BfsDistancesParams extends StartParams, DirectionParams {
  /** Largest distance; nodes that are farther away get none. Default: no limit. */
  readonly maxDepth?: number | undefined;
}

/** What `bfsDistances` takes. */
export const BFS_DISTANCES_PARAMS: ParamSpecs<BfsDistancesParams> = {
  ...START_PARAMS,
  ...DIRECTION_PARAMS,
  maxDepth: { kind: "number", doc: "largest distance", default: Infinity, min: 0 },
};

/**
 * Number of edges on a shortest path from the start to each node, or from the nearest of several starts: an integer, none for nodes
 * that no path leads to (-1 in `values`). Weights, parallel edges and self-loops do not count.
 *
 * Threads share one run, and find the same. Progress counts nodes. O(n + m); in undirected projections far fewer links than all are
 * looked at when most nodes are near. Beamer, Asanović and Patterson, Direction-Optimizing Breadth-First Search, 2012.
 *
 * @throws {InvalidArgumentError} for bad parameters
 * @throws {NotFoundError} for nodes that are not in the projection
 *
 * @example
 * ```ts ignore
 * const chain = projectEdges({ from: [1, 2], to: [2, 3] });
 * console.log(bfsDistances(chain, { start: 1 }).get(3)); // 2
 * ```
 */
export const bfsDistances: Algorithm<BfsDistancesParams, NodeValues> = defineAlgorithm(
  import.meta.url,
  "bfsDistances",
  (projection, params: BfsDistancesParams, context) => {
    const checked = checkParams<BfsDistancesParams, "start" | "starts">(
      BFS_DISTANCES_PARAMS,
      params,
      projection,
      "bfsDistances",
    );
    const starts = startIndexes(projection, checked, "bfsDistances");
    const links = linksOf(projection, checked.direction);
    const back = projection.isUndirected ? links : undefined;
    const depths = hopDistances(context, links, back, starts, Math.floor(checked.maxDepth));
    return NodeValues.of(projection, depths, { none: -1 });
  },
);
