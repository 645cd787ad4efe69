/**
 * `npm run simulate [-- --seeds 1000 --start 1 --sort crash|error|damage --huge --trace]`: runs the crash simulator of the storage
 * engine over many seeds, until one fails. The same seed does the same, on both runtimes.
 */

import process from "node:process";
import { parseArgs } from "node:util";
import { formatCount, formatDuration } from "../lib/cli/table.ts";
import { simulate, SimulationFailure, type SimulationSummary, type Sort } from "../tests/crash/simulate.ts";
import { openV3 } from "../tests/crash/v3_engine.ts";

const SORTS: readonly string[] = ["crash", "error", "damage"];
const PROGRESS_EVERY_MS = 2_000;

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    seeds: { type: "string", default: "1000" },
    start: { type: "string", default: "1" },
    sort: { type: "string" },
    huge: { type: "boolean", default: false },
    trace: { type: "boolean", default: false },
  },
});

function main(): number {
  const seeds = wholeNumber("seeds", values.seeds);
  const start = wholeNumber("start", values.start);
  const { sort, trace, huge: isHuge } = values;
  if (sort !== undefined && !SORTS.includes(sort)) throw new Error(`--sort must be ${SORTS.join(", ")}`);
  const totals = new Totals();
  const startMs = performance.now();
  let told = startMs;
  for (let seed = start; seed < start + seeds; seed++) {
    try {
      totals.add(
        simulate({ seed, open: openV3, trace, isHuge, ...(sort === undefined ? {} : { sort: sort as Sort }) }),
      );
    } catch (error) {
      if (!(error instanceof SimulationFailure)) throw error;
      console.error(error.message);
      return 1;
    }
    if (performance.now() - told > PROGRESS_EVERY_MS) {
      told = performance.now();
      console.log(`${formatDuration(told - startMs)}: seed ${seed}, ${totals}`);
    }
  }
  console.log(
    `${formatDuration(performance.now() - startMs)}: all seeds from ${start} to ${start + seeds - 1}, ${totals}`,
  );
  totals.printDetails();
  return 0;
}

/** What all runs did together. */
class Totals {
  #runs = 0;
  #steps = 0;
  #errors = 0;
  #found = 0;
  #harmless = 0;
  readonly #crashes = new Map<string, number>();
  readonly #leftOver = new Map<string, number>();

  add({ steps, crashes, errors, damages, leftOver }: SimulationSummary): void {
    this.#runs++;
    this.#steps += steps;
    this.#errors += errors.length;
    this.#found += damages.found;
    this.#harmless += damages.harmless;
    for (const crash of crashes) this.#crashes.set(crash, (this.#crashes.get(crash) ?? 0) + 1);
    for (const path of leftOver) this.#leftOver.set(path, (this.#leftOver.get(path) ?? 0) + 1);
  }

  toString(): string {
    const crashes = [...this.#crashes.values()].reduce((sum, count) => sum + count, 0);
    return `${formatCount(this.#runs)} runs, ${formatCount(this.#steps)} steps, ${formatCount(crashes)} crashes, ` +
      `${formatCount(this.#errors)} errors met, ${formatCount(this.#found)} damages found ` +
      `(${formatCount(this.#harmless)} harmless)`;
  }

  /** Where the crashes were, most frequent first, and which files were left behind. */
  printDetails(): void {
    for (const [title, counts] of [["crashes in", this.#crashes], ["left over", this.#leftOver]] as const) {
      if (counts.size === 0) continue;
      const sorted = [...counts].sort(([, a], [, b]) => b - a).map(([name, count]) => `${name} ${count}`);
      console.log(`${title}: ${sorted.join(", ")}`);
    }
  }
}

function wholeNumber(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`--${option} must be a whole number, not "${text}"`);
  return value;
}

process.exitCode = main();
