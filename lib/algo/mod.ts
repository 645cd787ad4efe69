/**
 * The catalogue of graph algorithms, and generators of graphs.
 *
 * Each works on a projection, in the calling thread or on the threads of a graph:
 *
 * @example
 * ```ts
 * import { open } from "@sqlitegraph/sqlitegraph";
 * import { pageRank, shortestPath } from "@sqlitegraph/sqlitegraph/algo";
 *
 * using db = open(":memory:");
 * const [ada, charles, mary] = db.insertNodes(["Ada", "Charles", "Mary"].map((name) => ({ kind: "Person", name })));
 * db.insertEdge({ from: ada!, to: charles!, type: "KNOWS" });
 * db.insertEdge({ from: charles!, to: mary!, type: "KNOWS" });
 *
 * const projection = db.project();
 * console.log(pageRank(projection).top(1)[0]?.nodeId === mary); // true
 * console.log(shortestPath(projection, { from: ada!, to: mary! })?.nodeIds); // [ 1, 2, 3 ]
 * ```
 *
 * @module
 */
export * from "./centrality/mod.ts";
export * from "./community/mod.ts";
export * from "./digraph/mod.ts";
export * from "./flow/mod.ts";
export * from "./generate/mod.ts";
export { NodeLists, type NodeListsHandle } from "./node_lists.ts";
export { NodeSet, type NodeSetHandle } from "./node_set.ts";
export * from "./paths/mod.ts";
export * from "./patterns/mod.ts";
export * from "./program/mod.ts";
export * from "./structure/mod.ts";
export * from "./temporal/mod.ts";
