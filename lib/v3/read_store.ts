/** Reads of one state of a graph: `ReadStore` over its trees. */

import type { LinkBatch, LinkPosition } from "../backend/links.ts";
import type { Direction } from "../backend/query.ts";
import type { CheckedNodeFilter } from "../backend/record_input.ts";
import type { EdgeRecord, NodeRecord } from "../backend/schema.ts";
import type { KeyPosition, NodeShapeWanted, Page, ReadStore, StoredEntry, StoredValue } from "../backend/store.ts";
import type { StoredVector, VectorIndexStats, VectorMatch } from "../backend/vector.ts";
import type { CheckedVectorSearch } from "../backend/vector_input.ts";
import type { StoredVectorIndex, VectorShapeWanted } from "../backend/vector_store.ts";
import { CorruptionError } from "../backend/errors.ts";
import { decodeValue, expiresAtOf, NEVER_EXPIRES } from "../kv/value_record.ts";
import { storedStats } from "../vector/stored_stats.ts";
import type { VectorFinder } from "../vector/vector_engine.ts";
import { ByteCursor } from "./byte_cursor.ts";
import { EdgeReader } from "./edge_record.ts";
import { expiryOf } from "./expiry_key.ts";
import { noteGarbage } from "./garbage.ts";
import { LinkPageReader } from "./link_page.ts";
import type { LinkTree } from "./link_tree.ts";
import { NodeReader } from "./node_record.ts";
import { nodePage } from "./node_page.ts";
import type { Pages } from "./pages.ts";
import { RecordCursor } from "./record_tree.ts";
import { type Counts, KIND_ROLE, termOf } from "./state.ts";
import type { StringTable } from "./string_table.ts";
import type { ReadTrees } from "./trees.ts";
import { VectorIndexes } from "./vector_indexes.ts";
import { compareVectors, type DistancePart, readVector, searchStored, vectorPage } from "./vector_reader.ts";

/** What a store reads. The trees of a running transaction change under it; those of a snapshot do not. */
export interface ReadParts {
  readonly pages: Pages;
  readonly trees: ReadTrees;
  readonly strings: StringTable;
  readonly counts: Counts;
  /** Vector indexes in memory that know this state. */
  readonly vectors?: VectorFinder | undefined;
}

/** What a list of numbers leaves in the end: itself, and what it outgrew. */
const LIST_GARBAGE = 64;
const LIST_GARBAGE_PER_ENTRY = 24;

/** What a filter that only names unknown types lets pass. */
const NO_TYPES: readonly number[] = [];

/** Reads over trees. */
export class V3ReadStore implements ReadStore {
  /** What it reads. */
  readonly parts: ReadParts;
  /** The trees. */
  protected readonly trees: ReadTrees;
  readonly #pages: Pages;
  readonly #strings: StringTable;
  readonly #node: NodeReader;
  readonly #edge: EdgeReader;
  #linkPages: LinkPageReader | undefined;
  #vectorIndexes: VectorIndexes | undefined;
  readonly #lsn: () => number;

  constructor(parts: ReadParts, lsn: () => number) {
    this.parts = parts;
    this.trees = parts.trees;
    this.#pages = parts.pages;
    this.#strings = parts.strings;
    this.#node = new NodeReader(parts.pages, parts.strings);
    this.#edge = new EdgeReader(parts.pages, parts.strings);
    this.#lsn = lsn;
  }

  get lsn(): number {
    return this.#lsn();
  }

  /** Called before the adjacency trees are read: a transaction merges what waits for them. */
  protected prepareEdges(): void {}

  /** Called before the kind, label and name indexes are read. */
  protected prepareIndexes(): void {}

  readNode(id: number, withData: boolean): NodeRecord | undefined {
    const { nodes } = this.trees;
    if (!nodes.find(id)) return undefined;
    const node = this.#node;
    node.open(this.#pages.bytes, nodes.at, nodes.end);
    return withData ? node.record(id) : node.header(id) as NodeRecord;
  }

  nodeExists(id: number): boolean {
    return this.trees.nodes.find(id);
  }

  #openNode(id: number): NodeReader | undefined {
    const { nodes } = this.trees;
    if (!nodes.find(id)) return undefined;
    this.#node.open(this.#pages.bytes, nodes.at, nodes.end);
    return this.#node;
  }

  nodeKind(id: number): string | undefined {
    const node = this.#openNode(id);
    return node === undefined ? undefined : this.#strings.text(node.kind);
  }

  nodeName(id: number): string | undefined {
    return this.#openNode(id)?.name();
  }

  nodeDataText(id: number): string | undefined {
    return this.#openNode(id)?.dataText();
  }

