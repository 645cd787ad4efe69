/** Nodes that no path to an exit can use. */

import type { Projection } from "../../projection/mod.ts";
import type { Pace } from "../pace.ts";
import { type FlowTree, flowTree } from "./flow_tree.ts";
import { intervalsOf, type TreeIntervals } from "./tree_intervals.ts";

/**
 * Marks the nodes that may be on a path from the root to an end. By `reachability`: those that the root reaches and that reach
 * an end. By `dominance`: of these, those without another node that dominates and also post-dominates them, which every path
 * would have to visit twice.
 */
export function usefulNodes(
  projection: Projection,
  root: number,
  isEnd: Uint8Array,
  how: "dominance" | "reachability" | "none",
  pace: Pace,
): Uint8Array {
  const { nodeCount } = projection;
  const useful = new Uint8Array(nodeCount).fill(1);
  if (how === "none") return useful;
  const ends: number[] = [];
  for (let node = 0; node < nodeCount; node++) if (isEnd[node] === 1) ends.push(node);
  const forward = flowTree(projection.out, projection.in, [root], pace);
  const backward = flowTree(projection.in, projection.out, ends, pace);
  for (let node = 0; node < nodeCount; node++) {
    const isBetween = (forward.numbers[node] as number) >= 0 && (backward.numbers[node] as number) >= 0;
    useful[node] = isBetween ? 1 : 0;
  }
  if (how === "dominance") markEnclosed(forward, backward, useful, pace);
  return useful;
}

/** Number of links from each node to the nearest end, -1 where there is no way. */
export function hopsToExits(projection: Projection, isEnd: Uint8Array, pace: Pace): Int32Array {
  const { nodeCount, in: { offsets, targets } } = projection;
  const hops = new Int32Array(nodeCount).fill(-1);
  const queue = new Uint32Array(nodeCount);
  let count = 0;
  for (let node = 0; node < nodeCount; node++) {
    if (isEnd[node] === 0) continue;
    hops[node] = 0;
    queue[count++] = node;
  }
  for (let next = 0; next < count; next++) {
    const node = queue[next] as number;
    const end = offsets[node + 1] as number;
    for (let at = offsets[node] as number; at < end; at++) {
      const source = targets[at] as number;
      if ((hops[source] as number) >= 0) continue;
      hops[source] = (hops[node] as number) + 1;
      queue[count++] = source;
    }
    pace.step(end - (offsets[node] as number), 1);
  }
  return hops;
}

/**
 * Takes the mark from nodes that have a common strict dominator and strict post-dominator. A walk through the dominator tree
 * keeps the subtrees of post-dominators of all nodes above in a Fenwick tree, which then tells how many of them a node is in.
 */
function markEnclosed(forward: FlowTree, backward: FlowTree, useful: Uint8Array, pace: Pace): void {
  const post = intervalsOf(backward.dominators, pace);
  const open = new IntervalCounter(backward.count);
  const walk = intervalsOf(forward.dominators, pace);
  const inOrder = new Int32Array(forward.count);
  for (let vertex = 0; vertex < forward.count; vertex++) inOrder[walk.enters[vertex] as number] = vertex;
  // The vertices above the current one in the dominator tree.
  const above = new Int32Array(forward.count);
  let depth = 0;
  for (let place = 0; place < forward.count; place++) {
    const vertex = inOrder[place] as number;
    while (depth > 0) {
      const top = above[depth - 1] as number;
      if (place < (walk.enters[top] as number) + (walk.sizes[top] as number)) break;
      depth--;
      count(open, post, backward.numbers[forward.order[top] as number] as number, -1);
    }
    const node = forward.order[vertex] as number;
    const other = backward.numbers[node] as number;
    if (other >= 0 && open.countAt(post.enters[other] as number) > 0) useful[node] = 0;
    count(open, post, other, 1);
    above[depth++] = vertex;
    pace.step(0, 32);
  }
}

function count(open: IntervalCounter, { enters, sizes }: TreeIntervals, vertex: number, change: 1 | -1): void {
  if (vertex < 0) return;
  const start = enters[vertex] as number;
  open.add(start, change);
  open.add(start + (sizes[vertex] as number), -change);
}

/** How many intervals a place is in. Fenwick: A New Data Structure for Cumulative Frequency Tables, 1994. */
class IntervalCounter {
  readonly #sums: Int32Array;

  constructor(places: number) {
    this.#sums = new Int32Array(places + 2);
  }

  /** From a place on, everything is in so many more. */
  add(place: number, change: number): void {
    const sums = this.#sums;
    for (let at = place + 1; at < sums.length; at += at & -at) sums[at] = (sums[at] as number) + change;
  }

  countAt(place: number): number {
    const sums = this.#sums;
    let sum = 0;
    for (let at = place + 1; at > 0; at -= at & -at) sum += sums[at] as number;
    return sum;
  }
}
