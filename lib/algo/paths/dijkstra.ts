/** Cheapest paths from some nodes, where no edge costs less than nothing. */

import type { NodeId } from "../../backend/schema.ts";
import type { Algorithm } from "../define.ts";
import { Pace } from "../pace.ts";
import { checkParams, type ParamSpecs } from "../params.ts";
import { CostSearch, edgesOfPlaces } from "./cost_search.ts";
import { COST_PARAMS, type CostParams, LinkCosts } from "./link_costs.ts";
import { defineForOneThread } from "../one_thread.ts";
import { PathTree } from "./path_tree.ts";
import { START_PARAMS, startIndexes, type StartParams } from "./starts.ts";

/** Parameters of `dijkstra`. */
export interface DijkstraParams extends StartParams, CostParams {
  /** Stops when the path to this node is known; other nodes may be missing then. Default: goes on to all. */
  readonly target?: NodeId | undefined;
  /** Leaves out nodes that cost more; default Infinity. */
  readonly maxCost?: number | undefined;
}

/** What `dijkstra` takes. */
export const DIJKSTRA_PARAMS: ParamSpecs<DijkstraParams> = {
  ...START_PARAMS,
  target: { kind: "node", doc: "node to stop at", optional: true },
  maxCost: { kind: "number", doc: "largest cost of a path", default: Infinity, min: 0 },
  ...COST_PARAMS,
};

/**
 * The cheapest path from the start to each node, or from the nearest of several starts. Costs are weights, or what `cost` says, and
 * must not be negative; of parallel edges the cheapest counts. Edges are followed in their direction. Only nodes whose paths are
 * final are in the result. Of equally cheap paths it keeps the one whose last node but one was final first; nodes become final in
 * the order of their costs, then ids.
 *
 * One thread; `shortestPathTree` shares the work. Progress counts links that were followed. O((n + m) log n). Dijkstra, A note on
 * two problems in connexion with graphs, 1959.
 *
 * @throws {InvalidArgumentError} for bad parameters, for negative costs that it meets, and without weights and cost function
 * @throws {NotFoundError} for nodes that are not in the projection
 *
 * @example
 * ```ts ignore
 * const roads = projectEdges({ from: [1, 2, 1], to: [2, 3, 3], weights: [1, 1, 5] });
 * console.log(dijkstra(roads, { start: 1 }).pathTo(3)); // { nodeIds: [1, 2, 3], edgeIds: undefined, cost: 2 }
 * ```
 */
export const dijkstra: Algorithm<DijkstraParams, PathTree> = defineForOneThread(
  import.meta.url,
  "dijkstra",
  (projection, params: DijkstraParams, context) => {
    const checked = checkParams<DijkstraParams, "start" | "starts" | "target" | keyof CostParams>(
      DIJKSTRA_PARAMS,
      params,
      projection,
      "dijkstra",
    );
    const starts = startIndexes(projection, checked, "dijkstra");
    const target = checked.target === undefined ? -1 : projection.indexOf(checked.target);
    const linkCosts = new LinkCosts(projection, checked, { call: "dijkstra" });
    const pace = new Pace(context, projection.out.targets.length);
    const search = new CostSearch(projection.out, linkCosts, pace);
    search.maxCost = checked.maxCost;
    for (const start of starts) search.put(start, 0, -1, -1);
    for (;;) {
      const node = search.settle();
      if (node < 0 || node === target) break;
    }
    // What waits is not final.
    for (let node = search.take(); node >= 0; node = search.take()) {
      search.costs[node] = Infinity;
      search.parents[node] = -1;
    }
    pace.end();
    const { costs, parents, places } = search;
    return PathTree.of(projection, {
      costs,
      parents,
      edges: edgesOfPlaces(projection, parents, places),
      none: Infinity,
    });
  },
);