  countNodes({ kind, name, glob, label }: CheckedNodeFilter): number | undefined {
    if (name !== undefined || glob !== undefined || label !== undefined) return undefined;
    if (kind === undefined) return this.parts.counts.nodeCount;
    const number = this.#strings.number(kind);
    if (number === undefined) return 0;
    this.prepareIndexes();
    return this.trees.terms.count(termOf(number, KIND_ROLE));
  }

  nodePage<T>(filter: CheckedNodeFilter, wanted: NodeShapeWanted, after: number, size: number): Page<T, number> {
    this.prepareIndexes();
    return nodePage<T>(this.parts, this.#node, filter, wanted, after, size);
  }

  readEdge(id: number, withData: boolean): EdgeRecord | undefined {
    const edge = this.#openEdge(id);
    return edge === undefined ? undefined : withData ? edge.record(id) : edge.header(id) as EdgeRecord;
  }

  #openEdge(id: number): EdgeReader | undefined {
    const { edges } = this.trees;
    if (!edges.find(id)) return undefined;
    this.#edge.open(this.#pages.bytes, edges.at, edges.end);
    return this.#edge;
  }

  edgeExists(id: number): boolean {
    return this.trees.edges.find(id);
  }

  edgeDataText(id: number): string | undefined {
    return this.#openEdge(id)?.dataText();
  }

  countEdges(type: string | undefined): number {
    if (type === undefined) return this.parts.counts.edgeCount;
    const number = this.#strings.number(type);
    if (number === undefined) return 0;
    const cursor = new RecordCursor(this.#pages, this.trees.edges.root);
    let count = 0;
    for (cursor.seek(0); cursor.next();) {
      this.#edge.open(cursor.bytes, cursor.at, cursor.end);
      if (this.#edge.type === number) count++;
    }
    return count;
  }

  edgePage(type: string | undefined, withData: boolean, after: number, size: number): Page<EdgeRecord, number> {
    const items: EdgeRecord[] = [];
    const number = type === undefined ? undefined : this.#strings.number(type);
    if (type !== undefined && number === undefined) return { items, next: undefined };
    const cursor = new RecordCursor(this.#pages, this.trees.edges.root);
    const edge = this.#edge;
    for (cursor.seek(after); cursor.next();) {
      edge.open(cursor.bytes, cursor.at, cursor.end);
      if (number !== undefined && edge.type !== number) continue;
      items.push(withData ? edge.record(cursor.id) : edge.header(cursor.id) as EdgeRecord);
      if (items.length === size) return { items, next: cursor.id };
    }
    return { items, next: undefined };
  }

  /** String numbers of the types of a filter: undefined lets all pass, unknown types are none. */
  #typeNumbers(types: readonly string[] | undefined): readonly number[] | undefined {
    if (types === undefined) return undefined;
    let numbers: number[] | undefined;
    for (let at = 0; at < types.length; at++) {
      const number = this.#strings.number(types[at] as string);
      if (number !== undefined) (numbers ??= []).push(number);
    }
    return numbers ?? NO_TYPES;
  }

  /** Appends neighbour and edge id of the links of a node that pass. */
  #collect(tree: LinkTree, id: number, types: readonly number[] | undefined, links: number[], skip: number): void {
    for (tree.open(id); tree.nextRun();) {
      for (let at = tree.start; at < tree.end; at++) {
        if (types !== undefined && !types.includes(tree.type(at))) continue;
        const neighbor = tree.b(at);
        if (neighbor !== skip) links.push(neighbor, tree.c(at));
      }
    }
  }

  /** Neighbour and edge id of a node's edges, by neighbour, then edge; a self-loop once. */
  #links(id: number, direction: Direction, types: readonly number[] | undefined): number[] {
    const links: number[] = [];
    if (types?.length === 0) return links;
    this.prepareEdges();
    if (direction !== "in") this.#collect(this.trees.outgoing, id, types, links, 0);
    if (direction === "out") return links;
    if (direction === "in") {
      this.#collect(this.trees.incoming, id, types, links, 0);
      return links;
    }
    const incoming: number[] = [];
    this.#collect(this.trees.incoming, id, types, incoming, id);
    return mergeLinks(links, incoming);
  }

  edgesOf(id: number, direction: Direction, types: readonly string[] | undefined, withData: boolean): EdgeRecord[] {
    const links = this.#links(id, direction, this.#typeNumbers(types));
    const edges: EdgeRecord[] = [];
    for (let at = 1; at < links.length; at += 2) edges.push(this.#requireEdge(links[at] as number, withData));
    return edges;
  }

  #requireEdge(id: number, withData: boolean): EdgeRecord {
    const edge = this.readEdge(id, withData);
    if (edge !== undefined) return edge;
    throw danglingLink(id);
  }

