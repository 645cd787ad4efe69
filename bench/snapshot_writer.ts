/** A thread that reads while the caller commits, against one that reads while nobody writes. */

import type { Graph } from "../lib/graph/graph.ts";
import { openGraph } from "../lib/graph/open_graph.ts";
import { type Harness, median } from "./harness.ts";
import { insertFriend } from "./snapshot_commits.ts";
import { readRandomly, type ReadsDone } from "./snapshot_tasks.ts";
import type { GraphFiles } from "./v3_graph_file.ts";
import { randomNumbers } from "./v3_random.ts";
import { sized, type SuiteOptions } from "./v3_suite_options.ts";

const ROUNDS = 7;
const MS_PER_S = 1000;
/** A run of its own, with a snapshot of its own, takes so long where the reader goes along with the commits. */
const SHORT_RUN_MS = 100;

/** How long the reader reads for a figure: all in one run, or in many. */
interface Pace {
  readonly ms: number;
  readonly runMs: number;
}

/** Reads per second. */
interface Rates {
  /** By the clock. */
  readonly perSecond: number;
  /** By the time that the system let the thread run, which it shares with the writer where processors are few. */
  readonly perRunSecond: number;
  readonly commitsPerSecond: number;
}

/** Reads of one snapshot, and of a new one every so often. */
export async function measureWriter(bench: Harness, options: SuiteOptions, files: GraphFiles): Promise<void> {
  const nodes = sized(options, 100_000, 5_000);
  const path = await files.copyOf({ nodes, edges: 4 * nodes });
  await using graph = await openGraph(path, { threads: 1, durability: "normal" });
  const ms = sized(options, 3000, 400);
  await measurePace(bench, graph, nodes, "reads of one snapshot", { ms, runMs: ms }, 0.85);
  const ofNew = `reads of a new snapshot every ${SHORT_RUN_MS} ms`;
  await measurePace(bench, graph, nodes, ofNew, { ms, runMs: SHORT_RUN_MS });
}

async function measurePace(
  bench: Harness,
  graph: Graph,
  nodes: number,
  name: string,
  pace: Pace,
  atLeast?: number,
): Promise<void> {
  const busy: Rates[] = [];
  const idle: Rates[] = [];
  for (let round = -1; round < ROUNDS; round++) {
    for (const writes of round % 2 === 0 ? [false, true] : [true, false]) {
      const rates = await ratesOf(graph, nodes, pace, writes);
      if (round >= 0) (writes ? busy : idle).push(rates);
    }
  }
  const middle = (rounds: readonly Rates[], rate: keyof Rates): number => median(rounds.map((each) => each[rate]));
  bench.value({
    name: `${name} while the caller commits (durability normal) / while nobody writes`,
    unit: "1/s",
    value: middle(busy, "perSecond"),
    reference: middle(idle, "perSecond"),
    ...(atLeast === undefined ? undefined : { atLeast }),
  });
  bench.value({
    name: "the same by the processor's time of the reader",
    unit: "1/s",
    value: middle(busy, "perRunSecond"),
    reference: middle(idle, "perRunSecond"),
  });
  bench.value({ name: "commits meanwhile", unit: "1/s", value: middle(busy, "commitsPerSecond") });
}

async function ratesOf(graph: Graph, nodes: number, pace: Pace, writes: boolean): Promise<Rates> {
  let isOver = false;
  const reading = readAll(graph, nodes, pace).finally(() => isOver = true);
  const next = randomNumbers(3);
  let commits = 0;
  const start = performance.now();
  while (writes && !isOver) {
    await graph.transaction((tx) => insertFriend(tx, 1 + next(nodes)));
    commits++;
  }
  const { reads, runMs } = await reading;
  const ms = performance.now() - start;
  return {
    perSecond: reads / ms * MS_PER_S,
    perRunSecond: reads / runMs * MS_PER_S,
    commitsPerSecond: commits / ms * MS_PER_S,
  };
}

async function readAll(graph: Graph, nodes: number, { ms, runMs }: Pace): Promise<ReadsDone> {
  const sum = { reads: 0, ms: 0, runMs: 0 };
  for (let run = 0; sum.ms < ms; run++) {
    const done = await graph.run(readRandomly, { nodes, ms: runMs, seed: run });
    sum.reads += done.reads;
    sum.ms += done.ms;
    sum.runMs += done.runMs;
  }
  return sum;
}
