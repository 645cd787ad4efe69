/**
 * What is stored of a node, besides its id. Numbers are varints.
 *
 *   u8 flags (1: file path, 2: labels, 4: data in an overflow chain, 8: everything in one)
 *   kind's string number, name length, name, [path length, path], [label count, label's string number ...]
 *   data: JSON text to the end; nothing for `{}`; with flag 4 its length, page u32, birth u32
 *
 * With flag 8: flags, length of the whole record, page u32, birth u32; the chain holds the record without overflow.
 */

import { CorruptionError } from "../backend/errors.ts";
import type { NodeRecord } from "../backend/schema.ts";
import { parseStoredData } from "../backend/stored_data.ts";
import type { LogBuffer } from "./log_buffer.ts";
import type { Pages } from "./pages.ts";
import { readRecordChain } from "./record_chain.ts";
import type { StringTable } from "./string_table.ts";
import { readText } from "./text.ts";
import { lastVarint, MAX_VARINT_BYTES, readVarint, writeVarint } from "./varint.ts";

/** Flags in the first byte of a record. */
export const NODE_FLAG = { path: 1, labels: 2, dataOverflow: 4, overflow: 8 } as const;

/** The parts of a node that are written. Kind and labels are string numbers. */
export interface NodeParts {
  readonly kind: number;
  readonly name: string;
  readonly filePath: string | undefined;
  /** In byte order of their texts. */
  readonly labels: readonly number[];
}

const NO_DATA = "{}";

/** Writes a plain record (without overflow) into the open frame of a buffer; returns where its data begins. */
export function writeNodeRecord(buffer: LogBuffer, node: NodeParts, dataText: string): number {
  writeNodeHead(buffer, node);
  const dataAt = buffer.at;
  if (dataText !== NO_DATA) buffer.writeUtf8(dataText);
  return dataAt;
}

/** The same with data that is already UTF-8. */
export function writeNodeHead(buffer: LogBuffer, node: NodeParts): void {
  const { kind, name, filePath, labels } = node;
  buffer.reserve(1 + MAX_VARINT_BYTES);
  buffer.bytes[buffer.at++] = (filePath === undefined ? 0 : NODE_FLAG.path) |
    (labels.length === 0 ? 0 : NODE_FLAG.labels);
  buffer.at = writeVarint(buffer.bytes, buffer.at, kind);
  buffer.writeText(name);
  if (filePath !== undefined) buffer.writeText(filePath);
  if (labels.length === 0) return;
  buffer.writeVarint(labels.length);
  for (let at = 0; at < labels.length; at++) buffer.writeVarint(labels[at] as number);
}

/** A stored record that is being read; one object is used for many records. */
export class NodeReader {
  readonly #pages: Pages;
  readonly #strings: StringTable;
  /** Where the record lies now: in the pages, or a copy of its chain. */
  bytes: Uint8Array;
  /** String number of the kind. */
  kind = 0;
  nameAt = 0;
  nameEnd = 0;
  #flags = 0;
  #at = 0;
  #end = 0;

  constructor(pages: Pages, strings: StringTable) {
    this.#pages = pages;
    this.#strings = strings;
    this.bytes = pages.bytes;
  }

