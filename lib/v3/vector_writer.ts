/**
 * Changes of vectors and their indexes within a transaction: each writes its log record and changes the trees. Replay of a log
 * goes through the same calls.
 */

import type { VectorIndexDefinition } from "../backend/vector_input.ts";
import type { StoredVectorIndex } from "../backend/vector_store.ts";
import { MAX_INLINE_VALUE } from "./byte_cell.ts";
import { ByteCursor } from "./byte_cursor.ts";
import type { ByteTreeWriter } from "./byte_writer.ts";
import { copyBytes } from "./copy_bytes.ts";
import type { LogBuffer } from "./log_buffer.ts";
import type { Pager } from "./pager.ts";
import { RECORD_TYPE } from "./record_type.ts";
import {
  decodeNextIndex,
  decodeVectorIndex,
  encodeNextIndex,
  encodeVectorIndex,
  indexKey,
  NEXT_INDEX_KEY,
} from "./vector_index_record.ts";
import { VectorIndexes } from "./vector_indexes.ts";
import { VectorJournal, type VectorJournalMark } from "./vector_journal.ts";
import {
  indexOfKey,
  linkKey,
  VECTOR_HEAD_SIZE,
  VECTOR_KEY_SIZE,
  vectorBytes,
  vectorKey,
  type VectorParts,
  vectorParts,
  writeVectorKey,
} from "./vector_key.ts";
import type { WriteTrees } from "./write_trees.ts";

/** What it works on. */
export interface VectorWriterParts {
  readonly pager: Pager;
  readonly trees: WriteTrees;
  readonly buffer: LogBuffer;
  /** Called after each change. */
  readonly onChanged: () => void;
}

/** Where a transaction stands. */
export interface VectorMark {
  /** Numbers of vectors that are not in the tree of indexes yet. */
  readonly counts: ReadonlyMap<number, number>;
  readonly journal: VectorJournalMark;
}

const NO_COUNTS: ReadonlyMap<number, number> = new Map();
const NO_BYTES = new Uint8Array(0);

/** Changes of the vectors of one database's newest state. */
export class VectorWriter {
  /** What the running transaction changed, when somebody wants to know. */
  readonly journal: VectorJournal = new VectorJournal();
  readonly #trees: WriteTrees;
  readonly #buffer: LogBuffer;
  readonly #onChanged: () => void;
  readonly #indexes: VectorIndexes;
  /** Numbers of vectors by index, where the tree of indexes has others. */
  #counts = new Map<number, number>();
  readonly #parts = new Map<number, VectorParts>();
  readonly #key = new Uint8Array(VECTOR_KEY_SIZE);
  readonly #value = new Uint8Array(MAX_INLINE_VALUE);

  constructor({ pager, trees, buffer, onChanged }: VectorWriterParts) {
    this.#trees = trees;
    this.#buffer = buffer;
    this.#onChanged = onChanged;
    this.#indexes = new VectorIndexes(pager, trees);
  }

  /** Goes to a state. */
  reset(): void {
    this.#counts.clear();
    this.journal.clear();
  }

