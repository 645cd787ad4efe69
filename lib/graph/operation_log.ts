/** Writes the operations of a transaction as bytes; `operation_code.ts` draws them. */

import { utf8Length } from "../backend/json.ts";
import type { CheckedEdge, CheckedEdgeUpdate, CheckedNode, CheckedNodeUpdate } from "../backend/record_input.ts";
import type { CheckedValue } from "../backend/value_input.ts";
import type { VectorIndexDefinition } from "../backend/vector_input.ts";
import { encodeValue, encodeValueRecord, NEVER_EXPIRES } from "../kv/mod.ts";
import { copyBytes } from "../v3/copy_bytes.ts";
import { MAX_VARINT_BYTES, varintLength, writeVarint } from "../v3/varint.ts";
import { ENGINE_CODES, METRIC_CODES, NEW_NODE, NO_DATA, OPERATION, STORAGE_CODES, UPDATE } from "./operation_code.ts";

export { type OperationHandler, readOperations } from "./operation_reader.ts";

/** Bytes that the memory of a log begins with. */
const FIRST_BYTES = 4096;

/** Memory up to this size is kept for the next transaction. */
const MAX_KEPT_BYTES = 1024 * 1024;

/** Codes, flags and numbers of any operation. */
const MAX_FIXED_BYTES = 4 + 5 * MAX_VARINT_BYTES;

/** Up to this many characters an ASCII text is copied here: a call of the runtime's encoder takes longer. */
const SHORT_TEXT = 32;

/** Beyond this many UTF-16 units the room that a text takes is counted, not estimated. */
const LONG_TEXT = 64 * 1024;

const NO_BYTES = new Uint8Array(0);
const UTF8 = new TextEncoder();

/** Memory of the log that was finished last. Logs of transactions that run at the same time take memory of their own. */
let spare: Uint8Array<ArrayBuffer> | undefined;

/** A place in the log to go back to. */
export interface OperationMark {
  /** Bytes before it. */
  readonly length: number;
  /** Texts that were numbered before it. */
  readonly terms: number;
}

/**
 * Writes the operations of one transaction. Each method writes its operation wholly or, where memory is missing, throws and
 * writes nothing of it: the room is reserved first.
 */
export class OperationWriter {
  #bytes: Uint8Array<ArrayBuffer> = NO_BYTES;
  #at = 0;
  /** Kinds, labels, types and names of vector indexes, in the order of their numbers. */
  readonly #terms: string[] = [];
  #numbers: Map<string, number> | undefined;

  /** Whether there is nothing to commit. */
  get isEmpty(): boolean {
    return this.#at === 0;
  }

