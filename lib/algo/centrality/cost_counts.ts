/** All shortest paths from a node, where links have lengths. */

import type { Adjacency } from "../../backend/projection.ts";
import { signed } from "../paths/hop_search.ts";
import { NodeHeap } from "../paths/node_heap.ts";
import type { PathCounts } from "./path_counts.ts";

/** Links looked at between two looks at the signal. */
const LINKS_PER_LOOK = 1 << 16;
/** Links that take as long as the heap takes for a node. */
const NODE_COST = 20;

/** Numbers of paths are kept below this, times it to the power of their scale. */
const LARGE = 2 ** 512;

/** Marks of nodes. */
const UNSEEN = 0;
const FOUND = 1;
const FINAL = 2;
/** Its dependency is known. */
const DONE = 3;

/**
 * Brandes, A faster algorithm for betweenness centrality, 2001, with Dijkstra's search. Numbers of paths have a scale, so that there may
 * be any number: a grid of 600 by 600 nodes has 10^358 paths from corner to corner. Lengths are above 0.
 */
export class CostCounts implements PathCounts {
  readonly order: Int32Array;
  readonly dependencies: Float64Array;
  /** Length of the shortest paths to each node that the last search reached. */
  readonly distances: Float64Array;
  readonly #offsets: Int32Array<SharedArrayBuffer>;
  readonly #targets: Int32Array<SharedArrayBuffer>;
  readonly #weights: Float64Array<SharedArrayBuffer> | undefined;
  readonly #throwIfAborted: () => void;
  readonly #heap: NodeHeap;
  readonly #marks: Uint8Array;
  readonly #counts: Float64Array;
  readonly #scales: Int32Array;
  readonly #shares: Float64Array;
  #reached = 0;

  /** Without weights each link has the length 1. */
  constructor(links: Adjacency, weights: Float64Array<SharedArrayBuffer> | undefined, throwIfAborted: () => void) {
    const nodeCount = links.offsets.length - 1;
    this.#offsets = signed(links.offsets);
    this.#targets = signed(links.targets);
    this.#weights = weights;
    this.#throwIfAborted = throwIfAborted;
    this.#heap = new NodeHeap(nodeCount);
    this.order = new Int32Array(nodeCount);
    this.dependencies = new Float64Array(nodeCount);
    this.distances = new Float64Array(nodeCount);
    this.#marks = new Uint8Array(nodeCount);
    this.#counts = new Float64Array(nodeCount);
    this.#scales = new Int32Array(nodeCount);
    this.#shares = new Float64Array(nodeCount);
  }

  search(start: number): number {
    const offsets = this.#offsets;
    const targets = this.#targets;
    const weights = this.#weights;
    const distances = this.distances;
    const marks = this.#marks;
    const heap = this.#heap;
    const order = this.order;
    this.#throwIfAborted();
    for (let at = 0; at < this.#reached; at++) marks[order[at] as number] = UNSEEN;
    distances[start] = 0;
    marks[start] = FOUND;
    this.#counts[start] = 1;
    this.#scales[start] = 0;
    heap.put(start, 0);
    let reached = 0;
    let left = LINKS_PER_LOOK;
    for (let node = heap.take(); node >= 0; node = heap.take()) {
      order[reached++] = node;
      marks[node] = FINAL;
      const distance = distances[node] as number;
      const first = offsets[node] as number;
      const stop = offsets[node + 1] as number;
      for (let link = first; link < stop; link++) {
        const target = targets[link] as number;
        const mark = marks[target] as number;
        if (mark === FINAL) continue;
        const next = distance + (weights === undefined ? 1 : weights[link] as number);
        if (mark === UNSEEN || next < (distances[target] as number)) {
          marks[target] = FOUND;
          distances[target] = next;
          this.#counts[target] = this.#counts[node] as number;
          this.#scales[target] = this.#scales[node] as number;
          heap.put(target, next);
        } else if (next === distances[target]) {
          this.#addPaths(target, node);
        }
      }
      left -= NODE_COST + stop - first;
      if (left < 0) {
        this.#throwIfAborted();
        left = LINKS_PER_LOOK;
      }
    }
    this.#reached = reached;
    return reached;
  }

  depend(links?: Float64Array): void {
    const offsets = this.#offsets;
    const targets = this.#targets;
    const weights = this.#weights;
    const distances = this.distances;
    const marks = this.#marks;
    const counts = this.#counts;
    const scales = this.#scales;
    const shares = this.#shares;
    let left = LINKS_PER_LOOK;
    for (let at = this.#reached - 1; at >= 0; at--) {
      const node = this.order[at] as number;
      const distance = distances[node] as number;
      const count = counts[node] as number;
      const first = offsets[node] as number;
      const stop = offsets[node + 1] as number;
      let sum = 0;
      for (let link = first; link < stop; link++) {
        const target = targets[link] as number;
        // Only nodes that became final later: a length may be too small to change a distance.
        if (marks[target] !== DONE) continue;
        const next = distance + (weights === undefined ? 1 : weights[link] as number);
        if (next !== distances[target]) continue;
        const scale = (scales[target] as number) - (scales[node] as number);
        if (scale > 1) continue;
        const share = scale === 0 ? shares[target] as number : (shares[target] as number) / LARGE;
        sum += share;
        if (links !== undefined) links[link] = (links[link] as number) + count * share;
      }
      const dependency = count * sum;
      this.dependencies[at] = dependency;
      shares[node] = (1 + dependency) / count;
      marks[node] = DONE;
      left -= NODE_COST + stop - first;
      if (left < 0) {
        this.#throwIfAborted();
        left = LINKS_PER_LOOK;
      }
    }
  }

  /** All paths to one node go on to another one. */
  #addPaths(target: number, node: number): void {
    const counts = this.#counts;
    const scales = this.#scales;
    const more = (scales[node] as number) - (scales[target] as number);
    let count = counts[target] as number;
    let added = counts[node] as number;
    if (more > 0) {
      count = more === 1 ? count / LARGE : 0;
      scales[target] = scales[node] as number;
    } else if (more < 0) {
      added = more === -1 ? added / LARGE : 0;
    }
    count += added;
    if (count > LARGE) {
      count /= LARGE;
      scales[target] = (scales[target] as number) + 1;
    }
    counts[target] = count;
  }
}
