/**
 * The state of one open database: its connection, the running transaction, and the views that iterators and snapshots hold.
 *
 * Writes go through one connection. A view outside a transaction is a read transaction on a connection of its own, so it
 * never changes. In memory, and inside a transaction, a view reads the one connection and is detached (read to its end, or
 * copied) right before the next change.
 */

import type { Detachable, PageSource, View, WriteAccess } from "../backend/access.ts";
import type { Change, KeyValueChange } from "../backend/change.ts";
import { ClosedError, DatabaseLockedError, GraphError, UnsupportedError } from "../backend/errors.ts";
import type { ImportTarget } from "../backend/restore_rows.ts";
import type { GroupResult } from "../backend/served_engine.ts";
import { refuseDeepNesting, refusePromise, TransactionAccess } from "../backend/transaction_access.ts";
import { keyToUser } from "../backend/validate.ts";
import type { StoredVectorIndex } from "../backend/vector_store.ts";
import { ChangeHub, ChangeLog, type ChangeMark } from "../events/mod.ts";
import { raiseLsn, readDataVersion, readLsn } from "./commit_counter.ts";
import { Connection, type ConnectionOptions } from "./connection.ts";
import { openDriver } from "./driver.ts";
import { SqliteReadStore } from "./read_store.ts";
import type { VectorChange } from "../vector/vector_changes.ts";
import { type VectorHost, VectorsInMemory } from "./vector_memory.ts";
import { type VectorMark, VectorNotes } from "./vector_notes.ts";
import { readVectorTime } from "./vector_time.ts";
import { type MemoryState, SessionView } from "./view.ts";
import { type RecordOperation, SqliteWriteStore, type TransactionNotes } from "./write_store.ts";

/** Read connections that are kept for the next iterator or snapshot. */
const MAX_IDLE_READERS = 4;

/** What a session is told that works for other threads too. */
export interface Serving {
  /** The database as its user named it. */
  readonly name: string;
}

/** An open database. */
export class Session implements WriteAccess, TransactionNotes, VectorHost {
  /** The file, or `:memory:`. */
  readonly path: string;
  /** What the user calls it: the path, unless a file stands in for memory. */
  readonly name: string;
  /** Whether writes are refused. */
  readonly readonly: boolean;
  /** Listeners of changes. */
  readonly hub: ChangeHub = new ChangeHub();
  readonly #options: ConnectionOptions;
  readonly #clock: () => number;
  /** Whether other threads read this database. */
  readonly isServed: boolean;
  /** What the last group left behind: a commit that raised only the first was made by a program that does not count. */
  #seen: Sight | undefined;
  #store: SqliteWriteStore | undefined;
  #depth = 0;
  #isReading = false;
  #isDirty = false;
  /** Whether anybody listened when the transaction began: a commit is told as a whole or not at all. */
  #isObserved = false;
  /** A statement failed half-way through a call at this depth: the transaction can only be rolled back. */
  #failure: { readonly error: unknown; readonly depth: number } | undefined;
  readonly #changes = new ChangeLog();
  /** What the running transaction did to vectors. */
  readonly vectors: VectorNotes = new VectorNotes();
  /** Vector indexes in memory. */
  readonly vectorMemory: VectorsInMemory;
  /** See `fixedState`. */
  #fixedState: { readonly dataVersion: number } | undefined;
  /** Ids that the running transaction inserted without a gap: their existence needs no query. */
  #firstNewNode = 0;
  #lastNewNode = -1;
  /** Highest ids of rolled-back inserts: somebody may have seen them, so they are not given again. */
  readonly #rolledBack = { graph_entities: 0, graph_edges: 0 };
  /** Highest ids that the running transaction inserted. */
  readonly #inserted = { graph_entities: 0, graph_edges: 0 };
  readonly #idleReaders: SqliteReadStore[] = [];
  /** Views, with the time of their vectors. */
  readonly #views = new Map<SessionView, number>();
  readonly #attached = new Set<WeakRef<Detachable>>();
  #memoryView: MemoryState | undefined;
  readonly #abandoned = new FinalizationRegistry<View>((view) => view.release());

