/** Components of nodes that edges connect, whatever their direction. */

import type { Projection } from "../../projection/mod.ts";
import { type Algorithm, defineAlgorithm, NodeGroups, ParallelRange, type TaskContext } from "../define.ts";
import { checkParams } from "../params.ts";
import { Random } from "../random.ts";

/** Nodes that are asked for their component to guess the largest one. */
const SAMPLED_NODES = 1024;

/**
 * Weakly connected components: two nodes are in one when a path connects them that may follow edges in either direction. In an
 * undirected projection these are its connected components. A node without edges is a component. Parallel edges and self-loops
 * change nothing.
 *
 * The groups are numbered from the largest on, equal ones from that with the smallest node id on. Threads share one run.
 * Progress counts nodes, three times each.
 *
 * O(n + m α(n)), in practice less than m for undirected projections: links inside a component that is known already are not
 * read. Afforest: Sutton, Ben-Nun, Barak, Optimizing Parallel Graph Connectivity Computation via Subgraph Sampling, 2018.
 *
 * @throws {InvalidArgumentError} for parameters: there are none
 *
 * @example
 * ```ts ignore
 * const components = weakComponents(projectEdges({ from: [1, 3], to: [2, 4], nodeIds: [1, 2, 3, 4, 5] }));
 * console.log(components.count, components.nodeIdsOf(0)); // 3 [1, 2]
 * ```
 */
export const weakComponents: Algorithm<Record<never, never>, NodeGroups> = defineAlgorithm(
  import.meta.url,
  "weakComponents",
  (projection, params: Record<never, never>, context) => {
    checkParams({}, params, projection, "weakComponents");
    const labels = weakLabels(projection, context);
    // What the other threads return is not read.
    return context.worker === 0 ? NodeGroups.of(projection, labels) : undefined as unknown as NodeGroups;
  },
);

/** Dense index of the first node of each node's component. For all threads of a run together. */
export function weakLabels(projection: Projection, context: TaskContext): Int32Array<SharedArrayBuffer> {
  const { nodeCount, isUndirected } = projection;
  const parents = new Int32Array(context.sharedBuffer(4 * nodeCount));
  const nodes = new ParallelRange(context, nodeCount);
  const isAlone = context.workers === 1;
  context.total(3 * nodeCount);
  while (nodes.next()) {
    for (let node = nodes.start; node < nodes.end; node++) parents[node] = node;
    context.progress(nodes.end - nodes.start);
  }
  // Of a directed projection, a link out of the largest component is known to its source only: none may be skipped.
  let largest = -1;
  if (isUndirected) {
    while (nodes.next()) joinSampled(projection, parents, nodes.start, nodes.end, isAlone);
    while (nodes.next()) flatten(parents, nodes.start, nodes.end);
    largest = likelyLargest(parents);
    // All threads have guessed before anything changes.
    context.barrier();
  }
  while (nodes.next()) {
    joinRest(projection, parents, largest, nodes.start, nodes.end, context);
    context.progress(nodes.end - nodes.start);
  }
  while (nodes.next()) {
    flatten(parents, nodes.start, nodes.end);
    context.progress(nodes.end - nodes.start);
  }
  return parents;
}

/** Follows the first two links of each node, as far as that is quick: those that it leaves out are followed in the end. Hot. */
function joinSampled(
  { out: { offsets, targets } }: Projection,
  parents: Int32Array,
  start: number,
  end: number,
  isAlone: boolean,
): void {
  for (let node = start; node < end; node++) {
    const at = offsets[node] as number;
    const length = (offsets[node + 1] as number) - at;
    if (length === 0) continue;
    const first = targets[at] as number;
    // A smaller node may hang on to another one already: what matters is that it is smaller.
    if (first < node && !hook(parents, node, first, isAlone)) join(parents, node, first, isAlone);
    if (length > 1) join(parents, node, targets[at + 1] as number, isAlone);
  }
}

/** Follows all links of the nodes outside the largest component: these are few. Hot. */
function joinRest(
  { out: { offsets, targets } }: Projection,
  parents: Int32Array,
  largest: number,
  start: number,
  end: number,
  context: TaskContext,
): void {
  const isAlone = context.workers === 1;
  let budget = 16_384;
  for (let node = start; node < end; node++) {
    if (parents[node] === largest) continue;
    const first = offsets[node] as number;
    const last = offsets[node + 1] as number;
    for (let at = first; at < last; at++) join(parents, node, targets[at] as number, isAlone);
    budget -= last - first;
    if (budget > 0) continue;
    context.throwIfAborted();
    budget = 16_384;
  }
}

/**
 * Hooks the root of one tree below a node of the other one, always the larger index below the smaller: so no ring can come up,
 * and the root of a component is its first node in the end. Other threads do the same meanwhile.
 */
function join(parents: Int32Array, a: number, b: number, isAlone: boolean): void {
  let first = parents[a] as number;
  let second = parents[b] as number;
  while (first !== second) {
    const high = first > second ? first : second;
    const low = first > second ? second : first;
    const parent = parents[high] as number;
    if (parent === low) return;
    if (parent === high && hook(parents, high, low, isAlone)) return;
    first = parents[parents[high] as number] as number;
    second = parents[low] as number;
  }
}

/** Hangs a root below a smaller node; false when it is no root. An atomic operation costs much on Deno: alone, none is needed. */
function hook(parents: Int32Array, root: number, below: number, isAlone: boolean): boolean {
  if (!isAlone) return Atomics.compareExchange(parents, root, root, below) === root;
  if (parents[root] !== root) return false;
  parents[root] = below;
  return true;
}

/** Points nodes at their roots. Hot. */
function flatten(parents: Int32Array, start: number, end: number): void {
  for (let node = start; node < end; node++) {
    let parent = parents[node] as number;
    let above = parents[parent] as number;
    while (parent !== above) {
      parent = above;
      above = parents[parent] as number;
    }
    parents[node] = parent;
  }
}

/** The root that most of some nodes have. A bad guess costs time only. */
function likelyLargest(parents: Int32Array): number {
  if (parents.length === 0) return -1;
  const random = new Random(parents.length);
  const roots = new Int32Array(SAMPLED_NODES);
  for (let at = 0; at < SAMPLED_NODES; at++) roots[at] = parents[random.below(parents.length)] as number;
  roots.sort();
  let best = -1;
  let bestCount = 0;
  for (let start = 0; start < SAMPLED_NODES;) {
    let end = start + 1;
    while (end < SAMPLED_NODES && roots[end] === roots[start]) end++;
    if (end - start > bestCount) {
      best = roots[start] as number;
      bestCount = end - start;
    }
    start = end;
  }
  return best;
}
