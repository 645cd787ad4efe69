/** Finds out where nodes are placed best. */

import type { TaskContext } from "../define.ts";
import type { LevelGraph } from "./level_graph.ts";

/** What the threads that move nodes share. */
export interface MoveState {
  /** Community of each node. */
  readonly labels: Uint32Array;
  /** Sum of the strengths of each community's nodes. */
  readonly totals: Float64Array;
  /** Nodes that are looked at. */
  readonly batch: Uint32Array;
  /** Best community of each of them. */
  readonly best: Uint32Array;
  /** Weight of its links to the community where it is. */
  readonly toOwn: Float64Array;
  /** Weight of its links to the best one. */
  readonly toBest: Float64Array;
  /** Number of nodes that are looked at. */
  readonly batchLength: Uint32Array;
  /** Sum of the gains of all moves. */
  readonly gained: Float64Array;
}

/** Label of a community that has no nodes yet. */
export const EMPTY = 0xffff_ffff;
/** Gains below this part of a node's strength may be rounding. */
export const ROUNDING = 1e-10;
/** Links of a node that are few. */
const FEW_LINKS = 8;
/** Links looked at between two looks at the signal. */
const CHECK_EVERY = 65_536;

/** Finds out the best communities of the nodes of a batch. */
export class Finder {
  readonly #level: LevelGraph;
  readonly #state: MoveState;
  readonly #scale: number;
  readonly #context: TaskContext;
  /** Weight of the node's links to each community. */
  readonly #sums: Float64Array;
  /** Communities of the node's neighbors. */
  readonly #touched: Uint32Array;
  /** Weight of the node's links to each of them, when there are few. */
  readonly #nearSums: Float64Array = new Float64Array(FEW_LINKS);
  #budget = CHECK_EVERY;

  /** `scale` is the resolution divided by the sum of all strengths. */
  constructor(level: LevelGraph, state: MoveState, scale: number, context: TaskContext) {
    this.#level = level;
    this.#state = state;
    this.#scale = scale;
    this.#context = context;
    let most = FEW_LINKS;
    for (let node = 0; node < level.count; node++) {
      const length = (level.offsets[node + 1] as number) - (level.offsets[node] as number);
      if (length > most) most = length;
    }
    this.#sums = new Float64Array(most > FEW_LINKS ? level.count : 0);
    this.#touched = new Uint32Array(most);
  }

  /**
   * Every `step`-th place of the batch: the community with the largest gain; the own one when none is better; of equal ones that
   * with the smallest label. Hot: what a node with few links needs is in the cache, its communities are compared with each other.
   */
  find(first: number, step: number): void {
    const { offsets, targets, weights, strengths } = this.#level;
    const { labels, totals, batch, best, toOwn, toBest, batchLength } = this.#state;
    const scale = this.#scale;
    const sums = this.#sums;
    const touched = this.#touched;
    const nearSums = this.#nearSums;
    const length = batchLength[0] as number;
    let budget = this.#budget;
    for (let place = first; place < length; place += step) {
      const node = batch[place] as number;
      const start = offsets[node] as number;
      const end = offsets[node + 1] as number;
      const own = labels[node] as number;
      const isNear = end - start <= FEW_LINKS;
      let count = 0;
      let ownSum = 0;
      if (isNear) {
        for (let at = start; at < end; at++) {
          const target = targets[at] as number;
          const label = labels[target] as number;
          const weight = weights === undefined ? 1 : weights[at] as number;
          if (label === own) {
            if (target !== node) ownSum += weight;
            continue;
          }
          let near = 0;
          while (near < count && touched[near] !== label) near++;
          if (near === count) {
            touched[count++] = label;
            nearSums[near] = weight;
          } else {
            nearSums[near] = (nearSums[near] as number) + weight;
          }
        }
      } else {
        for (let at = start; at < end; at++) {
          const target = targets[at] as number;
          const label = labels[target] as number;
          const weight = weights === undefined ? 1 : weights[at] as number;
          if (label === own) {
            if (target !== node) ownSum += weight;
            continue;
          }
          const sum = sums[label] as number;
          if (sum === 0) touched[count++] = label;
          sums[label] = sum + weight;
        }
      }
      const strength = strengths[node] as number;
      const price = scale * strength;
      let bestLabel = own;
      let bestSum = ownSum;
      let bestGain = ownSum - price * ((totals[own] as number) - strength) + ROUNDING * strength;
      if (bestGain < 0) {
        bestLabel = EMPTY;
        bestSum = 0;
        bestGain = 0;
      }
      for (let at = 0; at < count; at++) {
        const label = touched[at] as number;
        let sum: number;
        if (isNear) {
          sum = nearSums[at] as number;
        } else {
          sum = sums[label] as number;
          sums[label] = 0;
        }
        const gain = sum - price * (totals[label] as number);
        if (gain > bestGain || (gain === bestGain && label < bestLabel && bestLabel !== own)) {
          bestLabel = label;
          bestSum = sum;
          bestGain = gain;
        }
      }
      best[place] = bestLabel;
      toOwn[place] = ownSum;
      toBest[place] = bestSum;
      budget -= 1 + end - start;
      if (budget > 0) continue;
      this.#context.throwIfAborted();
      budget = CHECK_EVERY;
    }
    this.#budget = budget;
  }
}
