/** Records of up to 1200 bytes by number: a B+tree whose leaves are the pages that nodes and edges live in. */

import { childIndex, corruptPage, entryCount, findChild1, keyIndex, MAX_TREE_LEVEL } from "./number_branch.ts";
import { PAGE_SIZE, PAGE_TYPE } from "./page.ts";
import { type Pages, StaleRead, type TreeRoot } from "./pages.ts";
import { findSlot, isHole, RECORD_WIDTH_AT, recordId, recordStart, slotCount, slotFrom } from "./record_leaf.ts";

/** A record tree to look records up in. */
export class RecordTree {
  /** Where the record that `find` found begins and ends in `pages.bytes`; valid as long as an address. */
  at = 0;
  end = 0;
  protected readonly source: Pages;
  protected top: TreeRoot;

  constructor(pages: Pages, root: TreeRoot) {
    this.source = pages;
    this.top = root;
  }

  /** Where the tree begins. */
  get root(): TreeRoot {
    return this.top;
  }

  /** Looks a record up: `at` and `end` then say where it is. Hot: nothing is allocated. O(log n). */
  find(id: number): boolean {
    const pages = this.source;
    const { top } = this;
    if (top.pageId === 0) return false;
    const address = recordLeafOf(pages, top, id);
    const { view } = pages;
    const slot = findSlot(view, address, id);
    if (slot < 0) return false;
    const width = view.getUint8(address + RECORD_WIDTH_AT);
    this.at = address + recordStart(view, address, width, slot);
    this.end = address + recordStart(view, address, width, slot - 1);
    return true;
  }

  /** The largest id, or 0 when there is none. O(log n). */
  lastId(): number {
    const pages = this.source;
    const { top } = this;
    if (top.pageId === 0) return 0;
    const address = recordLeafOf(pages, top, Infinity);
    const { view } = pages;
    return recordId(view, address, view.getUint8(address + RECORD_WIDTH_AT), slotCount(view, address) - 1);
  }
}

/** Address of the leaf that an id belongs to, in a tree that is not empty. */
function recordLeafOf(pages: Pages, root: TreeRoot, id: number): number {
  let address = pages.fetch(root.pageId, root.birth);
  for (let level = root.level; level > 0; level--) {
    const count = entryCount(pages, address, PAGE_TYPE.recordBranch, level);
    const at = childIndex(address, 1, findChild1(pages, address, count, id));
    address = pages.fetch(pages.u32[at] as number, pages.u32[at + 1] as number);
  }
  entryCount(pages, address, PAGE_TYPE.recordLeaf, 0);
  return address;
}

/** Below all ids. */
const BEFORE_ALL = -1;

/**
 * Goes through the records of a tree in ascending ids. It has a copy of the leaf that it is in and finds the next one from the
 * root, so that it may rest for any time; the pages of its root must remain (snapshot, savepoint).
 */
export class RecordCursor {
  /** Id of the record. */
  id = 0;
  /** Where the record begins and ends in `bytes`. */
  at = 0;
  end = 0;
  /** The leaf: changes with `next` and `seek`. */
  readonly bytes: Uint8Array<ArrayBuffer> = new Uint8Array(PAGE_SIZE);
  readonly #view: DataView = new DataView(this.bytes.buffer);
  readonly #pages: Pages;
  readonly #root: TreeRoot;
  #width = 0;
  #count = 0;
  #slot = 0;
  /** First key of the leaf behind this one; Infinity when this is the last. */
  #nextLeaf = Infinity;

  constructor(pages: Pages, root: TreeRoot) {
    this.#pages = pages;
    this.#root = root;
    if (root.pageId !== 0) this.#nextLeaf = BEFORE_ALL;
  }

  /** Goes to where the first id above `after` is: `next` will lead to it. A new cursor is before all ids. */
  seek(after: number): void {
    this.#count = 0;
    this.#slot = 0;
    this.#nextLeaf = Infinity;
    if (this.#root.pageId === 0) return;
    this.#load(after);
    this.#slot = slotFrom(this.#view, 0, after + 1);
  }

  /** Goes to the next record; false at the end. */
  next(): boolean {
    for (;;) {
      while (this.#slot < this.#count) {
        const slot = this.#slot++;
        if (isHole(this.#view, 0, this.#width, slot)) continue;
        this.id = recordId(this.#view, 0, this.#width, slot);
        this.at = recordStart(this.#view, 0, this.#width, slot);
        this.end = recordStart(this.#view, 0, this.#width, slot - 1);
        return true;
      }
      const next = this.#nextLeaf;
      if (next === Infinity) return false;
      this.#load(next);
      this.#slot = 0;
    }
  }

  /** Pages that were checked one by one may still hang in the wrong order; readers must not go round in circles. */
  #noteNext(id: number, next: number): void {
    if (!(next > id && next < this.#nextLeaf)) throw corruptPage("a branch of a record tree in the wrong place");
    this.#nextLeaf = next;
  }

  #load(id: number): void {
    const pages = this.#pages;
    let { pageId, birth, level } = this.#root;
    if (level > MAX_TREE_LEVEL) throw corruptPage(`a record tree of level ${level}`);
    this.#nextLeaf = Infinity;
    for (; level > 0; level--) {
      const address = pages.fetch(pageId, birth);
      const count = entryCount(pages, address, PAGE_TYPE.recordBranch, level);
      const child = findChild1(pages, address, count, id);
      if (child + 1 < count) this.#noteNext(id, pages.f64[keyIndex(address, 1, child + 1)] as number);
      const at = childIndex(address, 1, child);
      pageId = pages.u32[at] as number;
      birth = pages.u32[at + 1] as number;
    }
    const address = pages.fetch(pageId, birth);
    entryCount(pages, address, PAGE_TYPE.recordLeaf, 0);
    this.bytes.set(pages.bytes.subarray(address, address + PAGE_SIZE));
    if (!pages.isSettled()) throw new StaleRead();
    this.#width = this.#view.getUint8(RECORD_WIDTH_AT);
    this.#count = slotCount(this.#view, 0);
  }
}
