/**
 * What is stored of an edge, besides its id. Numbers are varints.
 *
 *   type's string number × 2 (+ 1: data in an overflow chain), from, to
 *   data: JSON text to the end; nothing for `{}`; in a chain its length, page u32, birth u32
 */

import type { EdgeRecord } from "../backend/schema.ts";
import { parseStoredData } from "../backend/stored_data.ts";
import type { Pages } from "./pages.ts";
import { noteGarbage } from "./garbage.ts";
import { readRecordChain } from "./record_chain.ts";
import type { StringTable } from "./string_table.ts";
import { readText } from "./text.ts";
import { lastVarint, MAX_VARINT_BYTES, readVarint, writeVarint } from "./varint.ts";

/** Flag in the first byte of a record: its data is in a chain. */
export const EDGE_DATA_OVERFLOW = 1;

/** Most bytes before the data. */
export const MAX_EDGE_HEAD: number = 3 * MAX_VARINT_BYTES;

/** Writes what comes before the data; returns where the data goes. */
export function writeEdgeHead(bytes: Uint8Array, at: number, type: number, from: number, to: number): number {
  at = writeVarint(bytes, at, type * 2);
  at = writeVarint(bytes, at, from);
  return writeVarint(bytes, at, to);
}

const NO_DATA = "{}";

/** Bytes that a record takes, without its data. */
const RECORD_GARBAGE = 96;

/** A stored record that is being read; one object is used for many records. */
export class EdgeReader {
  readonly #pages: Pages;
  readonly #strings: StringTable;
  /** String number of the type. */
  type = 0;
  from = 0;
  to = 0;
  #bytes: Uint8Array;
  #isOverflow = false;
  #dataAt = 0;
  #end = 0;

  constructor(pages: Pages, strings: StringTable) {
    this.#pages = pages;
    this.#strings = strings;
    this.#bytes = pages.bytes;
  }

  /** Reads ends and type of the record between two positions. Hot. */
  open(bytes: Uint8Array, at: number, end: number): void {
    const typeAndFlag = readVarint(bytes, at);
    this.#isOverflow = typeAndFlag % 2 === EDGE_DATA_OVERFLOW;
    this.type = Math.floor(typeAndFlag / 2);
    this.from = readVarint(bytes, lastVarint.end);
    this.to = readVarint(bytes, lastVarint.end);
    this.#dataAt = lastVarint.end;
    this.#bytes = bytes;
    this.#end = end;
  }

  /** The edge without its data. */
  header(id: number): Omit<EdgeRecord, "data"> {
    noteGarbage(RECORD_GARBAGE);
    return { id, from: this.from, to: this.to, type: this.#strings.text(this.type) };
  }

  /** The whole edge. */
  record(id: number): EdgeRecord {
    const { from, to } = this;
    noteGarbage(RECORD_GARBAGE);
    const type = this.#strings.text(this.type);
    if (this.#dataAt === this.#end) return { id, from, to, type, data: {} };
    return { id, from, to, type, data: parseStoredData(this.dataText(), "edge", id) as EdgeRecord["data"] };
  }

  /** Stored JSON text of the data. */
  dataText(): string {
    const bytes = this.dataBytes();
    return bytes.length === 0 ? NO_DATA : readText(bytes, 0, bytes.length);
  }

  /** UTF-8 of the data; empty for `{}`. A view, or a copy of its chain. */
  dataBytes(): Uint8Array {
    return this.#isOverflow
      ? readRecordChain(this.#pages, this.#bytes, this.#dataAt)
      : this.#bytes.subarray(this.#dataAt, this.#end);
  }
}
