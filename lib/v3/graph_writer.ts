/**
 * Changes of the graph within a transaction: each writes its log record and changes the trees. Replay of a log goes through
 * the same calls, which then write no record.
 */

import { createdAtOf, expiresAtOf, NEVER_EXPIRES, VALUE_HEAD_BYTES } from "../kv/mod.ts";
import { compareUtf8 } from "../backend/text_order.ts";
import { copyBytes } from "./copy_bytes.ts";
import { EDGE_DATA_OVERFLOW, EdgeReader, MAX_EDGE_HEAD, writeEdgeHead } from "./edge_record.ts";
import { expiryKey } from "./expiry_key.ts";
import type { LinkTree } from "./link_tree.ts";
import type { LinkTreeWriter } from "./link_tree_writer.ts";
import type { LogBuffer } from "./log_buffer.ts";
import { MAX_NAME_KEY, writeNameKey } from "./name_key.ts";
import { NODE_FLAG, type NodeParts, NodeReader, writeNodeHead, writeNodeRecord } from "./node_record.ts";
import { freeOverflow } from "./overflow.ts";
import type { Pager } from "./pager.ts";
import { PendingEdges, type PendingMark, PendingNames, PendingTerms } from "./pending.ts";
import { RECORD_TYPE } from "./record_type.ts";
import { inlineRecord, makeInline, visitRecordChain } from "./record_chain.ts";
import { type GraphState, KIND_ROLE, LABEL_ROLE, termOf } from "./state.ts";
import type { StringTable } from "./string_table.ts";
import { type VectorMark, VectorWriter } from "./vector_writer.ts";
import type { WriteTrees } from "./write_trees.ts";
import { writeVarint } from "./varint.ts";

/** An edge that a cascade deleted. */
export type DeletedEdge = (id: number, from: number, to: number) => void;

/** What a writer works on. */
export interface WriterParts {
  readonly pager: Pager;
  readonly trees: WriteTrees;
  readonly strings: StringTable;
  readonly buffer: LogBuffer;
  /** Memory that entries may take before they are merged into the trees. */
  readonly sortMemoryBytes: number;
}

/** Counts of a transaction, to go back to. */
export interface WriterMark {
  readonly nodeCount: number;
  readonly edgeCount: number;
  readonly keyCount: number;
  readonly nextString: number;
  readonly changes: number;
  readonly pendingEdges: PendingMark;
  readonly pendingTerms: PendingMark;
  readonly pendingNames: PendingMark;
  readonly vectors: VectorMark;
}

/** Changes of one database's newest state. */
export class GraphWriter {
  readonly #pager: Pager;
  readonly #trees: WriteTrees;
  readonly #strings: StringTable;
  readonly #buffer: LogBuffer;
  readonly #sortMemoryBytes: number;
  readonly #pendingEdges = new PendingEdges();
  readonly #pendingTerms = new PendingTerms();
  readonly #pendingNames = new PendingNames();
  /** Changes of vectors. */
  readonly vectors: VectorWriter;
  readonly #node: NodeReader;
  readonly #edge: EdgeReader;
  readonly #scratch = new Uint8Array(Math.max(MAX_EDGE_HEAD + 1024, MAX_NAME_KEY));
  #freeNext = 0;
  #freeNextBirth = 0;

  nodeCount = 0;
  edgeCount = 0;
  keyCount = 0;
  nextString = 1;
  nextNodeId = 1;
  nextEdgeId = 1;
  /** Records written so far in the running transaction. */
  changes = 0;
  /** Where the newest savepoint within the transaction began, if one is open. */
  newestSavepoint: WriterMark | undefined;
  /** Called after each record: it may be too much for the log. */
  onRecord: () => void = () => {};

