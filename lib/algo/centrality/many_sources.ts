/** Breadth-first searches from many nodes at once. */

import type { Projection } from "../../backend/projection.ts";
import type { TaskContext } from "../define.ts";
import { signed } from "../paths/hop_search.ts";
import { NodePasses } from "./node_passes.ts";

/** Searches at once: a bit each in two words for each node. */
const BATCH = 64;

/** Links looked at between two looks at the signal. */
const LINKS_PER_LOOK = 1 << 16;

/**
 * Of all links and nodes, through the number of threads: a level with fewer links is left to one thread. To follow one takes about ten
 * times as long as to look back along one.
 */
const ONE_THREAD_PART = 24;

/** Places of the words that threads share. */
const ACTIVE = 0;
const WANTED = 2;
const SIDE = 4;
const IS_SHARED = 5;
const LEVEL = 6;
const WORDS = 7;

/** What many searches found. */
export interface HopSums {
  /** Of each node, the sum over the sources from which it was reached of the value of the distance. */
  readonly sums: Float64Array<SharedArrayBuffer>;
  /** Number of other nodes that it was reached from. */
  readonly hits: Uint32Array<SharedArrayBuffer>;
}

/**
 * Follows links from some nodes, along their direction or against it, and sums up for each node what `valueOf` says of its distances.
 * For all threads of a run together; the sums are the same for any number of them. Progress counts sources.
 *
 * Searches that are at the same node at the same distance go on together: Then et al., The more the merrier: efficient multi-source graph
 * traversal, 2014. A level with many links is shared: each node looks back at its neighbors, until it has all searches that are still
 * under way. One with few links is followed by one thread.
 */
export function hopSums(
  context: TaskContext,
  projection: Projection,
  sources: Uint32Array,
  isForward: boolean,
  valueOf: (distance: number) => number,
): HopSums {
  const search = new ManySources(context, projection, isForward);
  for (let first = 0; first < sources.length; first += BATCH) {
    search.run(sources.subarray(first, first + BATCH), valueOf);
    if (context.worker === 0) context.progress(Math.min(BATCH, sources.length - first));
  }
  return search;
}

class ManySources implements HopSums {
  readonly sums: Float64Array<SharedArrayBuffer>;
  readonly hits: Uint32Array<SharedArrayBuffer>;
  readonly #context: TaskContext;
  readonly #nodeCount: number;
  /** Links as they are followed, and the other way round. */
  readonly #offsets: Int32Array<SharedArrayBuffer>;
  readonly #targets: Int32Array<SharedArrayBuffer>;
  readonly #backOffsets: Int32Array<SharedArrayBuffer>;
  readonly #backTargets: Int32Array<SharedArrayBuffer>;
  readonly #passes: NodePasses;
  /** Two words for each node: searches that were there. */
  readonly #seen: Int32Array<SharedArrayBuffer>;
  /** Searches that are there now, and those that will be next. */
  readonly #fronts: readonly [Int32Array<SharedArrayBuffer>, Int32Array<SharedArrayBuffer>];
  readonly #shared: Int32Array<SharedArrayBuffer>;
  /** Nodes of the frontier, while the first thread works alone, and of the next one. */
  #list: Int32Array;
  #nextList: Int32Array;
  #listed = 0;
  #side = 0;
  #isNew = true;
  readonly #minSharedLinks: number;

  constructor(context: TaskContext, projection: Projection, isForward: boolean) {
    const { nodeCount, out } = projection;
    const ahead = isForward ? out : projection.in;
    const back = isForward ? projection.in : out;
    this.#context = context;
    this.#nodeCount = nodeCount;
    this.#offsets = signed(ahead.offsets);
    this.#targets = signed(ahead.targets);
    this.#backOffsets = signed(back.offsets);
    this.#backTargets = signed(back.targets);
    this.#passes = new NodePasses(quiet(context), projection, 1);
    const words = (): Int32Array<SharedArrayBuffer> => new Int32Array(context.sharedBuffer(8 * nodeCount));
    this.#seen = words();
    this.#fronts = [words(), words()];
    this.#shared = new Int32Array(context.sharedBuffer(4 * WORDS));
    this.sums = new Float64Array(context.sharedBuffer(8 * nodeCount));
    this.hits = new Uint32Array(context.sharedBuffer(4 * nodeCount));
    this.#list = new Int32Array(context.worker === 0 ? nodeCount : 0);
    this.#nextList = new Int32Array(this.#list.length);
    this.#minSharedLinks = (nodeCount + out.targets.length) / (ONE_THREAD_PART * context.workers);
  }

