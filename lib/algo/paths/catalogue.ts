/** The algorithms of this folder, as the command line and the documentation know them. */

import type { ProjectOptions } from "../../backend/projection.ts";
import { catalogued, type CatalogueEntry, type ResultTable } from "../catalogue_entry.ts";
import type { NodeValues } from "../define.ts";
import type { NodeSet } from "../node_set.ts";
import { A_STAR_PARAMS, aStar } from "./a_star.ts";
import { ALL_SHORTEST_PATHS_PARAMS, allShortestPaths } from "./all_shortest_paths.ts";
import { BELLMAN_FORD_PARAMS, bellmanFord, negativeCycleIn } from "./bellman_ford.ts";
import { bfs } from "./bfs.ts";
import { BFS_DISTANCES_PARAMS, bfsDistances } from "./bfs_distances.ts";
import { BIDIRECTIONAL_DIJKSTRA_PARAMS, bidirectionalDijkstra } from "./bidirectional_dijkstra.ts";
import { DELTA_STEPPING_PARAMS, deltaStepping, shortestPathTree } from "./delta_stepping.ts";
import { dfs, DFS_PARAMS } from "./dfs.ts";
import { dijkstra, DIJKSTRA_PARAMS } from "./dijkstra.ts";
import { EULERIAN_PATH_PARAMS, eulerianPath } from "./eulerian_path.ts";
import { floydWarshall } from "./floyd_warshall.ts";
import { bidirectionalBfs } from "./hop_path.ts";
import { johnson } from "./johnson.ts";
import { K_SHORTEST_PATHS_PARAMS, kShortestPaths } from "./k_shortest_paths.ts";
import { COST_PARAMS } from "./link_costs.ts";
import type { PairCosts } from "./pair_costs.ts";
import type { Path } from "./path.ts";
import type { PathTree } from "./path_tree.ts";
import { canReach, reachableFrom, reverseReachableFrom, unreachableFrom } from "./reachability.ts";
import type { SearchTree } from "./search_tree.ts";
import { shortestPath } from "./shortest_path.ts";
import { SHORTEST_PATH_DAG_PARAMS, shortestPathDag } from "./shortest_path_dag.ts";
import { PAIR_PARAMS, START_PARAMS } from "./starts.ts";
import { WIDEST_PATHS_PARAMS, widestPaths } from "./widest_paths.ts";

const WEIGHTED: ProjectOptions = { weight: { field: "weight", default: 1 } };

