/** Similarity of nodes, against its definitions. */

import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvalidArgumentError, NotFoundError } from "../../../lib/backend/errors.ts";
import {
  linkPrediction,
  pairSimilarity,
  type SimilarityMeasure,
  similarNodes,
  similarPairs,
} from "../../../lib/algo/community/mod.ts";
import { projectEdges } from "../../../lib/projection/mod.ts";
import { test } from "../../support/test.ts";
import { idOf, projected, type SmallGraph, smallGraphs } from "../support/random_graphs.ts";

const MEASURES: readonly SimilarityMeasure[] = [
  "jaccard",
  "overlap",
  "cosine",
  "commonNeighbors",
  "adamicAdar",
  "resourceAllocation",
  "preferentialAttachment",
];

const measures = fc.constantFrom(...MEASURES);

function neighborsOf({ size, isUndirected, edges }: SmallGraph): Set<number>[] {
  const sets = Array.from({ length: size }, () => new Set<number>());
  for (const [a, b] of edges) {
    if (a === b) continue;
    sets[a]?.add(b);
    if (isUndirected) sets[b]?.add(a);
  }
  return sets;
}

/** Common neighbors and score of two nodes. */
function scoreByDefinition(graph: SmallGraph, a: number, b: number, measure: SimilarityMeasure): [number, number] {
  const sets = neighborsOf(graph);
  const [ofA, ofB] = [sets[a] ?? new Set<number>(), sets[b] ?? new Set<number>()];
  const common = [...ofA].filter((node) => ofB.has(node));
  const sharers = common.map((node) => sets.filter((set) => set.has(node)).length);
  const [first, second] = [ofA.size, ofB.size];
  const scores: Record<SimilarityMeasure, number> = {
    jaccard: common.length / new Set([...ofA, ...ofB]).size,
    overlap: common.length / Math.min(first, second),
    cosine: common.length / Math.sqrt(first * second),
    commonNeighbors: common.length,
    adamicAdar: sharers.reduce((sum, count) => sum + 1 / Math.log(count), 0),
    resourceAllocation: sharers.reduce((sum, count) => sum + 1 / count, 0),
    preferentialAttachment: first * second,
  };
  return [common.length, common.length === 0 && measure !== "preferentialAttachment" ? 0 : scores[measure]];
}

test("similarity of pairs is what its definition says", () => {
  fc.assert(fc.property(smallGraphs({ least: 2, most: 7 }), measures, (graph, measure) => {
    const pairs: [number, number][] = [];
    for (let a = 0; a < graph.size; a++) for (let b = 0; b < graph.size; b++) if (a !== b) pairs.push([a, b]);
    const ids = pairs.map(([a, b]) => [idOf(a), idOf(b)] as const);
    const { count, from, to, scores } = pairSimilarity(projected(graph), { pairs: ids, measure });
    assertEquals(count, pairs.length);
    for (const [at, [a, b]] of pairs.entries()) {
      assertEquals([from[at], to[at]], [idOf(a), idOf(b)]);
      assertAlmostEquals(scores[at] as number, scoreByDefinition(graph, a, b, measure)[1], 1e-12);
    }
  }));
});

