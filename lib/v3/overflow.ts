/**
 * Overflow chains: byte strings that do not fit into the page that they belong to, in pages of their own. Every page of a
 * chain but the last is full (little-endian):
 *
 *   6  u16  bytes used         16 u32  next page, or 0         20 u32  low 32 bits of its birth
 *   24      bytes
 *
 * A chain is never changed: other bytes are another chain.
 */

import { CorruptionError } from "../backend/errors.ts";
import {
  PAGE_COUNT_AT,
  PAGE_FIRST_AT,
  PAGE_HEADER_SIZE,
  PAGE_SECOND_AT,
  PAGE_SIZE,
  PAGE_TYPE,
  PAGE_TYPE_AT,
} from "./page.ts";
import { type MutablePages, type Pages, StaleRead } from "./pages.ts";

/** Bytes of a chain that one page holds. */
export const OVERFLOW_CAPACITY: number = PAGE_SIZE - PAGE_HEADER_SIZE;

/** Where a chain begins. The chain of no bytes has page 0. */
export interface OverflowPointer {
  /** First page, or 0. */
  readonly pageId: number;
  /** Low 32 bits of its birth. */
  readonly birth: number;
}

/** Longest chain that is believed without a look at its pages: a damaged length must not ask for gigabytes of memory. */
const TRUSTED_LENGTH = 16 * 1024 * 1024;

/** Writes the bytes from `start` to `end` - 1 into a new chain. */
export function writeOverflow(pages: MutablePages, source: Uint8Array, start: number, end: number): OverflowPointer {
  const birth = pages.birth >>> 0;
  if (start === end) return { pageId: 0, birth: 0 };
  let address = pages.allocate(PAGE_TYPE.overflow, 0);
  const pageId = pages.pageIdAt(address);
  for (let at = start;;) {
    const used = Math.min(end - at, OVERFLOW_CAPACITY);
    const isLast = at + used === end;
    // The next page comes first, so that a page is complete when it is left: it may be evicted soon after.
    const next = isLast ? address : pages.allocate(PAGE_TYPE.overflow, 0);
    pages.view.setUint16(address + PAGE_COUNT_AT, used, true);
    pages.view.setUint32(address + PAGE_FIRST_AT, isLast ? 0 : pages.pageIdAt(next), true);
    pages.view.setUint32(address + PAGE_SECOND_AT, isLast ? 0 : birth, true);
    pages.bytes.set(source.subarray(at, at + used), address + PAGE_HEADER_SIZE);
    if (isLast) return { pageId, birth };
    at += used;
    address = next;
  }
}

/**
 * The bytes of a chain: a copy.
 *
 * @param length bytes that the chain holds, as its owner says
 * @param room bytes to leave free at the beginning of the result, for what the owner holds itself
 * @throws {CorruptionError} when the chain is shorter or longer, or has a page of another type
 */
export function readOverflow(pages: Pages, pageId: number, birth: number, length: number, room = 0): Uint8Array {
  if (length > TRUSTED_LENGTH) eachPart(pages, pageId, birth, length, ignorePart);
  const result = new Uint8Array(room + length);
  eachPart(pages, pageId, birth, length, (bytes, from, to, at) => {
    result.set(bytes.subarray(from, to), room + at);
    return 0;
  });
  return result;
}

/**
 * Order of a chain and of the bytes from `start` to `end` - 1: negative when the chain comes first, 0 when they are equal.
 * Reads no further than the first difference.
 */
export function compareOverflow(
  pages: Pages,
  pageId: number,
  birth: number,
  length: number,
  other: Uint8Array,
  start: number,
  end: number,
): number {
  const shorter = Math.min(length, end - start);
  const order = eachPart(pages, pageId, birth, length, (bytes, from, to, at) => {
    const size = Math.min(to - from, shorter - at);
    for (let i = 0; i < size; i++) {
      const difference = (bytes[from + i] as number) - (other[start + at + i] as number);
      if (difference !== 0) return difference;
    }
    return 0;
  });
  return order === 0 ? length - (end - start) : order;
}

/** Frees every page of a chain. */
export function freeOverflow(pages: MutablePages, pageId: number, birth: number): void {
  eachOverflowPage(pages, pageId, birth, (partId, partBirth) => pages.free(partId, partBirth));
}

