/** How many paths lead to nodes, long ones counting less. */

import { InvalidArgumentError } from "../../backend/errors.ts";
import type { Adjacency, Projection } from "../../backend/projection.ts";
import { type Algorithm, defineAlgorithm, type TaskContext } from "../define.ts";
import { Pace } from "../pace.ts";
import { checkParams, type ParamSpecs } from "../params.ts";
import { gather, gatherLinks } from "./gather.ts";
import { isSmall, type IterationParams, iterationParams } from "./iteration.ts";
import { checkWeights, WEIGHTED, type WeightedParams } from "./link_weights.ts";
import { NodePasses } from "./node_passes.ts";
import { NodeScores } from "./node_scores.ts";

/** Parameters of `katzCentrality`. */
export interface KatzParams extends IterationParams, WeightedParams {
  /**
   * What each further edge of a walk multiplies its part by. It must be below 1 through the largest eigenvalue, or the sums grow without
   * end. Default: 0.85 through the largest number (or weight) of edges into one node, or out of one where that is less; this is always
   * small enough.
   */
  readonly alpha?: number | undefined;
  /** Whether scores are scaled so that the sum of their squares is 1. Default true. */
  readonly normalized?: boolean | undefined;
}

/** What `katzCentrality` takes. */
export const KATZ_PARAMS: ParamSpecs<KatzParams> = {
  alpha: { kind: "number", doc: "what each further edge of a walk multiplies its part by", above: 0, optional: true },
  normalized: { kind: "flag", doc: "the sum of the squares of the scores is 1", default: true },
  weighted: WEIGHTED,
  ...iterationParams(1e-8, 1000),
};

/** The default of `alpha`, in parts of a bound of the largest eigenvalue. */
const SAFE_PART = 0.85;

/**
 * Katz centrality: the number of walks that end at a node, each counted as alpha to the power of its number of edges (times their
 * weights where `weighted`); the walk without edges counts 1. Edges count in their direction, parallel edges each, a self-loop once.
 * Equal to `networkx.katz_centrality` for the same alpha (whose default there is 0.1); where not `normalized`, with beta 1.
 *
 * Threads share one run; the scores are the same for any number of them. Progress counts the nodes of each pass.
 *
 * O(n + m) for each pass, 16 bytes for each node. Katz, A new status index derived from sociometric analysis, 1953. Reads links
 * against their direction, as `pageRank`.
 *
 * @throws {InvalidArgumentError} for bad parameters, missing weights and negative ones, and when alpha is so large that the sums pass
 * all numbers
 */
export const katzCentrality: Algorithm<KatzParams, NodeScores> = defineAlgorithm(
  import.meta.url,
  "katzCentrality",
  (projection, params: KatzParams, context) => {
    const checked = checkParams<KatzParams, "alpha">(KATZ_PARAMS, params, projection, "katzCentrality");
    const { weighted, normalized, tolerance, maxIterations } = checked;
    const { nodeCount } = projection;
    if (weighted) checkWeights(projection, "katzCentrality", context);
    const alpha = checked.alpha ?? safeAlpha(projection, weighted, context);
    context.total(nodeCount * maxIterations);
    const links = gatherLinks(projection.in, weighted ? projection.in.weights : undefined);
    const passes = new NodePasses(context, projection, 2);
    const sums = new Float64Array(passes.chunkSize);
    let scores = new Float64Array(context.sharedBuffer(8 * nodeCount));
    let next = new Float64Array(context.sharedBuffer(8 * nodeCount));
    while (passes.next()) scores.fill(1, passes.start, passes.end);
    let iterations = 0;
    let change = nodeCount === 0 ? 0 : Infinity;
    while (iterations < maxIterations && !isSmall(change, tolerance)) {
      while (passes.next()) {
        const { start, end } = passes;
        gather(links, scores, start, end, sums);
        let changed = 0;
        let total = 0;
        for (let node = start; node < end; node++) {
          const score = 1 + alpha * (sums[node - start] as number);
          changed += Math.abs(score - (scores[node] as number));
          total += score;
          next[node] = score;
        }
        passes.put(0, changed);
        passes.put(1, total);
      }
      [scores, next] = [next, scores];
      const total = passes.sum(1);
      if (!Number.isFinite(total)) throw endless(alpha);
      change = passes.sum(0) / total;
      iterations++;
    }
    if (normalized) toUnitLength(scores, passes);
    return NodeScores.of(projection, scores, { iterations, change, isConverged: isSmall(change, tolerance) });
  },
);

function endless(alpha: number): InvalidArgumentError {
  return new InvalidArgumentError(
    `katzCentrality: the sums grow without end with alpha ${alpha}; give one below 1 / the largest eigenvalue, or none`,
    { code: "endless-sums", field: "alpha", value: alpha },
  );
}

function toUnitLength(scores: Float64Array, passes: NodePasses): void {
  while (passes.next()) {
    let part = 0;
    for (let node = passes.start; node < passes.end; node++) part += (scores[node] as number) ** 2;
    passes.put(0, part);
  }
  const length = Math.sqrt(passes.sum(0));
  while (passes.next()) {
    for (let node = passes.start; node < passes.end; node++) scores[node] = (scores[node] as number) / length;
  }
}

/** No eigenvalue is larger than the largest sum of a row, or of a column. */
function safeAlpha(projection: Projection, weighted: boolean, context: TaskContext): number {
  const into = largestRow(projection.in, weighted, context);
  const bound = projection.isUndirected ? into : Math.min(into, largestRow(projection.out, weighted, context));
  return bound > 0 ? SAFE_PART / bound : SAFE_PART;
}

/** Largest number, or sum of weights, of the links of one node. */
function largestRow({ offsets, weights }: Adjacency, weighted: boolean, context: TaskContext): number {
  const pace = new Pace({ throwIfAborted: () => context.throwIfAborted(), progress() {}, total() {} });
  let largest = 0;
  for (let node = 0; node < offsets.length - 1; node++) {
    const start = offsets[node] as number;
    const end = offsets[node + 1] as number;
    let sum = end - start;
    if (weighted && weights !== undefined) {
      sum = 0;
      for (let at = start; at < end; at++) sum += weights[at] as number;
    }
    if (sum > largest) largest = sum;
    pace.step(1 + end - start);
  }
  return largest;
}