  constructor(path: string, options: ConnectionOptions, clock: () => number, serving?: Serving) {
    this.path = path;
    this.name = serving?.name ?? path;
    this.isServed = serving !== undefined;
    this.readonly = options.readonly;
    this.#options = options;
    this.#clock = clock;
    this.vectorMemory = new VectorsInMemory(this);
    if (!this.readonly) this.vectors.sink = this.vectorMemory;
    this.#store = new SqliteWriteStore(Connection.open(path, options), this, this.vectorMemory);
    if (this.isServed) this.#seen = look(this.#store.connection);
  }

  /** Whether the database was closed. */
  get isClosed(): boolean {
    return this.#store === undefined;
  }

  /** Whether a transaction is running. */
  get inTransaction(): boolean {
    return this.#depth > 0;
  }

  /** Whether the database is in memory. */
  get isMemory(): boolean {
    return this.path === ":memory:";
  }

  /** Whether nothing is left of the database once it is closed. */
  get isTemporary(): boolean {
    return this.name === ":memory:";
  }

  /** Whether snapshots or iterators of this database may hold a state, in this thread or another. */
  get mayHaveViews(): boolean {
    return this.isServed || this.#views.size > 0;
  }

  /** How long to wait for another connection's lock. */
  get busyTimeoutMs(): number {
    return this.#options.busyTimeoutMs;
  }

  store(call: string): SqliteWriteStore {
    if (this.#store === undefined) {
      throw new ClosedError(`${call}: the database ${this.name} is closed; open it again`, { code: "database-closed" });
    }
    return this.#store;
  }

  /** The connection that writes; throws `ClosedError` once the database is closed. */
  connection(call: string): Connection {
    return this.store(call).connection;
  }

  now(): number {
    return this.#clock();
  }