  constructor({ pager, trees, strings, buffer, sortMemoryBytes }: WriterParts) {
    this.#pager = pager;
    this.#trees = trees;
    this.#strings = strings;
    this.#buffer = buffer;
    this.#sortMemoryBytes = sortMemoryBytes;
    this.#node = new NodeReader(pager, strings);
    this.#edge = new EdgeReader(pager, strings);
    this.vectors = new VectorWriter({ pager, trees, buffer, onChanged: () => this.#changed() });
  }

  /** Goes to a state: of the file, or of before a transaction. */
  reset(state: GraphState): void {
    this.nodeCount = state.nodeCount;
    this.edgeCount = state.edgeCount;
    this.keyCount = state.keyCount;
    this.nextString = state.nextString;
    this.changes = 0;
    this.newestSavepoint = undefined;
    this.vectors.reset();
    this.#dropPending();
  }

  /** Where the transaction stands. */
  mark(): WriterMark {
    const { nodeCount, edgeCount, keyCount, nextString, changes } = this;
    return {
      nodeCount,
      edgeCount,
      keyCount,
      nextString,
      changes,
      pendingEdges: this.#pendingEdges.mark(),
      pendingTerms: this.#pendingTerms.mark(),
      pendingNames: this.#pendingNames.mark(),
      vectors: this.vectors.mark(),
    };
  }

  /** Goes back to a mark; the trees are reset by the caller. */
  rollbackTo(mark: WriterMark): void {
    this.nodeCount = mark.nodeCount;
    this.edgeCount = mark.edgeCount;
    this.keyCount = mark.keyCount;
    this.nextString = mark.nextString;
    this.changes = mark.changes;
    this.#strings.rollbackTo(mark.nextString);
    this.#pendingEdges.rollbackTo(mark.pendingEdges);
    this.#pendingTerms.rollbackTo(mark.pendingTerms);
    this.#pendingNames.rollbackTo(mark.pendingNames);
    this.vectors.rollbackTo(mark.vectors);
  }

  #dropPending(): void {
    this.#pendingEdges.clear();
    this.#pendingTerms.clear();
    this.#pendingNames.clear();
  }

  /** Merges new edges into the adjacency trees: to be called before these are read. */
  flushEdges(): void {
    if (this.#pendingEdges.count === 0) return;
    this.#pendingEdges.flush(this.#trees.outgoing, this.#trees.incoming, this.newestSavepoint?.pendingEdges);
  }

  /** Merges new nodes into the kind, label and name indexes: to be called before these are read. */
  flushIndexes(): void {
    const savepoint = this.newestSavepoint;
    if (this.#pendingTerms.count > 0) this.#pendingTerms.flush(this.#trees.terms, savepoint?.pendingTerms);
    if (this.#pendingNames.count > 0) this.#pendingNames.flush(this.#trees.names, savepoint?.pendingNames);
  }

  /** Merges everything that waits. */
  flush(): void {
    this.#flushGraph();
    this.vectors.flush();
  }

  #flushGraph(): void {
    this.flushEdges();
    this.flushIndexes();
    // What savepoints that have ended kept is of no use any more.
    if (this.newestSavepoint === undefined) this.#dropPending();
  }

  /** Every change ends here. */
  #changed(): void {
    this.changes++;
    if (
      this.#pendingEdges.sizeBytes + this.#pendingTerms.sizeBytes + this.#pendingNames.sizeBytes > this.#sortMemoryBytes
    ) this.flush();
    this.onRecord();
  }

  /** Number of a text, which is stored when it is new. */
  intern(text: string): number {
    const known = this.#strings.number(text);
    if (known !== undefined) return known;
    const number = this.nextString;
    const buffer = this.#buffer;
    buffer.begin(RECORD_TYPE.StringInsert);
    buffer.writeVarint(number);
    buffer.writeUtf8(text);
    buffer.end();
    this.putString(number, text);
    return number;
  }

  /** Stores a text under its number. */
  putString(number: number, text: string): void {
    this.#strings.add(this.#pager, this.#trees, number, text);
    this.nextString = number + 1;
    this.#changed();
  }

  /** String numbers in the byte order of their texts. */
  sortLabels(labels: number[]): number[] {
    return labels.length < 2
      ? labels
      : labels.sort((one, other) => compareUtf8(this.#strings.text(one), this.#strings.text(other)));
  }

  /** Inserts a node under an id that has none. `node` names kind and labels by their numbers. */
  insertNode(id: number, node: NodeParts, dataText: string): void {
    const buffer = this.#buffer;
    buffer.begin(RECORD_TYPE.NodeInsert);
    buffer.writeVarint(id);
    const start = buffer.at;
    const dataAt = writeNodeRecord(buffer, node, dataText);
    this.#putNewNode(id, buffer.bytes, start, dataAt, buffer.at);
    buffer.end();
    this.#changed();
  }

  /** Inserts the node of a log record. */
  replayNode(id: number, bytes: Uint8Array, start: number, end: number): void {
    this.#putNewNode(id, bytes, start, this.#dataStart(bytes, start, end), end);
    this.#changed();
  }

  /** Where the data of a plain record begins. */
  #dataStart(bytes: Uint8Array, start: number, end: number): number {
    this.#node.open(bytes, start, end);
    const at = this.#node.dataAt();
    if (at < 0) throw new RangeError("a record of a node names a chain of pages");
    return at;
  }

  #putNewNode(id: number, bytes: Uint8Array, start: number, dataAt: number, end: number): void {
    this.#putNodeRecord(id, bytes, start, dataAt, end);
    this.#indexNode(id, bytes, start, end);
    this.nodeCount++;
    if (id >= this.nextNodeId) this.nextNodeId = id + 1;
  }

  #putNodeRecord(id: number, bytes: Uint8Array, start: number, dataAt: number, end: number): void {
    makeInline(this.#pager, bytes, start, dataAt, end, NODE_FLAG.dataOverflow, NODE_FLAG.overflow);
    this.#trees.nodes.put(id, inlineRecord.bytes, inlineRecord.at, inlineRecord.end);
  }

  /** Adds a plain record's kind, labels and name to the indexes. */
  #indexNode(id: number, bytes: Uint8Array, start: number, end: number): void {
    const node = this.#node;
    node.open(bytes, start, end);
    this.#pendingTerms.add(termOf(node.kind, KIND_ROLE), id);
    this.#pendingNames.add(bytes, node.nameAt, node.nameEnd, node.kind, id);
    if (((bytes[start] as number) & NODE_FLAG.labels) === 0) return;
    for (const label of node.labels()) this.#pendingTerms.add(termOf(label, LABEL_ROLE), id);
  }

  /** Positions the reader on a stored node, which exists. */
  #openNode(id: number): NodeReader {
    const { nodes } = this.#trees;
    if (!nodes.find(id)) throw new RangeError(`node ${id} is missing`);
    this.#node.open(this.#pager.bytes, nodes.at, nodes.end);
    return this.#node;
  }

