/** Small durable transactions, against the least that the disk asks for. */

import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import { V3Backend } from "../lib/v3/mod.ts";
import type { GraphTransaction } from "../lib/backend/mod.ts";
import { type Harness, median } from "./harness.ts";
import { temporaryPath } from "./v3_files.ts";
import { logBytes } from "./v3_log.ts";
import { sized, type SuiteOptions } from "./v3_suite_options.ts";

const GROUP = 64;
const US_PER_MS = 1000;

/** A node and an edge to it: the transaction that is measured. */
function change(tx: GraphTransaction, hub: number): void {
  const id = tx.insertNode({ kind: "Person", name: "Ada Lovelace" });
  tx.insertEdge({ from: hub, to: id, type: "KNOWS" });
}

/** One transaction, against an append of as many bytes and `fdatasync`. */
export function measureCommit(bench: Harness, options: SuiteOptions): void {
  using file = temporaryPath();
  using plain = temporaryPath();
  using zeroed = temporaryPath();
  using db = V3Backend.open(file.path);
  const hub = db.insertNode({ kind: "Person", name: "hub" });
  const bytes = new Uint8Array(logBytesPerCommit(file.path, () => db.transaction((tx) => change(tx, hub)))).fill(1);
  const growing = openSync(plain.path, "w");
  const fixed = openSync(zeroed.path, "w");
  writeSync(fixed, new Uint8Array(16 * 2 ** 20));
  fdatasyncSync(fixed);
  let growingEnd = 0;
  let fixedEnd = 0;
  const [commit, append, overwrite] = interleave(sized(options, 5000, 500), [
    () => db.transaction((tx) => change(tx, hub)),
    () => {
      growingEnd += writeSync(growing, bytes, 0, bytes.length, growingEnd);
      fdatasyncSync(growing);
    },
    () => {
      fixedEnd += writeSync(fixed, bytes, 0, bytes.length, fixedEnd);
      fdatasyncSync(fixed);
    },
  ]) as [number, number, number];
  closeSync(growing);
  closeSync(fixed);
  const name = `durable transaction / append of ${bytes.length} bytes and fdatasync`;
  bench.value({ name, unit: "us", value: commit, reference: append, atMost: 1.3 });
  bench.value({
    name: "durable transaction / write into zeroes and fdatasync",
    unit: "us",
    value: commit,
    reference: overwrite,
  });
}

/** Bytes of log that one call of `commit` leaves: the log ends in zeroes. */
function logBytesPerCommit(path: string, commit: () => void): number {
  const count = 100;
  const before = logBytes(path);
  for (let index = 0; index < count; index++) commit();
  return Math.round((logBytes(path) - before) / count);
}

/** Transactions that become durable together, against one at a time. */
export function measureGroup(bench: Harness, options: SuiteOptions): void {
  using file = temporaryPath();
  using db = V3Backend.open(file.path);
  const hub = db.insertNode({ kind: "Person", name: "hub" });
  const group = Array.from({ length: GROUP }, () => (tx: GraphTransaction) => change(tx, hub));
  const [grouped, single] = interleave(sized(options, 2000, 200), [
    () => db.transactionGroup(group),
    () => db.transaction((tx) => change(tx, hub)),
  ]) as [number, number];
  bench.value({
    name: `one of ${GROUP} transactions in a group / one at a time`,
    unit: "us",
    value: grouped / GROUP,
    reference: single,
    atMost: 0.1,
  });
}

/** Medians of calls that are made in turns, in microseconds. */
function interleave(rounds: number, calls: readonly (() => void)[]): number[] {
  const times = calls.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [at, call] of calls.entries()) {
      const start = performance.now();
      call();
      (times[at] as number[]).push((performance.now() - start) * US_PER_MS);
    }
  }
  return times.map(median);
}
