/** Colours the nodes first that have the least choice. */

import { type Algorithm, defineAlgorithm, lookUp, NodeValues } from "../define.ts";
import { checkParams } from "../params.ts";
import { Pace } from "../pace.ts";
import { requireUndirected } from "../require.ts";
import type { Rows } from "../structure/rows.ts";
import { neighborCounts } from "./coloring_order.ts";
import type { Coloring } from "./greedy_coloring.ts";
import { KeyHeap } from "./key_heap.ts";

/** Colours of a word. */
const WORD_BITS = 32;

/**
 * Gives nodes colours, so that no edge joins two of one colour. Next is always the node whose neighbours have the most different
 * colours; of several the one with the most neighbours without a colour, then the one with the smallest id. It gets the first
 * colour that none of its neighbours has. Bipartite graphs get two colours. Self-loops do not count, parallel edges change
 * nothing. Progress counts nodes and links.
 *
 * O((n + m) log n), and n × colours bits. Brélaz, New methods to color the vertices of a graph, 1979.
 *
 * @throws {InvalidArgumentError} for a directed projection, and for parameters: there are none
 */
export const dsaturColoring: Algorithm<Record<never, never>, Coloring> = defineAlgorithm(
  import.meta.url,
  "dsaturColoring",
  (projection, params: Record<never, never>, context): Coloring => {
    checkParams({}, params, projection, "dsaturColoring");
    requireUndirected(projection, "dsaturColoring");
    const { out, nodeCount } = projection;
    const pace = new Pace(context, nodeCount + out.targets.length);
    const colors = new Int32Array(new SharedArrayBuffer(4 * nodeCount));
    const count = colorBySaturation(out, colors, pace);
    pace.end();
    return { count, colors: NodeValues.of(projection, colors) };
  },
);

function colorBySaturation(rows: Rows, colors: Int32Array, pace: Pace): number {
  const { offsets, targets } = rows;
  const nodeCount = colors.length;
  const degrees = neighborCounts(rows, pace);
  const taken = new ColorSets(nodeCount);
  const heap = new KeyHeap(nodeCount);
  // A colour more among the neighbours counts for more than all neighbours without one.
  let step = 1;
  for (let node = 0; node < nodeCount; node++) step = Math.max(step, (degrees[node] as number) + 1);
  for (let node = 0; node < nodeCount; node++) {
    if ((node & 16_383) === 0) lookUp();
    heap.set(node, degrees[node] as number);
  }
  colors.fill(-1);
  let count = 0;
  while (heap.size > 0) {
    const node = heap.take();
    const color = taken.firstMissing(node);
    colors[node] = color;
    if (color >= count) count = color + 1;
    const end = offsets[node + 1] as number;
    let last = node;
    for (let link = offsets[node] as number; link < end; link++) {
      const target = targets[link] as number;
      if (target === last || colors[target] !== -1) continue;
      last = target;
      heap.set(target, heap.keyOf(target) - 1 + (taken.add(target, color) ? step : 0));
    }
    pace.step(1 + end - (offsets[node] as number));
  }
  return count;
}

/** A set of colours for each node. */
class ColorSets {
  #bits: Uint32Array;
  /** Words of each set. */
  #stride = 1;
  readonly #nodeCount: number;

  constructor(nodeCount: number) {
    this.#nodeCount = nodeCount;
    this.#bits = new Uint32Array(nodeCount);
  }

  /** Adds a colour; false when it is there. */
  add(node: number, color: number): boolean {
    while (color >= this.#stride * WORD_BITS) this.#widen();
    const word = node * this.#stride + Math.floor(color / WORD_BITS);
    const bits = this.#bits[word] as number;
    const bit = 1 << (color % WORD_BITS);
    this.#bits[word] = bits | bit;
    return (bits & bit) === 0;
  }

  /** The first colour that is not there. */
  firstMissing(node: number): number {
    const start = node * this.#stride;
    for (let word = 0; word < this.#stride; word++) {
      const missing = ~(this.#bits[start + word] as number);
      // The lowest bit that is set.
      if (missing !== 0) return word * WORD_BITS + 31 - Math.clz32(missing & -missing);
    }
    return this.#stride * WORD_BITS;
  }

  #widen(): void {
    const wider = new Uint32Array(2 * this.#bits.length);
    for (let node = 0; node < this.#nodeCount; node++) {
      if ((node & 65_535) === 0) lookUp();
      for (let word = 0; word < this.#stride; word++) {
        wider[2 * node * this.#stride + word] = this.#bits[node * this.#stride + word] as number;
      }
    }
    this.#bits = wider;
    this.#stride *= 2;
  }
}
