/**
 * Merges a sorted batch into a byte tree in one pass from the root down. Every page that gets entries is copied, merged in
 * plain memory and stored once; what does not fit becomes further pages, which the level above takes in the same way.
 */

import { type ByteBatch, checkBatchOrder, NO_BATCH } from "./byte_batch.ts";
import { BranchWork } from "./byte_branch_work.ts";
import { PageBuilder } from "./byte_builder.ts";
import {
  cellSize,
  compareKey,
  freeValueChain,
  keyPartSize,
  MAX_KEY_PART,
  MAX_LEAF_CELL,
  POINTER_SIZE,
  valuePartAt,
  valuePartSize,
  writeKeyPart,
  writeSeparator,
  writeValuePart,
} from "./byte_cell.ts";
import { copyBytes } from "./copy_bytes.ts";
import {
  birthAt,
  BRANCH_SKIP,
  cellAt,
  cellCount,
  childBirth,
  childIndex,
  childPageId,
  copyPage,
  emptyPage,
  fetchBytePage,
  freeBytes,
  insertCell,
  LEAF_SKIP,
  replaceCell,
  searchPage,
  SLOT_SIZE,
  storePage,
  usedBytes,
} from "./byte_page.ts";
import { PAGE_SIZE, PAGE_TYPE } from "./page.ts";
import type { MutablePages, TreeRoot } from "./pages.ts";

/** The memory that merges into one tree work in. */
export class ByteMerge {
  readonly #pages: MutablePages;
  readonly #builder = new PageBuilder();
  readonly #leaf = new Uint8Array(PAGE_SIZE);
  readonly #cell = new Uint8Array(MAX_LEAF_CELL);
  /** Key part of the last cell of the page before. */
  readonly #previous = new Uint8Array(MAX_KEY_PART);
  /** Key part that parts the page before from the current one. */
  readonly #separator = new Uint8Array(MAX_KEY_PART);
  #separatorSize = 0;
  /** Whether the page under construction takes the place of the old one. */
  #isFirst = true;
  /** One a level; that above the root's has the root as its only child. */
  readonly #works: BranchWork[] = [];
  #batch: ByteBatch = NO_BATCH;
  #values: Uint8Array = NO_BATCH.bytes;
  #addedCount = 0;

  constructor(pages: MutablePages) {
    this.#pages = pages;
  }

  /** Number of keys that the last merge added. */
  get addedCount(): number {
    return this.#addedCount;
  }

  /**
   * Puts the entries of a batch into a tree and returns its root.
   *
   * @param values what `valueStart` and `valueEnd` are positions in
   * @throws {InvalidArgumentError} when the keys do not ascend; nothing was changed
   */
  run(root: TreeRoot, batch: ByteBatch, values: Uint8Array): TreeRoot {
    checkBatchOrder(batch);
    this.#batch = batch;
    this.#values = values;
    this.#addedCount = 0;
    // A damaged level is found here, before memory is taken for it.
    if (root.pageId !== 0) fetchBytePage(this.#pages, root.pageId, root.birth, root.level);
    let level = root.level + 1;
    this.#work(level).beginAbove(root.pageId, root.birth);
    this.#mergePage(root.pageId, root.birth, root.level, 0, batch.count);
    while (this.#work(level).hasNewChildren) {
      this.#work(level + 1).beginAbove(0, 0);
      this.#storeBranch(0, 0, level, true);
      level++;
    }
    this.#batch = NO_BATCH;
    this.#values = NO_BATCH.bytes;
    const { page } = this.#work(level);
    const cell = cellAt(page, 0, 0);
    return { pageId: childPageId(page, cell), birth: childBirth(page, cell), level: level - 1 };
  }

  #work(level: number): BranchWork {
    while (this.#works.length <= level) this.#works.push(new BranchWork());
    return this.#works[level] as BranchWork;
  }

  /** Merges the items `from` to `to` - 1 (places in the order of the batch) into a subtree. */
  #mergePage(pageId: number, birth: number, level: number, from: number, to: number): void {
    if (level === 0) this.#mergeLeaf(pageId, birth, from, to);
    else this.#mergeBranch(pageId, birth, level, from, to);
  }

