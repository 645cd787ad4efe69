/** The V3 engine against its own bars, the SQLite backend and what the disk can do. */

import type { Harness } from "../harness.ts";
import { measureBigLoad, measureBytesPerEdge, measureDiff, measureOpen } from "../v3_big_graph.ts";
import { measureCommit, measureGroup } from "../v3_commits.ts";
import { GraphFiles } from "../v3_graph_file.ts";
import { measureHub } from "../v3_hub.ts";
import { measureLoad, measureSize } from "../v3_load.ts";
import { measureMemory } from "../v3_memory.ts";
import { measurePause } from "../v3_pause.ts";
import { measureGetNode, measureNeighbors } from "../v3_reads.ts";
import { measureRecovery } from "../v3_recovery.ts";
import { measureReuse, measureTag } from "../v3_reuse.ts";
import type { SuiteOptions } from "../v3_suite_options.ts";

type Measure = (bench: Harness, options: SuiteOptions, files: GraphFiles) => void | Promise<void>;

const MEASURES: Readonly<Record<string, Measure>> = {
  "load": measureLoad,
  "big-load": measureBigLoad,
  "commit": measureCommit,
  "group": measureGroup,
  "get-node": measureGetNode,
  "neighbors": measureNeighbors,
  "size": measureSize,
  "bytes-per-edge": measureBytesPerEdge,
  "open": measureOpen,
  "diff": measureDiff,
  "recovery": measureRecovery,
  "hub": measureHub,
  "memory": measureMemory,
  "reuse": measureReuse,
  "pause": measurePause,
  "tag": measureTag,
};

/** Takes the measures that were asked for, or all. */
export default async function v3(bench: Harness, options: SuiteOptions): Promise<void> {
  const unknown = options.only.filter((name) => !(name in MEASURES));
  if (unknown.length > 0) {
    throw new Error(`--only ${unknown.join(",")} is no measure; there are ${Object.keys(MEASURES).join(", ")}`);
  }
  using files = new GraphFiles();
  for (const [name, measure] of Object.entries(MEASURES)) {
    if (options.only.length === 0 || options.only.includes(name)) await measure(bench, options, files);
  }
}
