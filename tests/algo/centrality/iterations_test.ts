/** PageRank, eigenvector, Katz and HITS scores, against their definitions. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvalidArgumentError, NotFoundError } from "../../../lib/backend/errors.ts";
import {
  eigenvectorCentrality,
  hits,
  katzCentrality,
  pageRank,
  type PageRankParams,
} from "../../../lib/algo/centrality/mod.ts";
import { chain, kronecker, star } from "../../../lib/algo/generate/mod.ts";
import { projectEdges, projectIndexes } from "../../../lib/projection/mod.ts";
import { test } from "../../support/test.ts";
import { idOf, projected, renamed, type SmallGraph, smallGraphs } from "../support/random_graphs.ts";
import { karateClub } from "../support/known_graphs.ts";
import { assertNear, cell, heavier, matrixOf, solve } from "./oracle.ts";

const graphs = smallGraphs({ least: 1, most: 7 });

/** Ranks as the solution of their equations. */
function ranksOf(graph: SmallGraph, isWeighted: boolean, damping: number, jumps: readonly number[]): number[] {
  const { size } = graph;
  const matrix = matrixOf(graph, isWeighted);
  const sums = matrix.map((row) => row.reduce((sum, one) => sum + one, 0));
  const equations = Array.from({ length: size }, (_, to) =>
    Array.from({ length: size }, (_, from) => {
      const chance = sums[from] === 0 ? jumps[to] as number : cell(matrix, from, to) / (sums[from] as number);
      return (from === to ? 1 : 0) - damping * chance;
    }));
  return solve(equations, jumps.map((jump) => (1 - damping) * jump));
}

const EXACT: PageRankParams = { tolerance: 1e-13, maxIterations: 1000 };

test("ranks solve the equations of the random walk", () => {
  fc.assert(fc.property(graphs, fc.double({ min: 0, max: 0.95, noNaN: true }), (graph, damping) => {
    const { size } = graph;
    const everywhere = Array<number>(size).fill(1 / size);
    for (const weighted of [false, true]) {
      const found = pageRank(projected(graph), { ...EXACT, damping, weighted });
      assertNear(found.values, ranksOf(graph, weighted, damping, everywhere));
      assert(found.isConverged && found.change < 1e-13);
      const jumps: number[] = everywhere.map((_, node) => node === 0 ? 0.25 : node === size - 1 ? 0.75 : 0);
      if (size === 1) jumps[0] = 1;
      const params = { ...EXACT, damping, weighted, starts: [idOf(0), idOf(size - 1)], startWeights: [2, 6] };
      assertNear(pageRank(projected(graph), params).values, ranksOf(graph, weighted, damping, jumps));
      const { starts } = params;
      const alike = size === 1 ? jumps : jumps.map((jump) => jump === 0 ? 0 : 0.5);
      assertNear(
        pageRank(projected(graph), { ...EXACT, damping, weighted, starts }).values,
        ranksOf(graph, weighted, damping, alike),
      );
    }
  }));
});

test("ranks after some passes are those of that many passes", () => {
  const graph = projectEdges({ from: [1, 2, 3, 3], to: [2, 3, 1, 4] });
  let ranks = [1 / 4, 1 / 4, 1 / 4, 1 / 4];
  for (let passes = 0; passes < 5; passes++) {
    const found = pageRank(graph, { maxIterations: passes, tolerance: 0 });
    assertNear(found.values, ranks, 1e-15);
    assertEquals([found.iterations, found.isConverged], [passes, false]);
    const [a = 0, b = 0, c = 0, d = 0] = ranks;
    const base = 0.15 / 4 + 0.85 * d / 4;
    ranks = [base + 0.85 * c / 2, base + 0.85 * a, base + 0.85 * b, base + 0.85 * c / 2];
  }
});

