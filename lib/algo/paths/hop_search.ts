/** Breadth-first distances, by one thread or several: the search that turns round when the frontier is large. */

import type { Adjacency } from "../../backend/projection.ts";
import type { TaskContext } from "../define.ts";

/** Links looked at between two looks at the signal. */
const LINKS_PER_LOOK = 1 << 18;

/** From the frontier's links to the unexplored ones: from here on each unreached node looks for a parent instead. */
const TO_BOTTOM_UP = 15;
/** From the frontier to all nodes: below this the frontier is a queue again. */
const TO_TOP_DOWN = 18;

/** A level with fewer links than this is left to one thread. */
const MIN_SHARED_LINKS = 1 << 16;
/** Nodes of a queue that a thread takes at once. */
const QUEUE_CHUNK = 64;
/** Nodes that a thread takes at once to look for their parents: whole words of the bit sets. */
const NODE_CHUNK = 1 << 12;
/** Nodes that a thread keeps before it adds them to the shared queue. */
const KEPT = 1 << 10;

/** Places of the numbers that threads share. */
const MODE = 0;
const DEPTH = 1;
const HEAD = 2;
const LEVEL_END = 3;
const END = 4;
const TAKEN = 5;
const LINKS = 6;
const AWAKE = 7;
const SIDE = 8;
const WORDS = 9;

const DONE = 0;
const TOP_DOWN = 1;
const BOTTOM_UP = 2;

/**
 * Distance in links of each node from the nearest of some nodes; -1 where none leads to it. All threads of a run call it.
 *
 * Beamer, Asanović and Patterson, Direction-Optimizing Breadth-First Search, 2012. When most unexplored links leave the
 * frontier, each unreached node looks whether one of its neighbours is in it and stops at the first. This needs the links in
 * the other direction, so `back` is left out where they would have to be made first. O(n + m), two words a node.
 */
export function hopDistances(
  context: TaskContext,
  links: Adjacency,
  back: Adjacency | undefined,
  starts: ArrayLike<number>,
  maxDepth: number,
): Int32Array<SharedArrayBuffer> {
  const search = new HopSearch(context, links, back, maxDepth);
  search.run(starts);
  return search.depths;
}

/** The words of shared memory as integers with sign, which engines handle faster; no index reaches 2^31. */
export function signed<Buffer extends ArrayBufferLike>(words: Uint32Array<Buffer>): Int32Array<Buffer> {
  return new Int32Array(words.buffer, words.byteOffset, words.length);
}

class HopSearch {
  readonly depths: Int32Array<SharedArrayBuffer>;
  readonly #context: TaskContext;
  readonly #nodeCount: number;
  readonly #maxDepth: number;
  readonly #offsets: Int32Array<SharedArrayBuffer>;
  readonly #targets: Int32Array<SharedArrayBuffer>;
  readonly #backOffsets: Int32Array<SharedArrayBuffer> | undefined;
  readonly #backTargets: Int32Array<SharedArrayBuffer>;
  readonly #queue: Int32Array<SharedArrayBuffer>;
  /** The frontier and the next one as sets of bits. */
  readonly #sets: readonly [Int32Array<SharedArrayBuffer>, Int32Array<SharedArrayBuffer>];
  readonly #shared: Int32Array<SharedArrayBuffer>;
  readonly #kept: Int32Array;
  /** Where the queue's next node is, and its end; only the first thread's count between levels. */
  #head = 0;
  #end = 0;
  /** Links that leave the nodes which this thread reached. */
  #links = 0;

