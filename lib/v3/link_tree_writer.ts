/** Changing a link tree within a transaction. */

import { LINK_LEAF_SPACE, LinkLeaf } from "./link_leaf.ts";
import { canInsert, insertLink, LinkPlace, removeLink, writeType } from "./link_leaf_edit.ts";
import { LinkMerge, type SortedLinks } from "./link_merge.ts";
import { LinkPacker, SHARE } from "./link_packer.ts";
import { LinkTree } from "./link_tree.ts";
import { birthOf, entryCount, freeTree } from "./number_branch.ts";
import { NumberPath, type NumberTreeKind } from "./number_path.ts";
import { PAGE_TYPE } from "./page.ts";
import { EMPTY_ROOT, type MutablePages, type TreeRoot } from "./pages.ts";

const KIND: NumberTreeKind = { arity: 3, leaf: PAGE_TYPE.linkLeaf, branch: PAGE_TYPE.linkBranch };

/**
 * Sorted changes go through the tree in one pass, unless they are so few or so far apart that each had better go its own way:
 * a pass looks at all children of the branches that it touches.
 */
const FEW = 8;
const LEAVES_PER_CHANGE = 8;
/** Children that a branch below the root has about. */
const USUAL_CHILDREN = 100;

/** A link tree of a running transaction. Pages that others can reach are copied; `root` tells the state. */
export class LinkTreeWriter extends LinkTree {
  readonly #pages: MutablePages;
  readonly #path: NumberPath;
  readonly #leaf: LinkLeaf = new LinkLeaf();
  readonly #place: LinkPlace = new LinkPlace();
  #packer: LinkPacker | undefined;
  #merge: LinkMerge | undefined;

  constructor(pages: MutablePages, root: TreeRoot) {
    super(pages, root);
    this.#pages = pages;
    this.#path = new NumberPath(pages, root, KIND);
  }

  /** Goes on from another state (a savepoint was rolled back). The pages are the caller's business. */
  reset(root: TreeRoot): void {
    this.#path.root = root;
    this.top = root;
  }