/** Entries in the order of their names. */
export const PATHS: readonly CatalogueEntry[] = [
  catalogued({
    name: "a-star",
    algorithm: aStar,
    summary: "The cheapest path between two nodes, with a guess of what is left",
    params: A_STAR_PARAMS,
    complexity: "O((n + m) log n)",
    source: "Hart, Nilsson, Raphael 1968",
    isParallel: false,
    project: { ...WEIGHTED, edgeIds: true },
    table: pathTable,
  }),
  catalogued({
    name: "all-shortest-paths",
    algorithm: allShortestPaths,
    summary: "All cheapest paths between two nodes, and their number",
    params: ALL_SHORTEST_PATHS_PARAMS,
    complexity: "O((n + m) log n)",
    source: "Dijkstra 1959; Brandes 2001",
    isParallel: false,
    table: ({ cost, count, isComplete, paths }) => ({
      facts: { cost: cost ?? null, count, complete: isComplete },
      columns: [{ name: "nodes", kind: "nodes" }],
      rows: paths.map((path) => [path]),
    }),
  }),
  catalogued({
    name: "bellman-ford",
    algorithm: bellmanFord,
    summary: "The cheapest paths from nodes where edges may cost less than nothing",
    params: BELLMAN_FORD_PARAMS,
    complexity: "O(n m)",
    source: "Bellman 1958; Ford 1956",
    isParallel: false,
    project: WEIGHTED,
    table: (tree) => treeTable(tree, "cost"),
  }),
  catalogued({
    name: "bfs",
    algorithm: bfs,
    summary: "Nodes by their distance in edges, with their parents",
    params: BFS_DISTANCES_PARAMS,
    complexity: "O(n + m)",
    source: "Moore 1959",
    isParallel: false,
    replaces: ["bfs", "bfs_traversal", "bfs_iter", "k_hop_neighbors"],
    table: searchTable,
  }),
  catalogued({
    name: "bfs-distances",
    algorithm: bfsDistances,
    summary: "Distance of each node in edges",
    params: BFS_DISTANCES_PARAMS,
    complexity: "O(n + m)",
    source: "Beamer, Asanović, Patterson 2012",
    isParallel: true,
    replaces: ["parallel_bfs"],
    table: valueTable,
  }),
  catalogued({
    name: "bidirectional-bfs",
    algorithm: bidirectionalBfs,
    summary: "A path with the fewest edges between two nodes, searched from both",
    params: PAIR_PARAMS,
    complexity: "O(n + m)",
    source: "Pohl 1971",
    isParallel: false,
    project: { edgeIds: true },
    table: pathTable,
  }),
  catalogued({
    name: "bidirectional-dijkstra",
    algorithm: bidirectionalDijkstra,
    summary: "The cheapest path between two nodes, searched from both",
    params: BIDIRECTIONAL_DIJKSTRA_PARAMS,
    complexity: "O((n + m) log n)",
    source: "Nicholson 1966; Pohl 1971",
    isParallel: false,
    project: { ...WEIGHTED, edgeIds: true },
    table: pathTable,
  }),
  catalogued({
    name: "can-reach",
    algorithm: canReach,
    summary: "Whether a path leads from one node to another",
    params: PAIR_PARAMS,
    complexity: "O(n + m)",
    source: "Pohl 1971",
    isParallel: false,
    replaces: ["can_reach"],
    table: (isReachable) => ({ facts: { reachable: isReachable }, columns: [], rows: [] }),
  }),
  catalogued({
    name: "delta-stepping",
    algorithm: deltaStepping,
    summary: "Weighted distance of each node",
    params: DELTA_STEPPING_PARAMS,
    complexity: "O(n + m) for random weights and bounded degrees",
    source: "Meyer, Sanders 2003",
    isParallel: true,
    project: WEIGHTED,
    table: valueTable,
  }),
  catalogued({
    name: "dfs",
    algorithm: dfs,
    summary: "Nodes in the order of a depth-first search, with their parents",
    params: DFS_PARAMS,
    complexity: "O(n + m)",
    source: "Tarjan 1972",
    isParallel: false,
    replaces: ["dfs_traversal", "dfs_iter"],
    table: searchTable,
  }),
  catalogued({
    name: "dijkstra",
    algorithm: dijkstra,
    summary: "The cheapest paths from nodes",
    params: DIJKSTRA_PARAMS,
    complexity: "O((n + m) log n)",
    source: "Dijkstra 1959",
    isParallel: false,
    project: WEIGHTED,
    table: (tree) => treeTable(tree, "cost"),
  }),
  catalogued({
    name: "eulerian-path",
    algorithm: eulerianPath,
    summary: "A path that uses every edge once",
    params: EULERIAN_PATH_PARAMS,
    complexity: "O(n + m log d)",
    source: "Hierholzer 1873",
    isParallel: false,
    project: { edgeIds: true },
    table: (path) => ({
      facts: { found: path !== undefined, circuit: path?.isCircuit ?? false },
      columns: [{ name: "node", kind: "node" }, { name: "edge", kind: "edge" }],
      rows: stepsOf(path),
    }),
  }),
  catalogued({
    name: "floyd-warshall",
    algorithm: floydWarshall,
    summary: "Cost of the cheapest path between all pairs of nodes, for small dense graphs",
    params: COST_PARAMS,
    complexity: "O(n³)",
    source: "Floyd 1962; Warshall 1962",
    isParallel: false,
    project: WEIGHTED,
    table: pairTable,
  }),
  catalogued({
    name: "johnson",
    algorithm: johnson,
    summary: "Cost of the cheapest path between all pairs of nodes, for graphs with few edges",
    params: COST_PARAMS,
    complexity: "O(n (n + m) log n)",
    source: "Johnson 1977",
    isParallel: true,
    project: WEIGHTED,
    table: pairTable,
  }),
  catalogued({
    name: "k-shortest-paths",
    algorithm: kShortestPaths,
    summary: "Several paths between two nodes, the cheapest first",
    params: K_SHORTEST_PATHS_PARAMS,
    complexity: "O(k n (n + m) log n)",
    source: "Yen 1971; Lawler 1972",
    isParallel: false,
    project: WEIGHTED,
    table: (paths) => ({
      facts: { paths: paths.length },
      columns: [{ name: "cost", kind: "number" }, { name: "nodes", kind: "nodes" }],
      rows: paths.map(({ cost, nodeIds }) => [cost, nodeIds]),
    }),
  }),
  catalogued({
    name: "negative-cycle",
    algorithm: negativeCycleIn,
    summary: "A cycle whose edges cost less than nothing in all",
    params: COST_PARAMS,
    complexity: "O(n m)",
    source: "Cherkassky, Goldberg 1999",
    isParallel: false,
    project: WEIGHTED,
    table: (cycle) => ({
      facts: { found: cycle !== undefined },
      columns: [{ name: "node", kind: "node" }],
      rows: (cycle ?? []).map((nodeId) => [nodeId]),
    }),
  }),
  catalogued({
    name: "reachable-from",
    algorithm: reachableFrom,
    summary: "The nodes that can be reached from nodes",
    params: START_PARAMS,
    complexity: "O(n + m)",
    source: "Moore 1959",
    isParallel: true,
    replaces: ["reachable_from"],
    table: setTable,
  }),
  catalogued({
    name: "reverse-reachable-from",
    algorithm: reverseReachableFrom,
    summary: "The nodes from which nodes can be reached",
    params: START_PARAMS,
    complexity: "O(n + m)",
    source: "Moore 1959",
    isParallel: true,
    replaces: ["reverse_reachable_from"],
    table: setTable,
  }),
  catalogued({
    name: "shortest-path",
    algorithm: shortestPath,
    summary: "The best path between two nodes: the cheapest with weights, otherwise that with the fewest edges",
    params: BIDIRECTIONAL_DIJKSTRA_PARAMS,
    complexity: "O((n + m) log n)",
    source: "Pohl 1971",
    isParallel: false,
    project: { edgeIds: true },
    replaces: ["shortest_path"],
    table: pathTable,
  }),
  catalogued({
    name: "shortest-path-dag",
    algorithm: shortestPathDag,
    summary: "Number of cheapest paths to each node, and the nodes before it on them",
    params: SHORTEST_PATH_DAG_PARAMS,
    complexity: "O((n + m) log n)",
    source: "Dijkstra 1959; Brandes 2001",
    isParallel: false,
    table: (dag, { nodeIds }) => ({
      columns: [
        { name: "node", kind: "node" },
        { name: "cost", kind: "number" },
        { name: "paths", kind: "number" },
        { name: "predecessors", kind: "nodes" },
      ],
      rows: mapped(nodeIds, (id) => {
        const cost = dag.costTo(id);
        return cost === undefined ? undefined : [id, cost, dag.countTo(id), dag.predecessorsOf(id)];
      }),
    }),
  }),
  catalogued({
    name: "shortest-path-tree",
    algorithm: shortestPathTree,
    summary: "The cheapest paths from nodes, on several threads",
    params: DELTA_STEPPING_PARAMS,
    complexity: "O(n + m) for random weights and bounded degrees",
    source: "Meyer, Sanders 2003",
    isParallel: true,
    project: WEIGHTED,
    table: (tree) => treeTable(tree, "cost"),
  }),
  catalogued({
    name: "unreachable-from",
    algorithm: unreachableFrom,
    summary: "The nodes that cannot be reached from nodes",
    params: START_PARAMS,
    complexity: "O(n + m)",
    source: "Moore 1959",
    isParallel: true,
    replaces: ["unreachable_from"],
    table: setTable,
  }),
  catalogued({
    name: "widest-paths",
    algorithm: widestPaths,
    summary: "The paths from nodes whose narrowest edge is the widest",
    params: WIDEST_PATHS_PARAMS,
    complexity: "O((n + m) log n)",
    source: "Pollack 1960",
    isParallel: false,
    project: WEIGHTED,
    table: (tree) => treeTable(tree, "width"),
  }),
];