  fixedState(): object | undefined {
    if (this.inTransaction) return undefined;
    // Commits of other connections show in this number, its own ones end with `#endTransaction`.
    const dataVersion = readDataVersion(this.connection("read"));
    if (this.#fixedState?.dataVersion !== dataVersion) this.#fixedState = { dataVersion };
    return this.#fixedState;
  }

  /** Throws inside a transaction, for calls that cannot be part of one. */
  refuseInTransaction(call: string): void {
    if (!this.inTransaction) return;
    throw new UnsupportedError(`${call}: cannot be called inside a transaction; call it after the commit`, {
      code: "in-transaction",
    });
  }

  consistently<R>(read: () => R): R {
    if (this.inTransaction || this.#isReading || this.isMemory) return read();
    const connection = this.connection("read");
    try {
      connection.statement("BEGIN").run();
      this.#isReading = true;
      return read();
    } finally {
      this.#isReading = false;
      rollbackIfOpen(connection);
    }
  }

  beginIteration(iterator: Detachable): PageSource {
    if (!this.inTransaction && !this.#isReading && !this.isMemory) {
      const view = this.view("next");
      this.#abandoned.register(iterator, view, view);
      return view;
    }
    const reference = new WeakRef(iterator);
    this.#attached.add(reference);
    return new SessionView(() => this.store("next"), () => this.#attached.delete(reference));
  }

  /** A view of the last commit that stays as it is until released. */
  view(call: string): View {
    this.connection(call);
    const view = this.isMemory ? this.#viewMemory(call) : this.#viewFile();
    this.#views.set(view, readVectorTime(view.store.connection));
    return view;
  }

  /** Writes the last commit to a new file. */
  copyTo(path: string): void {
    if (this.isMemory) return this.connection("copy").driver.copyTo(path);
    // A connection of its own: temporary objects of this one would get in the way.
    const driver = openDriver(this.path, { ...this.#options, readonly: true });
    try {
      driver.copyTo(path);
    } finally {
      driver.close();
    }
  }

  /** Releases a view when its holder is collected without having released it. */
  releaseWithHolder(holder: object, view: View): void {
    this.#abandoned.register(holder, view, view);
  }

  #viewFile(): SessionView {
    const store = this.#idleReaders.pop() ??
      new SqliteReadStore(Connection.open(this.path, { ...this.#options, readonly: true }), this.vectorMemory);
    const { connection } = store;
    connection.statement("BEGIN").run();
    // The read transaction begins with its first read.
    readLsn(connection);
    return new SessionView(() => store, (view) => {
      this.#forget(view);
      connection.statement("COMMIT").run();
      if (this.isClosed || this.#idleReaders.length >= MAX_IDLE_READERS) connection.close();
      else this.#idleReaders.push(store);
    });
  }

  #viewMemory(call: string): SessionView {
    const state = this.#memoryView ??= { store: this.store(call), isCopy: false, views: 0 };
    state.views++;
    return new SessionView(() => state.store, (view) => {
      this.#forget(view);
      if (--state.views > 0) return;
      if (state.isCopy) state.store.connection.close();
      else this.#memoryView = undefined;
    });
  }

  #forget(view: SessionView): void {
    this.#views.delete(view);
    this.#abandoned.unregister(view);
  }

  /** Called right before the state that views read from this connection changes. */
  #detachViews(): void {
    if (this.#attached.size > 0) {
      for (const reference of [...this.#attached]) reference.deref()?.detach();
      this.#attached.clear();
    }
    const memory = this.#memoryView;
    if (memory === undefined) return;
    memory.store = new SqliteReadStore(memory.store.connection.copyOfMemory(), this.vectorMemory);
    memory.isCopy = true;
    this.#memoryView = undefined;
  }

  #refuseReadonly(call: string): void {
    if (!this.readonly) return;
    throw new UnsupportedError(
      `${call}: ${this.name} was opened read-only; open it without { readonly: true } to write`,
      {
        code: "read-only",
      },
    );
  }

  write<R>(call: string, run: (store: SqliteWriteStore) => R): R {
    const store = this.store(call);
    this.#refuseReadonly(call);
    if (!this.inTransaction) return this.#runTransaction(() => run(store));
    this.#refuseFailed();
    this.#detachViews();
    try {
      return run(store);
    } catch (error) {
      // What the user can cause is checked before the first statement; anything else may have left half of the call behind.
      if (!(error instanceof GraphError) || error.cause !== undefined) this.#failure = { error, depth: this.#depth };
      throw error;
    }
  }

  writeMany<R>(call: string, run: (store: SqliteWriteStore) => R): R {
    const store = this.store(call);
    this.#refuseReadonly(call);
    return this.#runTransaction(() => run(store));
  }

  transaction<R>(call: string, run: (access: WriteAccess) => R): R {
    this.store(call);
    return this.#runTransaction(() => {
      const access = new TransactionAccess(this);
      try {
        return refusePromise(run(access), call);
      } finally {
        access.end();
      }
    });
  }

  /** Runs functions as one transaction each, and commits them together: see `ServedEngine.group`. */
  transactionGroup<R>(target: ImportTarget, runs: readonly ((target: ImportTarget) => R)[]): GroupResult<R>[] {
    const connection = this.connection("transactionGroup");
    this.refuseInTransaction("transactionGroup");
    const mark = this.#begin();
    const results: GroupResult<R>[] = [];
    const commits: Change[][] = [];
    let seen: Sight;
    try {
      const { dataVersion, lsn } = look(connection);
      // A program that counts no commits made one: whoever compares numbers must see that.
      if (dataVersion !== this.#seen?.dataVersion && lsn === this.#seen?.lsn) raiseLsn(connection, this.now());
      for (const run of runs) results.push(this.#runMember(target, run, commits));
      seen = look(connection);
    } catch (error) {
      this.#rollback(mark);
      throw error;
    }
    this.#commit(mark);
    this.#seen = seen;
    for (const changes of commits) this.hub.publish(changes);
    return results;
  }

  #runMember<R>(target: ImportTarget, run: (target: ImportTarget) => R, commits: Change[][]): GroupResult<R> {
    const mark = this.#begin();
    let value: R;
    let lsn: number | undefined;
    try {
      value = run(target);
      this.#refuseFailed();
      if (this.#isDirty) {
        const connection = this.connection("transactionGroup");
        lsn = raiseLsn(connection, this.now());
        this.#endVectorCommit(connection);
      }
    } catch (error) {
      this.#rollback(mark);
      // SQLite has ended the whole transaction: all members are gone.
      if (this.#failure !== undefined) throw error;
      return { error };
    }
    this.#commit(mark);
    this.#isDirty = false;
    if (lsn !== undefined && this.#isObserved) commits.push(this.#changes.take(lsn));
    return { lsn, value };
  }

  #runTransaction<R>(run: () => R): R {
    refuseDeepNesting(this.#depth);
    const mark = this.#begin();
    let result: R;
    try {
      result = run();
      this.#refuseFailed();
    } catch (error) {
      this.#rollback(mark);
      throw error;
    }
    this.#commit(mark);
    return result;
  }

  #refuseFailed(): void {
    if (this.#failure === undefined) return;
    throw new UnsupportedError("an earlier write of this transaction failed half-way; roll it back by throwing", {
      code: "transaction-failed",
      cause: this.#failure.error,
    });
  }

  #begin(): Mark {
    const connection = this.connection("transaction");
    if (this.#isReading) {
      throw new UnsupportedError("a transaction cannot begin inside a read", { code: "in-read" });
    }
    const mark = { changes: this.#changes.mark(), vectors: this.vectors.mark(), isDirty: this.#isDirty };
    this.#detachViews();
    if (this.#depth > 0) connection.statement(`SAVEPOINT s${this.#depth}`).run();
    else {
      connection.statement(this.readonly ? "BEGIN" : "BEGIN IMMEDIATE").run();
      this.#isObserved = this.hub.isActive;
      try {
        this.#skipSeenIds(connection);
        this.vectorMemory.begin();
      } catch (error) {
        rollbackIfOpen(connection);
        throw error;
      }
    }
    this.#depth++;
    return mark;
  }

  #commit(mark: Mark): void {
    const connection = this.connection("commit");
    this.#detachViews();
    if (this.#depth > 1) {
      connection.statement(`RELEASE s${this.#depth - 1}`).run();
      this.#depth--;
      return;
    }
    let lsn = 0;
    try {
      if (this.#isDirty) {
        lsn = raiseLsn(connection, this.now());
        this.#endVectorCommit(connection);
      }
      this.vectors.prepare();
      connection.statement("COMMIT").run();
    } catch (error) {
      this.#rollback(mark);
      throw error;
    }
    const tellOfVectors = this.vectors.take();
    this.#endTransaction();
    this.#rolledBack.graph_entities = this.#rolledBack.graph_edges = 0;
    tellOfVectors();
    // Also of a commit without changes of records: one that made or dropped a vector index.
    if (lsn > 0 && this.#isObserved) this.hub.publish(this.#changes.take(lsn));
    this.vectorMemory.afterCommit();
  }

  #endVectorCommit(connection: Connection): void {
    if (!this.vectors.isEmpty) this.vectors.endCommit(readVectorTime(connection));
  }

  #rollback(mark: Mark): void {
    const connection = this.connection("rollback");
    this.#detachViews();
    this.#changes.rollbackTo(mark.changes);
    this.vectors.rollbackTo(mark.vectors);
    this.#isDirty = mark.isDirty;
    this.#lastNewNode = -1;
    for (const table of ["graph_entities", "graph_edges"] as const) {
      this.#rolledBack[table] = Math.max(this.#rolledBack[table], this.#inserted[table]);
    }
    this.#depth--;
    if (this.#failure !== undefined && this.#failure.depth > this.#depth) this.#failure = undefined;
    if (this.#depth === 0) {
      this.#endTransaction();
      rollbackIfOpen(connection);
      return;
    }
    try {
      connection.driver.exec(`ROLLBACK TO s${this.#depth}; RELEASE s${this.#depth}`);
      this.#skipSeenIds(connection);
    } catch (error) {
      // SQLite has ended the whole transaction (a full disk, an I/O error): the outer levels must roll back as well.
      this.#failure = { error, depth: 1 };
    }
  }

  /** Raises the sequences over ids that were rolled back (SQLite rolls its sequences back too). */
  #skipSeenIds(connection: Connection): void {
    for (const table of ["graph_entities", "graph_edges"] as const) {
      const seen = this.#rolledBack[table];
      if (seen > 0) raiseSequence(connection, table, seen);
    }
  }

  #endTransaction(): void {
    this.#inserted.graph_entities = this.#inserted.graph_edges = 0;
    this.#depth = 0;
    this.#isDirty = false;
    this.#failure = undefined;
    this.#lastNewNode = -1;
    this.vectors.clear();
    this.#fixedState = undefined;
  }

  /** Whether somebody is to be told of the running transaction's changes. */
  get isObserved(): boolean {
    return this.#isObserved;
  }

  /** Notes that everything was removed, besides what is noted of single records. */
  noteCleared(): void {
    this.#isDirty = true;
    this.#lastNewNode = -1;
  }

  noteNode(operation: RecordOperation, id: number): void {
    this.#isDirty = true;
    if (operation === "insert") {
      if (id > this.#inserted.graph_entities) this.#inserted.graph_entities = id;
      if (id !== this.#lastNewNode + 1) this.#firstNewNode = id;
      this.#lastNewNode = id;
    } else if (operation === "delete") this.#lastNewNode = -1;
    if (this.#isObserved) this.#changes.add({ type: "node", operation, id });
  }

  noteEdge(operation: RecordOperation, id: number, from: number, to: number): void {
    this.#isDirty = true;
    if (operation === "insert" && id > this.#inserted.graph_edges) this.#inserted.graph_edges = id;
    if (this.#isObserved) this.#changes.add({ type: "edge", operation, id, from, to });
  }

  noteKey(operation: () => KeyValueChange["operation"], key: Uint8Array): void {
    this.#isDirty = true;
    if (this.#isObserved) this.#changes.add({ type: "kv", operation: operation(), key: keyToUser(key) });
  }

  get hasCommittedVectors(): boolean {
    return this.vectors.isEmpty;
  }

  get keepsLinks(): boolean {
    return !this.readonly && !this.isTemporary;
  }

  changedVectors(index: number): ReadonlyMap<number, VectorChange> {
    return this.vectors.changes.of(index);
  }

  viewTimes(): Iterable<number> {
    return this.#views.values();
  }

  noteVector(index: number, nodeId: number, vector: Float32Array | undefined): void {
    this.#isDirty = true;
    this.vectors.add(index, nodeId, vector);
  }

  noteNewVectorIndex(index: StoredVectorIndex): void {
    this.#isDirty = true;
    this.vectors.create(index);
  }

  noteDroppedVectorIndex(index: number): void {
    this.#isDirty = true;
    this.vectors.drop(index);
  }

  isKnownNode(id: number): boolean {
    return id >= this.#firstNewNode && id <= this.#lastNewNode;
  }

  /** An empty transaction keeps the ids of rolled-back inserts from being given again after the next opening. */
  #keepSeenIds(): void {
    if (this.#rolledBack.graph_entities === 0 && this.#rolledBack.graph_edges === 0) return;
    try {
      this.#runTransaction(() => undefined);
    } catch (error) {
      // Closing must not fail because another process holds the lock: those ids were never committed.
      if (!(error instanceof DatabaseLockedError)) throw error;
    }
  }

  /** Closes all connections and ends all views and streams. */
  close(): void {
    this.refuseInTransaction("close");
    const store = this.#store;
    if (store === undefined) return;
    this.hub.close();
    this.#keepSeenIds();
    this.vectorMemory.close();
    this.#store = undefined;
    this.#attached.clear();
    for (const view of [...this.#views.keys()]) view.release();
    for (const reader of this.#idleReaders.splice(0)) reader.connection.close();
    // Last: the connection that may write leaves no log behind when it is the only one.
    store.connection.close();
  }
}

interface Mark {
  readonly changes: ChangeMark;
  readonly vectors: VectorMark;
  readonly isDirty: boolean;
}

/** What a connection sees of commits. */
interface Sight {
  readonly dataVersion: number;
  readonly lsn: number;
}

function look(connection: Connection): Sight {
  return { dataVersion: readDataVersion(connection), lsn: readLsn(connection) };
}

/** Makes the next id of a table larger than `id`. */
export function raiseSequence(connection: Connection, table: "graph_entities" | "graph_edges", id: number): void {
  connection.statement(
    `INSERT INTO sqlite_sequence (name, seq)
     SELECT ?1, 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = ?1)`,
  ).run(table);
  connection.statement("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?").run(id, table);
}

/** SQLite ends a transaction itself after some failures (a full disk, an I/O error): then there is nothing to roll back. */
function rollbackIfOpen(connection: Connection): void {
  try {
    connection.statement("ROLLBACK").run();
  } catch (error) {
    if (!(error instanceof Error) || !/no transaction is active/.test(error.message)) throw error;
  }
}
