/** What is known of all weights of a projection. */

import type { TaskContext } from "../define.ts";

/** Weights read between two looks at the signal. */
const CHUNK = 1 << 18;

/** Smallest, largest and mean weight; of no links 0. */
export interface WeightRange {
  /** The smallest. */
  readonly min: number;
  /** The largest. */
  readonly max: number;
  /** The mean. */
  readonly mean: number;
}

/** Weights never change. */
const known = new WeakMap<SharedArrayBuffer, WeightRange>();

/** The range of weights: O(m), or O(1) when this thread asked before. */
export function weightRange(weights: Float64Array<SharedArrayBuffer>, context: TaskContext): WeightRange {
  const found = known.get(weights.buffer);
  if (found !== undefined) return found;
  let min = Infinity;
  let max = -Infinity;
  let sum = 0;
  for (let start = 0; start < weights.length; start += CHUNK) {
    context.throwIfAborted();
    const end = Math.min(start + CHUNK, weights.length);
    for (let at = start; at < end; at++) {
      const weight = weights[at] as number;
      if (weight < min) min = weight;
      if (weight > max) max = weight;
      sum += weight;
    }
  }
  const range = weights.length === 0 ? { min: 0, max: 0, mean: 0 } : { min, max, mean: sum / weights.length };
  known.set(weights.buffer, range);
  return range;
}
