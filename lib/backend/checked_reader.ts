/** The read half of the contract over the primitives of any engine. */

import type { ReadAccess } from "./access.ts";
import { CheckedVectorIndexReader, CheckedVectorReader } from "./checked_vectors.ts";
import { NotFoundError } from "./errors.ts";
import type { JsonValue } from "./json.ts";
import { edgeNotFound, nodeNotFound } from "./not_found.ts";
import { PagedIterator, type ReadPage } from "./paged_iterator.ts";
import type { Gang, Projection, ProjectOptions } from "./projection.ts";
import { installedProjector } from "./projector.ts";
import type {
  BfsOptions,
  ChainStep,
  EdgeFilter,
  EdgesOfOptions,
  EdgesOptions,
  GraphPattern,
  MatchOptions,
  NeighborOptions,
  NodeFilter,
  NodePage,
  NodesOptions,
} from "./query.ts";
import { checkNodeFilter, checkOptional } from "./record_input.ts";
import type { EdgeRecord, NodeRecord } from "./schema.ts";
import type { NodeShapeWanted, ReadStore } from "./store.ts";
import { parseStoredData } from "./stored_data.ts";
import { type AdjacencySource, breadthFirst, chain, kHop, matchPattern, shortestPath } from "./traversal.ts";
import {
  checkAfter,
  checkCount,
  checkEdgeFilter,
  checkId,
  checkLookup,
  checkObject,
  checkPattern,
  checkSteps,
} from "./validate.ts";
import type { VectorIndexInfo, VectorIndexReader, VectorInput, VectorMatch, VectorSearchOptions } from "./vector.ts";

/** An options argument that is a kind or type instead. */
type RecordOptions = string | { readonly data?: boolean | undefined } | undefined;

/**
 * Reads of one access. Typed for any schema: the typed interfaces of the contract are put on by whoever hands it out, since
 * types of kinds cost nothing at run time.
 */
export class CheckedReader {
  /** Where it reads. */
  protected readonly access: ReadAccess;
  readonly #source: AdjacencySource;
  #vectors: CheckedVectorReader | undefined;