  /** Up to 64 searches. */
  run(sources: Uint32Array, valueOf: (distance: number) => number): void {
    const isLead = this.#context.worker === 0;
    const shared = this.#shared;
    const passes = this.#passes;
    // New memory is zeroed.
    while (!this.#isNew && passes.next()) {
      for (const words of [this.#seen, ...this.#fronts]) words.fill(0, 2 * passes.start, 2 * passes.end);
    }
    this.#isNew = false;
    if (isLead) this.#begin(sources);
    for (;;) {
      if (isLead) this.#leadOn(valueOf);
      this.#context.barrier();
      if (shared[IS_SHARED] === 0) return;
      const side = shared[SIDE] as number;
      const level = shared[LEVEL] as number;
      const value = valueOf(level);
      while (passes.next()) passes.put(0, this.#lookBack(passes.start, passes.end, side, value));
      if (!isLead) continue;
      shared[SIDE] = 1 - side;
      shared[LEVEL] = level + 1;
      // The frontier is no list now.
      this.#listed = -1;
    }
  }

  /** Puts the searches at their sources. */
  #begin(sources: Uint32Array): void {
    const shared = this.#shared;
    const front = this.#fronts[0];
    shared[SIDE] = 0;
    shared[LEVEL] = 1;
    shared[ACTIVE] = shared[ACTIVE + 1] = 0;
    for (let at = 0; at < sources.length; at++) {
      const place = 2 * (sources[at] as number) + (at >>> 5);
      const bit = 1 << (at & 31);
      front[place] = bit;
      this.#seen[place] = bit;
      this.#list[at] = sources[at] as number;
      shared[ACTIVE + (at >>> 5)] = (shared[ACTIVE + (at >>> 5)] as number) | bit;
    }
    this.#listed = sources.length;
  }

  /** Goes on alone, level by level, until one has enough links for all threads (1) or nothing is left (0). */
  #leadOn(valueOf: (distance: number) => number): void {
    const shared = this.#shared;
    let links = this.#listed < 0 ? this.#passes.sum(0) : this.#linksOfList();
    for (;;) {
      this.#context.throwIfAborted();
      if (((shared[ACTIVE] as number) | (shared[ACTIVE + 1] as number)) === 0) {
        shared[IS_SHARED] = 0;
        return;
      }
      if (links >= this.#minSharedLinks) {
        shared[IS_SHARED] = 1;
        for (const word of [0, 1]) {
          shared[WANTED + word] = shared[ACTIVE + word] as number;
          shared[ACTIVE + word] = 0;
        }
        return;
      }
      this.#side = shared[SIDE] as number;
      if (this.#listed < 0) this.#makeList();
      this.#context.throwIfAborted();
      this.#follow(valueOf(shared[LEVEL] as number));
      shared[SIDE] = 1 - this.#side;
      shared[LEVEL] = (shared[LEVEL] as number) + 1;
      links = this.#linksOfList();
    }
  }

  #linksOfList(): number {
    let links = 0;
    for (let at = 0; at < this.#listed; at++) {
      const node = this.#list[at] as number;
      links += (this.#offsets[node + 1] as number) - (this.#offsets[node] as number);
    }
    return links;
  }

  /** Lists the nodes of the frontier, and clears the next one. */
  #makeList(): void {
    const front = this.#fronts[this.#side] as Int32Array;
    (this.#fronts[1 - this.#side] as Int32Array).fill(0);
    let count = 0;
    for (let node = 0; node < this.#nodeCount; node++) {
      if (((front[2 * node] as number) | (front[2 * node + 1] as number)) !== 0) this.#list[count++] = node;
    }
    this.#listed = count;
  }

  /** Follows the links of the nodes of the list. Hot. */
  #follow(value: number): void {
    const offsets = this.#offsets;
    const targets = this.#targets;
    const seen = this.#seen;
    const front = this.#fronts[this.#side] as Int32Array;
    const next = this.#fronts[1 - this.#side] as Int32Array;
    const list = this.#list;
    const found = this.#nextList;
    let count = 0;
    let left = LINKS_PER_LOOK;
    for (let at = 0; at < this.#listed; at++) {
      const node = list[at] as number;
      const first = front[2 * node] as number;
      const second = front[2 * node + 1] as number;
      const begin = offsets[node] as number;
      const stop = offsets[node + 1] as number;
      for (let link = begin; link < stop; link++) {
        const target = targets[link] as number;
        const place = 2 * target;
        const newFirst = first & ~(seen[place] as number);
        const newSecond = second & ~(seen[place + 1] as number);
        if ((newFirst | newSecond) === 0) continue;
        const oldFirst = next[place] as number;
        const oldSecond = next[place + 1] as number;
        if ((oldFirst | oldSecond) === 0) found[count++] = target;
        next[place] = oldFirst | newFirst;
        next[place + 1] = oldSecond | newSecond;
      }
      left -= 1 + stop - begin;
      if (left < 0) {
        this.#context.throwIfAborted();
        left = LINKS_PER_LOOK;
      }
    }
    for (let at = 0; at < this.#listed; at++) {
      const place = 2 * (list[at] as number);
      front[place] = front[place + 1] = 0;
    }
    let activeFirst = 0;
    let activeSecond = 0;
    for (let at = 0; at < count; at++) {
      const node = found[at] as number;
      const first = next[2 * node] as number;
      const second = next[2 * node + 1] as number;
      seen[2 * node] = (seen[2 * node] as number) | first;
      seen[2 * node + 1] = (seen[2 * node + 1] as number) | second;
      activeFirst |= first;
      activeSecond |= second;
      this.#add(node, ones(first) + ones(second), value);
    }
    this.#shared[ACTIVE] = activeFirst;
    this.#shared[ACTIVE + 1] = activeSecond;
    this.#list = found;
    this.#nextList = list;
    this.#listed = count;
  }

  /**
   * Lets nodes look for searches at their neighbors, and returns the number of links ahead of those that find some. A node has enough when
   * it has all that are still under way. Hot.
   */
  #lookBack(start: number, end: number, side: number, value: number): number {
    const offsets = this.#backOffsets;
    const targets = this.#backTargets;
    const ahead = this.#offsets;
    const seen = this.#seen;
    const front = this.#fronts[side] as Int32Array;
    const next = this.#fronts[1 - side] as Int32Array;
    const allFirst = this.#shared[WANTED] as number;
    const allSecond = this.#shared[WANTED + 1] as number;
    let activeFirst = 0;
    let activeSecond = 0;
    let links = 0;
    for (let node = start; node < end; node++) {
      const place = 2 * node;
      const seenFirst = seen[place] as number;
      const seenSecond = seen[place + 1] as number;
      const missingFirst = allFirst & ~seenFirst;
      const missingSecond = allSecond & ~seenSecond;
      let first = 0;
      let second = 0;
      if ((missingFirst | missingSecond) !== 0) {
        const stop = offsets[node + 1] as number;
        for (let link = offsets[node] as number; link < stop; link++) {
          const other = 2 * (targets[link] as number);
          first |= front[other] as number;
          second |= front[other + 1] as number;
          if (((missingFirst & ~first) | (missingSecond & ~second)) === 0) break;
        }
        first &= missingFirst;
        second &= missingSecond;
      }
      next[place] = first;
      next[place + 1] = second;
      if ((first | second) === 0) continue;
      seen[place] = seenFirst | first;
      seen[place + 1] = seenSecond | second;
      activeFirst |= first;
      activeSecond |= second;
      links += (ahead[node + 1] as number) - (ahead[node] as number);
      this.#add(node, ones(first) + ones(second), value);
    }
    Atomics.or(this.#shared, ACTIVE, activeFirst);
    Atomics.or(this.#shared, ACTIVE + 1, activeSecond);
    return links;
  }

  #add(node: number, count: number, value: number): void {
    this.sums[node] = (this.sums[node] as number) + count * value;
    this.hits[node] = (this.hits[node] as number) + count;
  }
}

/** A context whose progress is not told. */
function quiet(context: TaskContext): TaskContext {
  return {
    workers: context.workers,
    worker: context.worker,
    isAborted: context.isAborted,
    throwIfAborted: () => context.throwIfAborted(),
    progress() {},
    total() {},
    barrier: () => context.barrier(),
    sharedBuffer: (byteLength) => context.sharedBuffer(byteLength),
  };
}

/** Number of bits that are set. */
function ones(word: number): number {
  let bits = word - ((word >>> 1) & 0x5555_5555);
  bits = (bits & 0x3333_3333) + ((bits >>> 2) & 0x3333_3333);
  bits = (bits + (bits >>> 4)) & 0x0f0f_0f0f;
  return Math.imul(bits, 0x0101_0101) >>> 24;
}
