/** Moves nodes between communities for as long as modularity grows. */

import type { TaskContext } from "../define.ts";
import { EMPTY, Finder, type MoveState, ROUNDING } from "./best_communities.ts";
import type { LevelGraph } from "./level_graph.ts";
import { moveAlone } from "./move_alone.ts";

/** What nodes are moved for. */
export interface MoveOptions {
  /** Resolution divided by the sum of all strengths. */
  readonly scale: number;
  /** A round that gains less than this, as a part of the sum of all strengths, is the last one. */
  readonly tolerance: number;
  /** Order in which nodes are looked at first; ascending without it. */
  readonly order?: Uint32Array | undefined;
}

/** A level of nodes is looked at in so many batches, */
const BATCHES = 128;
/** of at most so many nodes. */
const MAX_BATCH = 4_096;
/** Links of a level that threads share. */
const MIN_SHARED_LINKS = 1 << 19;
/** A node waits for nothing, */
const NOWHERE = 0;
/** waits in the queue, */
const QUEUED = 1;
/** waits in the batch for its move, */
const IN_BATCH = 2;
/** or does so while a neighbor moved. */
const STALE = 3;

/**
 * Moves each node to the community where modularity is largest, then those again whose neighbors moved, until none can be better
 * placed. Labels are below the number of nodes, and lie in memory that all threads of the run share. Says by how much
 * modularity became larger, times half the sum of all strengths: 0 when nothing moved.
 *
 * On a level with many links nodes wait in a queue. Of those at its head, threads find out the best communities; then one thread
 * moves them, one by one, for as long as that is still a gain. On a smaller level one thread does all of it, see `moveAlone`. So
 * each move makes modularity larger, and how many threads there are changes nothing.
 *
 * The queue: Ozaki, Tezuka, Inaba, A simple acceleration method for the Louvain algorithm, 2016; Traag, Waltman, van Eck 2019.
 */
export function moveNodes(level: LevelGraph, labels: Uint32Array, options: MoveOptions, context: TaskContext): number {
  const { count } = level;
  if (level.targets.length < MIN_SHARED_LINKS) {
    const gained = new Float64Array(context.sharedBuffer(8));
    if (context.worker === 0) gained[0] = moveAlone(level, labels, options, context);
    context.barrier();
    return gained[0] as number;
  }
  const capacity = Math.min(MAX_BATCH, Math.max(1, Math.floor(count / BATCHES)));
  const state: MoveState = {
    labels,
    totals: new Float64Array(context.sharedBuffer(8 * count)),
    batch: new Uint32Array(context.sharedBuffer(4 * capacity)),
    best: new Uint32Array(context.sharedBuffer(4 * capacity)),
    toOwn: new Float64Array(context.sharedBuffer(8 * capacity)),
    toBest: new Float64Array(context.sharedBuffer(8 * capacity)),
    batchLength: new Uint32Array(context.sharedBuffer(4)),
    gained: new Float64Array(context.sharedBuffer(8)),
  };
  if (context.worker === 0) moveFirst(level, state, options, context);
  else helpMove(level, state, options, context);
  return state.gained[0] as number;
}

function moveFirst(level: LevelGraph, state: MoveState, options: MoveOptions, context: TaskContext): void {
  const mover = new Mover(level, state, options);
  const finder = new Finder(level, state, options.scale, context);
  for (;;) {
    const isMore = mover.takeBatch();
    context.barrier();
    if (!isMore) return;
    finder.find(0, context.workers);
    context.barrier();
    mover.apply();
  }
}

function helpMove(level: LevelGraph, state: MoveState, options: MoveOptions, context: TaskContext): void {
  const finder = new Finder(level, state, options.scale, context);
  for (;;) {
    context.barrier();
    if (state.batchLength[0] === 0) return;
    finder.find(context.worker, context.workers);
    context.barrier();
  }
}

/** Moves the nodes of a batch. */
class Mover {
  readonly #level: LevelGraph;
  readonly #state: MoveState;
  readonly #scale: number;
  /** A round's least gain. */
  readonly #leastGain: number;
  /** Number of nodes of each community. */
  readonly #sizes: Uint32Array;
  /** Communities without nodes. */
  readonly #empty: Uint32Array;
  #emptyCount = 0;
  /** A ring of nodes. */
  readonly #queue: Uint32Array;
  /** Where each node is: `QUEUED` and so on. */
  readonly #places: Uint8Array;
  #head = 0;
  #length: number;
  /** Nodes that this round still looks at. */
  #roundLeft: number;
  #roundGain = 0;

