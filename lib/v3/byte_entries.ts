/** Entries of byte trees that differ between two states. */

import {
  compareKey,
  MAX_INLINE_KEY,
  MAX_INLINE_VALUE,
  readKey,
  readU32,
  readVarint,
  VALUE_HEAD_SIZE,
  valuePartAt,
  varintSize,
} from "./byte_cell.ts";
import { cellAt, cellCount, fetchBytePage } from "./byte_page.ts";
import { addByteChildren, changedLeaves, type PageList } from "./changed_leaves.ts";
import { eachOverflowPage } from "./overflow.ts";
import { PAGE_COUNT_AT, PAGE_HEADER_SIZE, PAGE_SIZE } from "./page.ts";
import type { Pages, TreeRoot } from "./pages.ts";

/** What became of a key. */
export interface ByteDifference {
  readonly operation: "insert" | "update" | "delete";
  /** The key: a copy. */
  readonly key: Uint8Array;
}

/**
 * The keys whose values differ between two trees, in their order.
 *
 * @param headBytes so many bytes at the beginning of the values of a key do not count
 */
export function* byteDifferences(
  pages: Pages,
  from: TreeRoot,
  to: TreeRoot,
  headBytes: (key: Uint8Array) => number = () => 0,
): Generator<ByteDifference> {
  const leaves = changedLeaves(pages, from, to, addByteChildren);
  const old = new ByteEntries(pages, leaves.old);
  const now = new ByteEntries(pages, leaves.now);
  old.next();
  now.next();
  while (old.hasEntry || now.hasEntry) {
    const order = !now.hasEntry ? -1 : !old.hasEntry ? 1 : old.compare(now);
    if (order < 0) yield { operation: "delete", key: old.key() };
    else if (order > 0) yield { operation: "insert", key: now.key() };
    else {
      const key = now.key();
      if (!old.hasSameValue(now, headBytes(key))) yield { operation: "update", key };
    }
    if (order <= 0) old.next();
    if (order >= 0) now.next();
  }
}

/** The entries of some leaves of a byte tree, one after the other. It stands in a copy of a leaf. */
export class ByteEntries {
  /** False behind the last entry. */
  hasEntry = false;
  readonly #bytes = new Uint8Array(PAGE_SIZE);
  readonly #pages: Pages;
  readonly #leaves: PageList;
  #nextLeaf = 0;
  #index = 0;
  #count = 0;
  #cell = 0;
  /** Where the value part begins. */
  #valueAt = 0;
  /** Where all of the key is: in the leaf, or in a copy of a long one. */
  #key: Uint8Array = this.#bytes;
  #keyAt = 0;
  #keyEnd = 0;

  constructor(pages: Pages, leaves: PageList) {
    this.#pages = pages;
    this.#leaves = leaves;
  }

  /** Goes to the next entry. Hot. */
  next(): void {
    while (this.#index === this.#count) {
      this.hasEntry = this.#load();
      if (!this.hasEntry) return;
    }
    const bytes = this.#bytes;
    const cell = cellAt(bytes, 0, this.#index++);
    this.#cell = cell;
    this.#valueAt = valuePartAt(bytes, cell);
    const length = readVarint(bytes, cell);
    const isLong = length > MAX_INLINE_KEY;
    this.#key = isLong ? readKey(this.#pages, bytes, cell) : bytes;
    this.#keyAt = isLong ? 0 : cell + varintSize(length);
    this.#keyEnd = this.#keyAt + length;
  }

  #load(): boolean {
    const { pageIds, births } = this.#leaves;
    const leaf = this.#nextLeaf;
    if (leaf === pageIds.length) return false;
    const address = fetchBytePage(this.#pages, pageIds[leaf] as number, births[leaf] as number, 0);
    this.#bytes.set(this.#pages.bytes.subarray(address, address + PAGE_SIZE));
    this.#nextLeaf = leaf + 1;
    this.#index = 0;
    this.#count = cellCount(this.#bytes, 0);
    return true;
  }

  /** The key: a copy. */
  key(): Uint8Array {
    return this.#key.slice(this.#keyAt, this.#keyEnd);
  }

  /** Order of this entry's key and another's. */
  compare(other: ByteEntries): number {
    return this.compareTo(other.#key, other.#keyAt, other.#keyEnd);
  }

  /** Order of this entry's key and another one. */
  compareTo(key: Uint8Array, start: number, end: number): number {
    return compareKey(this.#pages, this.#bytes, this.#cell, key, start, end);
  }

  /** The leaf, and where the part of the value begins that lies in it. */
  get leaf(): Uint8Array {
    return this.#bytes;
  }
  get valueStart(): number {
    return this.#valueAt + varintSize(readVarint(this.#bytes, this.#valueAt));
  }

  /** Whether two entries have the same value, but for so many bytes at its beginning. */
  hasSameValue(other: ByteEntries, skip = 0): boolean {
    const length = readVarint(this.#bytes, this.#valueAt);
    if (readVarint(other.#bytes, other.#valueAt) !== length) return false;
    const isLong = length > MAX_INLINE_VALUE;
    const plain = isLong ? VALUE_HEAD_SIZE : length;
    const at = this.valueStart;
    const otherAt = other.valueStart;
    const skipped = Math.min(skip, plain);
    if (!areSameBytes(this.#bytes, at + skipped, other.#bytes, otherAt + skipped, plain - skipped)) return false;
    return !isLong || isSameChain(this.#pages, this.#bytes, at + plain, other.#bytes, otherAt + plain);
  }
}

/** Bytes of a pointer to a chain. */
export const CHAIN_POINTER_SIZE = 8;

/** Whether two pieces of memory hold the same. */
export function areSameBytes(
  bytes: Uint8Array,
  at: number,
  other: Uint8Array,
  otherAt: number,
  length: number,
): boolean {
  for (let i = 0; i < length; i++) if (bytes[at + i] !== other[otherAt + i]) return false;
  return true;
}

/** Whether two chains of one length, whose pointers lie at these positions, hold the same bytes. */
export function isSameChain(pages: Pages, bytes: Uint8Array, at: number, other: Uint8Array, otherAt: number): boolean {
  if (areSameBytes(bytes, at, other, otherAt, CHAIN_POINTER_SIZE)) return true;
  const parts = chainPages(pages, bytes, at);
  const otherParts = chainPages(pages, other, otherAt);
  if (parts.length !== otherParts.length) return false;
  for (let part = 0; part < parts.length; part += 2) {
    const address = pages.fetch(parts[part] as number, parts[part + 1] as number);
    const otherAddress = pages.fetch(otherParts[part] as number, otherParts[part + 1] as number);
    const used = pages.view.getUint16(address + PAGE_COUNT_AT, true);
    if (used !== pages.view.getUint16(otherAddress + PAGE_COUNT_AT, true)) return false;
    const from = address + PAGE_HEADER_SIZE;
    if (!areSameBytes(pages.bytes, from, pages.bytes, otherAddress + PAGE_HEADER_SIZE, used)) return false;
  }
  return true;
}

/** Page id and birth of each page of the chain whose pointer lies at a position. */
function chainPages(pages: Pages, bytes: Uint8Array, at: number): number[] {
  const parts: number[] = [];
  eachOverflowPage(pages, readU32(bytes, at), readU32(bytes, at + 4), (pageId, birth) => parts.push(pageId, birth));
  return parts;
}
