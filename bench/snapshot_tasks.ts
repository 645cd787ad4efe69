/** What the threads of the pool do in the measures: a module of its own, because every thread loads it. */

import { readFileSync } from "node:fs";
import { defineTask, type Task } from "../lib/task/task.ts";
import { randomNumbers } from "./v3_random.ts";

const NS_PER_MS = 1e6;
const READS_BETWEEN_LOOKS = 256;
/** Ids that a thread of a scan takes at once: about a millisecond. */
const SHARE = 4096;

/** Nodes that are read: ids 1 to `nodes`. */
export interface Scan {
  readonly nodes: number;
}

/**
 * Reads the neighbours of every node; gives the number of all that were found. Each thread takes the next few thousand ids when
 * it has done its last ones: one that the system lets wait, or whose code is compiled later, does less, and none waits for it.
 */
export const scanAdjacency: Task<Scan, number> = defineTask(
  import.meta.url,
  "scanAdjacency",
  (snapshot, { nodes }: Scan, task) => {
    const taken = new Int32Array(task.sharedBuffer(Int32Array.BYTES_PER_ELEMENT));
    const found = new Float64Array(task.sharedBuffer(task.workers * Float64Array.BYTES_PER_ELEMENT));
    let sum = 0;
    for (;;) {
      const before = Atomics.add(taken, 0, SHARE);
      if (before >= nodes) break;
      const last = Math.min(before + SHARE, nodes);
      for (let id = before + 1; id <= last; id++) sum += snapshot.neighbors(id, { distinct: false }).length;
    }
    found[task.worker] = sum;
    task.barrier();
    return found.reduce((all, one) => all + one, 0);
  },
);

/** Random reads for a while. */
export interface ReadFor {
  readonly nodes: number;
  readonly ms: number;
  readonly seed: number;
}

/** What came of them. */
export interface ReadsDone {
  readonly reads: number;
  readonly ms: number;
  /** Time that the system let the thread run. Where it does not tell: that of the clock. */
  readonly runMs: number;
}

/** Reads random nodes and the neighbours of each for a given time. */
export const readRandomly: Task<ReadFor, ReadsDone> = defineTask(
  import.meta.url,
  "readRandomly",
  (snapshot, { nodes, ms, seed }: ReadFor) => {
    const next = randomNumbers(seed);
    const runBefore = runMsOfThread();
    const start = performance.now();
    let reads = 0;
    let length = 0;
    let passed = 0;
    while (passed < ms) {
      for (let read = 0; read < READS_BETWEEN_LOOKS; read++) {
        const id = 1 + next(nodes);
        length += (snapshot.getNode(id)?.name.length ?? 0) + snapshot.neighbors(id).length;
      }
      reads += READS_BETWEEN_LOOKS;
      passed = performance.now() - start;
    }
    const runAfter = runMsOfThread();
    if (length < reads) throw new Error("nodes are missing");
    const runMs = runBefore === undefined || runAfter === undefined ? passed : runAfter - runBefore;
    return { reads, ms: passed, runMs };
  },
);

/** A number of random reads. */
export interface ReadSome {
  readonly nodes: number;
  readonly reads: number;
}

/** Reads the same random nodes, with the neighbours of each, on every thread; all of them are here at once. */
export const readOnAll: Task<ReadSome, number> = defineTask(
  import.meta.url,
  "readOnAll",
  (snapshot, { nodes, reads }: ReadSome, task) => {
    task.barrier();
    const next = randomNumbers(1);
    let length = 0;
    for (let read = 0; read < reads; read++) {
      const id = 1 + next(nodes);
      length += (snapshot.getNode(id)?.name.length ?? 0) + snapshot.neighbors(id).length;
    }
    task.barrier();
    return length;
  },
);

/** How long this thread has run on a processor. Linux tells. */
function runMsOfThread(): number | undefined {
  try {
    return Number(readFileSync("/proc/thread-self/schedstat", "utf8").split(" ")[0]) / NS_PER_MS;
  } catch {
    return undefined;
  }
}
