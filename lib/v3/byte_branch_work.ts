/** A branch page while a batch is merged into its children: the copied page and the children that are new. */

import { MAX_KEY_PART, POINTER_SIZE } from "./byte_cell.ts";
import { copyBytes } from "./copy_bytes.ts";
import {
  BRANCH_SKIP,
  cellAt,
  childBirth,
  childPageId,
  emptyPage,
  insertCell,
  setChild,
  SLOT_SIZE,
} from "./byte_page.ts";
import { PAGE_SIZE } from "./page.ts";

const MIN_LIST_BYTES = 1024;

/** Branch cells in one growing buffer; each has its place behind one of the old children. */
export class NewChildren {
  #bytes = new Uint8Array(MIN_LIST_BYTES);
  #end = 0;
  readonly #starts: number[] = [];
  readonly #childOf: number[] = [];

  /** Number of cells. */
  get count(): number {
    return this.#starts.length;
  }

  /** The cells. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** Bytes of all cells, and of a slot for each. */
  get bytesWithSlots(): number {
    return this.#end + SLOT_SIZE * this.count;
  }

  /** Where a cell begins. */
  startOf(index: number): number {
    return this.#starts[index] as number;
  }

  /** Bytes of a cell. */
  sizeOf(index: number): number {
    return (this.#starts[index + 1] ?? this.#end) - (this.#starts[index] as number);
  }

  /** Index of the old child behind which a cell comes. */
  childOf(index: number): number {
    return this.#childOf[index] as number;
  }

  /** Forgets all cells. */
  clear(): void {
    this.#end = 0;
    this.#starts.length = 0;
    this.#childOf.length = 0;
    if (this.#bytes.length > PAGE_SIZE) this.#bytes = new Uint8Array(MIN_LIST_BYTES);
  }

  /** Adds a cell. */
  add(child: number, pageId: number, birth: number, keyPart: Uint8Array, keyPartSize: number): void {
    const start = this.#end;
    if (start + POINTER_SIZE + MAX_KEY_PART > this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#bytes.length);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    setChild(this.#bytes, start, pageId, birth);
    copyBytes(keyPart, 0, keyPartSize, this.#bytes, start + POINTER_SIZE);
    this.#end = start + POINTER_SIZE + keyPartSize;
    this.#starts.push(start);
    this.#childOf.push(child);
  }
}

/** What a level works on. */
export class BranchWork {
  /** Copy of the branch; changed pointers are written into it. */
  readonly page: Uint8Array = new Uint8Array(PAGE_SIZE);
  /** Children that do not have a cell in it. */
  readonly extras: NewChildren = new NewChildren();
  #child = 0;
  #isFirst = true;
  #isChanged = false;

  /** Whether a pointer in the copy was changed. */
  get isChanged(): boolean {
    return this.#isChanged;
  }

  /** Whether a child became more than one page. */
  get hasNewChildren(): boolean {
    return this.extras.count > 0;
  }

  /** Begins with the branch that was copied into `page`. */
  begin(): void {
    this.extras.clear();
    this.#isChanged = false;
  }

  /** Begins above a root: with a branch of which it is the only child. */
  beginAbove(pageId: number, birth: number): void {
    const cell = new Uint8Array(POINTER_SIZE + 1);
    setChild(cell, 0, pageId, birth);
    emptyPage(this.page, 0);
    insertCell(this.page, 0, BRANCH_SKIP, 0, cell, 0, cell.length);
    this.begin();
    this.beginChild(0);
  }

  /** The pages that are added next are what becomes of a child. */
  beginChild(index: number): void {
    this.#child = index;
    this.#isFirst = true;
  }

  /** Adds a page. The first one of a child keeps the child's separator, the others come with theirs. */
  addPage(pageId: number, birth: number, keyPart: Uint8Array, keyPartSize: number): void {
    if (!this.#isFirst) {
      this.extras.add(this.#child, pageId, birth, keyPart, keyPartSize);
      return;
    }
    this.#isFirst = false;
    const cell = cellAt(this.page, 0, this.#child);
    if (childPageId(this.page, cell) === pageId && childBirth(this.page, cell) === birth) return;
    setChild(this.page, cell, pageId, birth);
    this.#isChanged = true;
  }
}
