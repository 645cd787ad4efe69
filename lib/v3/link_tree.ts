/** Links: unique entries (a, b, c) with a small type each, in a B+tree. Adjacency is (node, neighbour, edge). */

import { LinkLeaf } from "./link_leaf.ts";
import {
  childIndex,
  corruptPage,
  entryCount,
  findChild3,
  isBefore,
  keyIndex,
  MAX_TREE_LEVEL,
} from "./number_branch.ts";
import { PAGE_SIZE, PAGE_TYPE } from "./page.ts";
import { type Pages, StaleRead, type TreeRoot } from "./pages.ts";

/**
 * A link tree to read. `open` or `seek` choose a group (all entries with one a), `nextRun` gives its entries leaf by leaf:
 *
 *   tree.open(node);
 *   while (tree.nextRun()) {
 *     for (let i = tree.start; i < tree.end; i++) visit(tree.b(i), tree.c(i), tree.type(i));
 *   }
 *
 * A run is read where it lies: it is valid until the next call on the pages. Hot: nothing is allocated.
 */
export class LinkTree {
  /** The entries of the run: indexes `start` to `end` - 1. */
  start = 0;
  end = 0;
  protected readonly source: Pages;
  protected top: TreeRoot;
  readonly #leaf: LinkLeaf = new LinkLeaf();
  readonly #way: LinkWay = new LinkWay();
  #a = 0;
  /** What comes next: the entry (b, c) or the first one behind it; none when the group has no further leaf. */
  #b = 0;
  #c = 0;
  #hasMore = false;
  #isFirst = true;
  /** Further leaves of a large group are read in a copy, so that a reader beside other threads need never begin again. */
  #copy: Uint8Array | undefined;
  #copyView: DataView | undefined;

  constructor(pages: Pages, root: TreeRoot) {
    this.source = pages;
    this.top = root;
  }

  /** Where the tree begins. */
  get root(): TreeRoot {
    return this.top;
  }

  /** Chooses the group of a, from its begin. */
  open(a: number): void {
    this.seek(a, 0, 0);
  }

  /** Chooses the group of a, from (b, c) on. */
  seek(a: number, b: number, c: number): void {
    this.#a = a;
    this.#b = b;
    this.#c = c;
    this.#hasMore = this.top.pageId !== 0;
    this.#isFirst = true;
  }

  /** Goes to the next entries of the group that lie in one leaf; false when there are none. O(log n). */
  nextRun(): boolean {
    const a = this.#a;
    const leaf = this.#leaf;
    const way = this.#way;
    while (this.#hasMore) {
      if (!this.#isFirst && !this.source.isSettled()) throw new StaleRead();
      const b = this.#b;
      const c = this.#c;
      const address = way.descend(this.source, this.top, a, b, c);
      if (this.#isFirst) leaf.read(this.source.view, address);
      else this.#readCopy(address);
      this.#isFirst = false;
      this.#hasMore = way.hasNext && way.nextA === a;
      this.#b = way.nextB;
      this.#c = way.nextC;
      const group = leaf.groupFrom(a);
      if (group === leaf.groups || leaf.a(group) !== a) continue;
      const start = leaf.groupStart(group);
      this.end = leaf.groupEnd(group);
      this.start = b === 0 && c === 0 ? start : leaf.entryFrom(start, this.end, b, c);
      if (this.start < this.end) return true;
    }
    return false;
  }

  #readCopy(address: number): void {
    const { source } = this;
    this.#copy ??= new Uint8Array(PAGE_SIZE);
    this.#copyView ??= new DataView(this.#copy.buffer);
    this.#copy.set(source.bytes.subarray(address, address + PAGE_SIZE));
    if (!source.isSettled()) throw new StaleRead();
    this.#leaf.read(this.#copyView, 0);
  }

  /** Second number of an entry of the run. */
  b(index: number): number {
    return this.#leaf.b(index);
  }

  /** Third number of an entry of the run. */
  c(index: number): number {
    return this.#leaf.c(index);
  }

  /** Type of an entry of the run. */
  type(index: number): number {
    return this.#leaf.type(index);
  }

  /** Number of entries in the group of a. O(log n) for each leaf that it lies in. */
  count(a: number): number {
    let count = 0;
    this.open(a);
    while (this.nextRun()) count += this.end - this.start;
    return count;
  }

  /** Whether an entry exists. O(log n). */
  has(a: number, b: number, c: number): boolean {
    this.seek(a, b, c);
    return this.nextRun() && this.b(this.start) === b && this.c(this.start) === c;
  }

  /** Number of all entries. Looks at every leaf. */
  countAll(): number {
    const { source, top } = this;
    const way = this.#way;
    if (top.pageId === 0) return 0;
    let count = 0;
    let address = way.descend(source, top, 0, 0, 0);
    for (;;) {
      count += entryCount(source, address, PAGE_TYPE.linkLeaf, 0);
      if (!way.hasNext) return count;
      address = way.descend(source, top, way.nextA, way.nextB, way.nextC);
    }
  }
}

/** The way down to a leaf, and the key that the leaf behind it begins with. */
export class LinkWay {
  hasNext = false;
  nextA = 0;
  nextB = 0;
  nextC = 0;

