/** Ancestors in a tree, in O(1). */

import type { Pace } from "../pace.ts";

/** For each vertex of a tree the interval of places, in a preorder, of itself and all below it. */
export interface TreeIntervals {
  /** Place of each vertex. */
  readonly enters: Int32Array;
  /** Number of vertices below each one, with itself: so many places from its own on. */
  readonly sizes: Uint32Array;
}

/** Intervals of a tree, or of several, in which parents have smaller numbers than their children; -1 is no parent. O(n). */
export function intervalsOf(parents: Int32Array, pace: Pace): TreeIntervals {
  const count = parents.length;
  const sizes = new Uint32Array(count).fill(1);
  for (let vertex = count - 1; vertex > 0; vertex--) {
    const parent = parents[vertex] as number;
    if (parent >= 0) sizes[parent] = (sizes[parent] as number) + (sizes[vertex] as number);
    pace.step(0, 1);
  }
  const enters = new Int32Array(count);
  // Where the next child of each vertex goes; at the end of the array, the next root.
  const next = new Int32Array(count + 1);
  for (let vertex = 0; vertex < count; vertex++) {
    const parent = parents[vertex] as number;
    const above = parent < 0 ? count : parent;
    const place = next[above] as number;
    enters[vertex] = place;
    next[above] = place + (sizes[vertex] as number);
    next[vertex] = place + 1;
    pace.step(0, 1);
  }
  return { enters, sizes };
}

/** Whether `lower` is `upper`, or below it. Hot. */
export function isWithin({ enters, sizes }: TreeIntervals, upper: number, lower: number): boolean {
  const distance = (enters[lower] as number) - (enters[upper] as number);
  return distance >= 0 && distance < (sizes[upper] as number);
}