/** A path by its nodes, and the edge to each. */
function pathTable(path: Path | undefined): ResultTable {
  return {
    facts: { found: path !== undefined, cost: path?.cost ?? null },
    columns: [{ name: "node", kind: "node" }, { name: "edge", kind: "edge" }],
    rows: stepsOf(path),
  };
}

/** The nodes of a path, and the edge to each. */
function stepsOf(path: Pick<Path, "nodeIds" | "edgeIds"> | undefined): (readonly unknown[])[] {
  return (path?.nodeIds ?? []).map((nodeId, at) => [nodeId, at === 0 ? null : path?.edgeIds?.[at - 1] ?? null]);
}

function treeTable(tree: PathTree, cost: string): ResultTable {
  return {
    columns: [{ name: "node", kind: "node" }, { name: cost, kind: "number" }, { name: "parent", kind: "node" }],
    rows: mapped(tree, (node) => [node.nodeId, node.cost, node.parentId ?? null]),
  };
}

function searchTable(tree: SearchTree): ResultTable {
  return {
    facts: { visited: tree.size },
    columns: [{ name: "node", kind: "node" }, { name: "depth", kind: "number" }, { name: "parent", kind: "node" }],
    rows: mapped(tree, ({ nodeId, depth, parentId }) => [nodeId, depth, parentId ?? null]),
  };
}

function valueTable(values: NodeValues): ResultTable {
  return {
    columns: [{ name: "node", kind: "node" }, { name: "distance", kind: "number" }],
    rows: mapped(values, ({ nodeId, value }) => [nodeId, value]),
  };
}

function setTable(nodes: NodeSet): ResultTable {
  return {
    facts: { nodes: nodes.size },
    columns: [{ name: "node", kind: "node" }],
    rows: mapped(nodes, (id) => [id]),
  };
}

/** The pairs that a path connects, each node's in ascending ids. */
function pairTable(costs: PairCosts): ResultTable {
  const { nodeIds } = costs;
  return {
    columns: [{ name: "from", kind: "node" }, { name: "to", kind: "node" }, { name: "cost", kind: "number" }],
    rows: mapped(nodeIds.keys().flatMap((from) => nodeIds.keys().map((to) => [from, to] as const)), ([from, to]) => {
      const cost = costs.costs[from * nodeIds.length + to] as number;
      return cost === Infinity ? undefined : [nodeIds[from], nodeIds[to], cost];
    }),
  };
}

/** Rows that are made as they are read; undefined ones are left out. */
function* mapped<T>(list: Iterable<T>, row: (one: T) => readonly unknown[] | undefined): Generator<readonly unknown[]> {
  for (const one of list) {
    const made = row(one);
    if (made !== undefined) yield made;
  }
}
