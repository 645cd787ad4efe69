/** Commits transactions in the order in which they come: the first one wins, a later one that contradicts it is a conflict. */

import { ConflictError } from "../backend/errors.ts";
import type { ImportTarget } from "../backend/restore_rows.ts";
import type { GroupResult, ServedEngine } from "../backend/served_engine.ts";
import { BatchApplier, TRANSACTION_CONFLICT } from "./batch_applier.ts";
import { ConflictIndex } from "./conflict_index.ts";
import type { KeyList } from "./key_list.ts";
import { readOperations } from "./operation_log.ts";
import type { TransactionBatch } from "./transaction_batch.ts";

/** Most transactions that are made durable together. */
export const MAX_GROUP_BATCHES = 4096;

/** What became of a transaction. */
export type BatchResult =
  | {
    /** It was committed, and every state taken from now on shows it. */
    readonly kind: "committed";
    /** Its commit. */
    readonly lsn: number;
  }
  | {
    /** It would have changed nothing. */
    readonly kind: "unchanged";
  }
  | {
    /** A commit that it did not see changed what it built on. It may succeed on a newer state. */
    readonly kind: "conflict";
    /** What was changed. */
    readonly message: string;
  }
  | {
    /** The engine refused it. */
    readonly kind: "failed";
    /** Why. */
    readonly error: unknown;
  };

/** Commits transactions of other threads. One per open database, on the thread that writes it. */
export class BatchCommitter {
  readonly #engine: ServedEngine;
  readonly #now: () => number;
  /** What commits wrote. */
  readonly #index: ConflictIndex = new ConflictIndex();
  /** The last commit that the index knows of. */
  #knownLsn: number;

  /** @param now clock of the writes, in milliseconds since 1970 */
  constructor(engine: ServedEngine, now: () => number = Date.now) {
    this.#engine = engine;
    this.#now = now;
    this.#knownLsn = engine.backend.lsn;
  }

  /**
   * Commits transactions, all of them with one sync. Each is committed or not on its own, unless the sync fails: then all have
   * failed.
   *
   * @returns one result per transaction, in order
   */
  commit(batches: readonly TransactionBatch[]): BatchResult[] {
    if (batches.length <= MAX_GROUP_BATCHES) return this.#commitGroup(batches);
    const results: BatchResult[] = [];
    for (let at = 0; at < batches.length; at += MAX_GROUP_BATCHES) {
      for (const result of this.#commitGroup(batches.slice(at, at + MAX_GROUP_BATCHES))) results.push(result);
    }
    return results;
  }

  /** Notes a commit of this engine that came about in another way, and the keys of what it wrote. */
  noteCommit(lsn: number, written: KeyList): void {
    // Behind a commit that nobody knows of it is one of those: the next group finds them.
    if (lsn !== this.#knownLsn + 1) return;
    note(written, this.#index, lsn);
    this.#knownLsn = lsn;
  }

  #commitGroup(batches: readonly TransactionBatch[]): BatchResult[] {
    const now = this.#now();
    // Apart from what is committed: it may still fail.
    const group = batches.length > 1 ? new ConflictIndex() : undefined;
    let results: GroupResult<KeyList | undefined>[];
    try {
      results = this.#engine.group(batches.map((batch, at) => (target) => {
        if (at === 0) this.#noteUnknownCommits();
        return this.#run(batch, target, now, group);
      }));
    } catch (error) {
      return batches.map(() => ({ kind: "failed", error }));
    }
    return results.map((result, at) => this.#conclude(result, batches[at] as TransactionBatch));
  }

  /**
   * Looks, where nobody else can commit any more, whether there were commits that did not come from here: of calls, of
   * another process. Each conflicts with every transaction that did not see it.
   */
  #noteUnknownCommits(): void {
    const { lsn } = this.#engine.backend;
    if (lsn === this.#knownLsn) return;
    this.#index.noteEverything(lsn);
    this.#knownLsn = lsn;
  }

  /**
   * Applies a transaction; returns what it wrote, or undefined when it met a conflict before it wrote anything.
   *
   * @param group what transactions before it in the same group wrote, at the LSN 1: nobody has seen any of it
   */
  #run(
    { footprint, snapshotLsn, operations }: TransactionBatch,
    target: ImportTarget,
    now: number,
    group: ConflictIndex | undefined,
  ): KeyList | undefined {
    if (this.#index.conflict(footprint, snapshotLsn) !== undefined) return undefined;
    if (group?.conflict(footprint, 0) !== undefined) return undefined;
    const applier = new BatchApplier(target, now);
    readOperations(operations, applier);
    const { written } = applier;
    if (group !== undefined) note(written, group, 1);
    return written;
  }

  #conclude(result: GroupResult<KeyList | undefined>, { snapshotLsn }: TransactionBatch): BatchResult {
    if ("error" in result) {
      const { error } = result;
      if (!(error instanceof ConflictError) || error.code !== TRANSACTION_CONFLICT) return { kind: "failed", error };
      return { kind: "conflict", message: error.message };
    }
    const { lsn, value: written } = result;
    if (written === undefined) {
      const message =
        `transaction: what it read or wrote was changed after commit ${snapshotLsn}, which it saw; run it again`;
      return { kind: "conflict", message };
    }
    if (lsn === undefined) return { kind: "unchanged" };
    note(written, this.#index, lsn);
    this.#knownLsn = lsn;
    return { kind: "committed", lsn };
  }
}

function note(keys: KeyList, index: ConflictIndex, lsn: number): void {
  if (keys.isEverything) return index.noteEverything(lsn);
  for (let at = 0; at < keys.length; at++) index.note(keys.at(at), lsn);
}
