/** Benchmarks over tinybench: every figure is a median of several rounds, and a reference is measured in the same rounds,
 * right before or after, so that a machine that gets slower or faster meanwhile changes both.
 *
 * A suite is `bench/suites/NAME.ts`, whose default export gets a `Harness`:
 *
 *   export default async function (bench: Harness): Promise<void> {
 *     await bench.operation({ name: "getNode", operations: 1000, measured, reference, atMost: 1.5 });
 *     await bench.job({ name: "load", measured: () => load(path), reference: () => loadByHand(path), atMost: 1.25 });
 *     bench.value({ name: "memory of the load", unit: "MB", value: 120, atMost: 300 });
 *   }
 *
 * @module
 */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { Bench } from "tinybench";

/** The figure that an entry is meant to reach: of the ratio where there is a reference, else of the median itself. */
export type Bar = { readonly atMost?: number; readonly atLeast?: never } | {
  readonly atLeast?: number;
  readonly atMost?: never;
};

/** A short call: measured over and over. */
export type Operation = Bar & {
  readonly name: string;
  /** How often one call of `measured` (and of `reference`) does the operation. Default 1; at least about 100 when the
   * operation takes less than a microsecond, which clocks cannot see. */
  readonly operations?: number;
  /** Default `"ns"`. */
  readonly unit?: TimeUnit;
  readonly measured: () => unknown;
  /** What the ratio is taken to: it must do the same work. */
  readonly reference?: () => unknown;
  /** Default 7. */
  readonly rounds?: number;
};

/** A long call: measured once a round. */
export type Job<Context = undefined> = Bar & {
  readonly name: string;
  /** Default `"ms"`. */
  readonly unit?: TimeUnit;
  /** Runs before each measurement, off the clock: makes what the job needs, such as an empty file. */
  readonly prepare?: () => Context | Promise<Context>;
  readonly measured: (context: Context) => unknown;
  readonly reference?: (context: Context) => unknown;
  /** Runs after each measurement, off the clock. */
  readonly cleanUp?: (context: Context) => unknown;
  /** Default 5. */
  readonly rounds?: number;
};

/** A figure that the suite measured itself. */
export type Value = Bar & {
  readonly name: string;
  readonly unit: string;
  readonly value: number;
  readonly reference?: number;
};

/** One line of the result. A field that an entry does not have is null. */
export interface Entry {
  readonly name: string;
  /** Of the rounds' medians, for one operation. */
  readonly median: number;
  readonly unit: string;
  readonly reference: number | null;
  /** Median of each round's measured time over its reference time. */
  readonly ratio: number | null;
  readonly bar: number | null;
  /** Whether the bar is a ceiling or a floor. */
  readonly direction: "at most" | "at least" | null;
  readonly holds: boolean | null;
}

/** What a run of a suite gives. */
export interface SuiteResult {
  readonly suite: string;
  readonly runtime: "bun" | "deno";
  readonly entries: readonly Entry[];
}

export type TimeUnit = keyof typeof NANOSECONDS;

const NANOSECONDS = { ns: 1, us: 1e3, ms: 1e6, s: 1e9 } as const;
const NS_PER_MS = 1e6;

const ROUND_MS = 100;
const WARM_UP_MS = 30;

/** How a harness is made: tests give it a clock of their own. */
export interface HarnessOptions {
  /** Milliseconds. Default `performance.now`. */
  readonly now?: () => number;
  /** Called with each entry as it is done. */
  readonly onEntry?: (entry: Entry) => void;
}

/** Measures entries one after the other and keeps them. */
export class Harness {
  readonly #entries: Entry[] = [];
  readonly #now: () => number;
  readonly #onEntry: (entry: Entry) => void;

  constructor(options: HarnessOptions = {}) {
    this.#now = options.now ?? (() => performance.now());
    this.#onEntry = options.onEntry ?? (() => {});
  }

  /** All entries so far, in the order they were measured. */
  get entries(): readonly Entry[] {
    return this.#entries;
  }

  /** Measures a short call. */
  async operation(entry: Operation): Promise<Entry> {
    const { measured, reference, operations = 1, unit = "ns", rounds = 7 } = entry;
    const perOperation = NS_PER_MS / operations / NANOSECONDS[unit];
    const times = await inRounds(rounds, reference !== undefined, async (isReference) => {
      const run = isReference && reference ? reference : measured;
      return await this.#medianOf(run) * perOperation;
    });
    return this.#keep(entry, unit, times);
  }

