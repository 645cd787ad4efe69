/** The algorithms of this folder, as the command line and the documentation know them. */

import { catalogued, type CatalogueEntry, type ResultColumn, type ResultTable } from "../catalogue_entry.ts";
import type { NodeLists } from "../node_lists.ts";
import { bipartiteMatching } from "./bipartite_matching.ts";
import { bipartition } from "./bipartition.ts";
import { edgeDisjointPaths, nodeDisjointPaths } from "./disjoint_paths.ts";
import { dsaturColoring } from "./dsatur_coloring.ts";
import type { EdgeTable } from "./edge_table.ts";
import { globalMinCut } from "./global_min_cut.ts";
import { type Coloring, GREEDY_COLORING_PARAMS, greedyColoring } from "./greedy_coloring.ts";
import { INDEPENDENT_SET_PARAMS, maximalIndependentSet } from "./independent_set.ts";
import { FLOW_PARAMS, maxFlow, minCut } from "./max_flow.ts";
import { minVertexCut } from "./min_vertex_cut.ts";
import { CAPACITY, TERMINALS } from "./terminals.ts";

/** Entries in the order of their names. */
export const FLOW: readonly CatalogueEntry[] = [
  catalogued({
    name: "bipartite-matching",
    algorithm: bipartiteMatching,
    summary: "The most edges without a common node in a bipartite graph, and the fewest nodes that cover all edges",
    params: {},
    complexity: "O(m √n)",
    source: "Hopcroft, Karp 1973; Kőnig 1931",
    isParallel: false,
    project: { undirected: true },
    table: ({ size, left, right, cover }) => ({
      facts: { pairs: size, cover: Array.from(cover).join(" ") },
      columns: [{ name: "left", kind: "node" }, { name: "right", kind: "node" }],
      rows: rowsOf(left.keys(), (at) => [left[at], right[at]]),
    }),
  }),
  catalogued({
    name: "bipartition",
    algorithm: bipartition,
    summary: "Two sides of nodes with edges only between them, or a cycle of odd length",
    params: {},
    complexity: "O(n + m)",
    source: "König 1936",
    isParallel: false,
    project: { undirected: true },
    table: ({ isBipartite, left, right, oddCycle }) => ({
      facts: { bipartite: isBipartite },
      columns: [{ name: "part", kind: "text" }, { name: "nodes", kind: "nodes" }],
      rows: isBipartite ? [["left", Array.from(left)], ["right", Array.from(right)]] : [["odd cycle", oddCycle]],
    }),
  }),
  catalogued({
    name: "dsatur-coloring",
    algorithm: dsaturColoring,
    summary: "Colours for nodes so that neighbours differ, those with the least choice first",
    params: {},
    complexity: "O((n + m) log n)",
    source: "Brélaz 1979",
    isParallel: false,
    project: { undirected: true },
    table: colorTable,
  }),
  catalogued({
    name: "edge-disjoint-paths",
    algorithm: edgeDisjointPaths,
    summary: "As many paths between two nodes as there can be without a common edge",
    params: TERMINALS,
    complexity: "O(n² √m)",
    source: "Menger 1927; Ford, Fulkerson 1956",
    isParallel: false,
    table: pathTable,
  }),
  catalogued({
    name: "global-min-cut",
    algorithm: globalMinCut,
    summary: "The edges of the least capacity without which the graph is in two parts",
    params: { capacity: CAPACITY },
    complexity: "O(n m + n² log n)",
    source: "Stoer, Wagner 1997; Nagamochi, Ono, Ibaraki 1994",
    isParallel: false,
    project: { undirected: true },
    table: ({ value, edges, side, rest }) =>
      edgeRows(edges, "capacity", { value, edges: edges.count, side: side.length, rest: rest.length }),
  }),
  catalogued({
    name: "greedy-coloring",
    algorithm: greedyColoring,
    summary: "Colours for nodes so that neighbours differ, one node after the other",
    params: GREEDY_COLORING_PARAMS,
    complexity: "O(n + m)",
    source: "Welsh, Powell 1967; Matula, Beck 1983",
    isParallel: false,
    project: { undirected: true },
    table: colorTable,
  }),
  catalogued({
    name: "max-flow",
    algorithm: maxFlow,
    summary: "The most that can flow from one node to another, and through which edges it does",
    params: FLOW_PARAMS,
    complexity: "O(n² √m)",
    source: "Goldberg, Tarjan 1988; Cherkassky, Goldberg 1997",
    isParallel: false,
    table: ({ value, edges }) => edgeRows(edges, "flow", { value, edges: edges.count }),
  }),
  catalogued({
    name: "maximal-independent-set",
    algorithm: maximalIndependentSet,
    summary: "Nodes of which no two are neighbours, and to which none can be added",
    params: INDEPENDENT_SET_PARAMS,
    complexity: "O(n + m)",
    source: "Luby 1986; Blelloch, Fineman, Shun 2012",
    isParallel: false,
    project: { undirected: true },
    table: (ids) => ({
      facts: { size: ids.length },
      columns: [{ name: "node", kind: "node" }],
      rows: rowsOf(ids, (id) => [id]),
    }),
  }),
  catalogued({
    name: "min-cut",
    algorithm: minCut,
    summary: "The edges of the least capacity without which nothing flows from one node to another",
    params: FLOW_PARAMS,
    complexity: "O(n² √m)",
    source: "Ford, Fulkerson 1956; Cherkassky, Goldberg 1997",
    isParallel: false,
    replaces: ["min_st_cut"],
    table: ({ value, edges, sourceSide, sinkSide }) =>
      edgeRows(edges, "capacity", {
        value,
        edges: edges.count,
        "source side": sourceSide.length,
        "sink side": sinkSide.length,
      }),
  }),
  catalogued({
    name: "min-vertex-cut",
    algorithm: minVertexCut,
    summary: "The fewest nodes without which there is no way from one node to another",
    params: TERMINALS,
    complexity: "O(n² √m)",
    source: "Even 1975",
    isParallel: false,
    replaces: ["min_vertex_cut"],
    table: ({ separator, sourceSide, sinkSide }) => ({
      facts: { size: separator.length, "source side": sourceSide.length, "sink side": sinkSide.length },
      columns: [{ name: "node", kind: "node" }],
      rows: rowsOf(separator, (id) => [id]),
    }),
  }),
  catalogued({
    name: "node-disjoint-paths",
    algorithm: nodeDisjointPaths,
    summary: "As many paths between two nodes as there can be without a common node",
    params: TERMINALS,
    complexity: "O(n² √m)",
    source: "Menger 1927; Even 1975",
    isParallel: false,
    table: pathTable,
  }),
];

