/** How many triangles hold each edge in the graph when weaker edges are peeled off. */

import type { Projection } from "../../projection/mod.ts";
import { type Algorithm, type TaskContext, touched } from "../define.ts";
import { checkParams } from "../params.ts";
import { defineForOneThread } from "../one_thread.ts";
import { requireUndirected } from "../require.ts";
import { type EdgeList, sharedNumbers } from "./edge_list.ts";
import { EdgePeeling, type NumberedLinks } from "./edge_peeling.ts";

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
 * O(m^1.5), some 40 bytes for each edge besides the result. Wang, Cheng, Truss decomposition in massive networks, 2012; edges of
 * one level together as Kabir, Madduri, Parallel k-truss decomposition on multicore systems, 2017.
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
    new EdgePeeling(links, truss, context).run();
    const { nodeIds } = projection;
    const [from, to] = [sharedNumbers(count), sharedNumbers(count)];
    for (let edge = 0; edge < count; edge++) {
      if ((edge & 16_383) === 0) context.throwIfAborted();
      from[edge] = nodeIds[links.from[edge] as number] as number;
      to[edge] = nodeIds[links.to[edge] as number] as number;
      truss[edge] = (truss[edge] as number) + 2;
    }
    return { count, from, to, truss };
  },
);

/** The edges of a projection, numbered by their smaller ends, then by the other ones. */
function numberedLinks({ nodeCount, out }: Projection, context: TaskContext): NumberedLinks {
  const offsets = new Uint32Array(nodeCount + 1);
  const targets = new Uint32Array(out.targets.length);
  let length = 0;
  for (let node = 0; node < nodeCount; node++) {
    if ((node & 255) === 0) context.throwIfAborted();
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
  const edges = touched(new Uint32Array(length));
  const from = new Uint32Array(count);
  const to = new Uint32Array(count);
  // Smaller neighbors of a node come first in its row, and in the order in which their edges are numbered.
  context.throwIfAborted();
  const next = offsets.slice();
  let edge = 0;
  for (let node = 0; node < nodeCount; node++) {
    if ((node & 255) === 0) context.throwIfAborted();
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
function countTriangles(links: NumberedLinks, triangles: Uint32Array, context: TaskContext): void {
  const { offsets, targets, edges } = forwardLinks(links, context);
  const nodeCount = offsets.length - 1;
  // Edge from the current node to each node, plus 1.
  const marks = touched(new Uint32Array(nodeCount));
  let budget = 65_536;
  for (let node = 0; node < nodeCount; node++) {
    const start = offsets[node] as number;
    const end = offsets[node + 1] as number;
    for (let at = start; at < end; at++) marks[targets[at] as number] = (edges[at] as number) + 1;
    for (let at = start; at < end; at++) {
      const middle = targets[at] as number;
      const middleStart = offsets[middle] as number;
      const middleEnd = offsets[middle + 1] as number;
      let found = 0;
      for (let link = middleStart; link < middleEnd; link++) {
        const mark = marks[targets[link] as number] as number;
        if (mark === 0) continue;
        found++;
        const second = edges[link] as number;
        triangles[second] = (triangles[second] as number) + 1;
        triangles[mark - 1] = (triangles[mark - 1] as number) + 1;
      }
      const first = edges[at] as number;
      triangles[first] = (triangles[first] as number) + found;
      budget -= 1 + middleEnd - middleStart;
      if (budget > 0) continue;
      context.throwIfAborted();
      budget = 65_536;
    }
    for (let at = start; at < end; at++) marks[targets[at] as number] = 0;
  }
}

/** Links to nodes of larger degree, of equal ones to larger nodes: no row is longer than the root of twice the number of edges. */
function forwardLinks(
  { offsets, targets, edges, count }: NumberedLinks,
  context: TaskContext,
): Pick<NumberedLinks, "offsets" | "targets" | "edges"> {
  const nodeCount = offsets.length - 1;
  const forward = {
    offsets: new Uint32Array(nodeCount + 1),
    targets: new Uint32Array(count),
    edges: new Uint32Array(count),
  };
  let length = 0;
  for (let node = 0; node < nodeCount; node++) {
    if ((node & 255) === 0) context.throwIfAborted();
    const start = offsets[node] as number;
    const end = offsets[node + 1] as number;
    const degree = end - start;
    for (let at = start; at < end; at++) {
      const other = targets[at] as number;
      const otherDegree = (offsets[other + 1] as number) - (offsets[other] as number);
      if (otherDegree < degree || (otherDegree === degree && other < node)) continue;
      forward.targets[length] = other;
      forward.edges[length] = edges[at] as number;
      length++;
    }
    forward.offsets[node + 1] = length;
  }
  return forward;
}