  /** Measures a long call. */
  async job<Context = undefined>(entry: Job<Context>): Promise<Entry> {
    const { measured, reference, unit = "ms", rounds = 5 } = entry;
    const times = await inRounds(rounds, reference !== undefined, async (isReference) => {
      const run = isReference && reference ? reference : measured;
      const context = await entry.prepare?.() as Context;
      try {
        collectGarbage();
        const start = this.#now();
        await run(context);
        return (this.#now() - start) * NS_PER_MS / NANOSECONDS[unit];
      } finally {
        await entry.cleanUp?.(context);
      }
    });
    return this.#keep(entry, unit, times);
  }

  /** Takes a figure as it is. */
  value(entry: Value): Entry {
    const references = entry.reference === undefined ? undefined : [entry.reference];
    return this.#keep(entry, entry.unit, { measured: [entry.value], references });
  }

  /** Median of one call, in milliseconds. */
  async #medianOf(run: () => unknown): Promise<number> {
    collectGarbage();
    const bench = new Bench({
      now: this.#now,
      time: ROUND_MS,
      warmupTime: WARM_UP_MS,
      iterations: 5,
      warmupIterations: 2,
      throws: true,
    });
    bench.add("call", run);
    const [task] = await bench.run();
    const result = task?.result;
    if (result === undefined || !("latency" in result)) throw new Error("tinybench gave no result");
    return result.latency.p50;
  }

  #keep(entry: Bar & { readonly name: string }, unit: string, times: Times): Entry {
    const { measured, references } = times;
    const ratios = references?.map((reference, round) => measured[round]! / reference);
    const ratio = ratios === undefined ? null : median(ratios);
    const bar = entry.atMost ?? entry.atLeast ?? null;
    const direction = bar === null ? null : entry.atMost === undefined ? "at least" : "at most";
    const judged = ratio ?? median(measured);
    const kept: Entry = {
      name: entry.name,
      median: median(measured),
      unit,
      reference: references === undefined ? null : median(references),
      ratio,
      bar,
      direction,
      holds: bar === null ? null : direction === "at most" ? judged <= bar : judged >= bar,
    };
    this.#entries.push(kept);
    this.#onEntry(kept);
    return kept;
  }
}

interface Times {
  readonly measured: readonly number[];
  readonly references: readonly number[] | undefined;
}

/** Measured first in every other round, the reference first in the others, after one round that does not count. */
async function inRounds(
  rounds: number,
  hasReference: boolean,
  measure: (isReference: boolean) => Promise<number>,
): Promise<Times> {
  const measured: number[] = [];
  const references: number[] = [];
  for (let round = -1; round < rounds; round++) {
    for (const isReference of round % 2 === 0 ? [false, true] : [true, false]) {
      if (isReference && !hasReference) continue;
      const time = await measure(isReference);
      if (round >= 0) (isReference ? references : measured).push(time);
    }
  }
  return { measured, references: hasReference ? references : undefined };
}

/** The middle value, or the mean of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) throw new RangeError("the median of nothing");
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** One line per entry, in columns. */
export function formatTable(entries: readonly Entry[]): string {
  const head = ["", "median", "unit", "reference", "ratio", "bar", "holds"];
  const rows = entries.map((entry) => [
    entry.name,
    figure(entry.median),
    entry.unit,
    figure(entry.reference),
    entry.ratio === null ? "" : entry.ratio.toFixed(2),
    entry.bar === null ? "" : `${entry.direction} ${entry.bar}`,
    entry.holds === null ? "" : entry.holds ? "yes" : "NO",
  ]);
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  const isText = (column: number) => column === 0 || column === 2 || column >= 5;
  const line = (cells: readonly string[]) =>
    cells.map((cell, column) => isText(column) ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))
      .join("  ").trimEnd();
  return [line(head), ...rows.map(line)].join("\n");
}

/** Four digits that matter, as far as they do. */
function figure(value: number | null): string {
  if (value === null) return "";
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString("en-US");
  return value === 0 ? "0" : String(Number(value.toPrecision(4)));
}

function collectGarbage(): void {
  (globalThis as { gc?: () => void }).gc?.();
}

/** Largest resident memory of this process so far, in MB (2^20 bytes). Linux tells; elsewhere it is the present one. */
export function peakMemoryMb(): number {
  try {
    const peakKb = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
    if (peakKb !== undefined) return Number(peakKb) / 1024;
  } catch {
    // Not Linux.
  }
  return process.memoryUsage().rss / 2 ** 20;
}

/** Runs a script on this runtime in a process of its own and returns the JSON value that it prints as its last line: for
 * figures that other entries would spoil, such as `peakMemoryMb()`. */
export async function runInOwnProcess(script: URL, args: readonly string[] = []): Promise<unknown> {
  const flags = "Bun" in globalThis ? ["--expose-gc"] : ["run", "--allow-all", "--no-prompt", "--v8-flags=--expose-gc"];
  const child = spawn(process.execPath, [...flags, fileURLToPath(script), ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => output += text);
  const code = await new Promise((resolve, reject) => child.on("close", resolve).on("error", reject));
  if (code !== 0) throw new Error(`${script.pathname} ended with exit code ${code}`);
  return JSON.parse(output.trimEnd().split("\n").at(-1) ?? "");
}
