/** How many shortest paths lead through nodes. */

import { type Algorithm, defineAlgorithm, NodeValues, ParallelRange } from "../define.ts";
import { checkParams, type ParamSpecs } from "../params.ts";
import { DependencySearch } from "./dependency_search.ts";
import { checkWeights } from "./link_weights.ts";
import { SAMPLE_PARAMS, sampledNodes, type SampleParams, withLinks } from "./sampled_nodes.ts";
import { addSources } from "./source_sums.ts";

/** Parameters of `betweennessCentrality` and `edgeBetweenness`. */
export interface BetweennessParams extends SampleParams {
  /** True: weights are lengths, above 0; the projection must have them. Default false: each edge has the length 1. */
  readonly weighted?: boolean | undefined;
  /** Whether scores are divided by the number of pairs of nodes, so that they are from 0 to 1. Default true. */
  readonly normalized?: boolean | undefined;
}

/** What `betweennessCentrality` and `edgeBetweenness` take. */
export const BETWEENNESS_PARAMS: ParamSpecs<BetweennessParams> = {
  ...SAMPLE_PARAMS,
  weighted: { kind: "flag", doc: "weights are lengths", default: false },
  normalized: { kind: "flag", doc: "scores are divided by the number of pairs of nodes", default: true },
};

/**
 * Betweenness: for each pair of other nodes, the part of the shortest paths between them that lead through a node; summed up, and where
 * `normalized` divided by the number of these pairs: (n - 1)(n - 2), or half of it in undirected projections, where a pair counts once.
 * Edges count in their direction. Parallel edges make separate paths, where they are equally long; self-loops are on none. Lengths are
 * sums of weights, where `weighted`; sums that differ by rounding are different.
 *
 * Equal to `networkx.betweenness_centrality` for graphs without parallel edges, which count once there. With `samples`, only paths from
 * some nodes are followed, and sums are multiplied by n / samples: an estimate without bias.
 *
 * Threads share one run; scores are the same for any number of them. Progress counts nodes that were searched from.
 *
 * O(n m), or O(samples m); weighted O(n (n + m) log n). 30 to 60 bytes for each node and thread, and with several threads up to 128 MiB
 * (at least 12 bytes for each node and thread). Brandes, A faster algorithm for betweenness centrality, 2001; samples: Brandes, Pich,
 * Centrality estimation in large networks, 2007.
 *
 * @throws {InvalidArgumentError} for bad parameters, missing weights and such as are not above 0
 *
 * @example
 * ```ts ignore
 * const path = projectEdges({ from: [1, 2], to: [2, 3], undirected: true });
 * console.log(betweennessCentrality(path).get(2)); // 1
 * ```
 */
export const betweennessCentrality: Algorithm<BetweennessParams, NodeValues> = defineAlgorithm(
  import.meta.url,
  "betweennessCentrality",
  (projection, params: BetweennessParams, context) => {
    const call = "betweennessCentrality";
    const { samples, seed, weighted, normalized } = checkParams<BetweennessParams, "samples">(
      BETWEENNESS_PARAMS,
      params,
      projection,
      call,
    );
    if (weighted) checkWeights(projection, call, context, false);
    const { nodeCount } = projection;
    const chosen = sampledNodes(projection, samples, seed);
    // A node without links has no paths.
    const sources = withLinks(projection.out, chosen);
    context.total(sources.length);
    const sums = new Float64Array(context.sharedBuffer(8 * nodeCount));
    const search = new DependencySearch(projection, weighted, () => context.throwIfAborted());
    addSources(context, sources, search, sums);
    const pairs = normalized && nodeCount > 2 ? (nodeCount - 1) * (nodeCount - 2) : projection.isUndirected ? 2 : 1;
    const scale = nodeCount / Math.max(1, chosen.length) / pairs;
    const nodes = new ParallelRange(context, nodeCount);
    while (nodes.next()) {
      for (let node = nodes.start; node < nodes.end; node++) sums[node] = scale * (sums[node] as number);
    }
    return NodeValues.of(projection, sums);
  },
);
