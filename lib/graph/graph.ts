/** A graph with threads: one writes, any number read. What `openGraph` gives. */

import type {
  BackupResult,
  CheckpointResult,
  CheckResult,
  CommitInfo,
  DatabaseStats,
  Difference,
  Durability,
  ImportOptions,
  LongCallOptions,
  SnapshotAt,
  TagInfo,
  TransferResult,
} from "../backend/care.ts";
import type { Change, ChangeFilter, ChangesOptions, Subscription } from "../backend/change.ts";
import type { GraphTransaction, MergeResult, Snapshot } from "../backend/graph_backend.ts";
import type { Key, KeyValue, KeyValueEntry, SetOptions } from "../backend/key_value.ts";
import type {
  AnySchema,
  DataPatch,
  EdgeId,
  EdgeInput,
  EdgeOf,
  EdgeUpdate,
  NodeId,
  NodeInput,
  NodeOf,
  NodeUpdate,
  Schema,
} from "../backend/schema.ts";
import type {
  NodeVector,
  StoredVector,
  VectorIndexInfo,
  VectorIndexOptions,
  VectorIndexStats,
  VectorInput,
  VectorMatch,
  VectorSearchOptions,
} from "../backend/vector.ts";
import type { CompactOptions, CompactResult } from "../v3/mod.ts";
import type { GraphIngestOptions, IngestResult } from "./graph_ingest.ts";
import type { IngestRow } from "./row_source.ts";
import type { MapOptionsBySource, RunOptionsBySource, TaskArguments, TaskOf, TaskSource } from "../task/task.ts";
import type { Isolation } from "./transaction_batch.ts";

/** How to run a transaction. */
export interface TransactionOptions {
  /**
   * Which concurrent commits are conflicts: those that wrote what this one read or wrote (`serializable`, the default), or only
   * those that wrote what it writes (`snapshot`). A vector search reads its index as a whole: under `serializable`, any other
   * commit of a vector in that index is a conflict.
   */
  readonly isolation?: Isolation | undefined;
  /** How often the function is run again after a conflict. Default 16. */
  readonly retries?: number | undefined;
  /** Ends the transaction: it is not committed unless it was already on its way, and the signal's reason is thrown. */
  readonly signal?: AbortSignal | undefined;
  /** When the promise resolves: as the graph was opened, or later or earlier for this transaction. */
  readonly durability?: Durability | undefined;
}

/** Key-values of a graph: each call is a transaction of its own. Reads are calls on a snapshot. */
export interface GraphKeyValues {
  /** The value of a key, or undefined: of the newest commit. O(log n). */
  get(key: Key): KeyValue | undefined;
  /** The value of a key with its expiry, or undefined: of the newest commit. O(log n). */
  entry<K extends Key>(key: K): KeyValueEntry<K> | undefined;
  /** Whether a key exists: in the newest commit. O(log n). */
  has(key: Key): boolean;
  /** Writes a key. */
  set(key: Key, value: KeyValue, options?: SetOptions): Promise<void>;
  /** Removes a key; false when there was none (or it had expired). */
  delete(key: Key): Promise<boolean>;
}

/** How to search the vectors of a graph. */
export interface GraphVectorSearchOptions<S extends Schema = AnySchema> extends VectorSearchOptions<S> {
  /** Threads that work on many queries; at most the pool's size, which is the default. One query is this thread's work. */
  readonly workers?: number | undefined;
  /** State that is searched: a snapshot of this graph, or a past state. Default: the newest one. */
  readonly snapshot?: Snapshot<S> | SnapshotAt | undefined;
}

/** How to find all vectors of a graph within a distance. */
export type GraphVectorRangeOptions<S extends Schema = AnySchema> = Omit<
  GraphVectorSearchOptions<S>,
  "k" | "maxDistance" | "workers"
>;

/**
 * A vector index of a graph. Each write is a transaction of its own. What it reads is of the newest commit; several reads of one
 * state are calls on a snapshot.
 */
