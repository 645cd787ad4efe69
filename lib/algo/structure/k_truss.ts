/** How many triangles hold each edge in the graph when weaker edges are peeled off. */

import type { Projection } from "../../projection/mod.ts";
import { type Algorithm, type TaskContext } from "../define.ts";
import { checkParams } from "../params.ts";
import { defineForOneThread } from "../one_thread.ts";
import { requireUndirected } from "../require.ts";
import { Bins } from "./bins.ts";
import { type EdgeList, sharedNumbers } from "./edge_list.ts";

/** Edges with their truss numbers. */
export interface EdgeTruss extends EdgeList {
  /** Truss number of each edge: from 2 on. Must not be changed. */
  readonly truss: Uint32Array<SharedArrayBuffer>;
}

/**
 * Truss numbers of the edges of an undirected graph: an edge has number k when it is in the k-truss, the largest part in which each
 * edge is in at least k - 2 triangles, and not in the next one. Parallel edges count once, self-loops are left out. By ascending
 * `from`, then `to`, where `from` is the smaller one. Progress counts edges.
 *
 * O(m^1.5), 40 to 48 bytes for each edge besides the result. Wang, Cheng, Truss decomposition in massive
 * networks, 2012.
 *
 * @throws {InvalidArgumentError} for a directed projection, and for parameters: there are none
 *
 * @example
 * ```ts ignore
 * const { truss } = kTruss(projectEdges({ from: [1, 2, 3, 3], to: [2, 3, 1, 4], undirected: true }));
 * console.log(truss); // 3, 3, 3, 2
 * ```
 */
export const kTruss: Algorithm<Record<never, never>, EdgeTruss> = defineForOneThread(
  import.meta.url,
  "kTruss",
  (projection, params: Record<never, never>, context) => {
    checkParams({}, params, projection, "kTruss");
    requireUndirected(projection, "kTruss");
    const links = numberedLinks(projection, context);
    const { count } = links;
    context.total(count);
    const truss = new Uint32Array(new SharedArrayBuffer(4 * count));
    countTriangles(links, truss, context);
    peel(links, truss, context);
    const { nodeIds } = projection;
    const [from, to] = [sharedNumbers(count), sharedNumbers(count)];
    for (let edge = 0; edge < count; edge++) {
      from[edge] = nodeIds[links.from[edge] as number] as number;
      to[edge] = nodeIds[links.to[edge] as number] as number;
      truss[edge] = (truss[edge] as number) + 2;
    }
    return { count, from, to, truss };
  },
);

/** Links without loops and parallels; both of an edge have its number. */
interface NumberedLinks {
  readonly offsets: Uint32Array;
  readonly targets: Uint32Array;
  readonly edges: Uint32Array;
  readonly count: number;
  /** Smaller end of each edge. */
  readonly from: Uint32Array;
  /** Larger end of each edge. */
  readonly to: Uint32Array;
}

function numberedLinks({ nodeCount, out }: Projection, context: TaskContext): NumberedLinks {
  const offsets = new Uint32Array(nodeCount + 1);
  const targets = new Uint32Array(out.targets.length);
  let length = 0;
  for (let node = 0; node < nodeCount; node++) {
    if ((node & 16_383) === 0) context.throwIfAborted();
    const end = out.offsets[node + 1] as number;
    let last = node;
    for (let at = out.offsets[node] as number; at < end; at++) {
      const target = out.targets[at] as number;
      if (target === node || target === last) continue;
      last = target;
      targets[length++] = target;
    }
    offsets[node + 1] = length;
  }
  const count = length / 2;
  const edges = new Uint32Array(length);
  const from = new Uint32Array(count);
  const to = new Uint32Array(count);
  // Smaller neighbors of a node come first in its row, and in the order in which their edges are numbered.
  const next = offsets.slice();
  let edge = 0;
  for (let node = 0; node < nodeCount; node++) {
    if ((node & 16_383) === 0) context.throwIfAborted();
    const end = offsets[node + 1] as number;
    for (let at = next[node] as number; at < end; at++) {
      const target = targets[at] as number;
      const twin = next[target] as number;
      next[target] = twin + 1;
      edges[at] = edge;
      edges[twin] = edge;
      from[edge] = node;
      to[edge] = target;
      edge++;
    }
  }
  return { offsets, targets, edges, count, from, to };
}

