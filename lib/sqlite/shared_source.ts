/**
 * The states of a served database as the threads read them that do not write it. A held state is a read transaction on a
 * read-only connection of this thread; all states of one commit share it.
 */

import type { SnapshotAt } from "../backend/care.ts";
import { InvalidArgumentError, UnsupportedError } from "../backend/errors.ts";
import { checkObject, show } from "../backend/validate.ts";
import type { BorrowedSource, HeldState, StateSource, VectorNews } from "../backend/state_source.ts";
import { readDataVersion, readLsn } from "./commit_counter.ts";
import type { Connection } from "./connection.ts";
import { removeMemoryFile, removeMemoryFileAtExit } from "./memory_file.ts";
import type { SqliteReadStore } from "./read_store.ts";
import { beginOnCopy, CopyOnRequest, type CopyRequest, stateReleased } from "./shared_copy.ts";
import { databaseClosed, isDead, type SqliteHandle } from "./shared_handle.ts";
import { type ReadTransaction, SharedReaders } from "./shared_readers.ts";
import { SharedVectors, type SqliteIndexHandle } from "./shared_vectors.ts";

/** The states as the thread of `openGraph` reads them. `handle` is that of `serveSqlite`. */
export function attachSqlite(handle: unknown): StateSource {
  return new SqliteStateSource(handle as SqliteHandle);
}

/** The states as a thread of the pool reads them. `handle` is that of `serveSqlite`. */
export function borrowSqlite(handle: unknown): BorrowedSource {
  return new SqliteBorrowedSource(handle as SqliteHandle);
}

/** A state as it travels to another thread. */
interface SharedState {
  readonly lsn: number;
  readonly timeMs: number;
  readonly isPast: boolean;
  readonly copy: CopyRequest;
  /** Time of its vectors. */
  readonly vectorTime: number;
  /** The vector indexes that are in memory. */
  readonly vectors: readonly SqliteIndexHandle[];
}

/** Who gives states out: what a state asks of it. */
interface StateOwner {
  /** Throws when the source or the database was closed, or the state taken back. */
  requireAlive(): void;
  /** Called once, when the state is released. */
  release(): void;
  /** What other threads need. */
  share(isPast: boolean): SharedState;
}

class SqliteHeldState implements HeldState {
  readonly lsn: number;
  readonly timeMs: number;
  readonly isPast: boolean;
  readonly #store: SqliteReadStore;
  readonly #owner: StateOwner;
  #isReleased = false;

  constructor({ store, lsn, timeMs }: ReadTransaction, isPast: boolean, owner: StateOwner) {
    this.lsn = lsn;
    this.timeMs = timeMs;
    this.isPast = isPast;
    this.#store = store;
    this.#owner = owner;
  }

  get isReleased(): boolean {
    return this.#isReleased;
  }

  #requireAlive(): void {
    if (this.#isReleased) throw stateReleased();
    this.#owner.requireAlive();
  }

  get store(): SqliteReadStore {
    this.#requireAlive();
    return this.#store;
  }

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#owner.release();
  }

  // deno-lint-ignore require-await -- what it throws is to reject
  async share(): Promise<SharedState> {
    this.#requireAlive();
    return this.#owner.share(this.isPast);
  }
}

/** A transaction for all states of its commit. */
interface KeptState {
  readonly transaction: ReadTransaction;
  /** What the watching connection saw before it began. */
  readonly dataVersion: number;
  copy: CopyOnRequest | undefined;
  holds: number;
  /** Ends what protects its vectors in memory. */
  readonly unpin: () => void;
}

class SqliteStateSource implements StateSource {
  readonly #handle: SqliteHandle;
  readonly #vectors: SharedVectors;
  readonly #readers: SharedReaders;
  readonly #kept = new Set<KeptState>();
  #newest: KeptState | undefined;
  /** In no transaction: sees whether there was a commit. */
  #watch: Connection | undefined;
  #isClosed = false;

  constructor(handle: SqliteHandle) {
    this.#handle = handle;
    this.#vectors = new SharedVectors(handle.horizon);
    this.#readers = new SharedReaders(handle, this.#vectors);
    if (handle.temporaryFolder !== undefined) removeMemoryFileAtExit(handle.temporaryFolder);
  }

  get onMissingVectors(): (index: number) => void {
    return this.#vectors.onMissing;
  }

  set onMissingVectors(tell: (index: number) => void) {
    this.#vectors.onMissing = tell;
  }

  vectorsOf(index: number): unknown {
    return this.#vectors.handleOf(index);
  }

  noteVectors(news: VectorNews): void {
    this.#vectors.note(news);
  }