test("ranks do not depend on how rows of different lengths are read", () => {
  const { nodeCount, from, to } = kronecker({ scale: 10, edgeFactor: 3 });
  const plain = projectIndexes({ nodeCount, sources: from, targets: to });
  // Weights of 1 change nothing, but let each row be read from its begin to its end.
  const heavy = projectIndexes({
    nodeCount,
    sources: from,
    targets: to,
    weights: new Float64Array(from.length).fill(1),
  });
  const lengths = new Set(Array.from({ length: nodeCount }, (_, node) => {
    return (plain.in.offsets[node + 1] as number) - (plain.in.offsets[node] as number);
  }));
  for (let length = 0; length < 8; length++) assert(lengths.has(length));
  for (const maxIterations of [1, 2, 50]) {
    const options = { maxIterations, tolerance: 0 };
    assertNear(pageRank(plain, options).values, pageRank(heavy, { ...options, weighted: true }).values, 1e-15);
  }
});

test("ranks of large graphs are as good as those of small ones", () => {
  const { nodeCount, from, to } = kronecker({ scale: 18, edgeFactor: 2 });
  const plain = projectIndexes({ nodeCount, sources: from, targets: to });
  // Weights of 1 change nothing, but let all passes carry 8 bytes.
  const weights = new Float64Array(from.length).fill(1);
  const heavy = projectIndexes({ nodeCount, sources: from, targets: to, weights });
  for (const tolerance of [1e-4, 1e-6, 1e-10]) {
    const found = pageRank(plain, { tolerance });
    const wide = pageRank(heavy, { tolerance, weighted: true });
    assertEquals(found.iterations, wide.iterations);
    // 51 for the last one when the number of walkers is not followed.
    assert(found.iterations < 12 - 2 * Math.log10(tolerance), `${found.iterations} at ${tolerance}`);
    assertNear([[...found.values].reduce((sum, one) => sum + one, 0)], [1], 1e-10);
    let difference = 0;
    for (let node = 0; node < nodeCount; node++) {
      difference += Math.abs((found.values[node] as number) - (wide.values[node] as number));
    }
    assert(difference < Math.min(tolerance, 4e-7), `${difference} at ${tolerance}`);
  }
});

test("eigenvector scores are in proportion to the sums over the edges to a node", () => {
  fc.assert(fc.property(smallGraphs({ least: 2, most: 7, undirected: fc.constant(true) }).map(heavier), (graph) => {
    for (const weighted of [false, true]) {
      const matrix = matrixOf(graph, weighted);
      const { values, isConverged } = eigenvectorCentrality(projected(graph), {
        weighted,
        tolerance: 1e-12,
        maxIterations: 100_000,
      });
      assert(isConverged);
      assertNear([[...values].reduce((sum, one) => sum + one * one, 0)], [1]);
      const sums = matrix.map((_, node) =>
        matrix.reduce((sum, row, from) => sum + (row[node] as number) * (values[from] as number), 0)
      );
      const eigenvalue = sums.reduce((sum, one, node) => sum + one * (values[node] as number), 0);
      assertNear(sums, [...values].map((value) => eigenvalue * value), 1e-4);
      // No vector of a symmetric matrix says of a larger one.
      const mean = matrix.flat().reduce((sum, one) => sum + one, 0) / graph.size;
      assert(eigenvalue >= mean - 1e-6 && values.every((value) => value >= 0));
    }
  }));
});

test("eigenvector scores of bipartite and directed graphs come to an end", () => {
  const { values, isConverged } = eigenvectorCentrality(star({ nodes: 10 }).project({ undirected: true }));
  assert(isConverged);
  // The center has half of the squares.
  assertNear(
    Array.from(values).sort((a, b) => b - a),
    [Math.SQRT1_2, ...Array<number>(9).fill(Math.SQRT1_2 / 3)],
    1e-6,
  );
  const triangle = eigenvectorCentrality(projectEdges({ from: [1, 2, 3, 3], to: [2, 3, 1, 4] }));
  assertNear(triangle.values, [0.5, 0.5, 0.5, 0.5], 1e-6);
  const path = eigenvectorCentrality(projectEdges({ from: [1, 2], to: [2, 3] }));
  assertNear(path.values, [0, 0, 1], 1e-3);
});

