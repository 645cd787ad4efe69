/** The algorithms of this folder, as the command line and the documentation know them. */

import { catalogued, type CatalogueEntry, type ResultColumn, type ResultTable } from "../catalogue_entry.ts";
import type { NodeGroups, NodeValues } from "../define.ts";
import type { NodeLists } from "../node_lists.ts";
import { clusteringCoefficients, transitivity } from "./clustering.ts";
import { conductance, CONDUCTANCE_PARAMS } from "./conductance.ts";
import { LABEL_PROPAGATION_PARAMS, labelPropagation } from "./label_propagation.ts";
import { leiden, LEIDEN_PARAMS } from "./leiden.ts";
import { louvain, LOUVAIN_PARAMS } from "./louvain.ts";
import { modularity, MODULARITY_PARAMS } from "./modularity.ts";
import { NODE2VEC_PARAMS, node2vecWalks } from "./node2vec_walks.ts";
import {
  BFS_PARTITION_PARAMS,
  bfsPartition,
  K_WAY_PARTITION_PARAMS,
  kWayPartition,
  type Partition,
  REFINE_PARTITION_PARAMS,
  refinePartition,
} from "./partition.ts";
import { RANDOM_WALK_PARAMS, randomWalks } from "./random_walks.ts";
import type { ScoredPairs } from "./scored_pairs.ts";
import {
  LINK_PREDICTION_PARAMS,
  linkPrediction,
  PAIR_SIMILARITY_PARAMS,
  pairSimilarity,
  SIMILAR_NODES_PARAMS,
  SIMILAR_PAIRS_PARAMS,
  similarNodes,
  similarPairs,
} from "./similarity.ts";
import { triangleCount, triangles } from "./triangles.ts";

