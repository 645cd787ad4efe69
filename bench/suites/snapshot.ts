/** A graph with threads against the V3 engine in process: snapshots, transactions, ingest, readers. */

import type { Harness } from "../harness.ts";
import { measureGraphCommits } from "../snapshot_commits.ts";
import { measureIngest } from "../snapshot_ingest.ts";
import { measureReaderMemory } from "../snapshot_memory.ts";
import { measureSnapshot, measureSnapshotGetNode, measureSnapshotNeighbors } from "../snapshot_reads.ts";
import { measureScan } from "../snapshot_scan.ts";
import { measureWriter } from "../snapshot_writer.ts";
import { suiteOf } from "../v3_measures.ts";
import type { SuiteOptions } from "../v3_suite_options.ts";

const suite: (bench: Harness, options: SuiteOptions) => Promise<void> = suiteOf({
  "snapshot": measureSnapshot,
  "get-node": measureSnapshotGetNode,
  "neighbors": measureSnapshotNeighbors,
  "commit": measureGraphCommits,
  "ingest": measureIngest,
  "scan": measureScan,
  "writer": measureWriter,
  "memory": measureReaderMemory,
});

export default suite;
