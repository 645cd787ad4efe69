/** Weighted distances, by one thread or several: nodes in buckets of about equal distance. */

import type { Adjacency } from "../../backend/projection.ts";
import { filled, type TaskContext } from "../define.ts";
import { signed } from "./hop_search.ts";

/** Links looked at between two looks at the signal. */
const LINKS_PER_LOOK = 1 << 18;

/** Buckets at hand; nodes that are farther away wait together. A power of two. */
const BUCKETS = 1 << 11;
/** Where nodes wait that are farther away, and where those are that do not wait. */
const FAR = BUCKETS;
const NOWHERE = -1;
/** Nodes that a bucket holds before it grows. */
const FIRST_SIZE = 16;

/** Nodes that come nearer before they are put into buckets. */
const NEARER = 1 << 12;

/** Most links that threads follow together between two meetings: what each of them has room for. */
const SHARED_LINKS = 1 << 18;
/** With fewer links than this the first thread goes on alone. */
const MIN_SHARED_LINKS = 1 << 14;
/** Nodes that a thread takes at once. */
const CHUNK = 32;

/** Places of the numbers that threads share; behind them is the number of offers of each thread. */
const MODE = 0;
const TAKEN = 1;
const END = 2;
const OFFERS = 3;

const DONE = 0;
const RELAX = 1;

/**
 * Distance of each node from the nearest of some nodes, Infinity where none leads to it: on every thread, once the first one
 * returned. All threads of a run call it. Weights must not be negative.
 *
 * Meyer and Sanders, Δ-stepping: a parallelizable shortest path algorithm, 2003, with lists that keep outdated entries. The
 * result does not depend on threads nor on the order of work: it is the least sum, added from the start on, over all paths.
 * When threads share a part, they only read distances; the first one then takes the offers that each of them made.
 */
export function weightedDistances(
  context: TaskContext,
  links: Adjacency & { readonly weights: Float64Array<SharedArrayBuffer> },
  starts: ArrayLike<number>,
  delta: number,
  isUndirected: boolean,
): Float64Array<SharedArrayBuffer> {
  const search = new DeltaSearch(context, links, delta, isUndirected);
  if (context.worker === 0) search.lead(starts);
  else search.follow();
  return search.distances;
}

class DeltaSearch {
  readonly distances: Float64Array<SharedArrayBuffer>;
  readonly #context: TaskContext;
  readonly #offsets: Int32Array<SharedArrayBuffer>;
  readonly #targets: Int32Array<SharedArrayBuffer>;
  readonly #weights: Float64Array<SharedArrayBuffer>;
  readonly #inverse: number;
  /** Nodes with so many links lead nowhere but back. */
  readonly #deadEnd: number;
  readonly #shared: Int32Array<SharedArrayBuffer>;
  /** Nodes whose links the threads follow. */
  readonly #frontier: Int32Array<SharedArrayBuffer>;
  /** What each thread found: a node, and the distance that it would get. */
  readonly #offerNodes: Int32Array<SharedArrayBuffer>[] = [];
  readonly #offerDistances: Float64Array<SharedArrayBuffer>[] = [];
  /** Nodes that came nearer, and may wait for a bucket. */
  readonly #nearer = new Int32Array(NEARER);
  /** Links until the next look at the signal. */
  #left = LINKS_PER_LOOK;

  constructor(
    context: TaskContext,
    links: Adjacency & { readonly weights: Float64Array<SharedArrayBuffer> },
    delta: number,
    isUndirected: boolean,
  ) {
    this.#context = context;
    this.#deadEnd = isUndirected ? 1 : 0;
    this.#offsets = signed(links.offsets);
    this.#targets = signed(links.targets);
    this.#weights = links.weights;
    this.#inverse = 1 / delta;
    this.distances = new Float64Array(context.sharedBuffer(8 * (links.offsets.length - 1)));
    const isShared = context.workers > 1;
    this.#shared = new Int32Array(context.sharedBuffer(4 * (OFFERS + context.workers)));
    this.#frontier = new Int32Array(context.sharedBuffer(isShared ? 4 * SHARED_LINKS : 0));
    for (let worker = 0; isShared && worker < context.workers; worker++) {
      this.#offerNodes.push(new Int32Array(context.sharedBuffer(4 * SHARED_LINKS)));
      this.#offerDistances.push(new Float64Array(context.sharedBuffer(8 * SHARED_LINKS)));
    }
  }

