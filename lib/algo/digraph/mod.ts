/** Directed graphs in memory. */
export { Digraph, type DigraphEdge, type DigraphLink, type DigraphProjectOptions } from "./digraph.ts";
export { DigraphWalk, type WalkedGraph } from "./digraph_walk.ts";
