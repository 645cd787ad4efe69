/** The third part of the reader of docs/format.md: the log, what redoing it leaves, and the copy of the key-values. */

import { createHash } from "node:crypto";
import {
  type FormatEdge,
  type FormatIndex,
  type FormatNode,
  type FormatValue,
  type FormatVector,
  hex,
  jsonText,
  readFloats,
  readIndex,
  readNode,
  readValue,
} from "./format_graph.ts";
import { Bytes, compareBytes, crc32, FormatError } from "./format_pages.ts";

/** A whole transaction of a log. */
export interface FormatTransaction {
  readonly lsn: number;
  readonly frames: readonly { readonly type: number; readonly payload: Uint8Array }[];
}

/** What a log holds. */
export interface FormatLog {
  readonly baseLsn: number;
  readonly transactions: readonly FormatTransaction[];
  /** Where the last whole transaction ends. */
  readonly end: number;
}

/** The whole transactions of a log that come after the commit of the file's header. Damage is not looked for. */
export function readLog(file: Uint8Array, fileSeed: number, headerLsn: number): FormatLog {
  const header = new Bytes(file);
  if (header.text(8) !== "V3WAL\0\0\0" || header.u32() !== 5 || header.u32() !== 0) throw new FormatError("log header");
  const salt = header.u32();
  header.at = 24;
  if (header.u32() !== fileSeed) throw new FormatError("the log of another database");
  header.at = 32;
  const baseLsn = header.f64();
  header.at = 60;
  if (header.u32() !== crc32(file.subarray(0, 60), 0)) throw new FormatError("checksum of the log header");
  const transactions: FormatTransaction[] = [];
  let due = Math.max(headerLsn, baseLsn) + 1;
  let frames: FormatTransaction["frames"] = [];
  let end = 64;
  for (let at = 64; at + 32 <= file.length;) {
    const frame = new Bytes(file, at);
    const [length, checksum, lsn, , type] = [frame.u32(), frame.u32(), frame.f64(), frame.f64(), frame.u16()] as const;
    const next = at + 32 + Math.ceil(length / 8) * 8;
    const isDue = lsn === due || (lsn <= headerLsn && lsn > 0 && transactions.length === 0);
    if (type < 1 || type > 255 || next > file.length || !isDue) break;
    if (checksum !== crc32(file.subarray(at + 8, next), (salt ^ length) >>> 0)) break;
    frames = [...frames, { type, payload: file.slice(at + 32, at + 32 + length) }];
    at = next;
    if (type !== 12) continue;
    if (lsn === due) {
      transactions.push({ lsn, frames });
      due++;
    }
    frames = [];
    end = at;
  }
  return { baseLsn, transactions, end };
}

/** A graph in memory that a log is redone on. */
export class RedoneGraph {
  readonly strings: Map<number, string>;
  readonly nodes: Map<number, FormatNode>;
  readonly edges: Map<number, FormatEdge>;
  readonly keyValues: Map<string, FormatValue>;
  /** By number. */
  readonly indexes: Map<number, FormatIndex>;
  /** By number of the index and node. */
  readonly vectors: Map<string, FormatVector>;
  lsn = 0;
  timeMs = 0;
  nextNodeId = 0;
  nextEdgeId = 0;

  constructor(
    strings: ReadonlyMap<number, string>,
    nodes: readonly FormatNode[],
    edges: readonly FormatEdge[],
    keyValues: readonly FormatValue[],
    indexes: readonly FormatIndex[],
    vectors: readonly FormatVector[],
  ) {
    this.strings = new Map(strings);
    this.nodes = new Map(nodes.map((node) => [node.id, node]));
    this.edges = new Map(edges.map((edge) => [edge.id, edge]));
    this.keyValues = new Map(keyValues.map((value) => [value.key, value]));
    this.indexes = new Map(indexes.map((index) => [index.number, index]));
    this.vectors = new Map(vectors.map((vector) => [`${vector.index} ${vector.node}`, vector]));
  }

  /** Redoes one transaction. */
  redo({ lsn, frames }: FormatTransaction): void {
    this.lsn = lsn;
    for (const { type, payload } of frames) this.#redo(type, new Bytes(payload));
  }

