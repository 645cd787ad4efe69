/** Reads and writes of the running transaction: `WriteStore` over the engine's trees. */

import type { CheckedEdge, CheckedEdgeUpdate, CheckedNode, CheckedNodeUpdate } from "../backend/record_input.ts";
import type { EdgeRecord, NodeRecord } from "../backend/schema.ts";
import type { WriteStore } from "../backend/store.ts";
import type { CheckedValue } from "../backend/value_input.ts";
import type { VectorIndexStats, VectorMatch } from "../backend/vector.ts";
import type { CheckedVectorSearch, VectorIndexDefinition } from "../backend/vector_input.ts";
import type { StoredVectorIndex } from "../backend/vector_store.ts";
import { storedStats } from "../vector/stored_stats.ts";
import { searchChanged } from "../vector/vector_changes.ts";
import { encodeValue, encodeValueRecord, NEVER_EXPIRES } from "../kv/mod.ts";
import type { Engine } from "./engine.ts";
import type { GraphWriter } from "./graph_writer.ts";
import { findNode } from "./node_page.ts";
import { NodeReader } from "./node_record.ts";
import { V3ReadStore } from "./read_store.ts";
import { VectorLinkWriter } from "./vector_links.ts";
import { searchStored } from "./vector_reader.ts";

/** Who is told of changes. */
export interface ChangeNotes {
  /** Notes that a node changed. */
  noteNode(operation: "insert" | "update" | "delete", id: number): void;
  /** Notes that an edge changed. */
  noteEdge(operation: "insert" | "update" | "delete", id: number, from: number, to: number): void;
  /** Notes that a key changed. */
  noteKey(operation: "insert" | "update" | "delete" | "expire", key: Uint8Array): void;
}

/** Writes of one database. */
export class V3WriteStore extends V3ReadStore implements WriteStore {
  readonly #engine: Engine;
  readonly #writer: GraphWriter;
  readonly #notes: ChangeNotes;
  readonly #found: NodeReader;
  /** Nodes that the running transaction inserted without a gap: their existence needs no look into the tree. */
  #firstNewNode = 0;
  #lastNewNode = -1;

  constructor(engine: Engine, notes: ChangeNotes) {
    super(
      {
        pages: engine.pager,
        trees: engine.trees,
        strings: engine.strings,
        counts: engine.writer,
        vectors: { find: (index, lsn, isOneSearch) => engine.vectors?.find(index, lsn, isOneSearch) },
      },
      () => engine.state.lsn,
    );
    this.#engine = engine;
    this.#writer = engine.writer;
    this.#notes = notes;
    this.#found = new NodeReader(engine.pager, engine.strings);
  }

  protected override prepareEdges(): void {
    this.#writer.flushEdges();
  }

  protected override prepareIndexes(): void {
    this.#writer.flushIndexes();
  }

  /** Forgets what it knows of the running transaction: it ended, or a part was rolled back. */
  forget(): void {
    this.#lastNewNode = -1;
  }

  override nodeExists(id: number): boolean {
    return (id >= this.#firstNewNode && id <= this.#lastNewNode) || super.nodeExists(id);
  }

  #nextNodeId(): number {
    const id = this.#writer.nextNodeId;
    this.#engine.reserveIds(id, this.#writer.nextEdgeId);
    return id;
  }

  insertNode(node: CheckedNode): number {
    const writer = this.#writer;
    const id = this.#nextNodeId();
    this.putNode(id, node);
    writer.nextNodeId = id + 1;
    return id;
  }

