/** Which leaves two trees do not share: pages are copied when they change, so the same page says the same in both. */

import { CorruptionError } from "../backend/errors.ts";
import { fetchBytePage } from "./byte_page.ts";
import { byteChildren } from "./byte_walk.ts";
import { entryCount, numberChildren } from "./number_branch.ts";
import { PAGE_TYPE } from "./page.ts";
import type { Pages, TreeRoot } from "./pages.ts";

/** Pages of one level of a tree, in the order of their keys. */
export interface PageList {
  /** Their ids. */
  readonly pageIds: number[];
  /** Low 32 bits of the birth of each. */
  readonly births: number[];
}

/** Appends the children of a branch page to a list. */
export type AddChildren = (pages: Pages, pageId: number, birth: number, level: number, into: PageList) => void;

/** Leaves that only one of two trees has. */
export interface ChangedLeaves {
  /** Those of the first. */
  readonly old: PageList;
  /** Those of the second. */
  readonly now: PageList;
}

/**
 * The leaves that two trees of one kind do not share. The walk goes down both trees level by level, the higher one first, and
 * drops what is in both: it costs as much as the trees differ.
 */
export function changedLeaves(pages: Pages, from: TreeRoot, to: TreeRoot, addChildren: AddChildren): ChangedLeaves {
  let old = onlyRoot(from);
  let now = onlyRoot(to);
  let oldLevel = from.level;
  let nowLevel = to.level;
  for (;;) {
    if (oldLevel === nowLevel) {
      dropShared(old, now);
      if (oldLevel === 0) return { old, now };
    }
    const level = Math.max(oldLevel, nowLevel);
    if (oldLevel === level) old = childrenOf(pages, old, oldLevel--, addChildren);
    if (nowLevel === level) now = childrenOf(pages, now, nowLevel--, addChildren);
  }
}

function onlyRoot({ pageId, birth }: TreeRoot): PageList {
  return pageId === 0 ? { pageIds: [], births: [] } : { pageIds: [pageId], births: [birth] };
}

function childrenOf(pages: Pages, { pageIds, births }: PageList, level: number, addChildren: AddChildren): PageList {
  const children: PageList = { pageIds: [], births: [] };
  for (let at = 0; at < pageIds.length; at++) {
    addChildren(pages, pageIds[at] as number, births[at] as number, level, children);
  }
  return children;
}

/** Children of a branch of a record tree. */
export function addRecordChildren(pages: Pages, pageId: number, birth: number, level: number, into: PageList): void {
  const address = pages.fetch(pageId, birth);
  entryCount(pages, address, PAGE_TYPE.recordBranch, level);
  numberChildren(pages, address, 1, into);
}

const byteList: PageList = { pageIds: [], births: [] };

/** Children of a branch of a byte tree. */
export function addByteChildren(pages: Pages, pageId: number, birth: number, level: number, into: PageList): void {
  byteChildren(pages, fetchBytePage(pages, pageId, birth, level), byteList);
  for (let at = 0; at < byteList.pageIds.length; at++) {
    into.pageIds.push(byteList.pageIds[at] as number);
    into.births.push(byteList.births[at] as number);
  }
}

/** Takes the pages out of two lists that are in both: each has the same entries in both trees. */
function dropShared(old: PageList, now: PageList): void {
  const oldIds = Float64Array.from(old.pageIds).sort();
  const nowIds = Float64Array.from(now.pageIds).sort();
  const oldBirths = dropPages(old, nowIds);
  const nowBirths = dropPages(now, oldIds);
  // Both trees have them in the same order, that of the keys.
  if (oldBirths.length !== nowBirths.length || oldBirths.some((birth, at) => birth !== nowBirths[at])) {
    throw new CorruptionError(
      "two trees name the same page with another birth; run check, and salvage what is readable",
      {
        code: "page-corrupt",
      },
    );
  }
}

/** Takes the pages with these ids (ascending) out of a list; returns their births. */
function dropPages({ pageIds, births }: PageList, ids: Float64Array): number[] {
  const dropped: number[] = [];
  let kept = 0;
  for (let at = 0; at < pageIds.length; at++) {
    const pageId = pageIds[at] as number;
    const birth = births[at] as number;
    if (contains(ids, pageId)) dropped.push(birth);
    else {
      pageIds[kept] = pageId;
      births[kept++] = birth;
    }
  }
  pageIds.length = births.length = kept;
  return dropped;
}

function contains(ids: Float64Array, id: number): boolean {
  let low = 0;
  let high = ids.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ids[middle] as number) < id) low = middle + 1;
    else high = middle;
  }
  return ids[low] === id;
}
