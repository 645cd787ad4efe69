/** Sets of pages as bitmaps: one bit for each page of the file. */

/** A set of page ids from 1 to a largest one. */
export class PageSet {
  readonly #words: Uint32Array;

  constructor(pageCount: number) {
    this.#words = new Uint32Array((pageCount >>> 5) + 1);
  }

  /** Whether the set has a page. */
  has(pageId: number): boolean {
    return ((this.#words[pageId >>> 5] as number) >>> (pageId & 31) & 1) === 1;
  }

  /** Adds a page; false when the set had it. */
  add(pageId: number): boolean {
    const at = pageId >>> 5;
    const bit = 1 << (pageId & 31);
    const word = this.#words[at] as number;
    if ((word & bit) !== 0) return false;
    this.#words[at] = word | bit;
    return true;
  }

  /** Takes a page out. */
  delete(pageId: number): void {
    const at = pageId >>> 5;
    this.#words[at] = (this.#words[at] as number) & ~(1 << (pageId & 31));
  }

  /** Takes all pages out. */
  clear(): void {
    this.#words.fill(0);
  }

  /** Makes the set what another one of the same size is. */
  copyFrom(other: PageSet): void {
    this.#words.set(other.#words);
  }
}
