/** What the process tests of V3 start: `process_script.ts ACTION PATH ...`. The last line of its output is its result as JSON. */

import { existsSync } from "node:fs";
import process from "node:process";
import type { GraphTransaction, Snapshot } from "../../lib/backend/graph_backend.ts";
import { V3Backend, type V3Database } from "../../lib/v3/mod.ts";
import { assertRounds, roundsOf, writeRound } from "../crash/kill_rounds.ts";

/** How an action ended. */
export type ActionResult =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: string; readonly code: unknown; readonly message: string };

/** What the action `read` saw. */
export interface ReadReport {
  /** States that were read as a whole, each as soon as it was seen. */
  readonly states: number;
  /** States that were read as a whole only after some later ones had been. */
  readonly oldStates: number;
  /** Rounds in the last one. */
  readonly rounds: number;
}

/** What the action `holdState` saw. */
export interface HeldReport {
  /** Commits that it took from a log whose writer was gone. */
  readonly replayedCommits: number;
  /** Rounds in the state that it held. */
  readonly heldRounds: number;
  /** Rounds that it saw when it went on. */
  readonly rounds: number;
}

/** Little, so that pages are read from the file and not remembered. */
const CACHE_BYTES = 1024 * 1024;
/** Commits between two checkpoints of a busy writer. */
const CHECKPOINT_ROUNDS = 3;
/** States that a reader keeps without having looked at them. */
const HELD_STATES = 4;
/** States that a reader must have seen before it says that it has seen enough. */
const ENOUGH_STATES = 16;

/** A state that is kept without having been looked at. */
interface HeldState {
  readonly snapshot: Snapshot;
  readonly rounds: number;
  readonly lsn: number;
}

type Action = (path: string, ...rest: string[]) => unknown;

const ACTIONS: Readonly<Record<string, Action>> = {
  /** Opens the database and says how many rounds it holds. */
  open(path, readonly = "") {
    using db = openAt(path, readonly === "readonly");
    const rounds = roundsOf(db);
    assertRounds(db, rounds);
    return rounds;
  },

  /** Writes rounds, with a checkpoint every few, until it is killed or the file `stop` appears. */
  write(path, stop) {
    using db = openAt(path);
    console.log("ready");
    let round = roundsOf(db);
    while (!existsSync(stop as string)) {
      write(db, ++round);
      if (round % CHECKPOINT_ROUNDS === 0) db.checkpoint();
    }
    return round;
  },

  /** Writes so many rounds, the last few of them without a checkpoint, and stays the writer until it is killed. */
  writeAndStay(path, rounds, logged) {
    const db = openAt(path);
    for (let round = 1; round <= Number(rounds); round++) {
      write(db, round);
      if (round === Number(rounds) - Number(logged)) db.checkpoint();
    }
    console.log("written");
    return stay(db);
  },

  /**
   * Reads one state after another until the file `stop` appears. Each must be whole and none older than the one before, also
   * those that are only read when the writer has long gone on. Says `enough` after some of them, and `enough again` after some
   * more from the moment on when the file `again` is there.
   */
  read(path, again, stop) {
    using db = openAt(path, true);
    console.log("ready");
    const held: HeldState[] = [];
    let report: ReadReport = { states: 0, oldStates: 0, rounds: 0 };
    let word = "enough";
    let seen = 0;
    while (!existsSync(stop as string)) {
      const { lsn } = db;
      if (!db.refresh()) {
        sleep(1);
        continue;
      }
      if (db.lsn < lsn) throw new Error(`commit ${db.lsn} after commit ${lsn}`);
      const rounds = roundsOf(db);
      if (rounds < report.rounds) throw new Error(`round ${rounds} after round ${report.rounds}`);
      if (report.states % 2 === 0) held.push({ snapshot: db.snapshot(), rounds, lsn: db.lsn });
      else assertRounds(db, rounds);
      report = { ...report, states: report.states + 1, rounds };
      if (held.length > HELD_STATES) {
        readHeld(held.shift() as HeldState);
        report = { ...report, oldStates: report.oldStates + 1 };
      }
      if (word === "enough" && existsSync(again as string)) {
        word = "enough again";
        seen = 0;
      }
      if (++seen === ENOUGH_STATES) console.log(word);
    }
    for (const state of held) readHeld(state);
    return report;
  },

  /** Keeps a state without looking at it until the file `go` appears, reads it, then goes on to the newest one. */
  holdState(path, go) {
    using db = openAt(path, true);
    using snapshot = db.snapshot();
    const heldRounds = roundsOf(snapshot);
    console.log("holding");
    while (!existsSync(go as string)) sleep(1);
    assertRounds(snapshot, heldRounds);
    db.refresh();
    const rounds = roundsOf(db);
    assertRounds(db, rounds);
    assertRounds(snapshot, heldRounds);
    const { replayedCommits } = db.openReport;
    return { replayedCommits, heldRounds, rounds } satisfies HeldReport;
  },
};

function openAt(path: string, readonly = false): V3Database {
  return V3Backend.open(path, { readonly, create: true, durability: "normal", cacheBytes: CACHE_BYTES });
}

function write(db: V3Database, round: number): void {
  db.transaction((tx: GraphTransaction) => writeRound(tx, round));
}

function readHeld({ snapshot, rounds, lsn }: HeldState): void {
  if (snapshot.lsn !== lsn) throw new Error(`a snapshot of commit ${lsn} is one of commit ${snapshot.lsn} now`);
  assertRounds(snapshot, rounds);
  snapshot.release();
}

const SLEEP = new Int32Array(new SharedArrayBuffer(4));

function sleep(ms: number): void {
  Atomics.wait(SLEEP, 0, 0, ms);
}

/** Never ends; what it keeps is not collected as garbage. */
function stay(kept: unknown): Promise<unknown> {
  return new Promise((resolve) => setInterval(() => kept === undefined && resolve(kept), 60_000));
}

if (import.meta.main) {
  const [action = "", path = "", ...rest] = process.argv.slice(2);
  let result: ActionResult;
  try {
    const run = ACTIONS[action];
    if (run === undefined) throw new Error(`no action ${action}`);
    result = { ok: true, value: await run(path, ...rest) };
  } catch (error) {
    const { name, code, message } = error as { name: string; code: unknown; message: string };
    result = { ok: false, error: name, code, message };
  }
  console.log(JSON.stringify(result));
}
