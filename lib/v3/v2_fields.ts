/**
 * The building blocks of V2 log records, little-endian but for edges:
 *
 *   bytes, text     u32 length, bytes (texts as UTF-8)
 *   edge            i64 neighbour, u16 offset of its type, u16 data length (all three big-endian), data
 *   edges           u32 count, edges
 *   region          u32 length, always 24; u64 start, u64 size, u32 clusters, u32 stride
 *   optional...     u8 flag (1: a value follows; any other: none), value
 */

import { CorruptionError, InvalidArgumentError } from "../backend/errors.ts";
import { utf8Length } from "../backend/json.ts";
import { show } from "../backend/validate.ts";

/** An edge as a cluster of a node keeps it. */
export interface CompactEdge {
  /** Target of an outgoing edge, source of an incoming one. */
  readonly neighborId: bigint;
  /** Offset of the edge's type in the string table. */
  readonly typeOffset: number;
  /** Compact JSON of the edge's data, empty for null. At most `MAX_V2_EDGE_DATA_BYTES`. */
  readonly data: Uint8Array;
}

/** A run of equally large clusters in the file. */
export interface ContiguousRegion {
  readonly startOffset: bigint;
  readonly totalSize: bigint;
  readonly clusterCount: number;
  /** Bytes from one cluster to the next. */
  readonly stride: number;
}

/** Largest data of an edge: its length has 16 bits. */
export const MAX_V2_EDGE_DATA_BYTES = 65_535;

/** Which edges of a node a cluster holds. The code is the index. */
export const V2_DIRECTIONS = ["out", "in"] as const;

/** Kinds of locks. The code is the index. */
export const V2_LOCK_KINDS = ["shared", "exclusive", "intentionShared", "intentionExclusive"] as const;

/** What a field of each encoding holds. */
export interface V2Values {
  readonly u8: number;
  readonly u32: number;
  readonly u64: bigint;
  readonly i64: bigint;
  readonly direction: typeof V2_DIRECTIONS[number];
  readonly lockKind: typeof V2_LOCK_KINDS[number];
  readonly bytes: Uint8Array;
  readonly text: string;
  readonly edge: CompactEdge;
  readonly edges: readonly CompactEdge[];
  readonly region: ContiguousRegion;
  readonly optionalU64: bigint | undefined;
  readonly optionalBytes: Uint8Array | undefined;
}

/** How the value of a field is stored. */
export type V2Encoding = keyof V2Values;

/** One encoding: exact size in bytes, writing, reading. */
export interface V2FieldCodec<Value> {
  size(value: Value): number;
  write(writer: V2Writer, value: Value): void;
  read(reader: V2Reader): Value;
}

const EDGE_HEAD_BYTES = 12;
const REGION_BYTES = 24;
const PRESENT = 1;

const UTF8 = new TextEncoder();
const STRICT_UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Writes fields one after the other into bytes of the right size. */
export class V2Writer {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;
  /** Record type and field, for errors. */
  place = "";

  /** @param bytes what to fill, from its start */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u8(value: number): void {
    this.#view.setUint8(this.#at, this.#integer(value, 8));
    this.#at += 1;
  }

  u16BigEndian(value: number): void {
    this.#view.setUint16(this.#at, this.#integer(value, 16));
    this.#at += 2;
  }

  u32(value: number): void {
    this.#view.setUint32(this.#at, this.#integer(value, 32), true);
    this.#at += 4;
  }

  u64(value: bigint): void {
    if (typeof value !== "bigint" || BigInt.asUintN(64, value) !== value) {
      throw this.refusal(value, `is ${show(value)}, no u64`);
    }
    this.#view.setBigUint64(this.#at, value, true);
    this.#at += 8;
  }

  i64(value: bigint, isLittleEndian: boolean): void {
    if (typeof value !== "bigint" || BigInt.asIntN(64, value) !== value) {
      throw this.refusal(value, `is ${show(value)}, no i64`);
    }
    this.#view.setBigInt64(this.#at, value, isLittleEndian);
    this.#at += 8;
  }

  raw(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  text(text: string): void {
    if (!text.isWellFormed()) throw this.refusal(text, `is ${show(text)}, which contains a lone surrogate`);
    this.#at += UTF8.encodeInto(text, this.#bytes.subarray(this.#at)).written;
  }

  /** The error for a value that does not fit. */
  refusal(value: unknown, problem: string): InvalidArgumentError {
    return new InvalidArgumentError(`V2 record: ${this.place} ${problem}`, {
      code: "v2-record-invalid",
      field: this.place,
      value,
    });
  }

  #integer(value: number, bits: number): number {
    if (Number.isInteger(value) && value >= 0 && value < 2 ** bits) return value;
    throw this.refusal(value, `is ${show(value)}, no u${bits}`);
  }
}

