/** A transaction's reads and writes over a state that it holds: nothing is changed but its own records and its log. */

import type { Detachable, PageSource } from "../backend/access.ts";
import { UnsupportedError } from "../backend/errors.ts";
import { type LinkBatch, linkPageByNode, type LinkPosition } from "../backend/links.ts";
import type { Direction } from "../backend/query.ts";
import type {
  CheckedEdge,
  CheckedEdgeUpdate,
  CheckedNode,
  CheckedNodeFilter,
  CheckedNodeUpdate,
} from "../backend/record_input.ts";
import type { EdgeRecord, NodeRecord } from "../backend/schema.ts";
import type { HeldState } from "../backend/state_source.ts";
import type { KeyPosition, NodeShapeWanted, Page, StoredEntry, StoredValue, WriteStore } from "../backend/store.ts";
import type { CheckedValue } from "../backend/value_input.ts";
import type { StoredVector, VectorIndexStats, VectorMatch } from "../backend/vector.ts";
import type { CheckedVectorSearch, VectorIndexDefinition } from "../backend/vector_input.ts";
import type { StoredVectorIndex, VectorShapeWanted } from "../backend/vector_store.ts";
import { type OperationMark, OperationWriter } from "./operation_log.ts";
import { OverlayEdges } from "./overlay_edges.ts";
import { OverlayNodes } from "./overlay_nodes.ts";
import { OverlayValues } from "./overlay_values.ts";
import { OverlayVectors, type VectorsMark } from "./overlay_vectors.ts";
import type { ReadRecorder } from "./read_recorder.ts";

/** Gives ids that nobody else gets. */
export interface IdSource {
  /** Id of the next new node. */
  nextNodeId(): number;
  /** Id of the next new edge. */
  nextEdgeId(): number;
}

/** What a transaction tells of its reads, and of the records that it changes or whose absence it relies on. */
export interface FootprintRecorders {
  /** What it read of the held state. */
  readonly reads: ReadRecorder;
  /** What it changed of the held state. */
  readonly writes: ReadRecorder;
}

/** A place to roll back to. */
export interface OverlayMark {
  /** Of the log. */
  readonly operations: OperationMark;
  /** Of the nodes. */
  readonly nodes: number;
  /** Of the edges. */
  readonly edges: number;
  /** Of the key-values. */
  readonly values: number;
  /** Of the vectors. */
  readonly vectors: VectorsMark;
}

/**
 * `WriteStore` of a transaction that runs far from the engine. A read answers as the engine would inside a transaction, and is
 * told; a write is logged first, then becomes visible to the transaction.
 */
export class OverlayStore implements WriteStore {
  /** What is to be done. */
  readonly operations: OperationWriter = new OperationWriter();
  readonly #base: HeldState;
  readonly #ids: IdSource;
  readonly #writes: ReadRecorder;
  readonly #nodes: OverlayNodes;
  readonly #edges: OverlayEdges;
  readonly #values: OverlayValues;
  readonly #vectors: OverlayVectors;
  /** Iterators, which show the state at their first step. */
  #attached: Set<WeakRef<Detachable>> | undefined;

  constructor(base: HeldState, ids: IdSource, { reads, writes }: FootprintRecorders) {
    this.#base = base;
    this.#ids = ids;
    this.#writes = writes;
    this.#nodes = new OverlayNodes(base, reads);
    this.#edges = new OverlayEdges(base, this.#nodes, reads);
    this.#values = new OverlayValues(base, reads);
    this.#vectors = new OverlayVectors(base, this.#nodes, reads);
  }

  /** A source for an iterator, which is detached before anything changes. */
  attach(iterator: Detachable): PageSource {
    const reference = new WeakRef(iterator);
    const attached = this.#attached ??= new Set();
    attached.add(reference);
    return { store: this, release: () => void attached.delete(reference) };
  }

