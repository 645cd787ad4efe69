/** The pages from the root of a byte tree to a leaf, and the way to make them all changeable. */

import { MAX_INLINE_KEY } from "./byte_cell.ts";
import {
  birthAt,
  BRANCH_SKIP,
  cellAt,
  childBirth,
  childIndex,
  childPageId,
  fetchBytePage,
  LEAF_SKIP,
  searchFrame,
  setChild,
} from "./byte_page.ts";
import type { MutablePages, TreeRoot } from "./pages.ts";

/** A path, by level: 0 is the leaf's. */
export class BytePath {
  /** Page of each level. */
  readonly pageIds: number[] = [];
  /** Low 32 bits of its birth. */
  readonly births: number[] = [];
  /** Index of the child that the path follows in each branch. */
  readonly indexes: number[] = [];
  readonly #pages: MutablePages;
  #level = 0;
  #searched = -1;

  constructor(pages: MutablePages) {
    this.#pages = pages;
  }

  /** Level of the root. */
  get level(): number {
    return this.#level;
  }

  /** Index of the key's cell in the leaf, or ~(index of the first cell above it). */
  get searched(): number {
    return this.#searched;
  }

  /** Root of the tree, as far as the path knows it. */
  get root(): TreeRoot {
    const level = this.#level;
    return { pageId: this.pageIds[level] as number, birth: this.births[level] as number, level };
  }

  /** Follows a key down a tree that is not empty. Returns the address of the leaf. */
  descend(root: TreeRoot, key: Uint8Array): number {
    const pages = this.#pages;
    const { bytes } = pages;
    let { pageId, birth } = root;
    this.#level = root.level;
    for (let level = root.level;; level--) {
      let address = fetchBytePage(pages, pageId, birth, level);
      const searched = searchFrame(pages, address, level === 0 ? LEAF_SKIP : BRANCH_SKIP, key);
      if (key.length > MAX_INLINE_KEY) address = pages.fetch(pageId, birth);
      this.pageIds[level] = pageId;
      this.births[level] = birth;
      if (level === 0) {
        this.#searched = searched;
        return address;
      }
      const child = childIndex(searched);
      this.indexes[level] = child;
      const cell = cellAt(bytes, address, child);
      pageId = childPageId(bytes, cell);
      birth = childBirth(bytes, cell);
    }
  }

  /** Makes every page of the path changeable, from the root down. Returns the address of the leaf. */
  edit(): number {
    const pages = this.#pages;
    let above = -1;
    for (let level = this.#level;; level--) {
      const pageId = this.pageIds[level] as number;
      const birth = this.births[level] as number;
      const address = pages.edit(pageId, birth);
      const editedId = pages.pageIdAt(address);
      const editedBirth = birthAt(pages, address);
      if (editedId !== pageId || editedBirth !== birth) {
        this.pageIds[level] = editedId;
        this.births[level] = editedBirth;
        if (above >= 0) {
          setChild(pages.bytes, cellAt(pages.bytes, above, this.indexes[level + 1] as number), editedId, editedBirth);
        }
      }
      if (level === 0) return address;
      above = address;
    }
  }

  /** Address of the page of a level. */
  fetch(level: number): number {
    return fetchBytePage(this.#pages, this.pageIds[level] as number, this.births[level] as number, level);
  }
}
