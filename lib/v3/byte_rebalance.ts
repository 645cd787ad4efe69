/** What follows a deletion in a byte tree: empty pages go, small ones are merged with a neighbour, the root shrinks. */

import { PageBuilder } from "./byte_builder.ts";
import { cellSize, freeKeyChain, keyPartSize, MAX_KEY_PART, POINTER_SIZE, readVarint } from "./byte_cell.ts";
import { copyBytes } from "./copy_bytes.ts";
import {
  birthAt,
  BRANCH_SKIP,
  BYTE_PAGE_CAPACITY,
  cellAt,
  cellCount,
  childBirth,
  childPageId,
  clearSeparator,
  fetchBytePage,
  LEAF_SKIP,
  removeCell,
  setChild,
  storePage,
  usedBytes,
} from "./byte_page.ts";
import type { BytePath } from "./byte_path.ts";
import { EMPTY_ROOT, type MutablePages, type TreeRoot } from "./pages.ts";

/** A page with fewer bytes in use looks for a neighbour. */
const SMALL_PAGE: number = BYTE_PAGE_CAPACITY / 3;

/** The memory that it works in. */
export class Rebalance {
  readonly #pages: MutablePages;
  readonly #builder = new PageBuilder();
  readonly #separator = new Uint8Array(MAX_KEY_PART);

  constructor(pages: MutablePages) {
    this.#pages = pages;
  }

  /** Tidies up along a path whose pages are changeable, after a cell of its leaf was removed. Returns the new root. */
  run(path: BytePath): TreeRoot {
    const { bytes } = this.#pages;
    for (let level = 0; level < path.level; level++) {
      const address = path.fetch(level);
      if (cellCount(bytes, address) === 0) {
        this.#pages.free(path.pageIds[level] as number, path.births[level] as number);
        this.#removeChild(path, level + 1, path.indexes[level + 1] as number, false);
      } else if (usedBytes(bytes, address) >= SMALL_PAGE || !this.#mergeWithNeighbor(path, level)) {
        return path.root;
      }
    }
    return this.#shrink(path.root);
  }

  /** Takes roots away that have a single child, and the last leaf when it is empty. */
  #shrink(root: TreeRoot): TreeRoot {
    const { bytes } = this.#pages;
    for (;;) {
      const { pageId, birth, level } = root;
      const address = fetchBytePage(this.#pages, pageId, birth, level);
      const count = cellCount(bytes, address);
      if (count > 1 || (count === 1 && level === 0)) return root;
      if (count === 0) {
        root = EMPTY_ROOT;
      } else {
        const cell = cellAt(bytes, address, 0);
        root = { pageId: childPageId(bytes, cell), birth: childBirth(bytes, cell), level: level - 1 };
      }
      this.#pages.free(pageId, birth);
      if (count === 0) return root;
    }
  }

  /** Takes a child out of the branch of a level; its range goes to the child before it, or else to the one behind it. */
  #removeChild(path: BytePath, level: number, index: number, isSeparatorMoved: boolean): void {
    const { bytes } = this.#pages;
    let address = path.fetch(level);
    const bounded = Math.max(index, 1);
    if (bounded < cellCount(bytes, address)) {
      if (!isSeparatorMoved) {
        freeKeyChain(this.#pages, bytes, cellAt(bytes, address, bounded) + BRANCH_SKIP);
        address = path.fetch(level);
      }
      if (index === 0) clearSeparator(bytes, address, 1);
    }
    removeCell(bytes, address, BRANCH_SKIP, index);
  }

  #mergeWithNeighbor(path: BytePath, level: number): boolean {
    const index = path.indexes[level + 1] as number;
    const count = cellCount(this.#pages.bytes, path.fetch(level + 1));
    return (index > 0 && this.#merge(path, level, index - 1)) ||
      (index + 1 < count && this.#merge(path, level, index));
  }

  /** Merges two neighbouring pages of a level into the left one when both fit there. */
  #merge(path: BytePath, level: number, left: number): boolean {
    const pages = this.#pages;
    const { bytes } = pages;
    const separator = this.#separator;
    const above = path.fetch(level + 1);
    const leftCell = cellAt(bytes, above, left);
    const rightCell = cellAt(bytes, above, left + 1);
    const leftId = childPageId(bytes, leftCell);
    const leftBirth = childBirth(bytes, leftCell);
    const rightId = childPageId(bytes, rightCell);
    const rightBirth = childBirth(bytes, rightCell);
    const separatorSize = keyPartSize(readVarint(bytes, rightCell + BRANCH_SKIP));
    copyBytes(bytes, rightCell + BRANCH_SKIP, rightCell + BRANCH_SKIP + separatorSize, separator, 0);

    const leftPage = fetchBytePage(pages, leftId, leftBirth, level);
    const rightPage = fetchBytePage(pages, rightId, rightBirth, level);
    // The separator between two branches becomes that of the right one's first child, where an empty one was.
    const size = usedBytes(bytes, leftPage) + usedBytes(bytes, rightPage) + (level === 0 ? 0 : separatorSize - 1);
    if (size > BYTE_PAGE_CAPACITY) return false;
    this.#builder.begin(size, true);
    this.#addCells(leftPage, level, 0);
    this.#addCells(rightPage, level, level === 0 ? 0 : separatorSize);

    const address = pages.edit(leftId, leftBirth);
    storePage(pages, address, this.#builder.page);
    setChild(bytes, cellAt(bytes, above, left), pages.pageIdAt(address), birthAt(pages, address));
    pages.free(rightId, rightBirth);
    this.#removeChild(path, level + 1, left + 1, level > 0);
    return true;
  }

  /** Adds all cells of a page to the one under construction; the first gets the kept separator when that has a size. */
  #addCells(address: number, level: number, separatorSize: number): void {
    const { bytes } = this.#pages;
    const builder = this.#builder;
    const keySkip = level === 0 ? LEAF_SKIP : BRANCH_SKIP;
    const count = cellCount(bytes, address);
    let index = 0;
    if (separatorSize > 0) {
      const cell = cellAt(bytes, address, index++);
      const at = builder.reserve(POINTER_SIZE + separatorSize);
      copyBytes(bytes, cell, cell + POINTER_SIZE, builder.page, at);
      copyBytes(this.#separator, 0, separatorSize, builder.page, at + POINTER_SIZE);
    }
    for (; index < count; index++) {
      const cell = cellAt(bytes, address, index);
      const size = cellSize(bytes, cell, keySkip);
      copyBytes(bytes, cell, cell + size, builder.page, builder.reserve(size));
    }
  }
}