  #redo(type: number, fields: Bytes): void {
    switch (type) {
      case 1:
      case 2: {
        const id = fields.varint();
        const flags = fields.u8();
        if ((flags & 12) !== 0) throw new FormatError(`a node record with flags ${flags} in the log`);
        this.nodes.set(id, { id, ...readNode(fields, flags, this.strings), data: jsonText(fields.rest()) });
        return;
      }
      case 3: {
        const id = fields.varint();
        this.nodes.delete(id);
        for (const { id: edgeId, from, to } of [...this.edges.values()]) {
          if (from === id || to === id) this.edges.delete(edgeId);
        }
        for (const [key, { node }] of this.vectors) if (node === id) this.vectors.delete(key);
        return;
      }
      case 5: {
        const [id, from, to] = [fields.varint(), fields.varint(), fields.varint()] as const;
        this.edges.set(id, { id, type: this.#text(fields.varint()), from, to, data: jsonText(fields.rest()) });
        return;
      }
      case 6: {
        const edge = this.#known(this.edges, fields.varint());
        this.edges.set(edge.id, { ...edge, type: this.#text(fields.varint()), data: jsonText(fields.rest()) });
        return;
      }
      case 7:
        this.edges.delete(fields.varint());
        return;
      case 8:
        this.strings.set(fields.varint(), new TextDecoder().decode(fields.rest()));
        return;
      case 12:
        this.timeMs = fields.f64();
        this.nextNodeId = fields.varint();
        this.nextEdgeId = fields.varint();
        return;
      case 31: {
        const key = fields.take(fields.varint());
        this.keyValues.set(hex(key), readValue(key, fields.rest()));
        return;
      }
      case 32:
        fields.u8();
        this.keyValues.delete(hex(fields.rest()));
        return;
      case 33:
      case 34: {
        const node = this.#known(this.nodes, fields.varint());
        const label = this.#text(fields.varint());
        const others = node.labels.filter((other) => other !== label);
        const labels = type === 33 ? [...others, label].sort(compareTexts) : others;
        this.nodes.set(node.id, { ...node, labels });
        return;
      }
      case 35: {
        const index = readIndex(new TextDecoder().decode(fields.take(fields.varint())), fields.rest());
        this.indexes.set(index.number, index);
        return;
      }
      case 36: {
        const { number } = this.#known(this.indexes, fields.varint());
        this.indexes.delete(number);
        for (const [key, { index }] of this.vectors) if (index === number) this.vectors.delete(key);
        return;
      }
      case 37: {
        const { number: index } = this.#known(this.indexes, fields.varint());
        const { id: node } = this.#known(this.nodes, fields.varint());
        this.vectors.set(`${index} ${node}`, { index, node, lsn: this.lsn, numbers: readFloats(fields.rest()) });
        return;
      }
      case 38:
        this.vectors.delete(`${fields.varint()} ${fields.varint()}`);
        return;
      default:
        throw new FormatError(`a record of type ${type} in the log`);
    }
  }

  #text(number: number): string {
    return this.#known(this.strings, number);
  }

  #known<T>(map: ReadonlyMap<number, T>, id: number): T {
    const found = map.get(id);
    if (found === undefined) throw new FormatError(`the log names ${id}, which is not there`);
    return found;
  }
}

function compareTexts(one: string, other: string): number {
  const utf8 = new TextEncoder();
  return compareBytes(utf8.encode(one), utf8.encode(other));
}

/** A copy of the key-values. */
export function readCopy(
  file: Uint8Array,
): {
  readonly fileSeed: number;
  readonly lsn: number;
  readonly timeMs: number;
  readonly entries: readonly FormatValue[];
} {
  const bytes = new Bytes(file);
  if (bytes.text(7) !== "V3KVCK\0" || bytes.u8() !== 16 || bytes.u32() !== 16) {
    throw new FormatError("head of the copy");
  }
  if (bytes.f64() !== file.length - 52) throw new FormatError("length of the copy");
  const digest = createHash("sha256").update(file.subarray(0, 20)).update(file.subarray(52)).digest("hex");
  if (hex(bytes.take(32)) !== digest) throw new FormatError("digest of the copy");
  const fileSeed = bytes.u32();
  const [lsn, timeMs, count] = [bytes.f64(), bytes.f64(), bytes.f64()] as const;
  const entries: FormatValue[] = [];
  while (!bytes.isAtEnd) {
    const key = bytes.take(bytes.varint());
    entries.push(readValue(key, bytes.take(bytes.varint())));
  }
  if (entries.length !== count) throw new FormatError(`the copy has ${entries.length} entries instead of ${count}`);
  return { fileSeed, lsn, timeMs, entries };
}
