/** Random work on an open database: writes of every kind, and everything that holds on to old states while they happen. */

import type { Change } from "../../lib/backend/change.ts";
import type { GraphTransaction, Snapshot } from "../../lib/backend/graph_backend.ts";
import type { FullContent } from "./content.ts";
import { expect, expectContent, expectEqual, expectIndexes, expectSound, Mismatch } from "./compare.ts";
import type { Engine, GroupResult } from "./engine.ts";
import type { FaultFileSystem } from "./fault_file_system.ts";
import type { Doubt, History } from "./history.ts";
import type { Material } from "./material.ts";
import type { GraphState } from "./model.ts";
import { expectPast } from "./past.ts";
import type { ReaderProcess } from "./reader_process.ts";
import type { Rng } from "./rng.ts";
import { Rollback, TransactionWork } from "./transaction_work.ts";

/** What the work needs of the machine around it. */
export interface Surroundings {
  readonly rng: Rng;
  readonly material: Material;
  readonly history: History;
  /** Other processes that read the database now. */
  readonly readers: ReaderProcess[];
  /** The time, which the work moves on. */
  nowMs: number;
  /** How many past commits the database keeps. */
  readonly keptCommits: number;
  /** Whether a checkpoint makes what it holds safe. */
  readonly isCheckpointSafe: boolean;
  /** How many compacted copies were made. */
  copies: number;
  /** Adds a line to the story of the run. */
  note(text: string): void;
  /** Opens a file in a process of its own that only reads. */
  openReader(path: string): { readonly files: FaultFileSystem; readonly db: Engine };
  /** Lets another process read while this one is within its next calls, or the other way round. */
  startReader(interrupt?: () => void): void;
}

/** What can happen, and how often. */
const STEPS = {
  transaction: 10,
  single: 4,
  insertAlone: 2,
  load: 1,
  /** Too big for the log, and slow: only where it is asked for. */
  huge: 0,
  group: 3,
  snapshot: 3,
  iterate: 2,
  look: 3,
  wait: 2,
  check: 0.7,
  checkpoint: 2,
  flush: 2,
  tag: 1,
  untag: 0.5,
  past: 2,
  compact: 0.5,
  reader: 4,
};

/** One of them. */
export type Step = keyof typeof STEPS;

/** Compacted copies are called so, with a number. */
export const COPY_PATH = "/db/copy";

const WAITS_MS = [1, 999, 4_000, 60_000] as const;
const MAX_SNAPSHOTS = 3;
const MAX_READERS = 2;
const MAX_NODES = 500;

interface Committed {
  readonly lsn: number;
  /** What was told before: that keys expired, nothing, or anything else. */
  readonly told: "expiry" | "nothing" | "changes";
}

interface HeldSnapshot {
  readonly snapshot: Snapshot;
  readonly content: FullContent;
}

interface HeldIterator {
  readonly iterator: IterableIterator<unknown>;
  readonly rest: readonly unknown[];
}

/** The work on one opened database, until it is closed or lost. */
export class Workload {
  readonly #db: Engine;
  readonly #files: FaultFileSystem;
  readonly #around: Surroundings;
  readonly #rng: Rng;
  readonly #history: History;
  readonly #work: TransactionWork;
  #snapshots: HeldSnapshot[] = [];
  #iterators: HeldIterator[] = [];
  #committed: Committed[] = [];

  /** Begins to work. */
  constructor(db: Engine, files: FaultFileSystem, around: Surroundings) {
    this.#db = db;
    this.#files = files;
    this.#around = around;
    this.#rng = around.rng;
    this.#history = around.history;
    this.#work = new TransactionWork(around.rng, around.material, around.history, () => around.nowMs);
    this.#listen();
  }

  /** Chooses what to do next. */
  next(): Step {
    return this.#rng.weighted(STEPS);
  }