  constructor(access: ReadAccess) {
    this.access = access;
    this.#source = {
      neighborIds: (id, direction, types) => access.store("traversal").neighbors(id, direction, types, true),
      kindOf: (id) => access.store("traversal").nodeKind(id),
      nameOf: (id) => access.store("traversal").nodeName(id),
      dataOf: (id): JsonValue | undefined => {
        const text = access.store("traversal").nodeDataText(id);
        return text === undefined ? undefined : parseStoredData(text, "node", id);
      },
    };
  }

  get lsn(): number {
    return this.access.store("lsn").lsn;
  }

  getNode(id: number, options?: RecordOptions): NodeRecord | undefined {
    const store = this.access.store("getNode");
    return recordOf(store.readNode(checkId(id, "getNode", "id"), wantsData(options, "getNode")), "kind", options);
  }

  requireNode(id: number, kind?: string): NodeRecord {
    const store = this.access.store("requireNode");
    const node = recordOf(store.readNode(checkId(id, "requireNode", "id"), true), "kind", kind);
    if (node !== undefined) return node;
    const what = kind === undefined
      ? "node"
      : `node of kind ${JSON.stringify(checkLookup(kind, "requireNode", "kind"))} with id`;
    throw new NotFoundError(`requireNode: there is no ${what} ${id}`, {
      code: "node-not-found",
      field: "id",
      value: id,
    });
  }

  nodeName(id: number): string | undefined {
    return this.access.store("nodeName").nodeName(checkId(id, "nodeName", "id"));
  }

  nodeKind(id: number): string | undefined {
    return this.access.store("nodeKind").nodeKind(checkId(id, "nodeKind", "id"));
  }

  hasNode(id: number): boolean {
    return this.access.store("hasNode").nodeExists(checkId(id, "hasNode", "id"));
  }

  countNodes(filter: NodeFilter = {}): number {
    const store = this.access.store("countNodes");
    const counted = store.countNodes(checkNodeFilter(filter, "countNodes"));
    if (counted !== undefined) return counted;
    let count = 0;
    for (const _ of this.nodeIds(filter)) count++;
    return count;
  }

  nodes(options: NodesOptions = {}): IterableIterator<NodeRecord> {
    const wanted = wantsData(options, "nodes") ? "record" : "header";
    return this.#iterateNodes<NodeRecord>(options, wanted, "nodes");
  }

  nodeIds(options: NodePage = {}): IterableIterator<number> {
    return this.#iterateNodes<number>(options, "id", "nodeIds");
  }

  #iterateNodes<T>(options: NodePage, wanted: NodeShapeWanted, call: string): IterableIterator<T> {
    const filter = checkNodeFilter(options, call);
    return this.#iterate<T, number>(
      call,
      (store, after, size) => store.nodePage<T>(filter, wanted, after, size),
      checkAfter(options.after, call),
      options.limit,
    );
  }

  #iterate<T, C>(call: string, read: ReadPage<T, C>, after: C, limit: number | undefined): IterableIterator<T> {
    const { access } = this;
    access.store(call);
    return new PagedIterator<T, C>(
      (iterator) => access.beginIteration(iterator),
      read,
      after,
      checkCount(limit, Infinity, call, "limit"),
    );
  }

  getEdge(id: number, options?: RecordOptions): EdgeRecord | undefined {
    const store = this.access.store("getEdge");
    return recordOf(store.readEdge(checkId(id, "getEdge", "id"), wantsData(options, "getEdge")), "type", options);
  }

  requireEdge(id: number): EdgeRecord {
    const edge = this.access.store("requireEdge").readEdge(checkId(id, "requireEdge", "id"), true);
    if (edge !== undefined) return edge;
    throw edgeNotFound("requireEdge", id);
  }

  hasEdge(id: number): boolean {
    return this.access.store("hasEdge").edgeExists(checkId(id, "hasEdge", "id"));
  }

  countEdges(filter: { readonly type?: string | undefined } = {}): number {
    checkObject(filter, "countEdges", "filter");
    return this.access.store("countEdges").countEdges(checkOptional(filter.type, "countEdges", "type"));
  }

  edges(options: EdgesOptions = {}): IterableIterator<EdgeRecord> {
    checkObject(options, "edges", "options");
    const withData = wantsData(options, "edges");
    const type = checkOptional(options.type, "edges", "type");
    return this.#iterate<EdgeRecord, number>(
      "edges",
      (store, after, size) => store.edgePage(type, withData, after, size),
      checkAfter(options.after, "edges"),
      options.limit,
    );
  }

  edgesOf(id: number, options: EdgesOfOptions = {}): EdgeRecord[] {
    const store = this.access.store("edgesOf");
    const { direction, types } = checkEdgeFilter(options, "edgesOf");
    const edges = store.edgesOf(checkId(id, "edgesOf", "id"), direction, types, wantsData(options, "edgesOf"));
    if (edges.length === 0) this.#requireExisting(store, id, "edgesOf", "id");
    return edges;
  }

  edgesBetween(from: number, to: number, options: EdgeFilter = {}): EdgeRecord[] {
    const store = this.access.store("edgesBetween");
    const { direction, types } = checkEdgeFilter(options, "edgesBetween");
    checkId(from, "edgesBetween", "from");
    return store.edgesBetween(from, checkId(to, "edgesBetween", "to"), direction, types);
  }

  neighbors(id: number, options?: NeighborOptions): number[] {
    const store = this.access.store("neighbors");
    const { direction, types } = checkEdgeFilter(options, "neighbors");
    checkId(id, "neighbors", "id");
    const ids = store.neighbors(id, direction, types, options?.distinct !== false);
    // A node with edges exists: only an empty answer needs the second look.
    if (ids.length === 0) this.#requireExisting(store, id, "neighbors", "id");
    return ids;
  }

  degree(id: number, options?: EdgeFilter): number {
    const store = this.access.store("degree");
    const { direction, types } = checkEdgeFilter(options, "degree");
    const degree = store.degree(checkId(id, "degree", "id"), direction, types);
    if (degree === 0) this.#requireExisting(store, id, "degree", "id");
    return degree;
  }

  #requireExisting(store: ReadStore, id: number, call: string, field: string): void {
    if (!store.nodeExists(id)) throw nodeNotFound(call, id, field);
  }

  /** Runs a traversal on one state, after its start was found. */
  #traverse<R>(call: string, ids: Readonly<Record<string, number>>, run: () => R): R {
    const store = this.access.store(call);
    for (const field of Object.keys(ids)) checkId(ids[field], call, field);
    return this.access.consistently(() => {
      for (const field of Object.keys(ids)) this.#requireExisting(store, ids[field] as number, call, field);
      return run();
    });
  }

  bfs(start: number, options: BfsOptions = {}): number[] {
    const filter = checkEdgeFilter(options, "bfs");
    const depth = checkCount(options.depth, Infinity, "bfs", "depth");
    return this.#traverse("bfs", { start }, () => breadthFirst(this.#source, start, depth, filter));
  }

  kHop(start: number, depth: number, options?: EdgeFilter): number[] {
    const filter = checkEdgeFilter(options, "kHop");
    const checkedDepth = checkCount(depth, Infinity, "kHop", "depth");
    return this.#traverse("kHop", { start }, () => kHop(this.#source, start, checkedDepth, filter));
  }

  shortestPath(from: number, to: number, options?: EdgeFilter): number[] | undefined {
    const filter = checkEdgeFilter(options, "shortestPath");
    return this.#traverse("shortestPath", { from, to }, () => shortestPath(this.#source, from, to, filter));
  }

  chain(start: number, steps: readonly ChainStep[]): number[] {
    const checked = checkSteps(steps, "chain");
    return this.#traverse("chain", { start }, () => chain(this.#source, start, checked));
  }

  matchPattern(pattern: GraphPattern, options: MatchOptions = {}): number[][] {
    checkObject(options, "matchPattern", "options");
    const checked = checkPattern(pattern, "matchPattern");
    const limit = checkCount(options.limit, Infinity, "matchPattern", "limit");
    const { start } = options;
    return this.#traverse("matchPattern", start === undefined ? {} : { start }, () => {
      const roots = start === undefined ? this.nodeIds({ kind: checked.root.kind }) : [start];
      return matchPattern(this.#source, roots, checked, limit);
    });
  }

  /** Reads of vectors. */
  protected get vectors(): CheckedVectorReader {
    return this.#vectors ??= new CheckedVectorReader(this.access);
  }

  vectorIndexes(): VectorIndexInfo[] {
    return this.vectors.list();
  }

  vectorIndex(name: string): VectorIndexReader {
    return new CheckedVectorIndexReader(this.vectors.existing(name, "vectorIndex"), this.vectors);
  }

  getVector(name: string, nodeId: number): Float32Array | undefined {
    return this.vectors.get(name, nodeId, "getVector");
  }

  searchVectors(name: string, query: VectorInput, options?: VectorSearchOptions): VectorMatch[];
  searchVectors(name: string, queries: readonly VectorInput[], options?: VectorSearchOptions): VectorMatch[][];
  searchVectors(
    name: string,
    queries: VectorInput | readonly VectorInput[],
    options: VectorSearchOptions = {},
  ): VectorMatch[] | VectorMatch[][] {
    return this.vectors.search(name, queries, options, "searchVectors");
  }

  project(options?: ProjectOptions, gang?: Gang): Projection {
    const { access } = this;
    access.store("project");
    return access.consistently(() => installedProjector()(access.store("project"), options, gang));
  }
}

/** Whether options ask for `data`: all but `{ data: false }` do. */
function wantsData(options: RecordOptions | NodesOptions, call: string): boolean {
  if (options === undefined || typeof options === "string") return true;
  return checkObject(options, call, "options")["data"] !== false;
}

/** The record, unless the options name another kind or type. */
function recordOf<T extends NodeRecord | EdgeRecord>(
  record: T | undefined,
  field: "kind" | "type",
  options: RecordOptions,
): T | undefined {
  if (typeof options !== "string") return record;
  return (record as Readonly<Record<string, unknown>> | undefined)?.[field] === options ? record : undefined;
}
