/** Threads that make or read a projection together. */

/** What they need to meet: a part of the context of a task. */
export interface Gang {
  /** Number of threads. */
  readonly workers: number;
  /** Which of them this is, from 0. */
  readonly worker: number;
  /** Throws when the work was cancelled. */
  throwIfAborted(): void;
  /** Adds to the units done. */
  progress(units: number): void;
  /** Sets the units in all. */
  total(units: number): void;
  /** Waits until all threads are here. */
  barrier(): void;
  /** Zeroed memory that all threads share: each calls it, in the same order and with the same size. */
  sharedBuffer(byteLength: number): SharedArrayBuffer;
}

/** One thread alone. */
export const ALONE: Gang = {
  workers: 1,
  worker: 0,
  throwIfAborted() {},
  progress() {},
  total() {},
  barrier() {},
  sharedBuffer: (byteLength) => new SharedArrayBuffer(byteLength),
};