  /** Where the log ends now. */
  mark(): OperationMark {
    return { length: this.#at, terms: this.#terms.length };
  }

  /** Forgets what was written behind a mark. */
  rollbackTo({ length, terms }: OperationMark): void {
    this.#at = length;
    while (this.#terms.length > terms) this.#numbers?.delete(this.#terms.pop() as string);
  }

  /** The log, to be given away. The writer is empty afterwards. */
  finish(): Uint8Array<ArrayBuffer> {
    const log = this.#bytes.slice(0, this.#at);
    if (this.#bytes.length > 0 && this.#bytes.length <= MAX_KEPT_BYTES) spare = this.#bytes;
    this.#bytes = NO_BYTES;
    this.rollbackTo({ length: 0, terms: 0 });
    return log;
  }

  /** A node that did not exist. */
  insertNode(id: number, { kind, name, filePath, labels, data }: CheckedNode): void {
    let room = MAX_FIXED_BYTES + maxTextBytes(kind) + maxTextBytes(name) + maxTextBytes(data);
    if (filePath !== null) room += maxTextBytes(filePath);
    for (let at = 0; at < labels.length; at++) room += maxTextBytes(labels[at] as string);
    this.#reserve(room);
    this.#byte(OPERATION.insertNode);
    this.#byte((filePath === null ? 0 : NEW_NODE.path) | (labels.length === 0 ? 0 : NEW_NODE.labels));
    this.#number(id);
    this.#term(kind);
    this.#text(name);
    if (filePath !== null) this.#text(filePath);
    if (labels.length > 0) {
      this.#number(labels.length);
      for (let at = 0; at < labels.length; at++) this.#term(labels[at] as string);
    }
    this.#data(data);
  }

  /** An update of a node. */
  updateNode(id: number, { kind, name, filePath, data }: CheckedNodeUpdate): void {
    this.#reserve(
      MAX_FIXED_BYTES + maxTextBytes(kind ?? "") + maxTextBytes(name ?? "") + maxTextBytes(filePath ?? "") +
        maxTextBytes(data ?? ""),
    );
    this.#byte(OPERATION.updateNode);
    this.#byte(
      (kind === undefined ? 0 : UPDATE.term) | (name === undefined ? 0 : UPDATE.name) |
        (filePath === undefined ? 0 : filePath === null ? UPDATE.noPath : UPDATE.path) |
        (data === undefined ? 0 : UPDATE.data),
    );
    this.#number(id);
    if (kind !== undefined) this.#term(kind);
    if (name !== undefined) this.#text(name);
    if (typeof filePath === "string") this.#text(filePath);
    if (data !== undefined) this.#data(data);
  }

  /** The end of a node and of its edges. */
  deleteNode(id: number): void {
    this.#record(OPERATION.deleteNode, id);
  }

  /** A label that a node gets. */
  addLabel(id: number, label: string): void {
    this.#label(OPERATION.addLabel, id, label);
  }

  /** A label that a node loses. */
  removeLabel(id: number, label: string): void {
    this.#label(OPERATION.removeLabel, id, label);
  }

  /** An edge that did not exist. */
  insertEdge(id: number, { from, to, type, data }: CheckedEdge): void {
    this.#reserve(MAX_FIXED_BYTES + maxTextBytes(type) + maxTextBytes(data));
    this.#byte(OPERATION.insertEdge);
    this.#number(id);
    this.#number(from);
    this.#number(to);
    this.#term(type);
    this.#data(data);
  }

  /** An update of an edge. */
  updateEdge(id: number, { type, data }: CheckedEdgeUpdate): void {
    this.#reserve(MAX_FIXED_BYTES + maxTextBytes(type ?? "") + maxTextBytes(data ?? ""));
    this.#byte(OPERATION.updateEdge);
    this.#byte((type === undefined ? 0 : UPDATE.term) | (data === undefined ? 0 : UPDATE.data));
    this.#number(id);
    if (type !== undefined) this.#term(type);
    if (data !== undefined) this.#data(data);
  }

  /** The end of an edge. */
  deleteEdge(id: number): void {
    this.#record(OPERATION.deleteEdge, id);
  }

  /** A key's value; returns the record that was written, which is a copy of it. */
  setValue(key: Uint8Array, value: CheckedValue, expiresAt: number | undefined): Uint8Array {
    // An expiry of 0 would mean never.
    const expiry = expiresAt === undefined ? NEVER_EXPIRES : Math.max(1, expiresAt);
    const record = encodeValueRecord(encodeValue(value), 0, 0, expiry, 0);
    this.#reserve(MAX_FIXED_BYTES + key.length + record.length);
    this.#byte(OPERATION.setValue);
    this.#raw(key);
    this.#raw(record);
    return record;
  }

  /** The end of a key. */
  deleteValue(key: Uint8Array): void {
    this.#reserve(MAX_FIXED_BYTES + key.length);
    this.#byte(OPERATION.deleteValue);
    this.#raw(key);
  }

  /** A vector index. */
  createVectorIndex(definition: VectorIndexDefinition): void {
    const { name, dimension, metric, m, efConstruction, efSearch, storage, seed, engine } = definition;
    this.#reserve(MAX_FIXED_BYTES + maxTextBytes(name));
    this.#byte(OPERATION.createVectorIndex);
    this.#term(name);
    this.#number(dimension);
    this.#byte(METRIC_CODES.indexOf(metric));
    this.#number(m);
    this.#number(efConstruction);
    this.#number(efSearch);
    this.#byte(STORAGE_CODES.indexOf(storage));
    this.#number(seed);
    this.#byte(ENGINE_CODES.indexOf(engine));
  }

  /** The end of a vector index and of its vectors. */
  dropVectorIndex(name: string): void {
    this.#reserve(MAX_FIXED_BYTES + maxTextBytes(name));
    this.#byte(OPERATION.dropVectorIndex);
    this.#term(name);
  }

  /** A node's vector in an index. */
  setVector(index: string, nodeId: number, vector: Float32Array): void {
    this.#reserve(MAX_FIXED_BYTES + maxTextBytes(index) + vector.byteLength);
    this.#byte(OPERATION.setVector);
    this.#term(index);
    this.#number(nodeId);
    this.#raw(new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength));
  }

  /** The end of a node's vector in an index. */
  deleteVector(index: string, nodeId: number): void {
    this.#reserve(MAX_FIXED_BYTES + maxTextBytes(index));
    this.#byte(OPERATION.deleteVector);
    this.#term(index);
    this.#number(nodeId);
  }

  #record(operation: number, id: number): void {
    this.#reserve(MAX_FIXED_BYTES);
    this.#byte(operation);
    this.#number(id);
  }