  /** Inserts a node with its own id, which no node has. */
  putNode(id: number, { kind, name, filePath, labels, data }: CheckedNode): void {
    const writer = this.#writer;
    const parts = {
      kind: writer.intern(kind),
      name,
      filePath: filePath ?? undefined,
      labels: labels.length === 0 ? NO_LABELS : writer.sortLabels(labels.map((label) => writer.intern(label))),
    };
    writer.insertNode(id, parts, data);
    if (id !== this.#lastNewNode + 1) this.#firstNewNode = id;
    this.#lastNewNode = id;
    this.#notes.noteNode("insert", id);
  }

  findNode(kind: string, name: string): number | undefined {
    this.prepareIndexes();
    return findNode(this.parts, this.#found, kind, name);
  }

  updateNode(id: number, { kind, name, filePath, data }: CheckedNodeUpdate): NodeRecord {
    const writer = this.#writer;
    const old = writer.nodeParts(id);
    const newKind = kind === undefined ? old.kind : writer.intern(kind);
    writer.updateNode(id, {
      kind: newKind,
      name: name ?? old.name,
      filePath: filePath === undefined ? old.filePath : filePath ?? undefined,
      labels: old.labels.filter((label) => label !== newKind),
    }, data);
    this.#notes.noteNode("update", id);
    return this.readNode(id, true) as NodeRecord;
  }

  deleteNode(id: number): boolean {
    if (!this.nodeExists(id)) return false;
    this.#lastNewNode = -1;
    this.#writer.deleteNode(id, (edge, from, to) => this.#notes.noteEdge("delete", edge, from, to));
    this.#notes.noteNode("delete", id);
    return true;
  }

  addLabel(id: number, label: string): boolean {
    const writer = this.#writer;
    const { kind, labels } = writer.nodeParts(id);
    const known = this.#engine.strings.number(label);
    if (known !== undefined && (kind === known || labels.includes(known))) return false;
    writer.setLabel(id, writer.intern(label), true);
    this.#notes.noteNode("update", id);
    return true;
  }

  removeLabel(id: number, label: string): boolean {
    const writer = this.#writer;
    const number = this.#engine.strings.number(label);
    if (number === undefined || !writer.nodeParts(id).labels.includes(number)) return false;
    writer.setLabel(id, number, false);
    this.#notes.noteNode("update", id);
    return true;
  }

  insertEdge(edge: CheckedEdge): number {
    const writer = this.#writer;
    const id = writer.nextEdgeId;
    this.#engine.reserveIds(writer.nextNodeId, id);
    this.putEdge(id, edge);
    writer.nextEdgeId = id + 1;
    return id;
  }

  /** Inserts an edge with its own id, which no edge has. */
  putEdge(id: number, { from, to, type, data }: CheckedEdge): void {
    this.#writer.insertEdge(id, from, to, this.#writer.intern(type), data);
    this.#notes.noteEdge("insert", id, from, to);
  }

  updateEdge(id: number, { type, data }: CheckedEdgeUpdate): EdgeRecord {
    const writer = this.#writer;
    const old = this.readEdge(id, false) as EdgeRecord;
    writer.updateEdge(id, writer.intern(type ?? old.type), data);
    this.#notes.noteEdge("update", id, old.from, old.to);
    return this.readEdge(id, true) as EdgeRecord;
  }

  deleteEdge(id: number): boolean {
    const edge = this.readEdge(id, false);
    if (edge === undefined) return false;
    this.#writer.deleteEdge(id);
    this.#notes.noteEdge("delete", id, edge.from, edge.to);
    return true;
  }

  setValue(key: Uint8Array, value: CheckedValue, now: number, expiresAt: number | undefined): void {
    const exists = this.keyExists(key, now);
    const created = exists ? this.#writer.createdAt(key) ?? now : now;
    // An expiry of 0 would mean never.
    const expiry = expiresAt === undefined ? NEVER_EXPIRES : Math.max(1, expiresAt);
    this.#writer.setValue(key, encodeValueRecord(encodeValue(value), created, now, expiry, this.#engine.nextLsn));
    this.#notes.noteKey(exists ? "update" : "insert", key);
  }

  deleteValue(key: Uint8Array, now: number): boolean {
    if (!this.keyExists(key, now)) return false;
    this.#writer.deleteValue(key, false);
    this.#notes.noteKey("delete", key);
    return true;
  }

  override vectorIndexes(): readonly StoredVectorIndex[] {
    return this.#writer.vectors.indexes();
  }

  override vectorIndex(name: string): StoredVectorIndex | undefined {
    return this.#writer.vectors.index(name);
  }

  override searchVectors(index: StoredVectorIndex, search: CheckedVectorSearch): VectorMatch[] {
    const { journal } = this.#writer.vectors;
    if (journal.isNew(index.number)) return searchStored(this, index, search);
    return searchChanged(
      journal.vectors.of(index.number),
      index.definition.metric,
      search,
      (below) => super.searchVectors(index, below),
      (all) => searchStored(this, index, all),
    );
  }

  /** The running transaction may have taken it away: then the match is not used. */
  protected override measuredVector(
    index: StoredVectorIndex,
    nodeId: number,
    { query }: CheckedVectorSearch,
  ): Float32Array {
    return this.readVector(index, nodeId) ?? query;
  }

  override vectorStats(index: StoredVectorIndex): VectorIndexStats {
    return this.#writer.vectors.journal.isNew(index.number) ? storedStats(index) : super.vectorStats(index);
  }

  createVectorIndex(definition: VectorIndexDefinition): void {
    this.#writer.vectors.createIndex(definition);
  }

  dropVectorIndex({ number }: StoredVectorIndex): void {
    this.#writer.vectors.dropIndex(number);
  }

  setVector(index: StoredVectorIndex, nodeId: number, vector: Float32Array): void {
    this.#writer.vectors.setVector(index, nodeId, vector, this.#engine.nextLsn);
    this.#notes.noteNode("update", nodeId);
  }

  deleteVector(index: StoredVectorIndex, nodeId: number): boolean {
    if (!this.#writer.vectors.deleteVector(index, nodeId)) return false;
    this.#notes.noteNode("update", nodeId);
    return true;
  }

  linkVectors(index: StoredVectorIndex, limit: number): number {
    const { vectors } = this.#engine;
    if (vectors === undefined || this.#writer.vectors.journal.isNew(index.number)) return 0;
    return vectors.link(index, limit);
  }

  /** Changes link records. There are no log records of them: the transaction commits by a checkpoint. */
  writeVectorLinks(write: (links: VectorLinkWriter) => void): void {
    const { trees } = this.#engine;
    const links = new VectorLinkWriter(() => trees.vectorLinks);
    write(links);
    links.flush();
    this.#writer.vectors.noteLinks();
    this.#engine.commitWithoutLog();
  }

  /** Removes every node, edge, key and vector index, without telling of them. */
  clear(): void {
    this.#lastNewNode = -1;
    this.#writer.clear();
  }

  /** Removes a key that has expired. */
  expireValue(key: Uint8Array): void {
    this.#writer.deleteValue(key, true);
    this.#notes.noteKey("expire", key);
  }
}

const NO_LABELS: readonly number[] = [];
