/**
 * Edges of one node in one direction ("cluster"). Big-endian; byte 0 is the version:
 *
 *   3  1 i64 node  9 u8 1: incoming  10 u32 count  14 u8 1: compressed  15 u32 bytes of the ids  19 ids, then records
 *      ids: varint zigzag difference to the id before (0 at first); record: u16 0, u16 length, edge data
 *   2  1 i64 node  9 u8 1: incoming  10 u32 count  14 records: i64 id, u16 0, u16 length, edge data
 *   0, 1  1 u32 count  5 records as in version 2
 */

import { lastEdgeData, readEdgeData } from "./edge_data.ts";
import { idOfBigint, idOfHalves, numberOfHalves } from "./id64.ts";
import { lastLeb128, readBigLeb128, readLeb128, unzigzag, unzigzagBig } from "./leb128.ts";
import type { ReferenceId } from "./report.ts";
import type { TypeTable } from "./type_table.ts";

/** Largest version there is. */
export const MAX_CLUSTER_VERSION = 3;

const NODE_AT = 1;
const DIRECTION_AT = 9;
const COUNT_AT = 10;
const COMPRESSED_AT = 14;
const IDS_LENGTH_AT = 15;
const IDS_AT = 19;
const RECORDS_AT_OF_VERSION_2 = 14;
const RECORDS_AT_OF_VERSION_1 = 5;
const RECORD_HEAD_BYTES = 4;
const ID_BYTES = 8;

/** How a list ends. */
export type ClusterEnd =
  /** After its last edge. */
  | "whole"
  /** The bytes end before. */
  | "cut"
  /** It contradicts itself. */
  | "damaged";

/** Reads one list of edges at a time; it keeps no bytes of it. */
export class EdgeCluster {
  version = 0;
  /** The node whose edges these are; undefined in versions 0 and 1, which do not name it. */
  node: ReferenceId | undefined = undefined;
  isIncoming = false;
  /** Edges that the list says it has. */
  statedCount = 0;
  /** Neighbours that were read; the first `count` of them with their records. */
  idCount = 0;
  /** Edges that were read. */
  count = 0;
  /** How it ends. */
  end: ClusterEnd = "whole";
  /** Bytes that the list takes, as far as it was read. */
  length = 0;
  /** Neighbours; NaN where `neighbor` has to be asked. */
  ids: Float64Array = new Float64Array(64);
  /** Numbers of the types, as the table gives them. */
  types: Int32Array = new Int32Array(64);
  /** Weights. */
  weights: Float32Array = new Float32Array(64);
  /** Whether every field that is always 0 is 0. */
  isPlausible = true;
  readonly #types: TypeTable;
  #big: Map<number, bigint> | undefined = undefined;

  /** @param types numbers for the types; shared by the clusters that are compared */
  constructor(types: TypeTable) {
    this.#types = types;
  }

  /** The neighbour at a position. */
  neighbor(index: number): ReferenceId {
    const id = this.ids[index] as number;
    return Number.isNaN(id) ? this.#big?.get(index) as bigint : id;
  }