  #label(operation: number, id: number, label: string): void {
    this.#reserve(MAX_FIXED_BYTES + maxTextBytes(label));
    this.#byte(operation);
    this.#number(id);
    this.#term(label);
  }

  #reserve(byteCount: number): void {
    const needed = this.#at + byteCount;
    if (needed <= this.#bytes.length) return;
    if (this.#at === 0 && spare !== undefined && spare.length >= needed) {
      this.#bytes = spare;
      spare = undefined;
      return;
    }
    const bytes = new Uint8Array(Math.max(needed, this.#bytes.length * 2, FIRST_BYTES));
    bytes.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = bytes;
  }

  // What follows writes into room that was reserved.

  #byte(value: number): void {
    this.#bytes[this.#at++] = value;
  }

  #number(value: number): void {
    this.#at = writeVarint(this.#bytes, this.#at, value);
  }

  #raw(source: Uint8Array): void {
    this.#number(source.length);
    copyBytes(source, 0, source.length, this.#bytes, this.#at);
    this.#at += source.length;
  }

  #term(text: string): void {
    const known = this.#numbers?.get(text);
    if (known !== undefined) return this.#number(known);
    const number = this.#terms.push(text) - 1;
    this.#numbers ??= new Map();
    this.#numbers.set(text, number);
    this.#number(number);
    this.#text(text);
  }

  #data(text: string): void {
    this.#text(text === NO_DATA ? "" : text);
  }

  /** Hot. */
  #text(text: string): void {
    const bytes = this.#bytes;
    const start = this.#at;
    const { length } = text;
    // The length in bytes is known only afterwards. Nearly always it is that of ASCII.
    const textStart = start + varintLength(length);
    let textEnd = textStart;
    if (length <= SHORT_TEXT) {
      let bits = 0;
      for (let index = 0; index < length; index++) {
        const code = text.charCodeAt(index);
        bits |= code;
        bytes[textEnd++] = code;
      }
      if (bits < 0x80) {
        writeVarint(bytes, start, length);
        this.#at = textEnd;
        return;
      }
    }
    const { written } = UTF8.encodeInto(text, bytes.subarray(textStart));
    const shift = start + varintLength(written) - textStart;
    if (shift > 0) bytes.copyWithin(textStart + shift, textStart, textStart + written);
    writeVarint(bytes, start, written);
    this.#at = textStart + shift + written;
  }
}

/** Most bytes that a text takes with its length, and its number where it is a term. */
function maxTextBytes(text: string): number {
  return 2 * MAX_VARINT_BYTES + (text.length <= LONG_TEXT ? text.length * 3 : utf8Length(text));
}
