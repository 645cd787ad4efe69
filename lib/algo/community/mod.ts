/** Communities, triangles, similar nodes, walks, partitions. */
export { type Clustering, clusteringCoefficients, transitivity } from "./clustering.ts";
export { type Conductance, conductance, type ConductanceParams } from "./conductance.ts";
export type { CommunitiesGiven } from "./given_communities.ts";
export { labelPropagation, type LabelPropagationParams, type PropagatedLabels } from "./label_propagation.ts";
export { leiden, type LeidenParams } from "./leiden.ts";
export { type Communities, louvain, type LouvainParams } from "./louvain.ts";
export { modularity, type ModularityParams } from "./modularity.ts";
export { type Node2vecParams, node2vecWalks } from "./node2vec_walks.ts";
export {
  bfsPartition,
  type BfsPartitionParams,
  kWayPartition,
  type KWayPartitionParams,
  type Partition,
  refinePartition,
  type RefinePartitionParams,
} from "./partition.ts";
export { MAX_WALK_NODES, type RandomWalkParams, randomWalks, type WalkParams } from "./random_walks.ts";
export { type BestPairs, MAX_SCORED_PAIRS, type ScoredNode, type ScoredPairs } from "./scored_pairs.ts";
export {
  linkPrediction,
  type LinkPredictionParams,
  pairSimilarity,
  type PairSimilarityParams,
  similarNodes,
  type SimilarNodesParams,
  similarPairs,
  type SimilarPairsParams,
} from "./similarity.ts";
export type { SimilarityMeasure } from "./similarity_measure.ts";
export { triangleCount, type Triangles, triangles } from "./triangles.ts";