  constructor(context: TaskContext, links: Adjacency, back: Adjacency | undefined, maxDepth: number) {
    this.#context = context;
    this.#nodeCount = links.offsets.length - 1;
    this.#maxDepth = maxDepth;
    this.#offsets = signed(links.offsets);
    this.#targets = signed(links.targets);
    this.#backOffsets = back === undefined ? undefined : signed(back.offsets);
    this.#backTargets = signed((back ?? links).targets);
    const ofNodes = (): Int32Array<SharedArrayBuffer> => new Int32Array(context.sharedBuffer(4 * this.#nodeCount));
    this.depths = ofNodes();
    this.#queue = ofNodes();
    const words = (this.#nodeCount + 31) >>> 5;
    const ofBits = (): Int32Array<SharedArrayBuffer> => new Int32Array(context.sharedBuffer(4 * words));
    this.#sets = [ofBits(), ofBits()];
    this.#shared = new Int32Array(context.sharedBuffer(4 * WORDS));
    this.#kept = new Int32Array(context.workers > 1 ? KEPT : 0);
  }

  run(starts: ArrayLike<number>): void {
    const { worker, workers } = this.#context;
    const lead = worker === 0 ? new Lead(this.#linkCount()) : undefined;
    if (lead !== undefined) this.#begin(starts, lead);
    for (;;) {
      if (lead !== undefined) this.#leadOn(lead, workers === 1);
      if (workers === 1) return;
      this.#context.barrier();
      const mode = this.#shared[MODE] as number;
      if (mode === DONE) return;
      if (mode === TOP_DOWN) this.#shareTopDown();
      else this.#shareBottomUp();
      this.#context.barrier();
      if (lead !== undefined) this.#gather(lead);
    }
  }

  #linkCount(): number {
    return this.#offsets[this.#nodeCount] as number;
  }

  #begin(starts: ArrayLike<number>, lead: Lead): void {
    this.#context.total(this.#nodeCount);
    this.depths.fill(-1);
    for (let at = 0; at < starts.length; at++) {
      const node = starts[at] as number;
      if (this.depths[node] === 0) continue;
      this.depths[node] = 0;
      this.#queue[this.#end++] = node;
      lead.links += (this.#offsets[node + 1] as number) - (this.#offsets[node] as number);
    }
    lead.awake = this.#end;
  }

  /** Goes on level by level, until one is large enough for all threads or nothing is left. */
  #leadOn(lead: Lead, isAlone: boolean): void {
    const shared = this.#shared;
    for (;;) {
      this.#context.throwIfAborted();
      if (lead.awake === 0 || lead.depth >= this.#maxDepth) {
        shared[MODE] = DONE;
        return;
      }
      this.#choose(lead);
      if (!isAlone && (lead.isBottomUp || lead.links > MIN_SHARED_LINKS)) {
        shared[MODE] = lead.isBottomUp ? BOTTOM_UP : TOP_DOWN;
        shared[DEPTH] = lead.depth + 1;
        shared[HEAD] = this.#head;
        shared[LEVEL_END] = shared[END] = this.#end;
        shared[TAKEN] = shared[LINKS] = shared[AWAKE] = 0;
        shared[SIDE] = lead.side;
        return;
      }
      if (lead.isBottomUp) {
        let awake = 0;
        const depth = lead.depth + 1;
        for (let node = 0; node < this.#nodeCount; node += NODE_CHUNK) {
          awake += this.#bottomUp(node, Math.min(node + NODE_CHUNK, this.#nodeCount), depth, lead.side);
          this.#context.throwIfAborted();
        }
        lead.next(awake, 0);
      } else {
        const levelEnd = this.#end;
        this.#links = 0;
        while (this.#head < levelEnd) {
          this.#topDown(levelEnd, lead.depth + 1);
          this.#context.throwIfAborted();
        }
        lead.next(this.#end - levelEnd, this.#links);
      }
      this.#context.progress(lead.awake);
    }
  }

  /** Chooses the direction of the next level, and makes the frontier what it needs. */
  #choose(lead: Lead): void {
    if (this.#backOffsets === undefined) return;
    if (lead.isBottomUp) {
      if (lead.awake >= lead.awakeBefore || lead.awake > this.#nodeCount / TO_TOP_DOWN) return;
      lead.isBottomUp = false;
      this.#queueUp(lead.side);
      // Their links were not counted; there are few.
      lead.links = lead.awake;
      return;
    }
    if (lead.links <= lead.unexplored / TO_BOTTOM_UP) {
      lead.unexplored -= lead.links;
      return;
    }
    lead.isBottomUp = true;
    const front = this.#sets[lead.side] as Int32Array;
    front.fill(0);
    for (let at = this.#head; at < this.#end; at++) {
      const node = this.#queue[at] as number;
      front[node >>> 5] = (front[node >>> 5] as number) | 1 << (node & 31);
    }
    this.#head = this.#end = 0;
  }

  /** Makes a queue of a set. */
  #queueUp(side: number): void {
    const front = this.#sets[side] as Int32Array;
    const queue = this.#queue;
    let end = 0;
    for (let word = 0; word < front.length; word++) {
      for (let bits = front[word] as number; bits !== 0; bits &= bits - 1) {
        queue[end++] = (word << 5) + 31 - Math.clz32(bits & -bits);
      }
    }
    this.#head = 0;
    this.#end = end;
  }

  /** Reaches the neighbours of nodes of the queue. Hot: about half of the time on graphs with hubs. */
  #topDown(levelEnd: number, depth: number): void {
    const offsets = this.#offsets;
    const targets = this.#targets;
    const depths = this.depths;
    const queue = this.#queue;
    let head = this.#head;
    let end = this.#end;
    let found = 0;
    let left = LINKS_PER_LOOK;
    while (head < levelEnd && left > 0) {
      const node = queue[head++] as number;
      const start = offsets[node] as number;
      const stop = offsets[node + 1] as number;
      left -= stop - start + 1;
      for (let at = start; at < stop; at++) {
        const target = targets[at] as number;
        if ((depths[target] as number) >= 0) continue;
        depths[target] = depth;
        queue[end++] = target;
        found += (offsets[target + 1] as number) - (offsets[target] as number);
      }
    }
    this.#head = head;
    this.#end = end;
    this.#links += found;
  }

  /** Looks for a parent of each unreached node of a range, whole words of bits; returns how many were found. Hot. */
  #bottomUp(begin: number, behind: number, depth: number, side: number): number {
    const offsets = this.#backOffsets as Int32Array;
    const targets = this.#backTargets;
    const depths = this.depths;
    const front = this.#sets[side] as Int32Array;
    const next = this.#sets[1 - side] as Int32Array;
    let awake = 0;
    for (let first = begin; first < behind; first += 32) {
      const last = Math.min(first + 32, behind);
      let bits = 0;
      for (let node = first; node < last; node++) {
        if ((depths[node] as number) >= 0) continue;
        const stop = offsets[node + 1] as number;
        for (let at = offsets[node] as number; at < stop; at++) {
          const target = targets[at] as number;
          if (((front[target >>> 5] as number) >>> target & 1) === 0) continue;
          depths[node] = depth;
          bits |= 1 << node;
          awake++;
          break;
        }
      }
      next[first >>> 5] = bits;
    }
    return awake;
  }

  #shareTopDown(): void {
    const shared = this.#shared;
    const depth = shared[DEPTH] as number;
    const head = shared[HEAD] as number;
    const levelEnd = shared[LEVEL_END] as number;
    this.#links = 0;
    let kept = 0;
    for (;;) {
      this.#context.throwIfAborted();
      const from = head + Atomics.add(shared, TAKEN, QUEUE_CHUNK);
      if (from >= levelEnd) break;
      for (let at = from; at < Math.min(from + QUEUE_CHUNK, levelEnd); at++) kept = this.#reach(at, depth, kept);
    }
    this.#flush(kept);
    Atomics.add(shared, LINKS, this.#links);
  }

  /** Reaches the neighbours of one node of the queue; of threads that reach the same one, the first keeps it. Hot. */
  #reach(place: number, depth: number, keptBefore: number): number {
    const offsets = this.#offsets;
    const targets = this.#targets;
    const depths = this.depths;
    const list = this.#kept;
    const node = this.#queue[place] as number;
    const stop = offsets[node + 1] as number;
    let kept = keptBefore;
    let found = 0;
    for (let at = offsets[node] as number; at < stop; at++) {
      const target = targets[at] as number;
      if ((depths[target] as number) >= 0 || Atomics.compareExchange(depths, target, -1, depth) !== -1) continue;
      list[kept++] = target;
      found += (offsets[target + 1] as number) - (offsets[target] as number);
      if (kept === KEPT) {
        this.#flush(kept);
        kept = 0;
      }
    }
    this.#links += found;
    return kept;
  }

