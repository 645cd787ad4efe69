/**
 * A B+tree from byte strings to byte strings, in the order of the bytes (unsigned; a prefix comes before what it begins).
 * Keys and values have any length, 0 included. This is the half that reads; `ByteTreeWriter` changes.
 */

import { MAX_INLINE_KEY, readValue, readValueHead, valuePartAt } from "./byte_cell.ts";
import {
  BRANCH_SKIP,
  cellAt,
  childBirth,
  childIndex,
  childPageId,
  fetchBytePage,
  LEAF_SKIP,
  searchFrame,
} from "./byte_page.ts";
import type { Pages, TreeRoot } from "./pages.ts";

/** Reads a tree. Every call sees the tree as `root` names it. */
export class ByteTree {
  /** The pages that the tree is in. */
  readonly pages: Pages;
  /** Where the tree begins. Another one may be assigned: the tree of another moment. */
  root: TreeRoot;

  constructor(pages: Pages, root: TreeRoot) {
    this.pages = pages;
    this.root = root;
  }

  /** The value of a key (a copy), or undefined. */
  get(key: Uint8Array): Uint8Array | undefined {
    const at = this.#find(key);
    return at < 0 ? undefined : readValue(this.pages, this.pages.bytes, at);
  }

  /** A value of up to 1,000 bytes, or the first 64 bytes of a longer one (a copy); undefined without the key. */
  getHead(key: Uint8Array): Uint8Array | undefined {
    const at = this.#find(key);
    return at < 0 ? undefined : readValueHead(this.pages.bytes, at);
  }

  /** Whether the tree has a key. */
  has(key: Uint8Array): boolean {
    return this.#find(key) >= 0;
  }

  /** Position of the value part of a key, or -1. */
  #find(key: Uint8Array): number {
    const { pages } = this;
    let { pageId, birth } = this.root;
    if (pageId === 0) return -1;
    for (let level = this.root.level;; level--) {
      let address = fetchBytePage(pages, pageId, birth, level);
      const searched = searchFrame(pages, address, level === 0 ? LEAF_SKIP : BRANCH_SKIP, key);
      if (key.length > MAX_INLINE_KEY) address = pages.fetch(pageId, birth);
      const { bytes } = pages;
      if (level === 0) return searched < 0 ? -1 : valuePartAt(bytes, cellAt(bytes, address, searched));
      const cell = cellAt(bytes, address, childIndex(searched));
      pageId = childPageId(bytes, cell);
      birth = childBirth(bytes, cell);
    }
  }
}