  /** The parts of a stored node. */
  nodeParts(id: number): NodeParts {
    const node = this.#openNode(id);
    return { kind: node.kind, name: node.name(), filePath: node.filePath(), labels: node.labels() };
  }

  /** Replaces an existing node; without `dataText` its data stays. */
  updateNode(id: number, parts: NodeParts, dataText: string | undefined): void {
    const buffer = this.#buffer;
    // A copy: the page that it lies in may change before it is written.
    const oldData = dataText === undefined ? this.#openNode(id).dataBytes().slice() : undefined;
    buffer.begin(RECORD_TYPE.NodeUpdate);
    buffer.writeVarint(id);
    const start = buffer.at;
    let dataAt: number;
    if (oldData === undefined) dataAt = writeNodeRecord(buffer, parts, dataText as string);
    else {
      writeNodeHead(buffer, parts);
      dataAt = buffer.at;
      buffer.writeBytes(oldData);
    }
    this.#replaceNode(id, buffer.bytes, start, dataAt, buffer.at);
    buffer.end();
    this.#changed();
  }

  /** Replaces a node by that of a log record. */
  replayNodeUpdate(id: number, bytes: Uint8Array, start: number, end: number): void {
    this.#replaceNode(id, bytes, start, this.#dataStart(bytes, start, end), end);
    this.#changed();
  }

