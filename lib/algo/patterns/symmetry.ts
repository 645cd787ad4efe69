/** Symmetries of patterns: which places can be exchanged. */

import { projectIndexes } from "../../projection/mod.ts";
import type { OrderedPair } from "./match_plan.ts";
import { MatchSearch } from "./match_search.ts";
import type { LayeredGraph, PatternShape } from "./pattern_shape.ts";

/**
 * Pairs of places whose matches are to be ordered so that of all matches that differ by a symmetry of the pattern only one is
 * left. Grochow, Kellis, Network motif discovery using subgraph enumeration and symmetry-breaking, 2007.
 *
 * @param isUndirected for each layer, whether its edges can be followed both ways
 * @param onWork as of `MatchSearch`
 */
export function symmetryPairs(
  shape: PatternShape,
  isUndirected: readonly boolean[],
  onWork: (units: number) => void,
): OrderedPair[] {
  const pattern = graphOf(shape, isUndirected);
  const pairs: OrderedPair[] = [];
  // Places before the first one stay where they are.
  for (let first = 0; first < shape.size; first++) {
    for (let other = first + 1; other < shape.size; other++) {
      if (shape.classes[first] !== shape.classes[other]) continue;
      if (canMove(shape, pattern, first, other, onWork)) pairs.push([first, other]);
    }
  }
  return pairs;
}

/** Whether a symmetry that leaves all places before the first one takes it to the other one. */
function canMove(
  { size, classes, edges }: PatternShape,
  pattern: LayeredGraph,
  first: number,
  other: number,
  onWork: (units: number) => void,
): boolean {
  // Each place is a class of its own, whose candidates are the places of the same condition; those that stay have one.
  const candidates = classes.map((one, place) => {
    const bits = new Int32Array(Math.ceil(size / 32));
    for (let target = 0; target < size; target++) {
      const isCandidate = place < first
        ? target === place
        : place === first
        ? target === other
        : classes[target] === one;
      if (isCandidate) bits[target >>> 5] = (bits[target >>> 5] as number) | 1 << (target & 31);
    }
    return bits;
  });
  const shape = { size, classes: classes.map((_, place) => place), edges, limits: [] };
  return new MatchSearch(shape, { ...pattern, candidates }, [], onWork).next();
}

/** The pattern as a graph. As it has as many edges as itself, a match that keeps all of them is a symmetry. */
function graphOf({ size, edges }: PatternShape, isUndirected: readonly boolean[]): LayeredGraph {
  const layers = isUndirected.map((undirected, layer) => {
    const own = edges.filter((edge) => edge.layer === layer);
    return projectIndexes({
      nodeCount: size,
      sources: Uint32Array.from(own, ({ from }) => from),
      targets: Uint32Array.from(own, ({ to }) => to),
      undirected,
    });
  });
  const all = projectIndexes({ nodeCount: size, sources: new Uint32Array(0), targets: new Uint32Array(0) });
  return { nodeCount: size, nodeIds: all.nodeIds, layers, all, candidates: [] };
}
