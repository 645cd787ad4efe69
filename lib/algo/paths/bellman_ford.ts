/** Cheapest paths from some nodes, where edges may cost less than nothing. */

import { InvalidArgumentError } from "../../backend/errors.ts";
import type { Projection } from "../../backend/projection.ts";
import type { NodeId } from "../../backend/schema.ts";
import type { Algorithm } from "../define.ts";
import { Pace } from "../pace.ts";
import { checkParams, type ParamSpecs } from "../params.ts";
import { type CostOfLink, edgesOfPlaces } from "./cost_search.ts";
import { COST_PARAMS, type CostParams, LinkCosts } from "./link_costs.ts";
import { defineForOneThread } from "../one_thread.ts";
import { PathTree } from "./path_tree.ts";
import { START_PARAMS, startIndexes, type StartParams } from "./starts.ts";

/** Parameters of `bellmanFord`. */
export interface BellmanFordParams extends StartParams, CostParams {}

/** What `bellmanFord` takes. */
export const BELLMAN_FORD_PARAMS: ParamSpecs<BellmanFordParams> = { ...START_PARAMS, ...COST_PARAMS };

/**
 * The cheapest path from the start to each node, or from the nearest of several starts. Costs are weights, or what `cost` says, and may
 * be negative. Edges are followed in their direction: in an undirected projection a negative edge is a negative cycle. Of equally cheap
 * paths it keeps the first one found, in rounds over nodes.
 *
 * A cycle of negative cost that can be reached makes "cheapest" meaningless: then it throws an error with the code `negative-cycle`,
 * whose `value` is an array of the ids of the cycle's nodes, in the order of its edges, the smallest first.
 *
 * One thread. Progress counts links that were followed. O(n m), usually some rounds over all links. Bellman, On a routing problem, 1958;
 * Ford, Network flow theory, 1956; cycles are looked for among the parents (Cherkassky and Goldberg, Negative-cycle detection
 * algorithms, 1999).
 *
 * @throws {InvalidArgumentError} for bad parameters, for a negative cycle, and without weights and cost function
 * @throws {NotFoundError} for nodes that are not in the projection
 */
export const bellmanFord: Algorithm<BellmanFordParams, PathTree> = defineForOneThread(
  import.meta.url,
  "bellmanFord",
  (projection, params: BellmanFordParams, context) => {
    const checked = checkParams<BellmanFordParams, keyof BellmanFordParams>(
      BELLMAN_FORD_PARAMS,
      params,
      projection,
      "bellmanFord",
    );
    const starts = startIndexes(projection, checked, "bellmanFord");
    const linkCosts = new LinkCosts(projection, checked, { call: "bellmanFord", isNegativeFine: true });
    const found = relaxAll(projection, starts, linkCosts, new Pace(context));
    if (found.cycle !== undefined) throw negativeCycle(projection, found.cycle, "bellmanFord");
    const { costs, parents, places } = found;
    return PathTree.of(projection, {
      costs,
      parents,
      edges: edgesOfPlaces(projection, parents, places),
      none: Infinity,
    });
  },
);

/**
 * A cycle whose edges cost less than nothing in all, anywhere in the projection: ids of its nodes in the order of its edges, the smallest
 * first; undefined when there is none. Of several it always finds the same one. Edges are followed in their direction. As `bellmanFord`
 * otherwise.
 *
 * @throws {InvalidArgumentError} for bad parameters, and without weights and cost function
 */
export const negativeCycleIn: Algorithm<CostParams, NodeId[] | undefined> = defineForOneThread(
  import.meta.url,
  "negativeCycleIn",
  (projection, params: CostParams, context) => {
    const checked = checkParams<CostParams, keyof CostParams>(COST_PARAMS, params, projection, "negativeCycleIn");
    const linkCosts = new LinkCosts(projection, checked, { call: "negativeCycleIn", isNegativeFine: true });
    const { cycle } = relaxAll(projection, undefined, linkCosts, new Pace(context));
    return cycle === undefined ? undefined : idsOf(projection, cycle);
  },
);

