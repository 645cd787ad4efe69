/** Finds the places of a pattern in a graph, one after the other. */

import type { Adjacency } from "../../projection/mod.ts";
import { type OrderedPair, planMatches, type PlannedEdge, type PlannedNode } from "./match_plan.ts";
import { hasBit, type LayeredGraph, type PatternShape } from "./pattern_shape.ts";

/** Whether the links around a node are enough was found out for so many pairs of nodes at most: a byte each. */
const MAX_KNOWN = 2 ** 28;
const UNKNOWN = 0;
const FITS = 1;
/** Some milliseconds of work. */
const CHECK_EVERY = 65_536;

/**
 * A search that can be resumed: each call of `next` finds one more match. VF2++ (Jüttner, Madarasi 2018) without recursion: its
 * order of the nodes, candidates from the shortest row of a matched neighbor, and its look at the labels of neighbors, taken
 * once for each node instead of in every state.
 */
export class MatchSearch {
  /** Steps in the order in which they are matched. */
  readonly plan: readonly PlannedNode[];
  /** Dense index of the node that was found for each place of the pattern. */
  readonly found: Int32Array;
  readonly #graph: LayeredGraph;
  readonly #onWork: (units: number) => void;
  /** Dense index of the node of each step. */
  readonly #mapping: Int32Array;
  /** The candidates of each step: a row of links from a cursor to an end; undefined: all nodes. */
  readonly #rows: (Uint32Array | undefined)[];
  readonly #cursors: Float64Array;
  readonly #ends: Float64Array;
  /** For each step and node whether its neighbors are enough. */
  readonly #known: Uint8Array | undefined;
  #step = 0;
  #work = 0;

  /** `onWork` hears of candidates and links that were looked at, every few milliseconds, and may throw. */
  constructor(
    shape: PatternShape,
    graph: LayeredGraph,
    pairs: readonly OrderedPair[],
    onWork: (units: number) => void,
  ) {
    const { size } = shape;
    this.plan = planMatches(shape, graph, pairs);
    this.found = new Int32Array(size);
    this.#graph = graph;
    this.#onWork = onWork;
    this.#mapping = new Int32Array(size).fill(-1);
    this.#rows = new Array(size).fill(undefined);
    this.#cursors = new Float64Array(size);
    this.#ends = new Float64Array(size);
    this.#ends[0] = graph.nodeCount;
    this.#known = size * graph.nodeCount > MAX_KNOWN ? undefined : new Uint8Array(size * graph.nodeCount);
  }

  /** Finds the next match, in lexicographic order of the nodes of the steps; false when there is none left. Hot. */
  next(): boolean {
    const { plan } = this;
    const last = plan.length - 1;
    while (this.#step >= 0) {
      const step = this.#step;
      const node = this.#nextCandidate(step);
      if (node < 0) {
        this.#step--;
        continue;
      }
      if (!this.#isFit(step, node)) continue;
      this.#mapping[step] = node;
      if (step < last) {
        this.#step++;
        this.#open(step + 1);
        continue;
      }
      for (let at = 0; at <= last; at++) this.found[(plan[at] as PlannedNode).place] = this.#mapping[at] as number;
      return true;
    }
    this.#tell();
    return false;
  }

  /** Tells all work that was not told yet. */
  end(): void {
    this.#tell();
  }

  #tell(): void {
    const units = this.#work;
    this.#work = 0;
    this.#onWork(units);
  }

