/** Vector indexes: what users hand in and get back. */

import type { LongCallOptions } from "./care.ts";
import type { AnySchema, KindOf, NodeId, NodeOf, Schema } from "./schema.ts";

/**
 * How far two vectors are apart: `cosine` is 1 minus the cosine of their angle (0 to 2), `euclidean` the length of their
 * difference, `dot` minus their dot product (the larger the product, the nearer), `manhattan` the sum of the absolute
 * differences. Distances are 32-bit floats in between: squares and products below 1e-38, as of numbers below 1e-19, count as 0.
 */
export type VectorMetric = "cosine" | "euclidean" | "dot" | "manhattan";

/**
 * What a search walks over in memory: `f32` the vectors as they are; `f16` half as many bytes; `i8` codes of a byte for each
 * number, with the best candidates compared exactly. Stored is always f32, and distances are those of the stored vectors.
 */
export type VectorStorage = "f32" | "f16" | "i8";

/** Who searches: `hnsw` is ours; `hnswlib` is a port of the library of that name, for comparison, with fewer abilities. */
export type VectorEngineName = "hnsw" | "hnswlib";

/** A vector as a user hands it in: one number for each dimension, of a size up to 1e17, kept
 * with the precision of 32-bit floats. */
export type VectorInput = Float32Array | Float64Array | readonly number[];

/** What an index is like. */
export interface VectorIndexOptions {
  /** Numbers in each vector, 1 to 4,096. */
  readonly dimension: number;
  /** How distances are measured. Default `cosine`. */
  readonly metric?: VectorMetric | undefined;
  /** Links of a vector on each layer of the index, 2 to 64, twice as many on the lowest one. Default 16. */
  readonly m?: number | undefined;
  /** Candidates that are weighed when a vector is linked, `m` to 2,000. More is slower to build and finds better. Default 200. */
  readonly efConstruction?: number | undefined;
  /** Candidates that a search weighs unless it says otherwise, 1 to 10,000. Default 64. */
  readonly efSearch?: number | undefined;
  /** What is kept in memory. Default `f32`. */
  readonly storage?: VectorStorage | undefined;
  /** Chooses the layers of vectors, 0 to 2^32 - 1. Default 0. */
  readonly seed?: number | undefined;
  /** Who searches. Default `hnsw`. */
  readonly engine?: VectorEngineName | undefined;
}

/** An index as it is stored. */
export interface VectorIndexInfo {
  /** Its name. */
  readonly name: string;
  /** Numbers in each vector. */
  readonly dimension: number;
  /** How distances are measured. */
  readonly metric: VectorMetric;
  /** Links of a vector on each layer, twice as many on the lowest. */
  readonly m: number;
  /** Candidates that are weighed when a vector is linked. */
  readonly efConstruction: number;
  /** Candidates that a search weighs unless it says otherwise. */
  readonly efSearch: number;
  /** What is kept in memory. */
  readonly storage: VectorStorage;
  /** Chooses the layers of vectors. */
  readonly seed: number;
  /** Who searches. */
  readonly engine: VectorEngineName;
  /** Number of vectors. */
  readonly count: number;
}

/** A vector that a search found. */
export interface VectorMatch {
  /** The node that it belongs to; 0 for a vector that the Rust system wrote, which belongs to none. */
  readonly nodeId: NodeId;
  /** How far it is from the query. */
  readonly distance: number;
  /** Its number in a SQLite file of the Rust system; absent for vectors of nodes. */
  readonly vectorId?: number;
}

/** Which nodes' vectors a search may find. All given conditions hold at once; each is kept by the search on its way. */
export interface VectorFilter<S extends Schema = AnySchema> {
  /** Nodes of one of these kinds. An empty list lets nothing pass. */
  readonly kinds?: readonly KindOf<S>[] | undefined;
  /** Nodes with one of these labels; the kind counts as a label. */
  readonly labels?: readonly string[] | undefined;
  /** These nodes; ids without a node or vector are passed over. */
  readonly nodeIds?: Iterable<NodeId> | undefined;
  /** Nodes for which this returns true. Called once for each node that passes the other conditions and has a vector. */
  readonly where?: ((node: NodeOf<S>) => boolean) | undefined;
}

