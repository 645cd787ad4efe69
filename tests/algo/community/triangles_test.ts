/** Triangles and clustering, against their definitions. */

import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvalidArgumentError } from "../../../lib/backend/errors.ts";
import { clusteringCoefficients, transitivity, triangleCount, triangles } from "../../../lib/algo/community/mod.ts";
import { projectEdges } from "../../../lib/projection/mod.ts";
import { test } from "../../support/test.ts";
import { idOf, projected, renamed, type SmallGraph, smallGraphs } from "../support/random_graphs.ts";
import { karateClub } from "../support/known_graphs.ts";

const undirected = smallGraphs({ least: 1, most: 9, undirected: fc.constant(true) });

/** Neighbors of each node, each once. */
function neighborsOf({ size, edges }: SmallGraph): Set<number>[] {
  const sets = Array.from({ length: size }, () => new Set<number>());
  for (const [a, b] of edges) {
    if (a === b) continue;
    sets[a]?.add(b);
    sets[b]?.add(a);
  }
  return sets;
}

/** Linked pairs of neighbors of each node. */
function linkedPairs(graph: SmallGraph): number[] {
  const sets = neighborsOf(graph);
  return sets.map((set) => [...set].flatMap((a) => [...set].filter((b) => a < b && sets[a]?.has(b))).length);
}

test("triangles are linked pairs of neighbors", () => {
  fc.assert(fc.property(undirected, (graph) => {
    const pairs = linkedPairs(graph);
    const { total, counts } = triangles(projected(graph));
    assertEquals([...counts.values], pairs);
    assertEquals(total, pairs.reduce((sum, count) => sum + count, 0) / 3);
    assertEquals(triangleCount(projected(graph)), total);
  }));
});

test("coefficients and transitivity are what their definitions say", () => {
  fc.assert(fc.property(undirected, (graph) => {
    const pairs = linkedPairs(graph);
    const possible = neighborsOf(graph).map(({ size }) => size * (size - 1) / 2);
    const expected = pairs.map((count, node) => count === 0 ? 0 : count / (possible[node] as number));
    const { coefficients, average } = clusteringCoefficients(projected(graph));
    assertEquals([...coefficients.values], expected);
    assertAlmostEquals(average, expected.reduce((sum, one) => sum + one, 0) / graph.size, 1e-12);
    const all = possible.reduce((sum, one) => sum + one, 0);
    assertAlmostEquals(
      transitivity(projected(graph)),
      all === 0 ? 0 : pairs.reduce((sum, one) => sum + one, 0) / all,
      1e-12,
    );
  }));
});

test("other names for nodes change the names in the result only, a node more adds one without triangles", () => {
  fc.assert(fc.property(undirected, fc.nat(), (graph, turn) => {
    const names = Array.from({ length: graph.size }, (_, node) => (node + turn) % graph.size);
    const before = triangles(projected(graph)).counts;
    const after = triangles(projected(renamed(graph, names))).counts;
    for (const [node, name] of names.entries()) assertEquals(after.get(idOf(name)), before.get(idOf(node)));
    const larger = triangles(projected({ ...graph, size: graph.size + 1 })).counts;
    assertEquals([...larger.values], [...before.values, 0]);
  }));
});

test("the karate club has 45 triangles", () => {
  // networkx 3.6.1: triangles, average_clustering, transitivity.
  const { total, counts } = triangles(karateClub());
  assertEquals(total, 45);
  assertEquals([counts.get(1), counts.get(34), counts.get(12)], [18, 15, 0]);
  assertAlmostEquals(clusteringCoefficients(karateClub()).average, 0.5706384782076823, 1e-12);
  assertAlmostEquals(transitivity(karateClub()), 0.2556818181818182, 1e-12);
});

test("a graph without nodes has no triangles, a directed one is refused", () => {
  const nothing = projectEdges({ from: [], to: [], undirected: true });
  assertEquals(triangles(nothing).total, 0);
  assertEquals(triangleCount(nothing), 0);
  assertEquals(clusteringCoefficients(nothing).average, 0);
  assertEquals(transitivity(nothing), 0);
  const directed = projectEdges({ from: [1], to: [2] });
  for (const algorithm of [triangles, triangleCount, clusteringCoefficients, transitivity]) {
    assertThrows(() => algorithm(directed), InvalidArgumentError, "{ undirected: true }");
    assertThrows(() => algorithm(nothing, { k: 1 } as never), InvalidArgumentError, "k");
  }
});
