/** Comparisons of two graphs by their form, against trying every relation of their nodes. */

import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvalidArgumentError } from "../../../lib/backend/errors.ts";
import { chain, complete, cycle, star } from "../../../lib/algo/generate/mod.ts";
import {
  findIsomorphism,
  graphEditDistance,
  maxCommonSubgraph,
  structuralSimilarity,
} from "../../../lib/algo/patterns/mod.ts";
import { projectEdges, type Projection } from "../../../lib/projection/mod.ts";
import { karateClub } from "../support/known_graphs.ts";
import { test } from "../../support/test.ts";
import { idOf, nodeOf, projected, renamed, type SmallGraph, smallGraphs } from "../support/random_graphs.ts";

/** Number of links from each node to each node. */
function matrix({ size, edges, isUndirected }: SmallGraph): number[][] {
  const counts = Array.from({ length: size }, () => new Array<number>(size).fill(0));
  for (const [from, to] of edges) {
    (counts[from] as number[])[to] = (counts[from]?.[to] ?? 0) + 1;
    if (isUndirected && from !== to) (counts[to] as number[])[from] = (counts[to]?.[from] ?? 0) + 1;
  }
  return counts;
}

/** All one-to-one relations from the first nodes to different ones of `size`; -1: none, where that is allowed. */
function* relations(
  length: number,
  size: number,
  mayMiss: boolean,
  before: readonly number[] = [],
): IterableIterator<number[]> {
  if (before.length === length) return yield [...before];
  for (let one = mayMiss ? -1 : 0; one < size; one++) {
    if (one < 0 || !before.includes(one)) yield* relations(length, size, mayMiss, [...before, one]);
  }
}

function keeps(one: number[][], other: number[][], images: readonly number[]): boolean {
  return images.every((a, from) => a < 0 || images.every((b, to) => b < 0 || one[from]?.[to] === other[a]?.[b]));
}

function largestCommon(one: SmallGraph, other: SmallGraph): number {
  const [first, second] = [matrix(one), matrix(other)];
  let best = 0;
  for (const images of relations(one.size, other.size, true)) {
    const size = images.filter((image) => image >= 0).length;
    if (size > best && keeps(first, second, images)) best = size;
  }
  return best;
}

/** The cost of every relation, by the definition: nodes without partner, and edges that have none. */
function fewestChanges(one: SmallGraph, other: SmallGraph): number {
  const [first, second] = [matrix(one), matrix(other)];
  let best = Infinity;
  for (const images of relations(one.size, other.size, true)) {
    const kept = images.filter((image) => image >= 0).length;
    let same = 0;
    for (let from = 0; from < one.size; from++) {
      for (let to = one.isUndirected ? from : 0; to < one.size; to++) {
        const [a, b] = [images[from] ?? -1, images[to] ?? -1];
        if (a >= 0 && b >= 0) same += Math.min(first[from]?.[to] ?? 0, second[a]?.[b] ?? 0);
      }
    }
    best = Math.min(best, one.size + other.size - 2 * kept + one.edges.length + other.edges.length - 2 * same);
  }
  return best;
}

/** Two graphs of one kind, small enough to try everything. */
const pairs = fc.boolean().chain((undirected) =>
  fc.tuple(
    smallGraphs({ least: 1, most: 4, undirected: fc.constant(undirected) }),
    smallGraphs({ least: 1, most: 4, undirected: fc.constant(undirected) }),
  )
);

test("graphs are isomorphic when some relation keeps all links", () => {
  fc.assert(fc.property(pairs, ([one, other]) => {
    const [first, second] = [matrix(one), matrix(other)];
    const isSame = one.size === other.size &&
      [...relations(one.size, other.size, false)].some((images) => keeps(first, second, images));
    assertEquals(findIsomorphism(projected(one), { other: projected(other) }).isIsomorphic, isSame);
  }));
});

test("a renamed graph is isomorphic, and the images keep its links", () => {
  fc.assert(fc.property(smallGraphs({ least: 7, most: 7 }), (graph) => {
    const other = renamed(graph, [4, 2, 6, 0, 5, 1, 3]);
    const { isIsomorphic, images } = findIsomorphism(projected(graph), { other: projected(other) });
    assertEquals(isIsomorphic, true);
    assert(keeps(matrix(graph), matrix(other), [...images ?? []].map(nodeOf)));
    const { similarity } = structuralSimilarity(projected(graph), { other: projected(other) });
    assertAlmostEquals(similarity, 1, 1e-12);
  }));
});