  /** Does it. Throws `Mismatch` when something is not as the model says, else what the database throws. */
  run(step: Step): void {
    const rng = this.#rng;
    const db = this.#db;
    const history = this.#history;
    switch (step) {
      case "transaction":
        return this.#transaction((tx, state) => this.#work.run(tx, state, rng.skewed(1, 30)), rng.chance(0.15));
      case "single":
        return this.#single((state) => void this.#work.single(db, state));
      case "insertAlone":
        return this.#insertAlone();
      case "load":
        if (history.state.nodes.size > MAX_NODES) return;
        return this.#transaction((tx, state) => this.#work.load(tx, state, rng.skewed(20, 150)), rng.chance(0.1));
      case "huge":
        return this.#transaction((tx, state) => this.#work.loadHuge(tx, state), rng.chance(0.2));
      case "group":
        return this.#group();
      case "snapshot":
        return this.#snapshot();
      case "iterate":
        return this.#iterate();
      case "look":
        return this.look();
      case "wait":
        this.#around.nowMs += rng.pick(WAITS_MS);
        return;
      case "check":
        return this.#check();
      case "checkpoint":
        db.checkpoint();
        this.#settle([]);
        history.forgetDoubts();
        if (this.#around.isCheckpointSafe) history.markSafe();
        return;
      case "flush":
        db.flush();
        this.#settle([]);
        history.forgetDoubts();
        return history.markSafe();
      case "tag":
        return this.#tag(`tag ${rng.between(1, 4)}`);
      case "untag":
        return this.#untag(`tag ${rng.between(1, 4)}`);
      case "past":
        return this.lookAtThePast();
      case "compact":
        return this.#compact();
      case "reader":
        return this.#reader();
    }
  }

  /** Writes something small, to see whether the database takes it. */
  probe(): void {
    this.#single((state) => {
      const value = this.#history.highestLsn;
      state.setKey("probe", value, undefined);
      this.#db.kv.set("probe", value);
    });
  }

  /** Compares everything, and asks through the indexes. */
  look(): void {
    const content = this.#history.state.content(this.#around.nowMs);
    expectContent(this.#db, content, "the database");
    expectIndexes(this.#db, content, this.#rng);
    expectEqual(
      this.#db.tags().map(({ name, lsn }) => [name, lsn]),
      [...this.#history.state.tags].sort(([a], [b]) => a < b ? -1 : 1),
      "tags",
    );
  }

  /** What cannot be read is a finding as well: that counts only where nothing failed. */
  #check(): void {
    const { length } = this.#files.met;
    try {
      expectSound(this.#db, "in between", "errors");
    } catch (error) {
      if (!(error instanceof Mismatch) || this.#files.met.length === length) throw error;
    }
  }

  /** Reads tagged and kept commits. */
  lookAtThePast(): void {
    expectPast(this.#db, this.#history, this.#around.keptCommits, this.#rng);
  }

  /** Lets go of everything that was held, and looks at it for the last time. */
  finish(): void {
    this.#finishIterators();
    for (const { snapshot, content } of this.#snapshots) {
      expectContent(snapshot, content, "a held snapshot");
      snapshot.release();
    }
    this.#snapshots = [];
  }

  /** Forgets everything that was held, after a crash. */
  abandon(): void {
    for (const { snapshot } of this.#snapshots) {
      try {
        snapshot.release();
      } catch {
        // The process is gone; a snapshot that is not released would be reported when it is garbage collected.
      }
    }
  }

  /** Takes over what was committed by a step that failed: expired keys may be removed by a commit of their own. */
  settleFailure(): void {
    this.#settle([]);
  }

  #listen(): void {
    let told: Committed["told"] = "nothing";
    this.#db.subscribe({}, (change: Change) => {
      if (change.type !== "commit" && change.type !== "bulk") {
        const isExpiry = change.type === "kv" && change.operation === "expire";
        told = isExpiry && told !== "changes" ? "expiry" : "changes";
        return;
      }
      this.#committed.push({ lsn: change.lsn, told: change.type === "bulk" ? "changes" : told });
      told = "nothing";
    });
  }

  #transaction(work: (tx: GraphTransaction, state: GraphState) => void, fails: boolean): void {
    const state = this.#history.state.begin();
    const rollback = fails ? new Rollback() : undefined;
    try {
      this.#db.transaction((tx) => {
        work(tx, state);
        if (rollback !== undefined) throw rollback;
        this.#doubt(state);
      });
    } catch (error) {
      if (error !== rollback) throw error;
      return this.#settle([]);
    }
    expect(rollback === undefined, "a transaction whose function threw returned");
    this.#settle([state]);
  }

  /** A call outside of a transaction. */
  #single(call: (state: GraphState) => void): void {
    const state = this.#history.state.begin();
    this.#doubt(state);
    call(state);
    this.#settle([state]);
  }

  /** A node outside of a transaction: after a crash only the content tells its id. */
  #insertAlone(): void {
    const before = this.#history.state;
    const input = this.#around.material.node();
    const stateWith = (id: number | undefined) => {
      if (id === undefined) return undefined;
      const state = before.begin();
      state.putNode({ ...input, id } as Parameters<GraphState["putNode"]>[0]);
      return state;
    };
    this.#doubt((found) => stateWith(found.nodes.findLast(({ id }) => !before.nodes.has(id))?.id));
    const id = this.#db.insertNode(input);
    expect(this.#history.isNewId("node", id), `node id ${id} was given before`);
    this.#settle([stateWith(id) as GraphState]);
  }

  #group(): void {
    const finished: (GraphState | undefined)[] = [];
    let state = this.#history.state;
    const count = this.#rng.between(2, 5);
    const rollbacks = Array.from({ length: count }, () => this.#rng.chance(0.3) ? new Rollback() : undefined);
    const results = this.#db.transactionGroup(rollbacks.map((rollback, at) => (tx: GraphTransaction) => {
      const next = state.begin();
      this.#work.run(tx, next, this.#rng.skewed(1, 10));
      if (rollback !== undefined) throw rollback;
      this.#doubt(next);
      state = finished[at] = next;
      return at;
    }));
    expectEqual(results.length, count, "number of results of a group");
    const failed = results.filter((result, at) => "error" in result && result.error !== rollbacks[at]);
    const isLost = failed.length > 0 && results.some((result, at) => "error" in result && finished[at] !== undefined);
    if (isLost) expect(results.every((result) => "error" in result), "a group is half committed");
    else this.#settleGroup(results, finished);
    if (failed[0] !== undefined && "error" in failed[0]) throw failed[0].error;
  }

  #settleGroup(results: readonly GroupResult<number>[], finished: readonly (GraphState | undefined)[]): void {
    const lsns: (number | undefined)[] = [];
    results.forEach((result, at) => {
      const state = finished[at];
      expect("error" in result === (state === undefined), `function ${at} of a group: wrong kind of result`);
      if ("error" in result) return;
      expectEqual(result.value, at, "value of a group's function");
      if ((state?.changes ?? 0) > 0) lsns.push(result.lsn);
    });
    const states = finished.filter((state) => state !== undefined);
    const before = this.#history.commits.length;
    this.#settle(states);
    const added = this.#history.commits.slice(before);
    const expected = states.map((state) => added.find((commit) => commit.state === state)?.lsn);
    expectEqual(lsns, expected.filter((lsn) => lsn !== undefined), "LSNs of a group");
  }

  #doubt(doubt: Doubt): void {
    this.#history.doubt(doubt, this.#around.nowMs);
  }

  /** Takes over the commits that the database has told of: these states, and the removal of expired keys in between. */
  #settle(states: readonly GraphState[]): void {
    const changed = states.filter(({ changes }) => changes > 0);
    const committed = this.#committed;
    this.#committed = [];
    let next = 0;
    for (const { lsn, told } of committed) {
      // Commits that only move pages or remove expired keys come after the work.
      const due = changed[next];
      const isSilent = due !== undefined && due.changes === due.silentChanges;
      const isOwn = told === "changes" || (told === "nothing" && isSilent);
      if (isOwn) {
        expect(due !== undefined && isSilent === (told === "nothing"), `commit ${lsn} is told by other events`);
      }
      if (isOwn) next++;
      const state = isOwn ? due as GraphState : this.#history.state;
      this.#history.add(state, lsn, this.#around.nowMs, isOwn && next < changed.length);
    }
    expectEqual(next, changed.length, "commits told by events");
    expectEqual(this.#db.lsn, this.#history.last.lsn, "lsn");
  }

  #snapshot(): void {
    const held = this.#snapshots;
    if (held.length > 0) {
      const { snapshot, content } = this.#rng.pick(held);
      expectContent(snapshot, content, `the snapshot of commit ${snapshot.lsn}`);
      expectIndexes(snapshot, content, this.#rng);
    }
    if (held.length === MAX_SNAPSHOTS) held.splice(this.#rng.between(0, MAX_SNAPSHOTS - 1), 1)[0]?.snapshot.release();
    const snapshot = this.#db.snapshot();
    held.push({ snapshot, content: this.#history.state.content(this.#around.nowMs) });
    expectEqual(snapshot.lsn, this.#history.last.lsn, "lsn of a snapshot");
  }

  #iterate(): void {
    this.#finishIterators();
    const { nodes, edges } = this.#history.state.content(this.#around.nowMs);
    for (const [iterator, expected] of [[this.#db.nodes(), nodes], [this.#db.edges(), edges]] as const) {
      const first = iterator.next();
      expectEqual(first.done ? undefined : first.value, expected[0], "first of an iterator");
      this.#iterators.push({ iterator, rest: expected.slice(1) });
    }
  }

  #finishIterators(): void {
    for (const { iterator, rest } of this.#iterators) {
      const found = [...iterator];
      expectEqual(found.length, rest.length, "length of a held iterator");
      found.forEach((record, at) => expectEqual(record, rest[at], "a held iterator"));
    }
    this.#iterators = [];
  }

  #tag(name: string): void {
    const state = this.#history.state.begin();
    if (state.tags.has(name)) return;
    const { lsn } = this.#db;
    state.tags.set(name, lsn);
    this.#doubt(state);
    expectEqual(this.#db.tag(name), { name, lsn }, "tag");
    this.#settleTags(state);
  }

  #untag(name: string): void {
    const state = this.#history.state.begin();
    const isThere = state.tags.delete(name);
    if (isThere) this.#doubt(state);
    expectEqual(this.#db.untag(name), isThere, "untag");
    if (isThere) this.#settleTags(state);
  }

  #settleTags(state: GraphState): void {
    this.#committed = [];
    this.#history.addTags(state, this.#db.lsn, this.#around.nowMs);
  }

  #compact(): void {
    const path = `${COPY_PATH}${++this.#around.copies}`;
    this.#db.compact(path);
    const { db } = this.#around.openReader(path);
    expectEqual(db.lsn, this.#history.last.lsn, "lsn of a compacted copy");
    expectContent(db, this.#history.state.content(this.#around.nowMs), "a compacted copy");
    expectSound(db, "of a compacted copy", "all");
    db.close();
    for (const file of this.#files.disk.files()) if (file.startsWith(path)) this.#files.remove(file);
    this.#files.removeFolder(`${path}.readers`);
  }

  /** Another process opens, looks, moves on or leaves: now, or while this one is within a commit or a checkpoint. */
  #reader(): void {
    const { readers, history } = this.#around;
    const reader = readers.length === 0 ? undefined : this.#rng.pick(readers);
    if (reader === undefined || (readers.length < MAX_READERS && this.#rng.chance(0.3))) {
      const isInterrupted = this.#rng.chance(0.5);
      return this.#around.startReader(isInterrupted ? () => this.#writeSomething() : undefined);
    }
    const act = this.#rng.weighted({ look: 2, refresh: 2, leave: 1, die: 1, refreshWithin: 3 });
    this.#around.note(`${reader}: ${act}`);
    if (act === "leave" || act === "die") readers.splice(readers.indexOf(reader), 1);
    switch (act) {
      case "look":
        return reader.check();
      case "refresh":
        return reader.refresh(history);
      case "leave":
        return reader.close();
      case "die":
        return void reader.files.afterKill();
      case "refreshWithin": {
        const failures: unknown[] = [];
        this.#files.interrupt(this.#rng.skewed(1, 60), () => attempt(() => reader.refresh(history), failures));
        this.#writeSomething();
        this.#files.cancelInterrupts();
        if (failures.length > 0) throw failures[0];
        return this.#rng.chance(0.5) ? reader.check() : undefined;
      }
    }
  }

  #writeSomething(): void {
    const step = this.#rng.pick(["transaction", "checkpoint", "group", "single"] as const);
    this.#around.note(`within: ${step}`);
    this.run(step);
  }
}

/** Keeps an error for later: it must not reach the other process that the call is in the midst of. */
export function attempt(run: () => void, failures: unknown[]): void {
  try {
    run();
  } catch (error) {
    failures.push(error);
  }
}