  #flush(kept: number): void {
    const from = Atomics.add(this.#shared, END, kept);
    for (let at = 0; at < kept; at++) this.#queue[from + at] = this.#kept[at] as number;
    this.#context.progress(kept);
  }

  #shareBottomUp(): void {
    const shared = this.#shared;
    const depth = shared[DEPTH] as number;
    const side = shared[SIDE] as number;
    let awake = 0;
    for (;;) {
      this.#context.throwIfAborted();
      const from = Atomics.add(shared, TAKEN, NODE_CHUNK);
      if (from >= this.#nodeCount) break;
      awake += this.#bottomUp(from, Math.min(from + NODE_CHUNK, this.#nodeCount), depth, side);
    }
    Atomics.add(shared, AWAKE, awake);
    this.#context.progress(awake);
  }

  /** What all threads found. */
  #gather(lead: Lead): void {
    const shared = this.#shared;
    if (lead.isBottomUp) return lead.next(shared[AWAKE] as number, 0);
    this.#head = shared[LEVEL_END] as number;
    this.#end = shared[END] as number;
    lead.next(this.#end - this.#head, shared[LINKS] as number);
  }
}

/** What the first thread knows between levels. */
class Lead {
  depth = 0;
  /** Nodes of the frontier, and of the one before. */
  awake = 0;
  awakeBefore = 0;
  /** Links that leave the frontier; not known while nodes look for parents. */
  links = 0;
  /** Links that leave unreached nodes, about. */
  unexplored: number;
  isBottomUp = false;
  /** Which of the two sets is the frontier. */
  side: 0 | 1 = 0;

  constructor(links: number) {
    this.unexplored = links;
  }

  next(awake: number, links: number): void {
    this.depth++;
    this.awakeBefore = this.awake;
    this.awake = awake;
    this.links = links;
    if (this.isBottomUp) this.side = this.side === 0 ? 1 : 0;
  }
}
