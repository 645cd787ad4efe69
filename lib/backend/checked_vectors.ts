/** The calls on vectors over the primitives of any engine. */

import type { ReadAccess, WriteAccess } from "./access.ts";
import type { LongCallOptions } from "./care.ts";
import { ConflictError, InvalidArgumentError, NotFoundError } from "./errors.ts";
import type { NodeIdSet } from "./node_id_set.ts";
import { nodeNotFound } from "./not_found.ts";
import { PagedIterator } from "./paged_iterator.ts";
import type { ReadStore, WriteStore } from "./store.ts";
import { checkId, checkObject } from "./validate.ts";
import type {
  NodeVector,
  StoredVector,
  VectorIndex,
  VectorIndexInfo,
  VectorIndexOptions,
  VectorIndexReader,
  VectorIndexStats,
  VectorInput,
  VectorMatch,
  VectorRangeOptions,
  VectorSearchOptions,
} from "./vector.ts";
import { resolveVectorFilter } from "./vector_filter.ts";
import {
  checkIndexName,
  checkNodeVector,
  checkVector,
  checkVectorFilter,
  checkVectorIndex,
  checkVectorSearch,
  isManyVectors,
} from "./vector_input.ts";
import type { StoredVectorIndex } from "./vector_store.ts";

/** Vectors that are linked between two looks at the signal. */
const LINK_STEP = 64;

/** Reads of vectors of one access. */
export class CheckedVectorReader {
  readonly #access: ReadAccess;
  /** What the filter that was used last lets pass, and when that was found out. */
  #lastFilter:
    | { readonly filter: object; readonly state: object; readonly index: number; readonly nodes: NodeIdSet }
    | undefined;

  constructor(access: ReadAccess) {
    this.#access = access;
  }

  /** All indexes, by name. */
  list(): VectorIndexInfo[] {
    return this.#access.store("vectorIndexes").vectorIndexes().map(infoOf);
  }

  /** Name of an index that exists. How many vectors it has is not read: in some transactions that would be a conflict. */
  existing(name: string, call: string): string {
    return requireIndex(this.#access.store(call), name, call).definition.name;
  }

  /** What an index is like. */
  info(name: string, call: string): VectorIndexInfo {
    return infoOf(requireIndex(this.#access.store(call), name, call));
  }

  /** Vector of a node, or undefined. */
  get(name: string, nodeId: number, call: string): Float32Array | undefined {
    const store = this.#access.store(call);
    const index = requireIndex(store, name, call);
    return store.readVector(index, checkId(nodeId, call, "nodeId"));
  }

  /** All vectors. */
  vectors(name: string, call: string): IterableIterator<StoredVector> {
    const access = this.#access;
    requireIndex(access.store(call), name, call);
    return new PagedIterator<StoredVector, number>(
      (iterator) => access.beginIteration(iterator),
      (store, after, size) => store.vectorPage<StoredVector>(requireIndex(store, name, call), "vector", after, size),
      0,
      Infinity,
    );
  }

  /** Size and state of an index. */
  stats(name: string, call: string): VectorIndexStats {
    const store = this.#access.store(call);
    return store.vectorStats(requireIndex(store, name, call));
  }

  /** The nearest vectors to one query, or to each of many. */
  search(
    name: string,
    queries: VectorInput | readonly VectorInput[],
    options: VectorSearchOptions,
    call: string,
  ): VectorMatch[] | VectorMatch[][] {
    return this.#access.consistently(() => {
      const store = this.#access.store(call);
      const index = requireIndex(store, name, call);
      const search = checkVectorSearch(
        options,
        call,
        (filter, signal) => this.#resolve(store, index, filter, signal, call),
      );
      if (!isManyVectors(queries)) {
        return store.searchVectors(index, { ...search, query: checkVector(queries, index.definition, call, "query") });
      }
      const checked = queries.map((query, at) => checkVector(query, index.definition, call, `queries[${at}]`));
      return checked.map((query) => {
        search.signal?.throwIfAborted();
        return store.searchVectors(index, { ...search, query });
      });
    });
  }

  #resolve(
    store: ReadStore,
    index: StoredVectorIndex,
    filter: object,
    signal: AbortSignal | undefined,
    call: string,
  ): NodeIdSet {
    const state = this.#access.fixedState();
    const last = this.#lastFilter;
    if (last !== undefined && last.filter === filter && last.state === state && last.index === index.number) {
      return last.nodes;
    }
    const nodes = resolveVectorFilter(store, index, checkVectorFilter(filter, call), signal);
    if (state !== undefined) this.#lastFilter = { filter, state, index: index.number, nodes };
    return nodes;
  }
}