  #replaceNode(id: number, bytes: Uint8Array, start: number, dataAt: number, end: number): void {
    this.flushIndexes();
    this.#unindexNode(id);
    this.#freeNodeChain(id);
    this.#putNodeRecord(id, bytes, start, dataAt, end);
    this.#indexNode(id, bytes, start, end);
  }

  /** Removes an existing node from the indexes, which hold nothing that waits. */
  #unindexNode(id: number): void {
    const node = this.#openNode(id);
    const { kind } = node;
    const key = this.#scratch;
    const end = writeNameKey(key, 0, node.bytes, node.nameAt, node.nameEnd, kind, id);
    const labels = node.labels();
    this.#trees.names.delete(key.slice(0, end));
    this.#trees.terms.delete(termOf(kind, KIND_ROLE), id, 0);
    for (const label of labels) this.#trees.terms.delete(termOf(label, LABEL_ROLE), id, 0);
  }

  readonly #rememberChain = (pageId: number, birth: number): void => {
    this.#freeNext = pageId;
    this.#freeNextBirth = birth;
  };

  #freeNodeChain(id: number): void {
    const { nodes } = this.#trees;
    if (!nodes.find(id)) return;
    this.#freeChain(nodes.at, nodes.end, NODE_FLAG.dataOverflow | NODE_FLAG.overflow);
  }

  #freeChain(at: number, end: number, flags: number): void {
    this.#freeNext = 0;
    visitRecordChain(this.#pager.bytes, at, end, flags, this.#rememberChain);
    if (this.#freeNext !== 0) freeOverflow(this.#pager, this.#freeNext, this.#freeNextBirth);
  }

  /** Deletes an existing node, its vectors and all its edges, which are told first, ascending. */
  deleteNode(id: number, onEdge: DeletedEdge): void {
    this.#flushGraph();
    this.#deleteEdgesOf(id, onEdge);
    this.vectors.deleteNode(id);
    this.#unindexNode(id);
    this.#freeNodeChain(id);
    this.#trees.nodes.delete(id);
    this.nodeCount--;
    const buffer = this.#buffer;
    buffer.begin(RECORD_TYPE.NodeDelete);
    buffer.writeVarint(id);
    buffer.end();
    this.#changed();
  }

  /** Deletes the edges of a node, a part at a time: a node may have more of them than memory. */
  #deleteEdgesOf(id: number, onEdge: DeletedEdge): void {
    const { outgoing, incoming } = this.#trees;
    for (let isLast = false; !isLast;) {
      const out = this.#linksOf(outgoing, id, 0);
      // A self-loop lies in both; it is deleted with those that leave.
      const into = out.edge.length < CASCADE_PART ? this.#linksOf(incoming, id, id) : NO_LINKS;
      isLast = out.edge.length < CASCADE_PART && into.edge.length < CASCADE_PART;
      deleteLinks(outgoing, incoming, id, out);
      deleteLinks(incoming, outgoing, id, into);
      const order = Array.from(out.edge, (edge, at) => [edge, id, out.neighbor[at] as number] as const);
      into.edge.forEach((edge, at) => order.push([edge, into.neighbor[at] as number, id]));
      order.sort((one, other) => one[0] - other[0]);
      for (const [edge, from, to] of order) {
        this.#freeEdgeChain(edge);
        this.#trees.edges.delete(edge);
        this.edgeCount--;
        onEdge(edge, from, to);
      }
    }
  }

  /** Links of a node in order, at most `CASCADE_PART`, without those to `skip`. */
  #linksOf(tree: LinkTree, id: number, skip: number): Links {
    const links: Links = { neighbor: [], edge: [] };
    for (tree.open(id); tree.nextRun();) {
      for (let at = tree.start; at < tree.end; at++) {
        if (links.edge.length === CASCADE_PART) return links;
        const neighbor = tree.b(at);
        if (neighbor === skip) continue;
        links.neighbor.push(neighbor);
        links.edge.push(tree.c(at));
      }
    }
    return links;
  }

  /** Adds a label that an existing node does not have, or removes one that it has. */
  setLabel(id: number, label: number, isAdded: boolean): void {
    const buffer = this.#buffer;
    const parts = this.nodeParts(id);
    const labels = isAdded
      ? this.sortLabels([...parts.labels, label])
      : parts.labels.filter((other) => other !== label);
    const data = this.#openNode(id).dataBytes().slice();
    buffer.begin(isAdded ? RECORD_TYPE.LabelAdd : RECORD_TYPE.LabelRemove);
    buffer.writeVarint(id);
    buffer.writeVarint(label);
    buffer.end();
    const mark = buffer.mark();
    buffer.begin(RECORD_TYPE.NodeUpdate);
    const start = buffer.at;
    writeNodeHead(buffer, { ...parts, labels });
    const dataAt = buffer.at;
    buffer.writeBytes(data);
    this.#freeNodeChain(id);
    this.#putNodeRecord(id, buffer.bytes, start, dataAt, buffer.at);
    buffer.rollbackTo(mark);
    this.flushIndexes();
    if (isAdded) this.#trees.terms.insert(termOf(label, LABEL_ROLE), id, 0, 0);
    else this.#trees.terms.delete(termOf(label, LABEL_ROLE), id, 0);
    this.#changed();
  }

  /** Inserts an edge under an id that has none, between existing nodes. */
  insertEdge(id: number, from: number, to: number, type: number, dataText: string): void {
    const buffer = this.#buffer;
    buffer.begin(RECORD_TYPE.EdgeInsert);
    const dataAt = this.#writeEdgeFields(id, from, to, type);
    if (dataText !== "{}") buffer.writeUtf8(dataText);
    const end = buffer.at;
    buffer.end();
    this.replayEdge(id, from, to, type, buffer.bytes, dataAt, end);
  }

  #writeEdgeFields(id: number, from: number, to: number, type: number): number {
    const buffer = this.#buffer;
    buffer.reserve(4 * 8);
    let { at } = buffer;
    at = writeVarint(buffer.bytes, at, id);
    at = writeVarint(buffer.bytes, at, from);
    at = writeVarint(buffer.bytes, at, to);
    at = writeVarint(buffer.bytes, at, type);
    buffer.at = at;
    return at;
  }

  /** Inserts the edge of a log record: its data is the bytes between two positions. */
  replayEdge(id: number, from: number, to: number, type: number, bytes: Uint8Array, dataAt: number, end: number): void {
    this.#putEdgeRecord(id, from, to, type, bytes, dataAt, end);
    this.#pendingEdges.add(from, to, id, type);
    this.edgeCount++;
    if (id >= this.nextEdgeId) this.nextEdgeId = id + 1;
    this.#changed();
  }

  #putEdgeRecord(
    id: number,
    from: number,
    to: number,
    type: number,
    bytes: Uint8Array,
    dataAt: number,
    end: number,
  ): void {
    const length = end - dataAt;
    let record = this.#scratch;
    if (MAX_EDGE_HEAD + length > record.length) record = new Uint8Array(MAX_EDGE_HEAD + length);
    const headEnd = writeEdgeHead(record, 0, type, from, to);
    copyBytes(bytes, dataAt, end, record, headEnd);
    makeInline(this.#pager, record, 0, headEnd, headEnd + length, EDGE_DATA_OVERFLOW, EDGE_DATA_OVERFLOW);
    this.#trees.edges.put(id, inlineRecord.bytes, inlineRecord.at, inlineRecord.end);
  }

  #openEdge(id: number): EdgeReader {
    const { edges } = this.#trees;
    if (!edges.find(id)) throw new RangeError(`edge ${id} is missing`);
    this.#edge.open(this.#pager.bytes, edges.at, edges.end);
    return this.#edge;
  }

  #freeEdgeChain(id: number): void {
    const { edges } = this.#trees;
    if (edges.find(id)) this.#freeChain(edges.at, edges.end, EDGE_DATA_OVERFLOW);
  }

  /** Replaces type and data of an existing edge; without `dataText` its data stays. */
  updateEdge(id: number, type: number, dataText: string | undefined): void {
    const buffer = this.#buffer;
    const oldData = dataText === undefined ? this.#openEdge(id).dataBytes().slice() : undefined;
    buffer.begin(RECORD_TYPE.EdgeUpdate);
    buffer.writeVarint(id);
    buffer.writeVarint(type);
    const dataAt = buffer.at;
    if (oldData !== undefined) buffer.writeBytes(oldData);
    else if (dataText !== "{}") buffer.writeUtf8(dataText as string);
    const end = buffer.at;
    buffer.end();
    this.replayEdgeUpdate(id, type, buffer.bytes, dataAt, end);
  }

  /** Replaces type and data of an edge by those of a log record. */
  replayEdgeUpdate(id: number, type: number, bytes: Uint8Array, dataAt: number, end: number): void {
    const { from, to, type: oldType } = this.#openEdge(id);
    if (type !== oldType) {
      this.flushEdges();
      this.#trees.outgoing.setType(from, to, id, type);
      this.#trees.incoming.setType(to, from, id, type);
    }
    this.#freeEdgeChain(id);
    this.#putEdgeRecord(id, from, to, type, bytes, dataAt, end);
    this.#changed();
  }

  /** Deletes an existing edge. */
  deleteEdge(id: number): void {
    this.flushEdges();
    const { from, to } = this.#openEdge(id);
    this.#trees.outgoing.delete(from, to, id);
    this.#trees.incoming.delete(to, from, id);
    this.#freeEdgeChain(id);
    this.#trees.edges.delete(id);
    this.edgeCount--;
    const buffer = this.#buffer;
    buffer.begin(RECORD_TYPE.EdgeDelete);
    buffer.writeVarint(id);
    buffer.end();
    this.#changed();
  }

  /** Head of the stored record of a key (type, times, version), or undefined. */
  valueHead(key: Uint8Array): Uint8Array | undefined {
    return this.#trees.keyValues.getHead(key);
  }

  /** When the stored value of a key came to be, or undefined. */
  createdAt(key: Uint8Array): number | undefined {
    const head = this.valueHead(key);
    return head === undefined ? undefined : createdAtOf(head);
  }

  /** Stores the record of a key. */
  setValue(key: Uint8Array, record: Uint8Array): void {
    const buffer = this.#buffer;
    buffer.begin(RECORD_TYPE.KvSet);
    buffer.writeVarint(key.length);
    buffer.writeBytes(key);
    buffer.writeBytes(record);
    buffer.end();
    this.replayValue(key, record);
  }

  /** Stores the record of a log record. */
  replayValue(key: Uint8Array, record: Uint8Array): void {
    const { keyValues, expiries } = this.#trees;
    const old = keyValues.getHead(key);
    const oldExpiry = old === undefined ? NEVER_EXPIRES : expiresAtOf(old);
    const expiry = expiresAtOf(record.subarray(0, VALUE_HEAD_BYTES));
    if (oldExpiry !== expiry) {
      if (oldExpiry !== NEVER_EXPIRES) expiries.delete(expiryKey(oldExpiry, key));
      if (expiry !== NEVER_EXPIRES) expiries.put(expiryKey(expiry, key), NO_VALUE);
    }
    if (keyValues.put(key, record)) this.keyCount++;
    this.#changed();
  }

  /** Removes an existing key. */
  deleteValue(key: Uint8Array, isExpiry: boolean): void {
    const buffer = this.#buffer;
    buffer.begin(RECORD_TYPE.KvDelete);
    buffer.reserve(1);
    buffer.bytes[buffer.at++] = isExpiry ? 1 : 0;
    buffer.writeBytes(key);
    buffer.end();
    this.replayDeletedValue(key);
  }

  /** Removes the key of a log record. */
  replayDeletedValue(key: Uint8Array): void {
    const { keyValues, expiries } = this.#trees;
    const old = keyValues.getHead(key);
    const oldExpiry = old === undefined ? NEVER_EXPIRES : expiresAtOf(old);
    if (oldExpiry !== NEVER_EXPIRES) expiries.delete(expiryKey(oldExpiry, key));
    if (keyValues.delete(key)) this.keyCount--;
    this.#changed();
  }

  /** Removes every node, edge, key and vector index. Strings and ids stay given. */
  clear(): void {
    const { nodes, edges, outgoing, incoming, terms, names, keyValues, expiries } = this.#trees;
    this.#dropPending();
    nodes.clear();
    edges.clear();
    for (const tree of [outgoing, incoming, terms, names, keyValues, expiries]) tree.clear();
    this.vectors.clear();
    this.nodeCount = this.edgeCount = this.keyCount = 0;
    this.#changed();
  }
}

const NO_VALUE = new Uint8Array(0);

/** Edges that a cascade deletes at once. */
const CASCADE_PART = 65_536;

/** Neighbours and edges of one node, by neighbour, then edge. */
interface Links {
  readonly neighbor: number[];
  readonly edge: number[];
}

const NO_LINKS: Links = { neighbor: [], edge: [] };

/** Deletes links of a node in one direction and their counterparts in the other. */
function deleteLinks(tree: LinkTreeWriter, opposite: LinkTreeWriter, id: number, { neighbor, edge }: Links): void {
  const count = edge.length;
  const ids = new Float64Array(count).fill(id);
  const neighbors = Float64Array.from(neighbor);
  const edges = Float64Array.from(edge);
  tree.deleteSorted(ids, neighbors, edges, count);
  opposite.deleteSorted(neighbors, ids, edges, count);
}
