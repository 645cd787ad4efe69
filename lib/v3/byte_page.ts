/**
 * Pages of a byte tree, leaves and branches alike: cells in the order of their keys (little-endian; behind the common header):
 *
 *   6   u16  number of cells
 *   16  u16  where the lowest cell begins      18  u16  unused bytes between there and the end of the page
 *   24  u16  where cell 0 begins, u16 where cell 1 begins, ...      then free space, then the cells, in no order
 *
 * The separator of a branch's first cell is empty: the branch's own range bounds it. A page is given by a buffer and the
 * address in it: the cache's, or a copy at address 0.
 */

import { CorruptionError } from "../backend/errors.ts";
import {
  cellSize,
  compareKeyRest,
  MAX_INLINE_KEY,
  POINTER_SIZE,
  readU32,
  readVarint,
  varintSize,
  writeU32,
} from "./byte_cell.ts";
import { copyBytes } from "./copy_bytes.ts";
import {
  PAGE_BIRTH_AT,
  PAGE_COUNT_AT,
  PAGE_FIRST_AT,
  PAGE_HEADER_SIZE,
  PAGE_LEVEL_AT,
  PAGE_SIZE,
  PAGE_TYPE,
  PAGE_TYPE_AT,
} from "./page.ts";
import type { Pages } from "./pages.ts";

/** Bytes of a page for cells and their slots. */
export const BYTE_PAGE_CAPACITY: number = PAGE_SIZE - PAGE_HEADER_SIZE;
/** Bytes of a slot. */
export const SLOT_SIZE = 2;
/** What comes before the key part in cells of a leaf, and of a branch. */
export const LEAF_SKIP = 0;
export const BRANCH_SKIP: number = POINTER_SIZE;
/** Highest level of a root that is believed. A tree of 2^32 pages is far lower. */
export const MAX_TREE_LEVEL = 40;

const CELLS_START_AT = PAGE_FIRST_AT;
const UNUSED_AT = PAGE_FIRST_AT + 2;

/** Reads a u16. */
export function readU16(page: Uint8Array, at: number): number {
  return (page[at] as number) | (page[at + 1] as number) << 8;
}

/** Writes a u16. */
export function writeU16(page: Uint8Array, at: number, value: number): void {
  page[at] = value;
  page[at + 1] = value >>> 8;
}

/** Number of cells. */
export function cellCount(page: Uint8Array, address: number): number {
  return readU16(page, address + PAGE_COUNT_AT);
}

/** Position of a cell. */
export function cellAt(page: Uint8Array, address: number, index: number): number {
  return address + readU16(page, address + PAGE_HEADER_SIZE + SLOT_SIZE * index);
}

/** Where the lowest cell begins, from the beginning of the page. */
export function cellsStart(page: Uint8Array, address: number): number {
  return readU16(page, address + CELLS_START_AT);
}

/** Bytes between the lowest cell and the end of the page that no cell has. */
export function unusedBytes(page: Uint8Array, address: number): number {
  return readU16(page, address + UNUSED_AT);
}

/** Bytes for more cells and their slots. */
export function freeBytes(page: Uint8Array, address: number): number {
  return gapBytes(page, address) + unusedBytes(page, address);
}

function gapBytes(page: Uint8Array, address: number): number {
  return cellsStart(page, address) - PAGE_HEADER_SIZE - SLOT_SIZE * cellCount(page, address);
}

/** Bytes of cells and their slots. */
export function usedBytes(page: Uint8Array, address: number): number {
  return BYTE_PAGE_CAPACITY - freeBytes(page, address);
}

/** Child page of a branch cell. */
export function childPageId(page: Uint8Array, at: number): number {
  return readU32(page, at);
}

/** Low 32 bits of the birth of a branch cell's child. */
export function childBirth(page: Uint8Array, at: number): number {
  return readU32(page, at + 4);
}

