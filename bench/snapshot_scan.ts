/** Two threads that share a scan, against one. */

import { openGraph } from "../lib/graph/open_graph.ts";
import type { Harness } from "./harness.ts";
import { scanAdjacency } from "./snapshot_tasks.ts";
import { bigGraph } from "./v3_big_graph.ts";
import type { GraphFiles } from "./v3_graph_file.ts";
import type { SuiteOptions } from "./v3_suite_options.ts";

/** Half of it is for pages that readers bring in: more than the adjacency of all nodes takes. */
const CACHE_BYTES = 512 * 2 ** 20;

/** The neighbours of every node. */
export async function measureScan(bench: Harness, options: SuiteOptions, files: GraphFiles): Promise<void> {
  const { nodes, edges } = bigGraph(options);
  await using graph = await openGraph(await files.copyOf({ nodes, edges }), { threads: 2, cacheBytes: CACHE_BYTES });
  using snapshot = graph.snapshot();
  const scan = async (workers: number): Promise<void> => {
    const found = await graph.run(scanAdjacency, { nodes }, { workers, snapshot });
    if (found !== edges) throw new Error(`the scan found ${found} edges instead of ${edges}`);
  };
  // Both threads start, and each of them may be the one that works alone.
  for (let time = 0; time < 3; time++) await scan(2);
  for (let time = 0; time < 3; time++) await scan(1);
  await bench.job({
    name: `scan of the adjacency of ${nodes.toLocaleString("en-US")} nodes: one thread / two threads`,
    measured: () => scan(1),
    reference: () => scan(2),
    rounds: 7,
    atLeast: 1.8,
  });
}
