/** What the process tests start: `process_script.ts ACTION PATH ...`. The last line of its output is its result as JSON. */

import { appendFileSync, existsSync, symlinkSync } from "node:fs";
import process from "node:process";
import type { GraphBackend } from "../../lib/backend/graph_backend.ts";
import { SqliteBackend } from "../../lib/sqlite/mod.ts";
import { type Counts, countsOf, writeRound } from "./rounds.ts";

/** Result of an action; a `GraphError` as its class and code. */
export type ActionResult =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: string; readonly code: unknown; readonly message: string };

const SLEEP = new Int32Array(new SharedArrayBuffer(4));

function sleep(ms: number): void {
  Atomics.wait(SLEEP, 0, 0, ms);
}

/** Waits for the file that starts or stops everybody at the same moment. */
function waitFor(path: string): void {
  for (let waitedMs = 0; !existsSync(path); waitedMs++) {
    if (waitedMs > 50_000) throw new Error(`${path} did not appear`);
    sleep(1);
  }
}

type Action = (path: string, ...rest: string[]) => unknown;

const ACTIONS: Readonly<Record<string, Action>> = {
  /** Opens the database and says what it holds. */
  open(path, readonly = "") {
    using db = SqliteBackend.open(path, { readonly: readonly === "readonly" });
    return { nodes: db.countNodes(), edges: db.countEdges(), version: db.stats().formatVersion };
  },

  /** Opens the database together with other processes, and inserts a node. */
  openTogether(path, go, name = "n") {
    console.log("ready");
    waitFor(go as string);
    using db = SqliteBackend.open(path, { busyTimeoutMs: 30_000 });
    const id = db.insertNode({ kind: "Opened", name });
    return { id, version: db.stats().formatVersion };
  },

  /** Writes rounds until it is killed or the file `stop` appears; notes each round after its commit. */
  write(path, stop, log) {
    using db = SqliteBackend.open(path, { busyTimeoutMs: 30_000 });
    let round = countsOf(db).rounds;
    console.log("ready");
    while (!existsSync(stop as string)) {
      writeRound(db, ++round);
      if (log !== undefined) appendFileSync(log, `${round}\n`);
      if (round % 40 === 0) db.checkpoint();
    }
    return round;
  },

  /** Adds to a counter a number of times, one transaction each. */
  count(path, go, times) {
    using db = SqliteBackend.open(path, { busyTimeoutMs: 30_000 });
    console.log("ready");
    waitFor(go as string);
    for (let at = 0; at < Number(times); at++) {
      db.transaction((tx) => {
        tx.kv.set("counter", Number(tx.kv.get("counter") ?? 0) + 1);
        tx.insertNode({ kind: "Counted", name: `${process.pid} ${at}` });
      });
    }
    return db.lsn;
  },

  /** Reads one state after another until the file `stop` appears; each must be whole, and none older than the one before. */
  read(path, stop, readonly = "") {
    using db = SqliteBackend.open(path, { readonly: readonly === "readonly" });
    console.log("ready");
    let states = 0;
    let last: Counts | undefined;
    while (!existsSync(stop as string)) {
      last = readWhole(db, last);
      states++;
    }
    return { states, rounds: last?.rounds ?? 0 };
  },

  /** Keeps a transaction open until the file `release` appears. */
  hold(path, release) {
    using db = SqliteBackend.open(path);
    return db.transaction((tx) => {
      const id = tx.insertNode({ kind: "Held", name: "n" });
      console.log("held");
      waitFor(release as string);
      return id;
    });
  },

  /** Makes a link to a path (which Deno allows only to programs that may read and write everything). */
  link(path, target) {
    symlinkSync(target as string, path);
  },

  /** Drops root's rights, which ignore permissions, and opens the database. */
  openUnprivileged(path, readonly = "") {
    if (process.getuid?.() === 0) {
      process.setgid?.(65534);
      process.setuid?.(65534);
    }
    return ACTIONS["open"]?.(path, readonly);
  },
};

function readWhole(db: GraphBackend, last: Counts | undefined): Counts {
  using snapshot = db.snapshot();
  const counts = countsOf(snapshot);
  if (JSON.stringify(countsOf(snapshot)) !== JSON.stringify(counts)) throw new Error("a snapshot changed");
  if (last !== undefined && counts.rounds < last.rounds) throw new Error(`round ${counts.rounds} after ${last.rounds}`);
  return counts;
}

if (import.meta.main) {
  const [action = "", path = "", ...rest] = process.argv.slice(2);
  let result: ActionResult;
  try {
    const run = ACTIONS[action];
    if (run === undefined) throw new Error(`no action ${action}`);
    result = { ok: true, value: run(path, ...rest) };
  } catch (error) {
    const { name, code, message } = error as { name: string; code: unknown; message: string };
    result = { ok: false, error: name, code, message };
  }
  console.log(JSON.stringify(result));
}
