/** The state of one open database above its engine: transactions with savepoints, views, iterators, changes for listeners. */

import type { Detachable, PageSource, View, WriteAccess } from "../backend/access.ts";
import { ClosedError, GraphError, NotRetainedError, UnsupportedError } from "../backend/errors.ts";
import { refuseDeepNesting, refusePromise, TransactionAccess } from "../backend/transaction_access.ts";
import type { GroupResult } from "../backend/served_engine.ts";
import type { WriteStore } from "../backend/store.ts";
import { keyToUser } from "../backend/validate.ts";
import { ChangeHub, ChangeLog, type ChangeMark } from "../events/mod.ts";
import { readCatalog } from "./catalog.ts";
import type { Engine } from "./engine.ts";
import type { KeptCommit } from "./kept_commits.ts";
import { V3ReadStore } from "./read_store.ts";
import type { GraphState } from "./state.ts";
import { readTrees } from "./trees.ts";
import { type ChangeNotes, V3WriteStore } from "./write_store.ts";

/** An open database. */
export class Session implements WriteAccess, ChangeNotes {
  /** The file as the user named it, or `:memory:`. */
  readonly path: string;
  /** Whether writes are refused. */
  readonly readonly: boolean;
  /** Listeners of changes. */
  readonly hub: ChangeHub = new ChangeHub();
  /** Called after a commit that let the log pass its limit. */
  onLogLimit: () => void = () => {};
  #engine: Engine | undefined;
  #store: V3WriteStore;
  readonly #clock: () => number;
  #depth = 0;
  #isReading = false;
  /** Whether anybody listened when the transaction began: a commit is told as a whole or not at all. */
  #isObserved = false;
  /** A write failed half-way through a call at this depth: the transaction can only be rolled back. */
  #failure: { readonly error: unknown; readonly depth: number } | undefined;
  readonly #changes = new ChangeLog();
  readonly #views = new Set<PinnedView>();
  /** Iterators over states of the running transaction. */
  readonly #attached = new Set<WeakRef<Detachable>>();
  readonly #abandoned = new FinalizationRegistry<View>((view) => view.release());

  constructor(engine: Engine, path: string, readonly: boolean, clock: () => number) {
    this.path = path;
    this.readonly = readonly;
    this.#engine = engine;
    this.#clock = clock;
    this.#store = new V3WriteStore(engine, this);
  }

  /** Whether the database was closed. */
  get isClosed(): boolean {
    return this.#engine === undefined;
  }

  /** Whether a transaction is running. */
  get inTransaction(): boolean {
    return this.#depth > 0;
  }

  /** The engine; throws `ClosedError`, which names the call, once the database is closed. */
  engine(call: string): Engine {
    if (this.#engine === undefined) {
      throw new ClosedError(`${call}: the database ${this.path} is closed; open it again`, { code: "database-closed" });
    }
    return this.#engine;
  }

