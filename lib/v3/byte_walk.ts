/** What the pages of a byte tree refer to: children and chains. For the consistency check, for diffs and to free a tree. */

import {
  keyPartSize,
  MAX_INLINE_KEY,
  MAX_INLINE_VALUE,
  readU32,
  readVarint,
  VALUE_HEAD_SIZE,
  varintSize,
} from "./byte_cell.ts";
import { BRANCH_SKIP, cellAt, cellCount, childBirth, childPageId, fetchBytePage, LEAF_SKIP } from "./byte_page.ts";
import { freeOverflow } from "./overflow.ts";
import { PAGE_LEVEL_AT } from "./page.ts";
import type { MutablePages, Pages, TreeRoot } from "./pages.ts";

/** Lists the children of a branch page, in order. What the lists held before is gone. */
export function byteChildren(
  pages: Pages,
  address: number,
  into: { readonly pageIds: number[]; readonly births: number[] },
): void {
  const { bytes } = pages;
  const count = cellCount(bytes, address);
  into.pageIds.length = into.births.length = 0;
  for (let index = 0; index < count; index++) {
    const cell = cellAt(bytes, address, index);
    into.pageIds.push(childPageId(bytes, cell));
    into.births.push(childBirth(bytes, cell));
  }
}

/**
 * Visits the chains that a leaf or branch page owns: first page, low 32 bits of its birth, and bytes. The visitor may fetch and
 * free pages.
 */
export function eachChain(
  pages: Pages,
  address: number,
  visit: (pageId: number, birth: number, length: number) => void,
): void {
  const { bytes } = pages;
  const isLeaf = bytes[address + PAGE_LEVEL_AT] === 0;
  const count = cellCount(bytes, address);
  const chains: number[] = [];
  for (let index = 0; index < count; index++) {
    const key = cellAt(bytes, address, index) + (isLeaf ? LEAF_SKIP : BRANCH_SKIP);
    const keyLength = readVarint(bytes, key);
    if (keyLength > MAX_INLINE_KEY) {
      addChain(bytes, key + varintSize(keyLength) + MAX_INLINE_KEY, keyLength - MAX_INLINE_KEY, chains);
    }
    if (!isLeaf) continue;
    const value = key + keyPartSize(keyLength);
    const valueLength = readVarint(bytes, value);
    if (valueLength > MAX_INLINE_VALUE) {
      addChain(bytes, value + varintSize(valueLength) + VALUE_HEAD_SIZE, valueLength - VALUE_HEAD_SIZE, chains);
    }
  }
  // Only now: the visitor may make the address stale.
  for (let at = 0; at < chains.length; at += 3) {
    visit(chains[at] as number, chains[at + 1] as number, chains[at + 2] as number);
  }
}

function addChain(bytes: Uint8Array, at: number, length: number, chains: number[]): void {
  chains.push(readU32(bytes, at), readU32(bytes, at + 4), length);
}

/** Frees all pages of a tree that is not empty, and all chains. */
export function freeByteTree(pages: MutablePages, root: TreeRoot): void {
  const { pageId, birth, level } = root;
  const address = fetchBytePage(pages, pageId, birth, level);
  const children = { pageIds: [] as number[], births: [] as number[] };
  if (level > 0) byteChildren(pages, address, children);
  eachChain(pages, address, (chainId, chainBirth) => freeOverflow(pages, chainId, chainBirth));
  for (let index = 0; index < children.pageIds.length; index++) {
    freeByteTree(pages, {
      pageId: children.pageIds[index] as number,
      birth: children.births[index] as number,
      level: level - 1,
    });
  }
  pages.free(pageId, birth);
}
