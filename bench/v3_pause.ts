/** How long a checkpoint lets the writer wait, and a reader in another process. */

import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { V3Backend } from "../lib/v3/mod.ts";
import { type Harness, median } from "./harness.ts";
import { apart } from "./v3_apart.ts";
import { temporaryPath } from "./v3_files.ts";
import { mixedCommits } from "./v3_mix.ts";
import { logBytes } from "./v3_log.ts";
import { randomNumbers } from "./v3_random.ts";
import { sized, type SuiteOptions } from "./v3_suite_options.ts";

const MIB = 2 ** 20;
const ROUNDS = 5;
const QUIET_MS = 1000;
const READS_BETWEEN_LOOKS = 256;
const COMMITS_BETWEEN_LOOKS = 200;

/** Longest calls of a writer and of a reader while a checkpoint runs; of the reader also while nothing runs. */
export async function measurePause(bench: Harness, options: SuiteOptions): Promise<void> {
  const sizeBytes = sized(options, 64, 4) * MIB;
  const rounds: (WriterPause & ReaderPause)[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    using file = temporaryPath();
    const meeting = {
      path: file.path,
      sizeBytes,
      filled: `${file.path}.filled`,
      reading: `${file.path}.reading`,
      done: `${file.path}.done`,
    };
    try {
      const writer = apart(import.meta.url, checkpointWhileRead, meeting);
      const reader = apart(import.meta.url, readDuringCheckpoint, meeting);
      rounds.push({ ...await writer, ...await reader });
    } finally {
      for (const path of [meeting.filled, meeting.reading, meeting.done]) rmSync(path, { force: true });
    }
  }
  const middle = (value: (round: WriterPause & ReaderPause) => number): number => median(rounds.map(value));
  const name = `checkpoint of a log of ${sizeBytes / MIB} MiB`;
  bench.value({ name: `${name}: the writer's pause`, unit: "ms", value: middle(({ checkpointMs }) => checkpointMs) });
  bench.value({
    name: `${name}: a reader's longest call`,
    unit: "ms",
    value: middle(({ longestMs }) => longestMs),
    atMost: 5,
  });
  bench.value({
    name: "the same, of calls that the system did not interrupt",
    unit: "ms",
    value: middle(({ ownMs }) => ownMs),
  });
  bench.value({
    name: "the longest call in the worst round",
    unit: "ms",
    value: Math.max(...rounds.map(({ longestMs }) => longestMs)),
  });
  bench.value({
    name: "a reader's longest call in a second without a checkpoint",
    unit: "ms",
    value: middle(({ quietMs }) => quietMs),
  });
  bench.value({ name: "a reader's calls during the checkpoint", unit: "calls", value: middle(({ calls }) => calls) });
}

/** How the two meet: through files that come into being. */
interface Meeting {
  readonly path: string;
  readonly sizeBytes: number;
  /** The log is full. */
  readonly filled: string;
  /** The reader reads, and has measured how long that takes without a checkpoint. */
  readonly reading: string;
  /** The checkpoint is over. */
  readonly done: string;
}

interface WriterPause {
  readonly checkpointMs: number;
}

interface ReaderPause {
  readonly longestMs: number;
  /** The same, of the calls around which the system did not give the processor to somebody else. */
  readonly ownMs: number;
  readonly quietMs: number;
  readonly calls: number;
}

/** Fills a log twice, with a checkpoint in between; the second time somebody reads during the checkpoint. */
export function checkpointWhileRead({ path, sizeBytes, filled, reading, done }: Meeting): WriterPause {
  using db = V3Backend.open(path, { durability: "normal", logLimitBytes: 4 * sizeBytes });
  const commit = mixedCommits(db);
  for (let time = 0; time < 2; time++) {
    do {
      for (let count = 0; count < COMMITS_BETWEEN_LOOKS; count++) commit();
    } while (logBytes(path) < sizeBytes);
    if (time === 0) db.checkpoint();
  }
  writeFileSync(filled, "");
  waitFor(reading);
  const start = performance.now();
  db.checkpoint();
  const checkpointMs = performance.now() - start;
  writeFileSync(done, "");
  return { checkpointMs };
}

/** Reads random nodes of a snapshot, first alone, then during the checkpoint. */
export function readDuringCheckpoint({ path, filled, reading, done }: Meeting): ReaderPause {
  waitFor(filled);
  using db = V3Backend.open(path, { readonly: true });
  using snapshot = db.snapshot();
  const nodes = snapshot.countNodes();
  const next = randomNumbers(1);
  const longestUntil = (isOver: () => boolean): Omit<ReaderPause, "quietMs"> => {
    let longestMs = 0;
    let ownMs = 0;
    let calls = 0;
    let interruptions = countInterruptions();
    do {
      let longestOfThese = 0;
      for (let read = 0; read < READS_BETWEEN_LOOKS; read++) {
        const start = performance.now();
        snapshot.getNode(1 + next(nodes));
        longestOfThese = Math.max(longestOfThese, performance.now() - start);
      }
      calls += READS_BETWEEN_LOOKS;
      const before = interruptions;
      interruptions = countInterruptions();
      longestMs = Math.max(longestMs, longestOfThese);
      if (interruptions === before) ownMs = Math.max(ownMs, longestOfThese);
    } while (!isOver());
    return { longestMs, ownMs, calls };
  };
  const during = (ms: number): Omit<ReaderPause, "quietMs"> => {
    const end = performance.now() + ms;
    return longestUntil(() => performance.now() > end);
  };
  during(QUIET_MS);
  const { longestMs: quietMs } = during(QUIET_MS);
  writeFileSync(reading, "");
  return { ...longestUntil(() => existsSync(done)), quietMs };
}

/** How often the system took the processor away from this thread. Linux tells. */
function countInterruptions(): number {
  try {
    return Number(/^nonvoluntary_ctxt_switches:\s+(\d+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1]);
  } catch {
    return 0;
  }
}

function waitFor(path: string): void {
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  while (!existsSync(path)) Atomics.wait(sleeper, 0, 0, 1);
}