  constructor(level: LevelGraph, state: MoveState, { scale, tolerance, order }: MoveOptions) {
    const { count, strengths } = level;
    const { labels, totals } = state;
    this.#level = level;
    this.#state = state;
    this.#scale = scale;
    this.#sizes = new Uint32Array(count);
    this.#empty = new Uint32Array(count);
    this.#queue = new Uint32Array(count);
    this.#places = new Uint8Array(count).fill(QUEUED);
    this.#length = count;
    this.#roundLeft = count;
    let strength = 0;
    for (let node = 0; node < count; node++) {
      const label = labels[node] as number;
      totals[label] = (totals[label] as number) + (strengths[node] as number);
      strength += strengths[node] as number;
      this.#sizes[label] = (this.#sizes[label] as number) + 1;
      this.#queue[node] = order === undefined ? node : order[node] as number;
    }
    for (let label = count - 1; label >= 0; label--) {
      if (this.#sizes[label] === 0) this.#empty[this.#emptyCount++] = label;
    }
    this.#leastGain = tolerance * strength / 2;
  }

  /** Takes nodes from the queue; false when it is empty, or the last round gained too little. */
  takeBatch(): boolean {
    const { batch, batchLength } = this.#state;
    const queue = this.#queue;
    const places = this.#places;
    batchLength[0] = 0;
    if (this.#roundLeft === 0) {
      if (this.#roundGain < this.#leastGain) return false;
      this.#roundGain = 0;
      this.#roundLeft = this.#length;
    }
    const length = Math.min(batch.length, this.#roundLeft);
    let head = this.#head;
    for (let place = 0; place < length; place++) {
      const node = queue[head] as number;
      head++;
      if (head === queue.length) head = 0;
      batch[place] = node;
      places[node] = IN_BATCH;
    }
    this.#head = head;
    this.#length -= length;
    this.#roundLeft -= length;
    batchLength[0] = length;
    return length > 0;
  }

  /** Moves those nodes of the batch that are still better placed elsewhere. Hot. */
  apply(): void {
    const { strengths } = this.#level;
    const { labels, totals, batch, best, toOwn, toBest, batchLength, gained } = this.#state;
    const scale = this.#scale;
    const sizes = this.#sizes;
    const places = this.#places;
    const length = batchLength[0] as number;
    for (let place = 0; place < length; place++) {
      const node = batch[place] as number;
      const isStale = places[node] === STALE;
      places[node] = NOWHERE;
      if (isStale) this.#push(node);
      const own = labels[node] as number;
      const wanted = best[place] as number;
      if (wanted === own || (wanted === EMPTY ? this.#emptyCount === 0 : sizes[wanted] === 0)) continue;
      const strength = strengths[node] as number;
      const price = scale * strength;
      let gain = price * ((totals[own] as number) - strength);
      if (wanted !== EMPTY) gain -= price * (totals[wanted] as number);
      if (isStale) gain += this.#difference(node, own, wanted);
      else gain += (toBest[place] as number) - (toOwn[place] as number);
      if (gain <= ROUNDING * strength) continue;
      this.#roundGain += gain;
      gained[0] = (gained[0] as number) + gain;
      this.#move(node, own, wanted === EMPTY ? this.#empty[--this.#emptyCount] as number : wanted);
    }
  }

  /** Weight of a node's links to one community less that of its links to another one. Hot. */
  #difference(node: number, own: number, wanted: number): number {
    const { offsets, targets, weights } = this.#level;
    const { labels } = this.#state;
    const end = offsets[node + 1] as number;
    let difference = 0;
    for (let at = offsets[node] as number; at < end; at++) {
      const target = targets[at] as number;
      if (target === node) continue;
      const label = labels[target] as number;
      if (label === wanted) difference += weights === undefined ? 1 : weights[at] as number;
      else if (label === own) difference -= weights === undefined ? 1 : weights[at] as number;
    }
    return difference;
  }

  /** Hot. */
  #move(node: number, own: number, wanted: number): void {
    const { offsets, targets, strengths } = this.#level;
    const { labels, totals } = this.#state;
    const sizes = this.#sizes;
    const places = this.#places;
    const strength = strengths[node] as number;
    labels[node] = wanted;
    totals[own] = (totals[own] as number) - strength;
    totals[wanted] = (totals[wanted] as number) + strength;
    sizes[wanted] = (sizes[wanted] as number) + 1;
    sizes[own] = (sizes[own] as number) - 1;
    if (sizes[own] === 0) {
      totals[own] = 0;
      this.#empty[this.#emptyCount++] = own;
    }
    const queue = this.#queue;
    let tail = this.#head + this.#length;
    if (tail >= queue.length) tail -= queue.length;
    let length = this.#length;
    const end = offsets[node + 1] as number;
    for (let at = offsets[node] as number; at < end; at++) {
      const target = targets[at] as number;
      const place = places[target] as number;
      if (place === IN_BATCH) {
        places[target] = STALE;
      } else if (place === NOWHERE && labels[target] !== wanted) {
        places[target] = QUEUED;
        queue[tail] = target;
        length++;
        tail++;
        if (tail === queue.length) tail = 0;
      }
    }
    this.#length = length;
  }

  /** Puts a node at the end of the queue. */
  #push(node: number): void {
    let tail = this.#head + this.#length;
    if (tail >= this.#queue.length) tail -= this.#queue.length;
    this.#queue[tail] = node;
    this.#places[node] = QUEUED;
    this.#length++;
  }
}
