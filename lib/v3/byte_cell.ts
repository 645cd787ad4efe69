/**
 * Cells of a byte tree: what its pages hold.
 *
 *   leaf cell     key part, value part
 *   branch cell   u32 child page, u32 low bits of its birth, key part (the separator: the child's keys are not below it)
 *   key part      varint length n, the first min(n, 512) bytes, and when n > 512 the pointer to a chain with the others
 *   value part    varint length n, then n <= 1000: the bytes; else the first 64 bytes and the pointer to a chain with the others
 *   pointer       u32 first page, u32 low 32 bits of its birth
 *
 * Varints have 7 bits a byte, the low ones first, and no more bytes than they need. Numbers are little-endian. Positions
 * ("at") are indexes into the bytes of a page, wherever that is: in the cache or in a copy.
 */

import { copyBytes } from "./copy_bytes.ts";
import { compareOverflow, freeOverflow, readOverflow, writeOverflow } from "./overflow.ts";
import type { MutablePages, Pages } from "./pages.ts";

/** Bytes of a key that stay in its cell. */
export const MAX_INLINE_KEY = 512;
/** Longest value that stays in its cell. */
export const MAX_INLINE_VALUE = 1000;
/** Bytes of a longer value that stay in its cell. */
export const VALUE_HEAD_SIZE = 64;
/** Bytes of a pointer to a chain or a child. */
export const POINTER_SIZE = 8;
/** Largest key part. */
export const MAX_KEY_PART: number = 5 + MAX_INLINE_KEY + POINTER_SIZE;
/** Largest leaf cell. */
export const MAX_LEAF_CELL: number = MAX_KEY_PART + 2 + MAX_INLINE_VALUE;

/** Reads a u32. */
export function readU32(page: Uint8Array, at: number): number {
  return ((page[at] as number) | (page[at + 1] as number) << 8 | (page[at + 2] as number) << 16 |
    (page[at + 3] as number) << 24) >>> 0;
}

/** Writes a u32. */
export function writeU32(page: Uint8Array, at: number, value: number): void {
  page[at] = value;
  page[at + 1] = value >>> 8;
  page[at + 2] = value >>> 16;
  page[at + 3] = value >>> 24;
}