  /** Iterators read their rest. */
  detachIterators(): void {
    if (this.#attached === undefined || this.#attached.size === 0) return;
    const references = [...this.#attached];
    this.#attached.clear();
    for (const reference of references) reference.deref()?.detach();
  }

  /** Begins a savepoint. */
  mark(): OverlayMark {
    return {
      operations: this.operations.mark(),
      nodes: this.#nodes.mark(),
      edges: this.#edges.mark(),
      values: this.#values.mark(),
      vectors: this.#vectors.mark(),
    };
  }

  /** Takes back everything since a mark. What was told as read or written stays told. */
  rollbackTo(mark: OverlayMark): void {
    try {
      this.detachIterators();
    } finally {
      this.operations.rollbackTo(mark.operations);
      this.#nodes.rollbackTo(mark.nodes);
      this.#edges.rollbackTo(mark.edges);
      this.#values.rollbackTo(mark.values);
      this.#vectors.rollbackTo(mark.vectors);
    }
  }

  /** The last savepoint ended. */
  forgetMarks(): void {
    this.#nodes.forgetMarks();
    this.#edges.forgetMarks();
    this.#values.forgetMarks();
    this.#vectors.forgetMarks();
  }

  get lsn(): number {
    return this.#base.lsn;
  }

  readNode(id: number, withData: boolean): NodeRecord | undefined {
    return this.#nodes.read(id, withData);
  }

  nodeExists(id: number): boolean {
    return this.#nodes.exists(id);
  }

  nodeKind(id: number): string | undefined {
    return this.#nodes.kind(id);
  }

  nodeName(id: number): string | undefined {
    return this.#nodes.name(id);
  }

  nodeDataText(id: number): string | undefined {
    return this.#nodes.dataText(id);
  }

  countNodes(filter: CheckedNodeFilter): number | undefined {
    return this.#nodes.count(filter);
  }

  nodePage<T>(filter: CheckedNodeFilter, wanted: NodeShapeWanted, after: number, size: number): Page<T, number> {
    return this.#nodes.page<T>(filter, wanted, after, size);
  }

  readEdge(id: number, withData: boolean): EdgeRecord | undefined {
    return this.#edges.read(id, withData);
  }

  edgeExists(id: number): boolean {
    return this.#edges.exists(id);
  }

  edgeDataText(id: number): string | undefined {
    return this.#edges.dataText(id);
  }

  countEdges(type: string | undefined): number {
    return this.#edges.count(type);
  }

  edgePage(type: string | undefined, withData: boolean, after: number, size: number): Page<EdgeRecord, number> {
    return this.#edges.page(type, withData, after, size);
  }

  edgesOf(id: number, direction: Direction, types: readonly string[] | undefined, withData: boolean): EdgeRecord[] {
    return this.#edges.of(id, direction, types, withData);
  }

  edgesBetween(from: number, to: number, direction: Direction, types: readonly string[] | undefined): EdgeRecord[] {
    return this.#edges.between(from, to, direction, types);
  }

  neighbors(id: number, direction: Direction, types: readonly string[] | undefined, distinct: boolean): number[] {
    return this.#edges.neighbors(id, direction, types, distinct);
  }

  degree(id: number, direction: Direction, types: readonly string[] | undefined): number {
    return this.#edges.degree(id, direction, types);
  }

  linkPage(
    direction: "out" | "in",
    types: readonly string[] | undefined,
    from: LinkPosition,
    untilNode: number,
    _withEdges: boolean,
    batch: LinkBatch,
  ): LinkPosition | undefined {
    return linkPageByNode(this, direction, types, from, untilNode, batch);
  }

  readValue(key: Uint8Array, now: number): StoredValue | undefined {
    return this.#values.read(key, now);
  }

  keyExists(key: Uint8Array, now: number): boolean {
    return this.#values.exists(key, now);
  }

  valuePage(prefix: Uint8Array, after: KeyPosition, now: number, size: number): Page<StoredEntry, KeyPosition> {
    return this.#values.page(prefix, after, now, size);
  }

  countValues(now: number): number {
    return this.#values.count(now);
  }

  vectorIndexes(): readonly StoredVectorIndex[] {
    return this.#vectors.indexes();
  }

  vectorIndex(name: string): StoredVectorIndex | undefined {
    return this.#vectors.index(name);
  }

  readVector(index: StoredVectorIndex, nodeId: number): Float32Array | undefined {
    return this.#vectors.read(index, nodeId);
  }

  vectorPage<T extends number | StoredVector>(
    index: StoredVectorIndex,
    wanted: VectorShapeWanted,
    after: number,
    size: number,
  ): Page<T, number> {
    return this.#vectors.page<T>(index, wanted, after, size);
  }

  searchVectors(index: StoredVectorIndex, search: CheckedVectorSearch): VectorMatch[] {
    return this.#vectors.search(index, search);
  }

  vectorStats(index: StoredVectorIndex): VectorIndexStats {
    return this.#vectors.stats(index);
  }

  insertNode(node: CheckedNode): number {
    this.detachIterators();
    const id = this.#ids.nextNodeId();
    this.operations.insertNode(id, node);
    this.#nodes.insert(id, node);
    return id;
  }

  findNode(kind: string, name: string): number | undefined {
    // Two transactions that find nothing must not both insert, however isolated they are.
    this.#writes.name(name);
    return this.#nodes.find(kind, name);
  }

  updateNode(id: number, update: CheckedNodeUpdate): NodeRecord {
    this.detachIterators();
    const updated = this.#nodes.updated(id, update);
    const record = this.#nodes.record(id, updated, true);
    this.#writeNode(id);
    this.operations.updateNode(id, update);
    this.#nodes.setState(id, updated);
    return record;
  }

  /** Tells that a node of the held state is changed. */
  #writeNode(id: number): void {
    if (!this.#nodes.isNew(id)) this.#writes.node(id);
  }

  deleteNode(id: number): boolean {
    if (!this.#nodes.exists(id)) return false;
    this.detachIterators();
    const deleted = this.#nodes.deleted(id);
    this.#writeNode(id);
    if (!this.#nodes.isNew(id)) this.#writes.vectorsOf(id);
    this.operations.deleteNode(id);
    this.#edges.deleteAllOf(id);
    this.#vectors.deleteAllOf(id);
    this.#nodes.setState(id, deleted);
    return true;
  }

  addLabel(id: number, label: string): boolean {
    this.detachIterators();
    const labelled = this.#nodes.labelled(id, label, true);
    if (labelled === undefined) return false;
    this.#writeNode(id);
    this.operations.addLabel(id, label);
    this.#nodes.setState(id, labelled);
    return true;
  }

  removeLabel(id: number, label: string): boolean {
    this.detachIterators();
    const labelled = this.#nodes.labelled(id, label, false);
    if (labelled === undefined) return false;
    this.#writeNode(id);
    this.operations.removeLabel(id, label);
    this.#nodes.setState(id, labelled);
    return true;
  }

  insertEdge(edge: CheckedEdge): number {
    this.detachIterators();
    const id = this.#ids.nextEdgeId();
    this.operations.insertEdge(id, edge);
    this.#edges.insert(id, edge);
    return id;
  }

  findEdge(from: number, to: number, type: string): number | undefined {
    // As in `findNode`. At a new node nobody else can insert an edge.
    if (!this.#nodes.isNew(from) && !this.#nodes.isNew(to)) this.#writes.adjacency(from, "out");
    return this.#edges.find(from, to, type);
  }

  updateEdge(id: number, update: CheckedEdgeUpdate): EdgeRecord {
    this.detachIterators();
    const updated = this.#edges.updated(id, update);
    const record = this.#edges.record(id, updated, true);
    this.#writeEdge(id);
    this.operations.updateEdge(id, update);
    this.#edges.setState(id, updated);
    return record;
  }

  /** Tells that an edge of the held state is changed. */
  #writeEdge(id: number): void {
    if (!this.#edges.isNew(id)) this.#writes.edge(id);
  }

  deleteEdge(id: number): boolean {
    if (!this.#edges.exists(id)) return false;
    this.detachIterators();
    const deleted = this.#edges.deleted(id);
    this.#writeEdge(id);
    this.operations.deleteEdge(id);
    this.#edges.setState(id, deleted);
    return true;
  }

  setValue(key: Uint8Array, value: CheckedValue, _now: number, expiresAt: number | undefined): void {
    this.detachIterators();
    this.#writes.key(key);
    this.#values.set(key, this.operations.setValue(key, value, expiresAt));
  }

  deleteValue(key: Uint8Array, now: number): boolean {
    if (!this.#values.exists(key, now)) return false;
    this.detachIterators();
    this.#writes.key(key);
    this.operations.deleteValue(key);
    this.#values.delete(key);
    return true;
  }

  createVectorIndex(definition: VectorIndexDefinition): void {
    this.detachIterators();
    this.#writes.vectorIndex(definition.name);
    this.operations.createVectorIndex(definition);
    this.#vectors.create(definition);
  }

  dropVectorIndex({ definition: { name } }: StoredVectorIndex): void {
    this.detachIterators();
    this.#writes.vectorIndex(name);
    this.operations.dropVectorIndex(name);
    this.#vectors.drop(name);
  }

  setVector(index: StoredVectorIndex, nodeId: number, vector: Float32Array): void {
    this.detachIterators();
    this.#writeVector(index, nodeId);
    this.operations.setVector(index.definition.name, nodeId, vector);
    this.#vectors.set(index, nodeId, vector);
  }

  /** Tells that a vector of a node of the held state is changed, in an index that must still be there. */
  #writeVector({ definition: { name } }: StoredVectorIndex, nodeId: number): void {
    this.#writes.vectorIndex(name);
    if (!this.#nodes.isNew(nodeId)) this.#writes.vector(name, nodeId);
  }

  linkVectors(): number {
    throw new UnsupportedError(
      "link: a transaction of a graph with threads cannot link vectors; call graph.vectorIndex(name).link()",
      { code: "link-in-transaction" },
    );
  }

  deleteVector(index: StoredVectorIndex, nodeId: number): boolean {
    if (!this.#vectors.has(index, nodeId)) return false;
    this.detachIterators();
    this.#writeVector(index, nodeId);
    this.operations.deleteVector(index.definition.name, nodeId);
    this.#vectors.set(index, nodeId, undefined);
    return true;
  }
}
