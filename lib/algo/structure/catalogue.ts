/** The algorithms of this folder, as the command line and the documentation know them. */

import { catalogued, type CatalogueEntry, type ResultColumn, type ResultTable } from "../catalogue_entry.ts";
import type { NodeGroups, NodeValues } from "../define.ts";
import type { NodeLists } from "../node_lists.ts";
import { biconnectedComponents } from "./biconnected_components.ts";
import { articulationPoints, bridges } from "./bridges.ts";
import { condensation } from "./condensation.ts";
import { criticalPath } from "./critical_path.ts";
import { CYCLE_BASIS_PARAMS, cycleBasis } from "./cycle_basis.ts";
import { DEGREE_PARAMS, degreeHistogram, nodesByDegree } from "./degrees.ts";
import type { EdgeList } from "./edge_list.ts";
import { FIND_CYCLES_PARAMS, findCycles } from "./find_cycles.ts";
import { graphStatistics } from "./graph_statistics.ts";
import { kCore } from "./k_core.ts";
import { kTruss } from "./k_truss.ts";
import { SPANNING_FOREST_PARAMS, spanningForest } from "./spanning_forest.ts";
import { strongComponents } from "./strong_components.ts";
import { hasCycle, topologicalSort } from "./topological_sort.ts";
import { TRANSITIVE_CLOSURE_PARAMS, transitiveClosure } from "./transitive_closure.ts";
import { transitiveReduction } from "./transitive_reduction.ts";
import { weakComponents } from "./weak_components.ts";