  #mergeBranch(pageId: number, birth: number, level: number, from: number, to: number): void {
    const { keyStart, keyEnd, order, bytes } = this.#batch;
    const work = this.#work(level);
    const { page } = work;
    copyPage(this.#pages, fetchBytePage(this.#pages, pageId, birth, level), page);
    work.begin();
    const count = cellCount(page, 0);
    let firstChild = -1;
    for (let item = from; item < to;) {
      const entry = order[item] as number;
      const start = keyStart[entry] as number;
      const child = childIndex(searchPage(this.#pages, page, 0, BRANCH_SKIP, bytes, start, keyEnd[entry] as number));
      if (firstChild < 0) firstChild = child;
      const end = child + 1 < count ? this.#firstNotBelow(page, child + 1, item + 1, to) : to;
      work.beginChild(child);
      const cell = cellAt(page, 0, child);
      this.#mergePage(childPageId(page, cell), childBirth(page, cell), level - 1, item, end);
      item = end;
    }
    this.#storeBranch(pageId, birth, level, firstChild === count - 1);
  }

  /** First item from `from` on whose key is not below a separator. */
  #firstNotBelow(page: Uint8Array, index: number, from: number, to: number): number {
    const at = cellAt(page, 0, index) + BRANCH_SKIP;
    let low = from;
    let high = from;
    for (let step = 1; high < to && this.#isBelow(high, page, at); step *= 2) {
      low = high + 1;
      high += step;
    }
    if (high > to) high = to;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#isBelow(middle, page, at)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #isBelow(item: number, page: Uint8Array, at: number): boolean {
    const { keyStart, keyEnd, order, bytes } = this.#batch;
    const entry = order[item] as number;
    return compareKey(this.#pages, page, at, bytes, keyStart[entry] as number, keyEnd[entry] as number) > 0;
  }

  /** Stores the branch that a level worked on, together with its new children. Page 0: there was none. */
  #storeBranch(pageId: number, birth: number, level: number, isFilled: boolean): void {
    const pages = this.#pages;
    const work = this.#work(level);
    const above = this.#work(level + 1);
    const { page, extras } = work;
    if (!work.hasNewChildren) {
      if (work.isChanged) {
        const address = pages.edit(pageId, birth);
        storePage(pages, address, page);
        above.addPage(pages.pageIdAt(address), birthAt(pages, address), this.#separator, 0);
      } else {
        above.addPage(pageId, birth, this.#separator, 0);
      }
      return;
    }
    this.#isFirst = true;
    this.#builder.begin(usedBytes(page, 0) + extras.bytesWithSlots, isFilled);
    const count = cellCount(page, 0);
    let extra = 0;
    for (let index = 0; index < count; index++) {
      const cell = cellAt(page, 0, index);
      this.#addChild(pageId, birth, level, page, cell, cellSize(page, cell, BRANCH_SKIP));
      for (; extra < extras.count && extras.childOf(extra) === index; extra++) {
        this.#addChild(pageId, birth, level, extras.bytes, extras.startOf(extra), extras.sizeOf(extra));
      }
    }
    this.#finishPage(pageId, birth, level);
  }

  #addChild(pageId: number, birth: number, level: number, source: Uint8Array, start: number, size: number): void {
    const builder = this.#builder;
    if (builder.isFinishedBefore(size)) this.#finishPage(pageId, birth, level);
    if (builder.count > 0 || this.#isFirst) {
      copyBytes(source, start, start + size, builder.page, builder.reserve(size));
      return;
    }
    // The first separator of a page moves up, together with its chain.
    this.#separatorSize = size - BRANCH_SKIP;
    copyBytes(source, start + BRANCH_SKIP, start + size, this.#separator, 0);
    const cell = builder.reserve(POINTER_SIZE + 1);
    copyBytes(source, start, start + POINTER_SIZE, builder.page, cell);
    builder.page[cell + POINTER_SIZE] = 0;
  }

  /** Stores the page under construction: the first one in the place of the old page. */
  #finishPage(pageId: number, birth: number, level: number): void {
    const pages = this.#pages;
    const type = level === 0 ? PAGE_TYPE.byteLeaf : PAGE_TYPE.byteBranch;
    const address = this.#isFirst && pageId !== 0 ? pages.edit(pageId, birth) : pages.allocate(type, level);
    storePage(pages, address, this.#builder.page);
    const above = this.#work(level + 1);
    above.addPage(pages.pageIdAt(address), birthAt(pages, address), this.#separator, this.#separatorSize);
    this.#builder.next();
    this.#isFirst = false;
  }

  #mergeLeaf(pageId: number, birth: number, from: number, to: number): void {
    const pages = this.#pages;
    const leaf = this.#leaf;
    if (pageId === 0) emptyPage(leaf, 0);
    else copyPage(pages, fetchBytePage(pages, pageId, birth, 0), leaf);
    const newBytes = this.#sizeOfItems(from, to);
    if (newBytes > freeBytes(leaf, 0)) {
      this.#rebuildLeaf(pageId, birth, from, to, newBytes);
      return;
    }
    for (let item = from; item < to; item++) this.#putIntoLeaf(item);
    const address = pageId === 0 ? pages.allocate(PAGE_TYPE.byteLeaf, 0) : pages.edit(pageId, birth);
    storePage(pages, address, leaf);
    this.#work(1).addPage(pages.pageIdAt(address), birthAt(pages, address), this.#separator, 0);
  }

  /** Bytes of the items as cells, with their slots. */
  #sizeOfItems(from: number, to: number): number {
    let size = 0;
    for (let item = from; item < to; item++) size += this.#itemSize(item) + SLOT_SIZE;
    return size;
  }

  /** Bytes of the cells and slots of the copied leaf that items replace. */
  #replacedBytes(from: number, to: number): number {
    const { keyStart, keyEnd, order, bytes } = this.#batch;
    const leaf = this.#leaf;
    let size = 0;
    for (let item = from; item < to; item++) {
      const entry = order[item] as number;
      const start = keyStart[entry] as number;
      const found = searchPage(this.#pages, leaf, 0, LEAF_SKIP, bytes, start, keyEnd[entry] as number);
      if (found >= 0) size += cellSize(leaf, cellAt(leaf, 0, found), LEAF_SKIP) + SLOT_SIZE;
    }
    return size;
  }

  #itemSize(item: number): number {
    const { keyStart, keyEnd, valueStart, valueEnd, order } = this.#batch;
    const entry = order[item] as number;
    return keyPartSize((keyEnd[entry] as number) - (keyStart[entry] as number)) +
      valuePartSize((valueEnd[entry] as number) - (valueStart[entry] as number));
  }

  #putIntoLeaf(item: number): void {
    const { keyStart, keyEnd, order, bytes } = this.#batch;
    const entry = order[item] as number;
    const start = keyStart[entry] as number;
    const end = keyEnd[entry] as number;
    const leaf = this.#leaf;
    const cell = this.#cell;
    const found = searchPage(this.#pages, leaf, 0, LEAF_SKIP, bytes, start, end);
    if (found < 0) {
      this.#addedCount++;
      const keySize = writeKeyPart(this.#pages, bytes, start, end, cell, 0);
      insertCell(leaf, 0, LEAF_SKIP, ~found, cell, 0, this.#writeValue(entry, cell, keySize));
    } else {
      const old = cellAt(leaf, 0, found);
      const oldValue = valuePartAt(leaf, old);
      copyBytes(leaf, old, oldValue, cell, 0);
      freeValueChain(this.#pages, leaf, oldValue);
      replaceCell(leaf, 0, LEAF_SKIP, found, cell, 0, this.#writeValue(entry, cell, oldValue - old));
    }
  }

  #writeValue(entry: number, page: Uint8Array, at: number): number {
    const { valueStart, valueEnd } = this.#batch;
    return writeValuePart(
      this.#pages,
      this.#values,
      valueStart[entry] as number,
      valueEnd[entry] as number,
      page,
      at,
    );
  }

  /** Merges the copied leaf and the items into a row of pages. Hot: a bulk load is one call. */
  #rebuildLeaf(pageId: number, birth: number, from: number, to: number, newBytes: number): void {
    const leaf = this.#leaf;
    const count = cellCount(leaf, 0);
    const isFilled = count === 0 || this.#orderOf(count - 1, from) < 0;
    this.#isFirst = true;
    const replacedBytes = isFilled ? 0 : this.#replacedBytes(from, to);
    this.#builder.begin(usedBytes(leaf, 0) + newBytes - replacedBytes, isFilled);
    let index = 0;
    let item = from;
    // All items are behind the leaf's cells when it is filled: no need to compare.
    let order = isFilled ? -1 : this.#orderOf(0, from);
    while (index < count || item < to) {
      if (index === count) order = 1;
      else if (item === to) order = -1;
      else if (!isFilled) order = this.#orderOf(index, item);
      if (order < 0) {
        this.#addCell(pageId, birth, cellAt(leaf, 0, index++));
      } else if (order > 0) {
        this.#addItem(pageId, birth, item++);
      } else {
        this.#addReplaced(pageId, birth, cellAt(leaf, 0, index++), item++);
      }
    }
    this.#finishLeaf(pageId, birth);
  }

  /** Order of a cell of the copied leaf and an item. */
  #orderOf(index: number, item: number): number {
    const { keyStart, keyEnd, order, bytes } = this.#batch;
    const entry = order[item] as number;
    const start = keyStart[entry] as number;
    return compareKey(this.#pages, this.#leaf, cellAt(this.#leaf, 0, index), bytes, start, keyEnd[entry] as number);
  }

  #addCell(pageId: number, birth: number, cell: number): void {
    const builder = this.#builder;
    const size = cellSize(this.#leaf, cell, LEAF_SKIP);
    if (builder.isFinishedBefore(size)) this.#finishLeaf(pageId, birth);
    copyBytes(this.#leaf, cell, cell + size, builder.page, builder.reserve(size));
  }

  #addItem(pageId: number, birth: number, item: number): void {
    const { keyStart, keyEnd, order, bytes } = this.#batch;
    const builder = this.#builder;
    const entry = order[item] as number;
    const size = this.#itemSize(item);
    if (builder.isFinishedBefore(size)) this.#finishLeaf(pageId, birth);
    const cell = builder.reserve(size);
    const start = keyStart[entry] as number;
    const at = writeKeyPart(this.#pages, bytes, start, keyEnd[entry] as number, builder.page, cell);
    this.#writeValue(entry, builder.page, at);
    this.#addedCount++;
  }

  /** Adds an item whose key the leaf has: the key part, with its chain, stays. */
  #addReplaced(pageId: number, birth: number, old: number, item: number): void {
    const builder = this.#builder;
    const size = this.#itemSize(item);
    if (builder.isFinishedBefore(size)) this.#finishLeaf(pageId, birth);
    const cell = builder.reserve(size);
    const oldValue = valuePartAt(this.#leaf, old);
    copyBytes(this.#leaf, old, oldValue, builder.page, cell);
    freeValueChain(this.#pages, this.#leaf, oldValue);
    this.#writeValue(this.#batch.order[item] as number, builder.page, cell + oldValue - old);
  }

  /** Stores the leaf under construction and keeps its last key for the next one's separator. */
  #finishLeaf(pageId: number, birth: number): void {
    const { page, count } = this.#builder;
    if (!this.#isFirst) {
      const first = cellAt(page, 0, 0);
      this.#separatorSize = writeSeparator(this.#pages, this.#previous, 0, page, first, this.#separator);
    }
    const last = cellAt(page, 0, count - 1);
    copyBytes(page, last, valuePartAt(page, last), this.#previous, 0);
    this.#finishPage(pageId, birth, 0);
  }
}
