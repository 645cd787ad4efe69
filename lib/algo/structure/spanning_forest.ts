/** The cheapest edges that connect what is connected. */

import type { Projection } from "../../projection/mod.ts";
import { type Algorithm, filled, lookUp, type TaskContext, touched } from "../define.ts";
import { checkParams, type ParamSpecs } from "../params.ts";
import { defineForOneThread } from "../one_thread.ts";
import { requireUndirected } from "../require.ts";
import { type EdgeList, sharedNumbers } from "./edge_list.ts";

/** Parameters of `spanningForest`. */
export interface SpanningForestParams {
  /** True: the edges with the largest weights in place of the smallest. Default false. */
  readonly maximum?: boolean | undefined;
}

/** What `spanningForest` takes. */
export const SPANNING_FOREST_PARAMS: ParamSpecs<SpanningForestParams> = {
  maximum: { kind: "flag", doc: "whether to take the edges with the largest weights", default: false },
};

/** The edges of a spanning forest. */
export interface SpanningForest extends EdgeList {
  /** Weight of each edge; 1 without weights. Must not be changed. */
  readonly weights: Float64Array<SharedArrayBuffer>;
  /** Id of each edge, when the projection knows its edges. Must not be changed. */
  readonly edgeIds: Float64Array<SharedArrayBuffer> | undefined;
  /** Sum of the weights, added in the order of the edges. */
  readonly totalWeight: number;
  /** Number of trees: the connected components, isolated nodes among them. */
  readonly treeCount: number;
}

/**
 * A minimum spanning forest of an undirected graph: in each connected component the tree of all its nodes whose weights have the
 * smallest sum. Without weights each edge weighs 1. Of equal weights the edge with the smaller ends counts as lighter (the smaller
 * end first, then the other one, then the edge id): so there is one answer. Weights may be negative. Self-loops are never in it, of
 * parallel edges at most one is. By ascending `from`, then `to`, where `from` is the smaller one. Progress counts edges of the forest.
 *
 * O(m log n), some words for each node. Borůvka 1926.
 *
 * @throws {InvalidArgumentError} for a directed projection, and for bad parameters
 *
 * @example
 * ```ts ignore
 * const tree = spanningForest(projectEdges({ from: [1, 2, 3], to: [2, 3, 1], weights: [1, 5, 2], undirected: true }));
 * console.log(tree.from, tree.to, tree.totalWeight); // [1, 1] [2, 3] 3
 * ```
 */
export const spanningForest: Algorithm<SpanningForestParams, SpanningForest> = defineForOneThread(
  import.meta.url,
  "spanningForest",
  (projection, params: SpanningForestParams, context) => {
    const { maximum } = checkParams(SPANNING_FOREST_PARAMS, params, projection, "spanningForest");
    requireUndirected(projection, "spanningForest");
    const links = forestLinks(projection, maximum ? -1 : 1, context);
    return forestOf(projection, links);
  },
);

/** Places of the links of the forest, from the smaller ends, ascending. */
function forestLinks(projection: Projection, sign: 1 | -1, context: TaskContext): Uint32Array {
  const { nodeCount, out: { offsets, targets, weights } } = projection;
  const treeOf = touched(new Uint32Array(nodeCount));
  for (let node = 0; node < nodeCount; node++) treeOf[node] = node;
  // Nodes that may have links out of their trees.
  lookUp();
  const active = treeOf.slice();
  let activeCount = nodeCount;
  // The lightest link out of each tree, by its first node, and the node that it leaves; a link is none when that one is -1.
  const bestLink = touched(new Uint32Array(nodeCount));
  const bestFrom = new Int32Array(nodeCount);
  // A bit for each link that is in the forest.
  const chosen = touched(new Uint32Array((targets.length + 31) >>> 5));
  let count = 0;
  context.total(Math.max(0, nodeCount - 1));
  for (let before = -1; before < count;) {
    before = count;
    filled(bestFrom, -1);
    let kept = 0;
    let budget = 16_384;
    for (let index = 0; index < activeCount; index++) {
      const node = active[index] as number;
      const tree = treeOf[node] as number;
      const end = offsets[node + 1] as number;
      let isActive = false;
      let from = bestFrom[tree] as number;
      let best = bestLink[tree] as number;
      let lightest = from === -1 ? Infinity : weights === undefined ? 1 : sign * (weights[best] as number);
      // Hot.
      for (let at = offsets[node] as number; at < end; at++) {
        const target = targets[at] as number;
        if (treeOf[target] === tree) continue;
        isActive = true;
        const weight = weights === undefined ? 1 : sign * (weights[at] as number);
        if (weight > lightest) continue;
        if (weight === lightest && from !== -1 && !hasSmallerEnds(node, target, from, targets[best] as number)) {
          continue;
        }
        lightest = weight;
        from = node;
        best = at;
      }
      bestFrom[tree] = from;
      bestLink[tree] = best;
      if (isActive) active[kept++] = node;
      budget -= 1 + end - (offsets[node] as number);
      if (budget > 0) continue;
      context.throwIfAborted();
      budget = 16_384;
    }
    activeCount = kept;
    for (let tree = 0; tree < nodeCount; tree++) {
      if ((tree & 65_535) === 0) context.throwIfAborted();
      const from = bestFrom[tree] as number;
      if (from === -1) continue;
      const link = bestLink[tree] as number;
      const to = targets[link] as number;
      // Two trees may have chosen the same edge.
      if (!join(treeOf, from, to)) continue;
      const place = from < to ? link : twinOf(offsets, targets, from, to, link);
      chosen[place >>> 5] = (chosen[place >>> 5] as number) | 1 << (place & 31);
      count++;
    }
    for (let node = 0; node < nodeCount; node++) {
      if ((node & 65_535) === 0) context.throwIfAborted();
      treeOf[node] = rootOf(treeOf, node);
    }
    context.progress(count - before);
  }
  return placesOf(chosen, count);
}