  lead(starts: ArrayLike<number>): void {
    const { distances } = this;
    this.#context.total(distances.length);
    filled(distances, Infinity);
    const buckets = new Buckets(distances, this.#inverse);
    for (let at = 0; at < starts.length; at++) distances[starts[at] as number] = 0;
    buckets.add(starts, starts.length);
    let left = distances.length;
    while (buckets.take()) {
      const { taken, takenCount } = buckets;
      this.#context.throwIfAborted();
      if (this.#context.workers === 1) this.#relax(taken, takenCount, buckets);
      else this.#share(taken, takenCount, buckets);
      // A node whose distance shrinks while it is in the bucket at hand is followed again.
      const done = Math.min(takenCount, left);
      left -= done;
      this.#context.progress(done);
    }
    if (this.#context.workers === 1) return;
    this.#shared[MODE] = DONE;
    this.#context.barrier();
  }

  follow(): void {
    for (;;) {
      this.#context.barrier();
      if (this.#shared[MODE] === DONE) return;
      this.#offer();
      this.#context.barrier();
    }
  }

  /** Follows the links of nodes. Hot: nearly all of the time. */
  #relax(list: Int32Array, count: number, buckets: Buckets): void {
    const offsets = this.#offsets;
    const targets = this.#targets;
    const weights = this.#weights;
    const distances = this.distances;
    const nearer = this.#nearer;
    const deadEnd = this.#deadEnd;
    let left = this.#left;
    let found = 0;
    for (let place = 0; place < count; place++) {
      const node = list[place] as number;
      const distance = distances[node] as number;
      const start = offsets[node] as number;
      const stop = offsets[node + 1] as number;
      if (stop - start <= deadEnd && distance > 0) continue;
      for (let at = start; at < stop;) {
        const pause = Math.min(stop, at + NEARER - found);
        for (; at < pause; at++) {
          const target = targets[at] as number;
          const next = distance + (weights[at] as number);
          if (next < (distances[target] as number)) {
            distances[target] = next;
            nearer[found++] = target;
          }
        }
        if (found <= NEARER / 2) continue;
        buckets.add(nearer, found);
        found = 0;
      }
      left -= stop - start;
      if (left > 0) continue;
      this.#context.throwIfAborted();
      left = LINKS_PER_LOOK;
    }
    this.#left = left;
    buckets.add(nearer, found);
  }

  /** Follows the links of nodes with the other threads, as many at a time as there is room for. */
  #share(list: Int32Array, count: number, buckets: Buckets): void {
    const offsets = this.#offsets;
    for (let start = 0; start < count;) {
      let links = 0;
      let end = start;
      while (end < count && end - start < SHARED_LINKS) {
        const node = list[end] as number;
        const degree = (offsets[node + 1] as number) - (offsets[node] as number);
        if (links + degree > SHARED_LINKS) break;
        links += degree;
        end++;
      }
      // One node with more links than there is room for is the first thread's.
      if (end === start) end++;
      const part = list.subarray(start, end);
      if (links < MIN_SHARED_LINKS) this.#relax(part, end - start, buckets);
      else this.#meet(part, buckets);
      start = end;
    }
  }

  #meet(part: Int32Array, buckets: Buckets): void {
    const shared = this.#shared;
    this.#frontier.set(part);
    shared[MODE] = RELAX;
    shared[TAKEN] = 0;
    shared[END] = part.length;
    this.#context.barrier();
    this.#offer();
    this.#context.barrier();
    const distances = this.distances;
    for (let worker = 0; worker < this.#context.workers; worker++) {
      const nodes = this.#offerNodes[worker] as Int32Array;
      const offered = this.#offerDistances[worker] as Float64Array;
      const count = shared[OFFERS + worker] as number;
      let nearer = 0;
      for (let at = 0; at < count; at++) {
        const node = nodes[at] as number;
        const distance = offered[at] as number;
        if (distance >= (distances[node] as number)) continue;
        distances[node] = distance;
        nodes[nearer++] = node;
      }
      buckets.add(nodes, nearer);
    }
  }

  /** Follows links of the shared nodes and notes what is shorter than what is known. Hot. */
  #offer(): void {
    const { worker } = this.#context;
    const offsets = this.#offsets;
    const targets = this.#targets;
    const weights = this.#weights;
    const distances = this.distances;
    const frontier = this.#frontier;
    const nodes = this.#offerNodes[worker] as Int32Array;
    const offered = this.#offerDistances[worker] as Float64Array;
    const end = this.#shared[END] as number;
    let offers = 0;
    for (;;) {
      const from = Atomics.add(this.#shared, TAKEN, CHUNK);
      if (from >= end) break;
      for (let place = from; place < Math.min(from + CHUNK, end); place++) {
        const node = frontier[place] as number;
        const distance = distances[node] as number;
        const stop = offsets[node + 1] as number;
        for (let at = offsets[node] as number; at < stop; at++) {
          const target = targets[at] as number;
          const next = distance + (weights[at] as number);
          if (next < (distances[target] as number)) {
            nodes[offers] = target;
            offered[offers] = next;
            offers++;
          }
        }
      }
    }
    this.#shared[OFFERS + worker] = offers;
  }
}

/** Lists of nodes by distance: the next ones in a ring, all that are farther away in one list. */
class Buckets {
  /** The list that was taken, and its length. */
  taken: Int32Array = new Int32Array(FIRST_SIZE);
  takenCount = 0;
  readonly #distances: Float64Array;
  readonly #inverse: number;
  readonly #lists: Int32Array[] = Array.from({ length: BUCKETS }, () => new Int32Array(FIRST_SIZE));
  readonly #counts = new Int32Array(BUCKETS);
  /** Place of the list where each node waits. Nodes that came nearer are still in lists where they waited before. */
  readonly #places: Int16Array;
  /** Number of the bucket that is taken from, which may be any integer. */
  #current = 0;
  /** Entries of the ring. */
  #near = 0;
  #far: Int32Array = new Int32Array(FIRST_SIZE);
  #farCount = 0;

