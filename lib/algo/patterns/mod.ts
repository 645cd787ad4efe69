/** Patterns, comparisons and changes of graphs. */
export {
  type ChangedEdge,
  type ChangedNode,
  diffGraphs,
  type DiffGraphsOptions,
  type GraphDiff,
} from "./diff_graphs.ts";
export {
  type DiffEdges,
  diffProjections,
  type DiffProjectionsParams,
  type ProjectionDiff,
  type ReweightedEdges,
} from "./diff_projections.ts";
export { extractSubgraph, type ExtractSubgraphParams } from "./extract_subgraph.ts";
export { findIsomorphism, type FindIsomorphismParams, type Isomorphism } from "./find_isomorphism.ts";
export {
  findSubgraphPatterns,
  type FindSubgraphPatternsParams,
  findSubgraphs,
  type FindSubgraphsParams,
  type SubgraphMatch,
  type SubgraphMatches,
  subgraphMatches,
} from "./find_subgraphs.ts";
export { type EditDistance, graphEditDistance, type GraphEditDistanceParams } from "./graph_edit_distance.ts";
export { MAX_EXACT_NODES } from "./link_matrix.ts";
export { type CommonSubgraph, maxCommonSubgraph, type MaxCommonSubgraphParams } from "./max_common_subgraph.ts";
export type { OtherProjection } from "./other_projection.ts";
export { MAX_PATTERN_NODES, type SubgraphEdge, type SubgraphNode, type SubgraphPattern } from "./pattern.ts";
export {
  rewriteGraphPatterns,
  type RewriteOptions,
  type RewriteResult,
  type SkippedMatch,
} from "./rewrite_graph_patterns.ts";
export type { OfMatch, RewriteEdge, RewriteFindEdge, RewriteMatch, RewriteNode, RewriteRule } from "./rewrite_rule.ts";
export {
  type StructuralSimilarity,
  structuralSimilarity,
  type StructuralSimilarityParams,
} from "./structural_similarity.ts";
export {
  type RefactorFinding,
  type RefactorReport,
  validateRefactor,
  type ValidateRefactorParams,
} from "./validate_refactor.ts";
