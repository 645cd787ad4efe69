/** The way from the root of a tree with number keys to one leaf, and changes of the tree along it. */

import {
  type Arity,
  birthOf,
  childIndex,
  corruptPage,
  entryCount,
  findChild1,
  findChild3,
  keyIndex,
  MAX_TREE_LEVEL,
  maxChildren,
} from "./number_branch.ts";
import { PAGE_COUNT_AT, type PageType } from "./page.ts";
import { EMPTY_ROOT, type MutablePages, type TreeRoot } from "./pages.ts";

/** What the pages of a tree are. */
export interface NumberTreeKind {
  /** Numbers in a key. */
  readonly arity: Arity;
  /** Type of its leaves. */
  readonly leaf: PageType;
  /** Type of its branches. */
  readonly branch: PageType;
}

/**
 * A path of one writer. `descend` only reads; `edit` makes a page of the path changeable, and where that copies it, the pages
 * above, up to a new root. Page ids are kept, never addresses, so that it outlives commits and savepoints; after a change of
 * the tree by other means it has to descend again.
 */
export class NumberPath {
  readonly #pages: MutablePages;
  readonly #kind: NumberTreeKind;
  readonly #ids: Uint32Array = new Uint32Array(MAX_TREE_LEVEL + 1);
  readonly #births: Uint32Array = new Uint32Array(MAX_TREE_LEVEL + 1);
  /** Per level of a branch: which child the path takes. */
  readonly #child: Int32Array = new Int32Array(MAX_TREE_LEVEL + 1);
  #root: TreeRoot;
  #isLast = false;

  constructor(pages: MutablePages, root: TreeRoot, kind: NumberTreeKind) {
    this.#pages = pages;
    this.#kind = kind;
    this.#root = root;
  }

  /** Root of the tree as it is now. */
  get root(): TreeRoot {
    return this.#root;
  }

  set root(root: TreeRoot) {
    this.#root = root;
    this.#isLast = false;
  }

  /** Whether the leaf was the right-most of the tree when the path led there, and got no new neighbour since. */
  get isLast(): boolean {
    return this.#isLast;
  }

  /** Leads the path to the leaf that a key belongs to (the numbers that a key does not have are ignored). Returns the leaf's address. */
  descend(a: number, b: number, c: number): number {
    const pages = this.#pages;
    const { arity, leaf, branch } = this.#kind;
    let { pageId, birth, level } = this.#root;
    if (level > MAX_TREE_LEVEL) throw corruptPage(`a tree of level ${level}`);
    this.#isLast = true;
    for (; level > 0; level--) {
      this.#ids[level] = pageId;
      this.#births[level] = birth;
      const address = pages.fetch(pageId, birth);
      const count = entryCount(pages, address, branch, level);
      const child = arity === 1 ? findChild1(pages, address, count, a) : findChild3(pages, address, count, a, b, c);
      this.#child[level] = child;
      if (child + 1 < count) this.#isLast = false;
      const at = childIndex(address, arity, child);
      pageId = pages.u32[at] as number;
      birth = pages.u32[at + 1] as number;
    }
    this.#ids[0] = pageId;
    this.#births[0] = birth;
    const address = pages.fetch(pageId, birth);
    entryCount(pages, address, leaf, 0);
    return address;
  }

  /** Address of the path's page of a level, for reading. */
  fetch(level: number): number {
    return this.#pages.fetch(this.#ids[level] as number, this.#births[level] as number);
  }

