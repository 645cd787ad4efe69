/** Where a graph falls apart most easily. */

import { InvalidArgumentError } from "../../backend/errors.ts";
import type { Projection } from "../../projection/mod.ts";
import { type Algorithm, defineAlgorithm, filled, lookUp } from "../define.ts";
import { checkParams } from "../params.ts";
import { Pace } from "../pace.ts";
import { requireUndirected } from "../require.ts";
import { crossing } from "./crossing.ts";
import type { EdgeTable } from "./edge_table.ts";
import { KeyHeap } from "./key_heap.ts";
import { join, merged, type MergedGraph, wholeGraph } from "./merged_graph.ts";
import { capacitiesOf, CAPACITY, type CapacityParams, idsMarked } from "./terminals.ts";

/** Edges without which a graph is in two parts. */
export interface GlobalCut {
  /** Sum of the edges' capacities. */
  readonly value: number;
  /** The edges, from the smaller side to the other one, with their capacities. */
  readonly edges: EdgeTable;
  /** The side with fewer nodes; of equal ones that without the smallest node. Ascending. */
  readonly side: Float64Array<SharedArrayBuffer>;
  /** All other nodes, ascending. */
  readonly rest: Float64Array<SharedArrayBuffer>;
}

/**
 * The edges with the smallest sum of capacities without which the graph is in two parts; with `capacity: "one"` their number is
 * the edge connectivity of the graph. Of several such cuts it is always the same one, but which is not defined. A graph in several
 * parts is cut at no cost. Parallel edges add up, self-loops do not count. Capacities that are no integers may be off by
 * rounding. Progress counts links that were looked at; how many that will be is not known.
 *
 * Orders of maximum adjacency, after each of which all nodes are merged that no smaller cut separates: O(n m + n² log n), in
 * practice a few times O(m log n). Stoer, Wagner, A simple min-cut algorithm, 1997; Nagamochi, Ono, Ibaraki, Implementing an
 * efficient minimum capacity cut algorithm, 1994.
 *
 * @throws {InvalidArgumentError} for a directed projection, for fewer than two nodes, when a weight is negative, for bad parameters,
 * and for `capacity: "weight"` without weights
 *
 * @example
 * ```ts ignore
 * const bridge = projectEdges({ from: [1, 2, 3, 3, 4, 5], to: [2, 3, 1, 4, 5, 3], undirected: true });
 * console.log(globalMinCut(bridge).value); // 2
 * ```
 */
export const globalMinCut: Algorithm<CapacityParams, GlobalCut> = defineAlgorithm(
  import.meta.url,
  "globalMinCut",
  (projection, params: CapacityParams, context): GlobalCut => {
    const { capacity } = checkParams({ capacity: CAPACITY }, params, projection, "globalMinCut");
    requireUndirected(projection, "globalMinCut");
    if (projection.nodeCount < 2) throw tooSmall(projection);
    const capacities = capacitiesOf(projection, capacity, "globalMinCut");
    const pace = new Pace(context);
    const best = new BestCut(projection.nodeCount);
    let graph = wholeGraph(projection.out, capacities, pace);
    while (graph.offsets.length > 2 && best.value > 0) {
      best.offerNodes(graph);
      const parents = mergeable(graph, best, pace);
      if (parents === undefined) break;
      graph = merged(graph, parents, pace);
    }
    const marks = smallerMarked(best.isInside);
    const cut = crossing(projection, marks, capacities, pace);
    pace.end();
    return {
      ...cut,
      side: idsMarked(projection, marks, 1),
      rest: idsMarked(projection, marks, 0),
    };
  },
);

/** The smallest cut so far. */
class BestCut {
  /** Sum of its weights. */
  value = Infinity;
  /** Nodes of the first graph on one side. */
  readonly isInside: Uint8Array;

  constructor(nodeCount: number) {
    this.isInside = new Uint8Array(nodeCount);
  }