/** Makes a branch cell point to another page. */
export function setChild(page: Uint8Array, at: number, pageId: number, birth: number): void {
  writeU32(page, at, pageId);
  writeU32(page, at + 4, birth);
}

/** Address of a page of a byte tree that must have this level. */
export function fetchBytePage(pages: Pages, pageId: number, birth: number, level: number): number {
  const address = pages.fetch(pageId, birth);
  const type = level === 0 ? PAGE_TYPE.byteLeaf : PAGE_TYPE.byteBranch;
  const { bytes } = pages;
  if (bytes[address + PAGE_TYPE_AT] !== type || bytes[address + PAGE_LEVEL_AT] !== level || level > MAX_TREE_LEVEL) {
    throw new CorruptionError(
      `page ${pageId} has type ${bytes[address + PAGE_TYPE_AT]} and level ${
        bytes[address + PAGE_LEVEL_AT]
      } where a tree ` +
        `needs type ${type} and level ${level}; run check, and salvage what is readable`,
      { code: "page-corrupt", value: pageId },
    );
  }
  return address;
}

/** Low 32 bits of the birth of the page at an address. */
export function birthAt(pages: Pages, address: number): number {
  return (pages.f64[(address + PAGE_BIRTH_AT) / 8] as number) >>> 0;
}

/** Copies a page from the cache into a buffer of its size. */
export function copyPage(pages: Pages, address: number, into: Uint8Array): void {
  into.set(pages.bytes.subarray(address, address + PAGE_SIZE));
}

/** Copies all but the common header from a buffer into a page, and the number of cells. */
export function storePage(pages: Pages, address: number, from: Uint8Array): void {
  pages.bytes.set(from.subarray(PAGE_FIRST_AT, PAGE_SIZE), address + PAGE_FIRST_AT);
  writeU16(pages.bytes, address + PAGE_COUNT_AT, cellCount(from, 0));
}

/** Makes a page one without cells. */
export function emptyPage(page: Uint8Array, address: number): void {
  writeU16(page, address + PAGE_COUNT_AT, 0);
  writeU16(page, address + CELLS_START_AT, PAGE_SIZE);
  writeU16(page, address + UNUSED_AT, 0);
}

/**
 * Index of the cell with a key, or ~(index of the first cell above it). Hot: runs once a level of every search.
 *
 * With a key longer than 512 bytes, the page must be a copy: pages may be fetched.
 */
export function searchPage(
  pages: Pages,
  page: Uint8Array,
  address: number,
  keySkip: number,
  key: Uint8Array,
  start: number,
  end: number,
): number {
  const length = end - start;
  let low = 0;
  let high = cellCount(page, address) - 1;
  // Keys between two that share bytes with the wanted one share them too: the comparison begins behind them.
  let lowShared = 0;
  let highShared = 0;
  while (low <= high) {
    const middle = (low + high) >>> 1;
    let at = cellAt(page, address, middle) + keySkip;
    let keyLength = page[at] as number;
    if (keyLength < 0x80) {
      at++;
    } else {
      keyLength = readVarint(page, at);
      at += varintSize(keyLength);
    }
    let limit = keyLength < length ? keyLength : length;
    if (limit > MAX_INLINE_KEY) limit = MAX_INLINE_KEY;
    let shared = lowShared < highShared ? lowShared : highShared;
    while (shared < limit && page[at + shared] === key[start + shared]) shared++;
    let order: number;
    if (shared < limit) {
      order = (page[at + shared] as number) - (key[start + shared] as number);
    } else if (keyLength > MAX_INLINE_KEY && length > MAX_INLINE_KEY) {
      order = compareKeyRest(pages, page, at, keyLength, key, start, end);
    } else {
      order = keyLength - length;
    }
    if (order < 0) {
      low = middle + 1;
      lowShared = shared;
    } else if (order > 0) {
      high = middle - 1;
      highShared = shared;
    } else {
      return middle;
    }
  }
  return ~low;
}

