/** Triangles. */

import type { Projection } from "../../projection/mod.ts";
import { type Algorithm, defineAlgorithm, NodeValues, ParallelRange, type TaskContext } from "../define.ts";
import { checkParams } from "../params.ts";
import { requireUndirected } from "../require.ts";
import { type ForwardRows, forwardRows } from "./forward_rows.ts";

/** Rows whose work is dealt out at once: those of hubs are long. */
const CHUNK = 128;
/** Links looked at between two looks at the signal. */
const CHECK_EVERY = 1 << 20;

/** Triangles of a graph. */
export interface Triangles {
  /** Number of triangles. */
  readonly total: number;
  /** Number of triangles that each node is a corner of. */
  readonly counts: NodeValues;
}

/**
 * Triangles of an undirected graph: sets of three nodes that are all linked. Parallel edges count once, self-loops not at all.
 * Threads share one run. Progress counts nodes.
 *
 * O(m^1.5), 5 bytes for each node and thread and 4 for each edge besides the result: each node marks its neighbors of higher
 * degree, and these look theirs up. Schank, Wagner, Finding, counting and listing all triangles in large graphs, 2005.
 *
 * @throws {InvalidArgumentError} for a directed projection, and for parameters: there are none
 *
 * @example
 * ```ts ignore
 * const { total, counts } = triangles(projectEdges({ from: [1, 2, 3, 3], to: [2, 3, 1, 4], undirected: true }));
 * console.log(total, counts.get(1), counts.get(4)); // 1 1 0
 * ```
 */
export const triangles: Algorithm<Record<never, never>, Triangles> = defineAlgorithm(
  import.meta.url,
  "triangles",
  (projection, params: Record<never, never>, context) => {
    checkParams({}, params, projection, "triangles");
    requireUndirected(projection, "triangles");
    context.total(projection.nodeCount);
    const { counts, total } = nodeTriangles(projection, forwardRows(projection, context), context);
    return { total, counts: NodeValues.of(projection, counts) };
  },
);

/**
 * Number of triangles of an undirected graph: as `triangles`, but without the numbers of the nodes, which is faster.
 *
 * @throws {InvalidArgumentError} for a directed projection, and for parameters: there are none
 *
 * @example
 * ```ts ignore
 * console.log(triangleCount(projectEdges({ from: [1, 2, 3], to: [2, 3, 1], undirected: true }))); // 1
 * ```
 */
export const triangleCount: Algorithm<Record<never, never>, number> = defineAlgorithm(
  import.meta.url,
  "triangleCount",
  (projection, params: Record<never, never>, context) => {
    checkParams({}, params, projection, "triangleCount");
    requireUndirected(projection, "triangleCount");
    context.total(projection.nodeCount);
    return allTriangles(forwardRows(projection, context), context);
  },
);

/** Number of all triangles. For all threads of a run together. */
export function allTriangles({ offsets, targets }: ForwardRows, context: TaskContext): number {
  const nodeCount = offsets.length - 1;
  const rows = new ParallelRange(context, nodeCount, CHUNK);
  const marks = new Uint8Array(nodeCount);
  let budget = CHECK_EVERY;
  while (rows.next()) {
    let total = 0;
    for (let row = rows.start; row < rows.end; row++) {
      const start = offsets[row] as number;
      const end = offsets[row + 1] as number;
      if (end - start < 2) continue;
      for (let at = start; at < end; at++) marks[targets[at] as number] = 1;
      for (let at = start; at < end; at++) {
        const middle = targets[at] as number;
        const first = offsets[middle] as number;
        const last = offsets[middle + 1] as number;
        total += countMarks(targets, first, last, marks);
        budget -= last - first;
        if (budget > 0) continue;
        context.throwIfAborted();
        budget = CHECK_EVERY;
      }
      for (let at = start; at < end; at++) marks[targets[at] as number] = 0;
    }
    rows.put(total);
    context.progress(rows.end - rows.start);
  }
  return rows.sum();
}

/** Hot. */
function countMarks(targets: Uint32Array, first: number, last: number, marks: Uint8Array): number {
  let count = 0;
  for (let at = first; at < last; at++) count += marks[targets[at] as number] as number;
  return count;
}

/** Number of triangles of each node by dense index, and of all. For all threads of a run together. */
export function nodeTriangles(
  projection: Projection,
  { offsets, targets, nodeOf }: ForwardRows,
  context: TaskContext,
): { readonly counts: Float64Array<SharedArrayBuffer>; readonly total: number } {
  const { nodeCount } = projection;
  const { workers, worker } = context;
  // Numbers that each thread found, by rank. A node's triangles are edges between its neighbors: they are never too many.
  const found = new Int32Array(context.sharedBuffer(4 * nodeCount * workers));
  const own = found.subarray(worker * nodeCount, (worker + 1) * nodeCount);
  const rows = new ParallelRange(context, nodeCount, CHUNK);
  const marks = new Uint8Array(nodeCount);
  let budget = CHECK_EVERY;
  while (rows.next()) {
    let total = 0;
    for (let row = rows.start; row < rows.end; row++) {
      const start = offsets[row] as number;
      const end = offsets[row + 1] as number;
      if (end - start < 2) continue;
      for (let at = start; at < end; at++) marks[targets[at] as number] = 1;
      let ofRow = 0;
      for (let at = start; at < end; at++) {
        const middle = targets[at] as number;
        const first = offsets[middle] as number;
        const last = offsets[middle + 1] as number;
        const count = addMarks(targets, first, last, marks, own);
        own[middle] = (own[middle] as number) + count;
        ofRow += count;
        budget -= last - first;
        if (budget > 0) continue;
        context.throwIfAborted();
        budget = CHECK_EVERY;
      }
      own[row] = (own[row] as number) + ofRow;
      total += ofRow;
      for (let at = start; at < end; at++) marks[targets[at] as number] = 0;
    }
    rows.put(total);
    context.progress(rows.end - rows.start);
  }
  const total = rows.sum();
  const counts = new Float64Array(context.sharedBuffer(8 * nodeCount));
  const ranks = new ParallelRange(context, nodeCount);
  while (ranks.next()) {
    for (let rank = ranks.start; rank < ranks.end; rank++) {
      let sum = 0;
      for (let thread = 0; thread < workers; thread++) sum += found[thread * nodeCount + rank] as number;
      counts[nodeOf[rank] as number] = sum;
    }
  }
  return { counts, total };
}

/** Counts marked targets, for each of them as well. Hot: without a branch it takes a third of the time. */
function addMarks(
  targets: Uint32Array,
  first: number,
  last: number,
  marks: Uint8Array,
  counts: Int32Array,
): number {
  let count = 0;
  for (let at = first; at < last; at++) {
    const target = targets[at] as number;
    const mark = marks[target] as number;
    counts[target] = (counts[target] as number) + mark;
    count += mark;
  }
  return count;
}
