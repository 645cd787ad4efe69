/** Fills pages of a byte tree one after the other, in plain memory: a finished page is copied into the cache at once. */

import { BYTE_PAGE_CAPACITY, emptyPage, SLOT_SIZE, writeU16 } from "./byte_page.ts";
import { PAGE_COUNT_AT, PAGE_FIRST_AT, PAGE_HEADER_SIZE, PAGE_SIZE } from "./page.ts";

/** One page under construction, and how full the pages of a row are to be. */
export class PageBuilder {
  /** The page: its cells so far, without the common header. */
  readonly page: Uint8Array = new Uint8Array(PAGE_SIZE);
  #count = 0;
  #cellsStart = PAGE_SIZE;
  #remainingBytes = 0;
  #remainingPages = 1;
  #targetBytes: number = BYTE_PAGE_CAPACITY;

  /** Number of cells in the page. */
  get count(): number {
    return this.#count;
  }

  /**
   * Begins a row of pages.
   *
   * @param totalBytes bytes of all cells and slots (rather too many than too few)
   * @param isFilled true: every page but the last is filled; false: all pages get about the same
   */
  begin(totalBytes: number, isFilled: boolean): void {
    this.#remainingBytes = totalBytes;
    this.#remainingPages = isFilled ? 1 : Math.max(1, Math.ceil(totalBytes / BYTE_PAGE_CAPACITY));
    this.#beginPage();
  }

  #beginPage(): void {
    this.#count = 0;
    this.#cellsStart = PAGE_SIZE;
    this.#targetBytes = this.#remainingBytes / this.#remainingPages;
    emptyPage(this.page, 0);
  }

  get #usedBytes(): number {
    return PAGE_SIZE - this.#cellsStart + SLOT_SIZE * this.#count;
  }

  /** Whether the page is finished when the next cell has this size. */
  isFinishedBefore(cellSize: number): boolean {
    if (this.#count === 0) return false;
    const size = cellSize + SLOT_SIZE;
    const used = this.#usedBytes;
    return used + size > BYTE_PAGE_CAPACITY || used + size / 2 > this.#targetBytes;
  }

  /** Makes room for the next cell and returns its position. */
  reserve(cellSize: number): number {
    this.#cellsStart -= cellSize;
    writeU16(this.page, PAGE_HEADER_SIZE + SLOT_SIZE * this.#count, this.#cellsStart);
    writeU16(this.page, PAGE_COUNT_AT, ++this.#count);
    writeU16(this.page, PAGE_FIRST_AT, this.#cellsStart);
    return this.#cellsStart;
  }

  /** Begins the next page of the row. */
  next(): void {
    this.#remainingBytes -= this.#usedBytes;
    if (this.#remainingPages > 1) this.#remainingPages--;
    this.#beginPage();
  }
}
