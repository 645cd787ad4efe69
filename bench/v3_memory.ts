/** Resident memory: reading a file that is much larger than the cache. */

import { V3Backend } from "../lib/v3/mod.ts";
import { type Harness, peakMemoryMb } from "./harness.ts";
import { apart } from "./v3_apart.ts";
import { sizeOf, temporaryPath } from "./v3_files.ts";
import { randomNumbers, randomText } from "./v3_random.ts";
import { sized, type SuiteOptions } from "./v3_suite_options.ts";

const GB = 1e9;
const TEXT_LENGTH = 900;

/** Random reads with the default cache of 256 MiB. */
export async function measureMemory(bench: Harness, options: SuiteOptions): Promise<void> {
  using file = temporaryPath();
  const nodes = sized(options, 2_000_000, 40_000);
  const builtMb = await apart(import.meta.url, buildTexts, { path: file.path, nodes });
  const { peakMb, us } = await apart(import.meta.url, readTexts, {
    path: file.path,
    nodes,
    reads: sized(options, 500_000, 20_000),
  });
  const name = `resident memory: random reads of a file of ${(sizeOf(file.path) / GB).toFixed(1)} GB`;
  bench.value({ name, unit: "MB", value: peakMb, atMost: 450 });
  bench.value({ name: "resident memory of the load of this file", unit: "MB", value: builtMb });
  bench.value({ name: "one of these reads", unit: "us", value: us });
}

/** Makes nodes, four of which fill a page, in one transaction; returns the peak of memory. */
export function buildTexts({ path, nodes }: { readonly path: string; readonly nodes: number }): number {
  const next = randomNumbers(1);
  using db = V3Backend.open(path);
  db.transaction((tx) => {
    for (let id = 1; id <= nodes; id++) {
      tx.insertNode({ kind: "Text", name: `text ${id}`, data: { text: randomText(next, TEXT_LENGTH) } });
    }
  });
  db.close();
  return peakMemoryMb();
}

/** Reads random ones. */
export function readTexts(
  { path, nodes, reads }: { readonly path: string; readonly nodes: number; readonly reads: number },
): { readonly peakMb: number; readonly us: number } {
  const next = randomNumbers(2);
  using db = V3Backend.open(path, { readonly: true });
  const start = performance.now();
  for (let read = 0; read < reads; read++) {
    const data = db.getNode(1 + next(nodes))?.data as { readonly text: string };
    if (data.text.length !== TEXT_LENGTH) throw new Error("a node is not as it was written");
  }
  const us = (performance.now() - start) * 1000 / reads;
  return { peakMb: peakMemoryMb(), us };
}