  get lsn(): number {
    // Asked of the file: other processes may write as well.
    return readLsn(this.#watching("lsn"));
  }

  hold(at: SnapshotAt | undefined, call: string): HeldState {
    const lsn = checkAt(at, call, this.#handle.name);
    const dataVersion = readDataVersion(this.#watching(call));
    let state = this.#newest;
    if (state === undefined || state.dataVersion !== dataVersion) {
      const transaction = this.#readers.begin();
      const unpin = this.#vectors.pin(transaction.vectorTime);
      state = { transaction, dataVersion, copy: undefined, holds: 0, unpin };
      this.#kept.add(state);
      this.#newest = state;
    }
    const kept = state;
    kept.holds++;
    if (lsn !== undefined && lsn !== kept.transaction.lsn) {
      this.#release(kept);
      throw withoutHistory(call, "lsn", this.#handle.name);
    }
    return new SqliteHeldState(kept.transaction, lsn !== undefined, {
      requireAlive: () => this.#requireAlive("snapshot"),
      release: () => this.#release(kept),
      share: (isPast) => this.#share(kept, isPast),
    });
  }

  #requireAlive(call: string): void {
    if (this.#isClosed || isDead(this.#handle)) throw databaseClosed(call, this.#handle);
  }

  #watching(call: string): Connection {
    this.#requireAlive(call);
    return this.#watch ??= this.#readers.connect();
  }

  #share(state: KeptState, isPast: boolean): SharedState {
    const { transaction } = state;
    state.copy ??= new CopyOnRequest(this.#handle.file, this.#readers, transaction);
    const { lsn, timeMs, vectorTime } = transaction;
    return { lsn, timeMs, isPast, copy: state.copy.request, vectorTime, vectors: this.#vectors.handles };
  }

  #release(state: KeptState): void {
    if (--state.holds === 0) this.#end(state);
  }

  #end(state: KeptState): void {
    // After `close` there is nothing left to end.
    if (!this.#kept.delete(state)) return;
    if (this.#newest === state) this.#newest = undefined;
    state.copy?.close();
    state.unpin();
    state.transaction.end();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#readers.close();
    for (const state of [...this.#kept]) this.#end(state);
    this.#vectors.release();
    this.#watch?.close();
    // Its own thread removes it when it closes the database, unless it has died.
    const { temporaryFolder } = this.#handle;
    if (temporaryFolder !== undefined && isDead(this.#handle)) removeMemoryFile(temporaryFolder);
  }
}

/** The LSN that is asked for; undefined for the newest state. */
function checkAt(at: SnapshotAt | undefined, call: string, name: string): number | undefined {
  if (at === undefined) return undefined;
  const { lsn } = checkObject(at, call, "at");
  if (lsn === undefined) throw withoutHistory(call, String(Object.keys(at)[0]), name);
  if (typeof lsn !== "number" || !Number.isSafeInteger(lsn) || lsn < 0) {
    throw new InvalidArgumentError(
      `${call}: lsn is ${show(lsn)}; give the number of a commit, or 0 for the newest one`,
      { code: "invalid-argument", field: "lsn", value: lsn },
    );
  }
  return lsn === 0 ? undefined : lsn;
}

function withoutHistory(call: string, what: string, name: string): UnsupportedError {
  return new UnsupportedError(
    `${call} of "${what}": a SQLite database keeps no past states, and ${name} has none; use the V3 engine`,
    { code: "no-history" },
  );
}

class SqliteBorrowedSource implements BorrowedSource {
  readonly #handle: SqliteHandle;
  readonly #vectors: SharedVectors;
  readonly #readers: SharedReaders;
  readonly #borrowed = new Set<ReadTransaction>();
  #isClosed = false;

  constructor(handle: SqliteHandle) {
    this.#handle = handle;
    this.#vectors = new SharedVectors(handle.horizon);
    this.#readers = new SharedReaders(handle, this.#vectors);
  }

  borrow(shared: unknown, isRevoked: () => boolean): HeldState {
    const state = shared as SharedState;
    const requireAlive = () => {
      if (isRevoked()) throw stateReleased();
      if (this.#isClosed || isDead(this.#handle)) throw databaseClosed("borrow", this.#handle);
    };
    requireAlive();
    const transaction = this.#begin(state, isRevoked);
    this.#borrowed.add(transaction);
    this.#vectors.add(state.vectors);
    return new SqliteHeldState(transaction, state.isPast, {
      requireAlive,
      release: () => this.#end(transaction),
      share: () => state,
    });
  }

  #begin({ lsn, vectorTime, copy }: SharedState, isRevoked: () => boolean): ReadTransaction {
    const newest = this.#readers.begin();
    // Another program's commits are not counted, but its vectors are.
    if (newest.lsn === lsn && newest.vectorTime === vectorTime) return newest;
    newest.end();
    return beginOnCopy(this.#handle, this.#readers, copy, isRevoked);
  }

  #end(transaction: ReadTransaction): void {
    if (this.#borrowed.delete(transaction)) transaction.end();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#readers.close();
    for (const transaction of [...this.#borrowed]) this.#end(transaction);
    this.#vectors.release();
  }
}
