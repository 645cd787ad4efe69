/** Dominators of a flow graph, in flat arrays. */

import { copied, filled } from "../define.ts";
import type { Pace } from "../pace.ts";
import type { Rows } from "../structure/rows.ts";

/**
 * The nodes that can be reached from one or more roots, numbered in the preorder of a depth-first search, and the dominator of
 * each. Of one root, number 0 is the root itself. Of several ones, number 0 is a virtual root that leads to all of them.
 */
export interface FlowTree {
  /** Number of vertices, with a virtual root. */
  readonly count: number;
  /** Whether number 0 is no node. */
  readonly hasVirtualRoot: boolean;
  /** Number of each node by dense index; -1 for those that cannot be reached. */
  readonly numbers: Int32Array;
  /** Dense index of the node with each number; -1 for a virtual root. */
  readonly order: Int32Array;
  /** Number of each vertex's parent in the depth-first tree, by number; -1 for the root. */
  readonly parents: Int32Array;
  /** Number of each vertex's immediate dominator, by number; -1 for the root. */
  readonly dominators: Int32Array;
}

/**
 * Semi-NCA (Georgiadis: Linear-Time Algorithms for Dominators and Related Problems, 2005): semidominators with path compression,
 * then for each vertex the nearest ancestor of its parent that is not below its semidominator. O(m log n) for the first step;
 * the second is linear on real programs, O(n²) at worst.
 *
 * @param links the links to follow, `back` the same ones turned round
 */
export function flowTree(links: Rows, back: Rows, roots: readonly number[], pace: Pace): FlowTree {
  const hasVirtualRoot = roots.length !== 1;
  const tree = searchDepthFirst(links, roots, hasVirtualRoot, pace);
  const { count, numbers, order, parents } = tree;
  // First the semidominators, by number.
  const dominators = copied(parents, new Int32Array(parents.length));
  if (hasVirtualRoot) { for (const root of roots) dominators[numbers[root] as number] = 0; }
  const semi = new SemiDominators(parents, pace);
  for (let vertex = count - 1; vertex > 0; vertex--) {
    const node = order[vertex] as number;
    const end = back.offsets[node + 1] as number;
    const start = back.offsets[node] as number;
    let least = dominators[vertex] as number;
    for (let at = start; at < end; at++) {
      let before = numbers[back.targets[at] as number] as number;
      if (before < 0) continue;
      if (before > vertex) before = semi.leastAbove(before, vertex);
      if (before < least) least = before;
    }
    dominators[vertex] = least;
    semi.link(vertex, least);
    pace.step(end - start, 1);
  }
  for (let vertex = 1; vertex < count; vertex++) {
    const bound = dominators[vertex] as number;
    let dominator = parents[vertex] as number;
    let climbed = 1;
    while (dominator > bound) {
      dominator = dominators[dominator] as number;
      climbed++;
    }
    dominators[vertex] = dominator;
    pace.step(0, climbed);
  }
  return { ...tree, hasVirtualRoot, dominators };
}

/** A forest of vertices that were linked to their parents, in descending numbers. */
class SemiDominators {
  /** An ancestor of each vertex, nearer to the root than its parent once paths were compressed. */
  readonly #ancestors: Int32Array;
  /** Smallest semidominator from each vertex up to, and without, that ancestor. */
  readonly #least: Int32Array;
  readonly #path: Int32Array;
  readonly #pace: Pace;

  constructor(parents: Int32Array, pace: Pace) {
    this.#ancestors = copied(parents, new Int32Array(parents.length));
    this.#least = new Int32Array(parents.length);
    this.#path = new Int32Array(parents.length);
    this.#pace = pace;
  }

  link(vertex: number, semidominator: number): void {
    this.#least[vertex] = semidominator;
  }

  /** The smallest semidominator of a vertex and its ancestors with numbers above `limit`. Hot. */
  leastAbove(vertex: number, limit: number): number {
    const ancestors = this.#ancestors;
    const least = this.#least;
    if ((ancestors[vertex] as number) <= limit) return least[vertex] as number;
    const path = this.#path;
    let depth = 0;
    let top = vertex;
    while ((ancestors[top] as number) > limit) {
      path[depth++] = top;
      top = ancestors[top] as number;
    }
    this.#pace.step(0, depth);
    const ancestor = ancestors[top] as number;
    let smallest = least[top] as number;
    while (depth > 0) {
      const below = path[--depth] as number;
      if ((least[below] as number) > smallest) least[below] = smallest;
      else smallest = least[below] as number;
      ancestors[below] = ancestor;
    }
    return smallest;
  }
}

function searchDepthFirst(
  { offsets, targets }: Rows,
  roots: readonly number[],
  hasVirtualRoot: boolean,
  pace: Pace,
): Pick<FlowTree, "count" | "numbers" | "order" | "parents"> {
  const nodeCount = offsets.length - 1;
  const numbers = filled(new Int32Array(nodeCount), -1);
  const order = new Int32Array(nodeCount + 1);
  const parents = new Int32Array(nodeCount + 1);
  // Next link of each vertex that lies on the path from the root.
  const cursors = new Uint32Array(nodeCount + 1);
  let count = 0;
  let top = -1;
  if (hasVirtualRoot) {
    order[0] = parents[0] = -1;
    count = 1;
    top = 0;
  }
  for (const root of roots) {
    if ((numbers[root] as number) >= 0) continue;
    let vertex = count++;
    numbers[root] = vertex;
    order[vertex] = root;
    parents[vertex] = top;
    let at = offsets[root] as number;
    let end = offsets[root + 1] as number;
    while (vertex !== top) {
      const start = at;
      while (at < end && (numbers[targets[at] as number] as number) >= 0) at++;
      pace.step(Math.min(at + 1, end) - start, 1);
      if (at < end) {
        const node = targets[at] as number;
        cursors[vertex] = at + 1;
        numbers[node] = count;
        order[count] = node;
        parents[count] = vertex;
        vertex = count++;
        at = offsets[node] as number;
        end = offsets[node + 1] as number;
      } else {
        vertex = parents[vertex] as number;
        if (vertex === top) break;
        at = cursors[vertex] as number;
        end = offsets[(order[vertex] as number) + 1] as number;
      }
    }
  }
  return { count, numbers, order: order.subarray(0, count), parents: parents.subarray(0, count) };
}
