/** What transactions change of vectors, for an index in memory. */

import type { StoredVectorIndex } from "../backend/vector_store.ts";
import { type VectorChange, VectorChanges } from "../vector/vector_changes.ts";

/** What one commit changed. */
export interface VectorCommit {
  /** Number of the commit. */
  readonly lsn: number;
  /** Vectors in the order of their changes; those of dropped indexes included, of indexes that are cleared not one by one. */
  readonly changes: readonly VectorChange[];
  /** Indexes that were made, also those that were dropped again. */
  readonly created: readonly StoredVectorIndex[];
  /** Numbers of indexes that were dropped. They are never given again. */
  readonly dropped: readonly number[];
}

/** Where a journal ended. */
export interface VectorJournalMark {
  readonly changes: number;
  readonly created: number;
  readonly dropped: number;
}

/** The changes of the running transaction in order, with places to go back to. */
export class VectorJournal {
  /** Whether somebody wants to know: otherwise nothing is noted. */
  isWanted = false;
  /** Changed vectors of the whole transaction: those of all members of a group. */
  readonly vectors: VectorChanges = new VectorChanges();
  readonly #created: StoredVectorIndex[] = [];
  readonly #dropped: number[] = [];
  /** Where the running member of a group began. */
  #memberStart: VectorJournalMark = START;

  /** Where it ends now. */
  mark(): VectorJournalMark {
    if (!this.isWanted) return START;
    return { changes: this.vectors.mark(), created: this.#created.length, dropped: this.#dropped.length };
  }

  /** Takes back everything since a mark. */
  rollbackTo(mark: VectorJournalMark): void {
    if (!this.isWanted) return;
    this.vectors.rollbackTo(mark.changes);
    this.#created.length = mark.created;
    this.#dropped.length = mark.dropped;
  }

  /** Notes a vector. */
  changed(index: number, nodeId: number, vector: Float32Array | undefined): void {
    if (this.isWanted) this.vectors.add(index, nodeId, vector);
  }

  /** Notes a new index. */
  created(index: StoredVectorIndex): void {
    if (this.isWanted) this.#created.push(index);
  }

  /** Whether the running transaction made an index. */
  isNew(number: number): boolean {
    return this.#created.some((index) => index.number === number);
  }

  /** Notes that an index was dropped. */
  dropped(number: number): void {
    if (this.isWanted) this.#dropped.push(number);
  }

  /** Ends a member of a group: what changed since the one before, or undefined when nothing did. */
  endMember(lsn: number): VectorCommit | undefined {
    const { changes, created, dropped } = this.#memberStart;
    const mark = this.mark();
    this.#memberStart = mark;
    if (mark.changes === changes && mark.created === created && mark.dropped === dropped) return undefined;
    return {
      lsn,
      changes: this.vectors.since(changes),
      created: this.#created.slice(created),
      dropped: this.#dropped.slice(dropped),
    };
  }

  /** Forgets everything: the transaction has ended. */
  clear(): void {
    this.vectors.clear();
    this.#created.length = this.#dropped.length = 0;
    this.#memberStart = START;
  }
}

const START: VectorJournalMark = { changes: 0, created: 0, dropped: 0 };
