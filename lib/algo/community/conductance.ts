/** How well communities are separated from the rest. */

import { type Algorithm, defineAlgorithm, lookUp, NodeGroups, ParallelRange, touched } from "../define.ts";
import { checkParams, type ParamSpecs } from "../params.ts";
import { COMMUNITIES_PARAM, type CommunitiesGiven, givenLabels } from "./given_communities.ts";
import { requireStrengths } from "./strengths.ts";

/** Parameters of `conductance`. */
export interface ConductanceParams {
  /** The communities. Nodes that are in none are communities of their own. */
  readonly communities: CommunitiesGiven;
}

/** What `conductance` takes. */
export const CONDUCTANCE_PARAMS: ParamSpecs<ConductanceParams> = { communities: COMMUNITIES_PARAM };

/** What `conductance` found of each community, in the order of `communities`. */
export interface Conductance {
  /** The communities: from the largest on, equal ones from that with the smallest node id on. */
  readonly communities: NodeGroups;
  /** Conductance of each: from 0, when no edge leaves it, to 1, and more in directed projections. Must not be changed. */
  readonly values: Float64Array<SharedArrayBuffer>;
  /** Weight of the edges that leave each. Must not be changed. */
  readonly cuts: Float64Array<SharedArrayBuffer>;
  /** Mean of the values; 0 when there are none. */
  readonly average: number;
}

/**
 * Conductance of communities: the weight of the edges that leave one, divided by the sum of the degrees of its nodes, or of all
 * others when that is smaller. 0 when that is 0. Weights, when the projection has them, count as so many edges. Parallel edges
 * count each; a self-loop counts twice in the degree of its node. In a directed projection degrees are numbers of leaving edges,
 * where a self-loop counts once. Threads share one run. Progress counts nodes.
 *
 * O(n + m). Shi, Malik, Normalized cuts and image segmentation, 2000; Kannan, Vempala, Vetta, On clusterings: good, bad and
 * spectral, 2004.
 *
 * @throws {InvalidArgumentError} for bad parameters, communities that overlap, and negative weights
 * @throws {NotFoundError} for communities of nodes that are not in the projection
 *
 * @example
 * ```ts ignore
 * const graph = projectEdges({ from: [1, 3, 2], to: [2, 4, 3], undirected: true });
 * console.log(conductance(graph, { communities: [[1, 2], [3, 4]] }).values); // 1/3, 1/3
 * ```
 */
export const conductance: Algorithm<ConductanceParams, Conductance> = defineAlgorithm(
  import.meta.url,
  "conductance",
  (projection, params: ConductanceParams, context) => {
    const given = checkParams(CONDUCTANCE_PARAMS, params, projection, "conductance");
    requireStrengths(projection, "conductance", context);
    const labels = givenLabels(projection, given.communities, "conductance");
    const { nodeCount, isUndirected, out: { offsets, targets, weights } } = projection;
    context.total(nodeCount);
    const leaving = new Float64Array(context.sharedBuffer(8 * nodeCount));
    const strengths = new Float64Array(context.sharedBuffer(8 * nodeCount));
    const loop = isUndirected ? 2 : 1;
    const nodes = new ParallelRange(context, nodeCount);
    while (nodes.next()) {
      let sum = 0;
      for (let node = nodes.start; node < nodes.end; node++) {
        const label = labels[node] as number;
        const end = offsets[node + 1] as number;
        let strength = 0;
        let outside = 0;
        for (let at = offsets[node] as number; at < end; at++) {
          const target = targets[at] as number;
          const weight = weights === undefined ? 1 : weights[at] as number;
          strength += target === node ? loop * weight : weight;
          if (labels[target] !== label) outside += weight;
        }
        strengths[node] = strength;
        leaving[node] = outside;
        sum += strength;
      }
      nodes.put(sum);
      context.progress(nodes.end - nodes.start);
    }
    // What the other threads return is not read.
    if (context.worker !== 0) return undefined as unknown as Conductance;
    const total = nodes.sum();
    const communities = NodeGroups.of(projection, labels);
    const { count, groups } = communities;
    const values = touched(new Float64Array(new SharedArrayBuffer(8 * count)));
    const cuts = touched(new Float64Array(new SharedArrayBuffer(8 * count)));
    for (let node = 0; node < nodeCount; node++) {
      if ((node & 65_535) === 0) lookUp();
      const group = groups[node] as number;
      cuts[group] = (cuts[group] as number) + (leaving[node] as number);
      values[group] = (values[group] as number) + (strengths[node] as number);
    }
    let average = 0;
    for (let group = 0; group < count; group++) {
      if ((group & 65_535) === 0) lookUp();
      const volume = values[group] as number;
      const smaller = Math.min(volume, total - volume);
      const value = smaller > 0 ? (cuts[group] as number) / smaller : 0;
      values[group] = value;
      average += value / count;
    }
    return { communities, values, cuts, average };
  },
);
