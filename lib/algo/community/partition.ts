/** Divides graphs into parts of equal size. */

import type { NodeId } from "../../backend/schema.ts";
import type { Projection } from "../../projection/mod.ts";
import { type Algorithm, filled, lookUp, NodeGroups, type TaskContext, touched } from "../define.ts";
import { checkParams, invalid, type ParamSpec, type ParamSpecs } from "../params.ts";
import { defineForOneThread } from "../one_thread.ts";
import { quietContext } from "../quiet_context.ts";
import { Random } from "../random.ts";
import { requireUndirected } from "../require.ts";
import { coarsen, type Coarser } from "./coarsen.ts";
import { COMMUNITIES_PARAM, type CommunitiesGiven, partialLabels } from "./given_communities.ts";
import { cutOf, growParts } from "./grow_parts.ts";
import { firstLevel, renumber } from "./level_graph.ts";
import { PartRefiner, type WeighedLevel } from "./part_refiner.ts";
import { requireStrengths } from "./strengths.ts";

/** Parts of a graph. */
export interface Partition {
  /** The parts: from the largest on, equal ones from that with the smallest node id on. */
  readonly parts: NodeGroups;
  /** Weight of the edges between parts; their number without weights. */
  readonly cut: number;
  /** Size of the largest part, divided by that of an average one: 1 when all are equal; 0 when there are no nodes. */
  readonly balance: number;
}

/** Parameters of `kWayPartition`. */
export interface KWayPartitionParams {
  /** Number of parts. Default 2. Some stay empty when there are fewer nodes. */
  readonly parts?: number | undefined;
  /** By what part of the average size a part may be larger. Default 0.03. */
  readonly imbalance?: number | undefined;
  /** What lots are drawn with. Default 1. */
  readonly seed?: number | undefined;
}

const PARTS: ParamSpec = { kind: "integer", default: 2, min: 1, max: 2 ** 16, doc: "number of parts" };
const IMBALANCE: ParamSpec = {
  kind: "number",
  default: 0.03,
  min: 0,
  doc: "by what part of the average size a part may be larger",
};

/** What `kWayPartition` takes. */
export const K_WAY_PARTITION_PARAMS: ParamSpecs<KWayPartitionParams> = {
  parts: PARTS,
  imbalance: IMBALANCE,
  seed: { kind: "integer", default: 1, doc: "what lots are drawn with" },
};

/** Nodes for each part at which a graph is small enough to be divided. */
const COARSEST_PER_PART = 60;
/** Nodes at which any is. */
const COARSEST = 400;
/** A smaller graph that has more than this part of the nodes is not worth it. */
const LEAST_SHRINKAGE = 0.95;
/** How often all of it is done: the first time makes parts, the others make them better. */
const CYCLES = 3;

/**
 * Divides an undirected graph into parts of nearly equal numbers of nodes with few edges between them: the graph is made smaller
 * again and again, then divided, and the parts are made better at each size on the way back; all of it three times. No part is larger than the average
 * by more than `imbalance` allows, but rounded up. Weights, when the projection has them, count as so many edges, as parallel edges
 * do; self-loops do not count. Equal seeds give equal parts. Progress counts how often it was done.
 *
 * O((n + m) log n) about, 40 to 60 bytes for each node and half as much for each edge. Karypis, Kumar, Multilevel k-way
 * partitioning scheme for irregular graphs, 1998; Fiduccia, Mattheyses 1982.
 *
 * @throws {InvalidArgumentError} for a directed projection, negative weights, and bad parameters
 *
 * @example
 * ```ts ignore
 * const { parts, cut, balance } = kWayPartition(projection, { parts: 8, imbalance: 0.05, seed: 3 });
 * console.log(parts.sizes, cut, balance);
 * ```
 */
export const kWayPartition: Algorithm<KWayPartitionParams, Partition> = defineForOneThread(
  import.meta.url,
  "kWayPartition",
  (projection, params: KWayPartitionParams, shared) => {
    const { parts: partCount, imbalance, seed } = checkParams(
      K_WAY_PARTITION_PARAMS,
      params,
      projection,
      "kWayPartition",
    );
    requireUndirected(projection, "kWayPartition");
    requireStrengths(projection, "kWayPartition", shared);
    const context = quietContext(shared);
    const random = new Random(seed);
    const maxSizes = maxSizesOf(projection.nodeCount, partCount, imbalance);
    const level = wholeLevel(projection, context);
    shared.total(CYCLES);
    let parts = divide(level, undefined, maxSizes, random, context);
    shared.progress(1);
    // Where a few nodes have most of the links, a search from one of them often does better.
    const found = searchedParts(projection, partCount, [nodeWithMostLinks(projection)], context);
    new PartRefiner(level, found, maxSizes, context).refine();
    if (cutOf(level, found) < cutOf(level, parts)) parts = found;
    for (let cycle = 1; cycle < CYCLES; cycle++) {
      parts = divide(level, parts, maxSizes, random, context);
      shared.progress(1);
    }
    return partitionOf(projection, parts, partCount);
  },
);