export interface GraphVectorIndex<S extends Schema = AnySchema> {
  /** Its name. */
  readonly name: string;
  /** What it is like. @throws {NotFoundError} when it does not exist (any more). */
  readonly info: VectorIndexInfo;
  /** Vector of a node, or undefined. O(log n). */
  get(nodeId: NodeId): Float32Array | undefined;
  /** All vectors, by node id: of the newest commit at the first step. */
  vectors(): IterableIterator<StoredVector>;
  /** Size and state. */
  stats(): VectorIndexStats;
  /** The nearest vectors, by ascending distance, then id: found on this thread. */
  search(query: VectorInput, options?: GraphVectorSearchOptions<S>): Promise<VectorMatch[]>;
  /** The same for many queries, which threads of the pool share; results in their order. */
  search(queries: readonly VectorInput[], options?: GraphVectorSearchOptions<S>): Promise<VectorMatch[][]>;
  /** All vectors that are at most so far away, by ascending distance, then id: those that a search with `ef` candidates meets. */
  range(query: VectorInput, maxDistance: number, options?: GraphVectorRangeOptions<S>): Promise<VectorMatch[]>;
  /** Gives a node its vector. @throws {ConflictError} when it has one @throws {NotFoundError} when there is no such node. */
  insert(nodeId: NodeId, vector: VectorInput): Promise<void>;
  /** The same for many nodes: all of them or none. Gives how many. */
  insertMany(vectors: Iterable<NodeVector>): Promise<number>;
  /** Replaces a node's vector. @throws {NotFoundError} when it has none. */
  update(nodeId: NodeId, vector: VectorInput): Promise<void>;
  /** Gives a node a vector, whether it has one or not. @throws {NotFoundError} when there is no such node. */
  upsert(nodeId: NodeId, vector: VectorInput): Promise<void>;
  /** Takes a node's vector away; false when it had none. */
  delete(nodeId: NodeId): Promise<boolean>;
  /**
   * Links all vectors that wait for it, on threads of the pool. The engine does so by itself when it has nothing else to do;
   * until then searches compare these vectors one by one. What was linked stays so when the call is ended by its signal.
   */
  link(options?: LinkVectorsOptions): Promise<void>;
}

/** How to link vectors. */
export interface LinkVectorsOptions extends LongCallOptions {
  /** Most threads. Default: as many as the pool has. With more than one the links depend on which is first. */
  readonly workers?: number | undefined;
}

/**
 * A graph with threads. Writes are asynchronous and durable when their promise resolves; reads are synchronous calls on a
 * `snapshot`, on this thread or, with `run` and `map`, on others. A call that rejects has changed nothing.
 */
export interface Graph<S extends Schema = AnySchema> extends AsyncDisposable {
  /** Storage engine. */
  readonly backend: "sqlite" | "v3";
  /** The file, or `:memory:`. */
  readonly path: string;
  /** Whether `close` was called, or the engine died. */
  readonly closed: boolean;
  /** Number of the newest commit that a snapshot would show. */
  readonly lsn: number;
  /** The key-value store. */
  readonly kv: GraphKeyValues;

  /**
   * An immutable view of the newest commit, or of a kept past one. Synchronous: no message is sent and nobody is waited for.
   *
   * @throws {NotRetainedError} for a past state that is not kept
   * @throws {UnsupportedError} for a past state on a backend without history (SQLite)
   * @throws {ClosedError} when the graph was closed or its engine died
   */
  snapshot(at?: SnapshotAt): Snapshot<S>;

  /**
   * Runs a function that reads and writes, and commits what it did. The function works on a snapshot plus its own writes and
   * may be asynchronous; it may run again after a conflict, so it must be repeatable. Many transactions may run at once.
   *
   * @returns what the function returned, once its writes are durable and visible to every later snapshot
   * @throws {ConflictError} when it met conflicts more than `retries` times
   */
  transaction<R>(run: (tx: GraphTransaction<S>) => R | Promise<R>, options?: TransactionOptions): Promise<R>;

  /** Inserts a node and gives its id. */
  insertNode(node: NodeInput<S>): Promise<NodeId>;
  /** Inserts all of these nodes or none; ids in input order. */
  insertNodes(nodes: Iterable<NodeInput<S>>): Promise<NodeId[]>;
  /** Finds the node with this kind and name, or inserts it. */
  mergeNode(node: NodeInput<S>): Promise<MergeResult>;
  /** Replaces what is given; the rest stays. */
  updateNode(id: NodeId, update: NodeUpdate<S>): Promise<NodeOf<S>>;
  /** Replaces top-level keys of `data`. */
  patchNode(id: NodeId, patch: DataPatch<S["nodes"]>): Promise<NodeOf<S>>;
  /** Deletes a node with its edges and labels. */
  deleteNode(id: NodeId): Promise<void>;
  /** Adds a label; false when the node has it already. */
  addLabel(id: NodeId, label: string): Promise<boolean>;
  /** Removes a label; false when the node does not have it. */
  removeLabel(id: NodeId, label: string): Promise<boolean>;
  /** Inserts an edge and gives its id. */
  insertEdge(edge: EdgeInput<S>): Promise<EdgeId>;
  /** Inserts all of these edges or none; ids in input order. */
  insertEdges(edges: Iterable<EdgeInput<S>>): Promise<EdgeId[]>;
  /** Finds the edge with these ends and this type, or inserts it. */
  mergeEdge(edge: EdgeInput<S>): Promise<MergeResult>;
  /** Replaces what is given; the rest stays. */
  updateEdge(id: EdgeId, update: EdgeUpdate<S>): Promise<EdgeOf<S>>;
  /** Replaces top-level keys of `data`. */
  patchEdge(id: EdgeId, patch: DataPatch<S["edges"]>): Promise<EdgeOf<S>>;
  /** Deletes an edge. */
  deleteEdge(id: EdgeId): Promise<void>;

