/** Algorithms against graphology, on WordNet. */

import { createRequire } from "node:module";
import { louvain, triangleCount } from "../lib/algo/community/mod.ts";
import { pageRank } from "../lib/algo/centrality/mod.ts";
import { bfs, type PathTree, shortestPathTree } from "../lib/algo/paths/mod.ts";
import { kCore, strongComponents, weakComponents } from "../lib/algo/structure/mod.ts";
import { projectIndexes, type Projection } from "../lib/projection/mod.ts";
import { busiestNode } from "./algo_kronecker.ts";
import { type Harness, median } from "./harness.ts";
import { randomNumbers } from "./v3_random.ts";
import type { SuiteOptions } from "./v3_suite_options.ts";
import { readWordNet } from "./v3_wordnet.ts";

const ITERATIONS = 20;
const MAX_WEIGHT = 255;
/** Calls before the clock runs: code that is compiled meanwhile. */
const WARM_UPS = 20;
const CALLS = 21;
/** Each takes up to two seconds. */
const REFERENCE_CALLS = 3;

/** What of graphology is called here. Its own types say that modules have a `default`, which they do not have. */
interface Peer {
  addNode(node: number): string;
  addEdge(from: number, to: number, attributes: { weight: number }): string;
}
type Mapping = Readonly<Record<string, number>>;

const require = createRequire(import.meta.url);
const { DirectedGraph, UndirectedGraph } = require("graphology") as Record<string, new () => Peer>;
const { bfsFromNode } = require("graphology-traversal") as {
  bfsFromNode(graph: Peer, node: string, visit: (node: string, attributes: object, depth: number) => void): void;
};
const { connectedComponents, stronglyConnectedComponents } = require("graphology-components") as Record<
  string,
  (graph: Peer) => string[][]
>;
const { singleSource } = require("graphology-shortest-path/dijkstra") as {
  singleSource(graph: Peer, node: string, weight: string): Readonly<Record<string, string[]>>;
};
const peerPageRank = require("graphology-metrics/centrality/pagerank") as (graph: Peer, options: object) => Mapping;
const simmelianStrength = require("graphology-metrics/edge/simmelian-strength") as (graph: Peer) => Mapping;
const { coreNumber } = require("graphology-cores") as { coreNumber(graph: Peer): Mapping };
const peerLouvain = require("graphology-communities-louvain") as {
  detailed(graph: Peer, options: object): { modularity: number };
};

/** The eight that graphology has as well, each on a graph that is built before. Both must find the same. */
export function measureGraphology(bench: Harness, options: SuiteOptions): void {
  const [directed, undirected] = [wordNet(options, false), wordNet(options, true)];
  const [directedPeer, undirectedPeer] = [peerOf(directed), peerOf(undirected)];
  const start = busiestNode(directed);
  const compare = <T>(
    name: string,
    measured: () => T,
    reference: () => T,
    areAlike?: (a: T, b: T) => boolean,
  ) => {
    const [ours, theirs] = [measured(), unlessTooDeep(reference)];
    if (theirs !== undefined && !(areAlike ?? Object.is)(ours, theirs)) {
      throw new Error(`${name}: ${ours} here, ${theirs} there`);
    }
    timesOf(measured, WARM_UPS);
    const value = median(timesOf(measured, CALLS));
    if (theirs === undefined) {
      bench.value({ name: `${name}, for which graphology recurses too deep`, unit: "ms", value });
    } else {
      const times = median(timesOf(reference, REFERENCE_CALLS));
      bench.value({ name: `${name}, against graphology`, unit: "ms", value, reference: times, atMost: 0.05 });
    }
  };
  compare("BFS", () => bfs(directed, { start }).size, () => {
    let visited = 0;
    bfsFromNode(directedPeer, String(start), () => void visited++);
    return visited;
  });
  compare(
    `PageRank, ${ITERATIONS} iterations`,
    () => pageRank(directed, { maxIterations: ITERATIONS, tolerance: 0 }).iterations,
    () => pageRankOfPeer(directedPeer),
  );
  compare(
    "weak components",
    () => weakComponents(undirected).count,
    () => connectedComponents?.(undirectedPeer).length ?? 0,
  );
  compare(
    "strong components",
    () => strongComponents(directed).count,
    () => stronglyConnectedComponents?.(directedPeer).length ?? 0,
  );
  compare(
    "SSSP, with paths",
    () => reached(shortestPathTree(directed, { start })),
    () => Object.keys(singleSource(directedPeer, String(start), "weight")).length,
  );
  compare("triangles", () => triangleCount(undirected), () => {
    let sum = 0;
    for (const strength of Object.values(simmelianStrength(undirectedPeer))) sum += strength;
    return sum / 3;
  });
  compare(
    "k-core",
    () => kCore(undirected).top(1)[0]?.value ?? 0,
    () => Object.values(coreNumber(undirectedPeer)).reduce((most, core) => Math.max(most, core), 0),
  );
  compare(
    "Louvain",
    () => louvain(undirected).modularity,
    () => peerLouvain.detailed(undirectedPeer, { getEdgeWeight: null, rng: randomNumber() }).modularity,
    // Both are heuristics.
    (ours, theirs) => Math.abs(ours - theirs) < 0.02,
  );
}

function timesOf(run: () => unknown, calls: number): number[] {
  return Array.from({ length: calls }, () => {
    const start = performance.now();
    run();
    return performance.now() - start;
  });
}

/** Undefined when the stack overflows: strong components there are recursive. */
function unlessTooDeep<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Ends with an error when it has not converged, after the same work. */
function pageRankOfPeer(peer: Peer): number {
  try {
    peerPageRank(peer, { maxIterations: ITERATIONS, tolerance: 0, getEdgeWeight: null });
  } catch (error) {
    if (!String(error).includes("converge")) throw error;
  }
  return ITERATIONS;
}

function reached({ costs }: PathTree): number {
  let count = 0;
  for (let node = 0; node < costs.length; node++) if (costs[node] !== Infinity) count++;
  return count;
}

function wordNet(options: SuiteOptions, undirected: boolean): Projection {
  const { nodes, edges } = readWordNet(options);
  const next = randomNumbers(1);
  return projectIndexes({
    nodeCount: nodes.length,
    sources: Uint32Array.from(edges, ({ from }) => from),
    targets: Uint32Array.from(edges, ({ to }) => to),
    ...(undirected ? { undirected } : { weights: Float64Array.from(edges, () => 1 + next(MAX_WEIGHT)) }),
    simple: true,
  });
}

/** The same graph there: nodes by id, edges once. */
function peerOf({ nodeCount, nodeIds, isUndirected, out: { offsets, targets, weights } }: Projection): Peer {
  const Class = isUndirected ? UndirectedGraph : DirectedGraph;
  if (Class === undefined) throw new Error("graphology has no such graph");
  const peer = new Class();
  for (const id of nodeIds) peer.addNode(id);
  for (let node = 0; node < nodeCount; node++) {
    for (let at = offsets[node] as number; at < (offsets[node + 1] as number); at++) {
      const target = targets[at] as number;
      if (isUndirected && target < node) continue;
      peer.addEdge(nodeIds[node] as number, nodeIds[target] as number, { weight: weights?.[at] ?? 1 });
    }
  }
  return peer;
}

function randomNumber(): () => number {
  const next = randomNumbers(1);
  return () => next(2 ** 31) / 2 ** 31;
}
