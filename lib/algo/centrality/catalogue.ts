/** The algorithms of this folder, as the command line and the documentation know them. */

import { catalogued, type CatalogueEntry, type ResultColumn, type ResultTable } from "../catalogue_entry.ts";
import type { NodeValues } from "../define.ts";
import { BETWEENNESS_PARAMS, betweennessCentrality } from "./betweenness_centrality.ts";
import { CLOSENESS_PARAMS, closenessCentrality } from "./closeness_centrality.ts";
import { DEGREE_CENTRALITY_PARAMS, degreeCentrality } from "./degree_centrality.ts";
import { edgeBetweenness } from "./edge_betweenness.ts";
import { EIGENVECTOR_PARAMS, eigenvectorCentrality } from "./eigenvector_centrality.ts";
import { HARMONIC_PARAMS, harmonicCentrality } from "./harmonic_centrality.ts";
import { hits, HITS_PARAMS } from "./hits.ts";
import { KATZ_PARAMS, katzCentrality } from "./katz_centrality.ts";
import type { NodeScores } from "./node_scores.ts";
import { PAGE_RANK_PARAMS, pageRank } from "./page_rank.ts";

/** Entries in the order of their names. */
export const CENTRALITY: readonly CatalogueEntry[] = [
  catalogued({
    name: "betweenness-centrality",
    algorithm: betweennessCentrality,
    summary: "Part of the shortest paths that lead through each node",
    params: BETWEENNESS_PARAMS,
    complexity: "O(n m), sampled O(samples m)",
    source: "Brandes 2001",
    isParallel: true,
    replaces: ["betweenness_centrality"],
    table: (values) => valueTable(values, "betweenness"),
  }),
  catalogued({
    name: "closeness-centrality",
    algorithm: closenessCentrality,
    summary: "How near all nodes are to each node",
    params: CLOSENESS_PARAMS,
    complexity: "O(n m), sampled O(samples m)",
    source: "Bavelas 1950; Wasserman, Faust 1994",
    isParallel: true,
    table: (values) => valueTable(values, "closeness"),
  }),
  catalogued({
    name: "degree-centrality",
    algorithm: degreeCentrality,
    summary: "Number of edges of each node, in parts of all other nodes",
    params: DEGREE_CENTRALITY_PARAMS,
    complexity: "O(n + m)",
    source: "Freeman 1978",
    isParallel: false,
    table: (values) => valueTable(values, "degree"),
  }),
  catalogued({
    name: "edge-betweenness",
    algorithm: edgeBetweenness,
    summary: "Part of the shortest paths that follow each edge",
    params: BETWEENNESS_PARAMS,
    complexity: "O(n m), sampled O(samples m)",
    source: "Brandes 2008",
    isParallel: false,
    project: { edgeIds: true },
    table: ({ count, from, to, edgeIds, scores }) => ({
      columns: [
        { name: "from", kind: "node" },
        { name: "to", kind: "node" },
        ...(edgeIds === undefined ? [] : [{ name: "edge", kind: "edge" } as const]),
        { name: "betweenness", kind: "number" },
      ],
      rows: (function* () {
        const order = Uint32Array.from({ length: count }, (_, edge) => edge);
        order.sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b);
        for (const edge of order) {
          const ids = edgeIds === undefined ? [] : [edgeIds[edge]];
          yield [from[edge], to[edge], ...ids, scores[edge]];
        }
      })(),
    }),
  }),
  catalogued({
    name: "eigenvector-centrality",
    algorithm: eigenvectorCentrality,
    summary: "How well connected each node is to well connected nodes",
    params: EIGENVECTOR_PARAMS,
    complexity: "O(n + m) for each pass",
    source: "Bonacich 1987",
    isParallel: true,
    table: scoreTable,
  }),
  catalogued({
    name: "harmonic-centrality",
    algorithm: harmonicCentrality,
    summary: "Sum of 1 / distance from all nodes to each node",
    params: HARMONIC_PARAMS,
    complexity: "O(n m), sampled O(samples m)",
    source: "Marchiori, Latora 2000",
    isParallel: true,
    table: (values) => valueTable(values, "harmonic"),
  }),
  catalogued({
    name: "hits",
    algorithm: hits,
    summary: "Hubs that lead to authorities, and authorities that hubs lead to",
    params: HITS_PARAMS,
    complexity: "O(n + m) for each pass",
    source: "Kleinberg 1999",
    isParallel: true,
    table: ({ hubs, authorities, iterations, change, isConverged }) => ({
      facts: { iterations, change, isConverged },
      columns: [NODE, { name: "authority", kind: "number" }, { name: "hub", kind: "number" }],
      rows: (function* () {
        for (const { nodeId, value } of authorities.top(authorities.nodeCount)) {
          yield [nodeId, value, hubs.get(nodeId)];
        }
      })(),
    }),
  }),
  catalogued({
    name: "katz-centrality",
    algorithm: katzCentrality,
    summary: "How many walks lead to each node, long ones counting less",
    params: KATZ_PARAMS,
    complexity: "O(n + m) for each pass",
    source: "Katz 1953",
    isParallel: true,
    table: scoreTable,
  }),
  catalogued({
    name: "pagerank",
    algorithm: pageRank,
    summary: "How often somebody who follows edges at random comes to each node",
    params: PAGE_RANK_PARAMS,
    complexity: "O(n + m) for each pass",
    source: "Page, Brin, Motwani, Winograd 1999",
    isParallel: true,
    replaces: ["pagerank"],
    table: scoreTable,
  }),
];

const NODE: ResultColumn = { name: "node", kind: "node" };

function scoreTable(scores: NodeScores): ResultTable {
  const { iterations, change, isConverged } = scores;
  return { facts: { iterations, change, isConverged }, ...valueTable(scores, "score") };
}

/** Nodes with the largest values first. */
function valueTable(values: Pick<NodeValues, "top" | "nodeCount">, name: string): ResultTable {
  return {
    columns: [NODE, { name, kind: "number" }],
    rows: (function* () {
      for (const { nodeId, value } of values.top(values.nodeCount)) yield [nodeId, value];
    })(),
  };
}