  /** Makes an index for vectors of nodes. @throws {ConflictError} when there is one of this name. */
  createVectorIndex(name: string, options: VectorIndexOptions): Promise<VectorIndexInfo>;
  /** Removes an index and its vectors; false when there was none. */
  dropVectorIndex(name: string): Promise<boolean>;
  /** Gives a node its vector in an index; one that it had is replaced. */
  setVector(name: string, nodeId: NodeId, vector: VectorInput): Promise<void>;
  /** The same for many nodes: all of them or none. Gives how many. */
  setVectors(name: string, vectors: Iterable<NodeVector>): Promise<number>;
  /** Takes a node's vector away; false when it had none. */
  deleteVector(name: string, nodeId: NodeId): Promise<boolean>;
  /** All vector indexes, by name in byte order: of the newest commit. */
  vectorIndexes(): VectorIndexInfo[];
  /** A vector index. @throws {NotFoundError} when the newest commit has none of this name. */
  vectorIndex(name: string): GraphVectorIndex<S>;
  /**
   * The nearest vectors of an index, by ascending distance, then node id. One query is searched for on this thread.
   *
   * @throws {NotFoundError} when there is no such index
   * @throws {InvalidArgumentError} for a query of another dimension or with numbers that are not finite
   */
  searchVectors(name: string, query: VectorInput, options?: GraphVectorSearchOptions<S>): Promise<VectorMatch[]>;
  /**
   * The same for many queries, which threads of the pool share; results in their order, as a snapshot finds them. A `filter`
   * is resolved on this thread first. The signal cancels between queries.
   *
   * @throws {InvalidArgumentError} `too-many-matches` when queries times results of each (at most `k`, and all vectors) are more
   * than 2^26; and as for one query
   */
  searchVectors(
    name: string,
    queries: readonly VectorInput[],
    options?: GraphVectorSearchOptions<S>,
  ): Promise<VectorMatch[][]>;

  /** Inserts millions of rows in constant memory: in one transaction, or in one per `batchRows`. */
  ingest(
    rows: AsyncIterable<IngestRow<S>> | Iterable<IngestRow<S>>,
    options?: GraphIngestOptions,
  ): Promise<IngestResult>;

  /**
   * Runs a task or an algorithm on the pool and gives what it returns. Parameters may be left out where all of them may be.
   *
   * @throws what it throws, the signal's reason, or what `onProgress` throws
   * @throws {GraphError} `worker-died` when it ended its thread
   */
  run<P, R, K extends TaskSource>(
    task: TaskOf<P, R, K, S>,
    ...args: TaskArguments<P, RunOptionsBySource<S>[K]>
  ): Promise<R>;
  /** Runs a task or an algorithm once for each of many parameters, on one state; results in order. */
  map<P, R, K extends TaskSource>(
    task: TaskOf<P, R, K, S>,
    params: readonly NoInfer<P>[] | Iterable<NoInfer<P>>,
    options?: MapOptionsBySource<S>[K],
  ): Promise<R[]>;

  /** Changes that are committed from now on, in commit order; ends when the graph is closed. */
  changes(options?: ChangesOptions): AsyncIterableIterator<Change>;
  /** Calls a function for every change, after its commit. */
  subscribe(filter: ChangeFilter, listener: (change: Change) => void): Subscription;

  /** Names the newest commit; it stays readable until `untag`. V3 only. */
  tag(name: string): Promise<TagInfo>;
  /** Removes a tag; false when there was none. V3 only. */
  untag(name: string): Promise<boolean>;
  /** All tags, by name in byte order. V3 only. */
  tags(): Promise<TagInfo[]>;
  /** Kept commits, oldest first. V3 only. */
  commits(): Promise<CommitInfo[]>;
  /** What differs between two kept commits. V3 only. */
  diff(fromLsn: number, toLsn: number): AsyncIterableIterator<Difference>;

  /** Makes every commit so far safe against a power cut, whatever the durability. */
  flush(): Promise<void>;
  /** Moves the log into the file and removes expired keys. */
  checkpoint(): Promise<CheckpointResult>;
  /** Writes a verified copy with a manifest into a folder. */
  backup(folder: string, options?: LongCallOptions): Promise<BackupResult>;
  /** Writes everything as JSON Lines. */
  exportSnapshot(path: string, options?: LongCallOptions): Promise<TransferResult>;
  /** Reads a file of `exportSnapshot`: all of it or nothing. */
  importSnapshot(path: string, options?: ImportOptions): Promise<TransferResult>;
  /** Writes a new, defragmented file. V3 only. */
  compact(toPath: string, options?: CompactOptions): Promise<CompactResult>;
  /** Counts and sizes. */
  stats(): Promise<DatabaseStats>;
  /** Checks the whole database. */
  check(options?: LongCallOptions): Promise<CheckResult>;

  /**
   * Finishes what was committed, rejects what still runs with `ClosedError`, and ends all threads. May be called again.
   */
  close(): Promise<void>;
}