/** Makes a graph smaller, divides it, or takes the parts that it has, and makes these better on the way back. */
function divide(
  whole: WeighedLevel,
  before: Int32Array | undefined,
  maxSizes: Float64Array,
  random: Random,
  context: TaskContext,
): Int32Array {
  const steps: { readonly finer: WeighedLevel; readonly labels: Uint32Array }[] = [];
  const least = Math.max(COARSEST, COARSEST_PER_PART * maxSizes.length);
  const largest = Math.max(1, 1.5 * whole.count / least);
  let level = whole;
  let parts = before;
  while (level.count > least) {
    const coarser: Coarser = coarsen(level, parts, largest, random, context);
    if (coarser.level.count > LEAST_SHRINKAGE * level.count) break;
    steps.push({ finer: level, labels: coarser.labels });
    level = coarser.level;
    if (parts !== undefined) parts = coarserParts(parts, coarser);
  }
  if (parts === undefined) parts = growParts(level, maxSizes, random, context);
  else new PartRefiner(level, parts, maxSizes, context).refine();
  for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
    const { finer, labels } = step;
    const finerParts: Int32Array = new Int32Array(finer.count);
    for (let node = 0; node < finer.count; node++) {
      if ((node & 65_535) === 0) lookUp();
      finerParts[node] = parts[labels[node] as number] as number;
    }
    new PartRefiner(finer, finerParts, maxSizes, context).refine();
    parts = finerParts;
  }
  return parts;
}

function coarserParts(parts: Int32Array, { level, labels }: Coarser): Int32Array {
  const result = new Int32Array(level.count);
  for (let node = 0; node < labels.length; node++) {
    if ((node & 65_535) === 0) lookUp();
    result[labels[node] as number] = parts[node] as number;
  }
  return result;
}

/** Parameters of `refinePartition`. */
export interface RefinePartitionParams {
  /** The parts to begin with, in which all nodes are. */
  readonly communities: CommunitiesGiven;
  /** By what part of the average size a part may be larger. Default 0.03. */
  readonly imbalance?: number | undefined;
}

/** What `refinePartition` takes. */
export const REFINE_PARTITION_PARAMS: ParamSpecs<RefinePartitionParams> = {
  communities: COMMUNITIES_PARAM,
  imbalance: IMBALANCE,
};

/**
 * Makes given parts of an undirected graph better: first moves nodes out of parts that are too large, then moves nodes where fewer
 * edges lie between parts. See `kWayPartition` for what counts. Progress counts nothing.
 *
 * O((n + m) log n) for each of at most ten passes. Fiduccia, Mattheyses, A linear-time heuristic for improving network partitions,
 * 1982.
 *
 * @throws {InvalidArgumentError} for a directed projection, negative weights, nodes that are in no part or in two, bad parameters
 * @throws {NotFoundError} for parts with nodes that are not in the projection
 *
 * @example
 * ```ts ignore
 * const better = refinePartition(projection, { communities: bfsPartition(projection, { parts: 4 }).parts });
 * ```
 */
export const refinePartition: Algorithm<RefinePartitionParams, Partition> = defineForOneThread(
  import.meta.url,
  "refinePartition",
  (projection, params: RefinePartitionParams, shared) => {
    const { communities, imbalance } = checkParams(REFINE_PARTITION_PARAMS, params, projection, "refinePartition");
    requireUndirected(projection, "refinePartition");
    requireStrengths(projection, "refinePartition", shared);
    const context = quietContext(shared);
    const parts = partialLabels(projection, communities, "refinePartition");
    const missing = parts.indexOf(-1);
    if (missing !== -1) {
      throw invalid(
        "refinePartition",
        "communities",
        communities,
        `lack node ${projection.nodeId(missing)}; give all nodes`,
      );
    }
    lookUp();
    const partCount = renumber(new Uint32Array(parts.buffer));
    const maxSizes = maxSizesOf(projection.nodeCount, partCount, imbalance);
    new PartRefiner(wholeLevel(projection, context), parts, maxSizes, context).refine();
    return partitionOf(projection, parts, partCount);
  },
);

/** Parameters of `bfsPartition`. */
export interface BfsPartitionParams {
  /** Number of parts. Default 2. Some stay empty when there are fewer nodes. */
  readonly parts?: number | undefined;
  /** Nodes that the search starts from at once. Default: the node with the smallest id. */
  readonly starts?: readonly NodeId[] | undefined;
}

/** What `bfsPartition` takes. */
export const BFS_PARTITION_PARAMS: ParamSpecs<BfsPartitionParams> = {
  parts: PARTS,
  starts: { kind: "nodes", optional: true, doc: "nodes that the search starts from; the smallest one without it" },
};

