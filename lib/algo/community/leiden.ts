/** Connected communities by modularity, level by level. */

import type { Projection } from "../../projection/mod.ts";
import { type Algorithm, defineAlgorithm, type TaskContext } from "../define.ts";
import { type CheckedParams, checkParams, type ParamSpecs } from "../params.ts";
import { requireUndirected } from "../require.ts";
import { contractLeaves } from "./contract_leaves.ts";
import { aggregate, firstLevel, type LabelMembers, membersByLabel } from "./level_graph.ts";
import {
  type Communities,
  communitiesOf,
  follow,
  levelModularity,
  LOUVAIN_PARAMS,
  type LouvainParams,
  randomOrder,
  renumberTogether,
  startLabels,
} from "./louvain.ts";
import { moveNodes } from "./move_nodes.ts";
import { refine } from "./refine.ts";
import { requireStrengths } from "./strengths.ts";

/** Parameters of `leiden`. */
export interface LeidenParams extends LouvainParams {
  /** How often all of it is done, beginning with the communities found before; fewer when nothing changes. Default 2. */
  readonly iterations?: number | undefined;
}

/** What `leiden` takes. */
export const LEIDEN_PARAMS: ParamSpecs<LeidenParams> = {
  ...LOUVAIN_PARAMS,
  iterations: {
    kind: "integer",
    default: 2,
    min: 1,
    doc: "how often all of it is done, beginning with the communities found before",
  },
};

/**
 * Communities of an undirected graph by the Leiden method: as `louvain`, but what becomes a node of the next graph is a connected
 * part of a community, so that a community can still be divided. Each community is connected, by edges of positive weight. See
 * `modularity` for what weights, parallel edges and self-loops mean. A node without edges is a community.
 *
 * Threads share one run, and find what one finds; nodes of levels with fewer than 524,288 links are moved by one of them. A part
 * takes the best one of its neighbors, where the paper draws lots: so equal graphs have equal communities. Progress counts nodes of
 * the graph, once in each iteration.
 *
 * O(m) for each round, of which there are some tens in all; about 8 words for each node, and the second graph, which has fewer
 * links. Traag, Waltman, van Eck, From Louvain to Leiden: guaranteeing well-connected communities, 2019.
 *
 * @throws {InvalidArgumentError} for a directed projection, negative weights, and bad parameters
 *
 * @example
 * ```ts ignore
 * const { communities, modularity } = await graph.run(leiden, { seed: 1 }, { project: { undirected: true } });
 * console.log(communities.count, communities.nodeIdsOf(0), modularity);
 * ```
 */
export const leiden: Algorithm<LeidenParams, Communities> = defineAlgorithm(
  import.meta.url,
  "leiden",
  (projection, params: LeidenParams, context) => {
    const checked = checkParams<LeidenParams, "seed">(LEIDEN_PARAMS, params, projection, "leiden");
    requireUndirected(projection, "leiden");
    requireStrengths(projection, "leiden", context);
    return findCommunities(projection, checked, context);
  },
);

function findCommunities(
  projection: Projection,
  { resolution, tolerance, seed, iterations }: CheckedParams<LeidenParams, "seed">,
  context: TaskContext,
): Communities {
  const { nodeCount } = projection;
  context.total(nodeCount * iterations);
  const core = resolution <= 1 ? contractLeaves(projection, context) : undefined;
  const { level: first, strength } = core ?? firstLevel(projection, context);
  // Of each node of the first level.
  const found = startLabels(first.count, context);
  const scale = resolution / strength;
  let modularity = 0;
  let levels = 0;
  for (let iteration = 0; iteration < iterations && strength > 0; iteration++) {
    let level = first;
    let labels: Uint32Array<SharedArrayBuffer> = sharedCopy(found, context);
    if (context.worker === 0) { for (let node = 0; node < nodeCount; node++) found[node] = node; }
    let left = nodeCount;
    let hasMoved = false;
    for (;;) {
      const order = randomOrder(level.count, seed, context);
      hasMoved = moveNodes(level, labels, { scale, tolerance, order }, context) > 0 || hasMoved;
      levels++;
      const count = renumberTogether(labels, context);
      const members = membersByLabel(labels, count);
      const parts = refine(level, labels, count, members, scale, context);
      const partCount = renumberTogether(parts, context);
      // No two nodes belong together: each is a community.
      if (partCount === level.count) break;
      follow(found, parts, context);
      if (context.worker === 0) context.progress(left - partCount);
      left = partCount;
      const partMembers = membersByLabel(parts, partCount);
      level = aggregate(level, parts, partCount, partMembers, context);
      labels = labelsOfParts(labels, partMembers, partCount, context);
    }
    modularity = levelModularity(level, resolution, strength);
    if (!hasMoved) break;
  }
  if (core === undefined) return communitiesOf(projection, found, modularity, levels, context);
  follow(core.labels, found, context);
  return communitiesOf(projection, core.labels, modularity, levels, context);
}

/** A copy that all threads share. */
function sharedCopy(labels: Uint32Array, context: TaskContext): Uint32Array<SharedArrayBuffer> {
  const copy = new Uint32Array(context.sharedBuffer(labels.byteLength));
  if (context.worker === 0) copy.set(labels);
  context.barrier();
  return copy;
}

/** Community of each part. There are as many parts as communities at least, so labels stay below their number. */
function labelsOfParts(
  communities: Uint32Array,
  { starts, members }: LabelMembers,
  partCount: number,
  context: TaskContext,
): Uint32Array<SharedArrayBuffer> {
  const labels = new Uint32Array(context.sharedBuffer(4 * partCount));
  if (context.worker === 0) {
    for (let part = 0; part < partCount; part++) {
      labels[part] = communities[members[starts[part] as number] as number] as number;
    }
  }
  context.barrier();
  return labels;
}