/** The graph of all triples of numbers below `size` that a Latin square has: strongly regular. */
function regular(size: number, square: (row: number, column: number) => number): Projection {
  const [from, to]: [number[], number[]] = [[], []];
  const cells = Array.from({ length: size * size }, (_, at) => [Math.floor(at / size), at % size] as const);
  cells.forEach(([row, column], at) =>
    cells.forEach(([otherRow, otherColumn], other) => {
      if (other <= at) return;
      const isLinked = row === otherRow || column === otherColumn ||
        square(row, column) === square(otherRow, otherColumn);
      if (isLinked) {
        from.push(at + 1);
        to.push(other + 1);
      }
    })
  );
  return projectEdges({ from, to, undirected: true });
}

test("graphs that color refinement cannot tell apart are told apart", () => {
  const hexagon = cycle({ nodes: 6 }).project({ undirected: true });
  const triangles = projectEdges({ from: [1, 2, 3, 4, 5, 6], to: [2, 3, 1, 5, 6, 4], undirected: true });
  assertEquals(findIsomorphism(hexagon, { other: triangles }).isIsomorphic, false);
  assertAlmostEquals(structuralSimilarity(hexagon, { other: triangles }).similarity, 1, 1e-12);
  assertEquals(structuralSimilarity(hexagon, { other: triangles }).isIsomorphic, false);
  // Shrikhande 1959: the graphs of the two groups with four elements have the same parameters, and are different.
  const cyclic = regular(4, (row, column) => (row + column) % 4);
  const klein = regular(4, (row, column) => row ^ column);
  assertEquals(findIsomorphism(cyclic, { other: klein }).isIsomorphic, false);
  assertEquals(findIsomorphism(klein, { other: klein }).isIsomorphic, true);
});

test("graphs with many symmetries are quick: no edges, all edges, stars, chains", () => {
  const shapes = [
    projectEdges({ from: [], to: [], nodeIds: Array.from({ length: 3000 }, (_, at) => at + 1), undirected: true }),
    complete({ nodes: 200 }).project({ undirected: true }),
    star({ nodes: 3000 }).project({ undirected: true }),
    chain({ nodes: 1000 }).project({ undirected: true }),
    karateClub(),
  ];
  for (const shape of shapes) assertEquals(findIsomorphism(shape, { other: shape }).isIsomorphic, true);
  const many = projectEdges({
    from: Array.from({ length: 20 }, (_, at) => 2 * at + 1),
    to: Array.from({ length: 20 }, (_, at) => 2 * at + 2),
    undirected: true,
  });
  const crossed = projectEdges({
    from: Array.from({ length: 20 }, (_, at) => at + 1),
    to: Array.from({ length: 20 }, (_, at) => at + 21),
    undirected: true,
  });
  assertEquals(findIsomorphism(many, { other: crossed }).isIsomorphic, true);
});

test("a search that gave up says that it does not know", () => {
  const graph = cycle({ nodes: 100 }).project({ undirected: true });
  assertEquals(findIsomorphism(graph, { other: graph, maxSteps: 10 }), { isIsomorphic: undefined, images: undefined });
});

test("the largest common subgraph is the largest of all that there are", () => {
  fc.assert(fc.property(pairs, ([one, other]) => {
    const found = maxCommonSubgraph(projected(one), { other: projected(other) });
    assertEquals([found.size, found.isExact], [largestCommon(one, other), true]);
    assertEquals(found.similarity, found.size / Math.max(one.size, other.size));
    const images = Array.from({ length: one.size }, (_, node) => {
      const at = found.nodeIds.indexOf(idOf(node));
      return at < 0 ? -1 : nodeOf(found.images[at] as number);
    });
    assert(keeps(matrix(one), matrix(other), images));
    assertEquals(found.nodeIds, found.nodeIds.toSorted((a, b) => a - b));
  }));
});

test("common subgraphs of known graphs", () => {
  const ring = (nodes: number) => cycle({ nodes }).project({ undirected: true });
  // All but one node of the smaller ring is a path of the larger one.
  assertEquals(maxCommonSubgraph(ring(8), { other: ring(10) }).size, 7);
  assertEquals(maxCommonSubgraph(complete({ nodes: 6 }).project({ undirected: true }), { other: ring(9) }).size, 2);
  const cut = maxCommonSubgraph(karateClub(), { other: karateClub(), maxSteps: 50 });
  assertEquals(cut.isExact, false);
  assert(cut.size > 10);
});

test("the edit distance is the fewest changes of all", () => {
  fc.assert(fc.property(pairs, ([one, other]) => {
    const distance = fewestChanges(one, other);
    const found = graphEditDistance(projected(one), { other: projected(other) });
    assertEquals(found, { distance, lowerBound: distance, isExact: true });
    assertEquals(graphEditDistance(projected(other), { other: projected(one) }).distance, distance);
  }));
});

