/** Moves nodes between communities on one thread. */

import { lookUp, type TaskContext } from "../define.ts";
import { signed } from "../paths/hop_search.ts";
import { ROUNDING } from "./best_communities.ts";
import type { LevelGraph } from "./level_graph.ts";
import type { MoveOptions } from "./move_nodes.ts";

/** Links looked at between two looks at the signal. */
const CHECK_EVERY = 65_536;
/** In place of a label: a community that has no nodes yet. */
const EMPTY = -1;

/**
 * As `moveNodes`, for one thread alone: each node is moved before the next one is looked at. A round looks at the nodes that had a
 * neighbor moved since they were looked at last, in their order: so it reads memory from front to back, as a queue would not.
 */
export function moveAlone(level: LevelGraph, labels: Uint32Array, options: MoveOptions, context: TaskContext): number {
  const mover = new Mover(level, labels, options, context);
  let gained = 0;
  for (;;) {
    const gain = level.weights === undefined ? mover.moveByCount() : mover.moveByWeight(level.weights);
    gained += gain;
    // A round without a gain moved nothing.
    if (gain === 0 || gain < mover.leastGain) return gained;
  }
}

class Mover {
  /** A round's least gain. */
  readonly leastGain: number;
  readonly #count: number;
  readonly #offsets: Int32Array;
  readonly #targets: Int32Array;
  readonly #strengths: Float64Array;
  readonly #scale: number;
  readonly #order: Uint32Array | undefined;
  readonly #context: TaskContext;
  /** Community of each node. */
  readonly #labels: Int32Array;
  /** Sum of the strengths of each community's nodes. */
  readonly #totals: Float64Array;
  /** Weight of a node's links to each community; 0 between two nodes. */
  readonly #sums: Float64Array;
  /** Number of nodes of each community. */
  readonly #sizes: Int32Array;
  /** Communities without nodes. */
  readonly #empty: Int32Array;
  #emptyCount = 0;
  /** Whether each node is to be looked at. */
  readonly #isDue: Uint8Array;

