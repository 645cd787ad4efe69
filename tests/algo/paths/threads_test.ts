/** Searches that several threads share, and how runs end. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import {
  allShortestPaths,
  bellmanFord,
  bfs,
  bfsDistances,
  deltaStepping,
  dfs,
  dijkstra,
  floydWarshall,
  johnson,
  kShortestPaths,
  reachableFrom,
  shortestPath,
  shortestPathTree,
  widestPaths,
} from "../../../lib/algo/paths/mod.ts";
import { projectEdges, type Projection } from "../../../lib/projection/mod.ts";
import { Random } from "../../../lib/algo/random.ts";
import { algorithmThreads } from "../../support/algorithm_threads.ts";
import { cancellingSignal } from "../support/cancelling_signal.ts";
import { test } from "../../support/test.ts";

/** A graph with hubs: ends are squares of random numbers. */
function hubs(nodes: number, edges: number, undirected: boolean): Projection {
  const random = new Random(5);
  const end = (): number => 1 + Math.floor(random.unit() * random.unit() * nodes);
  const from = Array.from({ length: edges }, end);
  const to = Array.from({ length: edges }, end);
  const weights = Array.from({ length: edges }, () => random.unit());
  const nodeIds = Array.from({ length: nodes }, (_, at) => at + 1);
  return projectEdges({ nodeIds, from, to, weights, undirected });
}

test("several threads find what one finds, bit by bit, and what a plain search finds", async () => {
  await using threads = algorithmThreads(3);
  for (const projection of [hubs(20_000, 200_000, true), hubs(20_000, 200_000, false)]) {
    const tree = bfs(projection, { start: 7 });
    const plain = dijkstra(projection, { start: 7 });
    for (const workers of [1, 2, 3]) {
      const hops = await threads.run(bfsDistances, { start: 7 }, projection, workers);
      assertEquals(Buffer.compare(bytes(hops.values), bytes(tree.handle.depths)), 0);
      const distances = await threads.run(deltaStepping, { start: 7 }, projection, workers);
      assertEquals(Buffer.compare(bytes(distances.values), bytes(plain.costs)), 0);
      const light = await threads.run(shortestPathTree, { start: 7 }, projection, workers);
      assertEquals(Buffer.compare(bytes(light.costs), bytes(plain.costs)), 0);
      assertEquals(light.pathTo(19_999)?.cost, plain.costTo(19_999));
      assertEquals((await threads.run(reachableFrom, { start: 7 }, projection, workers)).size, tree.size);
      assertEquals((await threads.run(dfs, { start: 7 }, projection, workers)).size, tree.size);
      const near = await threads.run(bfsDistances, { start: 7, maxDepth: 2 }, projection, workers);
      assertEquals([...near].length, tree.levels().slice(0, 3).flat().length);
    }
  }
  const small = hubs(200, 900, false);
  const pairs = floydWarshall(small);
  const one = await threads.run(johnson, {}, small, 1);
  assertEquals([...(await threads.run(johnson, {}, small, 3)).costs], [...one.costs]);
  for (let at = 0; at < one.costs.length; at++) {
    const [a, b] = [one.costs[at] as number, pairs.costs[at] as number];
    assert(a === b || Math.abs(a - b) < 1e-9, `${a} is not ${b}`);
  }
});

function bytes(numbers: ArrayBufferView): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength).slice();
}

test("each search tells how far it has come, and ends when it is cancelled", () => {
  const large = hubs(30_000, 200_000, true);
  const small = hubs(300, 3_000, true);
  const runs: [string, (options: { signal?: AbortSignal; onProgress?: () => void }) => unknown][] = [
    ["bfs", (options) => bfs(large, { start: 7 }, options)],
    ["bfsDistances", (options) => bfsDistances(large, { start: 7 }, options)],
    ["dfs", (options) => dfs(large, { start: 7 }, options)],
    ["deltaStepping", (options) => deltaStepping(large, { start: 7 }, options)],
    ["shortestPathTree", (options) => shortestPathTree(large, { start: 7 }, options)],
    ["dijkstra", (options) => dijkstra(large, { start: 7 }, options)],
    ["bellmanFord", (options) => bellmanFord(large, { start: 7 }, options)],
    ["widestPaths", (options) => widestPaths(large, { start: 7 }, options)],
    ["shortestPath", (options) => shortestPath(large, { from: 7, to: 29_000 }, options)],
    ["allShortestPaths", (options) => allShortestPaths(large, { from: 7, to: 29_000 }, options)],
    ["kShortestPaths", (options) => kShortestPaths(small, { from: 7, to: 290, k: 20 }, options)],
    ["floydWarshall", (options) => floydWarshall(small, {}, options)],
    ["johnson", (options) => johnson(small, {}, options)],
  ];
  for (const [name, run] of runs) {
    let told = 0;
    run({ onProgress: () => told++ });
    assert(told > 0, name);
    assertThrows(() => run({ signal: cancellingSignal() }), RangeError, "cancelled", name);
  }
});
