/** `Graph` over an engine's thread, the states that this thread reads, and a pool of threads that read. */

import process from "node:process";
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
import { CheckedSnapshot } from "../backend/checked_snapshot.ts";
import { ClosedError, InvalidArgumentError } from "../backend/errors.ts";
import type { GraphTransaction, MergeResult, Snapshot } from "../backend/graph_backend.ts";
import type { Key, KeyValue, KeyValueEntry, SetOptions } from "../backend/key_value.ts";
import type { EdgeInput, EdgeRecord, EdgeUpdate, NodeInput, NodeRecord, NodeUpdate } from "../backend/schema.ts";
import type { HeldState, StateSource } from "../backend/state_source.ts";
import { checkObject, show } from "../backend/validate.ts";
import type { NodeVector, VectorIndexInfo, VectorIndexOptions, VectorInput, VectorMatch } from "../backend/vector.ts";
import { ChangeHub } from "../events/mod.ts";
import type { CompactOptions, CompactResult } from "../v3/mod.ts";
import { readDifferences } from "./diff_pages.ts";
import type { EngineClient } from "./engine_client.ts";
import type { EngineCalls } from "./engine_protocol.ts";
import type { EngineName } from "./file_engine.ts";
import type { GraphKeyValues, GraphVectorSearchOptions, TransactionOptions } from "./graph.ts";
import { engineIngestOptions, type GraphIngestOptions, type IngestResult } from "./graph_ingest.ts";
import { GraphTransactions } from "./graph_transactions.ts";
import { copyVector, copyVectors, GraphVectorSearch, ServedVectorIndex } from "./graph_vectors.ts";
import { ingestInto } from "./ingest_driver.ts";
import { EngineTransport } from "./ingest_transport.ts";
import type { IngestRow } from "./row_source.ts";
import { SnapshotHold } from "./snapshot_hold.ts";
import { markDead } from "./sources.ts";
import { checkSourceChoice } from "./projection_choice.ts";
import type { AlgorithmMapOptions, AlgorithmRunOptions, Task } from "../task/task.ts";
import type { AnyTask } from "../task/task_registry.ts";
import type { RunSource, TaskRunner, TaskRunOptions } from "./task_runner.ts";

/** A task or an algorithm; which of the two, its caller's types and `source` tell. */
// deno-lint-ignore no-explicit-any
type AnyTaskOf<P, R> = Task<P, R, any>;

/** The parts of a graph. */
export interface GraphParts {
  readonly path: string;
  readonly engine: EngineName;
  readonly durability: Durability;
  readonly client: EngineClient;
  readonly source: StateSource;
  readonly runner: TaskRunner;
}

/** Answers for any schema: its types are put on by `openGraph`. */
export class GraphService implements AsyncDisposable {
  readonly backend: EngineName;
  readonly path: string;
  readonly kv: GraphKeyValues;
  readonly #client: EngineClient;
  readonly #source: StateSource;
  readonly #runner: TaskRunner;
  readonly #transactions: GraphTransactions;
  readonly #vectorSearch: GraphVectorSearch;
  readonly #hub = new ChangeHub();
  readonly #holds = new WeakMap<object, SnapshotHold>();
  readonly #abandoned = new FinalizationRegistry<SnapshotHold>((hold) => this.#releaseAbandoned(hold));
  /** Those that run or wait. */
  readonly #ingests = new Set<AbortController>();
  /** Ends when no ingest runs. */
  #lastIngest: Promise<void> = Promise.resolve();
  #hasWarned = false;
  #isObserving = false;
  #ended: ClosedError | undefined;
  #closing: Promise<void> | undefined;

