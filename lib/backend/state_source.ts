/** The states of a graph as one thread reads them, whatever the storage engine and wherever the writer runs. */

import type { View } from "./access.ts";
import type { SnapshotAt } from "./care.ts";

/** A state that this thread holds until it releases it. */
export interface HeldState extends View {
  /** Its commit. */
  readonly lsn: number;
  /** Time of its commit, in milliseconds since 1970. */
  readonly timeMs: number;
  /** Whether it was asked for by LSN, time or tag: then expiries are judged by the commit's time. */
  readonly isPast: boolean;
  /**
   * What other threads need to read this state: cloneable by `postMessage`. It is valid while this thread holds the state.
   */
  share(): Promise<unknown>;
}

/** What became of vector indexes in the memory that the writer shares. */
export interface VectorNews {
  /** What other threads attach to, of indexes that were put there: cloneable by `postMessage`. */
  readonly added: readonly unknown[];
  /** Numbers of indexes that are no longer there. */
  readonly removed: readonly number[];
}

/** Gives out states. One per thread. */
export interface StateSource {
  /** Called once for each vector index that a search wanted and that is not in memory: it compares stored vectors until it is. */
  onMissingVectors: (index: number) => void;
  /** What threads attach to of a vector index in memory; undefined when it is not there, as far as this thread was told. */
  vectorsOf(index: number): unknown;
  /** Takes note of vector indexes in memory. */
  noteVectors(news: VectorNews): void;
  /** LSN of the newest commit that can be read. */
  readonly lsn: number;
  /**
   * Holds the newest state, or a kept one. Sends no message and waits for nobody.
   *
   * @throws {NotRetainedError} when the state is not kept
   * @throws {ClosedError} when the graph was closed or its engine died
   */
  hold(at: SnapshotAt | undefined, call: string): HeldState;
  /** Gives up files and connections of this thread. */
  close(): void;
}

/** Reads states that another thread holds: what a worker of the pool has. */
export interface BorrowedSource {
  /**
   * A state that another thread holds, as its `share` described it.
   *
   * @param isRevoked asked in every call: whether the other thread has given it up
   */
  borrow(shared: unknown, isRevoked: () => boolean): HeldState;
  /** Gives up files and connections of this thread. */
  close(): void;
}
