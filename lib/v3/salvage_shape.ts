/** What a salvage has to know of the two kinds of trees that hold records: their pages, their keys, the order of these. */

import { Buffer } from "node:buffer";
import { readKey } from "./byte_cell.ts";
import { BRANCH_SKIP, cellAt, cellCount, childBirth, childPageId, LEAF_SKIP } from "./byte_page.ts";
import { childIndex, keyIndex } from "./number_branch.ts";
import { PAGE_COUNT_AT, PAGE_SIZE, PAGE_TYPE } from "./page.ts";
import type { Pages } from "./pages.ts";
import { isHole, RECORD_WIDTH_AT, recordId, recordStart, slotCount } from "./record_leaf.ts";
import type { Compare } from "./salvage_range.ts";

/** A child of a branch. */
export interface Child<K> {
  readonly pageId: number;
  readonly birth: number;
  /** No key of the child is below it; undefined for the first child. */
  readonly low: K | undefined;
}

/** Trees of one kind. */
export interface TreeShape<K> {
  readonly leafType: number;
  readonly branchType: number;
  readonly compare: Compare<K>;
  /** The children of the branch at an address of `pages`. */
  children(pages: Pages, address: number): Child<K>[];
  /** A key for messages. */
  show(key: K): string;
}

/** Record trees: numbers. */
export const RECORD_SHAPE: TreeShape<number> = {
  leafType: PAGE_TYPE.recordLeaf,
  branchType: PAGE_TYPE.recordBranch,
  compare: (one, other) => one - other,
  children({ view, u32, f64 }, address) {
    return Array.from({ length: view.getUint16(address + PAGE_COUNT_AT, true) }, (_, child) => {
      const at = childIndex(address, 1, child);
      return {
        pageId: u32[at] as number,
        birth: u32[at + 1] as number,
        low: child === 0 ? undefined : f64[keyIndex(address, 1, child)] as number,
      };
    });
  },
  show: String,
};

/** Byte trees: byte strings. */
export const BYTE_SHAPE: TreeShape<Uint8Array> = {
  leafType: PAGE_TYPE.byteLeaf,
  branchType: PAGE_TYPE.byteBranch,
  compare: (one, other) => Buffer.compare(one, other),
  children(pages, address) {
    // A copy: long separators have chains, whose pages may take the branch's place in the cache.
    const page = pages.bytes.slice(address, address + PAGE_SIZE);
    return Array.from({ length: cellCount(page, 0) }, (_, index) => {
      const cell = cellAt(page, 0, index);
      return {
        pageId: childPageId(page, cell),
        birth: childBirth(page, cell),
        low: index === 0 ? undefined : readKey(pages, page, cell + BRANCH_SKIP),
      };
    });
  },
  show: showKey,
};

/** A key for messages: as text where it is printable, else in hexadecimal. */
export function showKey(key: Uint8Array): string {
  const shown = Buffer.from(key.subarray(0, 40));
  const text = shown.toString("latin1");
  const more = key.length > shown.length ? "…" : "";
  return /^[ -~]*$/.test(text) ? JSON.stringify(text) + more : `0x${shown.toString("hex")}${more}`;
}

/** Visits the records of a leaf: id, and where the record begins and ends in the bytes of `pages`. */
export function eachRecord(
  pages: Pages,
  address: number,
  visit: (id: number, at: number, end: number) => void,
): void {
  const { view } = pages;
  const width = view.getUint8(address + RECORD_WIDTH_AT);
  const count = slotCount(view, address);
  for (let slot = 0; slot < count; slot++) {
    if (isHole(view, address, width, slot)) continue;
    visit(
      recordId(view, address, width, slot),
      address + recordStart(view, address, width, slot),
      address + recordStart(view, address, width, slot - 1),
    );
  }
}

/** Visits the cells of a byte leaf: positions in the bytes of `pages`. */
export function eachCell({ bytes }: Pages, address: number, visit: (cell: number) => void): void {
  const count = cellCount(bytes, address);
  for (let index = 0; index < count; index++) visit(cellAt(bytes, address, index) + LEAF_SKIP);
}