  /** Makes the path's page of a level changeable. Returns its address. */
  edit(level: number): number {
    const pages = this.#pages;
    const before = this.#ids[level] as number;
    const address = pages.edit(before, this.#births[level] as number);
    const pageId = pages.pageIdAt(address);
    if (pageId !== before) this.#moved(level, pageId, birthOf(pages, address));
    return address;
  }

  /** Makes the branch above, or the root, name the new page of a level. */
  #moved(level: number, pageId: number, birth: number): void {
    this.#ids[level] = pageId;
    this.#births[level] = birth;
    if (level === this.#root.level) this.#root = { pageId, birth, level };
    else this.#writeChild(this.edit(level + 1), this.#child[level + 1] as number, pageId, birth);
  }

  /** Makes the first leaf of an empty tree. Returns its address. */
  plant(): number {
    const pages = this.#pages;
    const address = pages.allocate(this.#kind.leaf, 0);
    this.#ids[0] = pages.pageIdAt(address);
    this.#births[0] = birthOf(pages, address);
    this.#root = { pageId: this.#ids[0] as number, birth: this.#births[0] as number, level: 0 };
    this.#isLast = true;
    return address;
  }

  /**
   * Inserts a page to the right of the path's page of the same level, to which the path still leads afterwards. Its first key
   * is given. A full branch above is split: evenly, or, when the page is the new end of the tree and that end is likely to grow
   * (`isAppend`), so that the left branch stays full.
   */
  insertRight(level: number, a: number, b: number, c: number, pageId: number, birth: number, isAppend: boolean): void {
    const pages = this.#pages;
    const { arity } = this.#kind;
    const parent = level + 1;
    this.#isLast = false;
    if (level === this.#root.level) {
      this.#growRoot(a, b, c, pageId, birth);
      return;
    }
    const address = this.edit(parent);
    const count = this.#count(address);
    const at = (this.#child[parent] as number) + 1;
    if (count < maxChildren(arity)) {
      this.#insertChild(address, count, at, a, b, c, pageId, birth);
      return;
    }
    const leftCount = isAppend && at === count ? count : (count + 1) >>> 1;
    const right = pages.allocate(this.#kind.branch, parent);
    const from = keyIndex(address, arity, leftCount);
    pages.f64.copyWithin(keyIndex(right, arity, 0), from, keyIndex(address, arity, count));
    this.#setCount(address, leftCount);
    this.#setCount(right, count - leftCount);
    const isRight = at > leftCount || leftCount === count;
    if (isRight) this.#insertChild(right, count - leftCount, at - leftCount, a, b, c, pageId, birth);
    else this.#insertChild(address, leftCount, at, a, b, c, pageId, birth);
    const key = keyIndex(right, arity, 0);
    const rightId = pages.pageIdAt(right);
    const rightBirth = birthOf(pages, right);
    const { f64 } = pages;
    const keyB = arity === 1 ? 0 : f64[key + 1] as number;
    const keyC = arity === 1 ? 0 : f64[key + 2] as number;
    this.insertRight(parent, f64[key] as number, keyB, keyC, rightId, rightBirth, isAppend);
    if (at > leftCount) {
      this.#ids[parent] = rightId;
      this.#births[parent] = rightBirth;
      this.#child[parent] = at - 1 - leftCount;
      this.#child[parent + 1] = (this.#child[parent + 1] as number) + 1;
    }
  }

  #growRoot(a: number, b: number, c: number, pageId: number, birth: number): void {
    const pages = this.#pages;
    const { root } = this;
    const level = root.level + 1;
    if (level > MAX_TREE_LEVEL) throw corruptPage(`a tree that needs a level ${level}`);
    const address = pages.allocate(this.#kind.branch, level);
    this.#insertChild(address, 0, 0, 0, 0, 0, root.pageId, root.birth);
    this.#insertChild(address, 1, 1, a, b, c, pageId, birth);
    this.#root = { pageId: pages.pageIdAt(address), birth: birthOf(pages, address), level };
    this.#ids[level] = this.#root.pageId;
    this.#births[level] = this.#root.birth;
    this.#child[level] = 0;
  }

  /** Takes the path's page of a level, which became empty, out of the tree. The path is then invalid. */
  remove(level: number): void {
    this.#pages.free(this.#ids[level] as number, this.#births[level] as number);
    if (level === this.#root.level) this.root = EMPTY_ROOT;
    else this.#removeChild(level + 1, this.#child[level + 1] as number);
  }

  /** Address of the page to the right of the path's page of a level, under the same branch; -1 when there is none. */
  right(level: number): number {
    if (level === this.#root.level) return -1;
    const pages = this.#pages;
    const address = this.fetch(level + 1);
    const child = (this.#child[level + 1] as number) + 1;
    if (child >= this.#count(address)) return -1;
    const at = childIndex(address, this.#kind.arity, child);
    const right = pages.fetch(pages.u32[at] as number, pages.u32[at + 1] as number);
    entryCount(pages, right, level === 0 ? this.#kind.leaf : this.#kind.branch, level);
    return right;
  }

  /** Moves the path's end at a level to the page to the left, under the same branch. Returns whether there is one. */
  moveLeft(level: number): boolean {
    if (level === this.#root.level || this.#child[level + 1] === 0) return false;
    const { u32 } = this.#pages;
    const child = (this.#child[level + 1] as number) - 1;
    const at = childIndex(this.fetch(level + 1), this.#kind.arity, child);
    this.#child[level + 1] = child;
    this.#ids[level] = u32[at] as number;
    this.#births[level] = u32[at + 1] as number;
    this.#isLast = false;
    return true;
  }

  /** Takes the page to the right of the path's page of a level, whose entries moved, out of the tree. The path is then invalid. */
  removeRight(level: number): void {
    const pages = this.#pages;
    const parent = level + 1;
    const child = (this.#child[parent] as number) + 1;
    const address = this.fetch(parent);
    const at = childIndex(address, this.#kind.arity, child);
    pages.free(pages.u32[at] as number, pages.u32[at + 1] as number);
    this.#removeChild(parent, child);
  }

  #removeChild(level: number, child: number): void {
    const pages = this.#pages;
    const { arity } = this.#kind;
    this.#isLast = false;
    if (this.#count(this.fetch(level)) === 1) {
      this.remove(level);
      return;
    }
    const address = this.edit(level);
    const count = this.#count(address) - 1;
    const to = keyIndex(address, arity, child);
    pages.f64.copyWithin(to, to + arity + 1, keyIndex(address, arity, count + 1));
    pages.f64.fill(0, keyIndex(address, arity, count), keyIndex(address, arity, count + 1));
    this.#setCount(address, count);
    if (level === this.#root.level) this.#shrinkRoot();
    else if (3 * count < maxChildren(arity) && !this.#mergeBranch(level) && this.moveLeft(level)) {
      this.#mergeBranch(level);
    }
  }

  /** A root with one child gives way to it. */
  #shrinkRoot(): void {
    const pages = this.#pages;
    const { arity, branch } = this.#kind;
    for (;;) {
      const { pageId, birth, level } = this.#root;
      if (level === 0) return;
      const address = pages.fetch(pageId, birth);
      if (entryCount(pages, address, branch, level) !== 1) return;
      const at = childIndex(address, arity, 0);
      this.#root = { pageId: pages.u32[at] as number, birth: pages.u32[at + 1] as number, level: level - 1 };
      pages.free(pageId, birth);
    }
  }

  /** Puts the path's branch of a level and the one to its right into one, if there is one and they fit. */
  #mergeBranch(level: number): boolean {
    const pages = this.#pages;
    const { arity } = this.#kind;
    const right = this.right(level);
    if (right < 0) return false;
    const rightCount = this.#count(right);
    if (this.#count(this.fetch(level)) + rightCount > maxChildren(arity)) return false;
    const left = this.edit(level);
    const leftCount = this.#count(left);
    const to = keyIndex(left, arity, leftCount);
    pages.f64.copyWithin(to, keyIndex(right, arity, 0), keyIndex(right, arity, rightCount));
    // The first key of a branch counts for nothing there; the branch above knows what it has to be.
    const key = keyIndex(this.fetch(level + 1), arity, (this.#child[level + 1] as number) + 1);
    pages.f64.copyWithin(to, key, key + arity);
    this.#setCount(left, leftCount + rightCount);
    this.removeRight(level);
    return true;
  }

  #insertChild(
    address: number,
    count: number,
    child: number,
    a: number,
    b: number,
    c: number,
    pageId: number,
    birth: number,
  ): void {
    const { arity } = this.#kind;
    const { f64 } = this.#pages;
    const at = keyIndex(address, arity, child);
    f64.copyWithin(at + arity + 1, at, keyIndex(address, arity, count));
    f64[at] = a;
    if (arity === 3) {
      f64[at + 1] = b;
      f64[at + 2] = c;
    }
    this.#writeChild(address, child, pageId, birth);
    this.#setCount(address, count + 1);
  }

  #writeChild(address: number, child: number, pageId: number, birth: number): void {
    const at = childIndex(address, this.#kind.arity, child);
    this.#pages.u32[at] = pageId;
    this.#pages.u32[at + 1] = birth;
  }

  #count(address: number): number {
    return this.#pages.view.getUint16(address + PAGE_COUNT_AT, true);
  }

  #setCount(address: number, count: number): void {
    this.#pages.view.setUint16(address + PAGE_COUNT_AT, count, true);
  }
}
