/** Copies of the pages on the way from a root to a leaf: what a check reads there stays valid while it goes on below. */

import { PAGE_SIZE } from "./page.ts";
import type { Pages } from "./pages.ts";

/** One page for each level of a tree. */
export class PageCopies implements Pages {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly view: DataView;
  readonly u32: Uint32Array;
  readonly f64: Float64Array;
  readonly #pages: Pages;

  constructor(pages: Pages, levels: number) {
    const buffer = new ArrayBuffer(levels * PAGE_SIZE);
    this.bytes = new Uint8Array(buffer);
    this.view = new DataView(buffer);
    this.u32 = new Uint32Array(buffer);
    this.f64 = new Float64Array(buffer);
    this.#pages = pages;
  }

  /** Copies a page; returns the address of the copy. */
  copy(level: number, address: number): number {
    this.bytes.set(this.#pages.bytes.subarray(address, address + PAGE_SIZE), level * PAGE_SIZE);
    return level * PAGE_SIZE;
  }

  isCurrent(): boolean {
    return true;
  }

  isSettled(): boolean {
    return true;
  }

  /** Copies a page to the place of level 0. */
  fetch(pageId: number, birth: number): number {
    return this.copy(0, this.#pages.fetch(pageId, birth));
  }
}
