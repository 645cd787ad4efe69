/** The contract that both storage engines implement in full: writes, transactions, history, changes and care. */

import type {
  BackupResult,
  CheckpointResult,
  CheckResult,
  CommitInfo,
  DatabaseStats,
  Difference,
  ImportCounts,
  ImportOptions,
  ImportRecordsOptions,
  LongCallOptions,
  SnapshotAt,
  TagInfo,
  TransferResult,
} from "./care.ts";
import type { Change, ChangeFilter, ChangesOptions, Subscription } from "./change.ts";
import type { GraphReader } from "./graph_reader.ts";
import type { ImportRecord } from "./import_record.ts";
import type { KeyValueStore } from "./key_value.ts";
import type {
  AnySchema,
  DataPatch,
  EdgeId,
  EdgeInput,
  EdgeInputOfType,
  EdgeOf,
  EdgeTypeOf,
  EdgeUpdate,
  KindOf,
  NodeId,
  NodeInput,
  NodeInputOfKind,
  NodeOf,
  NodeUpdate,
  Schema,
} from "./schema.ts";
import type { NodeVector, VectorIndex, VectorIndexInfo, VectorIndexOptions, VectorInput } from "./vector.ts";

/** What a merge found or made. */
export interface MergeResult {
  /** The record's id. */
  readonly id: number;
  /** True when it did not exist before. */
  readonly created: boolean;
}

/**
 * Writes to a graph. Outside a transaction each call is one commit of its own. A call that throws has changed nothing.
 * Input is checked the same way on every backend: `InvalidArgumentError` names the field, the value and the way out.
 */
export interface GraphWriter<S extends Schema = AnySchema> {
  /** The key-value store; its writes commit together with the graph's. */
  readonly kv: KeyValueStore;

  /** Inserts a node and returns its id. O(log n). */
  insertNode(node: NodeInput<S>): NodeId;
  /** The same where the kind is only known when it runs: `data` must fit every kind that it can be. */
  insertNode<K extends KindOf<S>>(node: NodeInputOfKind<S, K>): NodeId;
  /** Inserts all of these nodes or none; ids in input order. */
  insertNodes(nodes: Iterable<NodeInput<S>>): NodeId[];
  /**
   * Finds the node with this kind and name (the smallest id when there are several), or inserts it. A found node stays
   * unchanged: `data`, `labels` and `filePath` are for creation only. O(log n).
   */
  mergeNode(node: NodeInput<S>): MergeResult;
  /** The same where the kind is only known when it runs. */
  mergeNode<K extends KindOf<S>>(node: NodeInputOfKind<S, K>): MergeResult;
  /** Replaces what is given; the rest stays. @throws {NotFoundError} when there is no such node. O(log n). */
  updateNode(id: NodeId, update: NodeUpdate<S>): NodeOf<S>;
  /**
   * Replaces top-level keys of `data`: undefined removes a key, null is a value.
   *
   * @throws {NotFoundError} when there is no such node
   * @throws {InvalidArgumentError} when its `data` is no object
   */
  patchNode(id: NodeId, patch: DataPatch<S["nodes"]>): NodeOf<S>;
  /** Deletes a node with its edges, labels and vectors. @throws {NotFoundError} when there is none. O(degree · log n). */
  deleteNode(id: NodeId): void;
  /** Adds a label; false when the node has it already (its kind is one). @throws {NotFoundError} without such a node. */
  addLabel(id: NodeId, label: string): boolean;
  /**
   * Removes a label; false when the node does not have it.
   *
   * @throws {NotFoundError} when there is no such node
   * @throws {InvalidArgumentError} for the node's kind, which is a label that cannot be removed
   */
  removeLabel(id: NodeId, label: string): boolean;

