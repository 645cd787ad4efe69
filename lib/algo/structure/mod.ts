/** The structure of graphs: components, orders, cycles, cores, reachability. */
export { biconnectedComponents } from "./biconnected_components.ts";
export { articulationPoints, type Bridge, bridges } from "./bridges.ts";
export { Condensation, condensation, type CondensationHandle } from "./condensation.ts";
export { type CriticalPath, criticalPath } from "./critical_path.ts";
export { type CycleBasis, cycleBasis, type CycleBasisParams } from "./cycle_basis.ts";
export { type DegreeHistogram, degreeHistogram, type DegreeParams, nodesByDegree } from "./degrees.ts";
export type { EdgeList } from "./edge_list.ts";
export { findCycles, type FindCyclesParams, type FoundCycles } from "./find_cycles.ts";
export { type GraphStatistics, graphStatistics } from "./graph_statistics.ts";
export { kCore } from "./k_core.ts";
export { type EdgeTruss, kTruss } from "./k_truss.ts";
export { type SpanningForest, spanningForest, type SpanningForestParams } from "./spanning_forest.ts";
export { strongComponents } from "./strong_components.ts";
export { hasCycle, type TopologicalSort, topologicalSort } from "./topological_sort.ts";
export {
  TransitiveClosure,
  transitiveClosure,
  type TransitiveClosureHandle,
  type TransitiveClosureParams,
} from "./transitive_closure.ts";
export { transitiveReduction } from "./transitive_reduction.ts";
export { weakComponents } from "./weak_components.ts";
