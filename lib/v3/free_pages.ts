/** Which pages of the file hold nothing: a bitmap, lowest page first. */

const BITS = 32;

/** The set of free pages, and how many pages the file has. */
export class FreePages {
  #words: Uint32Array = new Uint32Array(64);
  #count = 0;
  /** No word before this one has a free page. */
  #firstWord = 0;
  #pageCount: number;

  constructor(pageCount: number) {
    this.#pageCount = pageCount;
  }

  /** Pages of the file: ids 1 to this one exist. */
  get pageCount(): number {
    return this.#pageCount;
  }

  /** Lets the file have at least so many pages, none of them free. */
  reserve(pageCount: number): void {
    this.#pageCount = Math.max(this.#pageCount, pageCount);
  }

  /** Number of free pages. */
  get count(): number {
    return this.#count;
  }

  /** Whether a page is free. */
  has(pageId: number): boolean {
    const word = this.#words[pageId >>> 5];
    return word !== undefined && (word >>> (pageId & 31) & 1) === 1;
  }

  /** Makes a page free; false when it was. */
  add(pageId: number): boolean {
    const at = pageId >>> 5;
    if (at >= this.#words.length) {
      const grown = new Uint32Array(Math.max(at + 1, this.#words.length * 2));
      grown.set(this.#words);
      this.#words = grown;
    }
    const bit = 1 << (pageId & 31);
    const word = this.#words[at] as number;
    if ((word & bit) !== 0) return false;
    this.#words[at] = word | bit;
    this.#count++;
    if (at < this.#firstWord) this.#firstWord = at;
    return true;
  }

  /** Takes the lowest free page, or a new one at the end of the file. */
  take(): number {
    if (this.#count === 0) return ++this.#pageCount;
    const words = this.#words;
    let at = this.#firstWord;
    while (words[at] === 0) at++;
    this.#firstWord = at;
    const word = words[at] as number;
    const bit = BITS - 1 - Math.clz32(word & -word);
    words[at] = word & ~(1 << bit);
    this.#count--;
    return at * BITS + bit;
  }

  /** Takes all free pages at the end of the file out of it; returns the new number of pages. */
  cut(): number {
    while (this.#pageCount > 0 && this.has(this.#pageCount)) {
      this.#words[this.#pageCount >>> 5] = (this.#words[this.#pageCount >>> 5] as number) &
        ~(1 << (this.#pageCount & 31));
      this.#count--;
      this.#pageCount--;
    }
    return this.#pageCount;
  }

  /** Calls a function for each run of free pages, ascending. */
  eachRun(visit: (firstPageId: number, length: number) => void): void {
    let first = 0;
    let length = 0;
    for (let at = this.#firstWord; at < this.#words.length; at++) {
      const word = this.#words[at] as number;
      if (word === 0) continue;
      for (let bit = 0; bit < BITS; bit++) {
        if ((word >>> bit & 1) === 0) continue;
        const pageId = at * BITS + bit;
        if (length > 0 && pageId === first + length) length++;
        else {
          if (length > 0) visit(first, length);
          first = pageId;
          length = 1;
        }
      }
    }
    if (length > 0) visit(first, length);
  }

  /** An independent copy. */
  clone(): FreePages {
    const copy = new FreePages(this.#pageCount);
    copy.#words = this.#words.slice();
    copy.#count = this.#count;
    copy.#firstWord = this.#firstWord;
    return copy;
  }
}