  /** Inserts an edge and returns its id. @throws {NotFoundError} when an end does not exist. O(log n). */
  insertEdge(edge: EdgeInput<S>): EdgeId;
  /** The same where the type is only known when it runs: `data` must fit every type that it can be. */
  insertEdge<T extends EdgeTypeOf<S>>(edge: EdgeInputOfType<S, T>): EdgeId;
  /** Inserts all of these edges or none; ids in input order. @throws {NotFoundError} when an end does not exist. */
  insertEdges(edges: Iterable<EdgeInput<S>>): EdgeId[];
  /**
   * Finds the edge with these ends and this type (the smallest id when there are several), or inserts it. A found edge stays
   * unchanged. @throws {NotFoundError} when an end does not exist. O(degree).
   */
  mergeEdge(edge: EdgeInput<S>): MergeResult;
  /** The same where the type is only known when it runs. */
  mergeEdge<T extends EdgeTypeOf<S>>(edge: EdgeInputOfType<S, T>): MergeResult;
  /** Replaces what is given; the rest stays. @throws {NotFoundError} when there is no such edge. O(log n). */
  updateEdge(id: EdgeId, update: EdgeUpdate<S>): EdgeOf<S>;
  /** Replaces top-level keys of `data`, as `patchNode` does. */
  patchEdge(id: EdgeId, patch: DataPatch<S["edges"]>): EdgeOf<S>;
  /** Deletes an edge. @throws {NotFoundError} when there is none. O(log n). */
  deleteEdge(id: EdgeId): void;

  /**
   * Makes an index for vectors of nodes.
   *
   * @throws {ConflictError} when there is one with this name
   * @example
   * ```ts
   * import { open } from "@sqlitegraph/sqlitegraph";
   *
   * using db = open(":memory:");
   * const ada = db.insertNode({ kind: "Person", name: "Ada" });
   * db.createVectorIndex("bio", { dimension: 3, metric: "cosine" });
   * db.setVector("bio", ada, [1, 0, 0]);
   * console.log(db.searchVectors("bio", [1, 1, 0], { k: 1 })); // [ { nodeId: 1, distance: 0.29289323 } ]
   * ```
   */
  createVectorIndex(name: string, options: VectorIndexOptions): VectorIndexInfo;
  /** Removes an index and its vectors; false when there was none. O(vectors). */
  dropVectorIndex(name: string): boolean;
  /** An index, to read and write. @throws {NotFoundError} when there is none. */
  vectorIndex(name: string): VectorIndex<S>;
  /**
   * Gives a node its vector in an index; one that it had is replaced.
   *
   * @throws {NotFoundError} when there is no such index or node
   * @throws {InvalidArgumentError} for a vector of another dimension, with a number that is not finite, and for one of length 0
   *   where the metric is `cosine`
   */
  setVector(name: string, nodeId: NodeId, vector: VectorInput): void;
  /** The same for many nodes: all of them or none. Returns how many. */
  setVectors(name: string, vectors: Iterable<NodeVector>): number;
  /** Takes a node's vector away; false when it had none. @throws {NotFoundError} when there is no such index. */
  deleteVector(name: string, nodeId: NodeId): boolean;
}

/** What a transaction's function works with. Reads see the transaction's own writes. Throws `ClosedError` after its end. */
export interface GraphTransaction<S extends Schema = AnySchema> extends GraphReader<S>, GraphWriter<S> {
  /** The key-value store. */
  readonly kv: KeyValueStore;
  /** An index, to read and write. @throws {NotFoundError} when there is none. */
  vectorIndex(name: string): VectorIndex<S>;
  /**
   * Runs a function in a transaction of its own, or in a savepoint when one is running. Commits when it returns, rolls back
   * when it throws and throws the same. Nothing is visible outside before the commit. Calls on the database inside it join it.
   *
   * @returns what the function returns
   * @throws {InvalidArgumentError} when the function returns a promise; everything is rolled back
   */
  transaction<R>(run: (tx: GraphTransaction<S>) => R): R;
}

/** An immutable view of one commit. Release it, or declare it with `using`. */
export interface Snapshot<S extends Schema = AnySchema> extends GraphReader<S>, Disposable {
  /** Gives the view up; later reads throw `ClosedError`. May be called again. */
  release(): void;
}

/** A graph database in one thread, all of it synchronous. */
export interface GraphBackend<S extends Schema = AnySchema> extends GraphTransaction<S>, Disposable {
  /** Storage engine. */
  readonly backend: "sqlite" | "v3";
  /** The file, or `:memory:`. */
  readonly path: string;
  /** Whether writes are refused. */
  readonly readonly: boolean;
  /** Whether `close` was called. */
  readonly closed: boolean;

