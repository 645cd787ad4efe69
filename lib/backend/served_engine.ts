/** What the thread that writes a graph asks of a storage engine besides the contract. */

import type { GraphBackend } from "./graph_backend.ts";
import type { ImportTarget } from "./restore_rows.ts";
import type { VectorNews } from "./state_source.ts";

/** What a transaction's function in a group gave. */
export type GroupResult<R> =
  | {
    /** Its commit; absent when it changed nothing. */
    readonly lsn: number | undefined;
    /** What it returned. */
    readonly value: R;
  }
  | {
    /** What it threw; it was rolled back alone. */
    readonly error: unknown;
  };

/** Ids that were reserved for somebody who gives them himself: `first` up to `end` - 1. */
export interface IdLease {
  readonly firstNodeId: number;
  readonly endNodeId: number;
  readonly firstEdgeId: number;
  readonly endEdgeId: number;
}

/** The vector indexes that the thread which writes a database has in memory. */
export interface ServedVectors {
  /** Puts an index of the newest commit into memory, if it exists. */
  load(index: number): void;
  /** What was put into memory or left it since this was last asked; undefined: nothing. */
  takeNews(): VectorNews | undefined;
  /** Whether there are vectors to link or places of deleted ones to give up. */
  readonly hasWork: boolean;
  /** Does so until everything is done or a function, asked every few vectors, says that it is enough. */
  work(isEnough: () => boolean): void;
}

/** An open database whose states other threads read. */
export interface ServedEngine {
  /** Vector indexes in memory. */
  readonly vectors: ServedVectors;
  /** The database, as this thread uses it. */
  readonly backend: GraphBackend;
  /** What other threads need to read it: cloneable by `postMessage`. */
  readonly handle: unknown;
  /**
   * Runs functions as one transaction each and makes all of them durable together. One that throws is rolled back alone. When
   * this returns, every thread that takes a state sees them. The target writes records with ids that were leased.
   *
   * @throws what makes the whole group fail (disk full, failed sync): none of them happened
   */
  group<R>(runs: readonly ((target: ImportTarget) => R)[]): GroupResult<R>[];
  /** Reserves so many ids that the engine will never give itself, not after a crash either. */
  lease(nodeIds: number, edgeIds: number): IdLease;
  /** Closes the database. */
  close(): void;
}
