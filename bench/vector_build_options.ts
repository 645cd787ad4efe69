/** How all indexes of the benchmark are built, and how rows of the suite are judged. */

import type { Bar } from "./harness.ts";
import type { SuiteOptions } from "./v3_suite_options.ts";
import { type Distribution, type VectorSet, vectorSet } from "./vector_data.ts";

/** What all sides build with. */
export const BUILD = { m: 16, efConstruction: 200, seed: 1 } as const;

/** Queries of each set. */
const QUERIES = 1_000;
const QUICK_COUNT = 5_000;
const QUICK_QUERIES = 200;
const COUNTS: Readonly<Record<Distribution, number>> = { clustered: 100_000, uniform: 10_000 };

/** The set of a run. */
export function measuredSet(options: SuiteOptions, name: Distribution): VectorSet {
  return options.isQuick ? vectorSet(name, QUICK_COUNT, QUICK_QUERIES) : vectorSet(name, COUNTS[name], QUERIES);
}

/** The bar of a row; small sets are not judged. */
export function judged(options: SuiteOptions, bar: Bar): Bar {
  return options.isQuick ? {} : bar;
}

/** The same bar, which differs between the runtimes. */
export function byRuntime(bars: { readonly bun: number; readonly deno: number }): number {
  return "Bun" in globalThis ? bars.bun : bars.deno;
}
