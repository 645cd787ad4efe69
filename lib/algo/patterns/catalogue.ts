/** The algorithms of this folder, as the command line and the documentation know them. */

import { catalogued, type CatalogueEntry, type ResultColumn } from "../catalogue_entry.ts";
import { DIFF_PROJECTIONS_PARAMS, type DiffEdges, diffProjections } from "./diff_projections.ts";
import { EXTRACT_SUBGRAPH_PARAMS, extractSubgraph } from "./extract_subgraph.ts";
import { FIND_ISOMORPHISM_PARAMS, findIsomorphism } from "./find_isomorphism.ts";
import { FIND_SUBGRAPHS_PARAMS, findSubgraphs } from "./find_subgraphs.ts";
import { GRAPH_EDIT_DISTANCE_PARAMS, graphEditDistance } from "./graph_edit_distance.ts";
import { MAX_COMMON_SUBGRAPH_PARAMS, maxCommonSubgraph } from "./max_common_subgraph.ts";
import { STRUCTURAL_SIMILARITY_PARAMS, structuralSimilarity } from "./structural_similarity.ts";
import { VALIDATE_REFACTOR_PARAMS, validateRefactor } from "./validate_refactor.ts";

const PAIR: readonly ResultColumn[] = [{ name: "node", kind: "node" }, { name: "image", kind: "node" }];

/** Entries in the order of their names. */
export const PATTERNS: readonly CatalogueEntry[] = [
  catalogued({
    name: "diff-projections",
    algorithm: diffProjections,
    summary: "What differs between two graphs, by the ids of their nodes",
    params: DIFF_PROJECTIONS_PARAMS,
    complexity: "O(n + m)",
    source: "a merge of sorted rows",
    isParallel: false,
    replaces: ["graph_diff"],
    table: (diff) => ({
      facts: {
        equal: diff.isEqual,
        similarity: diff.similarity,
        "added nodes": diff.addedNodes.length,
        "removed nodes": diff.removedNodes.length,
        "added edges": diff.addedEdges.count,
        "removed edges": diff.removedEdges.count,
        "changed edges": diff.changedEdges.count,
      },
      columns: [{ name: "change", kind: "text" }, { name: "node", kind: "node" }, { name: "to", kind: "node" }],
      rows: (function* () {
        for (const id of diff.addedNodes) yield ["node added", id, null];
        for (const id of diff.removedNodes) yield ["node removed", id, null];
        yield* edgeRows("edge added", diff.addedEdges);
        yield* edgeRows("edge removed", diff.removedEdges);
        yield* edgeRows("edge changed", diff.changedEdges);
      })(),
    }),
  }),
  catalogued({
    name: "extract-subgraph",
    algorithm: extractSubgraph,
    summary: "The part of a graph around some nodes",
    params: EXTRACT_SUBGRAPH_PARAMS,
    complexity: "O(n + links of the part)",
    source: "breadth-first search",
    isParallel: false,
    table: (part) => ({
      facts: { nodes: part.nodeCount, edges: part.edgeCount },
      columns: [{ name: "node", kind: "node" }, { name: "neighbors", kind: "nodes" }],
      rows: (function* () {
        const { nodeCount, nodeIds, out: { offsets, targets } } = part;
        for (let node = 0; node < nodeCount; node++) {
          const row = targets.subarray(offsets[node], offsets[node + 1]);
          yield [nodeIds[node], Array.from(row, (target) => nodeIds[target])];
        }
      })(),
    }),
  }),
  catalogued({
    name: "find-isomorphism",
    algorithm: findIsomorphism,
    summary: "Whether two graphs are the same but for the names of their nodes",
    params: FIND_ISOMORPHISM_PARAMS,
    complexity: "O((n + m) · rounds) for most graphs",
    source: "McKay 1981",
    isParallel: false,
    table: ({ isIsomorphic, images }, projection) => ({
      facts: { isomorphic: isIsomorphic ?? null },
      columns: PAIR,
      rows: Array.from(images ?? [], (image, node) => [projection.nodeIds[node], image]),
    }),
  }),
  catalogued({
    name: "find-subgraphs",
    algorithm: findSubgraphs,
    summary: "All places where a graph looks like a pattern",
    params: FIND_SUBGRAPHS_PARAMS,
    complexity: "exponential in the pattern",
    source: "Jüttner, Madarasi 2018",
    isParallel: false,
    replaces: ["find_subgraph_patterns"],
    table: ({ names, matches, isComplete }) => ({
      facts: { matches: matches.count, complete: isComplete },
      columns: names.map((name) => ({ name, kind: "node" as const })),
      rows: matches,
    }),
  }),
  catalogued({
    name: "graph-edit-distance",
    algorithm: graphEditDistance,
    summary: "How many changes make one graph of another one",
    params: GRAPH_EDIT_DISTANCE_PARAMS,
    complexity: "exponential; up to 256 nodes",
    source: "Abu-Aisheh et al. 2015",
    isParallel: false,
    table: ({ distance, lowerBound, isExact }) => ({
      facts: { distance, "lower bound": lowerBound, exact: isExact },
      columns: [],
      rows: [],
    }),
  }),
  catalogued({
    name: "max-common-subgraph",
    algorithm: maxCommonSubgraph,
    summary: "The largest part that two graphs have in common",
    params: MAX_COMMON_SUBGRAPH_PARAMS,
    complexity: "exponential; up to 256 nodes",
    source: "McCreesh, Prosser, Trimble 2017",
    isParallel: false,
    table: ({ size, similarity, isExact, nodeIds, images }) => ({
      facts: { size, similarity, exact: isExact },
      columns: PAIR,
      rows: nodeIds.map((nodeId, at) => [nodeId, images[at]]),
    }),
  }),
  catalogued({
    name: "structural-similarity",
    algorithm: structuralSimilarity,
    summary: "How much two graphs look alike",
    params: STRUCTURAL_SIMILARITY_PARAMS,
    complexity: "O(rounds · (n + m)), and exact comparisons of small graphs",
    source: "Shervashidze et al. 2011",
    isParallel: false,
    replaces: ["structural_similarity"],
    table: ({ similarity, isIsomorphic, commonSubgraph, editDistance }) => ({
      facts: {
        similarity,
        isomorphic: isIsomorphic ?? null,
        "common nodes": commonSubgraph?.size ?? null,
        "edit distance": editDistance?.distance ?? null,
      },
      columns: [],
      rows: [],
    }),
  }),
  catalogued({
    name: "validate-refactor",
    algorithm: validateRefactor,
    summary: "Whether a change of a graph of dependencies breaks something",
    params: VALIDATE_REFACTOR_PARAMS,
    complexity: "O(n + m)",
    source: "Pearce 2016 for new cycles",
    isParallel: false,
    replaces: ["validate_refactor"],
    table: ({ isSafe, breaking, warnings, diff }) => ({
      facts: { safe: isSafe, similarity: diff.similarity },
      columns: [{ name: "level", kind: "text" }, { name: "code", kind: "text" }, { name: "message", kind: "text" }, {
        name: "nodes",
        kind: "nodes",
      }],
      rows: [
        ...breaking.map(({ code, message, nodeIds }) => ["breaking", code, message, nodeIds]),
        ...warnings.map(({ code, message, nodeIds }) => ["warning", code, message, nodeIds]),
      ],
    }),
  }),
];

function* edgeRows(change: string, { from, to }: DiffEdges): IterableIterator<readonly unknown[]> {
  for (let at = 0; at < from.length; at++) yield [change, from[at], to[at]];
}
