/** Projections and algorithms: against graphology, against GAP's programs, on two threads against one, cancelled, in memory. */

import { measureCancellation } from "../algo_cancellation.ts";
import { measureGraphology } from "../algo_graphology.ts";
import { measureChain, measureForIgraph, measureGap, measureWorkers } from "../algo_kronecker.ts";
import { measureMemory, measureProjection } from "../algo_projection.ts";
import type { Harness } from "../harness.ts";
import { GraphFiles } from "../v3_graph_file.ts";
import type { SuiteOptions } from "../v3_suite_options.ts";

type Measure = (bench: Harness, options: SuiteOptions, files: GraphFiles) => void | Promise<void>;

const MEASURES: Readonly<Record<string, Measure>> = {
  "graphology": measureGraphology,
  "igraph": measureForIgraph,
  "gap": measureGap,
  "workers": measureWorkers,
  "projection": measureProjection,
  "cancellation": measureCancellation,
  "chain": measureChain,
  "memory": measureMemory,
};

/** Takes the measures that were asked for, or all. */
export default async function algo(bench: Harness, options: SuiteOptions): Promise<void> {
  const unknown = options.only.filter((name) => !(name in MEASURES));
  if (unknown.length > 0) {
    throw new Error(`--only ${unknown.join(",")} is no measure; there are ${Object.keys(MEASURES).join(", ")}`);
  }
  using files = new GraphFiles();
  for (const [name, measure] of Object.entries(MEASURES)) {
    if (options.only.length === 0 || options.only.includes(name)) await measure(bench, options, files);
  }
}
