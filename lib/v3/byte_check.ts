/**
 * Structure of the pages of a byte tree: what must hold so that reading and changing a page stays within it. Runs when a page
 * enters the cache, so it looks at nothing but the page: of long keys it compares the first 512 bytes.
 */

import { CorruptionError } from "../backend/errors.ts";
import {
  MAX_INLINE_KEY,
  MAX_INLINE_VALUE,
  POINTER_SIZE,
  readVarint,
  VALUE_HEAD_SIZE,
  varintSize,
} from "./byte_cell.ts";
import {
  BRANCH_SKIP,
  cellAt,
  cellCount,
  cellsStart,
  childPageId,
  LEAF_SKIP,
  SLOT_SIZE,
  unusedBytes,
} from "./byte_page.ts";
import { PAGE_HEADER_SIZE, PAGE_LEVEL_AT, PAGE_SIZE, PAGE_TYPE, PAGE_TYPE_AT } from "./page.ts";
import type { Pages } from "./pages.ts";

/** Throws `CorruptionError` unless the page at an address is a sound leaf. O(page). */
export function checkByteLeaf(pages: Pages, address: number): void {
  const { bytes } = pages;
  if (bytes[address + PAGE_TYPE_AT] !== PAGE_TYPE.byteLeaf || bytes[address + PAGE_LEVEL_AT] !== 0) {
    throw damaged(bytes, address, "it is no leaf");
  }
  checkCells(bytes, address, LEAF_SKIP);
}

/** Throws `CorruptionError` unless the page at an address is a sound branch. O(page). */
export function checkByteBranch(pages: Pages, address: number): void {
  const { bytes } = pages;
  if (bytes[address + PAGE_TYPE_AT] !== PAGE_TYPE.byteBranch || bytes[address + PAGE_LEVEL_AT] === 0) {
    throw damaged(bytes, address, "it is no branch");
  }
  checkCells(bytes, address, BRANCH_SKIP);
  if (readVarint(bytes, cellAt(bytes, address, 0) + BRANCH_SKIP) !== 0) {
    throw damaged(bytes, address, "its first separator is not empty");
  }
}

function checkCells(bytes: Uint8Array, address: number, keySkip: number): void {
  const count = cellCount(bytes, address);
  const first = cellsStart(bytes, address);
  if (count === 0 || PAGE_HEADER_SIZE + SLOT_SIZE * count > first || first > PAGE_SIZE) {
    throw damaged(bytes, address, `it has ${count} cells, which begin at ${first}`);
  }
  let sizeOfAll = 0;
  let before = -1;
  for (let index = 0; index < count; index++) {
    const cell = cellAt(bytes, address, index);
    if (cell < address + first) throw damaged(bytes, address, `cell ${index} begins at ${cell - address}`);
    const end = endOfCell(bytes, cell, address + PAGE_SIZE, keySkip);
    if (end < 0) throw damaged(bytes, address, `cell ${index} at ${cell - address} is no cell or leaves the page`);
    if (keySkip === BRANCH_SKIP && childPageId(bytes, cell) === 0) {
      throw damaged(bytes, address, `cell ${index} has no child`);
    }
    if (before >= 0 && !isAscending(bytes, before, cell + keySkip)) {
      throw damaged(bytes, address, `the key of cell ${index} is not above that of the cell before`);
    }
    before = cell + keySkip;
    sizeOfAll += end - cell;
  }
  if (first + unusedBytes(bytes, address) + sizeOfAll !== PAGE_SIZE) {
    throw damaged(bytes, address, `its cells have ${sizeOfAll} bytes, which is not what its header says`);
  }
}

/** Position behind a cell, or -1 when the cell does not end before the page does or has a wrong length. */
function endOfCell(bytes: Uint8Array, cell: number, pageEnd: number, keySkip: number): number {
  const keyEnd = endOfPart(bytes, cell + keySkip, pageEnd, MAX_INLINE_KEY, MAX_INLINE_KEY);
  if (keySkip === BRANCH_SKIP || keyEnd < 0) return keyEnd;
  return endOfPart(bytes, keyEnd, pageEnd, MAX_INLINE_VALUE, VALUE_HEAD_SIZE);
}

function endOfPart(bytes: Uint8Array, at: number, pageEnd: number, maxInline: number, headSize: number): number {
  const sizeOfLength = varintSizeAt(bytes, at, pageEnd);
  if (sizeOfLength === 0) return -1;
  const length = readVarint(bytes, at);
  const end = at + sizeOfLength + (length > maxInline ? headSize + POINTER_SIZE : length);
  return end <= pageEnd ? end : -1;
}

/** Bytes of the varint here; 0 when it is not one of 32 bits in its shortest form, before the end. */
function varintSizeAt(bytes: Uint8Array, at: number, end: number): number {
  for (let size = 1; size <= 5 && at < end; size++, at++) {
    const byte = bytes[at] as number;
    if (byte < 0x80) return (size === 1 || byte > 0) && (size < 5 || byte < 0x10) ? size : 0;
  }
  return 0;
}

/** Whether a key part comes before another one, as far as their bytes in the page tell. */
function isAscending(bytes: Uint8Array, left: number, right: number): boolean {
  const leftLength = readVarint(bytes, left);
  const rightLength = readVarint(bytes, right);
  left += varintSize(leftLength);
  right += varintSize(rightLength);
  let limit = leftLength < rightLength ? leftLength : rightLength;
  if (limit > MAX_INLINE_KEY) limit = MAX_INLINE_KEY;
  for (let i = 0; i < limit; i++) {
    const difference = (bytes[left + i] as number) - (bytes[right + i] as number);
    if (difference !== 0) return difference < 0;
  }
  return leftLength < rightLength || (leftLength > MAX_INLINE_KEY && rightLength > MAX_INLINE_KEY);
}

function damaged(bytes: Uint8Array, address: number, why: string): CorruptionError {
  return new CorruptionError(
    `a page of type ${bytes[address + PAGE_TYPE_AT]} and level ${bytes[address + PAGE_LEVEL_AT]} is damaged: ${why}; ` +
      "run check, and salvage what is readable",
    { code: "page-corrupt" },
  );
}