/** Entries in the order of their names. */
export const STRUCTURE: readonly CatalogueEntry[] = [
  catalogued({
    name: "articulation-points",
    algorithm: articulationPoints,
    summary: "Nodes without which their component falls apart",
    params: {},
    complexity: "O(n + m)",
    source: "Hopcroft, Tarjan 1973",
    isParallel: false,
    project: { undirected: true },
    table: (nodeIds) => ({ facts: { nodes: nodeIds.length }, columns: [NODE], rows: single(nodeIds) }),
  }),
  catalogued({
    name: "biconnected-components",
    algorithm: biconnectedComponents,
    summary: "Parts that stay connected when any one node is lost",
    params: {},
    complexity: "O(n + m)",
    source: "Hopcroft, Tarjan 1973",
    isParallel: false,
    project: { undirected: true },
    table: (lists) => listTable(lists, { components: lists.count }),
  }),
  catalogued({
    name: "bridges",
    algorithm: bridges,
    summary: "Edges whose loss splits their component",
    params: {},
    complexity: "O(n + m)",
    source: "Hopcroft, Tarjan 1973",
    isParallel: false,
    project: { undirected: true },
    table: (found) => ({
      facts: { bridges: found.length },
      columns: ENDS,
      rows: found.map(({ from, to }) => [from, to]),
    }),
  }),
  catalogued({
    name: "condensation",
    algorithm: condensation,
    summary: "The graph of the strongly connected components",
    params: {},
    complexity: "O(n log n + m)",
    source: "Pearce 2016",
    isParallel: false,
    replaces: ["collapse_sccs"],
    table: ({ components, order, linkCount }) => ({
      facts: { components: components.count, links: linkCount },
      columns: [{ name: "component", kind: "number" }, { name: "size", kind: "number" }, {
        name: "nodes",
        kind: "nodes",
      }],
      rows: (function* () {
        for (const group of order) yield [group, components.sizes[group], components.nodeIdsOf(group)];
      })(),
    }),
  }),
  catalogued({
    name: "critical-path",
    algorithm: criticalPath,
    summary: "The longest path of a graph without cycles, with earliest and latest times",
    params: {},
    complexity: "O(n + m)",
    source: "Kelley, Walker 1959",
    isParallel: false,
    replaces: ["critical_path", "default_weight_fn"],
    table: ({ duration, path, earliest }) => ({
      facts: { duration },
      columns: [NODE, { name: "earliest", kind: "number" }],
      rows: path.map((nodeId) => [nodeId, earliest.get(nodeId)]),
    }),
  }),
  catalogued({
    name: "cycle-basis",
    algorithm: cycleBasis,
    summary: "Independent cycles of which all others are sums",
    params: CYCLE_BASIS_PARAMS,
    complexity: "O(n + m + length of the ways followed)",
    source: "Kirchhoff 1847; Robbins 1939",
    isParallel: false,
    replaces: ["cycle_basis", "cycle_basis_bounded"],
    table: ({ cycles, dimension, skipped }) => listTable(cycles, { cycles: cycles.count, dimension, skipped }),
  }),
  catalogued({
    name: "degree-histogram",
    algorithm: degreeHistogram,
    summary: "How many nodes have each degree",
    params: DEGREE_PARAMS,
    complexity: "O(n + m)",
    source: "",
    isParallel: false,
    table: ({ degrees, counts }) => ({
      columns: [{ name: "degree", kind: "number" }, { name: "count", kind: "number" }],
      rows: Array.from(degrees, (degree, at) => [degree, counts[at]]),
    }),
  }),
  catalogued({
    name: "find-cycles",
    algorithm: findCycles,
    summary: "All cycles that pass no node twice, up to a limit",
    params: FIND_CYCLES_PARAMS,
    complexity: "O((n + m)(c + 1)) for c cycles",
    source: "Johnson 1975",
    isParallel: false,
    replaces: ["find_cycles_limited"],
    table: ({ cycles, isCut }) => listTable(cycles, { cycles: cycles.count, isCut }),
  }),
  catalogued({
    name: "graph-statistics",
    algorithm: graphStatistics,
    summary: "Counts of nodes and edges, density, self-loops, parallel edges, isolated nodes",
    params: {},
    complexity: "O(n + m)",
    source: "",
    isParallel: false,
    table: (statistics) => ({ facts: { ...statistics }, columns: [], rows: [] }),
  }),
  catalogued({
    name: "has-cycle",
    algorithm: hasCycle,
    summary: "Whether there is a cycle",
    params: {},
    complexity: "O(n + m)",
    source: "Kahn 1962",
    isParallel: false,
    table: (found) => ({ facts: { hasCycle: found }, columns: [], rows: [] }),
  }),
  catalogued({
    name: "k-core",
    algorithm: kCore,
    summary: "How deep each node lies when nodes with few neighbors are peeled off",
    params: {},
    complexity: "O(n + m)",
    source: "Batagelj, Zaversnik 2003; Kabir, Madduri 2017",
    isParallel: true,
    project: { undirected: true },
    table: (cores) => valueTable(cores, "core"),
  }),
  catalogued({
    name: "k-truss",
    algorithm: kTruss,
    summary: "How many triangles hold each edge when weaker edges are peeled off",
    params: {},
    complexity: "O(m^1.5)",
    source: "Wang, Cheng 2012",
    isParallel: false,
    project: { undirected: true },
    table: (found) => edgeTable(found, { edges: found.count }, "truss", found.truss),
  }),
  catalogued({
    name: "nodes-by-degree",
    algorithm: nodesByDegree,
    summary: "Number of edges of each node",
    params: DEGREE_PARAMS,
    complexity: "O(n + m)",
    source: "",
    isParallel: false,
    replaces: ["nodes_by_degree"],
    table: (degrees) => valueTable(degrees, "degree"),
  }),
  catalogued({
    name: "spanning-forest",
    algorithm: spanningForest,
    summary: "The edges with the smallest sum of weights that connect what is connected",
    params: SPANNING_FOREST_PARAMS,
    complexity: "O(m log n)",
    source: "Borůvka 1926",
    isParallel: false,
    project: { undirected: true },
    table: (found) => {
      const { totalWeight, treeCount, weights } = found;
      return edgeTable(found, { totalWeight, trees: treeCount }, "weight", weights);
    },
  }),
  catalogued({
    name: "strong-components",
    algorithm: strongComponents,
    summary: "Components of nodes that can reach each other",
    params: {},
    complexity: "O(n + m)",
    source: "Pearce 2016",
    isParallel: false,
    replaces: ["strongly_connected_components"],
    table: groupTable,
  }),
  catalogued({
    name: "topological-sort",
    algorithm: topologicalSort,
    summary: "The nodes in an order that follows all edges, or a cycle",
    params: {},
    complexity: "O(n log n + m)",
    source: "Kahn 1962",
    isParallel: false,
    replaces: ["topological_sort"],
    table: ({ isAcyclic, order, cycle }) => ({
      facts: { isAcyclic },
      columns: [isAcyclic ? NODE : { name: "cycle", kind: "node" }],
      rows: single(order ?? cycle),
    }),
  }),
  catalogued({
    name: "transitive-closure",
    algorithm: transitiveClosure,
    summary: "Which nodes can reach which",
    params: TRANSITIVE_CLOSURE_PARAMS,
    complexity: "O(n + m + c l / 32) for c components with l links",
    source: "Nuutila 1995",
    isParallel: false,
    replaces: ["transitive_closure"],
    table: (closure) => ({ facts: { pairs: closure.pairCount }, columns: ENDS, rows: closure.pairs() }),
  }),
  catalogued({
    name: "transitive-reduction",
    algorithm: transitiveReduction,
    summary: "The fewest edges with which the same nodes can be reached",
    params: {},
    complexity: "O(n + m + c l) for c components with l links",
    source: "Aho, Garey, Ullman 1972",
    isParallel: false,
    replaces: ["transitive_reduction"],
    table: (found) => edgeTable(found, { edges: found.count }),
  }),
  catalogued({
    name: "weak-components",
    algorithm: weakComponents,
    summary: "Components of nodes that edges connect, whatever their direction",
    params: {},
    complexity: "O(n + m α(n))",
    source: "Sutton, Ben-Nun, Barak 2018",
    isParallel: true,
    replaces: ["connected_components", "weakly_connected_components"],
    table: groupTable,
  }),
];