  /** Forgets the list before. */
  #reset(): void {
    this.node = undefined;
    this.isIncoming = false;
    this.statedCount =
      this.idCount =
      this.count =
      this.length =
        0;
    this.end = "whole";
    this.isPlausible = true;
    this.#big = undefined;
  }

  /** Reads whose list is at the start of `bytes`, without its edges. */
  openHead(bytes: Uint8Array): void {
    this.#reset();
    this.version = bytes[0] ?? 0;
    if (this.version < 2 || this.version > MAX_CLUSTER_VERSION || bytes.length < RECORDS_AT_OF_VERSION_2) return;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#readHead(bytes, view);
  }

  #readHead(bytes: Uint8Array, view: DataView): void {
    this.node = idOfHalves(view.getUint32(NODE_AT), view.getUint32(NODE_AT + 4));
    this.isIncoming = bytes[DIRECTION_AT] === 1;
    this.isPlausible = (bytes[DIRECTION_AT] as number) <= 1;
    this.statedCount = view.getUint32(COUNT_AT);
  }

  /** Reads the list at the start of `bytes`, which may go on behind it. Hot. */
  open(bytes: Uint8Array): void {
    this.#reset();
    this.version = bytes[0] ?? 0;
    if (bytes.length < RECORDS_AT_OF_VERSION_1) {
      this.end = "cut";
      return;
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    if (this.version > MAX_CLUSTER_VERSION) this.end = "damaged";
    else if (this.version < 2) {
      this.statedCount = view.getUint32(1);
      this.#readFixed(bytes, view, RECORDS_AT_OF_VERSION_1);
    } else if (bytes.length < (this.version === 2 ? RECORDS_AT_OF_VERSION_2 : COMPRESSED_AT + 1)) this.end = "cut";
    else {
      this.#readHead(bytes, view);
      if (this.version === 2) this.#readFixed(bytes, view, RECORDS_AT_OF_VERSION_2);
      else if (bytes[COMPRESSED_AT] !== 1) {
        this.isPlausible = false;
        this.#readFixed(bytes, view, COMPRESSED_AT + 1);
      } else this.#readCompressed(bytes, view);
    }
  }

  #readCompressed(bytes: Uint8Array, view: DataView): void {
    if (bytes.length < IDS_AT) {
      this.end = "cut";
      return;
    }
    const stated = IDS_AT + view.getUint32(IDS_LENGTH_AT);
    const idsEnd = Math.min(stated, bytes.length);
    this.#reserve(Math.min(this.statedCount, idsEnd - IDS_AT));
    let at = IDS_AT;
    let id = 0;
    let index = 0;
    for (; index < this.statedCount; index++) {
      const code = readLeb128(bytes, at, idsEnd);
      if (code < 0) break;
      id += unzigzag(code);
      if (code > Number.MAX_SAFE_INTEGER || !Number.isSafeInteger(id)) break;
      this.ids[index] = id;
      at = lastLeb128.end;
    }
    this.idCount = index;
    if (index < this.statedCount && readLeb128(bytes, at, idsEnd) >= 0) at = this.#readBigIds(bytes, at, idsEnd);
    if (this.idCount < this.statedCount || at !== stated) {
      this.end = stated > bytes.length ? "cut" : "damaged";
      this.length = at;
      return;
    }
    this.#readRecords(bytes, view, at);
  }

  /** The rest of the ids where a number is not exact any more. */
  #readBigIds(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    let id = this.idCount === 0 ? 0n : BigInt(this.ids[this.idCount - 1] as number);
    for (; this.idCount < this.statedCount && readLeb128(bytes, at, end) >= 0; at = lastLeb128.end, this.idCount++) {
      id = BigInt.asIntN(64, id + unzigzagBig(readBigLeb128(bytes, at)));
      this.#setId(this.idCount, idOfBigint(id));
    }
    return at;
  }

  #setId(index: number, id: ReferenceId): void {
    if (typeof id === "number") {
      this.ids[index] = id;
      return;
    }
    this.ids[index] = NaN;
    this.#big ??= new Map();
    this.#big.set(index, id);
  }

  /** The records of version 3, which follow all ids. */
  #readRecords(bytes: Uint8Array, view: DataView, start: number): void {
    let at = start;
    for (let index = 0; index < this.statedCount; index++) {
      if (at + RECORD_HEAD_BYTES > bytes.length) return this.#endAt(at, "cut");
      const dataAt = at + RECORD_HEAD_BYTES;
      const next = dataAt + view.getUint16(at + 2);
      if (next > bytes.length) return this.#endAt(at, "cut");
      if (view.getUint16(at) !== 0) this.isPlausible = false;
      this.#readData(index, bytes, view, dataAt, next);
      this.count = index + 1;
      at = next;
    }
    this.length = at;
  }

  /** The records of the versions before 3, each with its id. */
  #readFixed(bytes: Uint8Array, view: DataView, start: number): void {
    let at = start;
    this.#reserve(Math.min(this.statedCount, Math.floor((bytes.length - start) / (ID_BYTES + RECORD_HEAD_BYTES))));
    for (let index = 0; index < this.statedCount; index++) {
      const dataAt = at + ID_BYTES + RECORD_HEAD_BYTES;
      if (dataAt > bytes.length) return this.#endAt(at, "cut");
      const next = dataAt + view.getUint16(dataAt - 2);
      if (next > bytes.length) return this.#endAt(at, "cut");
      if (view.getUint16(dataAt - 4) !== 0) this.isPlausible = false;
      const high = view.getUint32(at);
      const low = view.getUint32(at + 4);
      this.ids[index] = numberOfHalves(high, low);
      if (Number.isNaN(this.ids[index])) this.#setId(index, idOfHalves(high, low));
      this.#readData(index, bytes, view, dataAt, next);
      this.count = this.idCount = index + 1;
      at = next;
    }
    this.length = at;
  }

  #readData(index: number, bytes: Uint8Array, view: DataView, start: number, end: number): void {
    readEdgeData(bytes, view, start, end);
    this.types[index] = this.#types.number(bytes, lastEdgeData.typeStart, lastEdgeData.typeEnd);
    this.weights[index] = lastEdgeData.weight;
  }

  #endAt(at: number, end: ClusterEnd): void {
    this.length = at;
    this.end = end;
  }

  #reserve(count: number): void {
    if (count <= this.ids.length) return;
    const size = 2 ** Math.ceil(Math.log2(count));
    this.ids = new Float64Array(size);
    this.types = new Int32Array(size);
    this.weights = new Float32Array(size);
  }
}
