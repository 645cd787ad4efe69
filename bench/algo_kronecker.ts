/** Algorithms on Kronecker graphs as the GAP benchmark has them: one thread against its programs, two threads against one. */

import { betweennessCentrality, closenessCentrality, pageRank } from "../lib/algo/centrality/mod.ts";
import { louvain, triangleCount } from "../lib/algo/community/mod.ts";
import { chain, kronecker } from "../lib/algo/generate/mod.ts";
import { bfsDistances, deltaStepping } from "../lib/algo/paths/mod.ts";
import { kCore, strongComponents, weakComponents } from "../lib/algo/structure/mod.ts";
import { openGraph } from "../lib/graph/open_graph.ts";
import type { Projection } from "../lib/projection/mod.ts";
import type { Algorithm } from "../lib/task/mod.ts";
import { type Harness, median } from "./harness.ts";
import { randomNumbers } from "./v3_random.ts";
import { sized, type SuiteOptions } from "./v3_suite_options.ts";

const ROUNDS = 7;
const SOURCES = 16;
const SAMPLES = 64;

/** Times of the GAP reference programs on one thread, at scale 20, in milliseconds. */
const GAP_MS = { bfs: 28.7, pageRank: 332, weakComponents: 50, sssp: 268 };
/** How much of them this may take. */
const GAP_RATIO = "Bun" in globalThis ? 1.5 : 2;

/** A symmetrised graph of edge factor 16 with weights from 1 to 255. */
export function kroneckerOf(scale: number): Projection {
  return kronecker({ scale }).withWeights().project({ undirected: true, simple: true });
}

/** BFS, PageRank, weak components and SSSP. The searches start at nodes with links, the median over them counts. */
export function measureGap(bench: Harness, options: SuiteOptions): void {
  const scale = sized(options, 20, 14);
  const projection = kroneckerOf(scale);
  const starts = startsIn(projection);
  const on = `Kronecker scale ${scale}, one thread`;
  const each = (run: (start: number) => unknown) => median(starts.map((start) => timeOf(() => run(start))));
  const take = (name: string, reference: number, measure: () => number) => {
    measure();
    const value = median(Array.from({ length: ROUNDS }, measure));
    const bar = options.isQuick ? {} : { reference, atMost: GAP_RATIO };
    bench.value({ name: `${name} on ${on}, against GAP`, unit: "ms", value, ...bar });
  };
  take("BFS", GAP_MS.bfs, () => each((start) => bfsDistances(projection, { start })));
  // As GAP's program stops, which its time is of: it took 7 passes on this graph.
  const gapStop = { maxIterations: 20, tolerance: 1e-4 };
  take("PageRank to 1e-4", GAP_MS.pageRank, () => timeOf(() => pageRank(projection, gapStop)));
  const twenty = { maxIterations: 20, tolerance: 0 };
  const times = Array.from({ length: ROUNDS }, () => timeOf(() => pageRank(projection, twenty)));
  bench.value({ name: `PageRank, 20 passes, on ${on}`, unit: "ms", value: median(times) });
  take("weak components", GAP_MS.weakComponents, () => timeOf(() => weakComponents(projection)));
  take("SSSP", GAP_MS.sssp, () => each((start) => deltaStepping(projection, { start })));
}

/** What `igraph.py` measures by igraph: one thread, on the same graph. */
export function measureForIgraph(bench: Harness, options: SuiteOptions): void {
  const scale = sized(options, 16, 10);
  const directed = kronecker({ scale }).withWeights().project({ simple: true });
  const undirected = kroneckerOf(scale);
  const start = busiestNode(undirected);
  const take = (name: string, measured: () => unknown): void => {
    // What is compiled meanwhile does not count.
    const times = Array.from({ length: 2 * ROUNDS }, () => timeOf(measured)).slice(ROUNDS);
    bench.value({ name: `${name} on Kronecker scale ${scale}`, unit: "ms", value: median(times) });
  };
  take("BFS", () => bfsDistances(undirected, { start }));
  take("PageRank to 1e-10", () => pageRank(undirected, { tolerance: 1e-10, maxIterations: 1000 }));
  take("weak components", () => weakComponents(undirected));
  take("strong components", () => strongComponents(directed));
  take("SSSP", () => deltaStepping(undirected, { start }));
  take("triangles", () => triangleCount(undirected));
  take("k-core", () => kCore(undirected));
  take("Louvain", () => louvain(undirected));
}

/** Two threads against one. */
export async function measureWorkers(bench: Harness, options: SuiteOptions): Promise<void> {
  const scale = sized(options, 20, 12);
  const projection = kroneckerOf(scale);
  await using graph = await openGraph(":memory:", { threads: 2 });
  const take = async <P>(name: string, algorithm: Algorithm<P, unknown>, params: P): Promise<void> => {
    const run = async (workers: number): Promise<number> => {
      const start = performance.now();
      await graph.run(algorithm as Algorithm<object, unknown>, params as object, { projection, workers });
      return performance.now() - start;
    };
    // Both threads start and compile.
    for (const workers of [2, 2, 1, 1]) await run(workers);
    const ratios: number[] = [];
    for (let round = 0; round < ROUNDS; round++) ratios.push(await run(1) / await run(2));
    const bar = options.isQuick ? {} : { atLeast: 1.7 };
    bench.value({
      name: `${name} on Kronecker scale ${scale}: one thread / two`,
      unit: "times",
      value: median(ratios),
      ...bar,
    });
  };
  await take("PageRank", pageRank, { maxIterations: 20, tolerance: 0 });
  await take(`betweenness, ${SAMPLES} samples`, betweennessCentrality, { samples: SAMPLES });
  await take("triangles", triangleCount, {});
  await take(`closeness, ${SAMPLES} samples`, closenessCentrality, { samples: SAMPLES });
}

/** Strong components of a chain that recursion would not survive. */
export function measureChain(bench: Harness, options: SuiteOptions): void {
  const nodes = sized(options, 10_000_000, 100_000);
  const projection = chain({ nodes }).project();
  const value = timeOf(() => {
    if (strongComponents(projection).count !== nodes) throw new Error("a chain has no cycles");
  });
  bench.value({ name: `strong components of a chain of ${nodes.toLocaleString("en-US")} nodes`, unit: "ms", value });
}

/** The node with the most links, of equal ones the first. */
export function busiestNode({ nodeCount, nodeIds, out: { offsets } }: Projection): number {
  let best = 0;
  const degree = (node: number) => (offsets[node + 1] as number) - (offsets[node] as number);
  for (let node = 1; node < nodeCount; node++) if (degree(node) > degree(best)) best = node;
  return nodeIds[best] as number;
}

function startsIn({ nodeCount, nodeIds, out: { offsets } }: Projection): number[] {
  const next = randomNumbers(1);
  const starts: number[] = [];
  while (starts.length < SOURCES) {
    const node = next(nodeCount);
    if (offsets[node] !== offsets[node + 1]) starts.push(nodeIds[node] as number);
  }
  return starts;
}

function timeOf(run: () => unknown): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}