  /** Where the transaction stands. */
  mark(): VectorMark {
    return { counts: this.#counts.size === 0 ? NO_COUNTS : new Map(this.#counts), journal: this.journal.mark() };
  }

  /** Goes back to a mark; the trees are reset by the caller. */
  rollbackTo({ counts, journal }: VectorMark): void {
    if (this.#counts.size > 0 || counts.size > 0) this.#counts = new Map(counts);
    this.journal.rollbackTo(journal);
  }

  /** Puts the numbers of vectors into the tree of indexes: to be called before its root is taken. */
  flush(): void {
    if (this.#counts.size === 0) return;
    const changed = this.#indexes.all().filter(({ number }) => this.#counts.has(number));
    for (const index of changed) {
      const count = this.count(index);
      if (count === index.count) continue;
      this.#trees.vectorIndexes.put(indexKey(index.definition.name), encodeVectorIndex({ ...index, count }));
    }
    this.#counts.clear();
  }

  /** Number of vectors of an index. */
  count({ number, count }: StoredVectorIndex): number {
    return this.#counts.get(number) ?? count;
  }

  /** The index with a name, with its present number of vectors. Hot. */
  index(name: string): StoredVectorIndex | undefined {
    const index = this.#indexes.get(name);
    return index === undefined ? undefined : this.#withCount(index);
  }

  /** All indexes, by name. */
  indexes(): readonly StoredVectorIndex[] {
    const all = this.#indexes.all();
    return this.#counts.size === 0 ? all : all.map((index) => this.#withCount(index));
  }

  #withCount(index: StoredVectorIndex): StoredVectorIndex {
    const count = this.count(index);
    return count === index.count ? index : { ...index, count };
  }

  /** Makes an index under a name that none has. */
  createIndex(definition: VectorIndexDefinition): void {
    const number = decodeNextIndex(this.#trees.vectorIndexes.get(NEXT_INDEX_KEY));
    const record = encodeVectorIndex({ definition, number, count: 0 });
    const buffer = this.#buffer;
    buffer.begin(RECORD_TYPE.VectorIndexCreate);
    buffer.writeText(definition.name);
    buffer.writeBytes(record);
    buffer.end();
    this.replayIndex(indexKey(definition.name), record);
  }

  /** Makes the index of a log record. */
  replayIndex(key: Uint8Array, record: Uint8Array): void {
    const tree = this.#trees.vectorIndexes;
    const index = decodeVectorIndex(key, record);
    if (!tree.put(key, record)) throw new RangeError(`vector index ${index.definition.name} is there already`);
    this.raiseNextIndex(index.number + 1);
    this.journal.created(index);
    this.#onChanged();
  }

  /** Keeps numbers below this one from being given again. */
  raiseNextIndex(next: number): void {
    const tree = this.#trees.vectorIndexes;
    if (next > decodeNextIndex(tree.get(NEXT_INDEX_KEY))) tree.put(NEXT_INDEX_KEY, encodeNextIndex(next));
  }

  /** Removes an index and its vectors. */
  dropIndex(number: number): void {
    const index = this.#require(number);
    const { vectorIndexes, vectors, vectorLinks } = this.#trees;
    vectorIndexes.delete(indexKey(index.definition.name));
    deleteIndexed(vectors, number, vectorKey(number, 0, 0));
    deleteIndexed(vectorLinks, number, linkKey(number, 0));
    this.#counts.delete(number);
    this.journal.dropped(number);
    const buffer = this.#buffer;
    buffer.begin(RECORD_TYPE.VectorIndexDrop);
    buffer.writeVarint(number);
    buffer.end();
    this.#onChanged();
  }

  /** Gives an existing node a vector. `vector` is kept by the journal. Hot. */
  setVector(index: StoredVectorIndex, nodeId: number, vector: Float32Array, lsn: number): void {
    const buffer = this.#buffer;
    const bytes = new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);
    buffer.begin(RECORD_TYPE.VectorSet);
    buffer.writeVarint(index.number);
    buffer.writeVarint(nodeId);
    buffer.writeBytes(bytes);
    buffer.end();
    this.#put(index, nodeId, bytes, 0, lsn);
    this.journal.changed(index.number, nodeId, vector);
    this.#onChanged();
  }

  /** Gives a node the vector of a log record: the bytes between two positions. */
  replayVector(number: number, nodeId: number, bytes: Uint8Array, at: number, end: number, lsn: number): void {
    const index = this.#require(number);
    if (end - at !== 4 * index.definition.dimension || !this.#trees.nodes.find(nodeId)) {
      throw new RangeError(`a vector of node ${nodeId} does not fit index ${index.definition.name}`);
    }
    this.#put(index, nodeId, bytes, at, lsn);
    this.#onChanged();
  }

  #put(index: StoredVectorIndex, nodeId: number, bytes: Uint8Array, at: number, lsn: number): void {
    const { number, definition: { dimension } } = index;
    const { count, size } = this.#partsOf(dimension);
    const tree = this.#trees.vectors;
    const key = this.#key;
    const value = this.#value;
    let isNew = false;
    let rest = vectorBytes(dimension);
    for (let part = 0; part < count; part++) {
      const length = Math.min(size, rest);
      let start = 0;
      if (part === 0) {
        writeFloat64(value, lsn);
        start = VECTOR_HEAD_SIZE;
      }
      copyBytes(bytes, at, at + length - start, value, start);
      at += length - start;
      rest -= length;
      writeVectorKey(key, number, nodeId, part);
      isNew = tree.put(key, value.subarray(0, length));
    }
    if (isNew) this.#counts.set(number, this.#countOf(number) + 1);
  }

  #partsOf(dimension: number): VectorParts {
    let parts = this.#parts.get(dimension);
    if (parts === undefined) this.#parts.set(dimension, parts = vectorParts(dimension));
    return parts;
  }

