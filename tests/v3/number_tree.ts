/** What must hold of every tree with number keys: each page is sound, and the tree's pages are all that are in use. */

import { assertEquals } from "@std/assert";
import { checkLinkLeaf } from "../../lib/v3/link_leaf.ts";
import { type Arity, checkNumberBranch, numberChildren } from "../../lib/v3/number_branch.ts";
import type { MutablePages, TreeRoot } from "../../lib/v3/pages.ts";
import { checkRecordLeaf } from "../../lib/v3/record_leaf.ts";

/** Pages that watch how they are used. */
export interface WatchedPages extends MutablePages {
  /** Ids of pages that were allocated and not freed. */
  readonly live: ReadonlySet<number>;
  /** Begins the next commit: from now on no page of before may change. */
  commit(): void;
  /** Asserts that no page of an earlier commit was changed. */
  verify(): void;
}

/** Ids of the pages that a root reaches, each of which is checked. */
export function pagesOf(pages: WatchedPages, root: TreeRoot, arity: Arity): number[] {
  const pageIds: number[] = [];
  const walk = (pageId: number, birth: number, level: number): void => {
    pageIds.push(pageId);
    const address = pages.fetch(pageId, birth);
    if (level === 0) {
      if (arity === 1) checkRecordLeaf(pages, address);
      else checkLinkLeaf(pages, address);
      return;
    }
    checkNumberBranch(pages, address);
    const children = { pageIds: [], births: [] } as { pageIds: number[]; births: number[] };
    numberChildren(pages, address, arity, children);
    children.pageIds.forEach((child, at) => walk(child, children.births[at] as number, level - 1));
  };
  if (root.pageId !== 0) walk(root.pageId, root.birth, root.level);
  return pageIds;
}

/** Asserts that the pages of the newest state are exactly those in use, and that no older one was changed. */
export function assertPages(pages: WatchedPages, root: TreeRoot, arity: Arity): void {
  const ascending = (a: number, b: number) => a - b;
  assertEquals(pagesOf(pages, root, arity).sort(ascending), [...pages.live].sort(ascending));
  pages.verify();
}
