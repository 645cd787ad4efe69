/** The vectors of a graph: writes are transactions, searches for many vectors are shared out to the pool. */

import type { SnapshotAt } from "../backend/care.ts";
import { CheckedSnapshot } from "../backend/checked_snapshot.ts";
import { requireIndex } from "../backend/checked_vectors.ts";
import { InvalidArgumentError } from "../backend/errors.ts";
import type { Snapshot } from "../backend/graph_backend.ts";
import type { NodeIdSet } from "../backend/node_id_set.ts";
import type { HeldState } from "../backend/state_source.ts";
import { MAX_VECTOR_MATCHES } from "../backend/limits.ts";
import { checkObject } from "../backend/validate.ts";
import type {
  NodeVector,
  StoredVector,
  VectorIndexInfo,
  VectorIndexStats,
  VectorInput,
  VectorMatch,
} from "../backend/vector.ts";
import { resolveVectorFilter } from "../backend/vector_filter.ts";
import { checkVector, checkVectorFilter, checkVectorSearch, isManyVectors, isVector } from "../backend/vector_input.ts";
import type { StoredVectorIndex } from "../backend/vector_store.ts";
import type {
  GraphVectorIndex,
  GraphVectorRangeOptions,
  GraphVectorSearchOptions,
  LinkVectorsOptions,
} from "./graph.ts";
import { FailedLoads } from "../vector/failed_loads.ts";
import type { VectorMemory, VectorMemoryHandle } from "../vector/memory.ts";
import { attachVectorMemory } from "../vector/shared_vectors.ts";
import type { IndexHandle } from "../vector/vector_engine.ts";
import type { GraphService } from "./graph_service.ts";
import { linkVectorsTask } from "./link_task.ts";
import { searchWork, SharedSearch } from "./search_memory.ts";
import { searchVectorsTask } from "./search_task.ts";
import { checkThreads, type TaskRunner } from "./task_runner.ts";

/** Holds the state that is asked for: a snapshot's, a past one, or the newest. */
export type HoldState = (at: Snapshot | SnapshotAt | undefined, call: string) => HeldState;

/** Puts an index into memory, and gives what threads attach to; undefined when it does not exist any more. */
export type LoadVectors = (index: number) => Promise<unknown>;

/** A thread that links a vector is given up after so many milliseconds. */
const MAX_WAITS = 200;

/** Reports of progress come this far apart. */
const PROGRESS_MS = 50;

/** What a filter lets pass, and where that was found out. */
interface ResolvedFilter {
  readonly filter: object;
  readonly lsn: number;
  readonly index: number;
  readonly nodes: NodeIdSet;
}

/** Searches over the states of a graph. */
export class GraphVectorSearch {
  readonly #hold: HoldState;
  readonly #runner: TaskRunner;
  readonly #load: LoadVectors;
  readonly #failedLoads: FailedLoads;
  /** Of the filter that was used last. */
  #lastFilter: ResolvedFilter | undefined;

  /**
   * @param load puts an index into memory
   * @param name what the user calls the database
   */
  constructor(hold: HoldState, runner: TaskRunner, load: LoadVectors, name: string) {
    this.#failedLoads = new FailedLoads(name);
    this.#hold = hold;
    this.#runner = runner;
    this.#load = load;
  }

