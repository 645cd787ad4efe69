/** Communities by modularity, level by level. */

import type { Projection } from "../../projection/mod.ts";
import { type Algorithm, defineAlgorithm, NodeGroups, type TaskContext } from "../define.ts";
import { type CheckedParams, checkParams, type ParamSpecs } from "../params.ts";
import { Random } from "../random.ts";
import { requireUndirected } from "../require.ts";
import { contractLeaves } from "./contract_leaves.ts";
import { aggregate, firstLevel, type LevelGraph, membersByLabel, renumber } from "./level_graph.ts";
import { RESOLUTION } from "./modularity.ts";
import { moveNodes } from "./move_nodes.ts";
import { requireStrengths } from "./strengths.ts";

/** Parameters of `louvain`. */
export interface LouvainParams {
  /** Weight of what chance would give: larger values favour small communities. Default 1. */
  readonly resolution?: number | undefined;
  /**
   * Nodes of a level are moved until a round makes modularity larger by less than this; those of the first levels until it does by
   * less than 0.01, 0.001 and so on. Default 1e-6.
   */
  readonly tolerance?: number | undefined;
  /** Nodes are looked at in an order drawn from this seed; default in ascending ids. */
  readonly seed?: number | undefined;
}

/** What `louvain` takes. */
export const LOUVAIN_PARAMS: ParamSpecs<LouvainParams> = {
  resolution: RESOLUTION,
  tolerance: {
    kind: "number",
    default: 1e-6,
    min: 0,
    doc: "nodes are moved until a round makes modularity larger by less than this",
  },
  seed: { kind: "integer", optional: true, doc: "start of the random order of nodes; without it ids ascend" },
};

/** Communities, and how good they are. */
export interface Communities {
  /** The communities: from the largest on, equal ones from that with the smallest node id on. */
  readonly communities: NodeGroups;
  /** Their modularity. */
  readonly modularity: number;
  /** Number of graphs that were looked at, each smaller than the one before. */
  readonly levels: number;
}

/**
 * Communities of an undirected graph by the Louvain method: nodes move to the neighbor's community where modularity is largest,
 * then communities become the nodes of a smaller graph, and so on. A node may also leave for a community of its own. See
 * `modularity` for what weights, parallel edges and self-loops mean. A node without edges is a community.
 *
 * Threads share one run, and find what one finds; nodes of levels with fewer than 524,288 links are moved by one of them. Progress
 * counts nodes of the graph, as they find a lasting place.
 *
 * O(m) for each round, of which there are some tens in all; 4 to 5 words for each node, and the second graph, which has fewer
 * links. Blondel, Guillaume, Lambiotte, Lefebvre, Fast unfolding of communities in large networks, 2008.
 *
 * @throws {InvalidArgumentError} for a directed projection, negative weights, and bad parameters
 *
 * @example
 * ```ts ignore
 * const { communities, modularity } = await graph.run(louvain, {}, { project: { undirected: true }, workers: 4 });
 * console.log(communities.count, communities.nodeIdsOf(0), modularity);
 * ```
 */
export const louvain: Algorithm<LouvainParams, Communities> = defineAlgorithm(
  import.meta.url,
  "louvain",
  (projection, params: LouvainParams, context) => {
    const checked = checkParams<LouvainParams, "seed">(LOUVAIN_PARAMS, params, projection, "louvain");
    requireUndirected(projection, "louvain");
    requireStrengths(projection, "louvain", context);
    return findCommunities(projection, checked, context);
  },
);

function findCommunities(
  projection: Projection,
  { resolution, tolerance, seed }: CheckedParams<LouvainParams, "seed">,
  context: TaskContext,
): Communities {
  const { nodeCount } = projection;
  context.total(nodeCount);
  const core = resolution <= 1 ? contractLeaves(projection, context) : undefined;
  const found = core?.labels ?? startLabels(nodeCount, context);
  const { level: first, strength } = core ?? firstLevel(projection, context);
  let level = first;
  let isFirst = core === undefined;
  let levels = 0;
  let left = nodeCount;
  while (strength > 0) {
    const labels = isFirst ? found : startLabels(level.count, context);
    const order = randomOrder(level.count, seed, context);
    const options = { scale: resolution / strength, tolerance: levelTolerance(tolerance, levels), order };
    const gained = moveNodes(level, labels, options, context);
    levels++;
    if (gained === 0) break;
    const count = renumberTogether(labels, context);
    if (!isFirst) follow(found, labels, context);
    isFirst = false;
    if (context.worker === 0) context.progress(left - count);
    left = count;
    // Each thread sorts for itself.
    level = aggregate(level, labels, count, membersByLabel(labels, count), context);
  }
  return communitiesOf(projection, found, levelModularity(level, resolution, strength), levels, context);
}

/** Least tolerance of the first level. */
const FIRST_TOLERANCE = 0.01;
/** That of each level, in parts of that of the level before. */
const TOLERANCE_DROP = 0.1;

/**
 * Tolerance of a level, from 0. Late rounds of early levels gain little that later levels do not gain with less work. Lu,
 * Halappanavar, Kalyanaraman, Parallel heuristics for scalable community detection, 2015.
 */
function levelTolerance(tolerance: number, level: number): number {
  return Math.max(tolerance, FIRST_TOLERANCE * TOLERANCE_DROP ** level);
}

/** Each node in a community of its own: labels that all threads share. */
export function startLabels(count: number, context: TaskContext): Uint32Array<SharedArrayBuffer> {
  const labels = new Uint32Array(context.sharedBuffer(4 * count));
  if (context.worker === 0) { for (let node = 0; node < count; node++) labels[node] = node; }
  context.barrier();
  return labels;
}

/** A random order of nodes, for the first thread, if there is a seed. */
export function randomOrder(count: number, seed: number | undefined, context: TaskContext): Uint32Array | undefined {
  if (seed === undefined || context.worker !== 0) return undefined;
  const order = new Uint32Array(count);
  for (let node = 0; node < count; node++) order[node] = node;
  new Random(seed).shuffle(order);
  return order;
}

/** Numbers labels from 0 on; says how many there are. For all threads of a run together. */
export function renumberTogether(labels: Uint32Array, context: TaskContext): number {
  const count = new Uint32Array(context.sharedBuffer(4));
  if (context.worker === 0) count[0] = renumber(labels);
  context.barrier();
  return count[0] as number;
}

/** Puts labels of nodes in place of those of the communities that they are in. */
export function follow(found: Uint32Array, labels: Uint32Array, context: TaskContext): void {
  if (context.worker === 0) {
    for (let node = 0; node < found.length; node++) found[node] = labels[found[node] as number] as number;
  }
  context.barrier();
}

/** Modularity when each node of a level is a community. */
export function levelModularity(level: LevelGraph, resolution: number, strength: number): number {
  if (strength === 0) return 0;
  const { count, offsets, targets, weights, strengths } = level;
  let sum = 0;
  for (let node = 0; node < count; node++) {
    const end = offsets[node + 1] as number;
    let inside = strengths[node] as number;
    for (let at = offsets[node] as number; at < end; at++) {
      if (targets[at] !== node) inside -= weights === undefined ? 1 : weights[at] as number;
    }
    const share = (strengths[node] as number) / strength;
    sum += inside / strength - resolution * share * share;
  }
  return sum;
}

/** The result. */
export function communitiesOf(
  projection: Projection,
  found: Uint32Array,
  modularity: number,
  levels: number,
  context: TaskContext,
): Communities {
  // What the other threads return is not read.
  if (context.worker !== 0) return undefined as unknown as Communities;
  return { communities: NodeGroups.of(projection, found), modularity, levels };
}