  /** Chooses the shortest row of candidates. */
  #open(step: number): void {
    const { edges } = this.plan[step] as PlannedNode;
    this.#rows[step] = undefined;
    this.#cursors[step] = 0;
    this.#ends[step] = this.#graph.nodeCount;
    for (let at = 0; at < edges.length; at++) {
      const { step: other, layer, isFromOther } = edges[at] as PlannedEdge;
      const { offsets, targets } = this.#linksOf(layer, isFromOther);
      const node = this.#mapping[other] as number;
      const start = offsets[node] as number;
      const end = offsets[node + 1] as number;
      if (
        this.#rows[step] !== undefined && end - start >= (this.#ends[step] as number) - (this.#cursors[step] as number)
      ) {
        continue;
      }
      this.#rows[step] = targets;
      this.#cursors[step] = start;
      this.#ends[step] = end;
    }
  }

  #linksOf(layer: number, isOut: boolean): Adjacency {
    const links = this.#graph.layers[layer];
    if (links === undefined) throw new RangeError(`there is no layer ${layer}`);
    return isOut ? links.out : links.in;
  }

  /** The next node of the row that is no repetition; -1 at its end. */
  #nextCandidate(step: number): number {
    const row = this.#rows[step];
    const end = this.#ends[step] as number;
    let at = this.#cursors[step] as number;
    let node = -1;
    if (row === undefined) {
      if (at < end) node = at++;
    } else {
      while (at < end) {
        node = row[at++] as number;
        if (at === end || row[at] !== node) break;
      }
    }
    this.#work += at - (this.#cursors[step] as number);
    this.#cursors[step] = at;
    if (this.#work >= CHECK_EVERY) this.#tell();
    return node;
  }

  #isFit(step: number, node: number): boolean {
    const planned = this.plan[step] as PlannedNode;
    const mapping = this.#mapping;
    const bits = this.#graph.candidates[planned.class];
    if (bits !== undefined && !hasBit(bits, node)) return false;
    for (let at = 0; at < step; at++) if (mapping[at] === node) return false;
    const { above, below, edges, loops, limits } = planned;
    for (let at = 0; at < above.length; at++) if ((mapping[above[at] as number] as number) > node) return false;
    for (let at = 0; at < below.length; at++) if ((mapping[below[at] as number] as number) < node) return false;
    if (!this.#hasNeighbors(step, node)) return false;
    for (let at = 0; at < edges.length; at++) {
      const { step: other, layer, isFromOther } = edges[at] as PlannedEdge;
      const matched = mapping[other] as number;
      if (this.#countLinks(layer, isFromOther ? matched : node, isFromOther ? node : matched) === 0) return false;
    }
    for (let at = 0; at < loops.length; at++) if (this.#countLinks(loops[at] as number, node, node) === 0) return false;
    for (let at = 0; at < limits.length; at++) {
      const { step: other, layer, isFromOther } = limits[at] as PlannedEdge;
      const matched = other === step ? node : mapping[other] as number;
      const from = isFromOther ? matched : node;
      const to = isFromOther ? node : matched;
      const allowed = layer < 0 ? 0 : this.#countLinks(layer, from, to);
      if (linksBetween(this.#graph.all.out, from, to) !== allowed) return false;
    }
    return true;
  }

  /** Whether a node has as many different neighbors of each class as the pattern asks for. */
  #hasNeighbors(step: number, node: number): boolean {
    const at = step * this.#graph.nodeCount + node;
    const known = this.#known?.[at] ?? UNKNOWN;
    if (known !== UNKNOWN) return known === FITS;
    const { needs } = this.plan[step] as PlannedNode;
    let isEnough = true;
    for (let need = 0; need < needs.length && isEnough; need++) {
      const { layer, isOut, class: wanted, count } = needs[need] as PlannedNode["needs"][number];
      isEnough = this.#countNeighbors(layer, isOut, wanted, node, count) === count;
    }
    if (this.#known !== undefined) this.#known[at] = isEnough ? FITS : FITS + 1;
    return isEnough;
  }

  /** Counts different neighbors of a class, up to a number. */
  #countNeighbors(layer: number, isOut: boolean, wanted: number, node: number, most: number): number {
    const { offsets, targets } = this.#linksOf(layer, isOut);
    const bits = this.#graph.candidates[wanted];
    const end = offsets[node + 1] as number;
    const start = offsets[node] as number;
    if (end - start < most) return 0;
    let count = 0;
    let last = node;
    let at = start;
    for (; at < end && count < most; at++) {
      const target = targets[at] as number;
      if (target === last || target === node) continue;
      last = target;
      if (bits === undefined || hasBit(bits, target)) count++;
    }
    this.#work += at - start;
    return count;
  }

  #countLinks(layer: number, from: number, to: number): number {
    const links = this.#graph.layers[layer];
    return links === undefined ? 0 : linksBetween(links.out, from, to);
  }
}

/** Number of links from one node to another one: they are next to each other in its row. O(log degree). */
export function linksBetween({ offsets, targets }: Adjacency, from: number, to: number): number {
  const end = offsets[from + 1] as number;
  let low = offsets[from] as number;
  let high = end;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((targets[middle] as number) < to) low = middle + 1;
    else high = middle;
  }
  let last = low;
  while (last < end && targets[last] === to) last++;
  return last - low;
}
