/**
 * `npm run simulate:graph [-- --seconds 60 --start 1 --backend v3|sqlite]`: runs transactions, ingests, readers and dying threads
 * on graphs with threads, seed after seed, until the time is over or something is not as it must be. A seed draws the same work
 * each time; what meets what is up to the threads.
 */

import process from "node:process";
import { parseArgs } from "node:util";
import { formatDuration } from "../lib/cli/table.ts";
import { openGraph } from "../lib/graph/open_graph.ts";
import { runLists } from "../tests/graph/isolation_lists.ts";
import { storm } from "../tests/graph/isolation_storm.ts";
import { tempDir } from "../tests/support/temp_dir.ts";

const BACKENDS = ["v3", "sqlite"] as const;
type Backend = typeof BACKENDS[number];

/** How long one storm lasts. */
const STORM_MS = 4_000;
/** A seed that takes longer hangs. */
const PATIENCE_MS = 120_000;
const LIST_TRANSACTIONS = 1_000;
const MIB = 1024 * 1024;

/** Databases that the cache of V3 holds, such that it does not, and a small one on which everybody meets. */
const SIZES = [
  { accounts: 200, ballast: 0, writers: 16, durability: "off" },
  { accounts: 1_000, ballast: 4_000, writers: 16, durability: "off" },
  { accounts: 40, ballast: 100, writers: 40, durability: "normal" },
] as const;

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    seconds: { type: "string", default: "60" },
    start: { type: "string", default: "1" },
    backend: { type: "string" },
  },
});

const counts = new Map<string, number>();

/** One seed on one engine. */
async function simulateSeed(backend: Backend, seed: number): Promise<void> {
  using dir = tempDir();
  const { durability, accounts, writers, ballast } = SIZES[seed % SIZES.length] as typeof SIZES[number];
  // SQLite has no cache of ours that could be too small.
  const room = backend === "v3" ? ballast : 0;
  const graph = { durability, ...(backend === "v3" ? { cacheBytes: 2 * MIB } : undefined) };
  const done = await storm({
    path: dir.path("bank.graph"),
    backend,
    seed,
    forMs: STORM_MS,
    accounts,
    writers,
    ballast: room,
    graph,
  });
  for (const [what, count] of done) add(what, count);
  for (const isolation of ["serializable", "snapshot"] as const) {
    await using graph = await openGraph(dir.path(`${isolation}.graph`), { backend, durability: "off", threads: 2 });
    const run = await runLists(graph, { seed, transactions: LIST_TRANSACTIONS, atOnce: 24, isolation });
    if (run.anomaly !== undefined) throw new Error(`${isolation}: ${run.anomaly}`);
    add("list transactions", run.history.length);
    add("list conflicts", run.conflicts);
  }
}

function add(what: string, count: number): void {
  counts.set(what, (counts.get(what) ?? 0) + count);
}

async function main(): Promise<number> {
  const forMs = 1_000 * wholeNumber("seconds", values.seconds);
  const start = wholeNumber("start", values.start);
  const backends = BACKENDS.filter((backend) => values.backend === undefined || values.backend === backend);
  if (backends.length === 0) throw new Error(`--backend must be ${BACKENDS.join(" or ")}, not "${values.backend}"`);
  const startMs = performance.now();
  const elapsed = () => formatDuration(performance.now() - startMs);
  for (let seed = start; performance.now() - startMs < forMs; seed++) {
    for (const backend of backends) {
      const watchdog = setTimeout(() => {
        console.error(`${backend}, seed ${seed}: hangs`);
        process.exit(1);
      }, PATIENCE_MS);
      try {
        await simulateSeed(backend, seed);
      } catch (error) {
        console.error(`${backend}, seed ${seed}:`, error);
        console.error(`again: npm run simulate:graph -- --start ${seed} --backend ${backend}`);
        return 1;
      } finally {
        clearTimeout(watchdog);
      }
      console.log(`${elapsed()}: ${backend}, seed ${seed}`);
    }
  }
  console.log([...counts].sort(([, a], [, b]) => b - a).map(([what, count]) => `${what} ${count}`).join(", "));
  return 0;
}

function wholeNumber(option: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`--${option} must be a whole number, not "${text}"`);
  return value;
}

process.exitCode = await main();
