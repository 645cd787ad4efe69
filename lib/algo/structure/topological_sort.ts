/** Orders of nodes that follow edges, and the cycles that rule them out. */

import type { NodeId } from "../../backend/schema.ts";
import type { Projection } from "../../projection/mod.ts";
import { type Algorithm, defineAlgorithm, lookUp, type TaskContext, touched } from "../define.ts";
import { checkParams } from "../params.ts";
import { defineForOneThread } from "../one_thread.ts";
import { requireDirected } from "../require.ts";
import { IndexSet } from "./index_set.ts";
import type { Rows } from "./rows.ts";
import { weakLabels } from "./weak_components.ts";

/** An order of the nodes, or why there is none. */
export type TopologicalSort = {
  /** Whether there is an order. */
  readonly isAcyclic: true;
  /** All nodes: each edge leads from an earlier one to a later one. */
  readonly order: Float64Array<SharedArrayBuffer>;
  /** There is none. */
  readonly cycle: undefined;
} | {
  /** Whether there is an order. */
  readonly isAcyclic: false;
  /** There is none. */
  readonly order: undefined;
  /** The nodes of a cycle, each once, from the smallest id on; an edge leads from each to the next, and from the last to the first. */
  readonly cycle: readonly NodeId[];
};

/**
 * Puts the nodes in an order in which each edge leads from an earlier node to a later one; where several could be next, the one
 * with the smallest id is. When the graph has a cycle there is no order, and one cycle is returned: a self-loop is a cycle of one
 * node. Parallel edges change nothing. Progress counts nodes.
 *
 * O(n log n + m) where the logarithm is to the base 32. Kahn, Topological sorting of large networks, 1962.
 *
 * @throws {InvalidArgumentError} for an undirected projection, and for parameters: there are none
 *
 * @example
 * ```ts ignore
 * const { order, cycle } = topologicalSort(projectEdges({ from: [3, 3], to: [1, 2] }));
 * console.log(order, cycle); // Float64Array [3, 1, 2], undefined
 * ```
 */
export const topologicalSort: Algorithm<Record<never, never>, TopologicalSort> = defineForOneThread(
  import.meta.url,
  "topologicalSort",
  (projection, params: Record<never, never>, context): TopologicalSort => {
    checkParams({}, params, projection, "topologicalSort");
    requireDirected(projection, "topologicalSort");
    const { nodeCount, nodeIds } = projection;
    const indexes = smallestOrder(projection.out, context);
    if (indexes.length < nodeCount) {
      return { isAcyclic: false, order: undefined, cycle: findCycleOutside(projection, indexes) };
    }
    const order = new Float64Array(new SharedArrayBuffer(8 * nodeCount));
    for (let at = 0; at < nodeCount; at++) {
      if ((at & 65_535) === 0) lookUp();
      order[at] = nodeIds[indexes[at] as number] as number;
    }
    return { isAcyclic: true, order, cycle: undefined };
  },
);

/**
 * Whether there is a cycle. In a directed projection a cycle follows edges; in an undirected one it uses no edge twice, so that
 * two parallel edges are one. A self-loop is a cycle. Progress counts nodes.
 *
 * O(n + m). Directed: Kahn 1962; undirected: a graph without cycles has n - c edges, with c its number of components.
 *
 * @throws {InvalidArgumentError} for parameters: there are none
 */
export const hasCycle: Algorithm<Record<never, never>, boolean> = defineAlgorithm(
  import.meta.url,
  "hasCycle",
  (projection, params: Record<never, never>, context) => {
    checkParams({}, params, projection, "hasCycle");
    const { nodeCount } = projection;
    // What the other threads return is not read.
    if (!projection.isUndirected) return context.worker === 0 && anyOrder(projection.out, context).length < nodeCount;
    const labels = weakLabels(projection, context);
    let components = 0;
    for (let node = 0; node < nodeCount; node++) if (labels[node] === node) components++;
    return projection.edgeCount > nodeCount - components;
  },
);