/** How to search. */
export interface VectorSearchOptions<S extends Schema = AnySchema> {
  /** Most results, 1 to 10,000. Default 10. */
  readonly k?: number | undefined;
  /** Candidates that are weighed, 1 to 10,000; at least `k` are. More is slower and finds better. Default as in the index. */
  readonly ef?: number | undefined;
  /**
   * Only vectors of these nodes. On a snapshot, or a database without a running transaction, what a filter lets pass is found
   * out once for each filter object: hand in the same one again.
   */
  readonly filter?: VectorFilter<S> | undefined;
  /** Only vectors that are not farther away. */
  readonly maxDistance?: number | undefined;
  /** True compares the query with every vector: slower, and misses nothing. */
  readonly exact?: boolean | undefined;
  /** Looked at between queries, and now and then in an exact search; its reason is thrown. */
  readonly signal?: AbortSignal | undefined;
}

/** How to find all vectors within a distance. */
export type VectorRangeOptions<S extends Schema = AnySchema> = Omit<VectorSearchOptions<S>, "k" | "maxDistance">;

/** A node's vector. */
export interface NodeVector {
  /** The node. */
  readonly nodeId: NodeId;
  /** The vector. */
  readonly vector: VectorInput;
}

/** A vector as it is stored. */
export interface StoredVector {
  /** The node that it belongs to; 0 for a vector that the Rust system wrote. */
  readonly nodeId: NodeId;
  /** The vector. */
  readonly vector: Float32Array;
  /** Its number in a SQLite file of the Rust system; absent for vectors of nodes. */
  readonly vectorId?: number;
  /** JSON text that the Rust system kept beside it. */
  readonly metadata?: string;
}

/** Size and state of an index. */
export interface VectorIndexStats extends VectorIndexInfo {
  /** Whether searches of this state go through the index in memory (`memory`) or compare every stored vector (`stored`). */
  readonly searches: "memory" | "stored";
  /** Vectors that searches find through links in memory. */
  readonly linked: number;
  /** Vectors that searches compare one by one: those that are not linked yet, or all of them without an index in memory. */
  readonly pending: number;
  /** Places of deleted vectors that are still walked over. */
  readonly deleted: number;
  /** Layers in use. */
  readonly layers: number;
  /** Memory of the index, in bytes; all threads share it. */
  readonly memoryBytes: number;
}

/** An index, to read. */
export interface VectorIndexReader<S extends Schema = AnySchema> {
  /** Its name. */
  readonly name: string;
  /** What it is like. @throws {NotFoundError} when it does not exist (any more). */
  readonly info: VectorIndexInfo;
  /** Vector of a node, or undefined. O(log n). */
  get(nodeId: NodeId): Float32Array | undefined;
  /**
   * The nearest vectors, by ascending distance, then id.
   *
   * @throws {InvalidArgumentError} for a query of another dimension or with numbers that are not finite
   */
  search(query: VectorInput, options?: VectorSearchOptions<S>): VectorMatch[];
  /** The same for many queries; results in their order. */
  search(queries: readonly VectorInput[], options?: VectorSearchOptions<S>): VectorMatch[][];
  /** All vectors that are at most so far away, by ascending distance, then id: those that a search with `ef` candidates meets. */
  range(query: VectorInput, maxDistance: number, options?: VectorRangeOptions<S>): VectorMatch[];
  /** All vectors, by node id (those of the Rust system by their number). */
  vectors(): IterableIterator<StoredVector>;
  /** Size and state. */
  stats(): VectorIndexStats;
}

/** An index, to read and write. */
export interface VectorIndex<S extends Schema = AnySchema> extends VectorIndexReader<S> {
  /** Gives a node its vector. @throws {ConflictError} when it has one @throws {NotFoundError} when there is no such node. */
  insert(nodeId: NodeId, vector: VectorInput): void;
  /** The same for many nodes: all of them or none. Returns how many. */
  insertMany(vectors: Iterable<NodeVector>): number;
  /** Replaces a node's vector. @throws {NotFoundError} when it has none. */
  update(nodeId: NodeId, vector: VectorInput): void;
  /** Gives a node a vector, whether it has one or not. @throws {NotFoundError} when there is no such node. */
  upsert(nodeId: NodeId, vector: VectorInput): void;
  /** Takes a node's vector away; false when it had none. */
  delete(nodeId: NodeId): boolean;
  /**
   * Links vectors that wait for it: those that an earlier process left, where they are many. New ones are linked by the commit
   * that writes them. Until they are linked, searches compare them one by one.
   *
   * @throws {UnsupportedError} in a transaction of a graph with threads, which has a call of its own
   */
  link(options?: LongCallOptions): void;
}
