/**
 * Page of a tree (B+Tree; nodes and edges have one each). Big-endian, 4096 bytes:
 *
 *   0 u64 own page id   8 u8 1: leaf   9 u8 1: root (a hint)  10 u16 count  12 u32 checksum  16 zeros  32 body
 *
 *   leaf:     count × (u64 key, u64 value), u64 page id of the next leaf (0: none)
 *   internal: count × u64 key, (count + 1) × u64 page id of a child
 */

import { readUint64 } from "./header.ts";
import { pageChecksum } from "./page_checksum.ts";

/** Size of index and node pages, whatever the header says. */
export const TREE_PAGE_BYTES = 4096;

const BODY_AT = 32;
const CHECKSUM_AT = 12;
const IS_LEAF_AT = 8;
const IS_ROOT_AT = 9;

/** Reads one page at a time; it keeps no bytes of the page. */
export class IndexPage {
  isLeaf = false;
  /** Entries of a leaf, keys of an internal page. */
  count = 0;
  /** Page id of the leaf to the right; 0: none. Infinity beyond 2^53. */
  nextLeaf = 0;
  /** High halves of the keys, unsigned. */
  readonly keyHigh: Uint32Array = new Uint32Array(MAX_KEYS);
  /** Low halves of the keys. */
  readonly keyLow: Uint32Array = new Uint32Array(MAX_KEYS);
  /** Values of a leaf (page ids), or the `count + 1` children of an internal page. Infinity beyond 2^53. */
  readonly values: Float64Array = new Float64Array(MAX_KEYS + 1);

  /** Reads a page; what is wrong with it, or undefined. */
  open(bytes: Uint8Array, pageId: number): string | undefined {
    this.count = 0;
    this.nextLeaf = 0;
    if (bytes.length < TREE_PAGE_BYTES) return `it ends after ${bytes.length} bytes`;
    const view = new DataView(bytes.buffer, bytes.byteOffset, TREE_PAGE_BYTES);
    const storedId = readUint64(view, 0);
    if (storedId !== pageId) return `it says that it is page ${storedId}`;
    const isLeaf = bytes[IS_LEAF_AT] === 1;
    const count = view.getUint16(10);
    const length = BODY_AT + 16 * count + 8; // leaves and internal pages alike
    if (length > TREE_PAGE_BYTES) return `it cannot hold ${count} keys`;
    const stored = view.getUint32(CHECKSUM_AT);
    if (stored !== checksum(bytes, length)) return "its checksum does not fit";
    this.isLeaf = isLeaf;
    if (isLeaf) this.#readLeaf(view, count);
    else this.#readInternal(view, count);
    for (let at = 1; at < count; at++) {
      const order = (this.keyHigh[at] as number) - (this.keyHigh[at - 1] as number);
      if (order < 0 || (order === 0 && (this.keyLow[at] as number) <= (this.keyLow[at - 1] as number))) {
        return "its keys are out of order";
      }
    }
    this.count = count;
    return undefined;
  }

  #readLeaf(view: DataView, count: number): void {
    let at = BODY_AT;
    for (let index = 0; index < count; index++, at += 16) {
      this.keyHigh[index] = view.getUint32(at);
      this.keyLow[index] = view.getUint32(at + 4);
      this.values[index] = readUint64(view, at + 8);
    }
    this.nextLeaf = readUint64(view, at);
  }

  #readInternal(view: DataView, count: number): void {
    let at = BODY_AT;
    for (let index = 0; index < count; index++, at += 8) {
      this.keyHigh[index] = view.getUint32(at);
      this.keyLow[index] = view.getUint32(at + 4);
    }
    for (let index = 0; index <= count; index++, at += 8) this.values[index] = readUint64(view, at);
  }
}

/** What fits into a page; writers stop at 252. */
const MAX_KEYS = 254;

/** The writer takes the two flags as 0 or 1 and the bytes from 12 to 31 as 0. */
function checksum(bytes: Uint8Array, length: number): number {
  const isLeaf = bytes[IS_LEAF_AT] as number;
  const isRoot = bytes[IS_ROOT_AT] as number;
  const canonical = (isLeaf === 1 ? 1 : 0) ^ (isRoot === 1 ? 1 : 0);
  return (pageChecksum(bytes, length, CHECKSUM_AT, BODY_AT) ^ isLeaf ^ isRoot ^ canonical) >>> 0;
}
