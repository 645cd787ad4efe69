/** Projections of edges whose ends are dense indexes already. */

import { InvalidArgumentError } from "../backend/errors.ts";
import type { Adjacency } from "../backend/projection.ts";
import { checkObject, show } from "../backend/validate.ts";
import { adjacencyOf, checkLinkCount, checkNodeCount, newAdjacency } from "./adjacency.ts";
import { type NodeIndex, nodeIndexOf } from "./node_index.ts";
import { checkFlag } from "./options.ts";
import type { Projection } from "../backend/projection.ts";
import { projectionOf } from "./projection.ts";

/** Edges between nodes 0 to `nodeCount` - 1, as arrays of the same length. */
export interface IndexedEdges {
  /** Number of nodes. */
  readonly nodeCount: number;
  /** Dense index of the node that each edge leaves. */
  readonly sources: Uint32Array;
  /** Dense index of the node that each edge enters. */
  readonly targets: Uint32Array;
  /** Weight of each edge; default: none have one. */
  readonly weights?: Float64Array | undefined;
  /** Id of the node with index 0; the others follow without gaps. Default 1. */
  readonly firstId?: number | undefined;
  /** As in `ProjectOptions`. */
  readonly undirected?: boolean | undefined;
  /** As in `ProjectOptions`: of parallel edges the first one counts. */
  readonly simple?: boolean | undefined;
  /** True: links know their edges, whose ids are their places in the arrays plus 1. */
  readonly edgeIds?: boolean | undefined;
}

/**
 * Projects edges between dense indexes, which takes a fraction of the time of `projectEdges`. O(n + m), by counting:
 * measured 1.2 s for a million nodes and 32 million links.
 *
 * @throws {InvalidArgumentError} for arrays of different lengths, indexes that are too large, and weights that are not finite
 *
 * @example
 * ```ts ignore
 * const chain = projectIndexes({ nodeCount: 3, sources: Uint32Array.of(0, 1), targets: Uint32Array.of(1, 2) });
 * ```
 */
export function projectIndexes(edges: IndexedEdges): Projection {
  checkObject(edges, CALL, "edges");
  const { nodeCount, sources, targets, weights, firstId = 1 } = edges;
  checkCount(nodeCount, "nodeCount", 0);
  checkNodeCount(nodeCount);
  checkCount(firstId, "firstId", 1);
  for (const [field, list] of Object.entries({ sources, targets })) {
    if (!(list instanceof Uint32Array)) throw invalid(field, list, `is ${show(list)}; give a Uint32Array`);
    if (list.length !== sources.length) throw invalid(field, list, "and sources are not equally long");
    const at = firstAbove(list, nodeCount);
    if (at >= 0) {
      throw invalid(`${field}[${at}]`, list[at], `is ${list[at]}; indexes are below nodeCount, ${nodeCount}`);
    }
  }
  if (weights !== undefined) {
    if (!(weights instanceof Float64Array)) {
      throw invalid("weights", weights, `is ${show(weights)}; give a Float64Array`);
    }
    if (weights.length !== sources.length) throw invalid("weights", weights, "and sources are not equally long");
    const at = firstNotFinite(weights);
    if (at >= 0) throw invalid(`weights[${at}]`, weights[at], `is ${weights[at]}; give finite numbers`);
  }
  const ids = new Float64Array(nodeCount);
  for (let index = 0; index < nodeCount; index++) ids[index] = firstId + index;
  return linkNodes(nodeIndexOf(ids), {
    sources,
    targets,
    weights,
    isUndirected: checkFlag(edges.undirected, CALL, "undirected"),
    isSimple: checkFlag(edges.simple, CALL, "simple"),
    hasEdgeIds: checkFlag(edges.edgeIds, CALL, "edgeIds"),
  });
}

const CALL = "projectIndexes";

function invalid(field: string, value: unknown, problem: string): InvalidArgumentError {
  return new InvalidArgumentError(`${CALL}: ${field} ${problem}`, { code: "invalid-edge-arrays", field, value });
}

function checkCount(value: unknown, field: string, least: number): void {
  if (Number.isSafeInteger(value) && (value as number) >= least) return;
  throw invalid(field, value, `is ${show(value)}; give an integer from ${least}`);
}

function firstAbove(list: Uint32Array, bound: number): number {
  for (let at = 0; at < list.length; at++) if ((list[at] as number) >= bound) return at;
  return -1;
}

function firstNotFinite(list: Float64Array): number {
  for (let at = 0; at < list.length; at++) if (!Number.isFinite(list[at])) return at;
  return -1;
}

/** Edges that passed all checks. */
export interface CheckedEdges {
  /** Dense index of the node that each edge leaves. */
  readonly sources: Uint32Array;
  /** Dense index of the node that each edge enters. */
  readonly targets: Uint32Array;
  /** Weight of each edge, if they have one. */
  readonly weights: ArrayLike<number> | undefined;
  /** Whether each edge is in both rows. */
  readonly isUndirected: boolean;
  /** Whether self-loops and parallel links are dropped. */
  readonly isSimple: boolean;
  /** Whether links know their edges. */
  readonly hasEdgeIds: boolean;
}

/** Links by row, those of a row in their final order. */
interface LinkRows {
  readonly ends: Uint32Array;
  readonly targets: Uint32Array;
  /** Places of their edges, where they matter. */
  readonly edges: Uint32Array | undefined;
}

/**
 * The projection of edges between nodes. The links are grouped by target; taken from there in order, they fill their rows in
 * order, and nothing is sorted.
 */
