/** Changing a record tree within a transaction. */

import { InvalidArgumentError } from "../backend/errors.ts";
import { birthOf, freeTree } from "./number_branch.ts";
import { NumberPath, type NumberTreeKind } from "./number_path.ts";
import { PAGE_TYPE } from "./page.ts";
import { EMPTY_ROOT, type MutablePages, type TreeRoot } from "./pages.ts";
import {
  findSlot,
  MAX_RECORD_SIZE,
  PUT,
  putRecord,
  RECORD_BASE_AT,
  RECORD_LEAF_SPACE,
  RECORD_WIDTH_AT,
  recordId,
  removeRecord,
  slotCount,
  usedBytes,
} from "./record_leaf.ts";
import { RecordPacker } from "./record_packer.ts";
import { RecordTree } from "./record_tree.ts";

const KIND: NumberTreeKind = { arity: 1, leaf: PAGE_TYPE.recordLeaf, branch: PAGE_TYPE.recordBranch };

/** A record tree of a running transaction. Pages that others can reach are copied; `root` tells the state. */
export class RecordTreeWriter extends RecordTree {
  readonly #pages: MutablePages;
  readonly #path: NumberPath;
  readonly #packer: RecordPacker = new RecordPacker();
  /** Largest id, while the path is known to lead to the right-most leaf; else Infinity. */
  #lastId = Infinity;

  constructor(pages: MutablePages, root: TreeRoot) {
    super(pages, root);
    this.#pages = pages;
    this.#path = new NumberPath(pages, root, KIND);
  }

  /** Goes on from another state (a savepoint was rolled back). The pages are the caller's business. */
  reset(root: TreeRoot): void {
    this.#path.root = root;
    this.top = root;
    this.#lastId = Infinity;
  }

  /**
   * Adds or replaces the record `source[start .. end)`. Hot: an id above all others, which costs one write into the last leaf
   * as long as that has room. O(log n).
   *
   * @returns whether the id is new
   */
  put(id: number, source: Uint8Array, start: number, end: number): boolean {
    if (end - start > MAX_RECORD_SIZE) throw tooLarge(end - start);
    const path = this.#path;
    if (id <= this.#lastId) {
      if (this.top.pageId > 0) path.descend(id, 0, 0);
      else this.#pages.view.setFloat64(path.plant() + RECORD_BASE_AT, id, true);
    }
    const address = path.edit(0);
    let result = putRecord(this.#pages, address, id, source, start, end);
    if (result === PUT.noRoom) {
      result = this.#repack(address, id, source, start, end) ? PUT.added : PUT.replaced;
    }
    if (path.root !== this.top) this.top = path.root;
    if (!path.isLast) this.#lastId = Infinity;
    else if (id > this.#lastId) this.#lastId = id;
    else this.#lastId = lastOf(this.#pages, address);
    return result === PUT.added;
  }

  /** Writes the path's leaf anew with one record more; it may become two. */
  #repack(address: number, id: number, source: Uint8Array, start: number, end: number): boolean {
    const packer = this.#packer;
    const pages = this.#pages;
    const path = this.#path;
    packer.clear();
    packer.load(pages, address);
    const isNew = packer.put(id, source, start, end);
    const { isLast } = path;
    const leftCount = packer.split(id, isLast);
    packer.write(pages, address, 0, leftCount);
    if (leftCount === packer.count) return isNew;
    const right = pages.allocate(PAGE_TYPE.recordLeaf, 0);
    packer.write(pages, right, leftCount, packer.count);
    path.insertRight(0, packer.id(leftCount), 0, 0, pages.pageIdAt(right), birthOf(pages, right), isLast);
    return isNew;
  }

  /** Removes a record. O(log n). */
  delete(id: number): boolean {
    if (this.top.pageId === 0) return false;
    const path = this.#path;
    const { view } = this.#pages;
    this.#lastId = Infinity;
    const slot = findSlot(view, path.descend(id, 0, 0), id);
    if (slot < 0) return false;
    const address = path.edit(0);
    removeRecord(this.#pages, address, slot);
    if (slotCount(view, address) === 0) path.remove(0);
    else if (3 * usedBytes(view, address) < RECORD_LEAF_SPACE && !this.#merge() && path.moveLeft(0)) this.#merge();
    this.top = path.root;
    return true;
  }

  /** Puts the path's leaf and the one to its right into one, if there is one and they fit. */
  #merge(): boolean {
    const path = this.#path;
    const pages = this.#pages;
    const packer = this.#packer;
    const right = path.right(0);
    if (right < 0) return false;
    const left = path.fetch(0);
    if (usedBytes(pages.view, left) + usedBytes(pages.view, right) > RECORD_LEAF_SPACE) return false;
    packer.clear();
    packer.load(pages, left);
    packer.load(pages, right);
    if (packer.split(-1, false) < packer.count) return false;
    packer.write(pages, path.edit(0), 0, packer.count);
    path.removeRight(0);
    return true;
  }

  /** Removes every record. */
  clear(): void {
    freeTree(this.#pages, this.top, KIND.arity, KIND.branch);
    this.reset(EMPTY_ROOT);
  }
}

function lastOf({ view }: MutablePages, address: number): number {
  return recordId(view, address, view.getUint8(address + RECORD_WIDTH_AT), slotCount(view, address) - 1);
}

function tooLarge(sizeBytes: number): InvalidArgumentError {
  return new InvalidArgumentError(`a record of ${sizeBytes} bytes; ${MAX_RECORD_SIZE} are the limit`, {
    code: "record-size",
    value: sizeBytes,
  });
}
