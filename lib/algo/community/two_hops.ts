/** Finds nodes that have a neighbor in common. */

import type { Projection } from "../../projection/mod.ts";
import type { NodeId } from "../../backend/schema.ts";
import { ParallelRange, type TaskContext } from "../define.ts";
import { type NeighborRows, neighborRows } from "./neighbor_rows.ts";
import { PairHeap } from "./pair_heap.ts";
import { type BestPairs, type ScoredNode, scoredPairs } from "./scored_pairs.ts";
import { enteringRows, neighborShares, scoreOf, type SimilarityMeasure } from "./similarity_measure.ts";

/** Which pairs are looked for. */
export interface TwoHopsOptions {
  /** What is made of the neighbors of two nodes. */
  readonly measure: SimilarityMeasure;
  /** Whether pairs that a link connects are left out. */
  readonly isUnlinked: boolean;
  /** Least score. */
  readonly threshold: number;
  /** Most pairs. */
  readonly limit: number;
}

/** Nodes dealt out at once: those of hubs take long. */
const CHUNK = 16;
/** Links looked at between two looks at the signal. */
const CHECK_EVERY = 65_536;

/** A search for pairs of nodes that both have a third one as a neighbor. All threads of a run make one, together. */
export class TwoHops {
  readonly #projection: Projection;
  readonly #options: TwoHopsOptions;
  readonly #context: TaskContext;
  /** Neighbors. */
  readonly #rows: NeighborRows;
  /** Nodes that have each node as a neighbor. */
  readonly #entering: NeighborRows;
  /** What each node adds as a common neighbor. */
  readonly #shares: Float64Array | undefined;
  /** Sum of the shares of the neighbors that the current node and each other have in common. */
  readonly #sums: Float64Array;
  /** Nodes with such sums. */
  readonly #touched: Uint32Array;
  readonly #heap: PairHeap;
  #budget = CHECK_EVERY;

  constructor(projection: Projection, options: TwoHopsOptions, context: TaskContext) {
    this.#projection = projection;
    this.#options = options;
    this.#context = context;
    this.#rows = neighborRows(projection.out, context);
    this.#entering = enteringRows(projection, this.#rows, context);
    this.#shares = neighborShares(options.measure, this.#entering, context);
    this.#sums = new Float64Array(projection.nodeCount);
    this.#touched = new Uint32Array(projection.nodeCount);
    this.#heap = new PairHeap(options.limit);
  }

  /** The best pairs of a node with others, which come by descending score, then ascending id. */
  bestOf(nodeId: NodeId): ScoredNode[] {
    // What the other threads return is not read.
    if (this.#context.worker !== 0) return [];
    const node = this.#projection.indexOf(nodeId);
    this.#context.total((this.#rows.offsets[node + 1] as number) - (this.#rows.offsets[node] as number));
    this.#compare(node, -1);
    this.#heap.sort();
    const { scores, second } = this.#heap;
    return Array.from(scores, (score, at) => ({ nodeId: this.#projection.nodeId(second[at] as number), score }));
  }

  /** The best of all pairs: by descending score, then ascending first and second node. */
  best(): BestPairs {
    const context = this.#context;
    const { nodeCount } = this.#projection;
    const heap = this.#heap;
    context.total(nodeCount);
    const nodes = new ParallelRange(context, nodeCount, CHUNK);
    while (nodes.next()) {
      let found = 0;
      for (let node = nodes.start; node < nodes.end; node++) found += this.#compare(node, node);
      nodes.put(found);
      context.progress(nodes.end - nodes.start);
    }
    const total = nodes.sum();
    // Each thread shows what it kept; the first one keeps the best of that.
    const sizes = new Uint32Array(context.sharedBuffer(4 * context.workers));
    sizes[context.worker] = heap.size;
    context.barrier();
    const most = sizes.reduce((largest, size) => Math.max(largest, size), 0);
    const scores = new Float64Array(context.sharedBuffer(8 * most * context.workers));
    const ends = new Uint32Array(context.sharedBuffer(8 * most * context.workers));
    scores.set(heap.scores.subarray(0, heap.size), context.worker * most);
    ends.set(heap.first.subarray(0, heap.size), 2 * context.worker * most);
    ends.set(heap.second.subarray(0, heap.size), (2 * context.worker + 1) * most);
    context.barrier();
    // What the other threads return is not read.
    if (context.worker !== 0) return undefined as unknown as BestPairs;
    for (let worker = 1; worker < context.workers; worker++) {
      for (let at = 0; at < (sizes[worker] as number); at++) {
        const first = ends[2 * worker * most + at] as number;
        heap.offer(scores[worker * most + at] as number, first, ends[(2 * worker + 1) * most + at] as number);
      }
    }
    heap.sort();
    const sorted = new Float64Array(new SharedArrayBuffer(8 * heap.size));
    sorted.set(heap.scores);
    return { ...scoredPairs(this.#projection, heap.first, heap.second, sorted), total };
  }

  /** Offers all pairs of a node with others above a bound; says how many there are. Hot. */
  #compare(node: number, above: number): number {
    const { offsets, targets } = this.#rows;
    const { offsets: entering, targets: sources } = this.#entering;
    const sums = this.#sums;
    const touched = this.#touched;
    const { measure, isUnlinked, threshold } = this.#options;
    const start = offsets[node] as number;
    const end = offsets[node + 1] as number;
    let count = 0;
    for (let at = start; at < end; at++) {
      const middle = targets[at] as number;
      const share = this.#shares === undefined ? 1 : this.#shares[middle] as number;
      // No other node has this neighbor.
      if (share === 0) continue;
      const first = entering[middle] as number;
      let link = (entering[middle + 1] as number) - 1;
      // Rows ascend: from their ends on, all are above the bound.
      for (; link >= first; link--) {
        const other = sources[link] as number;
        if (other <= above) break;
        const sum = sums[other] as number;
        if (sum === 0) touched[count++] = other;
        sums[other] = sum + share;
      }
      this.#budget -= (entering[middle + 1] as number) - link;
      if (this.#budget <= 0) {
        this.#context.throwIfAborted();
        this.#budget = CHECK_EVERY;
      }
    }
    sums[node] = 0;
    if (isUnlinked) { for (let at = start; at < end; at++) sums[targets[at] as number] = 0; }
    let found = 0;
    for (let at = 0; at < count; at++) {
      const other = touched[at] as number;
      const sum = sums[other] as number;
      if (sum === 0) continue;
      sums[other] = 0;
      const degree = (offsets[other + 1] as number) - (offsets[other] as number);
      const score = scoreOf(measure, sum, end - start, degree);
      if (score < threshold) continue;
      found++;
      this.#heap.offer(score, node, other);
    }
    return found;
  }
}
