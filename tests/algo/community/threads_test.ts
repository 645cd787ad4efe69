/** Algorithms that several threads share, and how runs end. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  clusteringCoefficients,
  conductance,
  kWayPartition,
  labelPropagation,
  leiden,
  linkPrediction,
  louvain,
  modularity,
  node2vecWalks,
  pairSimilarity,
  randomWalks,
  similarNodes,
  similarPairs,
  transitivity,
  triangleCount,
  triangles,
} from "../../../lib/algo/community/mod.ts";
import type { Algorithm } from "../../../lib/algo/define.ts";
import { Random } from "../../../lib/algo/random.ts";
import { projectEdges, type Projection } from "../../../lib/projection/mod.ts";
import { algorithmThreads } from "../../support/algorithm_threads.ts";
import { cancellingSignal } from "../support/cancelling_signal.ts";
import { test } from "../../support/test.ts";

/** A graph with hubs: ends are squares of random numbers. */
function hubs(nodes: number, edges: number): Projection {
  const random = new Random(5);
  const end = (): number => 1 + Math.floor(random.unit() * random.unit() * nodes);
  const from = Array.from({ length: edges }, end);
  const to = Array.from({ length: edges }, end);
  const weights = Array.from({ length: edges }, () => random.unit());
  return projectEdges({
    nodeIds: Array.from({ length: nodes }, (_, at) => at + 1),
    from,
    to,
    weights,
    undirected: true,
  });
}

/** A result without what differs between objects that are equal. */
function plain(result: unknown): unknown {
  if (typeof result !== "object" || result === null) return result;
  if (ArrayBuffer.isView(result)) return Array.from(result as Float64Array);
  if (Array.isArray(result)) return result;
  if ("handle" in result) return Object.values(result.handle as object).filter(ArrayBuffer.isView).map(plain);
  return Object.fromEntries(Object.entries(result).map(([name, value]) => [name, plain(value)]));
}

test("several threads find what one finds, bit by bit", async () => {
  await using threads = algorithmThreads(3);
  const large = hubs(6_000, 60_000);
  const small = hubs(700, 4_000);
  const same = async <P, R>(algorithm: Algorithm<P, R>, params: P, projection: Projection) => {
    const alone = plain(await threads.run<P, R>(algorithm, params, projection, 1));
    for (const workers of [2, 3]) {
      assertEquals(plain(await threads.run<P, R>(algorithm, params, projection, workers)), alone, algorithm.taskName);
    }
  };
  const { communities } = louvain(large);
  assertEquals(plain(louvain(large)), plain(await threads.run(louvain, {}, large, 3)));
  // Many leaves, and as many links as threads share.
  const [sparse, dense] = [hubs(60_000, 90_000), hubs(10_000, 280_000)];
  await same(louvain, { seed: 3 }, large);
  await same(louvain, {}, sparse);
  await same(louvain, {}, dense);
  await same(leiden, {}, large);
  await same(labelPropagation, {}, large);
  await same(modularity, { communities }, large);
  await same(conductance, { communities }, large);
  await same(triangles, {}, large);
  await same(triangleCount, {}, large);
  await same(clusteringCoefficients, {}, large);
  await same(transitivity, {}, large);
  await same(pairSimilarity, { pairs: [[1, 2], [3, 4], [5, 1]], measure: "adamicAdar" }, large);
  await same(similarPairs, { measure: "adamicAdar", limit: 1_500 }, small);
  await same(similarNodes, { node: 1 }, small);
  await same(linkPrediction, { limit: 1_500 }, small);
  await same(randomWalks, { walks: 2, length: 10 }, small);
  await same(node2vecWalks, { walks: 2, length: 10, p: 0.5 }, small);
  await same(kWayPartition, { parts: 3 }, small);
});

test("each algorithm tells how far it has come, and ends when it is cancelled", () => {
  const graph = hubs(12_000, 120_000);
  const communities = louvain(graph).communities;
  const runs: [string, (options: { signal?: AbortSignal; onProgress?: () => void }) => unknown][] = [
    ["louvain", (options) => louvain(graph, {}, options)],
    ["leiden", (options) => leiden(graph, {}, options)],
    ["labelPropagation", (options) => labelPropagation(graph, {}, options)],
    ["modularity", (options) => modularity(graph, { communities }, options)],
    ["conductance", (options) => conductance(graph, { communities }, options)],
    ["triangles", (options) => triangles(graph, {}, options)],
    ["triangleCount", (options) => triangleCount(graph, {}, options)],
    ["clusteringCoefficients", (options) => clusteringCoefficients(graph, {}, options)],
    ["similarPairs", (options) => similarPairs(graph, {}, options)],
    ["similarNodes", (options) => similarNodes(graph, { node: 1 }, options)],
    ["linkPrediction", (options) => linkPrediction(graph, {}, options)],
    ["randomWalks", (options) => randomWalks(graph, { walks: 2 }, options)],
    ["node2vecWalks", (options) => node2vecWalks(graph, { walks: 1, p: 2 }, options)],
    ["kWayPartition", (options) => kWayPartition(graph, {}, options)],
  ];
  for (const [name, run] of runs) {
    let told = 0;
    if (name !== "similarPairs" && name !== "linkPrediction") {
      run({ onProgress: () => told++ });
      assert(told > 0, name);
    }
    assertThrows(() => run({ signal: cancellingSignal() }), RangeError, "cancelled", name);
  }
});
