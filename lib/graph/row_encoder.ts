/** Checks the rows of an ingest and writes them as bytes; `row_chunk.ts` draws them. */

import { Buffer } from "node:buffer";
import { utf8Length } from "../backend/json.ts";
import { checkNode } from "../backend/record_input.ts";
import type { NodeInput } from "../backend/schema.ts";
import { checkData, checkKey, checkTerm, checkTtl } from "../backend/validate.ts";
import { checkValue } from "../backend/value_input.ts";
import { encodeValue } from "../kv/mod.ts";
import {
  checkEnd,
  checkKeyValue,
  checkMembers,
  checkRef,
  checkRow,
  EDGE_MEMBERS,
  isRowError,
  NODE_MEMBERS,
  type RowError,
} from "./row_check.ts";
import {
  BAD_REF_FLAG,
  CHUNK_HEAD_WORDS,
  EDGE_FLAG,
  HEAD_BITS,
  HIGH_WORD,
  NO_DATA,
  NODE_FLAG,
  ROW,
  TTL_FLAG,
  UTF16_MARK,
} from "./row_chunk.ts";

/** A chunk with so many bytes is full. */
const CHUNK_BYTES = 256 * 1024;

/** So are one with so many rows, and one with so many bad rows: whoever sends it keeps them until it is answered. */
const MAX_CHUNK_ROWS = 32_768;
const MAX_BAD_ROWS = 512;

/** Room for the last row of a chunk: only longer ones need more memory. */
const ROOM_BYTES = 8 * 1024;

/** Bytes of a row without its texts, and of the head and padding of a text. */
const FIXED_BYTES = 32;
const TEXT_HEAD_BYTES = 8;

/** Up to this many characters an ASCII text is copied here: a call of the runtime's encoder takes longer. */
const SHORT_TEXT = 48;

/** Beyond this many UTF-16 units the room that a text takes is counted, not estimated. */
const LONG_TEXT = 64 * 1024;

const UTF8 = new TextEncoder();

/** Collects rows in chunks. Each chunk stands for itself. */
export class RowEncoder {
  readonly #chunkBytes: number;
  #bytes: Uint8Array<ArrayBuffer>;
  #words: Uint32Array<ArrayBuffer>;
  /** Word that is written next. */
  #at = CHUNK_HEAD_WORDS;
  #rows = 0;
  #badRows = 0;
  readonly #terms = new Map<string, number>();
  #lastTerm: string | undefined;
  #lastNumber = 0;
  /** What the row under way named before it was found to be bad. */
  #ref: string | undefined;
  #from: string | undefined;
  #to: string | undefined;

  /** @param chunkBytes size from which on a chunk is full, a multiple of 4: small ones are for tests */
  constructor(chunkBytes: number = CHUNK_BYTES) {
    this.#chunkBytes = chunkBytes;
    this.#bytes = new Uint8Array(chunkBytes + ROOM_BYTES);
    this.#words = new Uint32Array(this.#bytes.buffer);
  }

  /** Rows in the chunk so far. */
  get rows(): number {
    return this.#rows;
  }

  /** Whether the chunk should be taken before the next row. */
  get isFull(): boolean {
    return this.#at * 4 >= this.#chunkBytes || this.#rows >= MAX_CHUNK_ROWS || this.#badRows >= MAX_BAD_ROWS;
  }

  /** Adds a row. Returns what is wrong with a bad one, which then has its place in the chunk as well. Hot. */
  add(row: unknown): RowError | undefined {
    this.#rows++;
    try {
      const { node, edge, kv, ref } = checkRow(row);
      if (edge !== undefined) this.#edge(edge);
      else if (node !== undefined) this.#node(node, ref);
      else this.#keyValue(kv);
      return undefined;
    } catch (error) {
      if (!isRowError(error)) throw error;
      this.#bad();
      return error;
    } finally {
      this.#ref = this.#from = this.#to = undefined;
    }
  }

  /** The chunk, to be given away. The next row begins another one. */
  take(): ArrayBuffer {
    const { buffer } = this.#bytes;
    this.#words[0] = this.#at;
    this.#words[1] = this.#rows;
    this.#bytes = new Uint8Array(this.#chunkBytes + ROOM_BYTES);
    this.#words = new Uint32Array(this.#bytes.buffer);
    this.#at = CHUNK_HEAD_WORDS;
    this.#rows = 0;
    this.#badRows = 0;
    this.#terms.clear();
    this.#lastTerm = undefined;
    return buffer;
  }