test("the most similar pairs and nodes are the best of all with a common neighbor", () => {
  const limits = fc.constantFrom(0, 1, 3, 1000);
  fc.assert(
    fc.property(smallGraphs({ least: 2, most: 7 }), measures, limits, fc.nat(3), (graph, measure, limit, third) => {
      const threshold = third / 3;
      const projection = projected(graph);
      const all: [number, number, number][] = [];
      for (let a = 0; a < graph.size; a++) {
        for (let b = a + 1; b < graph.size; b++) {
          if (scoreByDefinition(graph, a, b, measure)[0] === 0) continue;
          all.push([a, b, pairSimilarity(projection, { pairs: [[idOf(a), idOf(b)]], measure }).scores[0] as number]);
        }
      }
      const best = all.filter(([, , score]) => score >= threshold).sort((x, y) =>
        y[2] - x[2] || x[0] - y[0] || x[1] - y[1]
      );
      const found = similarPairs(projection, { measure, threshold, limit });
      assertEquals(found.total, best.length);
      const rows = Array.from(found.scores, (score, at) => [found.from[at], found.to[at], score]);
      assertEquals(rows, best.slice(0, limit).map(([a, b, score]) => [idOf(a), idOf(b), score]));
      const near = all.filter(([a, b]) => a === 0 || b === 0).map(([a, b, score]) => [a + b, score] as const)
        .sort((x, y) => y[1] - x[1] || x[0] - y[0]);
      const nodes = similarNodes(projection, { node: idOf(0), measure, limit });
      assertEquals(nodes, near.slice(0, limit).map(([node, score]) => ({ nodeId: idOf(node), score })));
    }),
  );
});

test("predicted links are the best pairs with a common neighbor and no edge", () => {
  const undirected = smallGraphs({ least: 2, most: 7, undirected: fc.constant(true) });
  fc.assert(fc.property(undirected, measures, (graph, measure) => {
    const sets = neighborsOf(graph);
    const found = linkPrediction(projected(graph), { measure, limit: 5 });
    const all = similarPairs(projected(graph), { measure });
    const expected = Array.from(all.scores, (score, at) => [all.from[at] as number, all.to[at] as number, score])
      .filter(([a, b]) => !sets[((a ?? 0) - 10) / 3]?.has(((b ?? 0) - 10) / 3));
    const rows = Array.from(found.scores, (score, at) => [found.from[at], found.to[at], score]);
    assertEquals(rows, expected.slice(0, 5));
    assertEquals(found.total, expected.length);
  }));
});

test("many pairs of equal score are cut by id", () => {
  const leaves = Array.from({ length: 300 }, (_, at) => at + 2);
  const star = projectEdges({ from: leaves.map(() => 1), to: leaves, undirected: true });
  const { count, total, from, to, scores } = similarPairs(star, { limit: 2000 });
  assertEquals([count, total], [2000, 300 * 299 / 2]);
  assert(scores.every((score) => score === 1));
  let at = 0;
  for (let a = 2; at < count; a++) {
    for (let b = a + 1; b <= 301 && at < count; b++, at++) assertEquals([from[at], to[at]], [a, b]);
  }
});

test("graphs without pairs have none", () => {
  for (
    const graph of [
      projectEdges({ from: [], to: [], undirected: true }),
      projectEdges({ from: [1], to: [1], undirected: true }),
    ]
  ) {
    assertEquals([similarPairs(graph).count, linkPrediction(graph).total], [0, 0]);
  }
  const loop = projectEdges({ from: [1], to: [1] });
  assertEquals(similarNodes(loop, { node: 1, measure: "adamicAdar" }), []);
  assertEquals([...pairSimilarity(loop, { pairs: [[1, 1]] }).scores], [0]);
});

test("bad parameters are refused", () => {
  const graph = projectEdges({ from: [1, 2], to: [2, 3] });
  assertThrows(() => linkPrediction(graph), InvalidArgumentError, "{ undirected: true }");
  assertThrows(() => similarNodes(graph, { node: 7 }), NotFoundError, "7");
  assertThrows(() => similarPairs(graph, { measure: "love" as "jaccard" }), InvalidArgumentError, "measure");
  assertThrows(() => similarPairs(graph, { limit: -1 }), InvalidArgumentError, "limit");
  const pairs = (value: unknown) => () => pairSimilarity(graph, { pairs: value } as never);
  assertThrows(pairs(undefined), InvalidArgumentError, "pairs");
  assertThrows(pairs(3), InvalidArgumentError, "pairs");
  assertThrows(pairs([[1]]), InvalidArgumentError, "pairs[0]");
  assertThrows(pairs([[1, 2], [1, 9]]), NotFoundError, "pairs[1][1]");
});
