/** Nodes that have neighbors in common. */

import type { NodeId } from "../../backend/schema.ts";
import { type Algorithm, defineAlgorithm, ParallelRange } from "../define.ts";
import { checkParams, type ParamSpecs } from "../params.ts";
import { requireUndirected } from "../require.ts";
import { neighborRows } from "./neighbor_rows.ts";
import {
  type BestPairs,
  checkedPairs,
  MAX_SCORED_PAIRS,
  type ScoredNode,
  type ScoredPairs,
  scoredPairs,
} from "./scored_pairs.ts";
import {
  commonOf,
  enteringRows,
  measureParam,
  neighborShares,
  scoreOf,
  type SimilarityMeasure,
} from "./similarity_measure.ts";
import { TwoHops } from "./two_hops.ts";

/** Parameters of `pairSimilarity`. */
export interface PairSimilarityParams {
  /** The pairs, as arrays of two ids. */
  readonly pairs: readonly (readonly [NodeId, NodeId])[];
  /** What is made of the neighbors of two nodes. Default `jaccard`. */
  readonly measure?: SimilarityMeasure | undefined;
}

/** What `pairSimilarity` takes. */
export const PAIR_SIMILARITY_PARAMS: ParamSpecs<PairSimilarityParams> = {
  pairs: { kind: "value", doc: "pairs of nodes", example: "[[1,2],[1,3]]" },
  measure: measureParam("jaccard"),
};

/**
 * How alike the nodes of given pairs are, by their neighbors: see `SimilarityMeasure`. A node's neighbors are those that its edges
 * lead to: in a directed projection, those that it points at. Each counts once; the node itself is none of them. Weights do not
 * count. In the order of the pairs. Threads share one run. Progress counts pairs.
 *
 * O(n + m), and the degrees of its nodes for each pair.
 *
 * @throws {InvalidArgumentError} for bad parameters
 * @throws {NotFoundError} for nodes that are not in the projection
 *
 * @example
 * ```ts ignore
 * const graph = projectEdges({ from: [1, 1, 2, 2], to: [3, 4, 3, 4], undirected: true });
 * console.log(pairSimilarity(graph, { pairs: [[1, 2], [1, 3]] }).scores); // 1, 0
 * ```
 */
export const pairSimilarity: Algorithm<PairSimilarityParams, ScoredPairs> = defineAlgorithm(
  import.meta.url,
  "pairSimilarity",
  (projection, params: PairSimilarityParams, context) => {
    const { pairs, measure } = checkParams(PAIR_SIMILARITY_PARAMS, params, projection, "pairSimilarity");
    const { first, second } = checkedPairs(projection, pairs, "pairSimilarity");
    const rows = neighborRows(projection.out, context);
    const shares = neighborShares(measure, enteringRows(projection, rows, context), context);
    const scores = new Float64Array(context.sharedBuffer(8 * first.length));
    context.total(first.length);
    const range = new ParallelRange(context, first.length);
    while (range.next()) {
      for (let at = range.start; at < range.end; at++) {
        const [a, b] = [first[at] as number, second[at] as number];
        const degreeOfA = (rows.offsets[a + 1] as number) - (rows.offsets[a] as number);
        const degreeOfB = (rows.offsets[b + 1] as number) - (rows.offsets[b] as number);
        scores[at] = scoreOf(measure, commonOf(rows, shares, a, b), degreeOfA, degreeOfB);
        if ((at & 63) === 0) context.throwIfAborted();
      }
      context.progress(range.end - range.start);
    }
    return scoredPairs(projection, first, second, scores);
  },
);

/** Parameters of `similarNodes`. */
export interface SimilarNodesParams {
  /** The node. */
  readonly node: NodeId;
  /** What is made of the neighbors of two nodes. Default `jaccard`. */
  readonly measure?: SimilarityMeasure | undefined;
  /** Most nodes to return. Default 10. */
  readonly limit?: number | undefined;
}

/** What `similarNodes` takes. */
export const SIMILAR_NODES_PARAMS: ParamSpecs<SimilarNodesParams> = {
  node: { kind: "node", doc: "node that others are compared with" },
  measure: measureParam("jaccard"),
  limit: { kind: "integer", default: 10, min: 0, doc: "most nodes to return" },
};

/**
 * The nodes that are most like one: of all that have a neighbor in common with it. By descending score, equal ones by ascending id.
 * See `pairSimilarity` for what neighbors are. Progress counts neighbors of the node.
 *
 * O(n + m) at worst: two steps around the node are followed.
 *
 * @throws {InvalidArgumentError} for bad parameters
 * @throws {NotFoundError} for a node that is not in the projection
 *
 * @example
 * ```ts ignore
 * const graph = projectEdges({ from: [1, 1, 2, 2], to: [3, 4, 3, 4], undirected: true });
 * console.log(similarNodes(graph, { node: 1 })); // [{ nodeId: 2, score: 1 }]
 * ```
 */
