/** Iterators over records: read page by page in ascending keys, always showing the state at their first step. */

import type { Detachable, PageSource } from "./access.ts";
import type { Page, ReadStore } from "./store.ts";

/** Reads the page after a key: at most `size` results. */
export type ReadPage<T, C> = (store: ReadStore, after: C, size: number) => Page<T, C>;

const FIRST_PAGE = 16;
const LARGEST_PAGE = 1024;

/** An iterator over pages. The first step takes the source; the end, `return`, or `detach` gives it back. */
export class PagedIterator<T, C> implements IterableIterator<T>, Detachable {
  readonly #begin: (iterator: PagedIterator<T, C>) => PageSource;
  readonly #read: ReadPage<T, C>;
  #source: PageSource | undefined;
  #after: C;
  #remaining: number;
  #pageSize = FIRST_PAGE;
  #items: readonly T[] = [];
  #at = 0;
  #state: "new" | "reading" | "ended" = "new";

  constructor(begin: (iterator: PagedIterator<T, C>) => PageSource, read: ReadPage<T, C>, after: C, limit: number) {
    this.#begin = begin;
    this.#read = read;
    this.#after = after;
    this.#remaining = limit;
  }

  next(): IteratorResult<T> {
    if (this.#state === "new") {
      this.#source = this.#begin(this);
      this.#state = "reading";
    }
    while (this.#at === this.#items.length) {
      if (this.#source === undefined) {
        this.#state = "ended";
        return { done: true, value: undefined };
      }
      this.#items = this.#readPage(this.#pageSize);
      this.#at = 0;
      this.#pageSize = Math.min(this.#pageSize * 4, LARGEST_PAGE);
    }
    return { done: false, value: this.#items[this.#at++] as T };
  }

  return(): IteratorResult<T> {
    this.#state = "ended";
    this.#items = [];
    this.#at = 0;
    this.#release();
    return { done: true, value: undefined };
  }

  detach(): void {
    if (this.#source === undefined) return;
    const items = this.#items.slice(this.#at);
    while (this.#source !== undefined) for (const item of this.#readPage(LARGEST_PAGE)) items.push(item);
    this.#items = items;
    this.#at = 0;
  }

  #readPage(size: number): readonly T[] {
    const source = this.#source as PageSource;
    const wanted = Math.min(size, this.#remaining);
    try {
      const page: Page<T, C> = wanted === 0
        ? { items: [], next: undefined }
        : this.#read(source.store, this.#after, wanted);
      this.#remaining -= page.items.length;
      if (page.next === undefined || this.#remaining === 0) this.#release();
      else this.#after = page.next;
      return page.items;
    } catch (error) {
      this.return();
      throw error;
    }
  }

  #release(): void {
    this.#source?.release();
    this.#source = undefined;
  }

  [Symbol.iterator](): IterableIterator<T> {
    return this;
  }
}