  edgesBetween(from: number, to: number, direction: Direction, types: readonly string[] | undefined): EdgeRecord[] {
    const numbers = this.#typeNumbers(types);
    if (numbers?.length === 0) return [];
    this.prepareEdges();
    const ids: number[] = [];
    if (direction !== "in") this.#collectBetween(from, to, numbers, ids);
    if (direction === "in" || (direction === "both" && from !== to)) this.#collectBetween(to, from, numbers, ids);
    if (direction === "both") ids.sort((a, b) => a - b);
    return ids.map((id) => this.#requireEdge(id, true));
  }

  #collectBetween(from: number, to: number, types: readonly number[] | undefined, ids: number[]): void {
    const tree = this.trees.outgoing;
    for (tree.seek(from, to, 0); tree.nextRun();) {
      for (let at = tree.start; at < tree.end; at++) {
        if (tree.b(at) !== to) return;
        if (types === undefined || types.includes(tree.type(at))) ids.push(tree.c(at));
      }
    }
  }

  /** Smallest id of an edge between two nodes with a type, or undefined. */
  findEdge(from: number, to: number, type: string): number | undefined {
    const number = this.#strings.number(type);
    if (number === undefined) return undefined;
    this.prepareEdges();
    const tree = this.trees.outgoing;
    for (tree.seek(from, to, 0); tree.nextRun();) {
      for (let at = tree.start; at < tree.end; at++) {
        if (tree.b(at) !== to) return undefined;
        if (tree.type(at) === number) return tree.c(at);
      }
    }
    return undefined;
  }

  neighbors(id: number, direction: Direction, types: readonly string[] | undefined, distinct: boolean): number[] {
    const numbers = this.#typeNumbers(types);
    if (direction === "both") {
      const links = this.#links(id, direction, numbers);
      const ids: number[] = [];
      for (let at = 0; at < links.length; at += 2) {
        const neighbor = links[at] as number;
        if (!distinct || ids.length === 0 || ids[ids.length - 1] !== neighbor) ids.push(neighbor);
      }
      noteGarbage(LIST_GARBAGE + ids.length * LIST_GARBAGE_PER_ENTRY);
      return ids;
    }
    const ids: number[] = [];
    if (numbers?.length === 0) return ids;
    this.prepareEdges();
    const tree = direction === "out" ? this.trees.outgoing : this.trees.incoming;
    let last = 0;
    for (tree.open(id); tree.nextRun();) {
      for (let at = tree.start; at < tree.end; at++) {
        if (numbers !== undefined && !numbers.includes(tree.type(at))) continue;
        const neighbor = tree.b(at);
        if (distinct && neighbor === last) continue;
        ids.push(neighbor);
        last = neighbor;
      }
    }
    noteGarbage(LIST_GARBAGE + ids.length * LIST_GARBAGE_PER_ENTRY);
    return ids;
  }

  degree(id: number, direction: Direction, types: readonly string[] | undefined): number {
    const numbers = this.#typeNumbers(types);
    if (numbers?.length === 0) return 0;
    this.prepareEdges();
    let degree = 0;
    if (direction !== "in") degree += this.#count(this.trees.outgoing, id, numbers);
    if (direction !== "out") degree += this.#count(this.trees.incoming, id, numbers);
    return degree;
  }

