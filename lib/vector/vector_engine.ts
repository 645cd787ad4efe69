/** What searches vectors in memory: our own index, or another library behind the same calls. */

import type { VectorIndexStats, VectorMatch } from "../backend/vector.ts";
import type { CheckedVectorSearch, VectorIndexDefinition } from "../backend/vector_input.ts";
import type { StoredVectorIndex } from "../backend/vector_store.ts";
import type { VectorChange } from "./vector_changes.ts";

/** Reads the stored vector of a node, for distances that memory is too coarse for. */
export type ReadStored = (nodeId: number) => Float32Array;

/** What `stats` tells of an index in memory. */
export type MemoryStats = Omit<VectorIndexStats, keyof VectorIndexDefinition | "count">;

/** One thread's searches of one index. */
export interface IndexSearch {
  /** Oldest commit that it can search. */
  readonly knownFrom: number;
  /** The nearest vectors as of a commit from `knownFrom` on that was published. */
  search(search: CheckedVectorSearch, lsn: number, readStored: ReadStored): VectorMatch[];
  /** Size and state. */
  stats(): MemoryStats;
  /** Gives what it holds back. */
  release(): void;
}

/** Finds indexes in memory. */
export interface VectorFinder {
  /**
   * The index, when it is in memory (or can be put there now) and knows a commit.
   *
   * @param isOneSearch it is wanted for a single search, for which it may not pay to put it into memory
   */
  find(index: StoredVectorIndex, lsn: number, isOneSearch: boolean): IndexSearch | undefined;
}

/** Links what waits for it. */
export interface VectorLinking {
  /** Links up to so many vectors of an index of the newest commit, which is put into memory; how many wait now. */
  link(index: StoredVectorIndex, limit: number): number;
}

/** What another thread needs to search an index: cloneable by `postMessage`. */
export interface IndexHandle {
  /** Number of the index. */
  readonly number: number;
  /** What it is like. */
  readonly definition: VectorIndexDefinition;
  /** Oldest commit that it can search. */
  readonly knownFrom: number;
  /** What the engine of its name attaches to. */
  readonly shared: unknown;
}

/** An index in memory, as the thread has it that writes the database. */
export interface VectorEngine extends IndexSearch {
  /** What the index is like. */
  readonly definition: VectorIndexDefinition;
  /** What other threads attach to. */
  readonly shared: unknown;
  /** Whether vectors wait to be linked that no thread has begun with. */
  readonly canLink: boolean;
  /** Whether so much of it is dead that a sweep pays. */
  readonly isSweepDue: boolean;
  /** Makes sure that changes fit, before their commit is durable. @throws {UnsupportedError} when they do not */
  reserve(changes: readonly VectorChange[], oldestPin: number): void;
  /** Applies the changes of a commit, which is durable and not published yet. */
  apply(changes: readonly VectorChange[], lsn: number, oldestPin: number): void;
  /** Links up to so many of them; whether there may be more. */
  link(limit: number): boolean;
  /** Links up to so many of them; how many wait now. */
  linkNow(limit: number): number;
  /** A step of the sweep that unlinks what is dead and what nobody sees; true when it is complete. */
  sweepStep(oldestPin: number, lsn: number): boolean;
}
