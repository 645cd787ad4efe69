/** The read half of the contract over a SQLite connection. */

import { NotFoundError } from "../backend/errors.ts";
import type { JsonValue } from "../backend/json.ts";
import type { Key, KeyValue, KeyValueEntry, ScanOptions } from "../backend/key_value.ts";
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
} from "../backend/query.ts";
import type { EdgeRecord, NodeRecord } from "../backend/schema.ts";
import { type AdjacencySource, breadthFirst, chain, kHop, matchPattern, shortestPath } from "../backend/traversal.ts";
import {
  checkAfter,
  checkCount,
  checkEdgeFilter,
  checkGlob,
  checkId,
  checkKey,
  checkLookup,
  checkObject,
  checkPattern,
  checkSteps,
  keyToUser,
} from "../backend/validate.ts";
import { readLsn } from "./commit_counter.ts";
import type { Connection } from "./connection.ts";
import { decodeData } from "./node_rows.ts";
import {
  countEdges,
  edgeExists,
  readDegree,
  readEdge,
  readEdgePage,
  readEdgesBetween,
  readEdgesOf,
  readNeighbors,
} from "./edge_rows.ts";
import { countValues, keyExists, keyHex, readValue, readValuePage, type ScanPosition } from "./kv_rows.ts";
import {
  countNodes,
  nodeCondition,
  nodeExists,
  readNode,
  readNodeDataText,
  readNodeKind,
  readNodeName,
  readNodePage,
} from "./node_rows.ts";
import { PagedIterator, type PageSource, type ReadPage } from "./paged_iterator.ts";

/** What a reader asks of the database or snapshot that it reads for. */
export interface ReadScope {
  /** The connection; throws `ClosedError` when there is none any more. */
  connection(call: string): Connection;
  /** Clock that expiries are judged by, in milliseconds. */
  now(): number;
  /** Runs several reads on one state. */
  consistently<R>(read: () => R): R;
  /** Takes a view for an iterator at its first step. */
  beginIteration(iterator: { detach(): void }): PageSource;
}

/** An options argument that is a kind or type instead. */
type RecordOptions = string | { readonly data?: boolean | undefined } | undefined;

/**
 * Reads of one scope. Typed for any schema: the typed interfaces of the contract are put on by whoever hands it out, since
 * types of kinds cost nothing at run time.
 */
export class SqliteReader {
  /** Where it reads. */
  protected readonly scope: ReadScope;
  readonly #source: AdjacencySource;