test("an edit distance that was cut off lies between its bounds", () => {
  const one = cycle({ nodes: 7 }).project({ undirected: true });
  const other = complete({ nodes: 8 }).project({ undirected: true });
  // A node and 28 - 7 edges.
  assertEquals(graphEditDistance(one, { other }).distance, 22);
  const ring = cycle({ nodes: 12 }).project({ undirected: true });
  const cut = graphEditDistance(ring, { other: karateClub(), maxSteps: 100 });
  assertEquals(cut.isExact, false);
  // 22 nodes and 66 edges at least.
  assertEquals(cut.lowerBound, 88);
  assert(cut.distance >= 88 && cut.distance <= 22 + 66 + 2 * 12);
});

test("the kernel is that of Weisfeiler and Leman", () => {
  // Worked out by hand: colors of a path of three nodes and of a triangle after each round.
  const path = chain({ nodes: 3 }).project({ undirected: true });
  const triangle = cycle({ nodes: 3 }).project({ undirected: true });
  // Round 0: 9 pairs. Round 1: the middle of the path looks like the nodes of the triangle: 3 pairs. Round 2: none.
  const { similarity } = structuralSimilarity(path, { other: triangle, rounds: 2 });
  assertAlmostEquals(similarity, 12 / Math.sqrt((9 + 5 + 5) * 27), 1e-12);
  assertEquals(structuralSimilarity(path, { other: triangle, rounds: 0 }).similarity, 1);
  // A node with an edge to itself does not look like one with an edge to its like, nor a source like a sink.
  const loops = projectEdges({ from: [1, 2], to: [1, 2] });
  const turn = projectEdges({ from: [1, 2], to: [2, 1] });
  assertAlmostEquals(structuralSimilarity(loops, { other: turn, rounds: 1 }).similarity, 4 / 8, 1e-12);
  const out = projectEdges({ from: [1, 1], to: [2, 3] });
  const into = projectEdges({ from: [2, 3], to: [1, 1] });
  assertAlmostEquals(structuralSimilarity(out, { other: into, rounds: 1 }).similarity, 9 / 14, 1e-12);
  const nothing = projectEdges({ from: [], to: [], undirected: true });
  assertEquals(structuralSimilarity(nothing, { other: nothing }).similarity, 1);
  assertEquals(structuralSimilarity(nothing, { other: path }).similarity, 0);
});

test("a similarity brings exact comparisons of small graphs, and none of larger ones", () => {
  const path = chain({ nodes: 3 }).project();
  const other = chain({ nodes: 4 }).project();
  const { isIsomorphic, commonSubgraph, editDistance } = structuralSimilarity(path, { other });
  assertEquals([isIsomorphic, commonSubgraph?.size, editDistance?.distance], [false, 3, 2]);
  const large = structuralSimilarity(path, { other, exactNodes: 3 });
  assertEquals([large.commonSubgraph, large.editDistance], [undefined, undefined]);
});

test("an isolated node changes distances by one", () => {
  fc.assert(fc.property(smallGraphs({ least: 1, most: 5 }), (graph) => {
    const more = projected({ ...graph, size: graph.size + 1 });
    assertEquals(graphEditDistance(projected(graph), { other: more }).distance, 1);
    assertEquals(maxCommonSubgraph(projected(graph), { other: more }).size, graph.size);
    assertEquals(findIsomorphism(projected(graph), { other: more }).isIsomorphic, false);
  }));
});

test("handles stand for projections; what is neither, and graphs of another kind, are refused", () => {
  const path = chain({ nodes: 3 }).project();
  assertEquals(findIsomorphism(path, { other: path.handle }).isIsomorphic, true);
  const undirected = chain({ nodes: 3 }).project({ undirected: true });
  for (const compare of [findIsomorphism, graphEditDistance, maxCommonSubgraph, structuralSimilarity]) {
    assertThrows(() => compare(path, { other: undirected }), InvalidArgumentError, "project both alike");
    assertThrows(() => compare(path, { other: 5 }), InvalidArgumentError, "other is 5");
    assertThrows(() => compare(path, { other: {} }), InvalidArgumentError, "handle");
    assertThrows(() => compare(path, { other: path, maxSteps: -1 }), InvalidArgumentError, "maxSteps");
  }
  const large = chain({ nodes: 300 }).project();
  assertThrows(() => graphEditDistance(large, { other: path }), InvalidArgumentError, "256");
  assertThrows(() => maxCommonSubgraph(path, { other: large }), InvalidArgumentError, "256");
});
