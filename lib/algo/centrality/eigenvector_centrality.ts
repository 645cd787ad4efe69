/** How well connected nodes are to well connected nodes. */

import { type Algorithm, defineAlgorithm } from "../define.ts";
import { checkParams, type ParamSpecs } from "../params.ts";
import { gatherLinks } from "./gather.ts";
import { isSmall, type IterationParams, iterationParams } from "./iteration.ts";
import { checkWeights, WEIGHTED, type WeightedParams } from "./link_weights.ts";
import { NodeScores } from "./node_scores.ts";
import { ScaledSums } from "./scaled_sums.ts";

/** Parameters of `eigenvectorCentrality`. */
export interface EigenvectorParams extends IterationParams, WeightedParams {}

/** What `eigenvectorCentrality` takes. */
export const EIGENVECTOR_PARAMS: ParamSpecs<EigenvectorParams> = { weighted: WEIGHTED, ...iterationParams(1e-8, 1000) };

/**
 * Eigenvector centrality: the score of a node is in proportion to the sum of the scores of the nodes with edges to it, times their
 * weights where `weighted`. Scores are those of the largest eigenvalue, from 0 on; the sum of their squares is 1. Edges count in their
 * direction, parallel edges each, a self-loop leads from its node to itself, once. Equal to `networkx.eigenvector_centrality`.
 *
 * A power iteration that adds to each sum the node's own score, times half of the estimated eigenvalue: so bipartite graphs do not swing
 * to and fro. Where several components have the same largest eigenvalue, each keeps a part that depends on its size; without cycles
 * the scores gather where paths end, and without edges all are equal. Threads share one run; the scores are the same for any number of
 * them. Progress counts the nodes of each pass; there are two for an iteration.
 *
 * O(n + m) for each iteration, 16 bytes for each node. Bonacich, Power and centrality: a family of measures, 1987. Reads links against
 * their direction, as `pageRank`.
 *
 * @throws {InvalidArgumentError} for bad parameters, missing weights and negative ones
 */
export const eigenvectorCentrality: Algorithm<EigenvectorParams, NodeScores> = defineAlgorithm(
  import.meta.url,
  "eigenvectorCentrality",
  (projection, params: EigenvectorParams, context) => {
    const call = "eigenvectorCentrality";
    const { weighted, tolerance, maxIterations } = checkParams(EIGENVECTOR_PARAMS, params, projection, call);
    const { nodeCount } = projection;
    if (weighted) checkWeights(projection, call, context);
    context.total(2 * nodeCount * maxIterations);
    const links = gatherLinks(projection.in, weighted ? projection.in.weights : undefined);
    const scores = new Float64Array(context.sharedBuffer(8 * nodeCount));
    const sums = new ScaledSums(context, projection);
    sums.fill(scores, 1 / nodeCount);
    // Of equal scores, which sum up to 1, this is the sum of what comes along unweighted links.
    let eigenvalue = projection.in.targets.length / Math.max(1, nodeCount);
    let iterations = 0;
    let change = nodeCount === 0 ? 0 : Infinity;
    while (iterations < maxIterations && !isSmall(change, tolerance)) {
      const shift = eigenvalue > 0 ? eigenvalue / 2 : 1;
      const step = sums.step(links, scores, scores, shift);
      change = step.change;
      eigenvalue = step.total - shift;
      iterations++;
    }
    sums.toUnitLength(scores);
    return NodeScores.of(projection, scores, { iterations, change, isConverged: isSmall(change, tolerance) });
  },
);
