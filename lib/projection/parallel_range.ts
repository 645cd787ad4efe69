/** Deals out a range of numbers to the threads that work together. */

import type { Gang } from "../backend/projection.ts";

/** Chunks of a large range: enough for threads that are not equally fast, and for rows that are not equally long. */
const CHUNKS = 256;
/** Taking a chunk costs some tens of nanoseconds. */
const MIN_CHUNK = 64;

/**
 * The numbers from 0 to `count` - 1, for example dense indexes of nodes, dealt out in chunks: a thread that is done with one
 * takes the next. One object serves any number of passes over the range.
 *
 * ```ts ignore
 * const nodes = new ParallelRange(context, projection.nodeCount);
 * while (nodes.next()) {
 *   for (let node = nodes.start; node < nodes.end; node++) values[node] = offsets[node + 1]! - offsets[node]!;
 * }
 * // here all threads are done, and see what each of them wrote
 * ```
 *
 * All threads make it, and make each pass, in the same order; a pass ends when `next` was false. The chunks do not depend on the
 * number of threads, and `sum` adds in their order: so results with floating-point numbers do not either.
 */
export class ParallelRange {
  /** Number of chunks. */
  readonly chunkCount: number;
  /** The chunk that this thread works on, from 0. */
  chunk = 0;
  /** First number of the chunk. */
  start = 0;
  /** Number behind the last one of the chunk. */
  end = 0;
  readonly #gang: Gang;
  readonly #count: number;
  readonly #size: number;
  /** Number of chunks asked for, in all passes: in each one for every chunk and, in vain, one by every thread. */
  readonly #taken: Int32Array<SharedArrayBuffer>;
  /** A number for each chunk; of this pass and of the one before, which others may still be adding up. */
  readonly #parts: readonly [Float64Array<SharedArrayBuffer>, Float64Array<SharedArrayBuffer>];
  #pass = 0;
  #takenBefore = 0;

  /** Chunks have `chunkSize` numbers; by default there are at most 256 of at least 64 each. */
  constructor(gang: Gang, count: number, chunkSize: number = Math.max(MIN_CHUNK, Math.ceil(count / CHUNKS))) {
    this.#gang = gang;
    this.#count = count;
    this.#size = chunkSize;
    this.chunkCount = Math.ceil(count / chunkSize);
    const buffer = gang.sharedBuffer(8 + 16 * this.chunkCount);
    this.#taken = new Int32Array(buffer, 0, 1);
    const parts = (which: number) => new Float64Array(buffer, 8 + 8 * which * this.chunkCount, this.chunkCount);
    this.#parts = [parts(0), parts(1)];
  }

  /**
   * Takes the next chunk: its bounds are in `start` and `end`. False when none is left and all threads have come to this end.
   *
   * @throws when the run was cancelled
   */
  next(): boolean {
    this.#gang.throwIfAborted();
    const chunk = Atomics.add(this.#taken, 0, 1) - this.#takenBefore | 0;
    if (chunk < this.chunkCount) {
      this.chunk = chunk;
      this.start = chunk * this.#size;
      this.end = Math.min(this.start + this.#size, this.#count);
      return true;
    }
    this.#gang.barrier();
    this.#takenBefore = this.#takenBefore + this.chunkCount + this.#gang.workers | 0;
    this.#pass++;
    return false;
  }

  /** Keeps a number for the chunk that this thread works on; each chunk of the pass needs one. */
  put(part: number): void {
    (this.#parts[this.#pass & 1] as Float64Array)[this.chunk] = part;
  }

  /** Sum of the numbers that were put in the last pass, the same on every thread. Before the next pass has ended. */
  sum(): number {
    const parts = this.#parts[this.#pass - 1 & 1] as Float64Array;
    let sum = 0;
    for (let chunk = 0; chunk < this.chunkCount; chunk++) sum += parts[chunk] as number;
    return sum;
  }

  /** Largest of the numbers that were put in the last pass; -Infinity of none. As `sum`. */
  max(): number {
    const parts = this.#parts[this.#pass - 1 & 1] as Float64Array;
    let max = -Infinity;
    for (let chunk = 0; chunk < this.chunkCount; chunk++) max = Math.max(max, parts[chunk] as number);
    return max;
  }
}
