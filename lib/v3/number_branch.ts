/**
 * Branch pages of the trees with number keys: one key per entry (record trees) or three (link trees, ordered
 * lexicographically). After the header, per child and 8-aligned:
 *
 *   0            f64 × arity  first key of the child; the left-most child's counts as minus infinity, whatever it says
 *   8 × arity    u32  page id of the child       + 4  u32  low 32 bits of its birth
 */

import { CorruptionError } from "../backend/errors.ts";
import { PAGE_BIRTH_AT, PAGE_HEADER_SIZE, PAGE_LEVEL_AT, PAGE_SIZE, PAGE_TYPE, PAGE_TYPE_AT } from "./page.ts";
import type { MutablePages, Pages, TreeRoot } from "./pages.ts";

/** Numbers in a key. */
export type Arity = 1 | 3;

/** Highest level that a page of a tree has. Reached by no tree that fits into a file. */
export const MAX_TREE_LEVEL = 15;

const ENTRIES_F64 = PAGE_HEADER_SIZE / 8;

/** Most children of a branch. */
export function maxChildren(arity: Arity): number {
  return Math.floor((PAGE_SIZE - PAGE_HEADER_SIZE) / (8 * arity + 8));
}

/** Index, in `pages.f64`, of the first key of a child. */
export function keyIndex(address: number, arity: Arity, child: number): number {
  return (address >>> 3) + ENTRIES_F64 + child * (arity + 1);
}

/** Index, in `pages.u32`, of the page id of a child; its birth follows. */
export function childIndex(address: number, arity: Arity, child: number): number {
  return 2 * ((address >>> 3) + ENTRIES_F64 + child * (arity + 1) + arity);
}

/**
 * Entry count of a page that has to be of a type and level. One comparison per page on the way through a tree: a child
 * pointer that leads elsewhere is found before the page is misread.
 */
export function entryCount(pages: Pages, address: number, type: number, level: number): number {
  const word = pages.u32[(address + PAGE_TYPE_AT) >>> 2] as number;
  if ((word & 0xffff) !== (type | level << 8)) throw strangePage(word, type, level);
  return word >>> 16;
}

function strangePage(word: number, type: number, level: number): CorruptionError {
  return corruptPage(
    `a page of type ${word & 0xff} and level ${word >>> 8 & 0xff} where type ${type} and level ${level} belong`,
  );
}

/** The error for a page whose content makes no sense. */
export function corruptPage(problem: string): CorruptionError {
  return new CorruptionError(`the database is damaged: ${problem}; run check, and salvage what is readable`, {
    code: "page-corrupt",
  });
}

/** Low 32 bits of a page's birth, as its parent has to name it. */
export function birthOf(pages: Pages, address: number): number {
  return (pages.f64[(address + PAGE_BIRTH_AT) >>> 3] as number) >>> 0;
}

/** Index of the child that a key belongs to, among `count` children of a branch with one number per key. */
export function findChild1(pages: Pages, address: number, count: number, a: number): number {
  const f64 = pages.f64;
  const keys = keyIndex(address, 1, 0);
  let low = 0;
  let high = count - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((f64[keys + 2 * middle] as number) <= a) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Index of the child that a key belongs to, among `count` children of a branch with three numbers per key. */
export function findChild3(pages: Pages, address: number, count: number, a: number, b: number, c: number): number {
  const f64 = pages.f64;
  const keys = keyIndex(address, 3, 0);
  let low = 0;
  let high = count - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    const at = keys + 4 * middle;
    const keyA = f64[at] as number;
    if (keyA < a || (keyA === a && !isBefore(b, c, f64[at + 1] as number, f64[at + 2] as number))) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Whether the pair (b, c) sorts before another one. */
export function isBefore(b: number, c: number, otherB: number, otherC: number): boolean {
  return b < otherB || (b === otherB && c < otherC);
}

/** Appends the ids and births of a branch's children, for walks over a tree. */
export function numberChildren(
  pages: Pages,
  address: number,
  arity: Arity,
  into: { pageIds: number[]; births: number[] },
): void {
  const count = pages.u32[(address + PAGE_TYPE_AT) >>> 2] as number >>> 16;
  for (let child = 0; child < count; child++) {
    const at = childIndex(address, arity, child);
    into.pageIds.push(pages.u32[at] as number);
    into.births.push(pages.u32[at + 1] as number);
  }
}

/** Frees every page of a tree. */
export function freeTree(pages: MutablePages, { pageId, birth, level }: TreeRoot, arity: Arity, type: number): void {
  if (pageId === 0) return;
  if (level > 0) {
    const children: { pageIds: number[]; births: number[] } = { pageIds: [], births: [] };
    const address = pages.fetch(pageId, birth);
    entryCount(pages, address, type, level);
    numberChildren(pages, address, arity, children);
    for (let child = 0; child < children.pageIds.length; child++) {
      const root = {
        pageId: children.pageIds[child] as number,
        birth: children.births[child] as number,
        level: level - 1,
      };
      freeTree(pages, root, arity, type);
    }
  }
  pages.free(pageId, birth);
}

/**
 * Checks what a branch page says by itself: number of children, their pages, order of the keys.
 *
 * @throws {CorruptionError} when readers could not rely on it
 */
export function checkNumberBranch(pages: Pages, address: number): void {
  const { view, f64, u32 } = pages;
  const type = view.getUint8(address + PAGE_TYPE_AT);
  if (type !== PAGE_TYPE.recordBranch && type !== PAGE_TYPE.linkBranch) throw corruptPage(`a branch of type ${type}`);
  const arity = type === PAGE_TYPE.recordBranch ? 1 : 3;
  const level = view.getUint8(address + PAGE_LEVEL_AT);
  if (level === 0 || level > MAX_TREE_LEVEL) throw corruptPage(`a branch of level ${level}`);
  const count = entryCount(pages, address, type, level);
  if (count === 0 || count > maxChildren(arity)) throw corruptPage(`a branch with ${count} children`);
  for (let child = 0; child < count; child++) {
    if (u32[childIndex(address, arity, child)] === 0) throw corruptPage(`child ${child} of a branch is no page`);
    if (child === 0) continue;
    const key = keyIndex(address, arity, child);
    let order = child === 1 ? 1 : 0;
    for (let at = key; at < key + arity; at++) {
      const number = f64[at] as number;
      if (!Number.isSafeInteger(number) || number < 0) throw corruptPage(`key ${number} of child ${child} of a branch`);
      if (order === 0) order = Math.sign(number - (f64[at - arity - 1] as number));
    }
    if (order <= 0) throw corruptPage(`child ${child} of a branch is not behind the one before it`);
  }
}
