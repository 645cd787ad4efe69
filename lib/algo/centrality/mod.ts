/** Centralities: how important nodes and edges are. */
export { betweennessCentrality, type BetweennessParams } from "./betweenness_centrality.ts";
export { closenessCentrality, type ClosenessParams } from "./closeness_centrality.ts";
export { degreeCentrality, type DegreeCentralityParams } from "./degree_centrality.ts";
export type { DistanceParams } from "./distance_sums.ts";
export { edgeBetweenness, type EdgeScores } from "./edge_betweenness.ts";
export { eigenvectorCentrality, type EigenvectorParams } from "./eigenvector_centrality.ts";
export { harmonicCentrality, type HarmonicParams } from "./harmonic_centrality.ts";
export { type Hits, hits, type HitsParams } from "./hits.ts";
export type { IterationParams } from "./iteration.ts";
export { katzCentrality, type KatzParams } from "./katz_centrality.ts";
export type { WeightedParams } from "./link_weights.ts";
export { type Iteration, NodeScores, type NodeScoresHandle } from "./node_scores.ts";
export { pageRank, type PageRankParams } from "./page_rank.ts";
export type { SampleParams } from "./sampled_nodes.ts";
