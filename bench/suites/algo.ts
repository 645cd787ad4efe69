/** Projections and algorithms: against graphology, against GAP's programs, on two threads against one, cancelled, in memory. */

import { measureCancellation } from "../algo_cancellation.ts";
import { measureGraphology } from "../algo_graphology.ts";
import { measureChain, measureForIgraph, measureGap, measureWorkers } from "../algo_kronecker.ts";
import { measureMemory, measureProjection } from "../algo_projection.ts";
import type { Harness } from "../harness.ts";
import { suiteOf } from "../v3_measures.ts";
import type { SuiteOptions } from "../v3_suite_options.ts";

const suite: (bench: Harness, options: SuiteOptions) => Promise<void> = suiteOf({
  "graphology": measureGraphology,
  "igraph": measureForIgraph,
  "gap": measureGap,
  "workers": measureWorkers,
  "projection": measureProjection,
  "cancellation": measureCancellation,
  "chain": measureChain,
  "memory": measureMemory,
});

export default suite;
