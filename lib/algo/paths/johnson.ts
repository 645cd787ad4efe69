/** Cheapest paths between all nodes of a graph with few edges. */

import type { Projection } from "../../backend/projection.ts";
import { type Algorithm, defineAlgorithm, ParallelRange, type TaskContext } from "../define.ts";
import { Pace } from "../pace.ts";
import { checkParams } from "../params.ts";
import { negativeCycle, relaxAll } from "./bellman_ford.ts";
import { type CostOfLink, CostSearch } from "./cost_search.ts";
import { COST_PARAMS, type CostParams, LinkCosts } from "./link_costs.ts";
import { checkPairCount, PairCosts } from "./pair_costs.ts";

/**
 * Costs of the cheapest paths between all pairs of nodes, for graphs with few edges: a search from each node. Costs are weights, or what
 * `cost` says, and may be negative: then links get other costs first, which are not, and costs of paths are exact but for rounding (exact
 * for integers). Of parallel edges the cheapest counts. Edges are followed in their direction. A node costs 0 from itself. At most 8,192
 * nodes.
 *
 * Threads share one run, and find the same. Progress counts nodes that a search was made from. O(n (n + m) log n), 8 n^2 bytes. Johnson,
 * Efficient algorithms for shortest paths in sparse networks, 1977.
 *
 * @throws {InvalidArgumentError} for bad parameters, without weights and cost function, and with the code `negative-cycle` as
 * `bellmanFord`
 * @throws {UnsupportedError} for more nodes
 */
export const johnson: Algorithm<CostParams, PairCosts> = defineAlgorithm(
  import.meta.url,
  "johnson",
  (projection, params: CostParams, context) => {
    const checked = checkParams<CostParams, keyof CostParams>(COST_PARAMS, params, projection, "johnson");
    const linkCosts = new LinkCosts(projection, checked, { call: "johnson", isNegativeFine: true });
    checkPairCount(projection, "johnson");
    const { nodeCount } = projection;
    const costs = new Float64Array(context.sharedBuffer(8 * nodeCount * nodeCount));
    const potentials = potentialsOf(projection, linkCosts, context);
    context.total(nodeCount);
    const positive = potentials === undefined ? linkCosts : new RaisedCosts(linkCosts, potentials);
    const search = new CostSearch(projection.out, positive, new Pace(quietly(context)));
    const sources = new ParallelRange(context, nodeCount, 8);
    while (sources.next()) {
      for (let source = sources.start; source < sources.end; source++) {
        search.reset();
        search.put(source, 0, -1, -1);
        while (search.settle() >= 0);
        const row = costs.subarray(source * nodeCount, (source + 1) * nodeCount);
        row.set(search.costs);
        if (potentials !== undefined) lower(row, potentials, source);
      }
      context.progress(sources.end - sources.start);
    }
    return PairCosts.of(projection, costs);
  },
);

/** The context without its progress, which counts nodes here and not links. */
function quietly(context: TaskContext): Pick<TaskContext, "throwIfAborted" | "progress" | "total"> {
  return { throwIfAborted: () => context.throwIfAborted(), progress() {}, total() {} };
}

/** What makes the cost of each link positive; undefined when no link costs less than nothing. */
function potentialsOf(projection: Projection, linkCosts: LinkCosts, context: TaskContext): Float64Array | undefined {
  // Each thread finds the same.
  const { costs, cycle } = relaxAll(projection, undefined, linkCosts, new Pace(quietly(context)));
  if (cycle !== undefined) throw negativeCycle(projection, cycle, "johnson");
  for (let node = 0; node < costs.length; node++) if (costs[node] !== 0) return costs;
  return undefined;
}

/** Takes potentials off the costs from a node. */
function lower(row: Float64Array, potentials: Float64Array, source: number): void {
  const before = potentials[source] as number;
  for (let node = 0; node < row.length; node++) {
    row[node] = (row[node] as number) - before + (potentials[node] as number);
  }
  row[source] = 0;
}

/** Costs of links, raised by potentials so that none is negative. */
class RaisedCosts implements CostOfLink {
  readonly #linkCosts: CostOfLink;
  readonly #potentials: Float64Array;

  constructor(linkCosts: CostOfLink, potentials: Float64Array) {
    this.#linkCosts = linkCosts;
    this.#potentials = potentials;
  }

  of(place: number, node: number, target: number): number {
    const cost = this.#linkCosts.of(place, node, target);
    // Rounding must not make it negative.
    return Math.max(0, cost + (this.#potentials[node] as number) - (this.#potentials[target] as number));
  }
}