/** The index with a name. @throws {NotFoundError} when there is none. */
export function requireIndex(store: ReadStore, name: unknown, call: string): StoredVectorIndex {
  const checked = checkIndexName(name, call);
  const index = store.vectorIndex(checked);
  if (index !== undefined) return index;
  throw new NotFoundError(
    `${call}: there is no vector index ${JSON.stringify(checked)}; make it with createVectorIndex`,
    { code: "vector-index-not-found", field: "name", value: checked },
  );
}

function infoOf({ definition, count }: StoredVectorIndex): VectorIndexInfo {
  return { ...definition, count };
}

/** Writes of vectors of one access. */
export class CheckedVectorWriter extends CheckedVectorReader {
  readonly #access: WriteAccess;

  constructor(access: WriteAccess) {
    super(access);
    this.#access = access;
  }

  /** Makes an index. */
  create(name: string, options: VectorIndexOptions): VectorIndexInfo {
    const call = "createVectorIndex";
    const definition = checkVectorIndex(name, options, call);
    return this.#access.write(call, (store) => {
      if (store.vectorIndex(definition.name) !== undefined) {
        throw new ConflictError(
          `${call}: there is a vector index ${JSON.stringify(definition.name)} already; use it, or drop it first`,
          { code: "vector-index-exists", field: "name", value: definition.name },
        );
      }
      store.createVectorIndex(definition);
      return { ...definition, count: 0 };
    });
  }

  /** Removes an index and its vectors; false when there was none. */
  drop(name: string): boolean {
    const call = "dropVectorIndex";
    const checked = checkIndexName(name, call);
    return this.#access.writeMany(call, (store) => {
      const index = store.vectorIndex(checked);
      if (index === undefined) return false;
      store.dropVectorIndex(index);
      return true;
    });
  }

  /** Gives a node a vector. `must` says whether it has to have one, or must have none. */
  set(name: string, nodeId: number, vector: VectorInput, call: string, must?: "exist" | "be new"): void {
    checkId(nodeId, call, "nodeId");
    this.#access.write(call, (store) => {
      const index = requireIndex(store, name, call);
      const checked = checkVector(vector, index.definition, call, "vector");
      if (!store.nodeExists(nodeId)) throw nodeNotFound(call, nodeId, "nodeId");
      if (must !== undefined) requireVector(store, index, nodeId, call, must);
      store.setVector(index, nodeId, checked);
    });
  }

  /** Gives many nodes vectors: all of them or none. */
  setMany(name: string, vectors: Iterable<NodeVector>, call: string, must?: "be new"): number {
    if (typeof vectors !== "object" || vectors === null || !(Symbol.iterator in vectors)) {
      throw new InvalidArgumentError(`${call}: vectors is no iterable; give an array or a generator`, {
        code: "invalid-argument",
        field: "vectors",
        value: vectors,
      });
    }
    return this.#access.writeMany(call, (store) => {
      let count = 0;
      for (const row of vectors) {
        // Found anew for each row: the user's generator may have done anything.
        const index = requireIndex(store, name, call);
        const { nodeId, vector } = checkNodeVector(row, index.definition, call);
        if (!store.nodeExists(nodeId)) throw nodeNotFound(call, nodeId, "nodeId");
        if (must !== undefined) requireVector(store, index, nodeId, call, must);
        store.setVector(index, nodeId, vector);
        count++;
      }
      return count;
    });
  }

  /** Links vectors that wait for it. */
  link(name: string, { onProgress, signal }: LongCallOptions): void {
    const store = this.#access.store("link") as WriteStore;
    const index = requireIndex(store, name, "link");
    let total = 0;
    for (let left = Infinity; left > 0;) {
      signal?.throwIfAborted();
      left = store.linkVectors(index, LINK_STEP);
      if (total === 0) total = left === 0 ? 0 : left + LINK_STEP;
      onProgress?.({ phase: "link", done: total - left, total });
    }
  }

  /** Takes a node's vector away; false when it had none. */
  delete(name: string, nodeId: number, call: string): boolean {
    checkId(nodeId, call, "nodeId");
    return this.#access.write(call, (store) => store.deleteVector(requireIndex(store, name, call), nodeId));
  }
}

