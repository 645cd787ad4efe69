/** Sums over the links of nodes most of which have few links. */

import type { TaskContext } from "../define.ts";
import type { GatherLinks } from "./gather.ts";

/** Rows of at most so many links are short. */
const SHORT = 4;
/** Kinds of rows: each short length, and longer ones. */
const KINDS = SHORT + 2;

/**
 * The nodes of each chunk by the lengths of their rows. How often a short loop runs nobody can guess, and a wrong guess costs as much
 * as some links: so rows of equal length are summed up one after the other, without loops.
 */
export class ShortRows {
  readonly #links: GatherLinks;
  readonly #chunkSize: number;
  /** Nodes of each chunk by the lengths of their rows, ascending. */
  readonly #nodes: Int32Array<SharedArrayBuffer>;
  /** Where each kind of row ends among them, by chunk. */
  readonly #ends: Int32Array<SharedArrayBuffer>;

  /** For chunks of a number of nodes each. For all threads of a run together. */
  constructor(context: TaskContext, links: GatherLinks, nodeCount: number, chunkSize: number) {
    this.#links = links;
    this.#chunkSize = chunkSize;
    this.#nodes = new Int32Array(context.sharedBuffer(4 * nodeCount));
    this.#ends = new Int32Array(context.sharedBuffer(4 * KINDS * Math.ceil(nodeCount / chunkSize)));
  }

  /** Sorts the nodes of a chunk. Once, before its sums. */
  sort(start: number, end: number): void {
    const { offsets } = this.#links;
    const nodes = this.#nodes;
    const ends = this.#endsAt(start);
    for (let node = start; node < end; node++) {
      const kind = Math.min((offsets[node + 1] as number) - (offsets[node] as number), SHORT + 1);
      ends[kind] = (ends[kind] as number) + 1;
    }
    let place = start;
    for (let kind = 0; kind < KINDS; kind++) {
      const count = ends[kind] as number;
      ends[kind] = place;
      place += count;
    }
    // What begins as the place of a kind's first node becomes its end.
    for (let node = start; node < end; node++) {
      const kind = Math.min((offsets[node + 1] as number) - (offsets[node] as number), SHORT + 1);
      const free = ends[kind] as number;
      nodes[free] = node;
      ends[kind] = free + 1;
    }
  }

  /** As `gather` for a chunk, without weights; the same sums. Hot. */
  gather(values: Float64Array<SharedArrayBuffer>, start: number, end: number, sums: Float64Array): void {
    const { offsets, targets } = this.#links;
    const nodes = this.#nodes;
    const [end0, end1, end2, end3, end4] = this.#endsAt(start) as unknown as [number, number, number, number, number];
    let place = start;
    for (; place < end0; place++) sums[(nodes[place] as number) - start] = 0;
    for (; place < end1; place++) {
      const node = nodes[place] as number;
      sums[node - start] = values[targets[offsets[node] as number] as number] as number;
    }
    for (; place < end2; place++) {
      const node = nodes[place] as number;
      const at = offsets[node] as number;
      sums[node - start] = (values[targets[at] as number] as number) + (values[targets[at + 1] as number] as number);
    }
    for (; place < end3; place++) {
      const node = nodes[place] as number;
      const at = offsets[node] as number;
      const first = (values[targets[at] as number] as number) + (values[targets[at + 2] as number] as number);
      sums[node - start] = first + (values[targets[at + 1] as number] as number);
    }
    for (; place < end4; place++) {
      const node = nodes[place] as number;
      const at = offsets[node] as number;
      const first = (values[targets[at] as number] as number) + (values[targets[at + 2] as number] as number);
      const second = (values[targets[at + 1] as number] as number) + (values[targets[at + 3] as number] as number);
      sums[node - start] = first + second;
    }
    for (; place < end; place++) {
      const node = nodes[place] as number;
      const stop = offsets[node + 1] as number;
      let at = offsets[node] as number;
      let first = 0;
      let second = 0;
      for (const last = stop - 1; at < last; at += 2) {
        first += values[targets[at] as number] as number;
        second += values[targets[at + 1] as number] as number;
      }
      if (at < stop) first += values[targets[at] as number] as number;
      sums[node - start] = first + second;
    }
  }

  /** The ends of a chunk. */
  #endsAt(start: number): Int32Array<SharedArrayBuffer> {
    const at = KINDS * (start / this.#chunkSize);
    return this.#ends.subarray(at, at + KINDS);
  }
}
