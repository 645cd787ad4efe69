/**
 * Many sorted changes of a link tree in one pass from the root down: each page that they touch is written once, pages between
 * them stay. What is written anew leaves the pass as a stream of entries per level, cut into full pages.
 */

import { InvalidArgumentError } from "../backend/errors.ts";
import { LinkChildren, MAX_LINK_CHILDREN } from "./link_children.ts";
import { LINK_LEAF_SPACE, LinkLeaf } from "./link_leaf.ts";
import { insertLink, LinkPlace, removeLink, writeType } from "./link_leaf_edit.ts";
import { LinkPacker, SHARE } from "./link_packer.ts";
import { birthOf, childIndex, corruptPage, entryCount, isBefore, MAX_TREE_LEVEL } from "./number_branch.ts";
import { PAGE_SIZE, PAGE_TYPE } from "./page.ts";
import { EMPTY_ROOT, type MutablePages, type TreeRoot } from "./pages.ts";

/** Entries (a, b, c) in strictly ascending order, as columns, with a type each when they are to be inserted. */
export interface SortedLinks {
  readonly a: Float64Array;
  readonly b: Float64Array;
  readonly c: Float64Array;
  /** Undefined: the entries are to be deleted. */
  readonly types: Float64Array | Uint32Array | undefined;
  /** Number of entries. */
  readonly count: number;
}

/** Changes in one leaf up to which it is changed in place: writing it anew costs as much as about 30 of them. */
const FEW = 24;

/** A pass over one tree. May be run again. */
export class LinkMerge {
  readonly #pages: MutablePages;
  readonly #packer: LinkPacker;
  readonly #leaf: LinkLeaf = new LinkLeaf();
  readonly #place: LinkPlace = new LinkPlace();
  readonly #copy: Uint8Array<ArrayBuffer> = new Uint8Array(PAGE_SIZE);
  readonly #view: DataView = new DataView(this.#copy.buffer);
  /** Per level: children of the branch that the pass is in, and what waits to be written into branches. */
  readonly #children: LinkChildren[] = [];
  readonly #waiting: LinkChildren[] = [];
  #links: SortedLinks = { a: NO_NUMBERS, b: NO_NUMBERS, c: NO_NUMBERS, types: undefined, count: 0 };
  /** Entries that were added or removed. */
  #changes = 0;
  /** Index behind the last of the waiting entries that came from `links` and ended its group; 0 when there is none. */
  #grownTo = 0;

  constructor(pages: MutablePages, packer: LinkPacker) {
    this.#pages = pages;
    this.#packer = packer;
  }

  /** Entries that the last pass added (present ones only got their type) or removed. */
  get changes(): number {
    return this.#changes;
  }

  /** Brings the changes into a tree. Returns its new root. */
  run(root: TreeRoot, links: SortedLinks): TreeRoot {
    assertAscending(links);
    if (root.level > MAX_TREE_LEVEL) throw corruptPage(`a link tree of level ${root.level}`);
    while (this.#waiting.length <= MAX_TREE_LEVEL) {
      this.#children.push(new LinkChildren());
      this.#waiting.push(new LinkChildren());
    }
    for (const waiting of this.#waiting) waiting.count = 0;
    this.#packer.count = 0;
    this.#links = links;
    this.#changes = 0;
    this.#grownTo = 0;
    if (root.pageId === 0) this.#mergeEntries(0, 0, links.count);
    else this.#walk(root.level, 0, 0, 0, root.pageId, root.birth, 0, links.count);
    return this.#finish();
  }

  /** Merges the changes `from` to `to` - 1 into the subtree under a page, whose key in the branch above is given. */
  #walk(
    level: number,
    a: number,
    b: number,
    c: number,
    pageId: number,
    birth: number,
    from: number,
    to: number,
  ): void {
    if (level === 0) {
      this.#mergeLeaf(a, b, c, pageId, birth, from, to);
      return;
    }
    const pages = this.#pages;
    const children = this.#children[level] as LinkChildren;
    const address = pages.fetch(pageId, birth);
    children.load(pages, address, entryCount(pages, address, PAGE_TYPE.linkBranch, level));
    // The first key of a branch counts for nothing there; the branch above knows what it has to be.
    children.a[0] = a;
    children.b[0] = b;
    children.c[0] = c;
    pages.free(pageId, birth);
    for (let child = 0, start = from; child < children.count; child++) {
      const end = child + 1 < children.count ? this.#linksBefore(start, to, children, child + 1) : to;
      if (start < end || !this.#close(level)) {
        const childA = children.a[child] as number;
        const childB = children.b[child] as number;
        const childC = children.c[child] as number;
        const childId = children.pageIds[child] as number;
        this.#walk(level - 1, childA, childB, childC, childId, children.births[child] as number, start, end);
      } else {
        this.#pushChild(level, children, child);
      }
      start = end;
    }
  }

