/** How many edges nodes have, in parts of all nodes. */

import type { Projection } from "../../backend/projection.ts";
import { type Algorithm, NodeValues } from "../define.ts";
import { Pace } from "../pace.ts";
import { checkParams, type ParamSpecs } from "../params.ts";
import { defineForOneThread } from "../one_thread.ts";
import { requireWeights } from "../require.ts";
import { WEIGHTED, type WeightedParams } from "./link_weights.ts";

/** Parameters of `degreeCentrality`. */
export interface DegreeCentralityParams extends WeightedParams {
  /** Edges that leave a node (`out`), enter it (`in`), or `both` together, the default. Of undirected projections all are the same. */
  readonly direction?: "out" | "in" | "both" | undefined;
  /** Whether degrees are divided by the number of other nodes. Default true. */
  readonly normalized?: boolean | undefined;
}

/** What `degreeCentrality` takes. */
export const DEGREE_CENTRALITY_PARAMS: ParamSpecs<DegreeCentralityParams> = {
  direction: {
    kind: "choice",
    doc: "edges that leave a node, enter it, or both together",
    options: ["out", "in", "both"],
    default: "both",
  },
  normalized: { kind: "flag", doc: "degrees are divided by the number of other nodes", default: true },
  weighted: WEIGHTED,
};

/**
 * Degree centrality: the number of a node's edges, or where `weighted` the sum of their weights (its strength), through the number of
 * other nodes. Parallel edges count each, a self-loop twice where both directions count and in undirected projections; so it can be above
 * 1. Equal to `networkx.degree_centrality`, `in_degree_centrality` and `out_degree_centrality`, but that a node alone has 0, not 1.
 * Progress counts links.
 *
 * O(n + m). Freeman, Centrality in social networks: conceptual clarification, 1978.
 *
 * @throws {InvalidArgumentError} for bad parameters and missing weights
 *
 * @example
 * ```ts ignore
 * console.log(degreeCentrality(projectEdges({ from: [1, 2], to: [2, 3] })).top(1)); // [{ nodeId: 2, value: 1 }]
 * ```
 */
export const degreeCentrality: Algorithm<DegreeCentralityParams, NodeValues> = defineForOneThread(
  import.meta.url,
  "degreeCentrality",
  (projection, params: DegreeCentralityParams, context) => {
    const checked = checkParams(DEGREE_CENTRALITY_PARAMS, params, projection, "degreeCentrality");
    const weights = checked.weighted ? requireWeights(projection, "degreeCentrality") : undefined;
    const pace = new Pace(context, projection.out.targets.length);
    const degrees = strengths(projection, checked.direction, weights, pace);
    const scale = checked.normalized ? 1 / Math.max(1, projection.nodeCount - 1) : 1;
    for (let node = 0; node < degrees.length; node++) degrees[node] = scale * (degrees[node] as number);
    pace.end();
    return NodeValues.of(projection, degrees);
  },
);

function strengths(
  { nodeCount, isUndirected, out: { offsets, targets } }: Projection,
  direction: "out" | "in" | "both",
  weights: Float64Array | undefined,
  pace: Pace,
): Float64Array<SharedArrayBuffer> {
  const sums = new Float64Array(new SharedArrayBuffer(8 * nodeCount));
  const isOut = isUndirected || direction !== "in";
  const isIn = !isUndirected && direction !== "out";
  for (let node = 0; node < nodeCount; node++) {
    const start = offsets[node] as number;
    const end = offsets[node + 1] as number;
    let sum = 0;
    for (let at = start; at < end; at++) {
      const target = targets[at] as number;
      const weight = weights === undefined ? 1 : weights[at] as number;
      sum += weight;
      if (isIn) sums[target] = (sums[target] as number) + weight;
      // In undirected graphs a loop is one link with two ends.
      else if (isUndirected && target === node) sum += weight;
    }
    if (isOut) sums[node] = (sums[node] as number) + sum;
    pace.step(end - start, 1);
  }
  return sums;
}