  constructor(
    { count, offsets, targets, strengths }: LevelGraph,
    labels: Uint32Array,
    { scale, tolerance, order }: MoveOptions,
    context: TaskContext,
  ) {
    this.#count = count;
    this.#offsets = signed(offsets);
    this.#targets = signed(targets);
    this.#strengths = strengths;
    this.#scale = scale;
    this.#order = order;
    this.#context = context;
    this.#labels = signed(labels);
    this.#totals = new Float64Array(count);
    this.#sums = new Float64Array(count);
    this.#sizes = new Int32Array(count);
    this.#empty = new Int32Array(count);
    this.#isDue = new Uint8Array(count).fill(1);
    let all = 0;
    for (let node = 0; node < count; node++) {
      if ((node & 65_535) === 0) lookUp();
      const label = labels[node] as number;
      const strength = strengths[node] as number;
      this.#totals[label] = (this.#totals[label] as number) + strength;
      this.#sizes[label] = (this.#sizes[label] as number) + 1;
      all += strength;
    }
    for (let label = count - 1; label >= 0; label--) {
      if (this.#sizes[label] === 0) this.#empty[this.#emptyCount++] = label;
    }
    this.leastGain = tolerance * all / 2;
  }

  /**
   * A round over links of weight 1; says what it gained. Hot: of equal communities the first one on the row is taken, so that no link
   * is looked at a third time. (One function for both kinds of links would be slower for both.)
   */
  moveByCount(): number {
    const [offsets, targets, strengths, labels] = [this.#offsets, this.#targets, this.#strengths, this.#labels];
    const [totals, sums, isDue, order, scale] = [this.#totals, this.#sums, this.#isDue, this.#order, this.#scale];
    let budget = CHECK_EVERY;
    let gained = 0;
    for (let place = 0; place < this.#count; place++) {
      const node = order === undefined ? place : order[place] as number;
      if (isDue[node] === 0) continue;
      isDue[node] = 0;
      const start = offsets[node] as number;
      const end = offsets[node + 1] as number;
      const own = labels[node] as number;
      for (let at = start; at < end; at++) {
        const target = targets[at] as number;
        if (target === node) continue;
        const label = labels[target] as number;
        sums[label] = (sums[label] as number) + 1;
      }
      const strength = strengths[node] as number;
      const price = scale * strength;
      const ownGain = (sums[own] as number) - price * ((totals[own] as number) - strength);
      sums[own] = 0;
      let best = own;
      let bestGain = ownGain + ROUNDING * strength;
      if (bestGain < 0) {
        best = EMPTY;
        bestGain = 0;
      }
      for (let at = start; at < end; at++) {
        const label = labels[targets[at] as number] as number;
        const gain = (sums[label] as number) - price * (totals[label] as number);
        sums[label] = 0;
        if (gain > bestGain) {
          best = label;
          bestGain = gain;
        }
      }
      if (best !== own) {
        gained += bestGain - ownGain;
        this.#move(node, own, best);
        for (let at = start; at < end; at++) isDue[targets[at] as number] = 1;
      }
      budget -= 1 + end - start;
      if (budget > 0) continue;
      this.#context.throwIfAborted();
      budget = CHECK_EVERY;
    }
    return gained;
  }

  /** A round over links with weights; says what it gained. Hot: see `moveByCount`. */
  moveByWeight(weights: Float64Array): number {
    const [offsets, targets, strengths, labels] = [this.#offsets, this.#targets, this.#strengths, this.#labels];
    const [totals, sums, isDue, order, scale] = [this.#totals, this.#sums, this.#isDue, this.#order, this.#scale];
    let budget = CHECK_EVERY;
    let gained = 0;
    for (let place = 0; place < this.#count; place++) {
      const node = order === undefined ? place : order[place] as number;
      if (isDue[node] === 0) continue;
      isDue[node] = 0;
      const start = offsets[node] as number;
      const end = offsets[node + 1] as number;
      const own = labels[node] as number;
      for (let at = start; at < end; at++) {
        const target = targets[at] as number;
        if (target === node) continue;
        const label = labels[target] as number;
        sums[label] = (sums[label] as number) + (weights[at] as number);
      }
      const strength = strengths[node] as number;
      const price = scale * strength;
      const ownGain = (sums[own] as number) - price * ((totals[own] as number) - strength);
      sums[own] = 0;
      let best = own;
      let bestGain = ownGain + ROUNDING * strength;
      if (bestGain < 0) {
        best = EMPTY;
        bestGain = 0;
      }
      for (let at = start; at < end; at++) {
        const label = labels[targets[at] as number] as number;
        const gain = (sums[label] as number) - price * (totals[label] as number);
        sums[label] = 0;
        if (gain > bestGain) {
          best = label;
          bestGain = gain;
        }
      }
      if (best !== own) {
        gained += bestGain - ownGain;
        this.#move(node, own, best);
        for (let at = start; at < end; at++) isDue[targets[at] as number] = 1;
      }
      budget -= 1 + end - start;
      if (budget > 0) continue;
      this.#context.throwIfAborted();
      budget = CHECK_EVERY;
    }
    return gained;
  }

  /** Hot. */
  #move(node: number, own: number, wanted: number): void {
    const sizes = this.#sizes;
    const totals = this.#totals;
    // There is one: a node that is better placed alone is not alone yet.
    const label = wanted === EMPTY ? this.#empty[--this.#emptyCount] as number : wanted;
    const strength = this.#strengths[node] as number;
    this.#labels[node] = label;
    totals[own] = (totals[own] as number) - strength;
    totals[label] = (totals[label] as number) + strength;
    sizes[label] = (sizes[label] as number) + 1;
    const size = (sizes[own] as number) - 1;
    sizes[own] = size;
    if (size > 0) return;
    // What rounding left of it.
    totals[own] = 0;
    this.#empty[this.#emptyCount++] = own;
  }
}