function requireVector(
  store: WriteStore,
  index: StoredVectorIndex,
  nodeId: number,
  call: string,
  must: "exist" | "be new",
): void {
  const exists = store.readVector(index, nodeId) !== undefined;
  if (exists === (must === "exist")) return;
  const name = JSON.stringify(index.definition.name);
  if (exists) {
    throw new ConflictError(`${call}: node ${nodeId} has a vector in index ${name} already; use update or upsert`, {
      code: "vector-exists",
      field: "nodeId",
      value: nodeId,
    });
  }
  throw new NotFoundError(`${call}: node ${nodeId} has no vector in index ${name}; use insert or upsert`, {
    code: "vector-not-found",
    field: "nodeId",
    value: nodeId,
  });
}

/** An index as the user reads it. */
export class CheckedVectorIndexReader implements VectorIndexReader {
  /** Its name. */
  readonly name: string;
  /** The reads. */
  protected readonly vectorReader: CheckedVectorReader;

  constructor(name: string, reader: CheckedVectorReader) {
    this.name = name;
    this.vectorReader = reader;
  }

  get info(): VectorIndexInfo {
    return this.vectorReader.info(this.name, "info");
  }

  get(nodeId: number): Float32Array | undefined {
    return this.vectorReader.get(this.name, nodeId, "get");
  }

  search(query: VectorInput, options?: VectorSearchOptions): VectorMatch[];
  search(queries: readonly VectorInput[], options?: VectorSearchOptions): VectorMatch[][];
  search(
    queries: VectorInput | readonly VectorInput[],
    options: VectorSearchOptions = {},
  ): VectorMatch[] | VectorMatch[][] {
    return this.vectorReader.search(this.name, queries, options, "search");
  }

  range(query: VectorInput, maxDistance: number, options: VectorRangeOptions = {}): VectorMatch[] {
    if (maxDistance === undefined) {
      throw new InvalidArgumentError("range: maxDistance is undefined; give a number", {
        code: "invalid-argument",
        field: "maxDistance",
        value: maxDistance,
      });
    }
    const all = { ...options, k: Infinity, maxDistance };
    return this.vectorReader.search(this.name, query, all, "range") as VectorMatch[];
  }

  vectors(): IterableIterator<StoredVector> {
    return this.vectorReader.vectors(this.name, "vectors");
  }

  stats(): VectorIndexStats {
    return this.vectorReader.stats(this.name, "stats");
  }
}

/** An index as the user reads and writes it. */
export class CheckedVectorIndex extends CheckedVectorIndexReader implements VectorIndex {
  readonly #writer: CheckedVectorWriter;

  constructor(name: string, writer: CheckedVectorWriter) {
    super(name, writer);
    this.#writer = writer;
  }

  insert(nodeId: number, vector: VectorInput): void {
    this.#writer.set(this.name, nodeId, vector, "insert", "be new");
  }

  insertMany(vectors: Iterable<NodeVector>): number {
    return this.#writer.setMany(this.name, vectors, "insertMany", "be new");
  }

  update(nodeId: number, vector: VectorInput): void {
    this.#writer.set(this.name, nodeId, vector, "update", "exist");
  }

  upsert(nodeId: number, vector: VectorInput): void {
    this.#writer.set(this.name, nodeId, vector, "upsert");
  }

  delete(nodeId: number): boolean {
    return this.#writer.delete(this.name, nodeId, "delete");
  }

  link(options: LongCallOptions = {}): void {
    this.#writer.link(this.name, checkObject(options, "link", "options"));
  }
}