test("Katz scores solve their equations", () => {
  fc.assert(fc.property(graphs.map(heavier), (graph) => {
    for (const weighted of [false, true]) {
      const matrix = matrixOf(graph, weighted);
      const rows = matrix.map((row) => row.reduce((sum, one) => sum + one, 0));
      const columns = matrix.map((_, node) => matrix.reduce((sum, row) => sum + (row[node] as number), 0));
      const bound = Math.min(Math.max(...rows), Math.max(...columns));
      for (const alpha of [undefined, 0.5 / Math.max(1, bound)]) {
        const used = alpha ?? (bound === 0 ? 0.85 : 0.85 / bound);
        const equations = matrix.map((_, to) =>
          matrix.map((row, from) => (from === to ? 1 : 0) - used * (row[to] as number))
        );
        const expected = solve(equations, matrix.map(() => 1));
        const plain = katzCentrality(projected(graph), { weighted, alpha, normalized: false, tolerance: 1e-12 });
        assertNear(plain.values, expected);
        assert(plain.isConverged);
        const length = Math.hypot(...expected);
        assertNear(
          katzCentrality(projected(graph), { weighted, alpha, tolerance: 1e-12 }).values,
          expected.map((one) => one / length),
        );
      }
    }
  }));
});

test("Katz sums without end are refused, or reported when there are few passes", () => {
  const graph = projectEdges({ from: [1, 2, 3], to: [2, 3, 1], undirected: true });
  assertThrows(() => katzCentrality(graph, { alpha: 3 }), InvalidArgumentError, "grow without end");
  assertEquals(katzCentrality(graph, { alpha: 0.6, maxIterations: 20 }).isConverged, false);
});

test("hubs and authorities are in proportion to each other's sums", () => {
  fc.assert(fc.property(smallGraphs({ least: 1, most: 7 }).map(heavier), (graph) => {
    for (const weighted of [false, true]) {
      const matrix = matrixOf(graph, weighted);
      const { hubs, authorities, isConverged } = hits(projected(graph), {
        weighted,
        tolerance: 1e-12,
        maxIterations: 100_000,
      });
      // Where two eigenvalues are nearly as large as each other no number of passes is enough.
      fc.pre(isConverged);
      if (graph.edges.length === 0) {
        assert([...hubs.values, ...authorities.values].every((value) => value === 0));
        continue;
      }
      const [h, a] = [Array.from(hubs.values), Array.from(authorities.values)];
      const into = matrix.map((_, node) =>
        matrix.reduce((sum, row, from) => sum + (row[node] as number) * (h[from] as number), 0)
      );
      const out = matrix.map((row) => row.reduce((sum, one, to) => sum + one * (a[to] as number), 0));
      const share = (list: number[]) => list.map((one) => one / list.reduce((sum, other) => sum + other, 0));
      assertNear(a, share(into), 1e-6);
      assertNear(h, share(out), 1e-6);
    }
  }));
});

test("the karate club has the scores of the literature", () => {
  // networkx 3.6.1: pagerank, eigenvector_centrality, katz_centrality, hits.
  const karate = karateClub();
  const first = (scores: { top(count: number): { nodeId: number; value: number }[] }) =>
    scores.top(3).map(({ nodeId, value }) => [nodeId, Number(value.toFixed(6))]);
  assertEquals(first(pageRank(karate, { tolerance: 1e-10 })), [[34, 0.100919], [1, 0.096997], [33, 0.071693]]);
  assertEquals(first(eigenvectorCentrality(karate, { tolerance: 1e-12 })), [[34, 0.373363], [1, 0.355491], [
    3,
    0.317193,
  ]]);
  assertEquals(first(katzCentrality(karate, { alpha: 0.1 })), [[34, 0.331406], [1, 0.321325], [33, 0.275085]]);
  assertEquals(first(hits(karate, { tolerance: 1e-12 }).hubs), [[34, 0.075003], [1, 0.071413], [3, 0.063719]]);
});

