/**
 * The list of free pages in the file: runs as pairs of varints (pages in use since the run before, length), in a chain
 * of pages of its own (`freeList`, laid out as overflow pages are).
 */

import { CorruptionError } from "../backend/errors.ts";
import { FreePages } from "./free_pages.ts";
import {
  PAGE_COUNT_AT,
  PAGE_FIRST_AT,
  PAGE_HEADER_SIZE,
  PAGE_SECOND_AT,
  PAGE_SIZE,
  PAGE_TYPE,
  PAGE_TYPE_AT,
} from "./page.ts";
import type { MutablePages, Pages } from "./pages.ts";
import { lastVarint, MAX_VARINT_BYTES, readVarint, writeVarint } from "./varint.ts";

const CAPACITY = PAGE_SIZE - PAGE_HEADER_SIZE;

/** Where a list begins, and how long it is. */
export interface FreeList {
  readonly pageId: number;
  readonly birth: number;
  readonly sizeBytes: number;
}

/** The runs as bytes. */
function encodeRuns(free: FreePages): Uint8Array {
  let bytes = new Uint8Array(1024);
  let at = 0;
  let previousEnd = 1;
  free.eachRun((first, length) => {
    if (at + 2 * MAX_VARINT_BYTES > bytes.length) {
      const larger = new Uint8Array(bytes.length * 2);
      larger.set(bytes);
      bytes = larger;
    }
    at = writeVarint(bytes, at, first - previousEnd);
    at = writeVarint(bytes, at, length);
    previousEnd = first + length;
  });
  return bytes.subarray(0, at);
}

/**
 * Writes the list.
 *
 * @param image the pages that will be free once the list counts, as of now; the list's own pages are taken from the free ones
 * @returns the list, and how many pages the file has then
 */
export function writeFreeList(
  pages: MutablePages,
  image: () => FreePages,
): FreeList & { readonly pageCount: number } {
  // Taking pages out of the list makes it no longer than by the split of one run a page.
  const estimate = encodeRuns(image()).length;
  const pageIds: number[] = [];
  let count = estimate === 0 ? 0 : 1;
  while (pageIds.length < count) {
    pageIds.push(pages.pageIdAt(pages.allocate(PAGE_TYPE.freeList, 0)));
    count = Math.ceil((estimate + pageIds.length * 2 * MAX_VARINT_BYTES) / CAPACITY);
  }
  const free = image();
  const pageCount = free.cut();
  const bytes = encodeRuns(free);
  const birth = pages.birth >>> 0;
  pageIds.forEach((pageId, index) => {
    const address = pages.edit(pageId, birth);
    const part = bytes.subarray(index * CAPACITY, (index + 1) * CAPACITY);
    const next = pageIds[index + 1] ?? 0;
    pages.view.setUint16(address + PAGE_COUNT_AT, part.length, true);
    pages.view.setUint32(address + PAGE_FIRST_AT, next, true);
    pages.view.setUint32(address + PAGE_SECOND_AT, next === 0 ? 0 : birth, true);
    pages.bytes.set(part, address + PAGE_HEADER_SIZE);
  });
  return { pageId: pageIds[0] ?? 0, birth, sizeBytes: bytes.length, pageCount };
}

/** Visits the pages of a list in order, with their content. */
export function eachFreeListPage(
  pages: Pages,
  list: FreeList,
  visit: (pageId: number, birth: number, part: Uint8Array) => void,
): void {
  let { pageId, birth } = list;
  for (let left = list.sizeBytes; pageId !== 0;) {
    const address = pages.fetch(pageId, birth);
    const used = pages.view.getUint16(address + PAGE_COUNT_AT, true);
    const isSound = pages.bytes[address + PAGE_TYPE_AT] === PAGE_TYPE.freeList && used <= CAPACITY && used <= left;
    if (!isSound) throw damaged(pageId);
    const next = pages.view.getUint32(address + PAGE_FIRST_AT, true);
    const nextBirth = pages.view.getUint32(address + PAGE_SECOND_AT, true);
    // A page beyond the last byte may follow when the list became shorter than it was thought; it is the last one.
    if (left === 0 && next !== 0) throw damaged(pageId);
    left -= used;
    visit(pageId, birth, pages.bytes.subarray(address + PAGE_HEADER_SIZE, address + PAGE_HEADER_SIZE + used));
    pageId = next;
    birth = nextBirth;
  }
}

/** Reads a list. */
export function readFreeList(pages: Pages, list: FreeList, into: FreePages): void {
  const bytes = new Uint8Array(list.sizeBytes);
  let length = 0;
  eachFreeListPage(pages, list, (_pageId, _birth, part) => {
    bytes.set(part, length);
    length += part.length;
  });
  if (length !== bytes.length) throw damaged(list.pageId);
  let pageId = 1;
  for (let at = 0; at < length;) {
    pageId += readVarint(bytes, at);
    const end = pageId + readVarint(bytes, lastVarint.end);
    at = lastVarint.end;
    if (end - 1 > into.pageCount) throw damaged(list.pageId);
    for (; pageId < end; pageId++) into.add(pageId);
  }
}

function damaged(pageId: number): CorruptionError {
  return new CorruptionError(
    `the list of free pages is damaged at page ${pageId}; run check, and salvage what is readable`,
    {
      code: "free-list-corrupt",
      value: pageId,
    },
  );
}
