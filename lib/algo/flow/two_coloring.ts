/** Colours nodes with two colours, so that no edge joins two of one colour. */

import type { Rows } from "../structure/rows.ts";
import type { Pace } from "../pace.ts";

/** Two colours for all nodes, or why there are none. */
export interface TwoColoring {
  /** 0 or 1 for each node; the first node of each component has 0. */
  readonly colors: Uint8Array;
  /** The nodes of a cycle of odd length, by dense index; undefined when colours were found. */
  readonly oddCycle: readonly number[] | undefined;
}

/** Not coloured yet. */
const NONE = 2;

/** Colours nodes by breadth-first searches. O(n + m). */
export function twoColoring({ offsets, targets }: Rows, pace: Pace): TwoColoring {
  const nodeCount = offsets.length - 1;
  const colors = new Uint8Array(nodeCount).fill(NONE);
  const parents = new Uint32Array(nodeCount);
  const queue = new Uint32Array(nodeCount);
  let last = 0;
  let first = 0;
  for (let root = 0; root < nodeCount; root++) {
    if (colors[root] !== NONE) continue;
    colors[root] = 0;
    parents[root] = root;
    queue[last++] = root;
    while (first < last) {
      const node = queue[first++] as number;
      const color = colors[node] as number;
      const end = offsets[node + 1] as number;
      for (let link = offsets[node] as number; link < end; link++) {
        const target = targets[link] as number;
        const other = colors[target] as number;
        if (other === color) return { colors, oddCycle: cycleOf(parents, node, target) };
        if (other !== NONE) continue;
        colors[target] = 1 - color;
        parents[target] = node;
        queue[last++] = target;
      }
      pace.step(1 + end - (offsets[node] as number));
    }
  }
  return { colors, oddCycle: undefined };
}

/** The cycle of an edge between two nodes that are equally far from the root of their tree. */
function cycleOf(parents: Uint32Array, one: number, other: number): number[] {
  const here = [one];
  const there: number[] = [];
  for (let [left, right] = [one, other]; left !== right;) {
    there.push(right);
    [left, right] = [parents[left] as number, parents[right] as number];
    here.push(left);
  }
  return [...here, ...there.reverse()];
}
