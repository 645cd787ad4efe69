/** Makes the parts of a graph better and even. */

import { filled, lookUp, type TaskContext } from "../define.ts";
import { KeyHeap } from "../flow/key_heap.ts";
import type { LevelGraph } from "./level_graph.ts";

/** A graph whose nodes stand for one node or more. */
export interface WeighedLevel extends LevelGraph {
  /** Number of nodes that each one stands for. */
  readonly sizes: Float64Array;
}

/** Most passes over a level. */
const MAX_PASSES = 10;
/** Moves without a gain after which a pass ends: so many, */
const MIN_FRUITLESS = 200;
/** or this part of the nodes if that is more. */
const FRUITLESS = 0.02;
/** Links looked at between two looks at the signal. */
const CHECK_EVERY = 16_384;
/** A node may move, */
const FREE = 0;
/** waits for it in the heap, */
const WAITING = 1;
/** or may not move in this pass any more. */
const DONE = 2;

/**
 * Moves nodes between parts. A pass moves each node at most once, that with the largest gain first, also when it is a loss; then it
 * takes back what came after the best state. Fiduccia, Mattheyses, A linear-time heuristic for improving network partitions, 1982,
 * for several parts as Karypis, Kumar, Multilevel k-way partitioning scheme for irregular graphs, 1998.
 */
export class PartRefiner {
  readonly #level: WeighedLevel;
  readonly #parts: Int32Array;
  readonly #maxSizes: Float64Array;
  readonly #context: TaskContext;
  /** Number of nodes in each part. */
  readonly #partSizes: Float64Array;
  /** Weight of the node's links to each part. */
  readonly #sums: Float64Array;
  /** Parts that the node's links lead to. */
  readonly #touched: Uint32Array;
  #heap: KeyHeap;
  #states: Uint8Array;
  /** Part that the node that was looked at last would move to; -1 for none. */
  #target = -1;
  #budget = CHECK_EVERY;

  /** For parts of at most a size each. The array of parts is changed. */
  constructor(level: WeighedLevel, parts: Int32Array, maxSizes: Float64Array, context: TaskContext) {
    this.#level = level;
    this.#parts = parts;
    this.#maxSizes = maxSizes;
    this.#context = context;
    this.#partSizes = new Float64Array(maxSizes.length);
    this.#sums = new Float64Array(maxSizes.length);
    this.#touched = new Uint32Array(maxSizes.length);
    this.#heap = new KeyHeap(level.count);
    this.#states = new Uint8Array(level.count);
    for (let node = 0; node < level.count; node++) {
      if ((node & 65_535) === 0) lookUp();
      const part = parts[node] as number;
      this.#partSizes[part] = (this.#partSizes[part] as number) + (level.sizes[node] as number);
    }
  }

  /** Number of nodes by which parts are too large. */
  get excess(): number {
    return this.#partSizes.reduce((sum, size, part) => sum + Math.max(0, size - (this.#maxSizes[part] as number)), 0);
  }

