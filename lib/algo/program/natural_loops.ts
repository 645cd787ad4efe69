/** Loops of control flow. */

import { handleOf } from "../../projection/projection.ts";
import type { Projection } from "../../projection/mod.ts";
import type { Algorithm } from "../define.ts";
import type { Pace } from "../pace.ts";
import { checkParams } from "../params.ts";
import { defineForOneThread } from "../one_thread.ts";
import { ENTRY_PARAMS, type EntryParams, entryTree } from "./dominators.ts";
import type { FlowTree } from "./flow_tree.ts";
import { irreducibleRegions } from "./irreducible_regions.ts";
import { LoopForest } from "./loop_forest.ts";
import { intervalsOf, isWithin, type TreeIntervals } from "./tree_intervals.ts";

/**
 * Natural loops of a flow graph: an edge to a node (the header) that dominates its source is a back edge; the loop is the header
 * and all nodes that reach the source of one of its back edges without passing the header. A self-loop is a back edge. Loops
 * with one header are one loop.
 *
 * Loops come in ascending ids of their headers, and know how they are nested. Cycles that can be entered at several places are no
 * natural loops: they are reported as irreducible regions, which are the strong components of what is left without back edges.
 * Only what the entry can reach counts. Parallel edges change nothing. Progress counts links that are looked at.
 *
 * O(m log n) in practice. Aho, Sethi, Ullman, Compilers, 1986; bodies with union-find as in Tarjan, Testing Flow Graph
 * Reducibility, 1974.
 *
 * @throws {NotFoundError} when the entry is not in the projection
 * @throws {InvalidArgumentError} for an undirected projection and for bad parameters
 *
 * @example
 * ```ts ignore
 * const flow = projectEdges({ from: [1, 2, 3, 2], to: [2, 3, 2, 4] });
 * console.log([...naturalLoops(flow, { entry: 1 })]); // [{ header: 2, parent: null, depth: 1, latches: [3], body: [2, 3] }]
 * ```
 */
export const naturalLoops: Algorithm<EntryParams, LoopForest> = defineForOneThread(
  import.meta.url,
  "naturalLoops",
  (projection, params: EntryParams, context) => {
    const { entry } = checkParams(ENTRY_PARAMS, params, projection, "naturalLoops");
    const { tree, pace } = entryTree(projection, entry, "naturalLoops", 4, context);
    const dominance = intervalsOf(tree.dominators, pace);
    const found = findLoops(tree, dominance, projection, pace);
    const irreducible = found.isReducible ? [] : irreducibleRegions(projection, tree, dominance, pace);
    const loops = nest(found, tree, projection, pace);
    pace.end();
    return LoopForest.from({ ...loops, irreducible });
  },
);

interface FoundLoops {
  /** Header of the innermost loop around each vertex, of a header: around its loop; -1 for none. By number. */
  readonly containers: Int32Array;
  /** Whether each vertex is a header. */
  readonly isHeader: Uint8Array;
  /** Number of latches in all. */
  readonly latchCount: number;
  /** Whether all cycles have back edges. */
  readonly isReducible: boolean;
}

/** From the last header to the first one: so inner loops are found, and are one vertex, before the loops around them. */
function findLoops(tree: FlowTree, dominance: TreeIntervals, projection: Projection, pace: Pace): FoundLoops {
  const { offsets, targets } = projection.in;
  const { count, numbers, order } = tree;
  const below = intervalsOf(tree.parents, pace).sizes;
  const containers = new Int32Array(count).fill(-1);
  const isHeader = new Uint8Array(count);
  const outermost = new Int32Array(count);
  for (let vertex = 0; vertex < count; vertex++) outermost[vertex] = vertex;
  const stack = new Int32Array(count);
  let latchCount = 0;
  let isReducible = true;
  for (let header = count - 1; header >= 0; header--) {
    const node = order[header] as number;
    let depth = 0;
    let previous = -1;
    for (let at = offsets[node] as number; at < (offsets[node + 1] as number); at++) {
      const source = targets[at] as number;
      const latch = numbers[source] as number;
      // Numbers are a preorder of the search: a cycle has a link from below a vertex to it.
      if (source === previous || latch < header || latch >= header + (below[header] as number)) continue;
      previous = source;
      if (!isWithin(dominance, header, latch)) {
        isReducible = false;
        continue;
      }
      isHeader[header] = 1;
      latchCount++;
      const member = outermostOf(outermost, latch);
      if (member === header) continue;
      containers[member] = outermost[member] = header;
      stack[depth++] = member;
    }
    pace.step((offsets[node + 1] as number) - (offsets[node] as number), 1);
    while (depth > 0) {
      const inner = order[stack[--depth] as number] as number;
      const end = offsets[inner + 1] as number;
      const start = offsets[inner] as number;
      for (let at = start; at < end; at++) {
        const before = numbers[targets[at] as number] as number;
        if (before < 0) continue;
        const member = outermostOf(outermost, before);
        if (member === header) continue;
        containers[member] = outermost[member] = header;
        stack[depth++] = member;
      }
      pace.step(end - start, 1);
    }
  }
  return { containers, isHeader, latchCount, isReducible };
}