/** What relaxing found. */
export interface Relaxed {
  /** Cost of each node, Infinity where no path leads. */
  readonly costs: Float64Array<SharedArrayBuffer>;
  /** Dense index of the node before each one, or -1. */
  readonly parents: Int32Array<SharedArrayBuffer>;
  /** Place of the link from there. */
  readonly places: Int32Array<SharedArrayBuffer>;
  /** A negative cycle, as dense indexes in the order of its links, the smallest first: then the rest means nothing. */
  readonly cycle: number[] | undefined;
}

/** Follows links from nodes whose costs shrank, round by round, until none shrinks; from all nodes when no starts are given. */
export function relaxAll(
  projection: Projection,
  starts: readonly number[] | undefined,
  linkCosts: CostOfLink,
  pace: Pace,
): Relaxed {
  const { nodeCount } = projection;
  const { offsets, targets } = projection.out;
  const costs = new Float64Array(new SharedArrayBuffer(8 * nodeCount)).fill(Infinity);
  const parents = new Int32Array(new SharedArrayBuffer(4 * nodeCount)).fill(-1);
  const places = new Int32Array(new SharedArrayBuffer(4 * nodeCount));
  const isWaiting = new Uint8Array(nodeCount);
  let round = new Int32Array(nodeCount);
  let next = new Int32Array(nodeCount);
  let count = 0;
  for (let at = 0; at < (starts ?? parents).length; at++) {
    const node = starts === undefined ? at : starts[at] as number;
    costs[node] = 0;
    round[count++] = node;
  }
  let changes = 0;
  while (count > 0) {
    let nextCount = 0;
    for (let at = 0; at < count; at++) {
      const node = round[at] as number;
      isWaiting[node] = 0;
      const cost = costs[node] as number;
      const start = offsets[node] as number;
      const stop = offsets[node + 1] as number;
      for (let place = start; place < stop; place++) {
        const target = targets[place] as number;
        const there = cost + linkCosts.of(place, node, target);
        if (!(there < (costs[target] as number))) continue;
        costs[target] = there;
        parents[target] = node;
        places[target] = place;
        changes++;
        if (isWaiting[target] === 1) continue;
        isWaiting[target] = 1;
        next[nextCount++] = target;
      }
      pace.step(stop - start + 1);
    }
    [round, next, count] = [next, round, nextCount];
    // A cycle of parents is a negative one. The look costs as much as the changes since the last one.
    if (changes < nodeCount) continue;
    changes = 0;
    const cycle = cycleOf(parents, pace);
    if (cycle !== undefined) return { costs, parents, places, cycle };
  }
  pace.end();
  return { costs, parents, places, cycle: undefined };
}

/** The error for a negative cycle. */
export function negativeCycle(projection: Projection, cycle: readonly number[], call: string): InvalidArgumentError {
  const ids = idsOf(projection, cycle);
  const shown = ids.length > 8 ? `${ids.slice(0, 8).join(", ")}, ...` : ids.join(", ");
  return new InvalidArgumentError(
    `${call}: the edges of the cycle ${shown} cost less than nothing in all, so that no path is the cheapest one`,
    { code: "negative-cycle", field: "projection", value: ids },
  );
}

function idsOf(projection: Projection, nodes: readonly number[]): NodeId[] {
  return nodes.map((node) => projection.nodeIds[node] as number);
}

/** A cycle of parents, turned so that it follows links and its smallest node is the first. */
function cycleOf(parents: Int32Array, pace: Pace): number[] | undefined {
  // The walk that came to each node, from 1.
  const walks = new Int32Array(parents.length);
  for (let first = 0; first < parents.length; first++) {
    let node = first;
    while (node >= 0 && walks[node] === 0) {
      walks[node] = first + 1;
      node = parents[node] as number;
    }
    if (node < 0 || walks[node] !== first + 1) continue;
    const cycle = [node];
    for (let at = parents[node] as number; at !== node; at = parents[at] as number) cycle.push(at);
    cycle.reverse();
    let smallest = 0;
    for (let at = 1; at < cycle.length; at++) if ((cycle[at] as number) < (cycle[smallest] as number)) smallest = at;
    return [...cycle.slice(smallest), ...cycle.slice(0, smallest)];
  }
  pace.step(parents.length);
  return undefined;
}