  #edge(edge: unknown): void {
    const members = checkMembers(edge, EDGE_MEMBERS, "edge");
    const from = checkEnd(members["from"], "from");
    if (typeof from === "string") this.#from = from;
    const to = checkEnd(members["to"], "to");
    if (typeof to === "string") this.#to = to;
    const type = checkTerm(members["type"], "insertEdge", "type");
    const data = checkData(members["data"], "insertEdge");
    const term = this.#term(type);
    this.#reserve(FIXED_BYTES);
    this.#words[this.#at++] = ROW.edge | term << HEAD_BITS |
      (typeof from === "string" ? EDGE_FLAG.fromRef : 0) | (typeof to === "string" ? EDGE_FLAG.toRef : 0) |
      (data === NO_DATA ? 0 : EDGE_FLAG.data);
    if (typeof from === "string") this.#refText(from);
    else this.#id(from);
    if (typeof to === "string") this.#refText(to);
    else this.#id(to);
    if (data !== NO_DATA) this.#text(data);
  }

  #node(node: unknown, ref: unknown): void {
    checkMembers(node, NODE_MEMBERS, "node");
    if (ref !== undefined) this.#ref = checkRef(ref);
    const { kind, name, filePath, labels, data } = checkNode(node as NodeInput, "insertNode");
    const term = this.#term(kind);
    for (let at = 0; at < labels.length; at++) this.#term(labels[at] as string);
    this.#reserve(FIXED_BYTES + labels.length * 4);
    this.#words[this.#at++] = ROW.node | term << HEAD_BITS | (this.#ref === undefined ? 0 : NODE_FLAG.ref) |
      (filePath === null ? 0 : NODE_FLAG.path) | (labels.length === 0 ? 0 : NODE_FLAG.labels) |
      (data === NO_DATA ? 0 : NODE_FLAG.data);
    this.#text(name);
    if (this.#ref !== undefined) this.#refText(this.#ref);
    if (filePath !== null) this.#text(filePath);
    if (labels.length > 0) {
      this.#reserve(4 + labels.length * 4);
      this.#words[this.#at++] = labels.length;
      for (let at = 0; at < labels.length; at++) this.#words[this.#at++] = this.#term(labels[at] as string);
    }
    if (data !== NO_DATA) this.#text(data);
  }

  /** The checks of `kv.set`, in its order. */
  #keyValue(kv: unknown): void {
    const members = checkKeyValue(kv);
    const key = checkKey(members["key"], "kv.set");
    const ttlMs = checkTtl(members["ttlSeconds"], "kv.set");
    const { type, bytes } = encodeValue(checkValue(members["value"]));
    this.#reserve(FIXED_BYTES + key.length + bytes.length + 2 * TEXT_HEAD_BYTES);
    this.#words[this.#at++] = ROW.value | type << HEAD_BITS | (ttlMs === undefined ? 0 : TTL_FLAG);
    this.#raw(key);
    this.#raw(bytes);
    if (ttlMs !== undefined) this.#id(ttlMs);
  }

  #bad(): void {
    this.#badRows++;
    this.#reserve(FIXED_BYTES);
    this.#words[this.#at++] = ROW.bad | (this.#from === undefined ? 0 : EDGE_FLAG.fromRef) |
      (this.#to === undefined ? 0 : EDGE_FLAG.toRef) | (this.#ref === undefined ? 0 : BAD_REF_FLAG);
    if (this.#from !== undefined) this.#refText(this.#from);
    if (this.#to !== undefined) this.#refText(this.#to);
    if (this.#ref !== undefined) this.#refText(this.#ref);
  }

  /** Number of a term; a new one is written right away, before the row that has it. */
  #term(text: string): number {
    if (text === this.#lastTerm) return this.#lastNumber;
    let number = this.#terms.get(text);
    if (number === undefined) {
      number = this.#terms.size;
      this.#terms.set(text, number);
      this.#reserve(FIXED_BYTES);
      this.#words[this.#at++] = ROW.term;
      this.#text(text);
    }
    this.#lastTerm = text;
    this.#lastNumber = number;
    return number;
  }

  /** Makes room for so many bytes, and for the fixed part of what may follow them. */
  #reserve(byteCount: number): void {
    const needed = this.#at * 4 + byteCount + FIXED_BYTES;
    if (needed <= this.#bytes.length) return;
    const room = Math.max(needed, Math.min(this.#bytes.length * 2, needed + LONG_TEXT));
    const grown = new Uint8Array(Math.ceil(room / 4) * 4);
    grown.set(this.#bytes.subarray(0, this.#at * 4));
    this.#bytes = grown;
    this.#words = new Uint32Array(grown.buffer);
  }

  #id(id: number): void {
    this.#words[this.#at] = id;
    this.#words[this.#at + 1] = id / HIGH_WORD;
    this.#at += 2;
  }

  /** Hot: names and data are mostly short and ASCII. */
  #text(text: string): void {
    const { length } = text;
    this.#reserve(TEXT_HEAD_BYTES + (length <= LONG_TEXT ? length * 3 : utf8Length(text)));
    const bytes = this.#bytes;
    const start = (this.#at + 1) * 4;
    if (length <= SHORT_TEXT) {
      let bits = 0;
      for (let index = 0; index < length; index++) {
        const unit = text.charCodeAt(index);
        bits |= unit;
        bytes[start + index] = unit;
      }
      if (bits < 0x80) {
        this.#endText(length);
        return;
      }
    }
    this.#endText(UTF8.encodeInto(text, bytes.subarray(start)).written);
  }

  #endText(byteCount: number): void {
    this.#words[this.#at] = byteCount;
    this.#at += 1 + (byteCount + 3 >>> 2);
  }

  #refText(ref: string): void {
    if (ref.isWellFormed()) this.#text(ref);
    else this.#raw(Buffer.concat([Uint8Array.of(UTF16_MARK), Buffer.from(ref, "utf16le")]));
  }

  #raw(bytes: Uint8Array): void {
    this.#reserve(TEXT_HEAD_BYTES + bytes.length);
    this.#bytes.set(bytes, (this.#at + 1) * 4);
    this.#endText(bytes.length);
  }
}
