/** What a running transaction did to vectors, for whoever keeps them in memory. */

import type { StoredVectorIndex } from "../backend/vector_store.ts";
import type { CommittedChanges } from "../vector/resident_vectors.ts";
import { VectorChanges } from "../vector/vector_changes.ts";

/** Keeps something in memory that follows the stored vectors. */
export interface VectorSink {
  /**
   * Called before commits are made durable: whatever may fail (no room in memory) must fail here, by throwing. The commits are
   * rolled back then.
   */
  prepare(commits: readonly CommittedChanges[]): void;
  /** The prepared commits were not made durable, and are rolled back. Must not throw. */
  abandon(): void;
  /** The prepared commits are durable, and nobody in this thread was told yet. Must not throw. */
  apply(commits: readonly CommittedChanges[]): void;
}

/** A place to go back to. */
export interface VectorMark {
  readonly changes: number;
  readonly created: number;
  readonly dropped: number;
}

const START: VectorMark = { changes: 0, created: 0, dropped: 0 };

/** The notes of a session. Nothing is noted without a sink. */
export class VectorNotes {
  /** Who is told. Not to be changed inside a transaction. */
  sink: VectorSink | undefined;
  /** The vectors that the running transaction wrote. */
  readonly changes: VectorChanges = new VectorChanges();
  readonly #created: StoredVectorIndex[] = [];
  readonly #dropped: number[] = [];
  #commits: CommittedChanges[] = [];
  #isPrepared = false;
  /** Where the running commit of a group began. */
  #start = START;

  /** Whether nothing is noted. */
  get isEmpty(): boolean {
    return this.changes.isEmpty && this.#created.length === 0 && this.#dropped.length === 0;
  }

  /** Where the notes end now. */
  mark(): VectorMark {
    return { changes: this.changes.mark(), created: this.#created.length, dropped: this.#dropped.length };
  }

  /** Takes back everything since a mark. */
  rollbackTo(mark: VectorMark): void {
    this.changes.rollbackTo(mark.changes);
    this.#created.length = mark.created;
    this.#dropped.length = mark.dropped;
  }

  /** Notes the vector that a node has from now on, or that it has none. */
  add(index: number, nodeId: number, vector: Float32Array | undefined): void {
    if (this.sink !== undefined) this.changes.add(index, nodeId, vector);
  }

  /** Notes that an index was made. */
  create(index: StoredVectorIndex): void {
    if (this.sink !== undefined) this.#created.push(index);
  }

  /** Notes that an index was dropped. */
  drop(index: number): void {
    if (this.sink !== undefined) this.#dropped.push(index);
  }

  /** Ends a commit at a time of vectors. More may follow before all are made durable. */
  endCommit(time: number): void {
    const from = this.#start;
    const changes = this.changes.since(from.changes);
    const created = this.#created.slice(from.created);
    const dropped = this.#dropped.slice(from.dropped);
    if (changes.length + created.length + dropped.length === 0) return;
    this.#commits.push({ lsn: time, changes, created, dropped });
    this.#start = this.mark();
  }

  /** To be called right before the commits are made durable. Throws what the sink throws. */
  prepare(): void {
    if (this.#commits.length === 0) return;
    this.sink?.prepare(this.#commits);
    this.#isPrepared = true;
  }

  /** Forgets everything and returns what tells the sink of it: to be called once the commits are durable. */
  take(): () => void {
    const { sink } = this;
    const commits = this.#commits;
    this.#isPrepared = false;
    this.clear();
    return () => {
      if (commits.length > 0) sink?.apply(commits);
    };
  }

  /** Forgets everything, also what was prepared. */
  clear(): void {
    this.changes.clear();
    this.#created.length = this.#dropped.length = 0;
    this.#commits = [];
    this.#start = START;
    if (this.#isPrepared) this.sink?.abandon();
    this.#isPrepared = false;
  }
}
