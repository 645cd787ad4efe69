/** Suites that consist of named measures. */

import type { Harness } from "./harness.ts";
import { GraphFiles } from "./v3_graph_file.ts";
import type { SuiteOptions } from "./v3_suite_options.ts";

/** Takes a measure; the files are shared by all measures of a run. */
type Measure = (bench: Harness, options: SuiteOptions, files: GraphFiles) => void | Promise<void>;

/** The suite of these measures, by their names for `--only`: takes those that were asked for, or all, in their order. */
export function suiteOf(
  measures: Readonly<Record<string, Measure>>,
): (bench: Harness, options: SuiteOptions) => Promise<void> {
  return async (bench, options) => {
    const unknown = options.only.filter((name) => !(name in measures));
    if (unknown.length > 0) {
      throw new Error(`--only ${unknown.join(",")} is no measure; there are ${Object.keys(measures).join(", ")}`);
    }
    using files = new GraphFiles();
    for (const [name, measure] of Object.entries(measures)) {
      if (options.only.length === 0 || options.only.includes(name)) await measure(bench, options, files);
    }
  };
}