export const similarNodes: Algorithm<SimilarNodesParams, ScoredNode[]> = defineAlgorithm(
  import.meta.url,
  "similarNodes",
  (projection, params: SimilarNodesParams, context) => {
    const { node: nodeId, measure, limit } = checkParams(SIMILAR_NODES_PARAMS, params, projection, "similarNodes");
    return new TwoHops(projection, { measure, isUnlinked: false, threshold: 0, limit }, context).bestOf(nodeId);
  },
);

/** Parameters of `similarPairs`. */
export interface SimilarPairsParams {
  /** What is made of the neighbors of two nodes. Default `jaccard`. */
  readonly measure?: SimilarityMeasure | undefined;
  /** Least score. Default 0. */
  readonly threshold?: number | undefined;
  /** Most pairs to return. Default 1000. */
  readonly limit?: number | undefined;
}

/** What `similarPairs` takes. */
export const SIMILAR_PAIRS_PARAMS: ParamSpecs<SimilarPairsParams> = {
  measure: measureParam("jaccard"),
  threshold: { kind: "number", default: 0, min: 0, doc: "least score" },
  limit: { kind: "integer", default: 1_000, min: 0, max: MAX_SCORED_PAIRS, doc: "most pairs to return" },
};

/**
 * The pairs of nodes that are most alike: of all that have a neighbor in common. By descending score, equal ones by ascending first,
 * then second node, of which the first is the smaller. See `pairSimilarity` for what neighbors are. Threads share one run. Progress
 * counts nodes.
 *
 * O(m + Σ d²) where d are the degrees; 12 bytes for each node and thread.
 *
 * @throws {InvalidArgumentError} for bad parameters
 *
 * @example
 * ```ts ignore
 * const alike = similarPairs(projection, { measure: "cosine", threshold: 0.5, limit: 100 });
 * for (let at = 0; at < alike.count; at++) console.log(alike.from[at], alike.to[at], alike.scores[at]);
 * ```
 */
export const similarPairs: Algorithm<SimilarPairsParams, BestPairs> = defineAlgorithm(
  import.meta.url,
  "similarPairs",
  (projection, params: SimilarPairsParams, context) => {
    const { measure, threshold, limit } = checkParams(SIMILAR_PAIRS_PARAMS, params, projection, "similarPairs");
    return new TwoHops(projection, { measure, isUnlinked: false, threshold, limit }, context).best();
  },
);

/** Parameters of `linkPrediction`. */
export interface LinkPredictionParams {
  /** What is made of the neighbors of two nodes. Default `adamicAdar`. */
  readonly measure?: SimilarityMeasure | undefined;
  /** Most pairs to return. Default 100. */
  readonly limit?: number | undefined;
}

/** What `linkPrediction` takes. */
export const LINK_PREDICTION_PARAMS: ParamSpecs<LinkPredictionParams> = {
  measure: measureParam("adamicAdar"),
  limit: { kind: "integer", default: 100, min: 0, max: MAX_SCORED_PAIRS, doc: "most pairs to return" },
};

/**
 * The edges that an undirected graph is most likely to get: the best pairs of nodes with a neighbor in common and no edge between
 * them. By descending score, equal ones by ascending first, then second node, of which the first is the smaller. Parallel edges
 * count once, self-loops and weights do not count. Threads share one run. Progress counts nodes.
 *
 * O(m + Σ d²) where d are the degrees; 12 bytes for each node and thread. Liben-Nowell, Kleinberg, The link-prediction problem for
 * social networks, 2007.
 *
 * @throws {InvalidArgumentError} for a directed projection, and for bad parameters
 *
 * @example
 * ```ts ignore
 * const graph = projectEdges({ from: [1, 1, 2, 2], to: [3, 4, 3, 4], undirected: true });
 * console.log(linkPrediction(graph, { limit: 1 })); // { count: 1, from: [1], to: [2], scores: [2.885], total: 2 }
 * ```
 */
export const linkPrediction: Algorithm<LinkPredictionParams, BestPairs> = defineAlgorithm(
  import.meta.url,
  "linkPrediction",
  (projection, params: LinkPredictionParams, context) => {
    const { measure, limit } = checkParams(LINK_PREDICTION_PARAMS, params, projection, "linkPrediction");
    requireUndirected(projection, "linkPrediction");
    return new TwoHops(projection, { measure, isUnlinked: true, threshold: 0, limit }, context).best();
  },
);
