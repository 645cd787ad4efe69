/** Scans a byte tree in the order of its keys. */

import { MAX_INLINE_KEY, readKey, readValue, readValueHead, readVarint, valuePartAt } from "./byte_cell.ts";
import {
  BRANCH_SKIP,
  cellAt,
  cellCount,
  childBirth,
  childIndex,
  childPageId,
  copyPage,
  fetchBytePage,
  LEAF_SKIP,
  searchFrame,
  searchPage,
} from "./byte_page.ts";
import type { ByteTree } from "./byte_tree.ts";
import { PAGE_SIZE } from "./page.ts";
import { type Pages, StaleRead, type TreeRoot } from "./pages.ts";

/**
 * A place in a tree, at first before its first entry.
 *
 *     cursor.seek(prefix);
 *     while (cursor.next()) consume(cursor.key(), cursor.value());
 *
 * It stands in a copy of a leaf and keeps the way to it by page ids. When the tree has got another root since the last step (a
 * writer changed it), the next step seeks again, to behind the key that was last; so entries may be deleted on the way. Only
 * what is wanted of the entry itself must be read before the change.
 */
export class ByteCursor {
  readonly #tree: ByteTree;
  readonly #pages: Pages;
  /** Root that leaf and path belong to; undefined before the first step. */
  #root: TreeRoot | undefined;
  readonly #leaf = new Uint8Array(PAGE_SIZE);
  /** The branches above the leaf, by level, and the child that is followed in each. */
  readonly #pageIds: number[] = [];
  readonly #births: number[] = [];
  readonly #indexes: number[] = [];
  /** Index of the entry in the leaf, -1 before the first; and number of entries there. */
  #index = -1;
  #count = 0;
  /** Position of the last entry in the copied leaf; -1 when there was none since the last seek. */
  #cell = -1;
  #isOnEntry = false;
  /** Where a step without a last entry begins. */
  #sought: Uint8Array = new Uint8Array(0);
  /** The last entry's key when it has a chain, which a change may free. */
  #longKey: Uint8Array | undefined;

  constructor(tree: ByteTree) {
    this.#tree = tree;
    this.#pages = tree.pages;
  }

  /** Goes before the first entry whose key is not below this one. */
  seek(key: Uint8Array): void {
    this.#sought = key.slice();
    this.#root = undefined;
    this.#cell = -1;
    this.#isOnEntry = false;
  }

  /** Goes to the next entry. Returns false at the end. Amortized O(1). */
  next(): boolean {
    if (this.#root !== this.#tree.root) this.#descend(this.#cell < 0 ? this.#sought : this.#successor());
    this.#isOnEntry = false;
    while (this.#index + 1 >= this.#count) {
      if (!this.#nextLeaf()) return false;
    }
    const cell = cellAt(this.#leaf, 0, this.#index + 1);
    const isLong = readVarint(this.#leaf, cell) > MAX_INLINE_KEY;
    this.#longKey = isLong ? readKey(this.#pages, this.#leaf, cell) : undefined;
    this.#index++;
    this.#cell = cell;
    this.#isOnEntry = true;
    return true;
  }

  /** The key of the entry: a copy. */
  key(): Uint8Array {
    const cell = this.#entry();
    return this.#longKey === undefined ? readKey(this.#pages, this.#leaf, cell) : this.#longKey.slice();
  }

  /** The value of the entry: a copy. */
  value(): Uint8Array {
    return readValue(this.#pages, this.#leaf, valuePartAt(this.#leaf, this.#entry()));
  }

  /** A value of up to 1,000 bytes, or the first 64 bytes of a longer one: a copy. */
  valueHead(): Uint8Array {
    return readValueHead(this.#leaf, valuePartAt(this.#leaf, this.#entry()));
  }

  /** The leaf that the entry lies in: a copy, which the next step may change. */
  get leaf(): Uint8Array {
    return this.#leaf;
  }

  /** Position of the entry's cell in `leaf`. Hot. */
  get cell(): number {
    return this.#entry();
  }

  #entry(): number {
    if (!this.#isOnEntry) throw new Error("the cursor is on no entry: next() did not return true");
    return this.#cell;
  }

  /** The smallest key above that of the last entry. */
  #successor(): Uint8Array {
    const key = this.#longKey ?? readKey(this.#pages, this.#leaf, this.#cell);
    const successor = new Uint8Array(key.length + 1);
    successor.set(key);
    return successor;
  }

  /** Finds the place before the first entry whose key is not below this one. */
  #descend(key: Uint8Array): void {
    const pages = this.#pages;
    const { root } = this.#tree;
    this.#root = undefined;
    if (root.pageId === 0) {
      this.#root = root;
      this.#index = -1;
      this.#count = 0;
      return;
    }
    let { pageId, birth } = root;
    for (let level = root.level; level > 0; level--) {
      let address = fetchBytePage(pages, pageId, birth, level);
      const child = childIndex(searchFrame(pages, address, BRANCH_SKIP, key));
      if (key.length > MAX_INLINE_KEY) address = pages.fetch(pageId, birth);
      this.#enter(level, pageId, birth, child);
      const { bytes } = pages;
      const cell = cellAt(bytes, address, child);
      pageId = childPageId(bytes, cell);
      birth = childBirth(bytes, cell);
    }
    this.#copyLeaf(pageId, birth);
    const searched = searchPage(pages, this.#leaf, 0, LEAF_SKIP, key, 0, key.length);
    this.#index = (searched < 0 ? ~searched : searched) - 1;
    this.#root = root;
  }

  /** Goes before the first entry of the next leaf. Returns false when there is none. */
  #nextLeaf(): boolean {
    const pages = this.#pages;
    const root = this.#root;
    const top = root?.level ?? 0;
    // After an error, the next step seeks again: it must not skip what could not be read.
    this.#root = undefined;
    for (let level = 1; level <= top; level++) {
      let pageId = this.#pageIds[level] as number;
      let birth = this.#births[level] as number;
      let child = (this.#indexes[level] as number) + 1;
      const branch = fetchBytePage(pages, pageId, birth, level);
      if (child >= cellCount(pages.bytes, branch)) continue;
      for (let below = level; below > 0; below--) {
        this.#enter(below, pageId, birth, child);
        const address = fetchBytePage(pages, pageId, birth, below);
        const { bytes } = pages;
        const cell = cellAt(bytes, address, child);
        pageId = childPageId(bytes, cell);
        birth = childBirth(bytes, cell);
        child = 0;
      }
      this.#copyLeaf(pageId, birth);
      this.#root = root;
      return true;
    }
    this.#root = root;
    return false;
  }

  #enter(level: number, pageId: number, birth: number, child: number): void {
    this.#pageIds[level] = pageId;
    this.#births[level] = birth;
    this.#indexes[level] = child;
  }

  #copyLeaf(pageId: number, birth: number): void {
    copyPage(this.#pages, fetchBytePage(this.#pages, pageId, birth, 0), this.#leaf);
    if (!this.#pages.isSettled()) throw new StaleRead();
    this.#count = cellCount(this.#leaf, 0);
    this.#index = -1;
  }
}