/** The places of bits that are set, ascending. */
function placesOf(bits: Uint32Array, count: number): Uint32Array {
  const places = new Uint32Array(count);
  let length = 0;
  for (let word = 0; word < bits.length; word++) {
    if ((word & 16_383) === 0) lookUp();
    for (let left = bits[word] as number; left !== 0; left &= left - 1) {
      places[length++] = word * 32 + 31 - Math.clz32(left & -left);
    }
  }
  return places;
}

/** Whether an edge comes before another one with the same weight. */
function hasSmallerEnds(a: number, b: number, otherA: number, otherB: number): boolean {
  const low = a < b ? a : b;
  const otherLow = otherA < otherB ? otherA : otherB;
  if (low !== otherLow) return low < otherLow;
  return (a < b ? b : a) < (otherA < otherB ? otherB : otherA);
}

function rootOf(treeOf: Uint32Array, node: number): number {
  let tree = node;
  for (let above = treeOf[tree] as number; above !== tree; above = treeOf[tree] as number) {
    treeOf[tree] = treeOf[above] as number;
    tree = above;
  }
  return tree;
}

/** Makes two trees one, whose root is the smaller of theirs; false when they are one already. */
function join(treeOf: Uint32Array, a: number, b: number): boolean {
  const first = rootOf(treeOf, a);
  const second = rootOf(treeOf, b);
  if (first === second) return false;
  if (first < second) treeOf[second] = first;
  else treeOf[first] = second;
  return true;
}

/** The link of the same edge from its other end: parallel links are in the same order at both. */
function twinOf(offsets: Uint32Array, targets: Uint32Array, from: number, to: number, link: number): number {
  let first = link;
  while (first > (offsets[from] as number) && targets[first - 1] === to) first--;
  let low = offsets[to] as number;
  let high = offsets[to + 1] as number;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((targets[middle] as number) < from) low = middle + 1;
    else high = middle;
  }
  return low + link - first;
}

function forestOf({ nodeCount, nodeIds, out }: Projection, links: Uint32Array): SpanningForest {
  const { offsets, targets } = out;
  const count = links.length;
  const forest = {
    count,
    from: sharedNumbers(count),
    to: sharedNumbers(count),
    weights: sharedNumbers(count),
    edgeIds: out.edgeIds === undefined ? undefined : sharedNumbers(count),
  };
  let totalWeight = 0;
  let node = 0;
  for (let edge = 0; edge < count; edge++) {
    if ((edge & 16_383) === 0) lookUp();
    const link = links[edge] as number;
    while ((offsets[node + 1] as number) <= link) node++;
    const weight = out.weights === undefined ? 1 : out.weights[link] as number;
    forest.from[edge] = nodeIds[node] as number;
    forest.to[edge] = nodeIds[targets[link] as number] as number;
    forest.weights[edge] = weight;
    if (forest.edgeIds !== undefined) forest.edgeIds[edge] = out.edgeIds?.[link] as number;
    totalWeight += weight;
  }
  return { ...forest, totalWeight, treeCount: nodeCount - count };
}