const NODE: ResultColumn = { name: "node", kind: "node" };
const ENDS: readonly ResultColumn[] = [{ name: "from", kind: "node" }, { name: "to", kind: "node" }];

function* single(nodeIds: Iterable<number>): IterableIterator<[number]> {
  for (const nodeId of nodeIds) yield [nodeId];
}

function listTable(lists: NodeLists, facts: ResultTable["facts"]): ResultTable {
  return {
    facts,
    columns: [{ name: "length", kind: "number" }, { name: "nodes", kind: "nodes" }],
    rows: (function* () {
      for (const nodeIds of lists) yield [nodeIds.length, nodeIds];
    })(),
  };
}

function groupTable(groups: NodeGroups): ResultTable {
  return {
    facts: { components: groups.count },
    columns: [{ name: "component", kind: "number" }, { name: "size", kind: "number" }, {
      name: "nodes",
      kind: "nodes",
    }],
    rows: (function* () {
      for (const { group, nodeIds } of groups) yield [group, nodeIds.length, nodeIds];
    })(),
  };
}

/** Nodes with the largest values first. */
function valueTable(values: NodeValues, name: string): ResultTable {
  return {
    columns: [NODE, { name, kind: "number" }],
    rows: (function* () {
      for (const { nodeId, value } of values.top(values.nodeCount)) yield [nodeId, value];
    })(),
  };
}

function edgeTable(
  { count, from, to }: EdgeList,
  facts: ResultTable["facts"],
  name?: string,
  values?: ArrayLike<number>,
): ResultTable {
  return {
    facts,
    columns: name === undefined ? ENDS : [...ENDS, { name, kind: "number" }],
    rows: (function* () {
      for (let edge = 0; edge < count; edge++) {
        yield values === undefined ? [from[edge], to[edge]] : [from[edge], to[edge], values[edge]];
      }
    })(),
  };
}