function colorTable({ count, colors }: Coloring): ResultTable {
  return {
    facts: { colors: count },
    columns: [{ name: "node", kind: "node" }, { name: "color", kind: "number" }],
    rows: rowsOf(colors, ({ nodeId, value }) => [nodeId, value]),
  };
}

function pathTable(paths: NodeLists): ResultTable {
  return {
    facts: { paths: paths.count },
    columns: [{ name: "path", kind: "nodes" }],
    rows: rowsOf(paths, (nodes) => [nodes]),
  };
}

function edgeRows(edges: EdgeTable, value: string, facts: Record<string, number>): ResultTable {
  const ends: ResultColumn[] = [{ name: "from", kind: "node" }, { name: "to", kind: "node" }];
  const amount: ResultColumn = { name: value, kind: "number" };
  return {
    facts,
    columns: edges.edgeIds === undefined ? [...ends, amount] : [...ends, { name: "edge", kind: "edge" }, amount],
    rows: rowsOf(
      edges,
      edges.edgeIds === undefined
        ? (edge) => [edge.from, edge.to, edge.value]
        : (edge) => [edge.from, edge.to, edge.edgeId, edge.value],
    ),
  };
}

/** The rows of a result, made as they are read. */
function* rowsOf<T>(items: Iterable<T>, row: (item: T) => unknown[]): Generator<unknown[]> {
  for (const item of items) yield row(item);
}
