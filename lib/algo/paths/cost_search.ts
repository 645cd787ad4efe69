/** Searches by cost: Dijkstra's algorithm, step by step. */

import type { Adjacency, Projection } from "../../backend/projection.ts";
import { filled, lookUp } from "../define.ts";
import type { Pace } from "../pace.ts";
import { signed } from "./hop_search.ts";
import { NodeHeap } from "./node_heap.ts";

/** A node that is put into the heap, or taken out of it, takes as long as so many links. */
export const HEAP_WORK = 8;

/** What a link costs, by its place and ends; Infinity when it cannot be followed. */
export interface CostOfLink {
  /** Cost of a link. */
  of(place: number, node: number, target: number): number;
}

/** Dijkstra, A note on two problems in connexion with graphs, 1959, with a heap of four children a node. */
export class CostSearch {
  /** Least cost of each node that was found so far, Infinity of others. */
  readonly costs: Float64Array<SharedArrayBuffer>;
  /** The node before each one that was found, -1 of those that the search began with. */
  readonly parents: Int32Array<SharedArrayBuffer>;
  /** Place of the link from there. */
  readonly places: Int32Array<SharedArrayBuffer>;
  /** Nodes that must not be entered, by dense index, when there are some. */
  blocked: Uint8Array | undefined;
  /** Nodes that would cost more are left out. */
  maxCost: number = Infinity;
  readonly #offsets: Int32Array<SharedArrayBuffer>;
  readonly #targets: Int32Array<SharedArrayBuffer>;
  readonly #linkCosts: CostOfLink;
  readonly #heap: NodeHeap;
  readonly #pace: Pace;
  /** Nodes that were found, for `reset`. */
  #found: Int32Array;
  #foundCount = 0;

  constructor(links: Adjacency, linkCosts: CostOfLink, pace: Pace) {
    const nodeCount = links.offsets.length - 1;
    this.costs = filled(new Float64Array(new SharedArrayBuffer(8 * nodeCount)), Infinity);
    this.parents = filled(new Int32Array(new SharedArrayBuffer(4 * nodeCount)), -1);
    this.places = new Int32Array(new SharedArrayBuffer(4 * nodeCount));
    this.#offsets = signed(links.offsets);
    this.#targets = signed(links.targets);
    this.#linkCosts = linkCosts;
    this.#heap = new NodeHeap(nodeCount);
    this.#pace = pace;
    this.#found = new Int32Array(Math.min(nodeCount, 1 << 10));
  }

  /** Cost of the node that is next; Infinity when none is left. */
  get nextCost(): number {
    return this.#heap.smallest;
  }

  /** A node to begin with, or one that was found along a link. */
  put(node: number, cost: number, parent: number, place: number): void {
    if (this.costs[node] === Infinity) this.#note(node);
    this.costs[node] = cost;
    this.parents[node] = parent;
    this.places[node] = place;
    this.#heap.put(node, cost);
  }

  /** The node with the least cost whose links were not followed yet, which is final; -1 when none is left. */
  settle(): number {
    const node = this.#heap.take();
    if (node >= 0) this.#follow(node);
    return node;
  }

  /** As `settle`, without following its links. */
  take(): number {
    return this.#heap.take();
  }

  /** Follows the links of a node. Hot. */
  #follow(node: number): void {
    const targets = this.#targets;
    const costs = this.costs;
    const blocked = this.blocked;
    const linkCosts = this.#linkCosts;
    const cost = costs[node] as number;
    const start = this.#offsets[node] as number;
    const stop = this.#offsets[node + 1] as number;
    let work = HEAP_WORK;
    for (let place = start; place < stop; place++) {
      const target = targets[place] as number;
      const next = cost + linkCosts.of(place, node, target);
      if (!(next < (costs[target] as number)) || next > this.maxCost) continue;
      if (blocked !== undefined && blocked[target] === 1) continue;
      this.put(target, next, node, place);
      work += HEAP_WORK;
    }
    this.#pace.step(stop - start + 1, work);
  }

  /** Forgets all that was found. O(nodes found). */
  reset(): void {
    for (let at = 0; at < this.#foundCount; at++) {
      const node = this.#found[at] as number;
      this.costs[node] = Infinity;
      this.parents[node] = -1;
    }
    this.#foundCount = 0;
    this.#heap.clear();
  }

  #note(node: number): void {
    if (this.#foundCount === this.#found.length) {
      const larger = new Int32Array(Math.max(16, 2 * this.#found.length));
      larger.set(this.#found);
      this.#found = larger;
    }
    this.#found[this.#foundCount++] = node;
  }

  /** Dense indexes of the nodes on the way to one, from the first, and the places of the links between them. */
  trace(target: number): { nodes: number[]; places: number[] } {
    const nodes = [target];
    const places: number[] = [];
    let node = target;
    while ((this.parents[node] as number) >= 0) {
      places.push(this.places[node] as number);
      node = this.parents[node] as number;
      nodes.push(node);
    }
    return { nodes: nodes.reverse(), places: places.reverse() };
  }
}

/** Edge of the link to each node, when the projection knows edges; 0 where there is none. */
export function edgesOfPlaces(
  { out }: Projection,
  parents: Int32Array,
  places: Int32Array,
): Float64Array<SharedArrayBuffer> | undefined {
  const { edgeIds } = out;
  if (edgeIds === undefined) return undefined;
  const edges = new Float64Array(new SharedArrayBuffer(8 * parents.length));
  for (let node = 0; node < parents.length; node++) {
    if ((node & 65_535) === 0) lookUp();
    if ((parents[node] as number) >= 0) edges[node] = edgeIds[places[node] as number] as number;
  }
  return edges;
}
