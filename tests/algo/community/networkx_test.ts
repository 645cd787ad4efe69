/** Answers of networkx for a generated graph; see `tests/fixtures/algo/README.md`. */

import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import {
  clusteringCoefficients,
  conductance,
  leiden,
  linkPrediction,
  louvain,
  modularity,
  pairSimilarity,
  transitivity,
  triangleCount,
  triangles,
} from "../../../lib/algo/community/mod.ts";
import { kronecker } from "../../../lib/algo/generate/mod.ts";
import { test } from "../../support/test.ts";

interface Expected {
  readonly triangles: number;
  readonly trianglesSquared: number;
  readonly averageClustering: number;
  readonly transitivity: number;
  readonly modularity: number;
  readonly modularityOfResolution2: number;
  readonly directedModularity: number;
  readonly conductance: readonly number[];
  readonly pairs: readonly (readonly [number, number])[];
  readonly bestPredictions: readonly (readonly [number, number, number])[];
  readonly louvain: number;
}

const MEASURES = ["jaccard", "adamicAdar", "resourceAllocation", "preferentialAttachment"] as const;

const FILE = new URL("../../fixtures/algo/community_kronecker.json", import.meta.url);
const expected = JSON.parse(readFileSync(FILE, "utf8")) as Expected & Record<typeof MEASURES[number], number[]>;
const graph = kronecker({ scale: 9, edgeFactor: 6, seed: 7 }).withWeights();
const weighted = graph.project({ undirected: true });
const simple = graph.project({ undirected: true, simple: true });
const remainders = Array.from(
  { length: 7 },
  (_, rest) => Array.from({ length: 512 }, (_, at) => at + 1).filter((id) => id % 7 === rest),
);

test("triangles and clustering of a generated graph are those of networkx", () => {
  const { total, counts } = triangles(weighted);
  assertEquals([total, triangleCount(simple)], [expected.triangles, expected.triangles]);
  assertEquals(Array.from(counts.values).reduce((sum, one) => sum + one * one, 0), expected.trianglesSquared);
  assertAlmostEquals(clusteringCoefficients(weighted).average, expected.averageClustering, 1e-12);
  assertAlmostEquals(transitivity(weighted), expected.transitivity, 1e-12);
});

test("modularity and conductance of a generated graph are those of networkx", () => {
  const communities = remainders;
  assertAlmostEquals(modularity(weighted, { communities }), expected.modularity, 1e-12);
  assertAlmostEquals(modularity(weighted, { communities, resolution: 2 }), expected.modularityOfResolution2, 1e-12);
  assertAlmostEquals(modularity(graph.project(), { communities }), expected.directedModularity, 1e-12);
  const found = conductance(weighted, { communities });
  for (const [rest, ids] of remainders.entries()) {
    const group = found.communities.groupOf(ids[0] as number) as number;
    assertAlmostEquals(found.values[group] as number, expected.conductance[rest] as number, 1e-12);
  }
});

test("similarity of nodes of a generated graph is that of networkx", () => {
  for (const measure of MEASURES) {
    const { scores } = pairSimilarity(weighted, { pairs: expected.pairs, measure });
    for (const [at, score] of scores.entries()) assertAlmostEquals(score, expected[measure][at] as number, 1e-12);
  }
  const found = linkPrediction(weighted, { limit: 50 });
  for (const [at, [from, to, score]] of expected.bestPredictions.entries()) {
    assertEquals([found.from[at], found.to[at]], [from, to]);
    assertAlmostEquals(found.scores[at] as number, score, 1e-12);
  }
});

test("communities of a generated graph are about as good as the best of ten runs of networkx", () => {
  assert(louvain(weighted).modularity > 0.97 * expected.louvain);
  assert(leiden(weighted).modularity > 0.99 * expected.louvain);
});
