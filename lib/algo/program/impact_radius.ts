/** What a change can affect. */

import type { NodeId } from "../../backend/schema.ts";
import { filled, lookUp, NodeValues } from "../define.ts";
import type { Algorithm } from "../define.ts";
import { Pace } from "../pace.ts";
import { checkParams, type ParamSpecs } from "../params.ts";
import { CostSearch, HEAP_WORK } from "../paths/cost_search.ts";
import { COST_PARAMS, type CostParams, LinkCosts } from "../paths/link_costs.ts";
import { defineForOneThread } from "../one_thread.ts";
import { NodeHeap } from "../paths/node_heap.ts";
import { DIRECTION_PARAMS, type DirectionParams, linksOf } from "../paths/starts.ts";

/** Parameters of `impactRadius`. */
export interface ImpactRadiusParams extends DirectionParams, CostParams {
  /** The nodes that change. */
  readonly nodes: ArrayLike<NodeId>;
  /** Largest distance of a node that is affected; default Infinity. */
  readonly maxDistance?: number | undefined;
  /** Most edges between a change and what it affects; default Infinity. */
  readonly maxHops?: number | undefined;
}

/** Its parameters. */
export const IMPACT_RADIUS_PARAMS: ParamSpecs<ImpactRadiusParams> = {
  nodes: { kind: "nodes", doc: "nodes that change" },
  maxDistance: { kind: "number", default: Infinity, min: 0, doc: "largest distance of a node that is affected" },
  maxHops: { kind: "number", default: Infinity, min: 0, doc: "most edges between a change and what it affects" },
  ...DIRECTION_PARAMS,
  ...COST_PARAMS,
};

/** What a change affects. */
export interface ImpactRadius {
  /** The affected nodes, with those that change: by distance, then in ascending ids. */
  readonly zone: NodeId[];
  /** For each affected node its distance from the nearest change; those that change have 0. */
  readonly distances: NodeValues;
  /** Those from which an edge that may be followed leads to a node that is not affected, in ascending ids. */
  readonly boundary: NodeId[];
}

/**
 * Impact radius: the nodes that a change of some nodes can affect, within a distance and a number of edges. An edge's length is
 * its weight, 1 in a projection without weights, or what `cost` says; of parallel edges the shortest counts. Edges are followed in
 * their direction; with `direction: "in"` backwards, where they lead from what uses a thing to the thing.
 *
 * A node is affected when there is a path to it that keeps both limits, and its distance is the length of the shortest such
 * path: when `maxHops` is given, that may be longer than its distance without. Progress counts nodes and links that are looked at.
 *
 * O((n + m) log n); with `maxHops`, O(hops · (n + m)) at worst. Dijkstra 1959; with `maxHops`, Bellman 1958 by rounds.
 *
 * @throws {NotFoundError} when a node is not in the projection
 * @throws {InvalidArgumentError} for bad parameters, and for negative lengths that it meets
 *
 * @example
 * ```ts ignore
 * const uses = projectEdges({ from: [1, 2, 3], to: [2, 3, 4] });
 * const { zone, boundary } = impactRadius(uses, { nodes: [1], maxDistance: 2 });
 * console.log(zone, boundary); // [1, 2, 3] [3]
 * ```
 */
export const impactRadius: Algorithm<ImpactRadiusParams, ImpactRadius> = defineForOneThread(
  import.meta.url,
  "impactRadius",
  (projection, params: ImpactRadiusParams, context) => {
    const call = "impactRadius";
    const checked = checkParams<ImpactRadiusParams, keyof CostParams>(IMPACT_RADIUS_PARAMS, params, projection, call);
    const { direction, maxDistance, maxHops } = checked;
    const links = linksOf(projection, direction);
    const linkCosts = new LinkCosts(projection, checked, {
      call,
      isUnweightedFine: true,
      isReversed: direction === "in",
    });
    const pace = new Pace(context, maxHops === Infinity ? 2 * links.targets.length + projection.nodeCount : 0);
    const starts = Array.from(checked.nodes, (id) => projection.indexOf(id));
    const distances = maxHops === Infinity
      ? byCost(linkCosts, starts, maxDistance, pace)
      : byRounds(linkCosts, starts, maxDistance, maxHops, pace);
    const affected = affectedOf(distances);
    const boundary = idsOf(boundaryOf(linkCosts, distances, affected, pace), projection.nodeIds);
    sortByDistance(affected, distances, pace);
    pace.end();
    return {
      zone: idsOf(affected, projection.nodeIds),
      distances: NodeValues.of(projection, distances, { none: Infinity }),
      boundary,
    };
  },
);

