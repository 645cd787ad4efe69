/** The fewest edges with which the same nodes can be reached. */

import type { Projection } from "../../projection/mod.ts";
import { type Algorithm, filled, lookUp, type TaskContext, touched } from "../define.ts";
import { checkParams } from "../params.ts";
import { defineForOneThread } from "../one_thread.ts";
import { requireDirected } from "../require.ts";
import { type ComponentGraph, componentGraph } from "./component_graph.ts";
import { type EdgeList, edgeList } from "./edge_list.ts";

/**
 * The transitive reduction: a graph with the fewest edges in which each node reaches what it reached before. By ascending `from`,
 * then `to`; each edge once.
 *
 * - Without cycles it is unique: the edges that no longer way replaces. Of parallel edges one is left.
 * - With cycles it is not; here the nodes of each strongly connected component form a ring in ascending ids, whose edges need not be
 *   edges of the graph, and of all edges that lead from one component to another, if they are needed, the one with the smallest
 *   `from`, then `to`, is left. A self-loop is left when its node is on no other cycle.
 *
 * O(n + m + c l) with c strongly connected components and l links between them at worst, far less where most edges are short ones;
 * some words for each node. Progress counts components. Aho, Garey, Ullman, The transitive reduction of a directed graph, 1972.
 *
 * @throws {InvalidArgumentError} for an undirected projection, and for parameters: there are none
 *
 * @example
 * ```ts ignore
 * const { from, to } = transitiveReduction(projectEdges({ from: [1, 1, 2], to: [2, 3, 3] }));
 * console.log(from, to); // [1, 2], [2, 3]
 * ```
 */
export const transitiveReduction: Algorithm<Record<never, never>, EdgeList> = defineForOneThread(
  import.meta.url,
  "transitiveReduction",
  (projection, params: Record<never, never>, context) => {
    checkParams({}, params, projection, "transitiveReduction");
    requireDirected(projection, "transitiveReduction");
    const graph = componentGraph(projection.out, context);
    const isNeeded = neededLinks(graph, context);
    const from: number[] = [];
    const to: number[] = [];
    addRings(projection, graph, from, to);
    context.throwIfAborted();
    addLinks(projection, graph, isNeeded, from, to, context);
    return edgeList(from, to, projection.nodeIds);
  },
);

/**
 * 1 for links between components that nothing replaces. The targets of a component are asked in topological order: one that was
 * reached from those before it is not needed. What lies behind the last target is not searched.
 */
function neededLinks({ count, order, offsets, targets }: ComponentGraph, context: TaskContext): Uint8Array {
  const isNeeded = new Uint8Array(targets.length);
  const places = touched(new Uint32Array(count));
  for (let at = 0; at < count; at++) places[order[at] as number] = at;
  const reachedBy = filled(new Int32Array(count), -1);
  const stack = new Uint32Array(count);
  let budget = 16_384;
  context.total(count);
  for (let source = 0; source < count; source++) {
    const start = offsets[source] as number;
    const end = offsets[source + 1] as number;
    const links = byPlace(start, end, targets, places);
    budget -= 4 + 4 * links.length;
    if (budget <= 0) {
      context.throwIfAborted();
      budget = 16_384;
    }
    const last = end === start ? 0 : places[targets[links[links.length - 1] as number] as number] as number;
    for (let at = 0; at < links.length; at++) {
      const link = links[at] as number;
      const target = targets[link] as number;
      if (reachedBy[target] === source) continue;
      isNeeded[link] = 1;
      reachedBy[target] = source;
      stack[0] = target;
      for (let depth = 1; depth > 0;) {
        const component = stack[--depth] as number;
        const rowEnd = offsets[component + 1] as number;
        for (let next = offsets[component] as number; next < rowEnd; next++) {
          const other = targets[next] as number;
          if (reachedBy[other] === source || (places[other] as number) > last) continue;
          reachedBy[other] = source;
          stack[depth++] = other;
        }
        budget -= 1 + rowEnd - (offsets[component] as number);
        if (budget > 0) continue;
        context.throwIfAborted();
        budget = 16_384;
      }
    }
    if ((source & 1023) === 1023) context.progress(1024);
  }
  context.progress(count & 1023);
  return isNeeded;
}

/** The links of a row by the topological places of their targets. */
function byPlace(start: number, end: number, targets: Uint32Array, places: Uint32Array): Uint32Array {
  const links = new Uint32Array(end - start);
  for (let at = 0; at < links.length; at++) links[at] = start + at;
  if (links.length < 2) return links;
  return links.sort((a, b) => (places[targets[a] as number] as number) - (places[targets[b] as number] as number));
}

/** Rings of the components, and self-loops. */
function addRings(
  { out: { offsets, targets } }: Projection,
  { count, starts, members }: ComponentGraph,
  from: number[],
  to: number[],
): void {
  for (let component = 0; component < count; component++) {
    if ((component & 16_383) === 0) lookUp();
    const start = starts[component] as number;
    const end = starts[component + 1] as number;
    const first = members[start] as number;
    if (end - start === 1) {
      const rowEnd = offsets[first + 1] as number;
      for (let at = offsets[first] as number; at < rowEnd; at++) {
        if (targets[at] !== first) continue;
        from.push(first);
        to.push(first);
        break;
      }
      continue;
    }
    for (let at = start; at < end; at++) {
      from.push(members[at] as number);
      to.push(at + 1 < end ? members[at + 1] as number : first);
    }
  }
}

/** For each link that is needed the first edge that it stands for. */
function addLinks(
  { out }: Projection,
  { count, componentOf, starts, members, offsets, targets }: ComponentGraph,
  isNeeded: Uint8Array,
  from: number[],
  to: number[],
  context: TaskContext,
): void {
  const isWanted = new Uint8Array(count);
  for (let component = 0; component < count; component++) {
    if ((component & 16_383) === 0) context.throwIfAborted();
    let wanted = 0;
    const linksEnd = offsets[component + 1] as number;
    for (let link = offsets[component] as number; link < linksEnd; link++) {
      if (isNeeded[link] === 0) continue;
      isWanted[targets[link] as number] = 1;
      wanted++;
    }
    const last = starts[component + 1] as number;
    for (let member = starts[component] as number; member < last && wanted > 0; member++) {
      if ((member & 255) === 0) context.throwIfAborted();
      const node = members[member] as number;
      const end = out.offsets[node + 1] as number;
      for (let at = out.offsets[node] as number; at < end && wanted > 0; at++) {
        const target = out.targets[at] as number;
        const other = componentOf[target] as number;
        if (isWanted[other] === 0) continue;
        isWanted[other] = 0;
        wanted--;
        from.push(node);
        to.push(target);
      }
    }
  }
}
