/** The vector indexes that the writer of a database has in memory. */

import type { StoredVectorIndex } from "../backend/vector_store.ts";
import type { VectorChange } from "./vector_changes.ts";
import type { VectorEngine } from "./vector_engine.ts";

/** What is asked of the engine that the indexes belong to. */
export interface ResidentHost {
  /** Oldest commit that somebody reads, or the newest one. */
  oldestPin(): number;
  /** The newest commit that can be read. */
  newestLsn(): number;
  /** An index of the newest commit by its number. */
  index(number: number): StoredVectorIndex | undefined;
  /**
   * Puts an index into memory.
   *
   * @param lsn commit whose vectors it is to have: the newest one
   * @throws {UnsupportedError} when it does not fit
   */
  open(index: StoredVectorIndex, lsn: number): VectorEngine;
  /** Makes an index in memory that has no vectors yet; `lsn` is the commit that is about to make it. */
  create(index: StoredVectorIndex, lsn: number): VectorEngine;
}

/** The changes of one commit. */
export interface CommittedChanges {
  /** The commit. */
  readonly lsn: number;
  /** What it did to vectors, in order. */
  readonly changes: readonly VectorChange[];
  /** Indexes that it made. */
  readonly created: readonly StoredVectorIndex[];
  /** Numbers of indexes that it dropped. */
  readonly dropped: readonly number[];
}

/** Changes after which one more step of a sweep is made: so it is at its end before as many slots are dead again. */
const CHANGES_PER_STEP = 4;

/** So many changes in one commit load an index that is not in memory. */
const MANY_CHANGES = 256;

/** Vectors that are linked between two looks at the clock or signal. */
const LINK_STEP = 4;

/** Indexes in memory, by their number. An index is loaded when it is first searched or much changed; until then commits pass it by. */
export class ResidentVectors {
  readonly #host: ResidentHost;
  readonly #indexes = new Map<number, VectorEngine>();
  /** Indexes of prepared commits. */
  readonly #prepared = new Map<number, VectorEngine>();
  /** Indexes with a sweep that has not come to its end. */
  readonly #sweeping = new Set<VectorEngine>();
  /** Newest commit whose changes are in memory. */
  #lsn: number;

  constructor(host: ResidentHost, lsn: number) {
    this.#host = host;
    this.#lsn = lsn;
  }

  /** The indexes in memory. */
  loaded(): Iterable<[number: number, index: VectorEngine]> {
    return this.#indexes;
  }

  /** Whether an index is in memory. */
  has(number: number): boolean {
    return this.#indexes.has(number);
  }

  /** The index, when it is in memory and knows a commit. */
  find(number: number, lsn: number): VectorEngine | undefined {
    const index = this.#indexes.get(number);
    return index !== undefined && index.knownFrom <= lsn ? index : undefined;
  }

  /** The index in memory, where it is put unless it is there. It knows the newest commit. */
  load(index: StoredVectorIndex): VectorEngine {
    let resident = this.#indexes.get(index.number);
    if (resident === undefined) this.#indexes.set(index.number, resident = this.#host.open(index, this.#lsn));
    return resident;
  }

  /** The same by its number; nothing when it does not exist. */
  loadNumber(number: number): void {
    const index = this.#host.index(number);
    if (index !== undefined) this.load(index);
  }

  /** Takes an index out of memory: it was dropped, or must be loaded anew. */
  forget(number: number): void {
    const index = this.#indexes.get(number);
    if (index === undefined) return;
    this.#indexes.delete(number);
    this.#sweeping.delete(index);
    index.release();
  }

  /**
   * Makes sure that commits fit into memory, before they are durable; `apply` or `abandon` follows.
   *
   * @throws {UnsupportedError} when they do not
   */
  prepare(commits: readonly CommittedChanges[]): void {
    const changes = commits.flatMap((commit) => commit.changes);
    try {
      this.#loadChanged(changes);
      for (const { created, lsn } of commits) {
        for (const index of created) this.#prepared.set(index.number, this.#host.create(index, lsn));
      }
      const oldestPin = this.#host.oldestPin();
      for (const [index, own] of this.#byIndex(changes)) index.reserve(own, oldestPin);
    } catch (error) {
      this.abandon();
      throw error;
    }
  }

  /** The prepared commits did not become durable. */
  abandon(): void {
    for (const index of this.#prepared.values()) index.release();
    this.#prepared.clear();
  }

  /** Puts indexes into memory that are changed so much that it is to be linked now, not when somebody searches. */
  #loadChanged(changes: readonly VectorChange[]): void {
    for (const number of muchChanged(changes)) if (!this.#indexes.has(number)) this.loadNumber(number);
  }

  /** Applies prepared commits, which are durable and not published yet. */
  apply(commits: readonly CommittedChanges[]): void {
    const oldestPin = this.#host.oldestPin();
    for (const [number, index] of this.#prepared) this.#indexes.set(number, index);
    this.#prepared.clear();
    for (const commit of commits) {
      for (const [index, own] of this.#byIndex(commit.changes)) index.apply(own, commit.lsn, oldestPin);
      for (const number of commit.dropped) this.forget(number);
      this.#lsn = commit.lsn;
    }
  }

  #byIndex(changes: readonly VectorChange[]): Map<VectorEngine, VectorChange[]> {
    const byIndex = new Map<VectorEngine, VectorChange[]>();
    for (const change of changes) {
      const index = this.#indexes.get(change.index) ?? this.#prepared.get(change.index);
      if (index === undefined) continue;
      const own = byIndex.get(index);
      if (own === undefined) byIndex.set(index, [change]);
      else own.push(change);
    }
    return byIndex;
  }

  /** Whether there is something to link or to sweep. */
  get hasWork(): boolean {
    if (this.#sweeping.size > 0) return true;
    for (const index of this.#indexes.values()) if (index.canLink || index.isSweepDue) return true;
    return false;
  }

  /**
   * Links what is pending and sweeps away what is dead, until everything is done or a function says that it is enough.
   *
   * @param isEnough asked every few vectors
   */
  work(isEnough: () => boolean): void {
    for (const index of this.#indexes.values()) {
      while (index.canLink && index.link(LINK_STEP)) if (isEnough()) return;
    }
    for (const index of this.#indexes.values()) {
      if (!this.#sweeping.has(index) && !index.isSweepDue) continue;
      this.#sweeping.add(index);
      while (!this.#step(index)) if (isEnough()) return;
    }
  }

  #step(index: VectorEngine): boolean {
    const isDone = index.sweepStep(this.#host.oldestPin(), this.#host.newestLsn());
    if (isDone) this.#sweeping.delete(index);
    return isDone;
  }

  /** The same right after a commit on a thread that does nothing else: links everything, sweeps in proportion. */
  workAfterCommit(changes: number): void {
    let steps = 1 + Math.floor(changes / CHANGES_PER_STEP);
    this.work(() => {
      for (const index of this.#indexes.values()) if (index.canLink) return false;
      return --steps <= 0;
    });
  }

  /** Gives all memory back. */
  close(): void {
    for (const number of [...this.#indexes.keys()]) this.forget(number);
  }
}

/** Numbers of the indexes that are changed so much in one go that it pays to have them in memory. */
export function muchChanged(changes: readonly VectorChange[]): number[] {
  if (changes.length < MANY_CHANGES) return [];
  const counts = new Map<number, number>();
  for (const { index } of changes) counts.set(index, (counts.get(index) ?? 0) + 1);
  return [...counts].filter(([, count]) => count >= MANY_CHANGES).map(([number]) => number);
}