/** The header of the outermost loop so far that a vertex is in, or the vertex. Halves the path. Hot. */
function outermostOf(outermost: Int32Array, vertex: number): number {
  let found = vertex;
  for (;;) {
    const next = outermost[found] as number;
    if (next === found) return found;
    const after = outermost[next] as number;
    outermost[found] = after;
    found = after;
  }
}

/** The loops as they are returned. */
function nest(
  { containers, isHeader, latchCount }: FoundLoops,
  tree: FlowTree,
  projection: Projection,
  pace: Pace,
): Omit<LoopForest["handle"], "irreducible"> {
  const { nodeCount } = projection;
  const { count, numbers, order } = tree;
  const { offsets, targets } = projection.in;
  const { enters, sizes } = intervalsOf(containers, pace);
  let loopCount = 0;
  for (let vertex = 0; vertex < count; vertex++) loopCount += isHeader[vertex] as number;
  const numbersOf = (length: number): Uint32Array<SharedArrayBuffer> =>
    new Uint32Array(new SharedArrayBuffer(4 * length));
  const loops = new Int32Array(new SharedArrayBuffer(4 * nodeCount)).fill(-1);
  const headers = numbersOf(loopCount);
  const parents = new Int32Array(new SharedArrayBuffer(4 * loopCount));
  const depths = numbersOf(loopCount);
  const [latchOffsets, latches] = [numbersOf(loopCount + 1), numbersOf(latchCount)];
  const [nested, bodyStarts, bodySizes] = [numbersOf(count), numbersOf(loopCount), numbersOf(loopCount)];
  // Numbers of loops, by header.
  const loopAt = new Int32Array(count).fill(-1);
  let loop = 0;
  let latch = 0;
  for (let node = 0; node < nodeCount; node++) {
    pace.step(0, 1);
    const header = numbers[node] as number;
    if (header < 0 || isHeader[header] === 0) continue;
    loopAt[header] = loop;
    headers[loop] = node;
    bodyStarts[loop] = enters[header] as number;
    bodySizes[loop] = sizes[header] as number;
    let previous = -1;
    for (let at = offsets[node] as number; at < (offsets[node + 1] as number); at++) {
      const source = targets[at] as number;
      const vertex = numbers[source] as number;
      if (source === previous || vertex < 0) continue;
      const place = (enters[vertex] as number) - (enters[header] as number);
      // The sources inside the loop are its latches.
      if (place >= 0 && place < (sizes[header] as number)) latches[latch++] = source;
      previous = source;
    }
    latchOffsets[++loop] = latch;
  }
  // Containers have smaller numbers than what they contain.
  for (let vertex = 0; vertex < count; vertex++) {
    pace.step(0, 1);
    const node = order[vertex] as number;
    const container = containers[vertex] as number;
    const outer = container < 0 ? -1 : loopAt[container] as number;
    const own = loopAt[vertex] as number;
    nested[enters[vertex] as number] = node;
    loops[node] = own < 0 ? outer : own;
    if (own < 0) continue;
    parents[own] = outer;
    depths[own] = outer < 0 ? 1 : (depths[outer] as number) + 1;
  }
  const { nodes } = handleOf(projection, "naturalLoops");
  return { nodes, loops, headers, parents, depths, latchOffsets, latches, nested, bodyStarts, bodySizes };
}