  #count(tree: LinkTree, id: number, types: readonly number[] | undefined): number {
    if (types === undefined) return tree.count(id);
    let count = 0;
    for (tree.open(id); tree.nextRun();) {
      for (let at = tree.start; at < tree.end; at++) if (types.includes(tree.type(at))) count++;
    }
    return count;
  }

  linkPage(
    direction: "out" | "in",
    types: readonly string[] | undefined,
    from: LinkPosition,
    untilNode: number,
    withEdges: boolean,
    batch: LinkBatch,
  ): LinkPosition | undefined {
    this.prepareEdges();
    const tree = direction === "out" ? this.trees.outgoing : this.trees.incoming;
    const numbers = this.#typeNumbers(types);
    this.#linkPages ??= new LinkPageReader();
    return this.#linkPages.read(this.#pages, tree.root, numbers, from, untilNode, withEdges, batch);
  }

  readValue(key: Uint8Array, now: number): StoredValue | undefined {
    const record = this.trees.keyValues.get(key);
    if (record === undefined || isExpired(record, now)) return undefined;
    return storedValue(key, record);
  }

  keyExists(key: Uint8Array, now: number): boolean {
    const head = this.trees.keyValues.getHead(key);
    return head !== undefined && !isExpired(head, now);
  }

  valuePage(prefix: Uint8Array, after: KeyPosition, now: number, size: number): Page<StoredEntry, KeyPosition> {
    const items: StoredEntry[] = [];
    const cursor = new ByteCursor(this.trees.keyValues);
    let key: Uint8Array | undefined;
    for (cursor.seek(after.key); cursor.next();) {
      key = cursor.key();
      if (!after.isInclusive && equalBytes(key, after.key)) continue;
      if (!startsWith(key, prefix)) return { items, next: undefined };
      if (isExpired(cursor.valueHead(), now)) continue;
      items.push({ key, ...storedValue(key, cursor.value()) });
      if (items.length === size) return { items, next: { key, isInclusive: false } };
    }
    return { items, next: undefined };
  }

  countValues(now: number): number {
    let expired = 0;
    const cursor = new ByteCursor(this.trees.expiries);
    for (cursor.seek(new Uint8Array(0)); cursor.next() && expiryOf(cursor.key()) <= now;) expired++;
    return this.parts.counts.keyCount - expired;
  }

  vectorIndexes(): readonly StoredVectorIndex[] {
    return this.#indexes().all();
  }

  vectorIndex(name: string): StoredVectorIndex | undefined {
    return this.#indexes().get(name);
  }

  #indexes(): VectorIndexes {
    return this.#vectorIndexes ??= new VectorIndexes(this.#pages, this.trees);
  }

  readVector(index: StoredVectorIndex, nodeId: number): Float32Array | undefined {
    return readVector(this.trees.vectors, index, nodeId);
  }

  vectorPage<T extends number | StoredVector>(
    index: StoredVectorIndex,
    wanted: VectorShapeWanted,
    after: number,
    size: number,
  ): Page<T, number> {
    return vectorPage<T>(this.trees.vectors, index, wanted, after, size);
  }

  /** Compares vectors behind a node with a query: one part of a search. */
  compareVectors(index: StoredVectorIndex, search: CheckedVectorSearch, after: number, part: DistancePart): void {
    compareVectors(this.trees.vectors, index, search, after, part);
  }

  searchVectors(index: StoredVectorIndex, search: CheckedVectorSearch): VectorMatch[] {
    const { lsn } = this;
    const inMemory = this.parts.vectors?.find(index, lsn, true);
    if (inMemory === undefined) return searchStored(this, index, search);
    return inMemory.search(search, lsn, (nodeId) => this.measuredVector(index, nodeId, search));
  }

  /** The vector by which the distance of a node is measured that was found in memory. */
  protected measuredVector(index: StoredVectorIndex, nodeId: number, _search: CheckedVectorSearch): Float32Array {
    return this.readVector(index, nodeId) as Float32Array;
  }

  vectorStats(index: StoredVectorIndex): VectorIndexStats {
    const { definition, count } = index;
    const inMemory = this.parts.vectors?.find(index, this.lsn, false);
    if (inMemory !== undefined) return { ...definition, count, ...inMemory.stats() };
    return storedStats(index);
  }
}

function danglingLink(id: number): Error {
  return new CorruptionError(`edge ${id} is missing, which the edges of a node name; run check`, {
    code: "edge-missing",
    value: id,
  });
}

function isExpired(record: Uint8Array, now: number): boolean {
  const expiresAt = expiresAtOf(record);
  return expiresAt !== NEVER_EXPIRES && expiresAt <= now;
}

function storedValue(key: Uint8Array, record: Uint8Array): StoredValue {
  const expiresAt = expiresAtOf(record);
  return { value: decodeValue(record, key), expiresAt: expiresAt === NEVER_EXPIRES ? undefined : expiresAt };
}

/** Whether bytes begin with others. */
export function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  if (bytes.length < prefix.length) return false;
  for (let at = 0; at < prefix.length; at++) if (bytes[at] !== prefix[at]) return false;
  return true;
}

function equalBytes(bytes: Uint8Array, other: Uint8Array): boolean {
  return bytes.length === other.length && startsWith(bytes, other);
}

/** Two lists of (neighbour, edge id) as one, in order. */
function mergeLinks(first: number[], second: number[]): number[] {
  if (second.length === 0) return first;
  if (first.length === 0) return second;
  const merged: number[] = [];
  let a = 0;
  let b = 0;
  while (a < first.length && b < second.length) {
    const difference = (first[a] as number) - (second[b] as number) ||
      (first[a + 1] as number) - (second[b + 1] as number);
    if (difference <= 0) {
      merged.push(first[a] as number, first[a + 1] as number);
      a += 2;
    } else {
      merged.push(second[b] as number, second[b + 1] as number);
      b += 2;
    }
  }
  for (; a < first.length; a++) merged.push(first[a] as number);
  for (; b < second.length; b++) merged.push(second[b] as number);
  return merged;
}