  /** Reads kind and name of the record between two positions. Hot. */
  open(bytes: Uint8Array, at: number, end: number): void {
    const flags = bytes[at] as number;
    if ((flags & NODE_FLAG.overflow) !== 0) {
      const chain = readRecordChain(this.#pages, bytes, at + 1);
      return this.open(chain, 0, chain.length);
    }
    this.bytes = bytes;
    this.#flags = flags;
    this.#end = end;
    this.kind = readVarint(bytes, at + 1);
    const nameLength = readVarint(bytes, lastVarint.end);
    this.nameAt = lastVarint.end;
    this.nameEnd = this.#at = this.nameAt + nameLength;
    if (this.nameEnd > end) throw damagedRecord();
  }

  /** The node without its data; undefined members are left out. */
  header(id: number): Omit<NodeRecord, "data"> {
    const kind = this.#strings.text(this.kind);
    const name = readText(this.bytes, this.nameAt, this.nameEnd);
    if ((this.#flags & (NODE_FLAG.path | NODE_FLAG.labels)) === 0) return { id, kind, name };
    const filePath = this.filePath();
    const labels = this.labels();
    return {
      id,
      kind,
      name,
      ...(filePath === undefined ? undefined : { filePath }),
      ...(labels.length === 0 ? undefined : { labels: labels.map((label) => this.#strings.text(label)) }),
    };
  }

  /** The whole node. */
  record(id: number): NodeRecord {
    const kind = this.#strings.text(this.kind);
    const name = readText(this.bytes, this.nameAt, this.nameEnd);
    if ((this.#flags & (NODE_FLAG.path | NODE_FLAG.labels)) === 0) {
      return { id, kind, name, data: this.#data(id) };
    }
    const header = this.header(id);
    return { ...header, data: this.#data(id) };
  }

  #data(id: number): NodeRecord["data"] {
    const text = this.dataText();
    return (text === NO_DATA ? {} : parseStoredData(text, "node", id)) as NodeRecord["data"];
  }

  /** Name of the node. */
  name(): string {
    return readText(this.bytes, this.nameAt, this.nameEnd);
  }

  /** File path, if it has one. To be called before `labels`. */
  filePath(): string | undefined {
    this.#at = this.nameEnd;
    if ((this.#flags & NODE_FLAG.path) === 0) return undefined;
    const length = readVarint(this.bytes, this.#at);
    const start = lastVarint.end;
    this.#at = start + length;
    if (this.#at > this.#end) throw damagedRecord();
    return readText(this.bytes, start, this.#at);
  }

  #skipPath(): void {
    this.#at = this.nameEnd;
    if ((this.#flags & NODE_FLAG.path) === 0) return;
    const length = readVarint(this.bytes, this.#at);
    this.#at = lastVarint.end + length;
  }

  /** String numbers of the labels. */
  labels(): number[] {
    this.#skipPath();
    if ((this.#flags & NODE_FLAG.labels) === 0) return [];
    const count = readVarint(this.bytes, this.#at);
    this.#at = lastVarint.end;
    if (count > this.#end - this.#at) throw damagedRecord();
    const labels: number[] = [];
    for (let index = 0; index < count; index++) {
      labels.push(readVarint(this.bytes, this.#at));
      this.#at = lastVarint.end;
    }
    return labels;
  }

  /** Stored JSON text of the data. */
  dataText(): string {
    const at = this.dataAt();
    if (at < 0) {
      const chain = this.dataBytes();
      return readText(chain, 0, chain.length);
    }
    return at === this.#end ? NO_DATA : readText(this.bytes, at, this.#end);
  }

  /** UTF-8 of the data; empty for `{}`. A view, or a copy of its chain. */
  dataBytes(): Uint8Array {
    const at = this.dataAt();
    return at < 0 ? readRecordChain(this.#pages, this.bytes, this.#at) : this.bytes.subarray(at, this.#end);
  }

  /** Where the data lies in `bytes`, up to the end of the record; -1 when it lies in a chain of its own. */
  dataAt(): number {
    this.#skipPath();
    if ((this.#flags & NODE_FLAG.labels) !== 0) {
      const count = readVarint(this.bytes, this.#at);
      this.#at = lastVarint.end;
      for (let index = 0; index < count && this.#at < this.#end; index++) {
        readVarint(this.bytes, this.#at);
        this.#at = lastVarint.end;
      }
    }
    if (this.#at > this.#end) throw damagedRecord();
    return (this.#flags & NODE_FLAG.dataOverflow) === 0 ? this.#at : -1;
  }
}

function damagedRecord(): CorruptionError {
  return new CorruptionError("a stored node is damaged: its parts are longer than the whole", {
    code: "record-corrupt",
  });
}