  /** Takes a node's vector away; false, and no change, when it has none. */
  deleteVector(index: StoredVectorIndex, nodeId: number): boolean {
    if (!this.#remove(index, nodeId)) return false;
    const buffer = this.#buffer;
    buffer.begin(RECORD_TYPE.VectorDelete);
    buffer.writeVarint(index.number);
    buffer.writeVarint(nodeId);
    buffer.end();
    this.#onChanged();
    return true;
  }

  /** Takes the vector of a log record away. */
  replayDeletedVector(number: number, nodeId: number): void {
    if (!this.#remove(this.#require(number), nodeId)) throw new RangeError(`node ${nodeId} has no vector`);
    this.#onChanged();
  }

  #remove(index: StoredVectorIndex, nodeId: number): boolean {
    const { number, definition: { dimension } } = index;
    const { count } = this.#partsOf(dimension);
    const key = this.#key;
    for (let part = 0; part < count; part++) {
      writeVectorKey(key, number, nodeId, part);
      if (!this.#trees.vectors.delete(key) && part === 0) return false;
    }
    this.#counts.set(number, this.#countOf(number) - 1);
    this.journal.changed(number, nodeId, undefined);
    return true;
  }

  /** Takes the vectors of a node that is deleted out of all indexes. The node's own record says it all to a replay. */
  deleteNode(nodeId: number): void {
    for (const index of this.#indexes.all()) this.#remove(index, nodeId);
  }

  /** What a caller holds of an index may have the number of vectors of before. */
  #countOf(number: number): number {
    return this.#counts.get(number) ?? this.#require(number).count;
  }

  /** The index with a number. */
  #require(number: number): StoredVectorIndex {
    const index = this.#indexes.byNumber(number);
    if (index === undefined) throw new RangeError(`there is no vector index with the number ${number}`);
    return index;
  }

  /** Notes that link records changed, which no log record tells. */
  noteLinks(): void {
    this.#onChanged();
  }

  /** Removes all indexes and vectors. Numbers of indexes stay given. */
  clear(): void {
    const { vectorIndexes, vectors, vectorLinks } = this.#trees;
    if (vectorIndexes.root.pageId === 0) return;
    for (const { number } of this.#indexes.all()) this.journal.dropped(number);
    const next = vectorIndexes.get(NEXT_INDEX_KEY) ?? encodeNextIndex(1);
    for (const tree of [vectorIndexes, vectors, vectorLinks]) tree.clear();
    vectorIndexes.put(NEXT_INDEX_KEY, next);
    this.#counts.clear();
  }
}

/** Deletes the entries of an index. */
function deleteIndexed(tree: ByteTreeWriter, number: number, first: Uint8Array): void {
  if (isOnlyIndex(tree, number, first)) {
    tree.clear();
    return;
  }
  const cursor = new ByteCursor(tree);
  for (cursor.seek(first); cursor.next();) {
    const key = cursor.key();
    if (indexOfKey(key, 0) !== number) return;
    tree.delete(key);
  }
}

/** Whether a tree holds nothing of other indexes. */
function isOnlyIndex(tree: ByteTreeWriter, number: number, first: Uint8Array): boolean {
  const cursor = new ByteCursor(tree);
  cursor.seek(NO_BYTES);
  if (!cursor.next()) return true;
  if (indexOfKey(cursor.key(), 0) !== number) return false;
  const behind = first.slice();
  new DataView(behind.buffer).setUint32(0, number + 1);
  cursor.seek(behind);
  return !cursor.next();
}

const word = new Float64Array(1);
const wordBytes = new Uint8Array(word.buffer);

function writeFloat64(bytes: Uint8Array, value: number): void {
  word[0] = value;
  bytes.set(wordBytes);
}
