/** Nodes of which no two are neighbours. */

import { type Algorithm, defineAlgorithm, touched } from "../define.ts";
import { checkParams, type ParamSpecs } from "../params.ts";
import { Pace } from "../pace.ts";
import { Random } from "../random.ts";
import { requireUndirected } from "../require.ts";
import { orderByDegree } from "./coloring_order.ts";
import { idsMarked } from "./terminals.ts";

/** Parameters of `maximalIndependentSet`. */
export interface IndependentSetParams {
  /**
   * Which nodes are taken first: `random` ones (the default), those with the fewest neighbours (`degree`), which gives larger sets
   * as a rule, or those with the smallest ids (`id`).
   */
  readonly priority?: "random" | "degree" | "id" | undefined;
  /** Start of the random numbers. Default 1. */
  readonly seed?: number | undefined;
}

/** Their descriptions. */
export const INDEPENDENT_SET_PARAMS: ParamSpecs<IndependentSetParams> = {
  priority: {
    kind: "choice",
    options: ["random", "degree", "id"],
    default: "random",
    doc: "which nodes are taken first",
  },
  seed: { kind: "integer", default: 1, doc: "start of the random numbers" },
};

/**
 * Nodes of which no two are joined by an edge, and to which none can be added: their ids, ascending. Nodes are taken by priority,
 * each unless a neighbour was taken: with random priorities this is the set that Luby's algorithm finds with the same ones. It need
 * not be the largest such set. Self-loops do not count, parallel edges change nothing. Progress counts nodes.
 *
 * O(n + m). Luby, A simple parallel algorithm for the maximal independent set problem, 1986; Blelloch, Fineman, Shun, Greedy
 * sequential maximal independent set and matching are parallel on average, 2012.
 *
 * @throws {InvalidArgumentError} for a directed projection, and for bad parameters
 */
export const maximalIndependentSet: Algorithm<IndependentSetParams, Float64Array<SharedArrayBuffer>> = defineAlgorithm(
  import.meta.url,
  "maximalIndependentSet",
  (projection, params: IndependentSetParams, context): Float64Array<SharedArrayBuffer> => {
    const { priority, seed } = checkParams(
      INDEPENDENT_SET_PARAMS,
      params,
      projection,
      "maximalIndependentSet",
    );
    requireUndirected(projection, "maximalIndependentSet");
    const { nodeCount, out: { offsets, targets } } = projection;
    const pace = new Pace(context, nodeCount);
    const order = priority === "degree" ? orderByDegree(projection.out, true, pace) : new Uint32Array(nodeCount);
    if (priority !== "degree") { for (let node = 0; node < nodeCount; node++) order[node] = node; }
    if (priority === "random") new Random(seed).shuffle(order);
    // 1: taken, 2: a neighbour was taken.
    const marks = touched(new Uint8Array(nodeCount));
    for (let at = 0; at < nodeCount; at++) {
      const node = order[at] as number;
      if (marks[node] !== 0) {
        pace.step(1);
        continue;
      }
      const start = offsets[node] as number;
      const end = offsets[node + 1] as number;
      for (let link = start; link < end; link++) marks[targets[link] as number] = 2;
      marks[node] = 1;
      pace.step(1, end - start);
    }
    pace.end();
    return idsMarked(projection, marks, 1);
  },
);
