/** Memory that each further reader takes, against a thread of an empty pool. */

import { setTimeout as sleep } from "node:timers/promises";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";
import { openGraph } from "../lib/graph/open_graph.ts";
import { type Harness, median } from "./harness.ts";
import type { Meeting } from "./snapshot_empty_worker.ts";
import { readOnAll } from "./snapshot_tasks.ts";
import { apart } from "./v3_apart.ts";
import type { GraphFiles } from "./v3_graph_file.ts";
import { sized, type SuiteOptions } from "./v3_suite_options.ts";

const THREADS = 4;
const ROUNDS = 5;
const MB = 2 ** 20;
const SETTLE_MS = 500;
const READS = 1000;
const MANY_READS = 100_000;

/** A pool that grows from one thread to four, in a process of its own. */
export async function measureReaderMemory(bench: Harness, options: SuiteOptions, files: GraphFiles): Promise<void> {
  const nodes = sized(options, 100_000, 5_000);
  const path = await files.copyOf({ nodes, edges: 4 * nodes });
  const readers: number[] = [];
  const busyReaders: number[] = [];
  const empty: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    readers.push(await apart(import.meta.url, growReaders, { path, nodes, reads: READS }));
    empty.push(await apart(import.meta.url, growEmptyPool, { threads: THREADS }));
    busyReaders.push(await apart(import.meta.url, growReaders, { path, nodes, reads: MANY_READS }));
  }
  const thread = median(empty);
  bench.value({ name: "memory of each further thread of an empty pool", unit: "MB", value: thread });
  bench.value({
    name: `memory of each further reader after ${READS} reads / of an empty thread`,
    unit: "MB",
    value: median(readers),
    reference: thread,
  });
  bench.value({ name: "the difference of these", unit: "MB", value: median(readers) - thread, atMost: 5 });
  bench.value({ name: `the same after ${MANY_READS} reads`, unit: "MB", value: median(busyReaders) - thread });
}

/** Resident memory of each reader but the first, in MB. */
export async function growReaders(
  { path, nodes, reads }: { readonly path: string; readonly nodes: number; readonly reads: number },
): Promise<number> {
  await using graph = await openGraph(path, { threads: THREADS });
  return await growth((threads) => graph.run(readOnAll, { nodes, reads }, { workers: threads }));
}

/** Resident memory of each thread but the first of a pool whose threads do nothing, in MB. */
export async function growEmptyPool({ threads: maxThreads }: { readonly threads: number }): Promise<number> {
  const pool = new Piscina({
    filename: fileURLToPath(new URL("./snapshot_empty_worker.ts", import.meta.url)),
    minThreads: 0,
    maxThreads,
    idleTimeout: Infinity,
    recordTiming: false,
  });
  try {
    return await growth(async (threads) => {
      const arrived = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
      const meeting: Meeting = { arrived, threads };
      await Promise.all(Array.from({ length: threads }, () => pool.run(meeting)));
    });
  } finally {
    await pool.destroy();
  }
}

/** What memory grows by, for each thread, between work of one thread and of all. */
async function growth(work: (threads: number) => Promise<unknown>): Promise<number> {
  await work(1);
  const before = await settledMemory();
  await work(THREADS);
  return (await settledMemory() - before) / (THREADS - 1) / MB;
}

async function settledMemory(): Promise<number> {
  await sleep(SETTLE_MS);
  return process.memoryUsage().rss;
}