  constructor(distances: Float64Array, inverse: number) {
    this.#distances = distances;
    this.#inverse = inverse;
    this.#places = new Int16Array(distances.length).fill(NOWHERE);
  }

  /** Lets nodes wait that came nearer, but not nearer than the bucket which was taken. Hot. */
  add(nodes: ArrayLike<number>, nodeCount: number): void {
    const distances = this.#distances;
    const inverse = this.#inverse;
    const places = this.#places;
    const counts = this.#counts;
    const lists = this.#lists;
    const end = this.#current + BUCKETS;
    for (let at = 0; at < nodeCount; at++) {
      const node = nodes[at] as number;
      const bucket = (distances[node] as number) * inverse;
      // Of numbers beyond 2^31 the lower bits count, which are those of the place.
      const place = bucket >= end ? FAR : (bucket | 0) & (BUCKETS - 1);
      if (places[node] === place) continue;
      places[node] = place;
      if (place === FAR) {
        if (this.#farCount === this.#far.length) this.#far = doubled(this.#far);
        this.#far[this.#farCount++] = node;
        continue;
      }
      const count = counts[place] as number;
      let list = lists[place] as Int32Array;
      if (count === list.length) {
        list = doubled(list);
        lists[place] = list;
      }
      list[count] = node;
      counts[place] = count + 1;
      this.#near++;
    }
  }

  /** Takes the first list that is not empty; false when none is left. */
  take(): boolean {
    if (this.#near === 0 && !this.#approach()) return false;
    while (this.#counts[this.#place()] === 0) this.#current++;
    const place = this.#place();
    const list = this.#lists[place] as Int32Array;
    const count = this.#counts[place] as number;
    this.#lists[place] = this.taken;
    this.#counts[place] = 0;
    this.#near -= count;
    const places = this.#places;
    let kept = 0;
    for (let at = 0; at < count; at++) {
      const node = list[at] as number;
      if (places[node] !== place) continue;
      places[node] = NOWHERE;
      list[kept++] = node;
    }
    this.taken = list;
    this.takenCount = kept;
    return true;
  }

  #place(): number {
    return (this.#current | 0) & (BUCKETS - 1);
  }

  /** Goes on to the nearest of the nodes that are farther away. */
  #approach(): boolean {
    let next = Infinity;
    let waiting = 0;
    const far = this.#far;
    for (let at = 0; at < this.#farCount; at++) {
      const node = far[at] as number;
      if (this.#places[node] !== FAR) continue;
      this.#places[node] = NOWHERE;
      far[waiting++] = node;
      next = Math.min(next, Math.floor((this.#distances[node] as number) * this.#inverse));
    }
    this.#farCount = 0;
    if (waiting === 0) return false;
    this.#current = next;
    this.#far = new Int32Array(far.length);
    this.add(far, waiting);
    return this.#near > 0;
  }
}

function doubled(list: Int32Array): Int32Array {
  const larger = new Int32Array(2 * list.length);
  larger.set(list);
  return larger;
}