/** Entries in the order of their names. */
export const COMMUNITY: readonly CatalogueEntry[] = [
  catalogued({
    name: "bfs-partition",
    algorithm: bfsPartition,
    summary: "Parts of equal size, of consecutive nodes of a breadth-first search",
    params: BFS_PARTITION_PARAMS,
    complexity: "O(n + m)",
    source: "",
    isParallel: false,
    replaces: ["partition_bfs_level"],
    table: partitionTable,
  }),
  catalogued({
    name: "clustering-coefficients",
    algorithm: clusteringCoefficients,
    summary: "How many of the pairs of neighbors of each node are linked",
    params: {},
    complexity: "O(m^1.5)",
    source: "Watts, Strogatz 1998",
    isParallel: true,
    project: { undirected: true },
    table: ({ coefficients, average }) => valueTable(coefficients, "coefficient", { average }),
  }),
  catalogued({
    name: "conductance",
    algorithm: conductance,
    summary: "How many of the edges of each community leave it",
    params: CONDUCTANCE_PARAMS,
    complexity: "O(n + m)",
    source: "Shi, Malik 2000",
    isParallel: true,
    project: { undirected: true },
    table: ({ communities, values, cuts, average }) => ({
      facts: { communities: communities.count, average },
      columns: [{ name: "community", kind: "number" }, { name: "size", kind: "number" }, {
        name: "cut",
        kind: "number",
      }, { name: "conductance", kind: "number" }],
      rows: (function* () {
        for (let group = 0; group < communities.count; group++) {
          yield [group, communities.sizes[group], cuts[group], values[group]];
        }
      })(),
    }),
  }),
  catalogued({
    name: "k-way-partition",
    algorithm: kWayPartition,
    summary: "Parts of nearly equal size with few edges between them",
    params: K_WAY_PARTITION_PARAMS,
    complexity: "O((n + m) log n)",
    source: "Karypis, Kumar 1998",
    isParallel: false,
    project: { undirected: true },
    replaces: ["partition_kway"],
    table: partitionTable,
  }),
  catalogued({
    name: "label-propagation",
    algorithm: labelPropagation,
    summary: "Communities of nodes that most of their neighbors are in",
    params: LABEL_PROPAGATION_PARAMS,
    complexity: "O(m) for each round",
    source: "Raghavan, Albert, Kumara 2007",
    isParallel: true,
    project: { undirected: true },
    replaces: ["label_propagation"],
    table: ({ communities, iterations, hasConverged }) =>
      groupTable(communities, "community", { communities: communities.count, iterations, hasConverged }),
  }),
  catalogued({
    name: "leiden",
    algorithm: leiden,
    summary: "Connected communities with more edges inside than chance would give",
    params: LEIDEN_PARAMS,
    complexity: "O(m) for each round",
    source: "Traag, Waltman, van Eck 2019",
    isParallel: true,
    project: { undirected: true },
    table: ({ communities, modularity, levels }) =>
      groupTable(communities, "community", { communities: communities.count, modularity, levels }),
  }),
  catalogued({
    name: "link-prediction",
    algorithm: linkPrediction,
    summary: "Pairs of nodes that are most likely to be linked next",
    params: LINK_PREDICTION_PARAMS,
    complexity: "O(m + Σ d²)",
    source: "Liben-Nowell, Kleinberg 2007; Adamic, Adar 2003",
    isParallel: true,
    project: { undirected: true },
    table: (found) => pairTable(found, { pairs: found.count, total: found.total }),
  }),
  catalogued({
    name: "louvain",
    algorithm: louvain,
    summary: "Communities with more edges inside than chance would give",
    params: LOUVAIN_PARAMS,
    complexity: "O(m) for each round",
    source: "Blondel, Guillaume, Lambiotte, Lefebvre 2008",
    isParallel: true,
    project: { undirected: true },
    replaces: ["louvain_communities"],
    table: ({ communities, modularity, levels }) =>
      groupTable(communities, "community", { communities: communities.count, modularity, levels }),
  }),
  catalogued({
    name: "modularity",
    algorithm: modularity,
    summary: "How many more edges lie inside of communities than chance would give",
    params: MODULARITY_PARAMS,
    complexity: "O(n + m)",
    source: "Newman, Girvan 2004",
    isParallel: true,
    project: { undirected: true },
    table: (found) => ({ facts: { modularity: found }, columns: [], rows: [] }),
  }),
  catalogued({
    name: "node2vec-walks",
    algorithm: node2vecWalks,
    summary: "Random walks that prefer to stay near, or to go far",
    params: NODE2VEC_PARAMS,
    complexity: "O(s log d) for s steps",
    source: "Grover, Leskovec 2016",
    isParallel: true,
    table: walkTable,
  }),
  catalogued({
    name: "pair-similarity",
    algorithm: pairSimilarity,
    summary: "How alike the nodes of given pairs are, by their neighbors",
    params: PAIR_SIMILARITY_PARAMS,
    complexity: "O(n + m + Σ d)",
    source: "Jaccard 1901; Adamic, Adar 2003",
    isParallel: true,
    project: { undirected: true },
    table: (found) => pairTable(found),
  }),
  catalogued({
    name: "random-walks",
    algorithm: randomWalks,
    summary: "Walks that follow links drawn by lot",
    params: RANDOM_WALK_PARAMS,
    complexity: "O(s) for s steps, O(m + s log d) with weights",
    source: "Perozzi, Al-Rfou, Skiena 2014",
    isParallel: true,
    table: walkTable,
  }),
  catalogued({
    name: "refine-partition",
    algorithm: refinePartition,
    summary: "Given parts with fewer edges between them, and of nearly equal size",
    params: REFINE_PARTITION_PARAMS,
    complexity: "O((n + m) log n)",
    source: "Fiduccia, Mattheyses 1982",
    isParallel: false,
    project: { undirected: true },
    replaces: ["partition_greedy"],
    table: partitionTable,
  }),
  catalogued({
    name: "similar-nodes",
    algorithm: similarNodes,
    summary: "The nodes that are most like one, by their neighbors",
    params: SIMILAR_NODES_PARAMS,
    complexity: "O(n + m)",
    source: "Jaccard 1901; Adamic, Adar 2003",
    isParallel: false,
    project: { undirected: true },
    table: (found) => ({
      columns: [{ name: "node", kind: "node" }, { name: "score", kind: "number" }],
      rows: found.map(({ nodeId, score }) => [nodeId, score]),
    }),
  }),
  catalogued({
    name: "similar-pairs",
    algorithm: similarPairs,
    summary: "The pairs of nodes that are most alike, by their neighbors",
    params: SIMILAR_PAIRS_PARAMS,
    complexity: "O(m + Σ d²)",
    source: "Jaccard 1901; Adamic, Adar 2003",
    isParallel: true,
    project: { undirected: true },
    table: (found) => pairTable(found, { pairs: found.count, total: found.total }),
  }),
  catalogued({
    name: "transitivity",
    algorithm: transitivity,
    summary: "How many of the pairs of edges that meet are part of a triangle",
    params: {},
    complexity: "O(m^1.5)",
    source: "Newman, Strogatz, Watts 2001",
    isParallel: true,
    project: { undirected: true },
    table: (found) => ({ facts: { transitivity: found }, columns: [], rows: [] }),
  }),
  catalogued({
    name: "triangle-count",
    algorithm: triangleCount,
    summary: "Number of triangles",
    params: {},
    complexity: "O(m^1.5)",
    source: "Schank, Wagner 2005",
    isParallel: true,
    project: { undirected: true },
    table: (found) => ({ facts: { triangles: found }, columns: [], rows: [] }),
  }),
  catalogued({
    name: "triangles",
    algorithm: triangles,
    summary: "Number of triangles, in all and at each node",
    params: {},
    complexity: "O(m^1.5)",
    source: "Schank, Wagner 2005",
    isParallel: true,
    project: { undirected: true },
    table: ({ total, counts }) => valueTable(counts, "triangles", { triangles: total }),
  }),
];

const ENDS: readonly ResultColumn[] = [{ name: "from", kind: "node" }, { name: "to", kind: "node" }];

function groupTable(groups: NodeGroups, name: string, facts: ResultTable["facts"]): ResultTable {
  return {
    facts,
    columns: [{ name, kind: "number" }, { name: "size", kind: "number" }, { name: "nodes", kind: "nodes" }],
    rows: (function* () {
      for (const { group, nodeIds } of groups) yield [group, nodeIds.length, nodeIds];
    })(),
  };
}

function partitionTable({ parts, cut, balance }: Partition): ResultTable {
  return groupTable(parts, "part", { parts: parts.count, cut, balance });
}

/** Nodes with the largest values first. */
function valueTable(values: NodeValues, name: string, facts: ResultTable["facts"]): ResultTable {
  return {
    facts,
    columns: [{ name: "node", kind: "node" }, { name, kind: "number" }],
    rows: (function* () {
      for (const { nodeId, value } of values.top(values.nodeCount)) yield [nodeId, value];
    })(),
  };
}

function pairTable({ count, from, to, scores }: ScoredPairs, facts?: ResultTable["facts"]): ResultTable {
  return {
    facts,
    columns: [...ENDS, { name: "score", kind: "number" }],
    rows: (function* () {
      for (let at = 0; at < count; at++) yield [from[at], to[at], scores[at]];
    })(),
  };
}

function walkTable(walks: NodeLists): ResultTable {
  return {
    facts: { walks: walks.count },
    columns: [{ name: "length", kind: "number" }, { name: "nodes", kind: "nodes" }],
    rows: (function* () {
      for (const nodeIds of walks) yield [nodeIds.length, nodeIds];
    })(),
  };
}
