/** What dominance means, by brute force. */

import fc from "fast-check";
import { reached, type SmallGraph } from "../support/random_graphs.ts";

/** Directed graphs, most of them with many edges, so that much can be reached. */
export const flowGraphs: fc.Arbitrary<SmallGraph> = manyEdges(fc.constant(false));

/** Directed and undirected graphs of the same sort. */
export const mixedGraphs: fc.Arbitrary<SmallGraph> = manyEdges(fc.boolean());

function manyEdges(undirected: fc.Arbitrary<boolean>): fc.Arbitrary<SmallGraph> {
  return fc.integer({ min: 1, max: 9 }).chain((size) =>
    fc.record({
      size: fc.constant(size),
      isUndirected: undirected,
      edges: fc.array(fc.tuple(fc.nat(size - 1), fc.nat(size - 1), fc.nat(6)), { maxLength: 2 * size, size: "max" }),
    })
  );
}

/** The same graph with its edges turned round. */
export function reversed(graph: SmallGraph): SmallGraph {
  return { ...graph, edges: graph.edges.map(([from, to, weight]) => [to, from, weight]) };
}

/** Whether every path from the entry to b passes a; of nodes that the entry reaches. */
export function isDominator(graph: SmallGraph, entry: number, a: number, b: number): boolean {
  if (!reached(graph, entry).has(b)) return false;
  return a === b || a === entry || !reached(graph, entry, 2 ** a).has(b);
}

/** The strict dominator that all other strict dominators dominate. */
export function idomOf(graph: SmallGraph, entry: number, node: number): number | undefined {
  const strict = nodesOf(graph).filter((other) => other !== node && isDominator(graph, entry, other, node));
  return strict.find((one) => strict.every((other) => isDominator(graph, entry, other, one)));
}

/** All nodes. */
export function nodesOf({ size }: SmallGraph): number[] {
  return Array.from({ length: size }, (_, node) => node);
}

/** Where flow ends when no exit is given. */
export function endsOf(graph: SmallGraph): number[] {
  const together = (a: number, b: number): boolean => reached(graph, a).has(b) && reached(graph, b).has(a);
  const isFinal = (node: number): boolean =>
    [...reached(graph, node)].every((other) => reached(graph, other).has(node));
  return nodesOf(graph).filter((node) => {
    if (!isFinal(node)) return false;
    const members = nodesOf(graph).filter((other) => together(node, other));
    const ways = graph.edges.filter(([from, to]) => members.includes(to) && !members.includes(from)).map(([, to]) =>
      to
    );
    return ways.length === 0 ? members[0] === node : ways.includes(node);
  });
}

/** The graph with one more node, to which the ends lead. */
export function withVirtualExit(graph: SmallGraph): SmallGraph {
  const exit = graph.size;
  return {
    ...graph,
    size: exit + 1,
    edges: [...graph.edges, ...endsOf(graph).map((end) => [end, exit, 1] as const)],
  };
}

/** Pairs of a node and a member of its dominance frontier, by the definition. */
export function frontierPairs(graph: SmallGraph, entry: number): string[] {
  const pairs = new Set<string>();
  const all = reached(graph, entry);
  for (const a of all) {
    for (const [from, to] of graph.edges) {
      if (!all.has(from) || !isDominator(graph, entry, a, from)) continue;
      if (a !== to && isDominator(graph, entry, a, to)) continue;
      pairs.add(`${a} ${to}`);
    }
  }
  return [...pairs].sort();
}
