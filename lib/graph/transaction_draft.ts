/** A transaction as the thread of its function sees it, before it is committed elsewhere. */

import type { Detachable, PageSource, WriteAccess } from "../backend/access.ts";
import { CheckedWriter } from "../backend/checked_writer.ts";
import type { GraphTransaction } from "../backend/graph_backend.ts";
import type { HeldState } from "../backend/state_source.ts";
import type { ReadStore, WriteStore } from "../backend/store.ts";
import { refuseDeepNesting, refusePromise, TransactionAccess } from "../backend/transaction_access.ts";
import type { OperationWriter } from "./operation_log.ts";
import { type FootprintRecorders, type IdSource, OverlayStore } from "./overlay_store.ts";

export type { FootprintRecorders, IdSource } from "./overlay_store.ts";

/**
 * A transaction over a held state: its writes are seen by itself alone and written down for the thread that commits them.
 *
 *     const draft = new TransactionDraft(state, ids, footprint, now);
 *     try {
 *       result = await run(draft.tx);
 *     } finally {
 *       draft.end();
 *     }
 *     if (!draft.operations.isEmpty) commit(draft.operations.finish());
 *     state.release();
 */
export class TransactionDraft {
  /** What the function works with. */
  readonly tx: GraphTransaction;
  readonly #store: OverlayStore;
  readonly #access: TransactionAccess;

  /**
   * @param state what it reads; to be held until after `end`
   * @param ids gives the ids of its new records
   * @param footprint is told what it reads and changes of the held state
   * @param now clock that expiries are judged by, in milliseconds since 1970
   */
  constructor(state: HeldState, ids: IdSource, footprint: FootprintRecorders, now: () => number) {
    this.#store = new OverlayStore(state, ids, footprint);
    this.#access = new TransactionAccess(new DraftAccess(this.#store, now));
    this.tx = new CheckedWriter(this.#access) as unknown as GraphTransaction;
  }

  /** What it wants written; empty when that is nothing. */
  get operations(): OperationWriter {
    return this.#store.operations;
  }

  /**
   * Makes every later call on `tx` throw `ClosedError` (`transaction-ended`). Iterators that were begun stay usable: they read
   * their rest now.
   */
  end(): void {
    this.#access.end();
    this.#store.detachIterators();
  }
}

/** The database of a draft: reads and writes go to its store, and nested transactions are savepoints. */
class DraftAccess implements WriteAccess {
  readonly #store: OverlayStore;
  readonly #now: () => number;
  /** The transaction itself and its open savepoints. */
  #depth = 1;

  constructor(store: OverlayStore, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  store(): ReadStore {
    return this.#store;
  }

  now(): number {
    return this.#now();
  }

  consistently<R>(read: () => R): R {
    return read();
  }

  beginIteration(iterator: Detachable): PageSource {
    return this.#store.attach(iterator);
  }

  fixedState(): undefined {
    return undefined;
  }

  write<R>(_call: string, run: (store: WriteStore) => R): R {
    // One call changes one record, as its last step, after it was logged: undoing the log undoes the call.
    const { operations } = this.#store;
    const mark = operations.mark();
    try {
      return run(this.#store);
    } catch (error) {
      operations.rollbackTo(mark);
      throw error;
    }
  }

  writeMany<R>(_call: string, run: (store: WriteStore) => R): R {
    return this.#savepoint(() => run(this.#store));
  }

  transaction<R>(call: string, run: (access: WriteAccess) => R): R {
    return this.#savepoint(() => {
      // Inline: at the deepest nesting every frame of the stack counts.
      const access = new TransactionAccess(this);
      try {
        return refusePromise(run(access), call);
      } finally {
        access.end();
      }
    });
  }

  #savepoint<R>(run: () => R): R {
    refuseDeepNesting(this.#depth);
    const store = this.#store;
    const mark = store.mark();
    this.#depth++;
    try {
      return run();
    } catch (error) {
      store.rollbackTo(mark);
      throw error;
    } finally {
      this.#depth--;
      if (this.#depth === 1) store.forgetMarks();
    }
  }
}