  /** Goes to the leaf that a key belongs to, in a tree that is not empty. Returns its address. */
  descend(pages: Pages, root: TreeRoot, a: number, b: number, c: number): number {
    if (root.level > MAX_TREE_LEVEL) throw corruptPage(`a link tree of level ${root.level}`);
    let address = pages.fetch(root.pageId, root.birth);
    this.hasNext = false;
    for (let level = root.level; level > 0; level--) {
      const count = entryCount(pages, address, PAGE_TYPE.linkBranch, level);
      const child = findChild3(pages, address, count, a, b, c);
      if (child + 1 < count) this.#noteNext(pages, keyIndex(address, 3, child + 1), a, b, c);
      const at = childIndex(address, 3, child);
      const { u32 } = pages;
      address = pages.fetch(u32[at] as number, u32[at + 1] as number);
    }
    entryCount(pages, address, PAGE_TYPE.linkLeaf, 0);
    return address;
  }

  #noteNext(pages: Pages, key: number, a: number, b: number, c: number): void {
    const { f64 } = pages;
    const nextA = f64[key] as number;
    const nextB = f64[key + 1] as number;
    const nextC = f64[key + 2] as number;
    // Pages that were checked one by one may still hang in the wrong order; readers must not go round in circles.
    const isBehind = nextA > a || (nextA === a && isBefore(b, c, nextB, nextC));
    if (!isBehind || (this.hasNext && !this.#isBeforeNext(nextA, nextB, nextC))) {
      throw corruptPage("a branch of a link tree in the wrong place");
    }
    this.hasNext = true;
    this.nextA = nextA;
    this.nextB = nextB;
    this.nextC = nextC;
  }

  #isBeforeNext(a: number, b: number, c: number): boolean {
    return a < this.nextA || (a === this.nextA && isBefore(b, c, this.nextB, this.nextC));
  }
}

/**
 * Goes through a whole link tree, group by group. It has a copy of the leaf that it is in and finds the next one from the root,
 * so that it may rest for any time; the pages of its root must remain (snapshot, savepoint).
 */
export class LinkCursor {
  /** The group of the run. */
  a = 0;
  /** The entries of the run: indexes `start` to `end` - 1. */
  start = 0;
  end = 0;
  readonly #pages: Pages;
  readonly #root: TreeRoot;
  readonly #copy: Uint8Array<ArrayBuffer> = new Uint8Array(PAGE_SIZE);
  readonly #view: DataView = new DataView(this.#copy.buffer);
  readonly #leaf: LinkLeaf = new LinkLeaf();
  readonly #way: LinkWay = new LinkWay();
  #group = 0;
  /** Where the first run of a sought position begins, or -1: with its group. */
  #from = -1;

  constructor(pages: Pages, root: TreeRoot) {
    this.#pages = pages;
    this.#root = root;
    this.#way.hasNext = root.pageId !== 0;
  }

  /** Goes to where the first entry that is not before (a, b, c) is: `nextRun` will begin with it. A new cursor is before all. */
  seekAll(a: number, b: number, c: number): void {
    const leaf = this.#leaf;
    this.#from = -1;
    if (this.#root.pageId === 0) return;
    this.#load(a, b, c);
    this.#group = leaf.groupFrom(a);
    if (this.#group === leaf.groups || leaf.a(this.#group) !== a) return;
    this.#from = leaf.entryFrom(leaf.groupStart(this.#group), leaf.groupEnd(this.#group), b, c);
  }

  /** Goes to the next entries of one group that lie in one leaf; false at the end. */
  nextRun(): boolean {
    const leaf = this.#leaf;
    for (;;) {
      while (this.#group < leaf.groups) {
        const group = this.#group++;
        this.start = this.#from < 0 ? leaf.groupStart(group) : this.#from;
        this.#from = -1;
        this.end = leaf.groupEnd(group);
        if (this.start >= this.end) continue;
        this.a = leaf.a(group);
        return true;
      }
      const way = this.#way;
      if (!way.hasNext) return false;
      this.#load(way.nextA, way.nextB, way.nextC);
      this.#group = 0;
    }
  }

  #load(a: number, b: number, c: number): void {
    const pages = this.#pages;
    const address = this.#way.descend(pages, this.#root, a, b, c);
    this.#copy.set(pages.bytes.subarray(address, address + PAGE_SIZE));
    if (!pages.isSettled()) throw new StaleRead();
    this.#leaf.read(this.#view, 0);
  }

  /** Second number of an entry of the run. */
  b(index: number): number {
    return this.#leaf.b(index);
  }

  /** Third number of an entry of the run. */
  c(index: number): number {
    return this.#leaf.c(index);
  }

  /** Type of an entry of the run. */
  type(index: number): number {
    return this.#leaf.type(index);
  }
}