  constructor(scope: ReadScope) {
    this.scope = scope;
    this.#source = {
      neighborIds: (id, direction, types) => readNeighbors(scope.connection("traversal"), id, direction, types, true),
      kindOf: (id) => readNodeKind(scope.connection("traversal"), id),
      nameOf: (id) => readNodeName(scope.connection("traversal"), id),
      dataOf: (id): JsonValue | undefined => {
        const text = readNodeDataText(scope.connection("traversal"), id);
        return text === undefined ? undefined : decodeData(text, "node", id);
      },
    };
  }

  get lsn(): number {
    return readLsn(this.scope.connection("lsn"));
  }

  getNode(id: number, options?: RecordOptions): NodeRecord | undefined {
    const connection = this.scope.connection("getNode");
    return recordOf(readNode(connection, checkId(id, "getNode", "id"), wantsData(options, "getNode")), "kind", options);
  }

  requireNode(id: number, kind?: string): NodeRecord {
    const connection = this.scope.connection("requireNode");
    const node = recordOf(readNode(connection, checkId(id, "requireNode", "id"), true), "kind", kind);
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
    return readNodeName(this.scope.connection("nodeName"), checkId(id, "nodeName", "id"));
  }

  nodeKind(id: number): string | undefined {
    return readNodeKind(this.scope.connection("nodeKind"), checkId(id, "nodeKind", "id"));
  }

  hasNode(id: number): boolean {
    return nodeExists(this.scope.connection("hasNode"), checkId(id, "hasNode", "id"));
  }

  countNodes(filter: NodeFilter = {}): number {
    const connection = this.scope.connection("countNodes");
    const condition = nodeCondition(checkNodeFilter(filter, "countNodes"));
    const counted = countNodes(connection, condition);
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

  #iterateNodes<T>(options: NodePage, wanted: "id" | "header" | "record", call: string): IterableIterator<T> {
    const condition = nodeCondition(checkNodeFilter(options, call));
    return this.#iterate<T, number>(
      call,
      (connection, after, size) => readNodePage<T>(connection, condition, wanted, after, size),
      checkAfter(options.after, call),
      options.limit,
    );
  }

  #iterate<T, C>(call: string, read: ReadPage<T, C>, after: C, limit: number | undefined): IterableIterator<T> {
    const { scope } = this;
    scope.connection(call);
    return new PagedIterator<T, C>(
      (iterator) => scope.beginIteration(iterator),
      read,
      after,
      checkCount(limit, Infinity, call, "limit"),
    );
  }

  getEdge(id: number, options?: RecordOptions): EdgeRecord | undefined {
    const connection = this.scope.connection("getEdge");
    return recordOf(readEdge(connection, checkId(id, "getEdge", "id"), wantsData(options, "getEdge")), "type", options);
  }

  requireEdge(id: number): EdgeRecord {
    const edge = readEdge(this.scope.connection("requireEdge"), checkId(id, "requireEdge", "id"), true);
    if (edge !== undefined) return edge;
    throw edgeNotFound("requireEdge", id);
  }

  hasEdge(id: number): boolean {
    return edgeExists(this.scope.connection("hasEdge"), checkId(id, "hasEdge", "id"));
  }

  countEdges(filter: { readonly type?: string | undefined } = {}): number {
    checkObject(filter, "countEdges", "filter");
    return countEdges(this.scope.connection("countEdges"), checkOptional(filter.type, "countEdges", "type"));
  }

  edges(options: EdgesOptions = {}): IterableIterator<EdgeRecord> {
    checkObject(options, "edges", "options");
    const withData = wantsData(options, "edges");
    const type = checkOptional(options.type, "edges", "type");
    return this.#iterate<EdgeRecord, number>(
      "edges",
      (connection, after, size) => readEdgePage(connection, type, withData, after, size),
      checkAfter(options.after, "edges"),
      options.limit,
    );
  }

  edgesOf(id: number, options: EdgesOfOptions = {}): EdgeRecord[] {
    const connection = this.scope.connection("edgesOf");
    const { direction, types } = checkEdgeFilter(options, "edgesOf");
    const edges = readEdgesOf(
      connection,
      checkId(id, "edgesOf", "id"),
      direction,
      types,
      wantsData(options, "edgesOf"),
    );
    if (edges.length === 0) this.#requireExisting(connection, id, "edgesOf", "id");
    return edges;
  }

  edgesBetween(from: number, to: number, options: EdgeFilter = {}): EdgeRecord[] {
    const connection = this.scope.connection("edgesBetween");
    const { direction, types } = checkEdgeFilter(options, "edgesBetween");
    checkId(from, "edgesBetween", "from");
    return readEdgesBetween(connection, from, checkId(to, "edgesBetween", "to"), direction, types);
  }

  neighbors(id: number, options?: NeighborOptions): number[] {
    const connection = this.scope.connection("neighbors");
    const { direction, types } = checkEdgeFilter(options, "neighbors");
    checkId(id, "neighbors", "id");
    const ids = readNeighbors(connection, id, direction, types, options?.distinct !== false);
    // A node with edges exists: only an empty answer needs the second look.
    if (ids.length === 0) this.#requireExisting(connection, id, "neighbors", "id");
    return ids;
  }

  degree(id: number, options?: EdgeFilter): number {
    const connection = this.scope.connection("degree");
    const { direction, types } = checkEdgeFilter(options, "degree");
    const degree = readDegree(connection, checkId(id, "degree", "id"), direction, types);
    if (degree === 0) this.#requireExisting(connection, id, "degree", "id");
    return degree;
  }

  #requireExisting(connection: Connection, id: number, call: string, field: string): void {
    if (!nodeExists(connection, id)) throw nodeNotFound(call, id, field);
  }

  /** Runs a traversal on one state, after its start was found. */
  #traverse<R>(call: string, ids: Readonly<Record<string, number>>, run: () => R): R {
    const connection = this.scope.connection(call);
    for (const field of Object.keys(ids)) checkId(ids[field], call, field);
    return this.scope.consistently(() => {
      for (const field of Object.keys(ids)) this.#requireExisting(connection, ids[field] as number, call, field);
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
}

/** Throws when a filter's member is not what it must be. */
function checkNodeFilter(filter: NodeFilter, call: string): NodeFilter {
  checkObject(filter, call, "options");
  return {
    kind: checkOptional(filter.kind, call, "kind"),
    name: checkOptional(filter.name, call, "name"),
    glob: filter.glob === undefined ? undefined : checkGlob(filter.glob, call),
    label: checkOptional(filter.label, call, "label"),
  };
}

function checkOptional(text: unknown, call: string, field: string): string | undefined {
  return text === undefined ? undefined : checkLookup(text, call, field);
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

/** A call needs a node that does not exist. */
export function nodeNotFound(call: string, id: number, field: string): NotFoundError {
  return new NotFoundError(`${call}: there is no node ${id} (field "${field}"); insert it first`, {
    code: "node-not-found",
    field,
    value: id,
  });
}

/** A call needs an edge that does not exist. */
export function edgeNotFound(call: string, id: number): NotFoundError {
  return new NotFoundError(`${call}: there is no edge ${id} (field "id"); insert it first`, {
    code: "edge-not-found",
    field: "id",
    value: id,
  });
}

/** Reads of the key-value table. */
export class SqliteKeyValueReader {
  /** Where it reads. */
  protected readonly scope: ReadScope;

  constructor(scope: ReadScope) {
    this.scope = scope;
  }

  get(key: Key): KeyValue | undefined {
    return readValue(this.scope.connection("kv.get"), checkKey(key, "kv.get"), this.scope.now())?.value;
  }

  entry<K extends Key>(key: K): KeyValueEntry<K> | undefined {
    const stored = readValue(this.scope.connection("kv.entry"), checkKey(key, "kv.entry"), this.scope.now());
    return stored === undefined ? undefined : entryOf(key, stored);
  }

  has(key: Key): boolean {
    return keyExists(this.scope.connection("kv.has"), checkKey(key, "kv.has"), this.scope.now());
  }

  scan(options: ScanOptions = {}): IterableIterator<KeyValueEntry> {
    const { scope } = this;
    scope.connection("kv.scan");
    checkObject(options, "kv.scan", "options");
    const { prefix = "" } = options;
    const prefixHex = keyHex(checkKey(prefix, "kv.scan", "prefix"));
    const afterHex = options.after === undefined ? undefined : keyHex(checkKey(options.after, "kv.scan", "after"));
    const isInclusive = afterHex === undefined || afterHex < prefixHex;
    const asBytes = prefix instanceof Uint8Array;
    let now: number | undefined;
    return new PagedIterator<KeyValueEntry, ScanPosition>(
      (iterator) => scope.beginIteration(iterator),
      (connection, after, size) => {
        now ??= scope.now();
        const page = readValuePage(connection, prefixHex, after, now, size);
        return {
          items: page.items.map((row) => entryOf(asBytes ? row.key : keyToUser(row.key), row)),
          next: page.next,
        };
      },
      { hex: isInclusive ? prefixHex : afterHex, isInclusive },
      checkCount(options.limit, Infinity, "kv.scan", "limit"),
    );
  }

  count(): number {
    return countValues(this.scope.connection("kv.count"), this.scope.now());
  }
}

function entryOf<K extends Key>(
  key: K,
  stored: { readonly value: KeyValue; readonly expiresAt: number | undefined },
): KeyValueEntry<K> {
  return stored.expiresAt === undefined
    ? { key, value: stored.value }
    : { key, value: stored.value, expiresAt: stored.expiresAt };
}
