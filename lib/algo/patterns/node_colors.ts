/** Colors of nodes that say what the graph around them looks like. */

import type { Projection } from "../../projection/mod.ts";
import { lookUp, touched } from "../define.ts";
import type { Pace } from "../pace.ts";

/** A color of 64 bits for each node, in two halves. */
export interface NodeColors {
  /** One half. */
  readonly first: Int32Array;
  /** The other half. */
  readonly second: Int32Array;
}

/** Colors that are all alike. */
export function plainColors(nodeCount: number): NodeColors {
  return { first: new Int32Array(nodeCount), second: new Int32Array(nodeCount) };
}

/** A copy of colors. */
export function copyColors({ first, second }: NodeColors): NodeColors {
  return { first: first.slice(), second: second.slice() };
}

/**
 * Colors each node by its own color and those of its neighbors: a step of color refinement (Weisfeiler, Leman 1968), where sums of
 * hashes stand for sorted lists of colors. Nodes with equal surroundings get equal colors; that others do has a chance of 2^-53
 * for each pair. Edges of either direction, parallel ones and self-loops are told apart. O(n + m). Hot.
 */
export function refineColors(projection: Projection, { first, second }: NodeColors, pace: Pace): NodeColors {
  const { nodeCount, isUndirected } = projection;
  const next = plainColors(nodeCount);
  const sides = isUndirected ? [projection.out] : [projection.out, projection.in];
  for (let side = 0; side < sides.length; side++) {
    const { offsets, targets } = sides[side] as Projection["out"];
    const seed = side === 0 ? 0x9e37_79b9 : 0x3c6e_f372;
    for (let node = 0; node < nodeCount; node++) {
      const start = offsets[node] as number;
      const end = offsets[node + 1] as number;
      let one = next.first[node] as number;
      let other = next.second[node] as number;
      for (let at = start; at < end; at++) {
        const target = targets[at] as number;
        const salt = target === node ? seed ^ 0x517c_c1b7 : seed;
        const low = first[target] as number;
        const high = second[target] as number;
        one = (one + mix(low ^ Math.imul(high, 0x27d4_eb2f), salt)) | 0;
        other = (other + mix(high ^ Math.imul(low, 0x1656_67b1), ~salt)) | 0;
      }
      next.first[node] = one;
      next.second[node] = other;
      pace.step(end - start, 1);
    }
  }
  for (let node = 0; node < nodeCount; node++) {
    if ((node & 65_535) === 0) lookUp();
    const low = first[node] as number;
    const high = second[node] as number;
    next.first[node] = mix((next.first[node] as number) + Math.imul(low, 0x2c1b_3c6d) | 0, high);
    next.second[node] = mix((next.second[node] as number) + Math.imul(high, 0x297a_2d39) | 0, low);
  }
  return next;
}

/** Gives a node a color that no other one has. */
export function markColor({ first, second }: NodeColors, node: number): void {
  first[node] = mix(first[node] as number, 0x6a09_e667);
  second[node] = mix(second[node] as number, 0x3b67_ae85);
}

/** Nodes in the order of their colors. */
export interface SortedColors {
  /** Dense indexes: those of one color are next to each other, ascending. */
  readonly order: Uint32Array;
  /** Color of each of them, as a number of 53 bits: ascending. */
  readonly keys: Float64Array;
}

/** Bits that are dropped of a color, to make a number of it. */
const DROPPED_BITS = 11;

/** Sorts nodes by color, by counting 16 bits at a time. O(n). */
export function sortColors({ first, second }: NodeColors, pace: Pace): SortedColors {
  const nodeCount = first.length;
  let order: Uint32Array = new Uint32Array(nodeCount);
  let spare: Uint32Array = touched(new Uint32Array(nodeCount));
  for (let node = 0; node < nodeCount; node++) order[node] = node;
  const starts = new Uint32Array(0x1_0000 + 1);
  for (const [half, shift] of [[second, DROPPED_BITS], [second, 16], [first, 0], [first, 16]] as const) {
    sortByBits(order, spare, half, shift, starts);
    pace.step(0, nodeCount);
    [order, spare] = [spare, order];
  }
  const keys = new Float64Array(nodeCount);
  for (let at = 0; at < nodeCount; at++) {
    if ((at & 65_535) === 0) lookUp();
    const node = order[at] as number;
    keys[at] = ((first[node] as number) >>> 0) * 0x20_0000 + ((second[node] as number) >>> DROPPED_BITS);
  }
  pace.step(0, nodeCount);
  return { order, keys };
}

/** Sorts by 16 bits; what is equal stays in its order. Hot. */
function sortByBits(order: Uint32Array, into: Uint32Array, half: Int32Array, shift: number, starts: Uint32Array): void {
  starts.fill(0);
  for (let at = 0; at < order.length; at++) {
    if ((at & 65_535) === 0) lookUp();
    const bits = ((half[order[at] as number] as number) >>> shift & 0xffff) + 1;
    starts[bits] = (starts[bits] as number) + 1;
  }
  for (let bits = 0; bits < 0xffff; bits++) starts[bits + 1] = (starts[bits + 1] as number) + (starts[bits] as number);
  for (let at = 0; at < order.length; at++) {
    if ((at & 65_535) === 0) lookUp();
    const node = order[at] as number;
    const bits = (half[node] as number) >>> shift & 0xffff;
    const place = starts[bits] as number;
    into[place] = node;
    starts[bits] = place + 1;
  }
}

/** Sum over all colors of how many nodes of one graph have it, times how many of the other one. The keys are sorted. */
export function commonColors(keys: Float64Array, others: Float64Array): number {
  let sum = 0;
  let at = 0;
  let other = 0;
  for (let step = 0; at < keys.length && other < others.length; step++) {
    if ((step & 65_535) === 0) lookUp();
    const key = keys[at] as number;
    const otherKey = others[other] as number;
    if (key < otherKey) {
      at++;
    } else if (otherKey < key) {
      other++;
    } else {
      const start = at;
      const otherStart = other;
      while (keys[at] === key) at++;
      while (others[other] === key) other++;
      sum += (at - start) * (other - otherStart);
    }
  }
  return sum;
}

/** A hash of 32 bits (the end of MurmurHash3, A. Appleby). */
function mix(value: number, salt: number): number {
  let mixed = Math.imul((value ^ salt) + 0x7f4a_7c15 | 0, 0x85eb_ca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2_ae35);
  return mixed ^ (mixed >>> 16);
}
