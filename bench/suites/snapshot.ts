/** A graph with threads against the V3 engine in process: snapshots, transactions, ingest, readers. */

import type { Harness } from "../harness.ts";
import { measureGraphCommits } from "../snapshot_commits.ts";
import { measureIngest } from "../snapshot_ingest.ts";
import { measureReaderMemory } from "../snapshot_memory.ts";
import { measureSnapshot, measureSnapshotGetNode, measureSnapshotNeighbors } from "../snapshot_reads.ts";
import { measureScan } from "../snapshot_scan.ts";
import { measureWriter } from "../snapshot_writer.ts";
import { GraphFiles } from "../v3_graph_file.ts";
import type { SuiteOptions } from "../v3_suite_options.ts";

type Measure = (bench: Harness, options: SuiteOptions, files: GraphFiles) => void | Promise<void>;

const MEASURES: Readonly<Record<string, Measure>> = {
  "snapshot": measureSnapshot,
  "get-node": measureSnapshotGetNode,
  "neighbors": measureSnapshotNeighbors,
  "commit": measureGraphCommits,
  "ingest": measureIngest,
  "scan": measureScan,
  "writer": measureWriter,
  "memory": measureReaderMemory,
};

/** Takes the measures that were asked for, or all. */
export default async function snapshot(bench: Harness, options: SuiteOptions): Promise<void> {
  const unknown = options.only.filter((name) => !(name in MEASURES));
  if (unknown.length > 0) {
    throw new Error(`--only ${unknown.join(",")} is no measure; there are ${Object.keys(MEASURES).join(", ")}`);
  }
  using files = new GraphFiles();
  for (const [name, measure] of Object.entries(MEASURES)) {
    if (options.only.length === 0 || options.only.includes(name)) await measure(bench, options, files);
  }
}
