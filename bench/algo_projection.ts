/** Projections of a database file, and the memory of an algorithm. */

import { readFileSync, writeFileSync } from "node:fs";
import { pageRank } from "../lib/algo/centrality/mod.ts";
import { kronecker } from "../lib/algo/generate/mod.ts";
import { openGraph } from "../lib/graph/open_graph.ts";
import { type Algorithm, defineAlgorithm } from "../lib/task/mod.ts";
import { type Harness, median, peakMemoryMb } from "./harness.ts";
import { apart } from "./v3_apart.ts";
import { bigGraph } from "./v3_big_graph.ts";
import type { GraphFiles } from "./v3_graph_file.ts";
import { sized, type SuiteOptions } from "./v3_suite_options.ts";

const ROUNDS = 5;
const CACHE_BYTES = 512 * 2 ** 20;
const MEGABYTE = 2 ** 20;
const BYTES_PER_LINK = 16;
const BYTES_PER_NODE = 40;

/** Does nothing with what is projected for it. */
export const countEdges: Algorithm<Record<never, never>, number> = defineAlgorithm(
  import.meta.url,
  "countEdges",
  (projection) => projection.edgeCount,
);

/** The whole graph, on one thread and on two. Each round has a graph of its own, which has kept no projection. */
export async function measureProjection(bench: Harness, options: SuiteOptions, files: GraphFiles): Promise<void> {
  const { nodes, edges } = bigGraph(options);
  const path = await files.copyOf({ nodes, edges });
  for (const [workers, atLeast] of [[1, 8], [2, 14]] as const) {
    const rates: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      await using graph = await openGraph(path, { threads: 2, cacheBytes: CACHE_BYTES });
      // Threads start and compile, with projections that are not the one that counts.
      for (let time = 0; time < 3; time++) {
        await graph.run(countEdges, {}, { workers, project: { labels: [`L${time}`] } });
      }
      await graph.run(countEdges, {}, { workers, project: { direction: "in" } });
      const start = performance.now();
      const found = await graph.run(countEdges, {}, { workers });
      rates.push(edges / (performance.now() - start) / 1000);
      if (found !== edges) throw new Error(`the projection has ${found} edges instead of ${edges}`);
    }
    bench.value({
      name: `projection of ${edges.toLocaleString("en-US")} edges, ${workers === 1 ? "one thread" : "two threads"}`,
      unit: "million edges/s",
      value: median(rates),
      ...(options.isQuick ? {} : { atLeast }),
    });
  }
}

/** What a projection and PageRank on it take, above a process that has neither. */
export async function measureMemory(bench: Harness, options: SuiteOptions): Promise<void> {
  const { links, nodes, mb } = await apart(import.meta.url, memoryOfPageRank, { scale: sized(options, 20, 14) });
  bench.value({
    name: `projection of ${links.toLocaleString("en-US")} links and PageRank on it`,
    unit: "MB",
    value: mb,
    ...(options.isQuick ? {} : { atMost: Math.round((BYTES_PER_LINK * links + BYTES_PER_NODE * nodes) / MEGABYTE) }),
  });
}

/** Memory of a projection and PageRank: in a process of its own. */
export async function memoryOfPageRank(
  { scale }: { readonly scale: number },
): Promise<{ links: number; nodes: number; mb: number }> {
  const before = residentMb();
  const projection = kronecker({ scale }).project({ undirected: true, simple: true });
  for (let time = 0; time < 3; time++) {
    (globalThis as { gc?: () => void }).gc?.();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  forgetPeak();
  pageRank(projection, { maxIterations: 5, tolerance: 0 });
  return { links: projection.out.targets.length, nodes: projection.nodeCount, mb: peakMemoryMb() - before };
}

function residentMb(): number {
  const [, kb] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return Number(kb) / 1024;
}

/** What making the graph took does not count. Linux alone can forget it. */
function forgetPeak(): void {
  writeFileSync("/proc/self/clear_refs", "5");
}