  /** Reads a state on this thread. */
  onThisThread<R>(at: Snapshot | SnapshotAt | undefined, call: string, read: (reader: CheckedSnapshot) => R): R {
    using reader = new CheckedSnapshot(this.#hold(at, call), Date.now());
    return read(reader);
  }

  /** The nearest vectors to one query, found on this thread, or to each of many, found by the pool. */
  async search(
    name: string,
    queries: VectorInput | readonly VectorInput[],
    options: GraphVectorSearchOptions,
    call: string,
  ): Promise<VectorMatch[] | VectorMatch[][]> {
    const { workers, snapshot, ...rest } = checkObject(options, call, "options") as GraphVectorSearchOptions;
    const wanted = Math.min(checkThreads(workers, this.#runner.size, call, "workers"), this.#runner.size);
    const state = this.#hold(snapshot, call);
    let isOurs = true;
    try {
      const { store } = state;
      const index = requireIndex(store, name, call);
      const search = checkVectorSearch(rest, call, (filter, signal) => {
        return this.#resolve(state, index, filter, signal, call);
      });
      const isMany = isManyVectors(queries);
      const limit = Math.min(search.k, index.count, search.allowed?.size ?? Infinity);
      if (isMany) checkMatches(queries.length, limit, call);
      // Copies, made before anything is waited for: the caller may use its own ones for something else.
      const checked = isMany
        ? queries.map((query, at) => checkVector(query, index.definition, call, `queries[${at}]`))
        : [checkVector(queries, index.definition, call, "query")];
      if (index.count > 0) await this.#tryToLoad(index);
      search.signal?.throwIfAborted();
      if (!isMany) return store.searchVectors(index, { ...search, query: checked[0] as Float32Array });
      if (checked.length < 2) return checked.map((query) => store.searchVectors(index, { ...search, query }));
      if (limit === 0) return checked.map(() => []);
      const threads = Math.min(wanted, checked.length);
      const work = searchWork(index.definition.name, checked, search, limit, threads);
      // From here on the runner releases the state, when no thread reads it any more.
      isOurs = false;
      const begin = () => ({ params: work });
      await this.#runner.share(searchVectorsTask, begin, state, { workers: threads, signal: search.signal });
      return new SharedSearch(work).answers();
    } finally {
      if (isOurs) state.release();
    }
  }

  /** Without the index in memory all threads compare the stored vectors. */
  async #tryToLoad(index: StoredVectorIndex): Promise<void> {
    if (!this.#failedLoads.mayTry(index.number)) return;
    try {
      await this.#load(index.number);
    } catch (error) {
      this.#failedLoads.note(index, error);
    }
  }

  /** Links what is pending in an index, on threads of the pool. */
  async link(name: string, { workers, signal, onProgress }: LinkVectorsOptions): Promise<void> {
    const call = "link";
    const wanted = Math.min(checkThreads(workers, this.#runner.size, call, "workers"), this.#runner.size);
    signal?.throwIfAborted();
    const state = this.#hold(undefined, call);
    let isOurs = true;
    let timer: ReturnType<typeof setInterval> | undefined;
    const ended = new AbortController();
    try {
      const { store } = state;
      const index = requireIndex(store, name, call);
      const handle = await this.#load(index.number) as IndexHandle | undefined;
      const { pending: total } = store.vectorStats(index);
      if (handle === undefined || handle.definition.engine !== "hnsw" || total === 0) return;
      const shared = handle.shared as VectorMemoryHandle;
      const memory = attachVectorMemory(shared);
      if (onProgress !== undefined) {
        timer = setInterval(() => {
          try {
            onProgress({ phase: call, done: Math.max(0, total - memory.stats().pending), total });
          } catch (error) {
            ended.abort(error);
          }
        }, PROGRESS_MS);
      }
      const either = signal === undefined ? ended.signal : AbortSignal.any([signal, ended.signal]);
      isOurs = false;
      const begin = () => {
        const linker = memory.linker();
        return { params: { handle: shared, place: linker.place }, end: () => linker.release() };
      };
      await this.#runner.share(linkVectorsTask, begin, state, { workers: wanted, signal: either });
      await endOfOthers(memory);
      onProgress?.({ phase: call, done: total, total });
    } finally {
      clearInterval(timer);
      if (isOurs) state.release();
    }
  }

  #resolve(
    state: HeldState,
    index: StoredVectorIndex,
    filter: object,
    signal: AbortSignal | undefined,
    call: string,
  ): NodeIdSet {
    const { lsn, store } = state;
    const { number } = index;
    const last = this.#lastFilter;
    if (last?.filter === filter && last.lsn === lsn && last.index === number) return last.nodes;
    const nodes = resolveVectorFilter(store, index, checkVectorFilter(filter, call), signal);
    this.#lastFilter = { filter, lsn, index: number, nodes };
    return nodes;
  }
}

/** Room for all results is made before the search. */
function checkMatches(queries: number, limit: number, call: string): void {
  if (queries * limit <= MAX_VECTOR_MATCHES) return;
  throw new InvalidArgumentError(
    `${call}: ${queries} queries can find ${limit} vectors each; the limit is ${MAX_VECTOR_MATCHES} in all, ` +
      "search for fewer at once",
    { code: "too-many-matches", field: "queries", value: queries },
  );
}

/** Waits for vectors that the engine's thread is linking, as long as they get fewer. */
async function endOfOthers(memory: VectorMemory): Promise<void> {
  for (let left = Infinity, waits = 0; waits < MAX_WAITS; waits++) {
    const { pending } = memory.stats();
    if (pending === 0) return;
    if (pending < left) waits = 0;
    left = pending;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** An index of a graph, by name. */
export class ServedVectorIndex implements GraphVectorIndex {
  readonly name: string;
  readonly #graph: GraphService;
  readonly #search: GraphVectorSearch;

  constructor(name: string, graph: GraphService, search: GraphVectorSearch) {
    this.name = name;
    this.#graph = graph;
    this.#search = search;
  }

  get info(): VectorIndexInfo {
    using snapshot = this.#graph.snapshot();
    return snapshot.vectorIndex(this.name).info;
  }

  get(nodeId: number): Float32Array | undefined {
    using snapshot = this.#graph.snapshot();
    return snapshot.vectorIndex(this.name).get(nodeId);
  }

  stats(): VectorIndexStats {
    using snapshot = this.#graph.snapshot();
    return snapshot.vectorIndex(this.name).stats();
  }

  vectors(): IterableIterator<StoredVector> {
    void this.info;
    return readVectors(this.#graph, this.name);
  }

  search(query: VectorInput, options?: GraphVectorSearchOptions): Promise<VectorMatch[]>;
  search(queries: readonly VectorInput[], options?: GraphVectorSearchOptions): Promise<VectorMatch[][]>;
  search(
    queries: VectorInput | readonly VectorInput[],
    options: GraphVectorSearchOptions = {},
  ): Promise<VectorMatch[] | VectorMatch[][]> {
    return this.#search.search(this.name, queries, options, "search");
  }

  async range(
    query: VectorInput,
    maxDistance: number,
    { snapshot, ...options }: GraphVectorRangeOptions = {},
  ): Promise<VectorMatch[]> {
    return await this.#search.onThisThread(snapshot, "range", (reader) => {
      return reader.vectorIndex(this.name).range(query, maxDistance, options);
    });
  }

  link(options: LinkVectorsOptions = {}): Promise<void> {
    return this.#search.link(this.name, checkObject(options, "link", "options"));
  }

  async insert(nodeId: number, vector: VectorInput): Promise<void> {
    const copy = copyVector(vector);
    await this.#graph.transaction((tx) => tx.vectorIndex(this.name).insert(nodeId, copy));
  }

  async insertMany(vectors: Iterable<NodeVector>): Promise<number> {
    const all = copyVectors(vectors, "insertMany");
    return await this.#graph.transaction((tx) => tx.vectorIndex(this.name).insertMany(all));
  }

  async update(nodeId: number, vector: VectorInput): Promise<void> {
    const copy = copyVector(vector);
    await this.#graph.transaction((tx) => tx.vectorIndex(this.name).update(nodeId, copy));
  }

  async upsert(nodeId: number, vector: VectorInput): Promise<void> {
    const copy = copyVector(vector);
    await this.#graph.transaction((tx) => tx.vectorIndex(this.name).upsert(nodeId, copy));
  }

  async delete(nodeId: number): Promise<boolean> {
    return await this.#graph.transaction((tx) => tx.vectorIndex(this.name).delete(nodeId));
  }
}

/** Holds a state from its first step to its end. */
function* readVectors(graph: GraphService, name: string): Generator<StoredVector, undefined, undefined> {
  using snapshot = graph.snapshot();
  yield* snapshot.vectorIndex(name).vectors();
  return undefined;
}

/** What a transaction that runs again finds unchanged. What is no vector is refused by the transaction. */
export function copyVector(vector: VectorInput): VectorInput {
  return isVector(vector) ? vector.slice() : vector;
}

/** The vectors of an iterable, read once. Copies: it may give the same object each time. */
export function copyVectors(vectors: Iterable<NodeVector>, call: string): NodeVector[] {
  if (typeof vectors !== "object" || vectors === null || !(Symbol.iterator in vectors)) {
    throw new InvalidArgumentError(`${call}: vectors is no iterable; give an array or a generator`, {
      code: "invalid-argument",
      field: "vectors",
      value: vectors,
    });
  }
  return Array.from(vectors, (row) => {
    return typeof row === "object" && row !== null ? { nodeId: row.nodeId, vector: copyVector(row.vector) } : row;
  });
}