/** Reads a varint of up to 32 bits. */
export function readVarint(page: Uint8Array, at: number): number {
  const first = page[at] as number;
  if (first < 0x80) return first;
  let value = first & 0x7f;
  for (let shift = 7; shift < 35; shift += 7) {
    const byte = page[++at] as number;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return value >>> 0;
}

/** Writes a varint of up to 32 bits and returns the position behind it. */
export function writeVarint(page: Uint8Array, at: number, value: number): number {
  while (value >= 0x80) {
    page[at++] = value & 0x7f | 0x80;
    value >>>= 7;
  }
  page[at++] = value;
  return at;
}

/** Bytes of a number as a varint. */
export function varintSize(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : value < 0x1000_0000 ? 4 : 5;
}

/** Bytes of the part of a key of this length. */
export function keyPartSize(keyLength: number): number {
  return varintSize(keyLength) + (keyLength > MAX_INLINE_KEY ? MAX_INLINE_KEY + POINTER_SIZE : keyLength);
}

/** Bytes of the part of a value of this length. */
export function valuePartSize(valueLength: number): number {
  return varintSize(valueLength) + (valueLength > MAX_INLINE_VALUE ? VALUE_HEAD_SIZE + POINTER_SIZE : valueLength);
}

/** Bytes of the cell that lies at a position; `keySkip` are the bytes before its key part: 0 in leaves, else 8. */
export function cellSize(page: Uint8Array, at: number, keySkip: number): number {
  const keySize = keySkip + keyPartSize(readVarint(page, at + keySkip));
  return keySkip === 0 ? keySize + valuePartSize(readVarint(page, at + keySize)) : keySize;
}

/** Position of the value part of a leaf cell. */
export function valuePartAt(page: Uint8Array, at: number): number {
  return at + keyPartSize(readVarint(page, at));
}

/** Writes a key part, and the chain of a long key. Returns the position behind it. */
export function writeKeyPart(
  pages: MutablePages,
  key: Uint8Array,
  start: number,
  end: number,
  page: Uint8Array,
  at: number,
): number {
  const length = end - start;
  at = writeVarint(page, at, length);
  const headSize = Math.min(length, MAX_INLINE_KEY);
  copyBytes(key, start, start + headSize, page, at);
  at += headSize;
  return length > headSize ? writeChain(pages, key, start + headSize, end, page, at) : at;
}

/** Writes a value part, and the chain of a long value. Returns the position behind it. */
export function writeValuePart(
  pages: MutablePages,
  value: Uint8Array,
  start: number,
  end: number,
  page: Uint8Array,
  at: number,
): number {
  const length = end - start;
  at = writeVarint(page, at, length);
  const headSize = length > MAX_INLINE_VALUE ? VALUE_HEAD_SIZE : length;
  copyBytes(value, start, start + headSize, page, at);
  at += headSize;
  return length > headSize ? writeChain(pages, value, start + headSize, end, page, at) : at;
}

function writeChain(
  pages: MutablePages,
  source: Uint8Array,
  start: number,
  end: number,
  page: Uint8Array,
  at: number,
): number {
  const { pageId, birth } = writeOverflow(pages, source, start, end);
  writeU32(page, at, pageId);
  writeU32(page, at + 4, birth);
  return at + POINTER_SIZE;
}

/** The key of a key part: a copy. */
export function readKey(pages: Pages, page: Uint8Array, at: number): Uint8Array {
  return readPart(pages, page, at, MAX_INLINE_KEY, MAX_INLINE_KEY);
}

/** The value of a value part: a copy. */
export function readValue(pages: Pages, page: Uint8Array, at: number): Uint8Array {
  return readPart(pages, page, at, MAX_INLINE_VALUE, VALUE_HEAD_SIZE);
}

/** What the cell itself holds of a value: all of it, or the first 64 bytes. A copy. */
export function readValueHead(page: Uint8Array, at: number): Uint8Array {
  const length = readVarint(page, at);
  at += varintSize(length);
  return page.slice(at, at + (length > MAX_INLINE_VALUE ? VALUE_HEAD_SIZE : length));
}

function readPart(pages: Pages, page: Uint8Array, at: number, maxInline: number, headSize: number): Uint8Array {
  const length = readVarint(page, at);
  at += varintSize(length);
  if (length <= maxInline) return page.slice(at, at + length);
  const head = page.slice(at, at + headSize);
  const pageId = readU32(page, at + headSize);
  const birth = readU32(page, at + headSize + 4);
  const bytes = readOverflow(pages, pageId, birth, length - headSize, headSize);
  bytes.set(head);
  return bytes;
}

/** Frees the chain of a key part, if it has one. */
export function freeKeyChain(pages: MutablePages, page: Uint8Array, at: number): void {
  const length = readVarint(page, at);
  if (length > MAX_INLINE_KEY) freeChainAt(pages, page, at + varintSize(length) + MAX_INLINE_KEY);
}

/** Frees the chain of a value part, if it has one. */
export function freeValueChain(pages: MutablePages, page: Uint8Array, at: number): void {
  const length = readVarint(page, at);
  if (length > MAX_INLINE_VALUE) freeChainAt(pages, page, at + varintSize(length) + VALUE_HEAD_SIZE);
}

function freeChainAt(pages: MutablePages, page: Uint8Array, at: number): void {
  freeOverflow(pages, readU32(page, at), readU32(page, at + 4));
}

/**
 * Order of a key part and a key: negative when the key part's comes first, 0 when they are equal. Fetches pages only when both
 * keys are longer than what stays in a cell and agree in that; then the page of the key part must be a copy.
 */
export function compareKey(
  pages: Pages,
  page: Uint8Array,
  at: number,
  key: Uint8Array,
  start: number,
  end: number,
): number {
  const keyLength = readVarint(page, at);
  const length = end - start;
  at += varintSize(keyLength);
  const limit = Math.min(keyLength, length, MAX_INLINE_KEY);
  for (let i = 0; i < limit; i++) {
    const difference = (page[at + i] as number) - (key[start + i] as number);
    if (difference !== 0) return difference;
  }
  if (keyLength <= MAX_INLINE_KEY || length <= MAX_INLINE_KEY) return keyLength - length;
  return compareKeyRest(pages, page, at, keyLength, key, start, end);
}

/** Order of two long keys that agree in their first 512 bytes; `at` is the position of these in the page. */
export function compareKeyRest(
  pages: Pages,
  page: Uint8Array,
  at: number,
  keyLength: number,
  key: Uint8Array,
  start: number,
  end: number,
): number {
  const pointer = at + MAX_INLINE_KEY;
  const restLength = keyLength - MAX_INLINE_KEY;
  const pageId = readU32(page, pointer);
  const birth = readU32(page, pointer + 4);
  return compareOverflow(pages, pageId, birth, restLength, key, start + MAX_INLINE_KEY, end);
}

/**
 * Writes the part of the shortest key that is above the left and not above the right of two neighbours, which are key parts
 * in copies of pages. Returns its size.
 */
export function writeSeparator(
  pages: MutablePages,
  left: Uint8Array,
  leftAt: number,
  right: Uint8Array,
  rightAt: number,
  into: Uint8Array,
): number {
  const leftLength = readVarint(left, leftAt);
  const rightLength = readVarint(right, rightAt);
  const leftHead = leftAt + varintSize(leftLength);
  const rightHead = rightAt + varintSize(rightLength);
  const limit = Math.min(leftLength, rightLength, MAX_INLINE_KEY);
  let shared = 0;
  while (shared < limit && left[leftHead + shared] === right[rightHead + shared]) shared++;
  if (shared < MAX_INLINE_KEY) {
    return writeKeyPart(pages, right, rightHead, rightHead + shared + 1, into, 0);
  }
  const leftKey = readKey(pages, left, leftAt);
  const rightKey = readKey(pages, right, rightAt);
  while (shared < leftKey.length && leftKey[shared] === rightKey[shared]) shared++;
  return writeKeyPart(pages, rightKey, 0, shared + 1, into, 0);
}
