/**
 * Keys of vectors: index number (u32), node id (two u32), part (u8), high bytes first, so that byte order is their order; and of
 * links: index number and slot (u32 each). A vector is cut into parts that fill the leaves of a byte tree well: the first begins
 * with the LSN of the commit that wrote it (f64), then come its numbers (f32), all little-endian.
 */

import { keyPartSize, MAX_INLINE_VALUE, valuePartSize } from "./byte_cell.ts";
import { BYTE_PAGE_CAPACITY, SLOT_SIZE } from "./byte_page.ts";

/** Bytes of the key of a vector's part. */
export const VECTOR_KEY_SIZE = 13;
/** Bytes before the numbers of a vector: the LSN of its commit. */
export const VECTOR_HEAD_SIZE = 8;
/** Bytes of the key of a link record. */
export const LINK_KEY_SIZE = 8;
/** So many more parts than needed are tried. */
const SPARE_PARTS = 3;
const HIGH = 2 ** 32;

/** Bytes of a vector with its head. */
export function vectorBytes(dimension: number): number {
  return VECTOR_HEAD_SIZE + 4 * dimension;
}

/** How a vector is cut. */
export interface VectorParts {
  readonly count: number;
  /** Bytes of every part but the last, which has the rest. */
  readonly size: number;
}

/** The parts of vectors of a dimension: of the cuts into few parts, the one that takes the fewest pages. */
export function vectorParts(dimension: number): VectorParts {
  const bytes = vectorBytes(dimension);
  const least = Math.ceil(bytes / MAX_INLINE_VALUE);
  let best: VectorParts = { count: 0, size: 0 };
  let fewest = Infinity;
  for (let tried = least; tried <= least + SPARE_PARTS; tried++) {
    const size = Math.ceil(bytes / tried);
    const cell = keyPartSize(VECTOR_KEY_SIZE) + valuePartSize(size) + SLOT_SIZE;
    const pages = tried / Math.floor(BYTE_PAGE_CAPACITY / cell);
    if (pages >= fewest) continue;
    fewest = pages;
    best = { count: Math.ceil(bytes / size), size };
  }
  return best;
}

/** Writes the key of a part at the beginning of `key`. */
export function writeVectorKey(key: Uint8Array, index: number, nodeId: number, part: number): void {
  writeHighFirst(key, 0, index);
  writeHighFirst(key, 4, Math.floor(nodeId / HIGH));
  writeHighFirst(key, 8, nodeId >>> 0);
  key[12] = part;
}

/** The key of a part. */
export function vectorKey(index: number, nodeId: number, part: number): Uint8Array {
  const key = new Uint8Array(VECTOR_KEY_SIZE);
  writeVectorKey(key, index, nodeId, part);
  return key;
}

/** Index number of a key that begins at a position. */
export function indexOfKey(bytes: Uint8Array, at: number): number {
  return readHighFirst(bytes, at);
}

/** Node id of a vector's key that begins at a position. */
export function nodeOfKey(bytes: Uint8Array, at: number): number {
  return readHighFirst(bytes, at + 4) * HIGH + readHighFirst(bytes, at + 8);
}

/** Part of a vector's key that begins at a position. */
export function partOfKey(bytes: Uint8Array, at: number): number {
  return bytes[at + 12] as number;
}

/** The key of a link record. */
export function linkKey(index: number, slot: number): Uint8Array {
  const key = new Uint8Array(LINK_KEY_SIZE);
  writeHighFirst(key, 0, index);
  writeHighFirst(key, 4, slot);
  return key;
}

/** Slot of a link record's key that begins at a position. */
export function slotOfKey(bytes: Uint8Array, at: number): number {
  return readHighFirst(bytes, at + 4);
}

function writeHighFirst(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

function readHighFirst(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 24 | (bytes[at + 1] as number) << 16 | (bytes[at + 2] as number) << 8 |
    (bytes[at + 3] as number)) >>> 0;
}