  /** Index of the first of the changes `from` to `to` - 1 that does not belong before a child. */
  #linksBefore(from: number, to: number, children: LinkChildren, child: number): number {
    const { a, b, c } = this.#links;
    const childA = children.a[child] as number;
    const childB = children.b[child] as number;
    const childC = children.c[child] as number;
    let low = from;
    let high = to;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const linkA = a[middle] as number;
      if (linkA < childA || (linkA === childA && isBefore(b[middle] as number, c[middle] as number, childB, childC))) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  #mergeLeaf(a: number, b: number, c: number, pageId: number, birth: number, from: number, to: number): void {
    const pages = this.#pages;
    const address = pages.fetch(pageId, birth);
    entryCount(pages, address, PAGE_TYPE.linkLeaf, 0);
    this.#leaf.read(pages.view, address);
    if (this.#packer.count === 0 && this.#canChangeInPlace(from, to)) {
      const changed = this.#changeInPlace(pageId, birth, from, to);
      this.#pushPage(1, a, b, c, pages.pageIdAt(changed), birthOf(pages, changed));
      return;
    }
    this.#copy.set(pages.bytes.subarray(address, address + PAGE_SIZE));
    pages.free(pageId, birth);
    this.#leaf.read(this.#view, 0);
    this.#mergeEntries(this.#leaf.count, from, to);
  }

  /** Whether the leaf certainly has the room and the widths for a few changes, and stays large enough. */
  #canChangeInPlace(from: number, to: number): boolean {
    const leaf = this.#leaf;
    const { a, b, c, types } = this.#links;
    if (from === to || to - from > FEW) return false;
    const most = (to - from) * (leaf.entrySize + leaf.groupSize);
    if (types === undefined) return 3 * (leaf.usedBytes - most) >= LINK_LEAF_SPACE;
    if (leaf.usedBytes + most > LINK_LEAF_SPACE) return false;
    for (let at = from; at < to; at++) {
      if (!leaf.holds(a[at] as number, b[at] as number, c[at] as number, types[at] as number)) return false;
    }
    return true;
  }

  /** Changes a leaf in place. Returns its address. */
  #changeInPlace(pageId: number, birth: number, from: number, to: number): number {
    const pages = this.#pages;
    const address = pages.edit(pageId, birth);
    const leaf = this.#leaf;
    const place = this.#place;
    const { types } = this.#links;
    for (let at = from; at < to; at++) {
      const a = this.#links.a[at] as number;
      const b = this.#links.b[at] as number;
      const c = this.#links.c[at] as number;
      leaf.read(pages.view, address);
      place.find(leaf, a, b, c);
      if (types === undefined) {
        if (!place.exists) continue;
        removeLink(pages, address, leaf, place);
      } else if (place.exists) {
        writeType(pages, address, leaf, place, types[at] as number);
        continue;
      } else {
        insertLink(pages, address, leaf, place, a, b, c, types[at] as number);
      }
      this.#changes++;
    }
    return address;
  }

  /** Merges the leaf's entries (`count`) with changes, into what waits for pages. */
  #mergeEntries(count: number, from: number, to: number): void {
    const leaf = this.#leaf;
    const { a, b, c, types } = this.#links;
    let at = from;
    for (let index = 0, group = 0; index < count && group < leaf.groups; group++) {
      const leafA = leaf.a(group);
      for (const end = leaf.groupEnd(group); index < end; index++) {
        const leafB = leaf.b(index);
        const leafC = leaf.c(index);
        let order = 1;
        while (at < to) {
          const linkA = a[at] as number;
          const linkB = b[at] as number;
          const linkC = c[at] as number;
          order = linkA !== leafA ? linkA - leafA : linkB !== leafB ? linkB - leafB : linkC - leafC;
          if (order > 0) break;
          if (types !== undefined) {
            this.#push(linkA, linkB, linkC, types[at] as number);
            if (linkA !== leafA) this.#grownTo = this.#packer.count;
          }
          if ((order === 0) === (types === undefined)) this.#changes++;
          at++;
          if (order === 0) break;
        }
        if (order !== 0) this.#push(leafA, leafB, leafC, leaf.type(index));
      }
    }
    if (types === undefined) return;
    for (; at < to; at++) {
      this.#push(a[at] as number, b[at] as number, c[at] as number, types[at] as number);
      this.#changes++;
      this.#grownTo = this.#packer.count;
    }
  }

  #push(a: number, b: number, c: number, type: number): void {
    const packer = this.#packer;
    if (packer.isFull) {
      packer.plan(SHARE.full);
      this.#emit(packer.ends.length - 2);
    }
    packer.push(a, b, c, type);
  }

  /** Writes the first of the planned pages. */
  #emit(pageCount: number): void {
    const packer = this.#packer;
    const pages = this.#pages;
    let from = 0;
    for (let page = 0; page < pageCount; page++) {
      const to = packer.ends[page] as number;
      const address = pages.allocate(PAGE_TYPE.linkLeaf, 0);
      packer.write(pages, address, from, to);
      const pageId = pages.pageIdAt(address);
      const birth = birthOf(pages, address);
      this.#pushPage(1, packer.a[from] as number, packer.b[from] as number, packer.c[from] as number, pageId, birth);
      from = to;
    }
    packer.drop(from);
    this.#grownTo = Math.max(0, this.#grownTo - from);
  }

  /**
   * Writes what waits below a level, because an unchanged child of that level comes next. False when so little waits that the
   * child had better be merged with it.
   */
  #close(level: number): boolean {
    const packer = this.#packer;
    if (packer.count > 0) {
      packer.plan(this.#grownTo === packer.count ? SHARE.most : SHARE.even, this.#border());
      if (packer.ends.length === 1 && 3 * packer.lastBytes < LINK_LEAF_SPACE) return false;
      this.#emit(packer.ends.length);
    }
    for (let below = 1; below < level; below++) {
      const waiting = this.#waiting[below] as LinkChildren;
      if (waiting.count === 0) continue;
      if (3 * waiting.count < MAX_LINK_CHILDREN) return false;
      this.#emitBranches(below, false);
    }
    return true;
  }

  /** Where a large group grows at its end among the waiting entries, a page ends, too; else 0. */
  #border(): number {
    const { a, count } = this.#packer;
    const grownTo = this.#grownTo;
    const half = count >>> 1;
    return grownTo > half && grownTo < count && a[grownTo - 1] === a[grownTo - half] ? grownTo : 0;
  }

  /** Writes all that waits. Returns the root. */
  #finish(): TreeRoot {
    const packer = this.#packer;
    const isAppend = packer.count > 0 && this.#grownTo === packer.count;
    if (packer.count > 0) {
      packer.plan(isAppend ? SHARE.full : SHARE.even, this.#border());
      this.#emit(packer.ends.length);
    }
    let top = MAX_TREE_LEVEL;
    while (top > 1 && (this.#waiting[top] as LinkChildren).count === 0) top--;
    for (let level = 1;; level++) {
      const waiting = this.#waiting[level] as LinkChildren;
      if (level >= top) {
        if (waiting.count === 0) return EMPTY_ROOT;
        if (waiting.count === 1) return this.#rootAt(level - 1, waiting);
        top = level + 1;
      }
      if (waiting.count > 0) this.#emitBranches(level, isAppend);
    }
  }

  /** The root that the only waiting page is, or the only page below it where that has but one child. */
  #rootAt(level: number, waiting: LinkChildren): TreeRoot {
    const pages = this.#pages;
    let root = { pageId: waiting.pageIds[0] as number, birth: waiting.births[0] as number, level };
    while (root.level > 0) {
      const address = pages.fetch(root.pageId, root.birth);
      if (entryCount(pages, address, PAGE_TYPE.linkBranch, root.level) > 1) break;
      const at = childIndex(address, 3, 0);
      const child = { pageId: pages.u32[at] as number, birth: pages.u32[at + 1] as number, level: root.level - 1 };
      pages.free(root.pageId, root.birth);
      root = child;
    }
    return root;
  }

  #pushChild(level: number, from: LinkChildren, child: number): void {
    const pageId = from.pageIds[child] as number;
    const birth = from.births[child] as number;
    this.#pushPage(level, from.a[child] as number, from.b[child] as number, from.c[child] as number, pageId, birth);
  }

  /** Lets a page, whose first key is given, wait for a branch of a level. */
  #pushPage(level: number, a: number, b: number, c: number, pageId: number, birth: number): void {
    if (level > MAX_TREE_LEVEL) throw corruptPage(`a link tree that needs a level ${level}`);
    const waiting = this.#waiting[level] as LinkChildren;
    if (waiting.count === 2 * MAX_LINK_CHILDREN) this.#emitBranch(level, MAX_LINK_CHILDREN);
    waiting.push(a, b, c, pageId, birth);
  }

  /** Writes all that waits for branches of a level. */
  #emitBranches(level: number, isAppend: boolean): void {
    const waiting = this.#waiting[level] as LinkChildren;
    if (waiting.count > MAX_LINK_CHILDREN) this.#emitBranch(level, isAppend ? MAX_LINK_CHILDREN : waiting.count >>> 1);
    this.#emitBranch(level, waiting.count);
  }

  /** Writes a branch of the first pages that wait. */
  #emitBranch(level: number, count: number): void {
    const pages = this.#pages;
    const waiting = this.#waiting[level] as LinkChildren;
    const address = pages.allocate(PAGE_TYPE.linkBranch, level);
    waiting.write(pages, address, count);
    const a = waiting.a[0] as number;
    const b = waiting.b[0] as number;
    const c = waiting.c[0] as number;
    waiting.drop(count);
    this.#pushPage(level + 1, a, b, c, pages.pageIdAt(address), birthOf(pages, address));
  }
}

const NO_NUMBERS: Float64Array = new Float64Array(0);

function assertAscending({ a, b, c, count }: SortedLinks): void {
  for (let at = 1; at < count; at++) {
    const before = at - 1;
    const step = (a[at] as number) - (a[before] as number);
    if (step > 0) continue;
    if (
      step < 0 || !isBefore(b[before] as number, c[before] as number, b[at] as number, c[at] as number)
    ) {
      throw new InvalidArgumentError(`links must ascend, but the one at ${at} does not`, { code: "links-not-sorted" });
    }
  }
}