/**
 * Visits the pages of a chain in order. A page has been read when it is visited: the visitor may free it.
 *
 * @throws {CorruptionError} when the chain has a page of another type or runs in a circle (pages may have been visited twice)
 */
export function eachOverflowPage(
  pages: Pages,
  pageId: number,
  birth: number,
  visit: (pageId: number, birth: number) => void,
): void {
  // A circle is found by comparing with one remembered page, a later one after 1, 2, 4, 8, ... steps (R. P. Brent, An
  // improved Monte Carlo factorization algorithm, 1980).
  let remembered = 0;
  let steps = 0;
  let nextTurn = 1;
  while (pageId !== 0) {
    const address = fetchPart(pages, pageId, birth);
    const nextId = pages.view.getUint32(address + PAGE_FIRST_AT, true);
    const nextBirth = pages.view.getUint32(address + PAGE_SECOND_AT, true);
    visit(pageId, birth);
    if (++steps === nextTurn) {
      remembered = pageId;
      nextTurn *= 2;
    }
    if (nextId === remembered) throw damaged(pageId, "the chain runs in a circle");
    pageId = nextId;
    birth = nextBirth;
  }
}

/** Throws unless the header of a page of a chain is sound. */
export function checkOverflowPage(pages: Pages, address: number): void {
  const used = pages.view.getUint16(address + PAGE_COUNT_AT, true);
  const nextId = pages.view.getUint32(address + PAGE_FIRST_AT, true);
  const isSound = pages.bytes[address + PAGE_TYPE_AT] === PAGE_TYPE.overflow && used > 0 &&
    (nextId === 0 ? used <= OVERFLOW_CAPACITY : used === OVERFLOW_CAPACITY);
  if (!isSound) {
    throw new CorruptionError(`an overflow page that says it holds ${used} bytes is damaged`, { code: "page-corrupt" });
  }
}

/** Looks at the bytes from `from` to `to` - 1, which are those of the chain from `at` on; another result than 0 ends the walk. */
type VisitPart = (bytes: Uint8Array, from: number, to: number, at: number) => number;

function ignorePart(): number {
  return 0;
}

/** Walks a chain of a known length. Returns what ended the walk, or 0. */
function eachPart(
  pages: Pages,
  pageId: number,
  birth: number,
  length: number,
  visit: VisitPart,
): number {
  let at = 0;
  if (length === 0 && pageId !== 0) throw damaged(pageId, "the chain of no bytes has a page");
  while (at < length) {
    if (pageId === 0) throw damaged(pageId, `the chain ends after ${at} of ${length} bytes`);
    const address = fetchPart(pages, pageId, birth);
    const used = pages.view.getUint16(address + PAGE_COUNT_AT, true);
    const nextId = pages.view.getUint32(address + PAGE_FIRST_AT, true);
    const nextBirth = pages.view.getUint32(address + PAGE_SECOND_AT, true);
    if (used !== Math.min(length - at, OVERFLOW_CAPACITY)) {
      throw damaged(pageId, `it holds ${used} bytes, of which ${length - at} were due`);
    }
    if (at + used === length && nextId !== 0) throw damaged(pageId, `the chain is longer than its ${length} bytes`);
    const result = visit(pages.bytes, address + PAGE_HEADER_SIZE, address + PAGE_HEADER_SIZE + used, at);
    if (!pages.isSettled()) throw new StaleRead();
    if (result !== 0) return result;
    at += used;
    pageId = nextId;
    birth = nextBirth;
  }
  return 0;
}

function fetchPart(pages: Pages, pageId: number, birth: number): number {
  const address = pages.fetch(pageId, birth);
  const type = pages.bytes[address + PAGE_TYPE_AT];
  if (type !== PAGE_TYPE.overflow) throw damaged(pageId, `its type is ${type}`);
  return address;
}

function damaged(pageId: number, why: string): CorruptionError {
  return new CorruptionError(`overflow page ${pageId} is damaged: ${why}; run check, and salvage what is readable`, {
    code: "page-corrupt",
    value: pageId,
  });
}
