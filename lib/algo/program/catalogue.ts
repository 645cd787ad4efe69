/** The algorithms of this folder, as the command line and the documentation know them. */

import { catalogued, type CatalogueEntry, type ResultColumn, type ResultTable } from "../catalogue_entry.ts";
import { callGraphCondensation } from "./call_graph.ts";
import { controlDependenceGraph } from "./control_dependence.ts";
import { dominanceFrontiers } from "./dominance_frontiers.ts";
import type { DominatorTree } from "./dominator_tree.ts";
import { dominators, ENTRY_PARAMS } from "./dominators.ts";
import { ENUMERATE_PATHS_PARAMS, enumeratePaths } from "./enumerate_paths.ts";
import { happensBefore } from "./happens_before.ts";
import { IMPACT_RADIUS_PARAMS, impactRadius } from "./impact_radius.ts";
import { ITERATED_FRONTIER_PARAMS, iteratedDominanceFrontier } from "./iterated_dominance_frontier.ts";
import { naturalLoops } from "./natural_loops.ts";
import type { NodeRelation } from "./node_relation.ts";
import { EXIT_PARAMS, postDominators } from "./post_dominators.ts";
import { SINK_REACHABILITY_PARAMS, sinkReachabilityAnalysis } from "./sink_reachability.ts";
import { backwardSlice, forwardSlice, type ProgramSlice, SLICE_PARAMS } from "./slices.ts";
import {
  propagateTaintBackward,
  propagateTaintForward,
  TAINT_BACKWARD_PARAMS,
  TAINT_FORWARD_PARAMS,
  type TaintResult,
} from "./taint.ts";

/** Entries in the order of their names. */
export const PROGRAM: readonly CatalogueEntry[] = [
  catalogued({
    name: "backward-slice",
    algorithm: backwardSlice,
    summary: "All that can affect some nodes",
    params: SLICE_PARAMS,
    complexity: "O(n + m)",
    source: "Ferrante, Ottenstein, Warren 1987",
    isParallel: false,
    replaces: ["backward_slice"],
    table: sliceTable,
  }),
  catalogued({
    name: "call-graph",
    algorithm: callGraphCondensation,
    summary: "A call graph with recursion folded, callees first",
    params: {},
    complexity: "O(n + m + c log d)",
    source: "Pearce 2016",
    isParallel: false,
    table: ({ groups, recursive, levels, calls }) => ({
      facts: { groups: groups.count, recursive: recursive.count, calls: calls.size },
      columns: [{ name: "level", kind: "number" }, { name: "functions", kind: "nodes" }, {
        name: "calls",
        kind: "nodes",
      }],
      rows: (function* () {
        for (const group of groups) {
          const first = group[0] as number;
          yield [levels.get(first), group, calls.of(first)];
        }
      })(),
    }),
  }),
  catalogued({
    name: "control-dependence",
    algorithm: controlDependenceGraph,
    summary: "Which decisions decide whether each node runs",
    params: EXIT_PARAMS,
    complexity: "O(m log n + result)",
    source: "Ferrante, Ottenstein, Warren 1987",
    isParallel: false,
    replaces: ["control_dependence_graph", "control_dependence_from_exit"],
    table: ({ exits, dependencies }) =>
      relationTable(dependencies, "depends on", { exits: exits.join(" "), dependences: dependencies.size }),
  }),
  catalogued({
    name: "dominance-frontiers",
    algorithm: dominanceFrontiers,
    summary: "Where the dominance of each node ends",
    params: ENTRY_PARAMS,
    complexity: "O(m log n + result)",
    source: "Cytron et al. 1991",
    isParallel: false,
    replaces: ["dominance_frontiers"],
    table: (frontiers) => relationTable(frontiers, "frontier", { pairs: frontiers.size }),
  }),
  catalogued({
    name: "dominators",
    algorithm: dominators,
    summary: "Nodes that every path from an entry to a node passes",
    params: ENTRY_PARAMS,
    complexity: "O(m log n)",
    source: "Georgiadis 2005",
    isParallel: false,
    replaces: ["dominators"],
    table: treeTable,
  }),
  catalogued({
    name: "enumerate-paths",
    algorithm: enumeratePaths,
    summary: "The ways from an entry to exits",
    params: ENUMERATE_PATHS_PARAMS,
    complexity: "O(maxSteps + paths · maxLength)",
    source: "depth-first search; Georgiadis 2005",
    isParallel: false,
    replaces: ["enumerate_paths", "enumerate_paths_with_dominance"],
    table: ({ paths, longest, isComplete, cutBy }) => ({
      facts: { paths: paths.length, longest, complete: isComplete, "cut by": cutBy.join(" ") || null },
      columns: [{ name: "ending", kind: "text" }, { name: "length", kind: "number" }, { name: "path", kind: "nodes" }],
      rows: paths.map(({ nodeIds, ending }) => [ending, nodeIds.length - 1, nodeIds]),
    }),
  }),
  catalogued({
    name: "forward-slice",
    algorithm: forwardSlice,
    summary: "All that some nodes can affect",
    params: SLICE_PARAMS,
    complexity: "O(n + m)",
    source: "Horwitz, Reps, Binkley 1990",
    isParallel: false,
    replaces: ["forward_slice"],
    table: sliceTable,
  }),
  catalogued({
    name: "happens-before",
    algorithm: happensBefore,
    summary: "Events that nothing orders",
    params: {},
    complexity: "O((n + m) · chains), O(n²) for all pairs",
    source: "Fidge 1988",
    isParallel: false,
    table: (order) => ({
      facts: { events: order.size, chains: order.chainCount, "concurrent pairs": order.concurrentCount() },
      columns: [{ name: "first", kind: "node" }, { name: "second", kind: "node" }],
      rows: (function* () {
        for (const { first, second } of order.concurrentPairs()) yield [first, second];
      })(),
    }),
  }),
  catalogued({
    name: "impact-radius",
    algorithm: impactRadius,
    summary: "What a change of some nodes can affect",
    params: IMPACT_RADIUS_PARAMS,
    complexity: "O((n + m) log n)",
    source: "Dijkstra 1959",
    isParallel: false,
    replaces: ["impact_radius"],
    table: ({ zone, distances, boundary }) => {
      const edge = new Set(boundary);
      return {
        facts: { affected: zone.length, boundary: boundary.length },
        columns: [NODE, { name: "distance", kind: "number" }, { name: "boundary", kind: "flag" }],
        rows: zone.map((nodeId) => [nodeId, distances.get(nodeId), edge.has(nodeId)]),
      };
    },
  }),
  catalogued({
    name: "iterated-dominance-frontier",
    algorithm: iteratedDominanceFrontier,
    summary: "Where definitions at some nodes meet",
    params: ITERATED_FRONTIER_PARAMS,
    complexity: "O(m log n)",
    source: "Sreedhar, Gao 1995",
    isParallel: false,
    replaces: ["iterated_dominance_frontiers"],
    table: (nodeIds) => ({
      facts: { nodes: nodeIds.length },
      columns: [NODE],
      rows: nodeIds.map((nodeId) => [nodeId]),
    }),
  }),
  catalogued({
    name: "natural-loops",
    algorithm: naturalLoops,
    summary: "Loops of control flow, and how they are nested",
    params: ENTRY_PARAMS,
    complexity: "O(m log n)",
    source: "Tarjan 1974",
    isParallel: false,
    replaces: ["natural_loops", "natural_loops_from_exit"],
    table: (loops) => ({
      facts: { loops: loops.count, "irreducible regions": loops.irreducible.length },
      columns: [
        { name: "header", kind: "node" },
        { name: "depth", kind: "number" },
        { name: "parent", kind: "node" },
        { name: "latches", kind: "nodes" },
        { name: "body", kind: "nodes" },
      ],
      rows: (function* () {
        for (const { header, depth, parent, latches, body } of loops) yield [header, depth, parent, latches, body];
      })(),
    }),
  }),
  catalogued({
    name: "post-dominators",
    algorithm: postDominators,
    summary: "Nodes that every path from a node to the exit passes",
    params: EXIT_PARAMS,
    complexity: "O(m log n)",
    source: "Georgiadis 2005",
    isParallel: false,
    replaces: ["post_dominators", "post_dominators_auto_exit"],
    table: treeTable,
  }),
  catalogued({
    name: "sink-reachability",
    algorithm: sinkReachabilityAnalysis,
    summary: "Which sources reach which sinks",
    params: SINK_REACHABILITY_PARAMS,
    complexity: "O(sinks / 32 · (n + m))",
    source: "Then et al. 2014",
    isParallel: false,
    replaces: ["sink_reachability_analysis"],
    table: ({ sourcesOf, safeSinks }) =>
      relationTable(sourcesOf, "sources", { pairs: sourcesOf.size, "safe sinks": safeSinks.length }),
  }),
  catalogued({
    name: "taint-backward",
    algorithm: propagateTaintBackward,
    summary: "Where taint that comes to sinks could come from",
    params: TAINT_BACKWARD_PARAMS,
    complexity: "O(sources · (n + m))",
    source: "breadth-first search",
    isParallel: false,
    replaces: ["propagate_taint_backward"],
    table: taintTable,
  }),
  catalogued({
    name: "taint-forward",
    algorithm: propagateTaintForward,
    summary: "Where taint of sources comes to",
    params: TAINT_FORWARD_PARAMS,
    complexity: "O(sources · (n + m))",
    source: "breadth-first search",
    isParallel: false,
    replaces: ["propagate_taint_forward"],
    table: taintTable,
  }),
];

