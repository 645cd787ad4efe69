/** What trees ask of the page layer: pages by id in one large buffer, changed by copying only. */

import type { PageType } from "./page.ts";

/**
 * Reading of pages. A page is addressed by its byte offset in `bytes` ("address", a multiple of 4096). An address stays valid
 * for the next 64 calls of `fetch`, `allocate` and `edit`; who needs it longer fetches again.
 *
 * Readers that share their memory with other threads read optimistically: a page may be replaced under them, which they find
 * out afterwards (`shared_pages.ts`). So code that only reads takes `bytes` and the other views anew after each `fetch`, keeps
 * nothing that it has not asked `isCurrent` about, and expects that what it read makes no sense.
 */
export interface Pages {
  /** Page frames: those of the page that was fetched last. */
  readonly bytes: Uint8Array;
  /** The same memory. */
  readonly view: DataView;
  /** The same memory as 32-bit words: index = byte offset / 4. */
  readonly u32: Uint32Array;
  /** The same memory as 64-bit floats: index = byte offset / 8. */
  readonly f64: Float64Array;
  /**
   * Address of a page.
   *
   * @param birth low 32 bits of the page's birth, as its parent says: another one means a stale, lost or misdirected page
   * @throws {CorruptionError} when the page's bytes are not what was written
   */
  fetch(pageId: number, birth: number): number;
  /** Whether what was read so far is what the pages hold. Without other threads it always is. */
  isCurrent(): boolean;
  /** The same, and the addresses so far are not used any more. Who goes through many pages asks after each. */
  isSettled(): boolean;
}

/** Thrown within a read whose pages were replaced meanwhile: the read is to be repeated. Never leaves the engine. */
export class StaleRead extends Error {}

/** Changing of pages within a transaction. A page that an earlier commit or an open savepoint can reach is never changed. */
export interface MutablePages extends Pages {
  /** LSN of the running transaction: birth of the pages that it makes. */
  readonly birth: number;
  /** Makes a page: zeroed, with type, level and birth set. Returns its address. */
  allocate(type: PageType, level: number): number;
  /**
   * Makes a page changeable and returns its address: the page itself when the running transaction made it after the newest
   * savepoint, else a copy with another id and the transaction's birth (the original is freed). `pageIdAt` tells the id.
   */
  edit(pageId: number, birth: number): number;
  /** Id of the page at an address. */
  pageIdAt(address: number): number;
  /** Gives up a page that the transaction's state no longer reaches. */
  free(pageId: number, birth: number): void;
}

/** Where a tree begins: immutable. An empty tree has page 0. */
export interface TreeRoot {
  /** Root page, or 0. */
  readonly pageId: number;
  /** Low 32 bits of its birth. */
  readonly birth: number;
  /** Level of the root page: 0 when it is a leaf. */
  readonly level: number;
}

/** The root of an empty tree. */
export const EMPTY_ROOT: TreeRoot = { pageId: 0, birth: 0, level: 0 };