/**
 * Divides a graph into parts of consecutive nodes of a breadth-first search, whose sizes differ by one at most: quick, and often
 * good enough where levels are thin. Nodes that the search does not reach follow, from that with the smallest id on. Edges are
 * followed in their direction. Progress counts nodes.
 *
 * O(n + m).
 *
 * @throws {InvalidArgumentError} for bad parameters
 * @throws {NotFoundError} for starts that are not in the projection
 *
 * @example
 * ```ts ignore
 * const chain = projectEdges({ from: [1, 2, 3], to: [2, 3, 4] });
 * console.log(bfsPartition(chain).parts.nodeIdsOf(0)); // [1, 2]
 * ```
 */
export const bfsPartition: Algorithm<BfsPartitionParams, Partition> = defineForOneThread(
  import.meta.url,
  "bfsPartition",
  (projection, params: BfsPartitionParams, context) => {
    const { parts: partCount, starts } = checkParams<BfsPartitionParams, "starts">(
      BFS_PARTITION_PARAMS,
      params,
      projection,
      "bfsPartition",
    );
    context.total(projection.nodeCount);
    const indexes = starts?.map((id) => projection.indexOf(id)) ?? [];
    const parts = searchedParts(projection, partCount, indexes, context);
    context.progress(projection.nodeCount);
    return partitionOf(projection, parts, partCount);
  },
);

/** Part of each node when they are divided in the order of a breadth-first search. */
function searchedParts(
  projection: Projection,
  partCount: number,
  starts: readonly number[],
  context: TaskContext,
): Int32Array {
  const { nodeCount } = projection;
  const order = searchOrder(projection, starts, context);
  const parts = touched(new Int32Array(nodeCount));
  for (let at = 0; at < nodeCount; at++) {
    if ((at & 65_535) === 0) lookUp();
    parts[order[at] as number] = Math.floor(at * partCount / nodeCount);
  }
  return parts;
}

/** 0 when there are no nodes. */
function nodeWithMostLinks({ nodeCount, out: { offsets } }: Projection): number {
  let best = 0;
  let most = 0;
  for (let node = 0; node < nodeCount; node++) {
    const length = (offsets[node + 1] as number) - (offsets[node] as number);
    if (length <= most) continue;
    best = node;
    most = length;
  }
  return best;
}

/** All nodes in the order of a breadth-first search. */
function searchOrder(
  { nodeCount, out: { offsets, targets } }: Projection,
  starts: readonly number[],
  context: TaskContext,
): Uint32Array {
  const order = new Uint32Array(nodeCount);
  const isFound = touched(new Uint8Array(nodeCount));
  let length = 0;
  for (const node of starts) {
    if (isFound[node] === 1) continue;
    isFound[node] = 1;
    order[length++] = node;
  }
  let budget = 16_384;
  let unseen = 0;
  for (let at = 0; at < nodeCount; at++) {
    if (at === length) {
      while (isFound[unseen] === 1) unseen++;
      isFound[unseen] = 1;
      order[length++] = unseen;
    }
    const node = order[at] as number;
    const end = offsets[node + 1] as number;
    for (let link = offsets[node] as number; link < end; link++) {
      const target = targets[link] as number;
      if (isFound[target] === 1) continue;
      isFound[target] = 1;
      order[length++] = target;
    }
    budget -= 1 + end - (offsets[node] as number);
    if (budget > 0) continue;
    context.throwIfAborted();
    budget = 16_384;
  }
  return order;
}

function wholeLevel(projection: Projection, context: TaskContext): WeighedLevel {
  return { ...firstLevel(projection, context).level, sizes: filled(new Float64Array(projection.nodeCount), 1) };
}

/** Most nodes of each part. */
function maxSizesOf(nodeCount: number, partCount: number, imbalance: number): Float64Array {
  const most = Math.max(Math.ceil(nodeCount / partCount), Math.floor((1 + imbalance) * nodeCount / partCount));
  return new Float64Array(partCount).fill(most);
}

function partitionOf(projection: Projection, parts: Int32Array, partCount: number): Partition {
  const { nodeCount, isUndirected, out: { offsets, targets, weights } } = projection;
  let cut = 0;
  let budget = 16_384;
  for (let node = 0; node < nodeCount; node++) {
    const part = parts[node] as number;
    const end = offsets[node + 1] as number;
    budget -= 1 + end - (offsets[node] as number);
    if (budget <= 0) {
      lookUp();
      budget = 16_384;
    }
    for (let at = offsets[node] as number; at < end; at++) {
      const target = targets[at] as number;
      if (parts[target] === part || (isUndirected && target < node)) continue;
      cut += weights === undefined ? 1 : weights[at] as number;
    }
  }
  // Labels of groups are below the number of nodes, and there may be more parts: each has the number of its first node.
  const firstOf = new Int32Array(partCount).fill(-1);
  const labels = new Int32Array(nodeCount);
  for (let node = 0; node < nodeCount; node++) {
    if ((node & 65_535) === 0) lookUp();
    const part = parts[node] as number;
    if (firstOf[part] === -1) firstOf[part] = node;
    labels[node] = firstOf[part] as number;
  }
  const groups = NodeGroups.of(projection, labels);
  const balance = nodeCount === 0 ? 0 : (groups.sizes[0] as number) * partCount / nodeCount;
  return { parts: groups, cut, balance };
}