  /** Offers the cuts around each node. */
  offerNodes({ offsets, weights, nodeOf }: MergedGraph): void {
    let found = -1;
    let budget = 0;
    for (let node = 0; node < offsets.length - 1; node++) {
      let sum = 0;
      const end = offsets[node + 1] as number;
      budget -= 1 + end - (offsets[node] as number);
      if (budget <= 0) {
        lookUp();
        budget = 16_384;
      }
      for (let link = offsets[node] as number; link < end; link++) sum += weights[link] as number;
      if (sum >= this.value) continue;
      this.value = sum;
      found = node;
    }
    if (found < 0) return;
    lookUp();
    for (let node = 0; node < nodeOf.length; node++) this.isInside[node] = nodeOf[node] === found ? 1 : 0;
  }

  /** Takes the cut around the nodes before a place in an order. */
  keepPrefix({ nodeOf }: MergedGraph, places: Uint32Array, length: number): void {
    for (let node = 0; node < nodeOf.length; node++) {
      if ((node & 65_535) === 0) lookUp();
      this.isInside[node] = (places[nodeOf[node] as number] as number) < length ? 1 : 0;
    }
  }
}

/**
 * Goes from node to node, next to the one with the heaviest links to those before. Two nodes that are linked when one is reached
 * are not cut by less than the links of the other one to all nodes so far. Returns trees of nodes to be merged; undefined when
 * the graph is in several parts, which is the best cut then.
 */
function mergeable(graph: MergedGraph, best: BestCut, pace: Pace): Uint32Array | undefined {
  const { offsets, targets, weights } = graph;
  const nodeCount = offsets.length - 1;
  const parents = new Uint32Array(nodeCount);
  for (let node = 0; node < nodeCount; node++) parents[node] = node;
  // Place of each node in the order; those not reached yet come later.
  const places = filled(new Uint32Array(nodeCount), nodeCount);
  const heap = new KeyHeap(nodeCount);
  heap.set(0, 0);
  let cut = 0;
  let bestLength = 0;
  let last = 0;
  let beforeLast = 0;
  for (let length = 0; length < nodeCount; length++) {
    if (heap.size === 0) {
      best.value = 0;
      best.keepPrefix(graph, places, length);
      return undefined;
    }
    const node = heap.take();
    [beforeLast, last] = [last, node];
    places[node] = length;
    const end = offsets[node + 1] as number;
    for (let link = offsets[node] as number; link < end; link++) {
      const target = targets[link] as number;
      const weight = weights[link] as number;
      if ((places[target] as number) < length) {
        cut -= weight;
        continue;
      }
      if (weight === 0) continue;
      cut += weight;
      const key = heap.keyOf(target) + weight;
      heap.set(target, key);
      if (key >= best.value) join(parents, node, target);
    }
    if (cut < best.value && length < nodeCount - 1) {
      best.value = cut;
      bestLength = length + 1;
    }
    pace.step(4 + end - (offsets[node] as number), 4);
  }
  if (bestLength > 0) best.keepPrefix(graph, places, bestLength);
  // Even if it was missed by rounding: nothing smaller than the cut around the last node separates the last two.
  join(parents, beforeLast, last);
  return parents;
}

/** Marks the smaller side. */
function smallerMarked(isInside: Uint8Array): Uint8Array {
  let inside = 0;
  for (let node = 0; node < isInside.length; node++) inside += isInside[node] as number;
  const outside = isInside.length - inside;
  const isTurned = inside > outside || (inside === outside && isInside[0] === 1);
  return isTurned ? isInside.map((mark) => 1 - mark) : isInside;
}

function tooSmall({ nodeCount }: Projection): InvalidArgumentError {
  return new InvalidArgumentError(
    `globalMinCut: the projection has ${nodeCount} nodes, and a cut has some on either side; project more`,
    { code: "too-few-nodes", field: "projection", value: nodeCount },
  );
}