  /** Adds an entry; false, and nothing is changed, when there is one. O(log n). */
  insert(a: number, b: number, c: number, type: number): boolean {
    const pages = this.#pages;
    const place = this.#place;
    if (this.#find(a, b, c)) return false;
    if (this.top.pageId === 0) this.#pack(this.#path.plant(), a, b, c, type);
    else if (canInsert(this.#leaf, place, a, b, c, type)) {
      insertLink(pages, this.#path.edit(0), this.#leaf, place, a, b, c, type);
    } else this.#pack(this.#path.edit(0), a, b, c, type);
    this.top = this.#path.root;
    return true;
  }

  /** Gives an entry another type; false when there is no such entry. O(log n). */
  setType(a: number, b: number, c: number, type: number): boolean {
    const pages = this.#pages;
    const leaf = this.#leaf;
    const place = this.#place;
    if (!this.#find(a, b, c)) return false;
    const address = this.#path.edit(0);
    if (leaf.holds(a, b, c, type)) writeType(pages, address, leaf, place, type);
    else {
      leaf.read(pages.view, address);
      this.#pack(address, a, b, c, type);
    }
    this.top = this.#path.root;
    return true;
  }

  /** Removes an entry; false when there is no such entry. O(log n). */
  delete(a: number, b: number, c: number): boolean {
    const pages = this.#pages;
    const leaf = this.#leaf;
    const path = this.#path;
    if (!this.#find(a, b, c)) return false;
    if (leaf.count === 1) path.remove(0);
    else {
      const address = path.edit(0);
      leaf.read(pages.view, address);
      removeLink(pages, address, leaf, this.#place);
      leaf.read(pages.view, address);
      if (3 * leaf.usedBytes < LINK_LEAF_SPACE && !this.#mergeLeaf() && path.moveLeft(0)) this.#mergeLeaf();
    }
    this.top = path.root;
    return true;
  }

  /**
   * Adds entries in strictly ascending order, in one pass that writes each touched page once; an entry that is there gets the
   * new type. A bulk load leaves full pages.
   *
   * @returns how many of them are new
   * @throws {InvalidArgumentError} when they do not ascend
   */
  insertSorted(
    a: Float64Array,
    b: Float64Array,
    c: Float64Array,
    types: Float64Array | Uint32Array,
    count: number,
  ): number {
    if (this.#areMany(count)) return this.#run({ a, b, c, types, count });
    let added = 0;
    for (let at = 0; at < count; at++) {
      const [linkA, linkB, linkC] = [a[at] as number, b[at] as number, c[at] as number];
      if (this.insert(linkA, linkB, linkC, types[at] as number)) added++;
      else this.setType(linkA, linkB, linkC, types[at] as number);
    }
    return added;
  }

  /**
   * Removes entries, in strictly ascending order, in one pass that writes each touched page once; one that is not there is
   * passed over.
   *
   * @returns how many were removed
   * @throws {InvalidArgumentError} when they do not ascend
   */
  deleteSorted(a: Float64Array, b: Float64Array, c: Float64Array, count: number): number {
    if (this.#areMany(count)) return this.#run({ a, b, c, types: undefined, count });
    let removed = 0;
    for (let at = 0; at < count; at++) {
      if (this.delete(a[at] as number, b[at] as number, c[at] as number)) removed++;
    }
    return removed;
  }

  #areMany(count: number): boolean {
    const { pageId, birth, level } = this.top;
    if (count <= FEW || level < 2) return count > FEW;
    const pages = this.#pages;
    const children = entryCount(pages, pages.fetch(pageId, birth), KIND.branch, level);
    return count * LEAVES_PER_CHANGE > children * USUAL_CHILDREN ** (level - 1);
  }

  #run(links: SortedLinks): number {
    this.#merge ??= new LinkMerge(this.#pages, this.#packed());
    this.reset(this.#merge.run(this.top, links));
    return this.#merge.changes;
  }

  /** Removes every entry. */
  clear(): void {
    freeTree(this.#pages, this.top, KIND.arity, KIND.branch);
    this.reset(EMPTY_ROOT);
  }

  /** Leads path, leaf and place to an entry, or to where it belongs. */
  #find(a: number, b: number, c: number): boolean {
    const leaf = this.#leaf;
    const place = this.#place;
    if (this.top.pageId === 0) {
      place.index = 0;
      place.exists = false;
      return false;
    }
    leaf.read(this.#pages.view, this.#path.descend(a, b, c));
    place.find(leaf, a, b, c);
    return place.exists;
  }

  /** The packer, empty. Most writers never need it. */
  #packed(): LinkPacker {
    this.#packer ??= new LinkPacker();
    this.#packer.count = 0;
    return this.#packer;
  }

  /** Writes the path's leaf anew, with an entry that is new or has a new type: it may become several. */
  #pack(address: number, a: number, b: number, c: number, type: number): void {
    const pages = this.#pages;
    const path = this.#path;
    const leaf = this.#leaf;
    const { index, exists } = this.#place;
    const packer = this.#packed();
    leaf.read(pages.view, address);
    const { count } = leaf;
    packer.load(leaf, 0, index);
    packer.push(a, b, c, type);
    packer.load(leaf, exists ? index + 1 : index, count);
    const { isLast } = path;
    packer.plan(index < count ? SHARE.even : isLast ? SHARE.full : SHARE.most, this.#border());
    const { ends } = packer;
    packer.write(pages, address, 0, ends[0] as number);
    // From the last to the second: each comes directly behind the path's leaf.
    for (let page = ends.length - 1; page > 0; page--) {
      const from = ends[page - 1] as number;
      const right = pages.allocate(PAGE_TYPE.linkLeaf, 0);
      packer.write(pages, right, from, ends[page] as number);
      const keyA = packer.a[from] as number;
      const keyB = packer.b[from] as number;
      const keyC = packer.c[from] as number;
      path.insertRight(0, keyA, keyB, keyC, pages.pageIdAt(right), birthOf(pages, right), isLast && index === count);
    }
  }

  /** Where a large group grows at its end within a leaf, a split puts the others into a leaf of their own; else 0. */
  #border(): number {
    const leaf = this.#leaf;
    const { index, group, hasGroup } = this.#place;
    if (index === leaf.count || !hasGroup || leaf.groupEnd(group) !== index) return 0;
    if (2 * (index - leaf.groupStart(group)) < leaf.count) return 0;
    return index + 1;
  }

  /** Puts the path's leaf and the one to its right into one, if there is one and they fit. */
  #mergeLeaf(): boolean {
    const pages = this.#pages;
    const path = this.#path;
    const leaf = this.#leaf;
    const right = path.right(0);
    if (right < 0) return false;
    leaf.read(pages.view, right);
    const rightBytes = leaf.usedBytes;
    leaf.read(pages.view, path.fetch(0));
    if (leaf.usedBytes + rightBytes > LINK_LEAF_SPACE) return false;
    const packer = this.#packed();
    packer.load(leaf, 0, leaf.count);
    leaf.read(pages.view, right);
    packer.load(leaf, 0, leaf.count);
    packer.plan(SHARE.full);
    if (packer.ends.length > 1) return false;
    packer.write(pages, path.edit(0), 0, packer.count);
    path.removeRight(0);
    return true;
  }
}
