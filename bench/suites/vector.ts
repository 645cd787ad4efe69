/** Vector indexes: against hnswlib in native code and in WebAssembly, filtered, on two threads, changed, opened, in memory. */

import type { Harness } from "../harness.ts";
import { suiteOf } from "../v3_measures.ts";
import type { SuiteOptions } from "../v3_suite_options.ts";
import { measureBuild, measureLinkers } from "../vector_build.ts";
import { measureChurn, measureReopenedRecall } from "../vector_changes.ts";
import { measureFilters } from "../vector_filters.ts";
import { measureOpening, measureSqliteOpening, measureVectorMemory } from "../vector_open.ts";
import { measureSearch, measureSearchOfCodes, measureThreads } from "../vector_search.ts";
import { measureWasm } from "../vector_uniform.ts";

const suite: (bench: Harness, options: SuiteOptions) => Promise<void> = suiteOf({
  "build": measureBuild,
  "linkers": measureLinkers,
  "search": measureSearch,
  "codes": measureSearchOfCodes,
  "threads": measureThreads,
  "wasm": measureWasm,
  "filters": measureFilters,
  "reopened": measureReopenedRecall,
  "churn": measureChurn,
  "open": measureOpening,
  "memory": measureVectorMemory,
  "sqlite": measureSqliteOpening,
});

export default suite;