type Distances = Float64Array<SharedArrayBuffer>;

function byCost(linkCosts: LinkCosts, starts: readonly number[], maxDistance: number, pace: Pace): Distances {
  const search = new CostSearch(linkCosts.links, linkCosts, pace);
  search.maxCost = maxDistance;
  for (const start of starts) search.put(start, 0, -1, -1);
  while (search.settle() >= 0);
  return search.costs;
}

/** In each round the distances of one edge more, from those of the round before. */
function byRounds(
  linkCosts: LinkCosts,
  starts: readonly number[],
  maxDistance: number,
  maxHops: number,
  pace: Pace,
): Distances {
  const { offsets, targets } = linkCosts.links;
  const nodeCount = offsets.length - 1;
  const distances = filled(new Float64Array(new SharedArrayBuffer(8 * nodeCount)), Infinity);
  // What the nodes that changed had at the end of the round before.
  const before = new Float64Array(nodeCount);
  // The last round in which each node changed, plus 1.
  const rounds = new Uint32Array(nodeCount);
  let changed = new Uint32Array(nodeCount);
  let next = new Uint32Array(nodeCount);
  let count = 0;
  for (const start of new Set(starts)) {
    distances[start] = 0;
    changed[count++] = start;
  }
  for (let round = 1; round <= maxHops && count > 0; round++) {
    for (let at = 0; at < count; at++) before[changed[at] as number] = distances[changed[at] as number] as number;
    let nextCount = 0;
    for (let at = 0; at < count; at++) {
      const node = changed[at] as number;
      const distance = before[node] as number;
      const end = offsets[node + 1] as number;
      for (let place = offsets[node] as number; place < end; place++) {
        const target = targets[place] as number;
        const found = distance + linkCosts.of(place, node, target);
        if (!(found < (distances[target] as number)) || found > maxDistance) continue;
        distances[target] = found;
        if (rounds[target] === round) continue;
        rounds[target] = round;
        next[nextCount++] = target;
      }
      pace.step(end - (offsets[node] as number), 1);
    }
    [changed, next] = [next, changed];
    count = nextCount;
  }
  return distances;
}

/** The nodes with a distance, ascending. */
function affectedOf(distances: Distances): Uint32Array {
  const affected = new Uint32Array(distances.length);
  let count = 0;
  for (let node = 0; node < distances.length; node++) {
    if ((node & 65_535) === 0) lookUp();
    if ((distances[node] as number) < Infinity) affected[count++] = node;
  }
  return affected.subarray(0, count);
}

/** By distance, then in ascending order: with a heap, because it can be interrupted. */
function sortByDistance(nodes: Uint32Array, distances: Distances, pace: Pace): void {
  const heap = new NodeHeap(distances.length);
  for (let at = 0; at < nodes.length; at++) {
    heap.put(nodes[at] as number, distances[nodes[at] as number] as number);
    pace.step(0, HEAP_WORK);
  }
  for (let at = 0; at < nodes.length; at++) {
    nodes[at] = heap.take();
    pace.step(0, 2 * HEAP_WORK);
  }
}

function idsOf(nodes: Uint32Array, nodeIds: Float64Array): NodeId[] {
  const ids: NodeId[] = [];
  for (let at = 0; at < nodes.length; at++) {
    if ((at & 16_383) === 0) lookUp();
    ids.push(nodeIds[nodes[at] as number] as number);
  }
  return ids;
}

function boundaryOf(linkCosts: LinkCosts, distances: Distances, affected: Uint32Array, pace: Pace): Uint32Array {
  const { offsets, targets } = linkCosts.links;
  return affected.filter((node) => {
    const end = offsets[node + 1] as number;
    pace.step(end - (offsets[node] as number), 1);
    for (let place = offsets[node] as number; place < end; place++) {
      const target = targets[place] as number;
      if (distances[target] === Infinity && linkCosts.of(place, node, target) < Infinity) return true;
    }
    return false;
  });
}
