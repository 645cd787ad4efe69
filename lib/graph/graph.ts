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
import type { CompactOptions, CompactResult } from "../v3/mod.ts";
import type { GraphIngestOptions, IngestResult } from "./graph_ingest.ts";
import type { IngestRow } from "./row_source.ts";
import type { MapOptionsBySource, RunOptionsBySource, TaskArguments, TaskOf, TaskSource } from "../task/task.ts";
import type { Isolation } from "./transaction_batch.ts";

/** How to run a transaction. */
export interface TransactionOptions {
  /**
   * Which concurrent commits are conflicts: those that wrote what this one read or wrote (`serializable`, the default), or only
   * those that wrote what it writes (`snapshot`).
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