const NODE: ResultColumn = { name: "node", kind: "node" };

type Facts = ResultTable["facts"];

function sliceTable({ nodes, dataNodes, controlNodes }: ProgramSlice): ResultTable {
  const [data, control] = [new Set(dataNodes), new Set(controlNodes)];
  return {
    facts: { nodes: nodes.length, data: data.size, control: control.size },
    columns: [NODE, { name: "data", kind: "flag" }, { name: "control", kind: "flag" }],
    rows: nodes.map((nodeId) => [nodeId, data.has(nodeId), control.has(nodeId)]),
  };
}

function treeTable(tree: DominatorTree): ResultTable {
  return {
    facts: { root: tree.root, nodes: tree.size },
    columns: [NODE, { name: "dominator", kind: "node" }, { name: "dominates", kind: "number" }],
    rows: (function* () {
      for (const { nodeId, dominator } of tree) yield [nodeId, dominator, tree.count(nodeId)];
    })(),
  };
}

function relationTable(relation: NodeRelation, name: string, facts: Facts): ResultTable {
  return {
    facts,
    columns: [NODE, { name, kind: "nodes" }],
    rows: (function* () {
      for (const { nodeId, related } of relation) yield [nodeId, related];
    })(),
  };
}

function taintTable({ tainted, sources, sinks, stoppedBy, flows, isComplete }: TaintResult): ResultTable {
  return {
    facts: {
      tainted: tainted.length,
      sources: sources.length,
      sinks: sinks.length,
      "stopped by": stoppedBy.length,
      complete: isComplete,
    },
    columns: [{ name: "source", kind: "node" }, { name: "sink", kind: "node" }, { name: "path", kind: "nodes" }],
    rows: flows.map(({ source, sink, path }) => [source, sink, path]),
  };
}
