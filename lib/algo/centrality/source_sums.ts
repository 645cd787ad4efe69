/** Adds up what searches from many nodes find. */

import type { TaskContext } from "../define.ts";
import { ParallelRange } from "../define.ts";

/** Memory for what was found and not added up yet. */
const WAITING_BYTES = 1 << 27;
/** Bytes for each node and search. */
const BYTES_PER_NODE = 12;
/** Searches that a thread makes before all add up. */
const MAX_SEARCHES = 64;

/** A search that is repeated. */
export interface SourceSearch {
  /** The nodes that the last search reached; the first one is where it began. */
  readonly order: Int32Array;
  /** What it found for each of them, in that order. */
  readonly found: Float64Array;
  /** Searches from a node; returns how many nodes it reached. */
  run(source: number): number;
}

/**
 * Searches from all sources and adds what they find to `sums`, by node; with `hits` it counts the searches that reached each node. Each
 * number is added in the order of the sources, so that the sums do not depend on the number of threads: each thread keeps what some
 * searches found, then all add up, each for its own nodes. For all threads of a run together. Progress counts sources.
 *
 * Several threads keep up to 128 MiB, but at least 12 bytes for each node and thread.
 */
export function addSources(
  context: TaskContext,
  sources: Uint32Array,
  search: SourceSearch,
  sums: Float64Array<SharedArrayBuffer>,
  hits?: Uint32Array<SharedArrayBuffer>,
): void {
  const { workers, worker } = context;
  if (workers === 1) {
    for (let at = 0; at < sources.length; at++) {
      context.throwIfAborted();
      const length = search.run(sources[at] as number);
      context.throwIfAborted();
      addRange(search.order, search.found, length, 0, sums.length, sums, hits);
      context.progress(1);
    }
    return;
  }
  const nodeCount = sums.length;
  const room = Math.floor(WAITING_BYTES / (BYTES_PER_NODE * Math.max(1, nodeCount)));
  const slots = Math.min(Math.max(room, workers), MAX_SEARCHES * workers, Math.max(1, sources.length));
  const orders = new Int32Array(context.sharedBuffer(4 * slots * nodeCount));
  const founds = new Float64Array(context.sharedBuffer(8 * slots * nodeCount));
  const lengths = new Int32Array(context.sharedBuffer(4 * slots));
  const searches = new ParallelRange(context, slots, 1);
  const ownStart = Math.floor(nodeCount * worker / workers);
  const ownEnd = Math.floor(nodeCount * (worker + 1) / workers);
  for (let first = 0; first < sources.length; first += slots) {
    while (searches.next()) {
      const slot = searches.chunk;
      if (first + slot >= sources.length) continue;
      const length = search.run(sources[first + slot] as number);
      orders.set(search.order.subarray(0, length), slot * nodeCount);
      founds.set(search.found.subarray(0, length), slot * nodeCount);
      lengths[slot] = length;
      context.progress(1);
    }
    for (let slot = 0; slot < Math.min(slots, sources.length - first); slot++) {
      context.throwIfAborted();
      const start = slot * nodeCount;
      const length = lengths[slot] as number;
      const slotOrder = orders.subarray(start, start + length);
      addRange(slotOrder, founds.subarray(start, start + length), length, ownStart, ownEnd, sums, hits);
    }
    context.barrier();
  }
}

/** Adds what was found for nodes from `from` to `to` - 1, without the source itself, which is the first. */
function addRange(
  order: Int32Array,
  found: Float64Array,
  length: number,
  from: number,
  to: number,
  sums: Float64Array,
  hits: Uint32Array | undefined,
): void {
  for (let at = 1; at < length; at++) {
    const node = order[at] as number;
    if (node < from || node >= to) continue;
    sums[node] = (sums[node] as number) + (found[at] as number);
    if (hits !== undefined) hits[node] = (hits[node] as number) + 1;
  }
}
