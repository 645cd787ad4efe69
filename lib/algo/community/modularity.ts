/** How good communities are. */

import type { Projection } from "../../projection/mod.ts";
import { type Algorithm, defineAlgorithm, lookUp, ParallelRange, type TaskContext, touched } from "../define.ts";
import { checkParams, type ParamSpec, type ParamSpecs } from "../params.ts";
import { requireStrengths } from "./strengths.ts";
import { COMMUNITIES_PARAM, type CommunitiesGiven, givenLabels } from "./given_communities.ts";

/** Parameters of `modularity`. */
export interface ModularityParams {
  /** The communities. Nodes that are in none are communities of their own. */
  readonly communities: CommunitiesGiven;
  /** Weight of what chance would give: larger values favour small communities. Default 1. */
  readonly resolution?: number | undefined;
}

/** What `resolution` takes. */
export const RESOLUTION: ParamSpec = {
  kind: "number",
  default: 1,
  min: 0,
  max: 1e100,
  doc: "weight of what chance would give: larger values favour small communities",
};

/** What `modularity` takes. */
export const MODULARITY_PARAMS: ParamSpecs<ModularityParams> = {
  communities: COMMUNITIES_PARAM,
  resolution: RESOLUTION,
};

/**
 * Modularity of communities: the part of the edges that lies inside of them, less the part that would if nodes kept their degrees
 * and edges were drawn at random. At most 1; 0 when all nodes are in one community, or there are no edges. Weights, when the
 * projection has them, count as so many edges. Parallel edges count each; a self-loop counts twice in the degree of its node.
 * In a directed projection degrees are those in each direction. Threads share one run. Progress counts nodes.
 *
 * O(n + m). Newman, Girvan, Finding and evaluating community structure in networks, 2004; directed: Leicht, Newman, Community
 * structure in directed networks, 2008; resolution: Reichardt, Bornholdt, Statistical mechanics of community detection, 2006.
 *
 * @throws {InvalidArgumentError} for bad parameters, communities that overlap, and negative weights
 * @throws {NotFoundError} for communities of nodes that are not in the projection
 *
 * @example
 * ```ts ignore
 * const graph = projectEdges({ from: [1, 3], to: [2, 4], undirected: true });
 * console.log(modularity(graph, { communities: [[1, 2], [3, 4]] })); // 0.5
 * ```
 */
export const modularity: Algorithm<ModularityParams, number> = defineAlgorithm(
  import.meta.url,
  "modularity",
  (projection, params: ModularityParams, context) => {
    const { communities, resolution } = checkParams(MODULARITY_PARAMS, params, projection, "modularity");
    requireStrengths(projection, "modularity", context);
    const labels = givenLabels(projection, communities, "modularity");
    context.total(projection.nodeCount);
    return modularityOf(projection, labels, resolution, context);
  },
);

/** Modularity of labels below the number of nodes. For all threads of a run together. */
export function modularityOf(
  projection: Projection,
  labels: ArrayLike<number>,
  resolution: number,
  context: TaskContext,
): number {
  const { nodeCount, isUndirected, out: { offsets, targets, weights } } = projection;
  const nodes = new ParallelRange(context, nodeCount);
  const strengths = new Float64Array(context.sharedBuffer(8 * nodeCount));
  // A self-loop is one link, and two ends in an undirected graph.
  const loop = isUndirected ? 2 : 1;
  const inside = new Float64Array(context.sharedBuffer(8 * nodes.chunkCount));
  while (nodes.next()) {
    let within = 0;
    let all = 0;
    for (let node = nodes.start; node < nodes.end; node++) {
      const label = labels[node] as number;
      const end = offsets[node + 1] as number;
      let strength = 0;
      for (let at = offsets[node] as number; at < end; at++) {
        const target = targets[at] as number;
        let weight = weights === undefined ? 1 : weights[at] as number;
        if (target === node) weight *= loop;
        strength += weight;
        if (labels[target] === label) within += weight;
      }
      strengths[node] = strength;
      all += strength;
    }
    nodes.put(all);
    inside[nodes.chunk] = within;
    context.progress(nodes.end - nodes.start);
  }
  const total = nodes.sum();
  if (total === 0) return 0;
  let within = 0;
  for (let chunk = 0; chunk < inside.length; chunk++) within += inside[chunk] as number;
  const leaving = sums(strengths, labels);
  const entering = isUndirected ? leaving : sums(enteringStrengths(projection, context), labels);
  let chance = 0;
  for (let label = 0; label < nodeCount; label++) {
    chance += (leaving[label] as number) / total * ((entering[label] as number) / total);
  }
  return within / total - resolution * chance;
}

/** Sum of the weights of the links that enter each node. */
function enteringStrengths({ nodeCount, in: { offsets, weights } }: Projection, context: TaskContext): Float64Array {
  const strengths = new Float64Array(context.sharedBuffer(8 * nodeCount));
  const nodes = new ParallelRange(context, nodeCount);
  while (nodes.next()) {
    for (let node = nodes.start; node < nodes.end; node++) {
      const end = offsets[node + 1] as number;
      let strength = 0;
      if (weights === undefined) strength = end - (offsets[node] as number);
      else for (let at = offsets[node] as number; at < end; at++) strength += weights[at] as number;
      strengths[node] = strength;
    }
  }
  return strengths;
}

/** Sums by label. */
function sums(values: Float64Array, labels: ArrayLike<number>): Float64Array {
  const result = touched(new Float64Array(values.length));
  for (let node = 0; node < values.length; node++) {
    if ((node & 65_535) === 0) lookUp();
    const label = labels[node] as number;
    result[label] = (result[label] as number) + (values[node] as number);
  }
  return result;
}