export function linkNodes(nodes: NodeIndex, edges: CheckedEdges): Projection {
  const { sources, targets, weights, isUndirected, isSimple, hasEdgeIds } = edges;
  const { count: nodeCount } = nodes;
  const isWide = hasEdgeIds || weights !== undefined;
  const columns = newRows(degreesOf(nodeCount, targets, isUndirected ? sources : undefined), isWide);
  const loops = isUndirected ? groupBoth(columns, sources, targets) : groupOne(columns, sources, targets);
  // Undirected, a node has as many links in its row as in its column, and the columns' ends have moved one place up.
  const rows = newRows(isUndirected ? beginsOf(columns.ends) : degreesOf(nodeCount, sources, undefined), isWide);
  fillRows(rows, columns);
  const count = isSimple ? dropRepeated(rows, nodeCount) : rows.targets.length;
  checkLinkCount(count, isWide);
  const shape = { nodeCount, linkCount: count, hasEdgeIds, hasWeights: weights !== undefined };
  const newBuffer = (byteLength: number): SharedArrayBuffer => new SharedArrayBuffer(byteLength);
  const handle = newAdjacency(shape, newBuffer);
  store(rows, count, weights, adjacencyOf(handle));
  return projectionOf({
    nodes: nodes.handle,
    edgeCount: isUndirected ? (count + (isSimple ? 0 : loops)) / 2 : count,
    isUndirected,
    out: handle,
    reverse: isUndirected ? undefined : { links: newAdjacency(shape, newBuffer), state: newBuffer(4) },
  });
}

/** Where the row of each node begins, by how often it occurs; in the last place, how many links there are. */
function degreesOf(nodeCount: number, ends: Uint32Array, otherEnds: Uint32Array | undefined): Uint32Array {
  const begins = new Uint32Array(nodeCount + 2);
  for (let at = 0; at < ends.length; at++) {
    const place = (ends[at] as number) + 1;
    begins[place] = (begins[place] as number) + 1;
  }
  if (otherEnds !== undefined) {
    for (let at = 0; at < ends.length; at++) {
      const end = otherEnds[at] as number;
      // Of a self-loop there is one link.
      if (end !== ends[at]) begins[end + 1] = (begins[end + 1] as number) + 1;
    }
  }
  for (let node = 0; node < nodeCount; node++) {
    begins[node + 1] = (begins[node + 1] as number) + (begins[node] as number);
  }
  return begins.subarray(0, nodeCount + 1);
}

function beginsOf(ends: Uint32Array): Uint32Array {
  const begins = new Uint32Array(ends.length);
  begins.set(ends.subarray(0, -1), 1);
  return begins;
}

/** Empty rows. Their ends are where they begin until they are filled: then they have moved to the begin of the next one. */
function newRows(begins: Uint32Array, isWide: boolean): LinkRows {
  const count = begins.at(-1) as number;
  return {
    ends: begins,
    targets: new Uint32Array(count),
    edges: isWide ? new Uint32Array(count) : undefined,
  };
}

/** Puts the source of each edge into the column of its target. Hot: as the functions below. */
function groupOne({ ends, targets: places, edges }: LinkRows, sources: Uint32Array, targets: Uint32Array): number {
  for (let edge = 0; edge < targets.length; edge++) {
    const target = targets[edge] as number;
    const place = ends[target] as number;
    ends[target] = place + 1;
    places[place] = sources[edge] as number;
    if (edges !== undefined) edges[place] = edge;
  }
  return 0;
}

/** The same for edges that can be followed both ways. Returns the number of self-loops. */
function groupBoth({ ends, targets: places, edges }: LinkRows, sources: Uint32Array, targets: Uint32Array): number {
  let loops = 0;
  for (let edge = 0; edge < targets.length; edge++) {
    const source = sources[edge] as number;
    const target = targets[edge] as number;
    const place = ends[target] as number;
    ends[target] = place + 1;
    places[place] = source;
    if (edges !== undefined) edges[place] = edge;
    if (source === target) {
      loops++;
      continue;
    }
    const back = ends[source] as number;
    ends[source] = back + 1;
    places[back] = target;
    if (edges !== undefined) edges[back] = edge;
  }
  return loops;
}

/** Takes links from full columns, in order, to their rows. */
function fillRows({ ends, targets, edges }: LinkRows, columns: LinkRows): void {
  const nodeCount = ends.length - 1;
  const { ends: columnEnds, targets: sources, edges: columnEdges } = columns;
  let at = 0;
  for (let target = 0; target < nodeCount; target++) {
    const end = columnEnds[target] as number;
    for (; at < end; at++) {
      const source = sources[at] as number;
      const place = ends[source] as number;
      ends[source] = place + 1;
      targets[place] = target;
      if (edges !== undefined && columnEdges !== undefined) edges[place] = columnEdges[at] as number;
    }
  }
}

/** Drops self-loops and all but the first link to each target. Returns how many links are left. */
function dropRepeated({ ends, targets, edges }: LinkRows, nodeCount: number): number {
  let kept = 0;
  let at = 0;
  for (let row = 0; row < nodeCount; row++) {
    const end = ends[row] as number;
    let last = row;
    for (; at < end; at++) {
      const target = targets[at] as number;
      if (target === row || target === last) continue;
      last = target;
      targets[kept] = target;
      if (edges !== undefined) edges[kept] = edges[at] as number;
      kept++;
    }
    ends[row] = kept;
  }
  return kept;
}

function store(
  { ends, targets, edges }: LinkRows,
  count: number,
  weights: ArrayLike<number> | undefined,
  out: Adjacency,
): void {
  out.offsets.set(ends.subarray(0, -1), 1);
  out.targets.set(targets.subarray(0, count));
  for (let at = 0; at < count; at++) {
    if (edges === undefined) break;
    const edge = edges[at] as number;
    if (out.edgeIds !== undefined) out.edgeIds[at] = edge + 1;
    if (out.weights !== undefined && weights !== undefined) out.weights[at] = weights[edge] as number;
  }
}
