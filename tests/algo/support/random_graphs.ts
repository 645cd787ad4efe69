/** Small random graphs, and what brute force says of them. */

import fc from "fast-check";
import { projectEdges, type Projection } from "../../../lib/projection/mod.ts";

/** A graph with nodes 0 to `size` - 1. */
export interface SmallGraph {
  readonly size: number;
  readonly isUndirected: boolean;
  /** Ends and weight of each edge. */
  readonly edges: readonly (readonly [from: number, to: number, weight: number])[];
}

/** Graphs with parallel edges, self-loops and nodes without edges. */
export function smallGraphs(
  { least = 2, most = 7, undirected = fc.boolean() }: {
    readonly least?: number;
    readonly most?: number;
    readonly undirected?: fc.Arbitrary<boolean>;
  } = {},
): fc.Arbitrary<SmallGraph> {
  return fc.integer({ min: least, max: most }).chain((size) =>
    fc.record({
      size: fc.constant(size),
      isUndirected: undirected,
      edges: fc.array(fc.tuple(fc.nat(size - 1), fc.nat(size - 1), fc.nat(6)), { maxLength: 22 }),
    })
  );
}

/** Id of a node: ids have gaps. */
export function idOf(node: number): number {
  return 10 + 3 * node;
}

/** Node of an id. */
export function nodeOf(id: number): number {
  return (id - 10) / 3;
}

/** The projection, with edge ids. */
export function projected({ size, isUndirected, edges }: SmallGraph, hasWeights = true): Projection {
  return projectEdges({
    nodeIds: Array.from({ length: size }, (_, node) => idOf(node)),
    from: edges.map(([from]) => idOf(from)),
    to: edges.map(([, to]) => idOf(to)),
    weights: hasWeights ? edges.map(([, , weight]) => weight) : undefined,
    undirected: isUndirected,
    edgeIds: true,
  });
}

/** Weight of the edges that lead out of a set of nodes, which is a number whose bits are set for its nodes. */
export function cutOf(
  { isUndirected, edges }: SmallGraph,
  set: number,
  weightOf: (weight: number) => number = same,
): number {
  let sum = 0;
  for (const [from, to, weight] of edges) {
    const [isFrom, isTo] = [(set >> from & 1) === 1, (set >> to & 1) === 1];
    if (isFrom && !isTo || isUndirected && isTo && !isFrom) sum += weightOf(weight);
  }
  return sum;
}

/** Smallest cut between two nodes: over all sets of nodes with the one and without the other. */
export function smallestCut(
  graph: SmallGraph,
  source: number,
  sink: number,
  weightOf?: (weight: number) => number,
): number {
  let best = Infinity;
  for (let set = 0; set < 2 ** graph.size; set++) {
    if ((set >> source & 1) === 1 && (set >> sink & 1) === 0) best = Math.min(best, cutOf(graph, set, weightOf));
  }
  return best;
}

/** Nodes that can be reached from one without those of a set. */
export function reached({ size, isUndirected, edges }: SmallGraph, from: number, without = 0): Set<number> {
  const found = new Set([from]);
  for (let round = 0; round < size; round++) {
    for (const [one, other] of edges) {
      if (found.has(one) && (without >> other & 1) === 0) found.add(other);
      if (isUndirected && found.has(other) && (without >> one & 1) === 0) found.add(one);
    }
  }
  return found;
}

/** Number of bits that are set. */
export function sizeOf(set: number): number {
  return set.toString(2).replaceAll("0", "").length;
}

/** The same graph with node v renamed `names[v]`. */
export function renamed(graph: SmallGraph, names: readonly number[]): SmallGraph {
  const edges = graph.edges.map(([from, to, weight]) => [names[from] as number, names[to] as number, weight] as const);
  return { ...graph, edges };
}

function same(weight: number): number {
  return weight;
}