  /** Makes parts even, then better. */
  refine(): void {
    this.#balance();
    for (let pass = 0; pass < MAX_PASSES; pass++) if (!this.#pass()) return;
  }

  /** Moves nodes out of parts that are too large, those that lose least first. */
  #balance(): void {
    if (this.excess === 0) return;
    this.#begin();
    for (let node = 0; node < this.#level.count; node++) {
      if (!this.#isTooLarge(this.#parts[node] as number)) continue;
      const gain = this.#look(node, true);
      if (this.#target >= 0) this.#heap.set(node, gain);
    }
    while (this.#heap.size > 0) {
      const node = this.#heap.take();
      if (!this.#isTooLarge(this.#parts[node] as number)) continue;
      const gain = this.#look(node, true);
      if (this.#target < 0) continue;
      if (gain < this.#heap.keyOf(node)) this.#heap.set(node, gain);
      else this.#put(node, this.#target);
    }
  }

  #isTooLarge(part: number): boolean {
    return (this.#partSizes[part] as number) > (this.#maxSizes[part] as number);
  }

  /** One pass; false when it gained nothing. */
  #pass(): boolean {
    const { count } = this.#level;
    this.#begin();
    for (let node = 0; node < count; node++) {
      const gain = this.#look(node, false);
      if (this.#target < 0) continue;
      this.#heap.set(node, gain);
      this.#states[node] = WAITING;
    }
    // Nodes that moved, each followed by the part where it was.
    const moves: number[] = [];
    const fruitless = Math.max(MIN_FRUITLESS, FRUITLESS * count);
    let gained = 0;
    let best = 0;
    let bestLength = 0;
    while (this.#heap.size > 0 && moves.length - bestLength < 2 * fruitless) {
      const node = this.#heap.take();
      const gain = this.#look(node, false);
      const target = this.#target;
      if (target < 0) {
        this.#states[node] = DONE;
        continue;
      }
      // Keys are bounds: they do not become smaller when a neighbor moves.
      if (gain < this.#heap.keyOf(node)) {
        this.#heap.set(node, gain);
        continue;
      }
      moves.push(node, this.#parts[node] as number);
      this.#states[node] = DONE;
      this.#wake(node, this.#parts[node] as number, target);
      this.#put(node, target);
      gained += gain;
      if (gained <= best) continue;
      best = gained;
      bestLength = moves.length;
    }
    for (let at = moves.length - 2; at >= bestLength; at -= 2) this.#put(moves[at] as number, moves[at + 1] as number);
    return best > 0;
  }

  /** Forgets what was done in the pass before. */
  #begin(): void {
    if (this.#heap.size > 0) this.#heap = new KeyHeap(this.#level.count);
    filled(this.#states, FREE);
  }

  /** Gain of the best move of a node into a part with room, which is noted; equal ones: the smaller part. Hot. */
  #look(node: number, isForced: boolean): number {
    const { offsets, targets, weights, sizes } = this.#level;
    const parts = this.#parts;
    const partSizes = this.#partSizes;
    const sums = this.#sums;
    const touched = this.#touched;
    const own = parts[node] as number;
    const maxSizes = this.#maxSizes;
    const size = sizes[node] as number;
    const start = offsets[node] as number;
    const end = offsets[node + 1] as number;
    let count = 0;
    for (let at = start; at < end; at++) {
      const target = targets[at] as number;
      const weight = weights === undefined ? 1 : weights[at] as number;
      if (target === node || weight === 0) continue;
      const part = parts[target] as number;
      const sum = sums[part] as number;
      if (sum === 0) touched[count++] = part;
      sums[part] = sum + weight;
    }
    const inside = sums[own] as number;
    let best = -1;
    let bestSum = -1;
    for (let at = 0; at < count; at++) {
      const part = touched[at] as number;
      const sum = sums[part] as number;
      sums[part] = 0;
      if (part === own || sum < bestSum || (partSizes[part] as number) + size > (maxSizes[part] as number)) continue;
      if (sum === bestSum && !this.#isSmaller(part, best)) continue;
      best = part;
      bestSum = sum;
    }
    if (isForced && best === -1) {
      for (let part = 0; part < partSizes.length; part++) {
        if (part === own || (partSizes[part] as number) + size > (maxSizes[part] as number)) continue;
        if (best === -1 || this.#isSmaller(part, best)) best = part;
      }
      bestSum = 0;
    }
    this.#target = best;
    this.#budget -= 1 + end - start;
    if (this.#budget <= 0) {
      this.#context.throwIfAborted();
      this.#budget = CHECK_EVERY;
    }
    return bestSum - inside;
  }

  #isSmaller(part: number, other: number): boolean {
    const [size, otherSize] = [this.#partSizes[part] as number, this.#partSizes[other] as number];
    return size < otherSize || (size === otherSize && part < other);
  }

  /** Raises what the neighbors of a node may gain when it moves. Hot. */
  #wake(node: number, from: number, to: number): void {
    const { offsets, targets, weights } = this.#level;
    const end = offsets[node + 1] as number;
    for (let at = offsets[node] as number; at < end; at++) {
      const target = targets[at] as number;
      const part = this.#parts[target] as number;
      const state = this.#states[target] as number;
      if (state === DONE || part === to) continue;
      const weight = weights === undefined ? 1 : weights[at] as number;
      if (state === FREE) {
        this.#states[target] = WAITING;
        this.#heap.set(target, Infinity);
      } else {
        this.#heap.set(target, this.#heap.keyOf(target) + (part === from ? 2 * weight : weight));
      }
    }
  }

  #put(node: number, part: number): void {
    const size = this.#level.sizes[node] as number;
    const own = this.#parts[node] as number;
    this.#partSizes[own] = (this.#partSizes[own] as number) - size;
    this.#partSizes[part] = (this.#partSizes[part] as number) + size;
    this.#parts[node] = part;
  }
}