  /**
   * An immutable view of the last commit, or of a kept past one.
   *
   * @throws {UnsupportedError} inside a transaction, and for a past state on a backend without history (SQLite)
   * @throws {NotRetainedError} for a past state that is not kept
   */
  snapshot(at?: SnapshotAt): Snapshot<S>;
  /** Names the last commit; it stays readable until `untag`. @throws {UnsupportedError} on a backend without history. */
  tag(name: string): TagInfo;
  /** All tags, by name in byte order. @throws {UnsupportedError} on a backend without history. */
  tags(): TagInfo[];
  /** Removes a tag; false when there was none. @throws {UnsupportedError} on a backend without history. */
  untag(name: string): boolean;
  /** Kept commits, oldest first. @throws {UnsupportedError} on a backend without history. */
  commits(): IterableIterator<CommitInfo>;
  /** What differs between two kept commits. @throws {UnsupportedError} on a backend without history. */
  diff(fromLsn: number, toLsn: number): IterableIterator<Difference>;

  /**
   * Changes that this database object commits from now on, in commit order. Changes by other processes are not seen.
   * The iterator ends when the database is closed.
   *
   * @throws {QueueOverflowError} from the iterator when the reader falls behind by more than `queueSize` changes
   */
  changes(options?: ChangesOptions): AsyncIterableIterator<Change>;
  /**
   * Calls a function for every change, in the committing call, after the commit. When the function throws, its subscription
   * ends and the error is reported as uncaught: it never reaches the caller whose commit succeeded.
   */
  subscribe(filter: ChangeFilter, listener: (change: Change) => void): Subscription;

  /**
   * Makes every commit so far safe against a power cut, whatever the durability.
   *
   * @throws {UnsupportedError} inside a transaction
   * @throws {DatabaseLockedError} with durability `off`, while readers keep a part of the log in use
   */
  flush(): void;
  /**
   * Moves the log into the file and removes expired keys. Waits for readers in other processes, but not for this database's
   * own snapshots and iterators: while they are open, the result is not `complete`.
   *
   * @throws {UnsupportedError} inside a transaction
   */
  checkpoint(): CheckpointResult;
  /**
   * Writes a verified copy with a manifest into a folder, which is created when missing. Writers go on.
   *
   * @throws {UnsupportedError} inside a transaction
   */
  backup(folder: string, options?: LongCallOptions): BackupResult;
  /** Writes everything as JSON Lines (`docs/export.md`), from one snapshot; replaces the file only when complete. */
  exportSnapshot(path: string, options?: LongCallOptions): TransferResult;
  /**
   * Reads a file of `exportSnapshot`, with the same ids: all of it or nothing.
   *
   * @throws {ConflictError} when the database is not empty and `replace` is not set
   */
  importSnapshot(path: string, options?: ImportOptions): TransferResult;
  /**
   * Writes records with the ids that they bring, in one transaction: all of them or nothing. For importers from other systems:
   * unlike with every other call, kinds, types and names may be blank or hold NUL.
   *
   * @param records in any order, but an edge after its nodes; read lazily
   * @throws {ConflictError} when the database is not empty and `replace` is not set
   * @throws {InvalidArgumentError} for a record of wrong shape, an id that occurs twice, an edge without its nodes
   * @example
   * ```ts
   * import { open } from "@sqlitegraph/sqlitegraph";
   *
   * using db = open(":memory:");
   * db.importRecords([
   *   { node: { id: 17, kind: "Person", name: "Ada", dataText: '{"born":1815}' } },
   *   { node: { id: 4, kind: "Person", name: "Charles" } },
   *   { edge: { id: 1, type: "KNOWS", from: 17, to: 4 } },
   *   { kv: { key: "session", value: 1, ttlSeconds: 60 } },
   * ]);
   * console.log(db.neighbors(17)); // [ 4 ]
   * ```
   */
  importRecords(records: Iterable<ImportRecord>, options?: ImportRecordsOptions): ImportCounts;
  /** Counts and sizes. O(n). */
  stats(): DatabaseStats;
  /** Checks the whole database. O(n). */
  check(options?: LongCallOptions): CheckResult;
  /** Closes the database. May be called again. @throws {UnsupportedError} inside a transaction. */
  close(): void;
}
