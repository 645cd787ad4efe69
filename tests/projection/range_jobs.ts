/** Algorithms that the tests of ranges run on threads. */

import { type Algorithm, defineAlgorithm } from "../../lib/task/algorithm.ts";
import { ParallelRange } from "../../lib/projection/mod.ts";

/** What came of passes over a range. */
export interface Passes {
  /** How often each number was dealt out. */
  readonly visits: Int32Array<SharedArrayBuffer>;
  /** Sums of each pass as the first thread sees them. */
  readonly sums: number[];
  /** Largest part of each pass. */
  readonly maxima: number[];
  /** How many threads saw something else. */
  readonly differences: number;
}

/** Range and number of passes. */
export interface PassParams {
  readonly count: number;
  readonly passes: number;
  readonly chunkSize?: number;
}

/** Adds up roots, whose sum depends on the order; threads are slow in turn. */
export const passes: Algorithm<PassParams, Passes> = defineAlgorithm(
  import.meta.url,
  "passes",
  (_, { count, passes, chunkSize }: PassParams, context) => {
    const visits = new Int32Array(context.sharedBuffer(4 * count));
    const seen = new Float64Array(context.sharedBuffer(8 * passes * context.workers));
    const range = chunkSize === undefined
      ? new ParallelRange(context, count)
      : new ParallelRange(context, count, chunkSize);
    const idle = new Int32Array(1);
    const sums: number[] = [];
    const maxima: number[] = [];
    for (let pass = 0; pass < passes; pass++) {
      while (range.next()) {
        let part = 0;
        for (let at = range.start; at < range.end; at++) {
          visits[at] = (visits[at] as number) + 1;
          part += Math.sqrt(at + pass);
        }
        range.put(part);
      }
      if ((pass + context.worker) % 3 === 0) { for (let spin = 0; spin < 20_000; spin++) Atomics.load(idle, 0); }
      sums.push(range.sum());
      maxima.push(range.max());
      seen[pass * context.workers + context.worker] = range.sum();
    }
    context.barrier();
    const differences = seen.filter((sum, at) => sum !== sums[Math.floor(at / context.workers)]).length;
    return { visits, sums, maxima, differences };
  },
);
