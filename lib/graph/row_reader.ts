/** Reads the rows that `RowEncoder` wrote. */

import { Buffer } from "node:buffer";
import type { CheckedNode } from "../backend/record_input.ts";
import { type CheckedValue, checkValue } from "../backend/value_input.ts";
import { decodeValue, encodeValueRecord, type StoredValueType } from "../kv/mod.ts";
import { readText } from "../v3/text.ts";
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

/** Where a text lies in the chunk; `start` is -1 when there is none. */
export class TextPlace {
  start = -1;
  end = -1;
}

const NO_LABELS: readonly string[] = [];

/** The rows of one chunk after the other. `next` goes to the next row and sets the fields that its code has. */
export class RowReader {
  /** The chunk. */
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array();
  /** Type of an edge, kind of a node. */
  term = "";
  /** Ends of an edge that are ids. */
  from = 0;
  to = 0;
  /** Ends of an edge or of a bad row that are refs. */
  readonly fromRef: TextPlace = new TextPlace();
  readonly toRef: TextPlace = new TextPlace();
  /** Ref of a node or of a bad row. */
  readonly ref: TextPlace = new TextPlace();
  /** Data of an edge: JSON text. */
  data: string = NO_DATA;
  #words = new Uint32Array();
  #at = 0;
  #end = 0;
  #rows = 0;
  #flags = 0;
  #number = 0;
  readonly #terms: string[] = [];
  readonly #place = new TextPlace();

  /** Whether there are no more rows. */
  get isAtEnd(): boolean {
    return this.#at >= this.#end;
  }

  /** Rows of the chunk. */
  get rows(): number {
    return this.#rows;
  }

  /** Begins a chunk. */
  open(chunk: ArrayBuffer): void {
    this.close();
    this.bytes = new Uint8Array(chunk);
    this.#words = new Uint32Array(chunk);
    this.#at = CHUNK_HEAD_WORDS;
    this.#end = this.#words[0] as number;
    this.#rows = this.#words[1] as number;
    this.#terms.length = 0;
  }

  /** Gives the memory of the chunk up: at once, because buffers that lie about do not make every collector hurry. */
  close(): void {
    this.bytes.buffer.transfer(0);
    this.bytes = new Uint8Array();
    this.#words = new Uint32Array();
    this.#at = this.#end = 0;
  }

  /** Goes to the next row, which there is, and returns what it is. Hot. */
  next(): number {
    for (;;) {
      const head = this.#words[this.#at++] as number;
      const code = head & 15;
      this.#flags = head & 0xf0;
      this.#number = head >>> HEAD_BITS;
      switch (code) {
        case ROW.edge:
          this.#readEdge();
          return code;
        case ROW.term:
          this.#terms.push(this.#text());
          break;
        case ROW.bad:
          this.#readBad();
          return code;
        default:
          return code;
      }
    }
  }

  #readEdge(): void {
    const flags = this.#flags;
    this.term = this.#terms[this.#number] as string;
    if ((flags & EDGE_FLAG.fromRef) !== 0) this.#findText(this.fromRef);
    else {
      this.fromRef.start = -1;
      this.from = this.#id();
    }
    if ((flags & EDGE_FLAG.toRef) !== 0) this.#findText(this.toRef);
    else {
      this.toRef.start = -1;
      this.to = this.#id();
    }
    this.data = (flags & EDGE_FLAG.data) !== 0 ? this.#text() : NO_DATA;
  }

  #readBad(): void {
    this.#findOptional(this.fromRef, EDGE_FLAG.fromRef);
    this.#findOptional(this.toRef, EDGE_FLAG.toRef);
    this.#findOptional(this.ref, BAD_REF_FLAG);
  }

  /** The node of a row, and where its ref is. To be called once. */
  readNode(): CheckedNode {
    const flags = this.#flags;
    const kind = this.#terms[this.#number] as string;
    const name = this.#text();
    this.#findOptional(this.ref, NODE_FLAG.ref);
    return {
      kind,
      name,
      filePath: (flags & NODE_FLAG.path) !== 0 ? this.#text() : null,
      labels: (flags & NODE_FLAG.labels) !== 0 ? this.#readLabels() : NO_LABELS,
      data: (flags & NODE_FLAG.data) !== 0 ? this.#text() : NO_DATA,
    };
  }

  #readLabels(): string[] {
    const count = this.#words[this.#at++] as number;
    const labels: string[] = [];
    for (let at = 0; at < count; at++) labels.push(this.#terms[this.#words[this.#at++] as number] as string);
    return labels;
  }

  /** The key-value of a row. To be called once. */
  readKeyValue(): { readonly key: Uint8Array; readonly value: CheckedValue; readonly ttlMs: number | undefined } {
    const key = this.#raw();
    // The codec of stored values knows whole records.
    const encoded = { type: this.#number as StoredValueType, bytes: this.#raw() };
    const value = checkValue(decodeValue(encodeValueRecord(encoded, 0, 0, 0, 0), key));
    return { key, value, ttlMs: (this.#flags & TTL_FLAG) !== 0 ? this.#id() : undefined };
  }

  /** The text of a ref. */
  refAt({ start, end }: TextPlace): string {
    if (this.bytes[start] !== UTF16_MARK) return readText(this.bytes, start, end);
    return Buffer.from(this.bytes.buffer, start + 1, end - start - 1).toString("utf16le");
  }

  #id(): number {
    const low = this.#words[this.#at] as number;
    const high = this.#words[this.#at + 1] as number;
    this.#at += 2;
    return high === 0 ? low : high * HIGH_WORD + low;
  }

  #findText(place: TextPlace): void {
    place.start = (this.#at + 1) * 4;
    place.end = place.start + (this.#words[this.#at] as number);
    this.#at += 1 + (place.end - place.start + 3 >>> 2);
  }

  #findOptional(place: TextPlace, flag: number): void {
    if ((this.#flags & flag) !== 0) this.#findText(place);
    else place.start = -1;
  }

  #text(): string {
    const place = this.#place;
    this.#findText(place);
    return readText(this.bytes, place.start, place.end);
  }

  #raw(): Uint8Array {
    const place = this.#place;
    this.#findText(place);
    return this.bytes.subarray(place.start, place.end);
  }
}
