/** Passes over all nodes whose links are read, by all threads of a run together. */

import type { Projection } from "../../backend/projection.ts";
import { ParallelRange, type TaskContext } from "../define.ts";

/** Links that a thread reads, about, before it asks whether the run was cancelled. */
const LINKS_PER_CHUNK = 1 << 16;
/** Chunks of a small graph: enough for two or three threads that are not equally fast. */
const CHUNKS = 256;
/** Taking a chunk costs some tens of nanoseconds. */
const MIN_CHUNK = 64;

/** Nodes in chunks as `ParallelRange` deals them out, with several sums over all nodes for each pass. */
export class NodePasses {
  /** Nodes of a chunk; the last one may have fewer. */
  readonly chunkSize: number;
  readonly #nodes: ParallelRange;
  readonly #first: number;
  readonly #context: TaskContext;
  readonly #sums: number;
  /** Parts of the sums by pass (this one and the one before, which others may still be adding up), sum and chunk. */
  readonly #parts: Float64Array<SharedArrayBuffer>;
  #pass = 0;

  /** Passes over the nodes from `first` to `behind` - 1, by default all, with a number of sums each. All threads make it. */
  constructor(
    context: TaskContext,
    { nodeCount, out }: Projection,
    sums = 0,
    { first = 0, behind = nodeCount }: { readonly first?: number; readonly behind?: number } = {},
  ) {
    const links = out.targets.length / Math.max(1, nodeCount);
    const size = Math.min(Math.ceil(nodeCount / CHUNKS), Math.ceil(LINKS_PER_CHUNK / (1 + links)));
    this.chunkSize = Math.max(MIN_CHUNK, size);
    this.#nodes = new ParallelRange(context, behind - first, this.chunkSize);
    this.#first = first;
    this.#context = context;
    this.#sums = sums;
    this.#parts = new Float64Array(context.sharedBuffer(16 * sums * this.#nodes.chunkCount));
  }

  /** First node of the chunk that this thread works on. */
  get start(): number {
    return this.#first + this.#nodes.start;
  }

  /** Node behind the last one of the chunk. */
  get end(): number {
    return this.#first + this.#nodes.end;
  }

  /**
   * Takes the next chunk. False when none is left and all threads have come to this end: then the next pass begins.
   *
   * @throws when the run was cancelled
   */
  next(): boolean {
    const isTaken = this.#nodes.next();
    if (isTaken) this.#context.progress(this.#nodes.end - this.#nodes.start);
    else this.#pass++;
    return isTaken;
  }

  /** Keeps the part of a sum that the chunk has, which each chunk of the pass needs. */
  put(sum: number, part: number): void {
    this.#parts[this.#place(this.#pass, sum) + this.#nodes.chunk] = part;
  }

  /** A sum of the last pass, the same on every thread and for any number of threads. Before the next pass has ended. */
  sum(sum: number): number {
    const start = this.#place(this.#pass - 1, sum);
    let total = 0;
    for (let chunk = 0; chunk < this.#nodes.chunkCount; chunk++) total += this.#parts[start + chunk] as number;
    return total;
  }

  #place(pass: number, sum: number): number {
    return ((pass & 1) * this.#sums + sum) * this.#nodes.chunkCount;
  }
}
