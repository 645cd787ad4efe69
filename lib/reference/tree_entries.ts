/** All entries of a tree (`index_page.ts`), ascending by key, also of leaves that only their left neighbours still name. */

import { IndexPage } from "./index_page.ts";
import { PAGE_USE, type PageFile } from "./page_file.ts";

/** Deeper trees have lost their way. */
const MAX_DEPTH = 10;
/** The largest page id that is kept; larger ones (files over 16 TiB) become 0, which is no page. */
const MAX_PAGE = 0xffff_ffff;

const BOTH_TREES = PAGE_USE.nodeTree | PAGE_USE.edgeTree;

/** What is wrong with a page of a tree. */
export type TreeDamage = (pageId: number, message: string) => void;

/** Keys of 64 bits as two halves, and a page id for each; the arrays may be longer than `count`. */
export class TreeEntries {
  count = 0;
  /** High halves of the keys, unsigned. */
  high: Uint32Array = new Uint32Array(256);
  /** Low halves of the keys. */
  low: Uint32Array = new Uint32Array(256);
  /** Page ids; 0 where the tree has none that can be. */
  page: Uint32Array = new Uint32Array(256);

  /** Adds the entries of a leaf. */
  append(leaf: IndexPage): void {
    const { count } = leaf;
    while (this.count + count > this.high.length) this.#grow();
    this.high.set(leaf.keyHigh.subarray(0, count), this.count);
    this.low.set(leaf.keyLow.subarray(0, count), this.count);
    for (let index = 0; index < count; index++) {
      const page = leaf.values[index] as number;
      this.page[this.count + index] = page <= MAX_PAGE ? page : 0;
    }
    this.count += count;
  }

  /** Position of a key, or -1. */
  find(high: number, low: number): number {
    let first = 0;
    let end = this.count;
    while (first < end) {
      const middle = (first + end) >>> 1;
      const order = (this.high[middle] as number) - high || (this.low[middle] as number) - low;
      if (order === 0) return middle;
      if (order < 0) first = middle + 1;
      else end = middle;
    }
    return -1;
  }

  #grow(): void {
    for (const name of ["high", "low", "page"] as const) {
      const larger = new Uint32Array(this[name].length * 2);
      larger.set(this[name]);
      this[name] = larger;
    }
  }
}

/**
 * Reads a tree.
 *
 * @param root page id of its root; 0: the tree is empty
 * @param use what its pages are marked as; a page that is marked so already belongs to it
 */
export function readTree(pages: PageFile, root: number, use: number, onDamage: TreeDamage): TreeEntries {
  return new TreeReader(pages, use, onDamage).read(root);
}

class TreeReader {
  readonly #pages: PageFile;
  readonly #use: number;
  readonly #onDamage: TreeDamage;
  readonly #entries = new TreeEntries();
  /** One page of each level, from the root down, and which child comes next. */
  readonly #levels: IndexPage[] = [];
  readonly #next: number[] = [];
  /** Keys that are below the bound of a level: position in the level above, or -1 for no bound. */
  readonly #bound: number[] = [];
  #nextLeaf = 0;

  constructor(pages: PageFile, use: number, onDamage: TreeDamage) {
    this.#pages = pages;
    this.#use = use;
    this.#onDamage = onDamage;
  }

  read(root: number): TreeEntries {
    if (root === 0) return this.#entries;
    let depth = this.#enter(root, 0) ? 0 : -1;
    while (depth >= 0) {
      const page = this.#levels[depth] as IndexPage;
      const child = this.#next[depth] as number;
      if (page.isLeaf || child > page.count) {
        depth--;
        continue;
      }
      this.#next[depth] = child + 1;
      this.#bound[depth] = child < page.count ? child : -1;
      if (this.#enter(page.values[child] as number, depth + 1)) depth++;
      else this.#followLeaves(depth);
    }
    // A root that is older than the last split still names the leaves to its left only.
    this.#followLeaves(-1);
    return this.#entries;
  }

  /** Reads a page of a level; a leaf's entries are taken. False when there is nothing to go on with. */
  #enter(pageId: number, depth: number): boolean {
    if (depth >= MAX_DEPTH) return this.#damage(pageId, `it lies more than ${MAX_DEPTH} levels deep`);
    const page = this.#levels[depth] ??= new IndexPage();
    if (!this.#open(pageId, page)) return false;
    this.#next[depth] = 0;
    if (page.isLeaf && !this.#take(pageId, page)) return false;
    return true;
  }

  #open(pageId: number, page: IndexPage): boolean {
    const pages = this.#pages;
    if (!pages.has(pageId)) return this.#damage(pageId, "it is outside the file");
    if (pages.isUsed(pageId, this.#use)) return this.#damage(pageId, "the tree comes to it twice");
    if (pages.isUsed(pageId, BOTH_TREES)) return this.#damage(pageId, "it belongs to the other tree");
    pages.mark(pageId, this.#use);
    const problem = page.open(pages.read(pageId), pageId);
    return problem === undefined || this.#damage(pageId, problem);
  }

  #take(pageId: number, leaf: IndexPage): boolean {
    if (leaf.count > 0 && !this.#isAfterLast(leaf)) {
      return this.#damage(pageId, "its keys belong to the left of others");
    }
    this.#entries.append(leaf);
    this.#nextLeaf = leaf.nextLeaf;
    return true;
  }

  #isAfterLast({ keyHigh, keyLow }: IndexPage): boolean {
    const { count, high, low } = this.#entries;
    if (count === 0) return true;
    const order = (keyHigh[0] as number) - (high[count - 1] as number);
    return order > 0 || (order === 0 && (keyLow[0] as number) > (low[count - 1] as number));
  }

  /** Takes the leaves that follow the last one, as long as they belong before what the level's tree comes to next. */
  #followLeaves(depth: number): void {
    const pages = this.#pages;
    const leaf = new IndexPage();
    for (let pageId = this.#nextLeaf; pages.has(pageId) && !pages.isUsed(pageId, this.#use); pageId = leaf.nextLeaf) {
      if (leaf.open(pages.read(pageId), pageId) !== undefined || !leaf.isLeaf) return;
      if (leaf.count > 0 && (!this.#isAfterLast(leaf) || !this.#isBeforeNext(leaf, depth))) return;
      pages.mark(pageId, this.#use);
      this.#take(pageId, leaf);
    }
  }

  #isBeforeNext({ keyHigh, keyLow }: IndexPage, depth: number): boolean {
    for (let level = depth; level >= 0; level--) {
      const bound = this.#bound[level] as number;
      if (bound < 0) continue;
      const page = this.#levels[level] as IndexPage;
      const order = (keyHigh[0] as number) - (page.keyHigh[bound] as number);
      return order < 0 || (order === 0 && (keyLow[0] as number) < (page.keyLow[bound] as number));
    }
    return true;
  }

  #damage(pageId: number, message: string): false {
    this.#onDamage(pageId, message);
    return false;
  }
}