/** Reads fields one after the other; never beyond the end of the payload. */
export class V2Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #end: number;
  #at: number;
  /** Record type and field, for errors. */
  place = "";

  /** Reads what lies from `start` to before `end`. */
  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = start;
    this.#end = end;
  }

  u8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  u16BigEndian(): number {
    return this.#view.getUint16(this.#advance(2));
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#advance(8), true);
  }

  i64(isLittleEndian: boolean): bigint {
    return this.#view.getBigInt64(this.#advance(8), isLittleEndian);
  }

  /** A copy of the next bytes: nothing is allocated before it is known that they are there. */
  raw(length: number): Uint8Array {
    const start = this.#advance(length);
    // Not `slice`: that of a Buffer is no copy.
    return new Uint8Array(this.#bytes.subarray(start, start + length));
  }

  text(length: number): string {
    const start = this.#advance(length);
    try {
      return STRICT_UTF8.decode(this.#bytes.subarray(start, start + length));
    } catch (cause) {
      throw this.damage("is no UTF-8", cause);
    }
  }

  /** A number of items of which each takes at least `leastBytes`, so that a wrong count allocates nothing. */
  count(leastBytes: number): number {
    const count = this.u32();
    const remaining = this.#end - this.#at;
    if (count * leastBytes > remaining) {
      throw this.damage(`counts ${count} items of at least ${leastBytes} bytes, but ${remaining} bytes are left`);
    }
    return count;
  }

  /** The error for bytes that are no such field. */
  damage(problem: string, cause?: unknown): CorruptionError {
    return new CorruptionError(`V2 record: ${this.place} ${problem}`, {
      code: "v2-record-corrupt",
      field: this.place,
      cause,
    });
  }

  #advance(length: number): number {
    const start = this.#at;
    if (length > this.#end - start) {
      throw this.damage(`takes ${length} bytes, but ${this.#end - start} are left in the payload`);
    }
    this.#at = start + length;
    return start;
  }
}

/** The codec of every encoding. */
export const V2_CODECS: { readonly [Encoding in V2Encoding]: V2FieldCodec<V2Values[Encoding]> } = {
  u8: { size: () => 1, write: (writer, value) => writer.u8(value), read: (reader) => reader.u8() },
  u32: { size: () => 4, write: (writer, value) => writer.u32(value), read: (reader) => reader.u32() },
  u64: { size: () => 8, write: (writer, value) => writer.u64(value), read: (reader) => reader.u64() },
  i64: { size: () => 8, write: (writer, value) => writer.i64(value, true), read: (reader) => reader.i64(true) },
  direction: choiceCodec(V2_DIRECTIONS),
  lockKind: choiceCodec(V2_LOCK_KINDS),
  bytes: { size: bytesSize, write: writeBytes, read: (reader) => reader.raw(reader.u32()) },
  text: {
    size: (text) => 4 + utf8Length(text),
    write: (writer, text) => {
      writer.u32(utf8Length(text));
      writer.text(text);
    },
    read: (reader) => reader.text(reader.u32()),
  },
  edge: { size: edgeSize, write: writeEdge, read: readEdge },
  edges: {
    size: (edges) => edges.reduce((size, edge) => size + edgeSize(edge), 4),
    write: (writer, edges) => {
      writer.u32(edges.length);
      for (const edge of edges) writeEdge(writer, edge);
    },
    read: (reader) => Array.from({ length: reader.count(EDGE_HEAD_BYTES) }, () => readEdge(reader)),
  },
  region: { size: () => 4 + REGION_BYTES, write: writeRegion, read: readRegion },
  optionalU64: {
    size: (value) => value === undefined ? 1 : 9,
    write: (writer, value) => {
      writer.u8(value === undefined ? 0 : PRESENT);
      if (value !== undefined) writer.u64(value);
    },
    read: (reader) => reader.u8() === PRESENT ? reader.u64() : undefined,
  },
  optionalBytes: {
    size: (value) => value === undefined ? 1 : 1 + bytesSize(value),
    write: (writer, value) => {
      writer.u8(value === undefined ? 0 : PRESENT);
      if (value !== undefined) writeBytes(writer, value);
    },
    read: (reader) => reader.u8() === PRESENT ? reader.raw(reader.u32()) : undefined,
  },
};

function choiceCodec<Choice extends string>(choices: readonly Choice[]): V2FieldCodec<Choice> {
  return {
    size: () => 1,
    write: (writer, choice) => {
      const code = choices.indexOf(choice);
      if (code < 0) throw writer.refusal(choice, `is ${show(choice)}, not one of ${choices.join(", ")}`);
      writer.u8(code);
    },
    read: (reader) => {
      const code = reader.u8();
      const choice = choices[code];
      if (choice === undefined) throw reader.damage(`has code ${code}; known are 0 to ${choices.length - 1}`);
      return choice;
    },
  };
}

function bytesSize(bytes: Uint8Array): number {
  return 4 + bytes.length;
}

function writeBytes(writer: V2Writer, bytes: Uint8Array): void {
  writer.u32(bytes.length);
  writer.raw(bytes);
}

function edgeSize(edge: CompactEdge): number {
  return EDGE_HEAD_BYTES + edge.data.length;
}

function writeEdge(writer: V2Writer, edge: CompactEdge): void {
  const { data } = edge;
  if (data.length > MAX_V2_EDGE_DATA_BYTES) {
    throw writer.refusal(data, `has ${data.length} bytes of data; at most ${MAX_V2_EDGE_DATA_BYTES} fit`);
  }
  writer.i64(edge.neighborId, false);
  writer.u16BigEndian(edge.typeOffset);
  writer.u16BigEndian(data.length);
  writer.raw(data);
}

function readEdge(reader: V2Reader): CompactEdge {
  const neighborId = reader.i64(false);
  const typeOffset = reader.u16BigEndian();
  return { neighborId, typeOffset, data: reader.raw(reader.u16BigEndian()) };
}

function writeRegion(writer: V2Writer, region: ContiguousRegion): void {
  writer.u32(REGION_BYTES);
  writer.u64(region.startOffset);
  writer.u64(region.totalSize);
  writer.u32(region.clusterCount);
  writer.u32(region.stride);
}

function readRegion(reader: V2Reader): ContiguousRegion {
  const length = reader.u32();
  if (length !== REGION_BYTES) throw reader.damage(`has a region of ${length} bytes; regions have ${REGION_BYTES}`);
  return { startOffset: reader.u64(), totalSize: reader.u64(), clusterCount: reader.u32(), stride: reader.u32() };
}
