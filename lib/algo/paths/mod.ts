/** Traversal, paths and reachability. */
export { aStar, type AStarParams, type Coordinates } from "./a_star.ts";
export { type AllShortestPaths, allShortestPaths, type AllShortestPathsParams } from "./all_shortest_paths.ts";
export { bellmanFord, type BellmanFordParams, negativeCycleIn } from "./bellman_ford.ts";
export { bfs } from "./bfs.ts";
export { bfsDistances, type BfsDistancesParams } from "./bfs_distances.ts";
export { bidirectionalDijkstra, type BidirectionalDijkstraParams } from "./bidirectional_dijkstra.ts";
export { deltaStepping, type DeltaSteppingParams, shortestPathTree } from "./delta_stepping.ts";
export { dfs, type DfsParams } from "./dfs.ts";
export { dijkstra, type DijkstraParams } from "./dijkstra.ts";
export { type EulerianPath, eulerianPath, type EulerianPathParams } from "./eulerian_path.ts";
export { floydWarshall } from "./floyd_warshall.ts";
export { bidirectionalBfs } from "./hop_path.ts";
export { johnson } from "./johnson.ts";
export { kShortestPaths, type KShortestPathsParams } from "./k_shortest_paths.ts";
export type { CostFunction, CostParams } from "./link_costs.ts";
export { MAX_ALL_PAIRS_NODES, PairCosts, type PairCostsHandle } from "./pair_costs.ts";
export type { Path } from "./path.ts";
export { PathTree, type PathTreeHandle, type ReachedNode } from "./path_tree.ts";
export { canReach, reachableFrom, reverseReachableFrom, unreachableFrom } from "./reachability.ts";
export { SearchTree, type SearchTreeHandle, type VisitedNode } from "./search_tree.ts";
export { shortestPath } from "./shortest_path.ts";
export {
  ShortestPathDag,
  shortestPathDag,
  type ShortestPathDagHandle,
  type ShortestPathDagParams,
} from "./shortest_path_dag.ts";
export type { DirectionParams, PairParams, StartParams } from "./starts.ts";
export { type Step, traverse, type TraverseOptions } from "./traverse.ts";
export { widestPaths, type WidestPathsParams } from "./widest_paths.ts";