/** Nodes by dense index in topological order, the smallest first where there is a choice; fewer than all if there is a cycle. */
export function smallestOrder({ offsets, targets }: Rows, context: TaskContext): Uint32Array {
  const nodeCount = offsets.length - 1;
  const missing = countEntering(nodeCount, targets, context);
  const ready = new IndexSet(nodeCount);
  lookUp();
  for (let node = 0; node < nodeCount; node++) if (missing[node] === 0) ready.add(node);
  lookUp();
  const order = new Uint32Array(nodeCount);
  let length = 0;
  let told = 0;
  let budget = 16_384;
  context.total(nodeCount);
  for (let node = ready.takeSmallest(); node >= 0; node = ready.takeSmallest()) {
    order[length++] = node;
    const start = offsets[node] as number;
    const end = offsets[node + 1] as number;
    for (let at = start; at < end; at++) {
      const target = targets[at] as number;
      const left = (missing[target] as number) - 1;
      missing[target] = left;
      if (left === 0) ready.add(target);
    }
    budget -= 4 + end - start;
    if (budget > 0) continue;
    context.throwIfAborted();
    context.progress(length - told);
    told = length;
    budget = 16_384;
  }
  context.progress(length - told);
  return order.subarray(0, length);
}

/** Nodes by dense index in some topological order; fewer than all if there is a cycle. */
export function anyOrder({ offsets, targets }: Rows, context: TaskContext): Uint32Array {
  const nodeCount = offsets.length - 1;
  const missing = countEntering(nodeCount, targets, context);
  const order = new Uint32Array(nodeCount);
  let length = 0;
  for (let node = 0; node < nodeCount; node++) if (missing[node] === 0) order[length++] = node;
  let told = 0;
  let budget = 16_384;
  context.total(nodeCount);
  for (let next = 0; next < length; next++) {
    const node = order[next] as number;
    const start = offsets[node] as number;
    const end = offsets[node + 1] as number;
    for (let at = start; at < end; at++) {
      const target = targets[at] as number;
      const left = (missing[target] as number) - 1;
      missing[target] = left;
      if (left === 0) order[length++] = target;
    }
    budget -= 1 + end - start;
    if (budget > 0) continue;
    context.throwIfAborted();
    context.progress(next - told);
    told = next;
    budget = 16_384;
  }
  context.progress(length - told);
  return order.subarray(0, length);
}

/** Links that enter each node. */
function countEntering(nodeCount: number, targets: Uint32Array, context: TaskContext): Uint32Array {
  const entering = touched(new Uint32Array(nodeCount));
  for (let start = 0; start < targets.length; start += 131_072) {
    context.throwIfAborted();
    const end = Math.min(start + 131_072, targets.length);
    for (let at = start; at < end; at++) {
      const target = targets[at] as number;
      entering[target] = (entering[target] as number) + 1;
    }
  }
  return entering;
}

/** A cycle among the nodes that are in no order. */
export function findCycleOutside(
  { out: { offsets, targets }, nodeCount, nodeIds }: Projection,
  order: Uint32Array,
): NodeId[] {
  const isOrdered = new Uint8Array(nodeCount);
  for (let at = 0; at < order.length; at++) isOrdered[order[at] as number] = 1;
  // Each of the other nodes is entered from another one of them: going back must come round.
  const before = new Int32Array(nodeCount).fill(-1);
  let node = -1;
  for (let source = 0; source < nodeCount; source++) {
    if (isOrdered[source] === 1) continue;
    if (node < 0) node = source;
    const end = offsets[source + 1] as number;
    for (let at = offsets[source] as number; at < end; at++) {
      const target = targets[at] as number;
      if (before[target] === -1) before[target] = source;
    }
  }
  const isSeen = isOrdered;
  while (isSeen[node] === 0) {
    isSeen[node] = 1;
    node = before[node] as number;
  }
  const ring: number[] = [];
  const last = node;
  do {
    ring.push(node);
    node = before[node] as number;
  } while (node !== last);
  ring.reverse();
  let smallest = 0;
  for (let at = 1; at < ring.length; at++) if ((ring[at] as number) < (ring[smallest] as number)) smallest = at;
  const cycle: NodeId[] = [];
  for (let at = 0; at < ring.length; at++) {
    cycle.push(nodeIds[ring[(smallest + at) % ring.length] as number] as number);
  }
  return cycle;
}
