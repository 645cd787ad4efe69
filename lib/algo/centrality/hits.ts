/** Hubs and authorities. */

import { type Algorithm, defineAlgorithm, NodeValues } from "../define.ts";
import { checkParams, type ParamSpecs } from "../params.ts";
import { gatherLinks } from "./gather.ts";
import { isSmall, type IterationParams, iterationParams } from "./iteration.ts";
import { checkWeights, WEIGHTED, type WeightedParams } from "./link_weights.ts";
import type { Iteration } from "./node_scores.ts";
import { ScaledSums } from "./scaled_sums.ts";

/** Parameters of `hits`. */
export interface HitsParams extends IterationParams, WeightedParams {}

/** What `hits` takes. */
export const HITS_PARAMS: ParamSpecs<HitsParams> = { weighted: WEIGHTED, ...iterationParams(1e-8, 1000) };

/** Scores of `hits`, and how the iteration ended. The change is that of both scores together. */
export interface Hits extends Iteration {
  /** How much each node leads to authorities. They sum up to 1. */
  readonly hubs: NodeValues;
  /** How much hubs lead to each node. They sum up to 1. */
  readonly authorities: NodeValues;
}

/**
 * Hubs and authorities: the authority of a node is in proportion to the sum of the hub scores of the nodes with edges to it, the hub
 * score to the sum of the authorities of the nodes that its edges lead to, times weights where `weighted`. Both are from 0 on and sum up
 * to 1; without edges all are 0. Edges count in their direction, parallel edges each, a self-loop once. In undirected projections both
 * are equal, except where the graph is bipartite. Equal to `networkx.hits`, where the largest singular value is a single one; where several
 * components have the same, each keeps a part.
 *
 * Threads share one run; the scores are the same for any number of them. Progress counts the nodes of each pass; there are four for an
 * iteration.
 *
 * O(n + m) for each iteration, 24 bytes for each node. Kleinberg, Authoritative sources in a hyperlinked environment, 1999. Reads links
 * in both directions.
 *
 * @throws {InvalidArgumentError} for bad parameters, missing weights and negative ones
 */
export const hits: Algorithm<HitsParams, Hits> = defineAlgorithm(
  import.meta.url,
  "hits",
  (projection, params: HitsParams, context) => {
    const { weighted, tolerance, maxIterations } = checkParams(HITS_PARAMS, params, projection, "hits");
    const { nodeCount, in: into, out } = projection;
    if (weighted) checkWeights(projection, "hits", context);
    context.total(4 * nodeCount * maxIterations);
    const toNodes = gatherLinks(into, weighted ? into.weights : undefined);
    const fromNodes = gatherLinks(out, weighted ? out.weights : undefined);
    const hubs = new Float64Array(context.sharedBuffer(8 * nodeCount));
    const authorities = new Float64Array(context.sharedBuffer(8 * nodeCount));
    const sums = new ScaledSums(context, projection);
    sums.fill(hubs, 1 / nodeCount);
    let iterations = 0;
    let change = nodeCount === 0 ? 0 : Infinity;
    while (iterations < maxIterations && !isSmall(change, tolerance)) {
      change = sums.step(toNodes, hubs, authorities, 0).change;
      change += sums.step(fromNodes, authorities, hubs, 0).change;
      iterations++;
    }
    return {
      hubs: NodeValues.of(projection, hubs),
      authorities: NodeValues.of(projection, authorities),
      iterations,
      change,
      isConverged: isSmall(change, tolerance),
    };
  },
);
