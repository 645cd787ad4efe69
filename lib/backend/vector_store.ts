/** What a storage engine supplies for vectors: checked arguments in, everything above it is one implementation. */

import type { Page } from "./store.ts";
import type { StoredVector, VectorIndexStats, VectorMatch } from "./vector.ts";
import type { CheckedVectorSearch, VectorIndexDefinition } from "./vector_input.ts";

/** An index as an engine finds it. */
export interface StoredVectorIndex {
  /** What it is like. */
  readonly definition: VectorIndexDefinition;
  /** The engine's number for it: never given again. */
  readonly number: number;
  /** Number of vectors. */
  readonly count: number;
}

/** What a page of vectors yields: ids of their nodes, or vectors. */
export type VectorShapeWanted = "nodeId" | "vector";

/** Reads of vectors. An index is one that this store returned, and that exists. */
export interface VectorReads {
  /** All indexes, by name in byte order. */
  vectorIndexes(): readonly StoredVectorIndex[];
  /** The index with a name, or undefined. Hot. */
  vectorIndex(name: string): StoredVectorIndex | undefined;
  /** Vector of a node (the caller's own), or undefined. */
  readVector(index: StoredVectorIndex, nodeId: number): Float32Array | undefined;
  /**
   * The vectors after a position (0: from the first on), by node id, at most `size`; those that belong to no node come after
   * all others, by number. `T` is as `wanted`; ids leave out vectors of no node.
   */
  vectorPage<T extends number | StoredVector>(
    index: StoredVectorIndex,
    wanted: VectorShapeWanted,
    after: number,
    size: number,
  ): Page<T, number>;
  /** The nearest vectors, by ascending distance, then node id, then number. */
  searchVectors(index: StoredVectorIndex, search: CheckedVectorSearch): VectorMatch[];
  /** Size and state of an index. */
  vectorStats(index: StoredVectorIndex): VectorIndexStats;
}

/** Writes of vectors. */
export interface VectorWrites {
  /** Makes an index under a name that none has. */
  createVectorIndex(definition: VectorIndexDefinition): void;
  /** Removes an index and its vectors. */
  dropVectorIndex(index: StoredVectorIndex): void;
  /** Gives an existing node a vector, whether it has one or not. The vector belongs to the store from now on. */
  setVector(index: StoredVectorIndex, nodeId: number, vector: Float32Array): void;
  /** Takes a node's vector away; false, and no change, when it has none. */
  deleteVector(index: StoredVectorIndex, nodeId: number): boolean;
  /**
   * Links up to so many vectors in memory that wait for it; how many wait now. Of an index that the transaction made: none do.
   *
   * @throws {UnsupportedError} far from the engine
   */
  linkVectors(index: StoredVectorIndex, limit: number): number;
}
