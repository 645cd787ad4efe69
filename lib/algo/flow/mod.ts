/** Flows, cuts, matchings and colourings. */
export { type BipartiteMatching, bipartiteMatching } from "./bipartite_matching.ts";
export { type Bipartition, bipartition } from "./bipartition.ts";
export { edgeDisjointPaths, nodeDisjointPaths } from "./disjoint_paths.ts";
export { dsaturColoring } from "./dsatur_coloring.ts";
export { EdgeTable, type EdgeTableHandle, type EdgeValue } from "./edge_table.ts";
export { type GlobalCut, globalMinCut } from "./global_min_cut.ts";
export { type Coloring, greedyColoring, type GreedyColoringParams } from "./greedy_coloring.ts";
export { type IndependentSetParams, maximalIndependentSet } from "./independent_set.ts";
export { type Cut, type Flow, type FlowParams, maxFlow, minCut } from "./max_flow.ts";
export { minVertexCut, type VertexCut } from "./min_vertex_cut.ts";
export type { CapacityParams, TerminalParams } from "./terminals.ts";
