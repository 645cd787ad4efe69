/** All cheapest paths between two nodes. */

import type { NodeId } from "../../backend/schema.ts";
import type { Algorithm } from "../define.ts";
import { checkParams, type ParamSpecs } from "../params.ts";
import { COST_PARAMS, type CostParams } from "./link_costs.ts";
import { defineForOneThread } from "../one_thread.ts";
import { dagOf } from "./shortest_path_dag.ts";
import { PAIR_PARAMS, type PairParams } from "./starts.ts";

/** Parameters of `allShortestPaths`. */
export interface AllShortestPathsParams extends PairParams, CostParams {
  /** How many paths at most; default 1,000. */
  readonly limit?: number | undefined;
}

/** What `allShortestPaths` takes. */
export const ALL_SHORTEST_PATHS_PARAMS: ParamSpecs<AllShortestPathsParams> = {
  ...PAIR_PARAMS,
  limit: { kind: "integer", doc: "how many paths at most", default: 1_000, min: 0, max: 1_000_000 },
  ...COST_PARAMS,
};

/** What `allShortestPaths` found. */
export interface AllShortestPaths {
  /** Cost of each of them; undefined when there is none. */
  readonly cost: number | undefined;
  /** How many there are, exact up to 2^53, however many were asked for. */
  readonly count: number;
  /** Ids of the nodes of each, in the order of their nodes read from the end; at most `limit`. */
  readonly paths: NodeId[][];
  /** Whether these are all. */
  readonly isComplete: boolean;
}

/**
 * All cheapest paths from one node to another, and their number. Paths differ in their nodes: of parallel edges the cheapest counts, once.
 * Costs are weights (1 without), or what `cost` says, and must be positive. Edges are followed in their direction.
 *
 * As `shortestPathDag`, which it stops at the target; and O(nodes of the paths).
 *
 * @throws {InvalidArgumentError} for bad parameters, and for costs that are not positive and that it meets
 * @throws {NotFoundError} for nodes that are not in the projection
 */
export const allShortestPaths: Algorithm<AllShortestPathsParams, AllShortestPaths> = defineForOneThread(
  import.meta.url,
  "allShortestPaths",
  (projection, params: AllShortestPathsParams, context) => {
    const checked = checkParams<AllShortestPathsParams, keyof CostParams>(
      ALL_SHORTEST_PATHS_PARAMS,
      params,
      projection,
      "allShortestPaths",
    );
    const { from, to, limit } = checked;
    const dag = dagOf(
      projection,
      [projection.indexOf(from)],
      projection.indexOf(to),
      checked,
      context,
      "allShortestPaths",
    );
    const paths = dag.pathsTo(to, limit);
    const count = dag.countTo(to);
    return { cost: dag.costTo(to), count, paths, isComplete: paths.length === count };
  },
);