/** Triangles of each edge: found once each, from their node of the smallest degree. Hot. */
function countTriangles(
  { offsets, targets, edges }: NumberedLinks,
  triangles: Uint32Array,
  context: TaskContext,
): void {
  const nodeCount = offsets.length - 1;
  // Edge from the current node to each node, plus 1.
  const marks = new Uint32Array(nodeCount);
  let budget = 65_536;
  for (let node = 0; node < nodeCount; node++) {
    const start = offsets[node] as number;
    const end = offsets[node + 1] as number;
    const degree = end - start;
    for (let at = start; at < end; at++) {
      const other = targets[at] as number;
      if (comesBefore(node, degree, other, offsets)) marks[other] = (edges[at] as number) + 1;
    }
    for (let at = start; at < end; at++) {
      const middle = targets[at] as number;
      if (marks[middle] === 0) continue;
      const first = edges[at] as number;
      const middleStart = offsets[middle] as number;
      const middleEnd = offsets[middle + 1] as number;
      const middleDegree = middleEnd - middleStart;
      for (let link = middleStart; link < middleEnd; link++) {
        const last = targets[link] as number;
        const mark = marks[last] as number;
        if (mark === 0 || !comesBefore(middle, middleDegree, last, offsets)) continue;
        const second = edges[link] as number;
        triangles[first] = (triangles[first] as number) + 1;
        triangles[second] = (triangles[second] as number) + 1;
        triangles[mark - 1] = (triangles[mark - 1] as number) + 1;
      }
      budget -= middleDegree;
      if (budget > 0) continue;
      context.throwIfAborted();
      budget = 65_536;
    }
    for (let at = start; at < end; at++) marks[targets[at] as number] = 0;
  }
}

function comesBefore(node: number, degree: number, other: number, offsets: Uint32Array): boolean {
  const otherDegree = (offsets[other + 1] as number) - (offsets[other] as number);
  return degree < otherDegree || (degree === otherDegree && node < other);
}

/** Takes edges by ascending number of triangles, which makes that of the other edges of these smaller. */
function peel(links: NumberedLinks, triangles: Uint32Array, context: TaskContext): void {
  const { offsets, targets, edges, count, from, to } = links;
  const table = new EdgeTable(links, context);
  // Rows without some of the links whose edges were taken: each look at a row drops those that it meets.
  const ends = offsets.slice(1);
  const bins = new Bins(triangles, () => context.throwIfAborted());
  const { sorted, places } = bins;
  let budget = 16_384;
  let told = 0;
  for (let at = 0; at < count; at++) {
    const edge = sorted[at] as number;
    const level = triangles[edge] as number;
    const [a, b] = [from[edge] as number, to[edge] as number];
    const isFirstShorter = (ends[a] as number) - (offsets[a] as number) <= (ends[b] as number) - (offsets[b] as number);
    const short = isFirstShorter ? a : b;
    const long = isFirstShorter ? b : a;
    const start = offsets[short] as number;
    const end = ends[short] as number;
    let kept = start;
    for (let link = start; link < end; link++) {
      const second = edges[link] as number;
      // Edges that were taken have their places before this one.
      if ((places[second] as number) <= at) continue;
      const other = targets[link] as number;
      targets[kept] = other;
      edges[kept] = second;
      kept++;
      const third = table.find(long, other);
      if (third === -1 || (places[third] as number) <= at) continue;
      bins.lower(second, level);
      bins.lower(third, level);
    }
    ends[short] = kept;
    budget -= 1 + end - start;
    if (budget > 0) continue;
    context.throwIfAborted();
    context.progress(at - told);
    told = at;
    budget = 16_384;
  }
  context.progress(count - told);
}

/** Finds edges by their ends: a hash table with a word for each place, at most half of them taken. */
class EdgeTable {
  readonly #from: Uint32Array;
  readonly #to: Uint32Array;
  /** Edge at each place, plus 1. */
  readonly #edges: Uint32Array;
  readonly #mask: number;

  constructor({ count, from, to }: NumberedLinks, context: TaskContext) {
    let size = 2;
    while (size < 2 * count) size *= 2;
    this.#from = from;
    this.#to = to;
    this.#mask = size - 1;
    this.#edges = new Uint32Array(size);
    for (let edge = 0; edge < count; edge++) {
      if ((edge & 262_143) === 0) context.throwIfAborted();
      let place = this.#placeOf(from[edge] as number, to[edge] as number);
      while (this.#edges[place] !== 0) place = (place + 1) & this.#mask;
      this.#edges[place] = edge + 1;
    }
  }

  /** The edge between two nodes; -1 when there is none. Hot. */
  find(a: number, b: number): number {
    const from = a < b ? a : b;
    const to = a < b ? b : a;
    const edges = this.#edges;
    for (let place = this.#placeOf(from, to);; place = (place + 1) & this.#mask) {
      const edge = (edges[place] as number) - 1;
      if (edge === -1 || (this.#from[edge] === from && this.#to[edge] === to)) return edge;
    }
  }

  #placeOf(from: number, to: number): number {
    const mixed = Math.imul(from, 0x9e3779b1) ^ Math.imul(to, 0x85ebca6b);
    return (mixed ^ (mixed >>> 15)) & this.#mask;
  }
}