  store(call: string): V3WriteStore {
    if (this.#engine === undefined) this.engine(call);
    return this.#store;
  }

  now(): number {
    return this.#clock();
  }

  /** Throws inside a transaction, for calls that cannot be part of one. */
  refuseInTransaction(call: string): void {
    if (!this.inTransaction) return;
    throw new UnsupportedError(`${call}: cannot be called inside a transaction; call it after the commit`, {
      code: "in-transaction",
    });
  }

  /** Throws when writes are refused. */
  refuseReadonly(call: string): void {
    if (!this.readonly) return;
    throw new UnsupportedError(
      `${call}: ${this.path} was opened read-only; open it without { readonly: true } to write`,
      { code: "read-only" },
    );
  }

  consistently<R>(read: () => R): R {
    if (this.inTransaction || this.#isReading) return read();
    this.#isReading = true;
    try {
      return read();
    } finally {
      this.#isReading = false;
    }
  }

  beginIteration(iterator: Detachable): PageSource {
    if (!this.inTransaction) {
      const view = this.view("next", undefined);
      this.#abandoned.register(iterator, view, view);
      return view;
    }
    const engine = this.engine("next");
    engine.writer.flush();
    engine.pager.freeze();
    const { lsn } = engine.state;
    const { nodeCount, edgeCount, keyCount } = engine.writer;
    const store = new V3ReadStore({
      pages: engine.pager,
      trees: readTrees(engine.pager, engine.trees.roots()),
      strings: engine.strings,
      counts: { nodeCount, edgeCount, keyCount },
    }, () => lsn);
    const reference = new WeakRef(iterator);
    this.#attached.add(reference);
    return { store, release: () => this.#attached.delete(reference) };
  }

  fixedState(): object | undefined {
    return this.inTransaction ? undefined : this.engine("fixedState").state;
  }

  /** Iterators over states within the transaction read their rest: pages of those states are about to be given up. */
  #detachIterators(): void {
    if (this.#attached.size === 0) return;
    for (const reference of [...this.#attached]) reference.deref()?.detach();
    this.#attached.clear();
  }

  /** A view of the last commit, or of a kept one, that stays as it is until released. */
  view(call: string, commit: KeptCommit | undefined): View {
    const engine = this.engine(call);
    const state = commit === undefined ? engine.state : stateOf(engine, commit);
    const kept = commit ?? engine.kept.keep(state);
    kept.state = state;
    kept.catalog ??= state.catalogLsn === state.lsn ? state.catalog : undefined;
    kept.pins++;
    const store = new V3ReadStore({
      pages: engine.pager,
      trees: readTrees(engine.pager, state.roots),
      strings: engine.strings,
      counts: state,
      // What is in memory of past states may have been given up.
      vectors: commit === undefined ? engine.vectors : undefined,
    }, () => state.lsn);
    const view = new PinnedView(engine, store, state, (released) => {
      this.#views.delete(released);
      this.#abandoned.unregister(released);
      if (--kept.pins === 0) kept.state = undefined;
      engine.kept.dropUnneeded(kept);
    });
    this.#views.add(view);
    return view;
  }

  /** Releases a view when its holder is collected without having released it. */
  releaseWithHolder(holder: object, view: View): void {
    this.#abandoned.register(holder, view, view);
  }

  /** Releases all views, as `close` does. */
  releaseViews(): void {
    for (const view of [...this.#views]) view.release();
  }

  write<R>(call: string, run: (store: WriteStore) => R): R {
    const store = this.store(call);
    this.refuseReadonly(call);
    if (!this.inTransaction) return this.#runTransaction(() => run(store));
    this.#refuseFailed();
    try {
      return run(store);
    } catch (error) {
      // What the user can cause is checked before the first change; anything else may have left half of the call behind.
      if (!isUserError(error)) this.#failure = { error, depth: this.#depth };
      throw error;
    }
  }

  writeMany<R>(call: string, run: (store: WriteStore) => R): R {
    const store = this.store(call);
    this.refuseReadonly(call);
    return this.#runTransaction(() => run(store));
  }

  transaction<R>(call: string, run: (access: WriteAccess) => R): R {
    this.engine(call);
    return this.#runTransaction(() => {
      // Inline: at the deepest nesting every frame of the stack counts.
      const access = new TransactionAccess(this);
      try {
        return refusePromise(run(access), call);
      } finally {
        access.end();
      }
    });
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

  #begin(): ChangeMark {
    const engine = this.engine("transaction");
    if (this.#isReading) {
      throw new UnsupportedError("a transaction cannot begin inside a read", { code: "in-read" });
    }
    if (this.#depth > 0) {
      this.#refuseFailed();
      engine.savepoint();
    } else {
      engine.begin();
      this.#isObserved = this.hub.isActive;
    }
    this.#depth++;
    return this.#changes.mark();
  }

  #commit(mark: ChangeMark): void {
    const engine = this.engine("commit");
    if (this.#depth > 1) {
      engine.release();
      this.#depth--;
      return;
    }
    if (!engine.isDirty) {
      this.#rollback(mark);
      return;
    }
    this.#detachIterators();
    try {
      engine.commit();
    } catch (error) {
      this.#rollback(mark);
      throw error;
    }
    this.#endTransaction();
    // Also of a commit without changes of records: one that made or dropped a vector index.
    if (this.#isObserved) this.hub.publish(this.#changes.take(engine.state.lsn));
    if (engine.isLogFull) this.onLogLimit();
  }

  #rollback(mark: ChangeMark): void {
    const engine = this.engine("rollback");
    this.#detachIterators();
    engine.rollback();
    this.#changes.rollbackTo(mark);
    this.#store.forget();
    this.#depth--;
    if (this.#failure !== undefined && this.#failure.depth > this.#depth) this.#failure = undefined;
    if (this.#depth === 0) this.#endTransaction();
  }

  #endTransaction(): void {
    this.#depth = 0;
    this.#failure = undefined;
    this.#store.forget();
  }

  /** Runs functions as one transaction each, and makes all of them durable together. */
  transactionGroup<R>(runs: readonly ((access: WriteAccess) => R)[]): GroupResult<R>[] {
    const call = "transactionGroup";
    const engine = this.engine(call);
    this.refuseReadonly(call);
    this.refuseInTransaction(call);
    const mark = this.#begin();
    const results: GroupResult<R>[] = [];
    const published: { readonly lsn: number; readonly changes: ReturnType<ChangeLog["take"]> }[] = [];
    try {
      for (const run of runs) {
        const before = engine.writer.changes;
        try {
          const value = this.transaction(call, run);
          const isChanged = engine.writer.changes > before;
          results.push({ lsn: isChanged ? engine.nextLsn : undefined, value });
          if (!isChanged) continue;
          const lsn = engine.endMember();
          if (this.#isObserved) published.push({ lsn, changes: this.#changes.take(lsn) });
        } catch (error) {
          if (engine.isPoisoned) throw error;
          results.push({ error });
        }
      }
      this.#detachIterators();
      engine.commitGroup();
    } catch (error) {
      this.#rollback(mark);
      throw error;
    }
    this.#endTransaction();
    for (const { changes } of published) this.hub.publish(changes);
    if (engine.isLogFull) this.onLogLimit();
    return results;
  }

  /** Whether somebody is to be told of the running transaction's changes. */
  get isObserved(): boolean {
    return this.#isObserved;
  }

  noteNode(operation: "insert" | "update" | "delete", id: number): void {
    if (this.#isObserved) this.#changes.add({ type: "node", operation, id });
  }

  noteEdge(operation: "insert" | "update" | "delete", id: number, from: number, to: number): void {
    if (this.#isObserved) this.#changes.add({ type: "edge", operation, id, from, to });
  }

  noteKey(operation: "insert" | "update" | "delete" | "expire", key: Uint8Array): void {
    if (this.#isObserved) this.#changes.add({ type: "kv", operation, key: keyToUser(key) });
  }

  /** Reads another state of the file from now on. Views stay where they are. */
  replaceEngine(engine: Engine): void {
    this.#engine = engine;
    this.#store = new V3WriteStore(engine, this);
  }

  /** Whether snapshots or iterators read states of an engine. */
  isViewed(engine: Engine): boolean {
    for (const view of this.#views) if (view.engine === engine) return true;
    return false;
  }

  /** Tells of an error that came after its call had succeeded. */
  reportLate(error: unknown): void {
    process.emitWarning(
      `a checkpoint of ${this.path} after a commit failed and will be tried again: ${
        error instanceof Error ? error.message : error
      }`,
      { type: "SqlitegraphWarning", code: "checkpoint-failed" },
    );
  }

  /** Ends everything that reads, and refuses every later call. */
  close(): void {
    this.hub.close();
    this.#detachIterators();
    this.releaseViews();
    this.#engine = undefined;
  }
}

/** Whether an error is one that was thrown before anything changed. */
function isUserError(error: unknown): boolean {
  return error instanceof GraphError && error.cause === undefined && error.code !== "page-corrupt";
}

/** The roots of a kept commit. */
function stateOf(engine: Engine, commit: KeptCommit): GraphState {
  if (commit.state !== undefined) return commit.state;
  if (commit.lsn === engine.state.lsn) return engine.state;
  if (commit.catalog === undefined) {
    throw new NotRetainedError(`snapshot: commit ${commit.lsn} is no longer kept`, {
      code: "not-retained",
      value: commit.lsn,
    });
  }
  return readCatalog(engine.pager, commit.catalog);
}

/** A state that does not go away until the view is released. */
export class PinnedView implements View {
  /** The engine that reads it. */
  readonly engine: Engine;
  /** The state. */
  readonly state: GraphState;
  readonly #store: V3ReadStore;
  readonly #onRelease: (view: PinnedView) => void;
  #isReleased = false;

  constructor(engine: Engine, store: V3ReadStore, state: GraphState, onRelease: (view: PinnedView) => void) {
    this.engine = engine;
    this.#store = store;
    this.state = state;
    this.#onRelease = onRelease;
  }

  get isReleased(): boolean {
    return this.#isReleased;
  }

  get store(): V3ReadStore {
    this.requireHeld();
    return this.#store;
  }

  /** Throws when the view was released. */
  requireHeld(): void {
    if (!this.#isReleased) return;
    throw new ClosedError("the view was released or its database closed; take a new one", {
      code: "snapshot-released",
    });
  }

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#onRelease(this);
  }
}
