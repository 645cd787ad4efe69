/** The V3 engine against its own bars, the SQLite backend and what the disk can do. */

import type { Harness } from "../harness.ts";
import { measureBigLoad, measureBytesPerEdge, measureDiff, measureOpen } from "../v3_big_graph.ts";
import { measureCommit, measureGroup } from "../v3_commits.ts";
import { measureHub } from "../v3_hub.ts";
import { measureLoad, measureSize } from "../v3_load.ts";
import { measureMemory } from "../v3_memory.ts";
import { measurePause } from "../v3_pause.ts";
import { measureGetNode, measureNeighbors } from "../v3_reads.ts";
import { measureRecovery } from "../v3_recovery.ts";
import { measureReuse, measureTag } from "../v3_reuse.ts";
import { suiteOf } from "../v3_measures.ts";
import type { SuiteOptions } from "../v3_suite_options.ts";

const suite: (bench: Harness, options: SuiteOptions) => Promise<void> = suiteOf({
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
});

export default suite;
