/**
 * Making the file shorter: the pages of the newest state that lie at its end are copied to free ones before them, so that the
 * next header needs no page there.
 */

import { CorruptionError } from "../backend/errors.ts";
import { cellAt, childBirth, childPageId, setChild } from "./byte_page.ts";
import type { Engine } from "./engine.ts";
import type { KeptCommit } from "./kept_commits.ts";
import { type Arity, birthOf, childIndex, entryCount, MAX_TREE_LEVEL } from "./number_branch.ts";
import { PAGE_TYPE } from "./page.ts";
import type { MutablePages, TreeRoot } from "./pages.ts";
import { TREE_KINDS } from "./state.ts";

/** Smaller files stay as they are. */
const MIN_PAGES = 32;
/** Part of the file's pages that must have been free for a whole round between two checkpoints. */
const MIN_IDLE = 1 / 4;
/** Part of the file that must be won. */
const MIN_GAIN = 1 / 8;
/** Pages that one call moves at most (64 MiB). */
const MAX_MOVED = 16_384;
/** Free pages that are left for the branches above the moved pages, and for the free list. */
const SPARE_PAGES = 8;
const SPARE = 1 / 8;

const BRANCH_TYPES = {
  record: PAGE_TYPE.recordBranch,
  link: PAGE_TYPE.linkBranch,
  byte: PAGE_TYPE.byteBranch,
} as const;

/**
 * Last page that the file is to keep, or 0 when moving pages is not worth it. While anybody can read an older state nothing is
 * moved: the old pages would have to stay. Pages of overflow chains are not moved either.
 *
 * @param idle pages that have been free since the checkpoint before the last one: nobody needed them in the meantime
 */
export function planShrink(engine: Engine, idle: number): number {
  const { pager, kept, state, quarantined, options } = engine;
  const { freePages } = pager;
  const { pageCount } = freePages;
  const unused = Math.min(idle, freePages.count);
  if (pageCount < MIN_PAGES || unused < pageCount * MIN_IDLE) return 0;
  if (options.isVolatile || quarantined !== undefined || engine.sharing?.isPinned === true) return 0;
  if (kept.all.some((commit) => commit.lsn !== state.lsn || isReadable(commit))) return 0;
  const room = Math.floor(unused * (1 - SPARE)) - SPARE_PAGES;
  let last = pageCount;
  let free = 0;
  for (let moved = 0; moved < MAX_MOVED && last > 0; last--) {
    if (freePages.has(last)) free++;
    else if (moved + free >= room || pager.typeOf(last) === PAGE_TYPE.overflow) break;
    else moved++;
  }
  return pageCount - last < pageCount * MIN_GAIN ? 0 : last;
}

/** Whether somebody may read a commit even when it is no longer the newest. */
function isReadable({ pins, tags, isRead, isRetained }: KeptCommit): boolean {
  return pins > 0 || tags > 0 || isRead || isRetained;
}

/**
 * Copies the pages of trees behind a page to free ones. Returns the new roots.
 *
 * @param roots one per tree, in the order of `TREE`
 */
export function movePages(pages: MutablePages, roots: readonly TreeRoot[], last: number): TreeRoot[] {
  return roots.map((root, index) => {
    if (root.pageId === 0) return root;
    const move = new Move(pages, last, TREE_KINDS[index] as keyof typeof BRANCH_TYPES);
    move.page(root.pageId, root.birth, root.level);
    return { ...root, pageId: move.pageId, birth: move.birth };
  });
}

/** A walk over the branches of one tree. */
class Move {
  /** Where the page that was moved last lies now, and its birth. */
  pageId = 0;
  birth = 0;
  readonly #pages: MutablePages;
  readonly #last: number;
  readonly #kind: keyof typeof BRANCH_TYPES;
  /** Of trees with numbers as keys. */
  readonly #arity: Arity;

  constructor(pages: MutablePages, last: number, kind: keyof typeof BRANCH_TYPES) {
    this.#pages = pages;
    this.#last = last;
    this.#kind = kind;
    this.#arity = kind === "record" ? 1 : 3;
  }

  page(pageId: number, birth: number, level: number): void {
    const changes = level === 0 ? [] : this.#children(pageId, birth, level);
    if (changes.length === 0 && pageId <= this.#last) {
      this.pageId = pageId;
      this.birth = birth;
      return;
    }
    const pages = this.#pages;
    const address = pages.edit(pageId, birth);
    for (let at = 0; at < changes.length; at += 3) {
      this.#setChild(address, changes[at] as number, changes[at + 1] as number, changes[at + 2] as number);
    }
    this.pageId = pages.pageIdAt(address);
    this.birth = birthOf(pages, address);
  }

  /** Moves what is below a branch. Returns its children that have moved: place, page, birth. */
  #children(pageId: number, birth: number, level: number): number[] {
    if (level > MAX_TREE_LEVEL) {
      throw new CorruptionError(`a tree of ${level} levels`, { code: "page-corrupt", value: pageId });
    }
    const children = this.#read(pageId, birth, level);
    const changes: number[] = [];
    for (let at = 0; at < children.length; at += 2) {
      const childId = children[at] as number;
      if (level === 1 && childId <= this.#last) continue;
      this.page(childId, children[at + 1] as number, level - 1);
      if (this.pageId !== childId) changes.push(at / 2, this.pageId, this.birth);
    }
    return changes;
  }

  /** Page and birth of each child: addresses do not stay valid while other pages are visited. */
  #read(pageId: number, birth: number, level: number): number[] {
    const { bytes, u32 } = this.#pages;
    const address = this.#pages.fetch(pageId, birth);
    const count = entryCount(this.#pages, address, BRANCH_TYPES[this.#kind], level);
    const children: number[] = [];
    for (let child = 0; child < count; child++) {
      if (this.#kind === "byte") {
        const cell = cellAt(bytes, address, child);
        children.push(childPageId(bytes, cell), childBirth(bytes, cell));
      } else {
        const at = childIndex(address, this.#arity, child);
        children.push(u32[at] as number, u32[at + 1] as number);
      }
    }
    return children;
  }

  #setChild(address: number, child: number, pageId: number, birth: number): void {
    const { bytes, u32 } = this.#pages;
    if (this.#kind === "byte") {
      setChild(bytes, cellAt(bytes, address, child), pageId, birth);
      return;
    }
    const at = childIndex(address, this.#arity, child);
    u32[at] = pageId;
    u32[at + 1] = birth;
  }
}