/** As `searchPage`, in a page of the cache. With a key longer than 512 bytes, the address may be stale afterwards. */
export function searchFrame(pages: Pages, address: number, keySkip: number, key: Uint8Array): number {
  return key.length <= MAX_INLINE_KEY
    ? searchPage(pages, pages.bytes, address, keySkip, key, 0, key.length)
    : searchPage(pages, pages.bytes.slice(address, address + PAGE_SIZE), 0, keySkip, key, 0, key.length);
}

/** Index of the child to follow, from the result of a search in a branch. */
export function childIndex(searched: number): number {
  return searched >= 0 ? searched : ~searched === 0 ? 0 : ~searched - 1;
}

/** Puts a cell before the one at an index. There must be `freeBytes` for it and its slot. */
export function insertCell(
  page: Uint8Array,
  address: number,
  keySkip: number,
  index: number,
  source: Uint8Array,
  start: number,
  end: number,
): void {
  const size = end - start;
  if (gapBytes(page, address) < size + SLOT_SIZE) compactCells(page, address, keySkip);
  const count = cellCount(page, address);
  const cell = cellsStart(page, address) - size;
  copyBytes(source, start, end, page, address + cell);
  const slot = address + PAGE_HEADER_SIZE + SLOT_SIZE * index;
  page.copyWithin(slot + SLOT_SIZE, slot, address + PAGE_HEADER_SIZE + SLOT_SIZE * count);
  writeU16(page, slot, cell);
  writeU16(page, address + CELLS_START_AT, cell);
  writeU16(page, address + PAGE_COUNT_AT, count + 1);
}

/** Takes a cell out. */
export function removeCell(page: Uint8Array, address: number, keySkip: number, index: number): void {
  const count = cellCount(page, address);
  const cell = cellAt(page, address, index);
  const size = cellSize(page, cell, keySkip);
  const slot = address + PAGE_HEADER_SIZE + SLOT_SIZE * index;
  page.copyWithin(slot, slot + SLOT_SIZE, address + PAGE_HEADER_SIZE + SLOT_SIZE * count);
  writeU16(page, address + PAGE_COUNT_AT, count - 1);
  writeU16(page, address + UNUSED_AT, unusedBytes(page, address) + size);
}

/** Puts a cell in the place of the one at an index. There must be `freeBytes` for what it is larger. */
export function replaceCell(
  page: Uint8Array,
  address: number,
  keySkip: number,
  index: number,
  source: Uint8Array,
  start: number,
  end: number,
): void {
  const cell = cellAt(page, address, index);
  if (cellSize(page, cell, keySkip) === end - start) {
    copyBytes(source, start, end, page, cell);
  } else {
    removeCell(page, address, keySkip, index);
    insertCell(page, address, keySkip, index, source, start, end);
  }
}

/** Makes the separator of a branch's cell empty. Its chain, if any, is the caller's to free. */
export function clearSeparator(page: Uint8Array, address: number, index: number): void {
  const cell = cellAt(page, address, index);
  const freed = cellSize(page, cell, BRANCH_SKIP) - BRANCH_SKIP - 1;
  page[cell + BRANCH_SKIP] = 0;
  writeU16(page, address + UNUSED_AT, unusedBytes(page, address) + freed);
}

const scratch = new Uint8Array(PAGE_SIZE);

/** Moves the cells together, so that all free bytes are in one piece. */
function compactCells(page: Uint8Array, address: number, keySkip: number): void {
  scratch.set(page.subarray(address, address + PAGE_SIZE));
  const count = cellCount(page, address);
  let end = PAGE_SIZE;
  for (let index = 0; index < count; index++) {
    const cell = cellAt(scratch, 0, index);
    const size = cellSize(scratch, cell, keySkip);
    end -= size;
    copyBytes(scratch, cell, cell + size, page, address + end);
    writeU16(page, address + PAGE_HEADER_SIZE + SLOT_SIZE * index, end);
  }
  writeU16(page, address + CELLS_START_AT, end);
  writeU16(page, address + UNUSED_AT, 0);
}
