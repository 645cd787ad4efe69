/** In which order the nodes of a pattern are matched, and what is asked of each. */

import { countBits, type LayeredGraph, type PatternShape } from "./pattern_shape.ts";

/** An edge between a node and one that was matched before, or itself. */
export interface PlannedEdge {
  /** Step of the other node. */
  readonly step: number;
  /** Layer of the edge. */
  readonly layer: number;
  /** Whether the edge leaves the other node. */
  readonly isFromOther: boolean;
}

/** How many different neighbors of a class a node has at least. */
export interface NeighborNeed {
  /** Layer of the links. */
  readonly layer: number;
  /** Whether the links leave the node. */
  readonly isOut: boolean;
  /** Class of the neighbors. */
  readonly class: number;
  /** How many. */
  readonly count: number;
}

/** One node of a pattern. */
export interface PlannedNode {
  /** Its place in the pattern. */
  readonly place: number;
  /** Its class. */
  readonly class: number;
  /** Edges to nodes that were matched before. */
  readonly edges: readonly PlannedEdge[];
  /** Layers in which it has a self-loop. */
  readonly loops: readonly number[];
  /** What its neighbors are at least. */
  readonly needs: readonly NeighborNeed[];
  /** What may be between it and nodes that were matched before, or itself; layer -1: nothing. */
  readonly limits: readonly PlannedEdge[];
  /** Steps of nodes whose match has a smaller index. */
  readonly above: readonly number[];
  /** Steps of nodes whose match has a larger index. */
  readonly below: readonly number[];
}

/** A pair of places: the first one's match has the smaller index. */
export type OrderedPair = readonly [smaller: number, larger: number];

/**
 * Plans a search as VF2++ does (Jüttner, Madarasi 2018): from the node with the fewest candidates on breadth first; within a level
 * those first that have the most edges to nodes before, then the most edges, then the fewest candidates, then the first place.
 */
export function planMatches(shape: PatternShape, graph: LayeredGraph, pairs: readonly OrderedPair[]): PlannedNode[] {
  const order = orderOf(shape, graph);
  const stepOf = new Map(order.map((place, step) => [place, step]));
  const step = (place: number): number => stepOf.get(place) as number;
  return order.map((place, at) => ({
    place,
    class: shape.classes[place] as number,
    edges: [
      ...shape.edges.filter(({ from, to }) => to === place && step(from) < at)
        .map(({ from, layer }) => ({ step: step(from), layer, isFromOther: true })),
      ...shape.edges.filter(({ from, to }) => from === place && step(to) < at)
        .map(({ to, layer }) => ({ step: step(to), layer, isFromOther: false })),
    ],
    loops: shape.edges.filter(({ from, to }) => from === place && to === place).map(({ layer }) => layer),
    needs: needsOf(shape, graph, place),
    limits: [
      ...shape.limits.filter(({ from, to }) => to === place && step(from) <= at)
        .map(({ from, layer }) => ({ step: step(from), layer, isFromOther: true })),
      ...shape.limits.filter(({ from, to }) => from === place && step(to) < at)
        .map(({ to, layer }) => ({ step: step(to), layer, isFromOther: false })),
    ],
    above: pairs.filter(([smaller, larger]) => larger === place && step(smaller) < at).map(([one]) => step(one)),
    below: pairs.filter(([smaller, larger]) => smaller === place && step(larger) < at).map(([, one]) => step(one)),
  }));
}

function orderOf({ size, classes, edges }: PatternShape, { candidates, nodeCount }: LayeredGraph): number[] {
  const counts = candidates.map((bits) => bits === undefined ? nodeCount : countBits(bits));
  const rarity = classes.map((one) => counts[one] as number);
  const neighbors = Array.from({ length: size }, () => new Set<number>());
  for (const { from, to } of edges) {
    if (from === to) continue;
    neighbors[from]?.add(to);
    neighbors[to]?.add(from);
  }
  const degree = (place: number): number => (neighbors[place] as Set<number>).size;
  const rare = (place: number): number => rarity[place] as number;
  const order: number[] = [];
  const isPlaced = new Set<number>();
  while (order.length < size) {
    let level = [firstOf(rest(size, isPlaced), (a, b) => rare(a) - rare(b) || degree(b) - degree(a))];
    const isMet = new Set([...isPlaced, ...level]);
    while (level.length > 0) {
      const next: number[] = [];
      for (let left = level; left.length > 0;) {
        const joined = (place: number): number =>
          [...neighbors[place] as Set<number>].filter((other) => isPlaced.has(other)).length;
        const best = firstOf(left, (a, b) => joined(b) - joined(a) || degree(b) - degree(a) || rare(a) - rare(b));
        order.push(best);
        isPlaced.add(best);
        left = left.filter((place) => place !== best);
        for (const other of neighbors[best] as Set<number>) {
          if (isMet.has(other)) continue;
          isMet.add(other);
          next.push(other);
        }
      }
      level = next;
    }
  }
  return order;
}

function rest(size: number, isPlaced: ReadonlySet<number>): number[] {
  return Array.from({ length: size }, (_, place) => place).filter((place) => !isPlaced.has(place));
}

/** The best of several places; of equal ones the smallest. */
function firstOf(places: readonly number[], compare: (a: number, b: number) => number): number {
  return places.toSorted((a, b) => compare(a, b) || a - b)[0] as number;
}

function needsOf({ classes, edges }: PatternShape, { layers }: LayeredGraph, place: number): NeighborNeed[] {
  // In an undirected layer both ends of an edge have it among the links that leave them.
  const neighbors = new Map<
    string,
    { readonly layer: number; readonly isOut: boolean; readonly others: Set<number> }
  >();
  for (const { from, to, layer } of edges) {
    if (from === to) continue;
    for (const [node, other, leaves] of [[from, to, true], [to, from, false]] as const) {
      if (node !== place) continue;
      const isOut = leaves || layers[layer]?.isUndirected === true;
      const key = `${layer} ${isOut}`;
      const found = neighbors.get(key) ?? { layer, isOut, others: new Set() };
      neighbors.set(key, found);
      found.others.add(other);
    }
  }
  return [...neighbors.values()].flatMap(({ layer, isOut, others }) => {
    const counts = new Map<number, number>();
    for (const other of others) {
      const one = classes[other] as number;
      counts.set(one, (counts.get(one) ?? 0) + 1);
    }
    return [...counts].map(([one, count]) => ({ layer, isOut, class: one, count }));
  });
}
