/** Cheapest paths between all nodes of a small graph. */

import type { Algorithm } from "../define.ts";
import { Pace } from "../pace.ts";
import { checkParams } from "../params.ts";
import { negativeCycle, relaxAll } from "./bellman_ford.ts";
import { COST_PARAMS, type CostParams, LinkCosts } from "./link_costs.ts";
import { defineForOneThread } from "../one_thread.ts";
import { checkPairCount, PairCosts } from "./pair_costs.ts";

/**
 * Costs of the cheapest paths between all pairs of nodes, for small graphs with many edges; `johnson` is faster for few edges. Costs are
 * weights, or what `cost` says, and may be negative; of parallel edges the cheapest counts, a self-loop only when it is negative. Edges
 * are followed in their direction. A node costs 0 from itself. At most 8,192 nodes.
 *
 * One thread. Progress counts links, then pairs of nodes that were compared. O(n^3), 8 n^2 bytes. Floyd, Algorithm 97: Shortest path,
 * 1962; Warshall, A theorem on Boolean matrices, 1962.
 *
 * @throws {InvalidArgumentError} for bad parameters, without weights and cost function, and with the code `negative-cycle` as
 * `bellmanFord`
 * @throws {UnsupportedError} for more nodes
 */
export const floydWarshall: Algorithm<CostParams, PairCosts> = defineForOneThread(
  import.meta.url,
  "floydWarshall",
  (projection, params: CostParams, context) => {
    const checked = checkParams<CostParams, keyof CostParams>(COST_PARAMS, params, projection, "floydWarshall");
    const linkCosts = new LinkCosts(projection, checked, { call: "floydWarshall", isNegativeFine: true });
    checkPairCount(projection, "floydWarshall");
    const { nodeCount } = projection;
    const { offsets, targets } = projection.out;
    const pace = new Pace(context, nodeCount ** 3);
    const { cycle } = relaxAll(projection, undefined, linkCosts, pace);
    if (cycle !== undefined) throw negativeCycle(projection, cycle, "floydWarshall");
    const costs = new Float64Array(new SharedArrayBuffer(8 * nodeCount * nodeCount)).fill(Infinity);
    for (let node = 0; node < nodeCount; node++) {
      const row = node * nodeCount;
      for (let place = offsets[node] as number; place < (offsets[node + 1] as number); place++) {
        const target = targets[place] as number;
        costs[row + target] = Math.min(costs[row + target] as number, linkCosts.of(place, node, target));
      }
      costs[row + node] = 0;
    }
    for (let middle = 0; middle < nodeCount; middle++) relaxThrough(costs, nodeCount, middle, pace);
    pace.end();
    return PairCosts.of(projection, costs);
  },
);

/** Lets all paths go through one more node. Hot. */
function relaxThrough(costs: Float64Array, nodeCount: number, middle: number, pace: Pace): void {
  const there = middle * nodeCount;
  for (let node = 0; node < nodeCount; node++) {
    const row = node * nodeCount;
    const first = costs[row + middle] as number;
    pace.step(nodeCount);
    if (first === Infinity || node === middle) continue;
    for (let target = 0; target < nodeCount; target++) {
      const cost = first + (costs[there + target] as number);
      if (cost < (costs[row + target] as number)) costs[row + target] = cost;
    }
  }
}
