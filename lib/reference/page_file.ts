/** Pages of a main file: where they are, and what has been found to use each of them. */

import type { ByteSource } from "./byte_source.ts";
import { HEADER_BYTES, PAGE_SIZES, type ReferenceHeader } from "./header.ts";
import { TREE_PAGE_BYTES } from "./index_page.ts";

/** What a page is used for. A page of a damaged file may be used twice. */
export const PAGE_USE = {
  nodeTree: 1,
  edgeTree: 2,
  nodes: 4,
  payload: 8,
  /** A list of edges from byte 0 on, or a part of one. */
  edges: 16,
  /** Many short lists of edges; each of them is in use or not. */
  packedEdges: 32,
  /** The tree of edges says that a list begins here. */
  listStart: 64,
  /** It may have lists that the tree does not lead to. */
  strayLists: 128,
} as const;

/** Smallest page id that anything can have: page 1 is never used. */
export const FIRST_PAGE = 2;

/** The pages of one file. */
export class PageFile {
  /** The bytes. */
  readonly source: ByteSource;
  /** Largest id of a page (of 4096 bytes) that begins inside the file. */
  readonly lastPage: number;
  /** Page sizes that lists of edges may be addressed with, the header's first. */
  readonly edgePageSizes: readonly number[];
  /** `PAGE_USE` by page id, in pages of 4096 bytes. */
  readonly uses: Uint8Array;

  constructor(source: ByteSource, header: ReferenceHeader) {
    this.source = source;
    this.lastPage = Math.max(0, Math.ceil((source.size - HEADER_BYTES) / TREE_PAGE_BYTES));
    const size = PAGE_SIZES.includes(header.pageSize) ? header.pageSize : TREE_PAGE_BYTES;
    this.edgePageSizes = size === TREE_PAGE_BYTES ? [size] : [size, TREE_PAGE_BYTES];
    this.uses = new Uint8Array(this.lastPage + 1);
  }

  /** Whether an id can be that of a page in the file. */
  has(pageId: number): boolean {
    return pageId >= FIRST_PAGE && pageId <= this.lastPage;
  }

  /** The bytes of a page of a tree or of nodes, fewer at the end of the file; valid until the next read. */
  read(pageId: number): Uint8Array {
    return this.source.read(pageOffset(pageId, TREE_PAGE_BYTES), TREE_PAGE_BYTES);
  }

  /** Notes what a page is used for. */
  mark(pageId: number, use: number): void {
    if (this.has(pageId)) (this.uses[pageId] as number) |= use;
  }

  /** Notes what the pages are used for that a range of the file lies in. */
  markRange(offset: number, length: number, use: number): void {
    const first = Math.floor((offset - HEADER_BYTES) / TREE_PAGE_BYTES) + 1;
    const last = Math.min(this.lastPage, Math.floor((offset + length - 1 - HEADER_BYTES) / TREE_PAGE_BYTES) + 1);
    for (let pageId = Math.max(first, FIRST_PAGE); pageId <= last; pageId++) (this.uses[pageId] as number) |= use;
  }

  /** Forgets a use of all pages. */
  unmark(use: number): void {
    const { uses } = this;
    for (let pageId = 0; pageId < uses.length; pageId++) (uses[pageId] as number) &= ~use;
  }

  /** Whether a page is used for any of these. */
  isUsed(pageId: number, uses: number): boolean {
    return this.has(pageId) && ((this.uses[pageId] as number) & uses) !== 0;
  }
}

/** Where a page begins in the file. */
export function pageOffset(pageId: number, pageSize: number): number {
  return HEADER_BYTES + (pageId - 1) * pageSize;
}
