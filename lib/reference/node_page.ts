/**
 * Page of node records. Big-endian, 4096 bytes:
 *
 *   0 u64 own page id   8 u64 0   16 u16 records  18 u16 bytes of all records  20 i64 smallest id  28 u32 checksum  32 records
 *
 * Record: varint id - smallest id, u32 flags (1: deleted), varints kind offset and name offset (0), varint payload length with
 * bit 15 for "elsewhere", four more varints (0), then the payload, or the u64 offset in the file where it is.
 */

import { readUint64 } from "./header.ts";
import { TREE_PAGE_BYTES } from "./index_page.ts";
import { lastLeb128, lowBitsOfLeb128, readLeb128 } from "./leb128.ts";
import { pageChecksum } from "./page_checksum.ts";

const RECORDS_AT = 32;
const CHECKSUM_AT = 28;
const DELETED = 1;
const EXTERNAL = 0x8000;
const MAX_U16 = 0xffff;
/** Fields between the length and the payload, which no reader uses. */
const UNUSED_FIELDS = 4;
/** Shortest record: an empty payload. */
const MIN_RECORD_BYTES = 12;
const MAX_RECORDS = Math.floor((TREE_PAGE_BYTES - RECORDS_AT) / MIN_RECORD_BYTES);

/** Reads one page at a time; it keeps no bytes of the page. */
export class NodePage {
  /** Records, also deleted ones. */
  count = 0;
  /** High halves of the ids. */
  readonly idHigh: Int32Array = new Int32Array(MAX_RECORDS);
  /** Low halves of the ids, unsigned. */
  readonly idLow: Uint32Array = new Uint32Array(MAX_RECORDS);
  /** 1: deleted. */
  readonly isDeleted: Uint8Array = new Uint8Array(MAX_RECORDS);
  /** Bytes of the payload. */
  readonly length: Uint16Array = new Uint16Array(MAX_RECORDS);
  /** 1: the payload is elsewhere in the file. */
  readonly isExternal: Uint8Array = new Uint8Array(MAX_RECORDS);
  /** Where the payload begins: in the page, or in the file where it is external. Infinity beyond 2^53. */
  readonly payloadAt: Float64Array = new Float64Array(MAX_RECORDS);
  /** Whether the ids ascend, which also means that none occurs twice. */
  isAscending = true;

  /** Reads a page; what is wrong with it, or undefined. After a problem there are no records. */
  open(bytes: Uint8Array, pageId: number): string | undefined {
    this.count = 0;
    if (bytes.length < TREE_PAGE_BYTES) return `it ends after ${bytes.length} bytes`;
    const view = new DataView(bytes.buffer, bytes.byteOffset, TREE_PAGE_BYTES);
    const storedId = readUint64(view, 0);
    if (storedId !== pageId) return `it says that it is page ${storedId}`;
    const end = RECORDS_AT + view.getUint16(18);
    if (end > TREE_PAGE_BYTES) return `its records take ${end - RECORDS_AT} bytes`;
    if (view.getUint32(CHECKSUM_AT) !== pageChecksum(bytes, end, CHECKSUM_AT, RECORDS_AT)) {
      return "its checksum does not fit";
    }
    return this.#readRecords(bytes, view, view.getUint16(16), end);
  }

  #readRecords(bytes: Uint8Array, view: DataView, count: number, end: number): string | undefined {
    if (count > MAX_RECORDS) return `it cannot hold ${count} records`;
    const baseHigh = view.getInt32(20);
    const baseLow = view.getUint32(24);
    let at = RECORDS_AT;
    let last = -1;
    this.isAscending = true;
    for (let index = 0; index < count; index++) {
      if (readLeb128(bytes, at, end) < 0) return damagedRecord(index, "id");
      const delta = lowBitsOfLeb128(bytes, at);
      if (delta <= last) this.isAscending = false;
      last = delta;
      const low = baseLow + delta;
      this.idLow[index] = low;
      this.idHigh[index] = baseHigh + (low > 0xffff_ffff ? 1 : 0);
      at = lastLeb128.end;
      if (at + 4 > end) return damagedRecord(index, "flags");
      this.isDeleted[index] = view.getUint32(at) & DELETED;
      at += 4;
      const kindOffset = readLeb128(bytes, at, end);
      if (kindOffset < 0 || kindOffset > MAX_U16) return damagedRecord(index, "kind offset");
      const nameOffset = readLeb128(bytes, lastLeb128.end, end);
      if (nameOffset < 0 || nameOffset > MAX_U16) return damagedRecord(index, "name offset");
      const length = readLeb128(bytes, lastLeb128.end, end);
      if (length < 0 || length > MAX_U16) return damagedRecord(index, "length");
      for (let field = 0; field < UNUSED_FIELDS; field++) {
        if (readLeb128(bytes, lastLeb128.end, end) < 0) return damagedRecord(index, "edge list");
      }
      at = lastLeb128.end;
      const isExternal = length >= EXTERNAL;
      this.isExternal[index] = isExternal ? 1 : 0;
      this.length[index] = isExternal ? length - EXTERNAL : length;
      const next = at + (isExternal ? 8 : length);
      if (next > end) return damagedRecord(index, "payload");
      this.payloadAt[index] = isExternal ? readUint64(view, at) : at;
      at = next;
    }
    if (at !== end) return `its records end at byte ${at} instead of ${end}`;
    this.count = count;
    return undefined;
  }

  /**
   * Position of the first record with an id, one that is not deleted before one that is; -1: none. Hot.
   *
   * @param hint where it is likely to be
   */
  find(high: number, low: number, hint: number): number {
    const signed = high | 0;
    // Ids are looked up in ascending order, and mostly stand so: the record is the one after the last.
    if (this.isAscending && hint < this.count && this.idLow[hint] === low && this.idHigh[hint] === signed) return hint;
    let deleted = -1;
    for (let index = 0; index < this.count; index++) {
      if (this.idLow[index] !== low || this.idHigh[index] !== signed) continue;
      if (this.isDeleted[index] === 0) return index;
      if (deleted < 0) deleted = index;
    }
    return deleted;
  }
}

function damagedRecord(index: number, field: string): string {
  return `the ${field} of record ${index} cannot be read`;
}
