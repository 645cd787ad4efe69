/** What readers and writers ask of the database, transaction or snapshot that they work for. */

import type { ReadStore, WriteStore } from "./store.ts";

/** Where an iterator reads: a state that does not change until it is released. */
export interface PageSource {
  /** Reads of the state. */
  readonly store: ReadStore;
  /** Gives the state up. */
  release(): void;
}

/** A state that a snapshot or an iterator holds. */
export interface View extends PageSource {
  /** Whether it was given up or the database closed. */
  readonly isReleased: boolean;
}

/** An iterator as the database sees it. */
export interface Detachable {
  /** Reads the rest into memory and releases the source: called right before the state that it reads changes. */
  detach(): void;
}

/** What a reader asks for. */
export interface ReadAccess {
  /** The reads; throws `ClosedError`, which names the call, when there are none any more. */
  store(call: string): ReadStore;
  /** Clock that expiries are judged by, in milliseconds. */
  now(): number;
  /** Runs several reads on one state. */
  consistently<R>(read: () => R): R;
  /** Takes a state for an iterator at its first step. */
  beginIteration(iterator: Detachable): PageSource;
  /** An object that is the same as long as all reads answer the same; undefined while a transaction is running. */
  fixedState(): object | undefined;
}

/** What a writer asks for, besides reading. */
export interface WriteAccess extends ReadAccess {
  /**
   * Runs one call's writes: all of them or none. What the user can cause must be thrown before the first write: inside a
   * transaction the engine need not be able to undo half a call, it may refuse everything until a rollback instead.
   */
  write<R>(call: string, run: (store: WriteStore) => R): R;
  /** The same for calls of many writes, or such that run the user's code: half a call is always undone. */
  writeMany<R>(call: string, run: (store: WriteStore) => R): R;
  /** Runs a function in a transaction or savepoint, with an access that ends with it (`TransactionAccess`). */
  transaction<R>(call: string, run: (access: WriteAccess) => R): R;
}
