/** The vector indexes of a state, by name: remembered as long as their tree has the same root. */

import type { StoredVectorIndex } from "../backend/vector_store.ts";
import { ByteCursor } from "./byte_cursor.ts";
import type { ByteTree } from "./byte_tree.ts";
import { type Pages, StaleRead, type TreeRoot } from "./pages.ts";
import { decodeVectorIndex, indexKey, NEXT_INDEX_KEY } from "./vector_index_record.ts";

/** Indexes that are remembered by name. */
const MAX_REMEMBERED = 1000;

/** Where the tree of indexes is: another object after each change or rollback. */
export interface VectorIndexTrees {
  readonly vectorIndexes: ByteTree;
}

/** Reads the tree of indexes. */
export class VectorIndexes {
  readonly #pages: Pages;
  readonly #trees: VectorIndexTrees;
  #root: TreeRoot | undefined;
  readonly #byName = new Map<string, StoredVectorIndex | undefined>();
  #all: readonly StoredVectorIndex[] | undefined;

  constructor(pages: Pages, trees: VectorIndexTrees) {
    this.#pages = pages;
    this.#trees = trees;
  }

  /** The index with a name, as it is stored. Hot. */
  get(name: string): StoredVectorIndex | undefined {
    const tree = this.#current();
    const known = this.#byName.get(name);
    if (known !== undefined || tree.root.pageId === 0 || this.#byName.has(name)) return known;
    const key = indexKey(name);
    const record = tree.get(key);
    const index = record === undefined ? undefined : decodeVectorIndex(key, record);
    if (!this.#pages.isCurrent()) throw new StaleRead();
    if (this.#byName.size >= MAX_REMEMBERED) this.#byName.clear();
    this.#byName.set(name, index);
    return index;
  }

  /** All indexes as they are stored, by name in byte order. Hot while they are the same. */
  all(): readonly StoredVectorIndex[] {
    const tree = this.#current();
    if (this.#all !== undefined || tree.root.pageId === 0) return this.#all ?? NONE;
    const all: StoredVectorIndex[] = [];
    const cursor = new ByteCursor(tree);
    for (cursor.seek(NEXT_INDEX_KEY); cursor.next();) {
      const key = cursor.key();
      if (key.length > 0) all.push(decodeVectorIndex(key, cursor.value()));
    }
    if (!this.#pages.isCurrent()) throw new StaleRead();
    this.#all = all;
    return all;
  }

  /** The index with a number, as it is stored. O(indexes). */
  byNumber(number: number): StoredVectorIndex | undefined {
    return this.all().find((index) => index.number === number);
  }

  /** The tree; forgets what belongs to another one. */
  #current(): ByteTree {
    const tree = this.#trees.vectorIndexes;
    if (tree.root !== this.#root) {
      this.#root = tree.root;
      this.#all = undefined;
      this.#byName.clear();
    }
    return tree;
  }
}

const NONE: readonly StoredVectorIndex[] = [];