  constructor({ path, engine, durability, client, source, runner }: GraphParts) {
    this.path = path;
    this.backend = engine;
    this.#client = client;
    this.#source = source;
    this.#runner = runner;
    this.#transactions = new GraphTransactions(client, source, durability);
    this.#vectorSearch = new GraphVectorSearch((at, call) => this.#hold(at, call).source, runner, async (index) => {
      if (source.vectorsOf(index) === undefined) await client.call("loadVectorIndex", [index]);
      return source.vectorsOf(index);
    }, path);
    this.kv = new ServedKeyValues(this);
    client.onChanges = (changes) => this.#publish(changes);
    client.onVectorIndexes = (news) => source.noteVectors(news);
    // Until it is in memory, searches of this thread compare the stored vectors; if it cannot be, they go on doing so.
    source.onMissingVectors = (index) => void client.call("loadVectorIndex", [index]).catch(() => {});
    client.onDeath = (error) => this.#die(error);
  }

  get closed(): boolean {
    return this.#ended !== undefined;
  }

  get lsn(): number {
    this.#requireOpen("lsn");
    return this.#source.lsn;
  }

  #requireOpen(call: string): void {
    if (this.#ended === undefined) return;
    const { code, message, cause } = this.#ended;
    throw new ClosedError(`${call}: ${message}`, { code, cause });
  }

  snapshot(at?: SnapshotAt): CheckedSnapshot {
    this.#requireOpen("snapshot");
    const hold = new SnapshotHold(this.#source.hold(at, "snapshot"));
    const snapshot = new CheckedSnapshot(hold, hold.takenAt);
    this.#holds.set(snapshot, hold);
    this.#abandoned.register(snapshot, hold);
    return snapshot;
  }

  #releaseAbandoned(hold: SnapshotHold): void {
    if (hold.isReleased) return;
    hold.release();
    if (this.#hasWarned || this.#ended !== undefined) return;
    this.#hasWarned = true;
    process.emitWarning(`a snapshot of ${this.path} was not released; declare it with using, or call release`, {
      type: "SqlitegraphWarning",
      code: "snapshot-not-released",
    });
  }

  async transaction<R>(run: (tx: GraphTransaction) => R | Promise<R>, options?: TransactionOptions): Promise<R> {
    this.#requireOpen("transaction");
    return await this.#transactions.run(run, options);
  }

  insertNode(node: NodeInput): Promise<number> {
    return this.transaction((tx) => tx.insertNode(node));
  }

  async insertNodes(nodes: Iterable<NodeInput>): Promise<number[]> {
    // Read once: the transaction may run again.
    const all = listOf(nodes, "insertNodes", "nodes");
    return await this.transaction((tx) => tx.insertNodes(all));
  }

  mergeNode(node: NodeInput): Promise<MergeResult> {
    return this.transaction((tx) => tx.mergeNode(node));
  }

  updateNode(id: number, update: NodeUpdate): Promise<NodeRecord> {
    return this.transaction((tx) => tx.updateNode(id, update));
  }

  patchNode(id: number, patch: Readonly<Record<string, unknown>>): Promise<NodeRecord> {
    return this.transaction((tx) => tx.patchNode(id, patch as never));
  }

  deleteNode(id: number): Promise<void> {
    return this.transaction((tx) => tx.deleteNode(id));
  }

  addLabel(id: number, label: string): Promise<boolean> {
    return this.transaction((tx) => tx.addLabel(id, label));
  }

  removeLabel(id: number, label: string): Promise<boolean> {
    return this.transaction((tx) => tx.removeLabel(id, label));
  }

  insertEdge(edge: EdgeInput): Promise<number> {
    return this.transaction((tx) => tx.insertEdge(edge));
  }

  async insertEdges(edges: Iterable<EdgeInput>): Promise<number[]> {
    const all = listOf(edges, "insertEdges", "edges");
    return await this.transaction((tx) => tx.insertEdges(all));
  }

  mergeEdge(edge: EdgeInput): Promise<MergeResult> {
    return this.transaction((tx) => tx.mergeEdge(edge));
  }

  updateEdge(id: number, update: EdgeUpdate): Promise<EdgeRecord> {
    return this.transaction((tx) => tx.updateEdge(id, update));
  }

  patchEdge(id: number, patch: Readonly<Record<string, unknown>>): Promise<EdgeRecord> {
    return this.transaction((tx) => tx.patchEdge(id, patch as never));
  }

  deleteEdge(id: number): Promise<void> {
    return this.transaction((tx) => tx.deleteEdge(id));
  }

  createVectorIndex(name: string, options: VectorIndexOptions): Promise<VectorIndexInfo> {
    return this.transaction((tx) => tx.createVectorIndex(name, options));
  }

  dropVectorIndex(name: string): Promise<boolean> {
    return this.transaction((tx) => tx.dropVectorIndex(name));
  }

  async setVector(name: string, nodeId: number, vector: VectorInput): Promise<void> {
    const copy = copyVector(vector);
    await this.transaction((tx) => tx.setVector(name, nodeId, copy));
  }

  async setVectors(name: string, vectors: Iterable<NodeVector>): Promise<number> {
    const all = copyVectors(vectors, "setVectors");
    return await this.transaction((tx) => tx.setVectors(name, all));
  }

  deleteVector(name: string, nodeId: number): Promise<boolean> {
    return this.transaction((tx) => tx.deleteVector(name, nodeId));
  }

  vectorIndexes(): VectorIndexInfo[] {
    using snapshot = this.snapshot();
    return snapshot.vectorIndexes();
  }

  vectorIndex(name: string): ServedVectorIndex {
    using snapshot = this.snapshot();
    return new ServedVectorIndex(snapshot.vectorIndex(name).name, this, this.#vectorSearch);
  }

  async searchVectors(
    name: string,
    queries: VectorInput | readonly VectorInput[],
    options: GraphVectorSearchOptions = {},
  ): Promise<VectorMatch[] | VectorMatch[][]> {
    return await this.#vectorSearch.search(name, queries, options, "searchVectors");
  }

  async run<P, R>(task: AnyTaskOf<P, R>, params?: P, options: AlgorithmRunOptions = {}): Promise<R> {
    const { source, ...rest } = this.#sourceFor("run", task, options);
    return await this.#runner.run(task, params as NoInfer<P>, source, rest);
  }

  async map<P, R>(task: AnyTaskOf<P, R>, params: Iterable<P>, options: AlgorithmMapOptions = {}): Promise<R[]> {
    const { source, ...rest } = this.#sourceFor("map", task, options);
    return await this.#runner.map(task, params as Iterable<NoInfer<P>>, source, rest);
  }

  #sourceFor(
    call: string,
    task: AnyTask,
    options: AlgorithmRunOptions,
  ): TaskRunOptions & { readonly source: RunSource } {
    this.#requireOpen(call);
    checkObject(options, call, "options");
    const { snapshot, projection, ...rest } = options;
    if (projection !== undefined) {
      checkSourceChoice(task, options, call);
      return { ...rest, source: projection };
    }
    return { ...rest, ...this.#hold(snapshot, call) };
  }

  /** A state for somebody who releases it, and the time that its expiries are judged by where that is known. */
  #hold(
    snapshot: Snapshot | SnapshotAt | undefined,
    call: string,
  ): { readonly source: HeldState; readonly takenAt?: number } {
    this.#requireOpen(call);
    if (!(snapshot instanceof CheckedSnapshot)) {
      return { source: this.#source.hold(snapshot as SnapshotAt | undefined, call) };
    }
    const hold = this.#holds.get(snapshot);
    if (hold === undefined) {
      throw new InvalidArgumentError(
        `${call}: snapshot is not one of this graph; give one that its snapshot() returned`,
        {
          code: "foreign-snapshot",
          field: "snapshot",
        },
      );
    }
    if (hold.isReleased) {
      throw new ClosedError(`${call}: the snapshot was released; take a new one`, { code: "snapshot-released" });
    }
    return { takenAt: hold.takenAt, source: hold.lend() };
  }

  async ingest(
    rows: AsyncIterable<IngestRow> | Iterable<IngestRow>,
    options: GraphIngestOptions = {},
  ): Promise<IngestResult> {
    this.#requireOpen("ingest");
    const engineOptions = engineIngestOptions(options);
    const { signal } = options;
    const control = new AbortController();
    const onAbort = () => control.abort(signal?.reason);
    if (signal?.aborted) onAbort();
    else signal?.addEventListener("abort", onAbort, { once: true });
    this.#ingests.add(control);
    const before = this.#lastIngest;
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    this.#lastIngest = ended;
    let transport: EngineTransport | undefined;
    try {
      // One after the other: each is one transaction, unless it is told otherwise.
      await before;
      control.signal.throwIfAborted();
      transport = new EngineTransport(this.#client, engineOptions);
      return await ingestInto(transport, rows, { ...options, signal: control.signal });
    } finally {
      await transport?.ended;
      end();
      this.#ingests.delete(control);
      signal?.removeEventListener("abort", onAbort);
    }
  }

  changes(options?: ChangesOptions): AsyncIterableIterator<Change> {
    this.#requireOpen("changes");
    const stream = this.#hub.changes(options);
    this.#observe();
    return stream;
  }

  subscribe(filter: ChangeFilter, listener: (change: Change) => void): Subscription {
    this.#requireOpen("subscribe");
    if (typeof listener !== "function") {
      throw new InvalidArgumentError(`subscribe: listener is ${show(listener)}; give a function`, {
        code: "invalid-argument",
        field: "listener",
        value: listener,
      });
    }
    const subscription = this.#hub.subscribe(filter, listener);
    this.#observe();
    return subscription;
  }

  /** Lets the engine send changes while somebody listens. */
  #observe(): void {
    if (this.#isObserving === this.#hub.isActive) return;
    this.#isObserving = this.#hub.isActive;
    // That the engine has died is told to whoever listens.
    this.#client.call("observe", [this.#isObserving]).catch(() => {});
  }

  #publish(changes: Change[]): void {
    this.#hub.publish(changes);
    this.#observe();
  }

  async #call<N extends keyof EngineCalls>(
    name: N,
    args: Parameters<EngineCalls[N]>,
    options: LongCallOptions = {},
  ): Promise<ReturnType<EngineCalls[N]>> {
    this.#requireOpen(name);
    const { onProgress, signal } = checkObject(options, name, "options") as LongCallOptions;
    signal?.throwIfAborted();
    return await this.#client.call(name, args, { onProgress, signal });
  }

  tag(name: string): Promise<TagInfo> {
    return this.#call("tag", [name]);
  }

  untag(name: string): Promise<boolean> {
    return this.#call("untag", [name]);
  }

  tags(): Promise<TagInfo[]> {
    return this.#call("tags", []);
  }

  commits(): Promise<CommitInfo[]> {
    return this.#call("commits", []);
  }

  diff(fromLsn: number, toLsn: number): AsyncIterableIterator<Difference> {
    this.#requireOpen("diff");
    return readDifferences((name, args) => this.#call(name, args), fromLsn, toLsn);
  }

  flush(): Promise<void> {
    return this.#call("flush", []);
  }

  checkpoint(): Promise<CheckpointResult> {
    return this.#call("checkpoint", []);
  }

  backup(folder: string, options?: LongCallOptions): Promise<BackupResult> {
    return this.#call("backup", [folder], options);
  }

  exportSnapshot(path: string, options?: LongCallOptions): Promise<TransferResult> {
    return this.#call("exportSnapshot", [path], options);
  }

  importSnapshot(path: string, options?: ImportOptions): Promise<TransferResult> {
    return this.#call("importSnapshot", [path, { replace: options?.replace }], options);
  }

  compact(toPath: string, options?: CompactOptions): Promise<CompactResult> {
    return this.#call("compact", [toPath, { history: options?.history }], options);
  }

  stats(): Promise<DatabaseStats> {
    return this.#call("stats", []);
  }

  check(options?: LongCallOptions): Promise<CheckResult> {
    return this.#call("check", [], options);
  }

  #die(error: ClosedError): void {
    this.#ended ??= error;
    markDead(this.#client.handle);
    void this.#transactions.close(error);
    this.#hub.close(error);
    void this.#runner.close();
  }

  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    const hasDied = this.#ended !== undefined;
    this.#ended ??= new ClosedError(`the graph ${this.path} is closed; open it again`, { code: "database-closed" });
    const landed = this.#transactions.close(this.#ended);
    for (const control of this.#ingests) control.abort(this.#ended);
    await this.#runner.close();
    await this.#lastIngest;
    await landed;
    // First: of the connections to a SQLite file, the last one must be the writer's, or the log stays beside it.
    this.#source.close();
    try {
      if (!hasDied) await this.#client.close();
    } finally {
      this.#hub.close();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** The elements of what the user gave, read once. */
function listOf<T>(rows: Iterable<T>, call: string, field: string): T[] {
  if (typeof rows === "object" && rows !== null && Symbol.iterator in rows) return [...rows];
  throw new InvalidArgumentError(`${call}: ${field} is no iterable; give an array or a generator`, {
    code: "invalid-argument",
    field,
    value: rows,
  });
}

/** Key-values of a graph: reads are of the newest commit, writes are transactions. */
class ServedKeyValues implements GraphKeyValues {
  readonly #graph: GraphService;

  constructor(graph: GraphService) {
    this.#graph = graph;
  }

  get(key: Key): KeyValue | undefined {
    using snapshot = this.#graph.snapshot();
    return snapshot.kv.get(key);
  }

  entry<K extends Key>(key: K): KeyValueEntry<K> | undefined {
    using snapshot = this.#graph.snapshot();
    return snapshot.kv.entry(key);
  }

  has(key: Key): boolean {
    using snapshot = this.#graph.snapshot();
    return snapshot.kv.has(key);
  }

  set(key: Key, value: KeyValue, options?: SetOptions): Promise<void> {
    return this.#graph.transaction((tx) => tx.kv.set(key, value, options));
  }

  delete(key: Key): Promise<boolean> {
    return this.#graph.transaction((tx) => tx.kv.delete(key));
  }
}
