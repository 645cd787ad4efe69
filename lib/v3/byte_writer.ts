/** Changes a byte tree, by copying the pages from the root to what changes. */

import type { ByteBatch } from "./byte_batch.ts";
import {
  cellSize,
  freeKeyChain,
  freeValueChain,
  keyPartSize,
  MAX_LEAF_CELL,
  valuePartAt,
  valuePartSize,
  writeKeyPart,
  writeValuePart,
} from "./byte_cell.ts";
import { copyBytes } from "./copy_bytes.ts";
import { ByteMerge } from "./byte_merge.ts";
import { cellAt, freeBytes, insertCell, LEAF_SKIP, removeCell, replaceCell, SLOT_SIZE } from "./byte_page.ts";
import { BytePath } from "./byte_path.ts";
import { Rebalance } from "./byte_rebalance.ts";
import { ByteTree } from "./byte_tree.ts";
import { freeByteTree } from "./byte_walk.ts";
import { EMPTY_ROOT, type MutablePages, type TreeRoot } from "./pages.ts";

/**
 * Reads and changes a tree within a transaction. After each change `root` is another object. When a call throws, the tree is
 * undefined until the transaction (or its savepoint) is rolled back and the root of before is assigned.
 */
export class ByteTreeWriter extends ByteTree {
  readonly #pages: MutablePages;
  readonly #path: BytePath;
  // Made when they are needed: a writer is cheap to make.
  #cell: Uint8Array | undefined;
  #merge: ByteMerge | undefined;
  #rebalance: Rebalance | undefined;

  constructor(pages: MutablePages, root: TreeRoot) {
    super(pages, root);
    this.#pages = pages;
    this.#path = new BytePath(pages);
  }

  /** Gives a key a value. Returns whether the key is new. O(log n). */
  put(key: Uint8Array, value: Uint8Array): boolean {
    if (this.root.pageId === 0) return this.#mergeOne(key, value);
    const pages = this.#pages;
    const { bytes } = pages;
    const path = this.#path;
    const found = path.descend(this.root, key);
    const { searched } = path;
    const size = keyPartSize(key.length) + valuePartSize(value.length);
    const old = searched < 0 ? 0 : cellAt(bytes, found, searched);
    const oldSize = searched < 0 ? -SLOT_SIZE : cellSize(bytes, old, LEAF_SKIP);
    if (size - oldSize > freeBytes(bytes, found)) return this.#mergeOne(key, value);
    // Chains come first: while they are written and freed, the address of the leaf may become stale.
    const cell = this.#cell ??= new Uint8Array(MAX_LEAF_CELL);
    let end: number;
    if (searched < 0) {
      end = writeKeyPart(pages, key, 0, key.length, cell, 0);
    } else {
      const oldValue = valuePartAt(bytes, old);
      end = oldValue - old;
      copyBytes(bytes, old, oldValue, cell, 0);
      freeValueChain(pages, bytes, oldValue);
    }
    end = writeValuePart(pages, value, 0, value.length, cell, end);
    const leaf = path.edit();
    if (searched < 0) insertCell(bytes, leaf, LEAF_SKIP, ~searched, cell, 0, end);
    else replaceCell(bytes, leaf, LEAF_SKIP, searched, cell, 0, end);
    this.root = path.root;
    return searched < 0;
  }

  /** Puts an entry by way of the merge, which splits pages. */
  #mergeOne(key: Uint8Array, value: Uint8Array): boolean {
    const batch = {
      count: 1,
      bytes: key,
      keyStart: Uint32Array.of(0),
      keyEnd: Uint32Array.of(key.length),
      valueStart: Uint32Array.of(0),
      valueEnd: Uint32Array.of(value.length),
      order: Uint32Array.of(0),
    };
    return this.#run(batch, value) > 0;
  }

  /**
   * Puts many entries: each page that they touch is written once. New pages are filled where the entries come after what is
   * there (or into an empty tree), else they share the entries evenly.
   *
   * @returns the number of keys that are new
   * @throws {InvalidArgumentError} when the keys do not ascend; nothing was changed
   */
  putSorted(batch: ByteBatch): number {
    if (batch.count === 0) return 0;
    return this.#run(batch, batch.bytes);
  }

  #run(batch: ByteBatch, values: Uint8Array): number {
    const merge = this.#merge ??= new ByteMerge(this.#pages);
    this.root = merge.run(this.root, batch, values);
    return merge.addedCount;
  }

  /** Removes a key. Returns whether it was there. O(log n). */
  delete(key: Uint8Array): boolean {
    if (this.root.pageId === 0) return false;
    const pages = this.#pages;
    const path = this.#path;
    const found = path.descend(this.root, key);
    const { searched } = path;
    if (searched < 0) return false;
    const cell = this.#cell ??= new Uint8Array(MAX_LEAF_CELL);
    const at = cellAt(pages.bytes, found, searched);
    copyBytes(pages.bytes, at, at + cellSize(pages.bytes, at, LEAF_SKIP), cell, 0);
    freeValueChain(pages, cell, valuePartAt(cell, 0));
    freeKeyChain(pages, cell, 0);
    removeCell(pages.bytes, path.edit(), LEAF_SKIP, searched);
    this.#rebalance ??= new Rebalance(pages);
    this.root = this.#rebalance.run(path);
    return true;
  }

  /** Removes everything. O(pages). */
  clear(): void {
    if (this.root.pageId === 0) return;
    freeByteTree(this.#pages, this.root);
    this.root = EMPTY_ROOT;
  }
}
