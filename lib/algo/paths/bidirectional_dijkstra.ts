/** The cheapest path between two nodes, searched from both. */

import type { Projection } from "../../backend/projection.ts";
import type { Algorithm, TaskContext } from "../define.ts";
import { Pace } from "../pace.ts";
import { type CheckedParams, checkParams, type ParamSpecs } from "../params.ts";
import { CostSearch } from "./cost_search.ts";
import { COST_PARAMS, type CostParams, LinkCosts } from "./link_costs.ts";
import { defineForOneThread } from "../one_thread.ts";
import { type Path, pathOf } from "./path.ts";
import { PAIR_PARAMS, type PairParams } from "./starts.ts";

/** Parameters of `bidirectionalDijkstra`. */
export interface BidirectionalDijkstraParams extends PairParams, CostParams {}

/** What `bidirectionalDijkstra` takes. */
export const BIDIRECTIONAL_DIJKSTRA_PARAMS: ParamSpecs<BidirectionalDijkstraParams> = {
  ...PAIR_PARAMS,
  ...COST_PARAMS,
};

/**
 * The cheapest path from one node to another; undefined when there is none. It searches from both ends and follows far fewer links
 * than a search from one. Costs are weights, or what `cost` says, and must not be negative. Edges are followed in their direction;
 * the first call on a directed projection makes its links in the other one. Which of several cheapest paths it finds is always the
 * same one. The two halves of a sum are added apart while it searches: of paths whose costs differ by rounding alone, it may find
 * any.
 *
 * One thread. Progress counts links that were followed. O((n + m) log n). Nicholson, Finding the shortest route between two points in
 * a network, 1966; Pohl, Bi-directional search, 1971.
 *
 * @throws {InvalidArgumentError} for bad parameters, for negative costs that it meets, and without weights and cost function
 * @throws {NotFoundError} for nodes that are not in the projection
 */
export const bidirectionalDijkstra: Algorithm<BidirectionalDijkstraParams, Path | undefined> = defineForOneThread(
  import.meta.url,
  "bidirectionalDijkstra",
  (projection, params: BidirectionalDijkstraParams, context) => {
    const call = "bidirectionalDijkstra";
    const checked = checkParams<BidirectionalDijkstraParams, keyof CostParams>(
      BIDIRECTIONAL_DIJKSTRA_PARAMS,
      params,
      projection,
      call,
    );
    return cheapestPath(projection, checked, context, call, false);
  },
);

/** The cheapest path between two nodes. */
export function cheapestPath(
  projection: Projection,
  params: CheckedParams<BidirectionalDijkstraParams, keyof CostParams>,
  context: TaskContext,
  call: string,
  isUnweightedFine: boolean,
): Path | undefined {
  const from = projection.indexOf(params.from);
  const to = projection.indexOf(params.to);
  const pace = new Pace(context);
  const forward = new LinkCosts(projection, params, { call, isUnweightedFine });
  const ahead = new CostSearch(projection.out, forward, pace);
  if (from === to) return pathOf(projection, projection.out, [from], [], 0);
  const back = new CostSearch(
    projection.in,
    new LinkCosts(projection, params, { call, isUnweightedFine, isReversed: true }),
    pace,
  );
  ahead.put(from, 0, -1, -1);
  back.put(to, 0, -1, -1);
  const meeting = meet(projection, ahead, back);
  pace.end();
  if (meeting < 0) return undefined;
  const first = ahead.trace(meeting);
  const last = back.trace(meeting);
  const nodes = [...first.nodes, ...last.nodes.reverse().slice(1)];
  const places = first.places;
  let cost = ahead.costs[meeting] as number;
  for (let at = places.length; at + 1 < nodes.length; at++) {
    const place = cheapestLink(projection, forward, nodes[at] as number, nodes[at + 1] as number);
    cost += forward.of(place, nodes[at] as number, nodes[at + 1] as number);
    places.push(place);
  }
  return pathOf(projection, projection.out, nodes, places, cost);
}

/** Settles nodes from both ends, nearest first, until no path through others can be cheaper; the node where the best one meets. */
function meet(projection: Projection, ahead: CostSearch, back: CostSearch): number {
  let best = Infinity;
  let meeting = -1;
  while (ahead.nextCost + back.nextCost < best) {
    const isAhead = ahead.nextCost <= back.nextCost;
    const search = isAhead ? ahead : back;
    const other = isAhead ? back : ahead;
    const node = search.settle();
    const { offsets, targets } = isAhead ? projection.out : projection.in;
    // Paths meet where a link ends that was just followed, when the other search was there before.
    for (let place = offsets[node] as number; place < (offsets[node + 1] as number); place++) {
      const end = targets[place] as number;
      const cost = (search.costs[end] as number) + (other.costs[end] as number);
      if (cost >= best) continue;
      best = cost;
      meeting = end;
    }
  }
  return meeting;
}

/** Place of the cheapest link between two nodes; of equal ones the first. */
export function cheapestLink(projection: Projection, linkCosts: LinkCosts, node: number, target: number): number {
  const { offsets, targets } = projection.out;
  let best = -1;
  let bestCost = Infinity;
  const stop = offsets[node + 1] as number;
  for (let place = firstLink(projection, node, target); place < stop && targets[place] === target; place++) {
    const cost = linkCosts.of(place, node, target);
    if (cost >= bestCost) continue;
    best = place;
    bestCost = cost;
  }
  return best;
}

/** Place of the first link of a node to one that is not before a target: rows are sorted. O(log d). */
export function firstLink({ out }: Projection, node: number, target: number): number {
  let low = out.offsets[node] as number;
  let high = out.offsets[node + 1] as number;
  while (low < high) {
    const middle = low + high >>> 1;
    if ((out.targets[middle] as number) < target) low = middle + 1;
    else high = middle;
  }
  return low;
}