test("renumbered nodes have the same scores", () => {
  fc.assert(fc.property(smallGraphs({ least: 6, most: 6 }), fc.integer(), (graph, seed) => {
    const names = [0, 1, 2, 3, 4, 5].sort((a, b) => Math.sin(seed + a) - Math.sin(seed + b));
    const other = renamed(graph, names);
    const ranks = pageRank(projected(other), EXACT).values;
    assertNear(names.map((name) => ranks[name] as number), pageRank(projected(graph), EXACT).values);
    const katz = katzCentrality(projected(other)).values;
    assertNear(names.map((name) => katz[name] as number), katzCentrality(projected(graph)).values, 1e-7);
  }));
});

test("a node without edges changes the other scores only by its share", () => {
  const edges = { from: [1, 2, 3, 3], to: [2, 3, 1, 2] };
  const before = pageRank(projectEdges(edges), EXACT);
  const after = pageRank(projectEdges({ ...edges, nodeIds: [1, 2, 3, 9] }), EXACT);
  const share = 1 - (after.get(9) as number);
  assertNear([1, 2, 3].map((id) => (after.get(id) as number) / share), before.values);
  const near = { ...EXACT, starts: [2] };
  assertEquals(pageRank(projectEdges({ ...edges, nodeIds: [1, 2, 3, 9] }), near).get(9), 0);
});

test("scores of graphs without nodes, or with one, are there", () => {
  const nothing = projectEdges({ from: [], to: [] });
  const one = projectEdges({ from: [], to: [], nodeIds: [5] });
  for (const algorithm of [pageRank, eigenvectorCentrality, katzCentrality]) {
    assertEquals([...algorithm(nothing)], []);
    assertEquals(algorithm(nothing).isConverged, true);
    assertEquals([...algorithm(one)], [{ nodeId: 5, value: 1 }]);
    assertEquals(algorithm(one).get(6), undefined);
  }
  assertEquals([...hits(nothing).hubs], []);
  assertEquals(pageRank(chain({ nodes: 3 }).project()).bottom(1)[0]?.nodeId, 1);
});

test("bad parameters are refused", () => {
  const graph = projectEdges({ from: [1, 2], to: [2, 3], weights: [1, -1] });
  const bad: [object, string][] = [
    [{ damping: 1 }, "damping is 1"],
    [{ damping: -0.1 }, "damping"],
    [{ tolerance: -1 }, "tolerance"],
    [{ maxIterations: 1.5 }, "maxIterations"],
    [{ weighted: true }, "must not be negative"],
    [{ starts: [] }, "is empty"],
    [{ startWeights: [1] }, "needs `starts`"],
    [{ starts: [1, 2], startWeights: [1] }, "as long as"],
    [{ starts: [1, 2], startWeights: [1, NaN] }, "contains NaN"],
    [{ starts: [1, 2], startWeights: [0, 0] }, "the sum 0"],
  ];
  for (const [params, message] of bad) assertThrows(() => pageRank(graph, params), InvalidArgumentError, message);
  assertThrows(() => pageRank(graph, { starts: [7] }), NotFoundError, "no node 7");
  for (const algorithm of [eigenvectorCentrality, katzCentrality, hits]) {
    assertThrows(() => algorithm(graph, { weighted: true }), InvalidArgumentError, "must not be negative");
    assertThrows(
      () => algorithm(projectEdges({ from: [1], to: [2] }), { weighted: true }),
      InvalidArgumentError,
      "has no weights",
    );
  }
  assertThrows(() => katzCentrality(graph, { alpha: 0 }), InvalidArgumentError, "alpha");
});
