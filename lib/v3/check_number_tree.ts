/** Walk through a record or link tree for a check: order within and across pages, levels, chains. */

import type { PageVisits } from "./check_visits.ts";
import { PageCopies } from "./check_copies.ts";
import { LinkLeaf } from "./link_leaf.ts";
import { type Arity, childIndex, isBefore, keyIndex, MAX_TREE_LEVEL } from "./number_branch.ts";
import { PAGE_COUNT_AT, PAGE_TYPE } from "./page.ts";
import type { TreeRoot } from "./pages.ts";
import { visitRecordChain } from "./record_chain.ts";
import { isHole, RECORD_WIDTH_AT, recordId, recordStart, slotCount } from "./record_leaf.ts";

/** Shortest record that owns a chain: a flag, the chain's length, page and birth. */
const MIN_STUB = 10;

/** A key that bounds a page. */
interface Key {
  a: number;
  b: number;
  c: number;
}

const NO_LOW: Key = { a: -1, b: 0, c: 0 };
const NO_HIGH: Key = { a: Infinity, b: 0, c: 0 };

/**
 * Walks a record tree. Returns the number of records, without those that were walked with an earlier state.
 *
 * @param chainFlags flags in a record's first byte that say that it owns a chain; 0: no record does
 */
export function walkRecordTree(visits: PageVisits, root: TreeRoot, chainFlags: number): number {
  return new NumberTreeWalk(visits, 1, chainFlags).walk(root);
}

/** Walks a link tree. Returns the number of entries, without those that were walked with an earlier state. */
export function walkLinkTree(visits: PageVisits, root: TreeRoot): number {
  return new NumberTreeWalk(visits, 3, 0).walk(root);
}

class NumberTreeWalk {
  readonly #visits: PageVisits;
  readonly #arity: Arity;
  readonly #chainFlags: number;
  readonly #copies: PageCopies;
  readonly #leaf: LinkLeaf = new LinkLeaf();
  #entries = 0;

  constructor(visits: PageVisits, arity: Arity, chainFlags: number) {
    this.#visits = visits;
    this.#arity = arity;
    this.#chainFlags = chainFlags;
    this.#copies = new PageCopies(visits.pages, MAX_TREE_LEVEL + 1);
  }

  walk({ pageId, birth, level }: TreeRoot): number {
    if (level > MAX_TREE_LEVEL) {
      this.#visits.findings.error(
        "page-type",
        "roots of an impossible level",
        `${this.#visits.place(pageId)}: ${level}`,
      );
    } else if (pageId !== 0) this.#page(pageId, birth, level, NO_LOW, NO_HIGH);
    return this.#entries;
  }

  /** Walks a page whose keys must not be below one key and must be below another. */
  #page(pageId: number, birth: number, level: number, low: Key, high: Key): void {
    const visits = this.#visits;
    const isRecord = this.#arity === 1;
    const found = visits.enter(pageId, birth);
    if (found < 0) return;
    const { isKnown } = visits;
    const type = level === 0
      ? isRecord ? PAGE_TYPE.recordLeaf : PAGE_TYPE.linkLeaf
      : isRecord
      ? PAGE_TYPE.recordBranch
      : PAGE_TYPE.linkBranch;
    if (!visits.expect(pageId, found, type, level)) return;
    const address = this.#copies.copy(level, found);
    if (level > 0) this.#branch(pageId, address, level, low, high, isKnown);
    else if (isRecord) this.#recordLeaf(pageId, address, low, high, isKnown);
    else this.#linkLeaf(pageId, address, low, high);
  }

  #branch(pageId: number, address: number, level: number, low: Key, high: Key, isKnown: boolean): void {
    const { u32, view } = this.#copies;
    const count = view.getUint16(address + PAGE_COUNT_AT, true);
    if (count > 1) this.#expectWithin(pageId, this.#key(address, 1), this.#key(address, count - 1), low, high);
    if (isKnown) return;
    let from = low;
    for (let child = 0; child < count; child++) {
      const to = child + 1 < count ? this.#key(address, child + 1) : high;
      const at = childIndex(address, this.#arity, child);
      this.#page(u32[at] as number, u32[at + 1] as number, level - 1, from, to);
      from = to;
    }
  }

  #key(address: number, child: number): Key {
    const { f64 } = this.#copies;
    const at = keyIndex(address, this.#arity, child);
    const a = f64[at] as number;
    return this.#arity === 1 ? { a, b: 0, c: 0 } : { a, b: f64[at + 1] as number, c: f64[at + 2] as number };
  }

  #recordLeaf(pageId: number, address: number, low: Key, high: Key, isKnown: boolean): void {
    const { view } = this.#copies;
    const width = view.getUint8(address + RECORD_WIDTH_AT);
    const count = slotCount(view, address);
    const first = recordId(view, address, width, 0);
    const last = recordId(view, address, width, count - 1);
    this.#expectWithin(pageId, { a: first, b: 0, c: 0 }, { a: last, b: 0, c: 0 }, low, high);
    if (isKnown) return;
    for (let slot = 0; slot < count; slot++) {
      if (isHole(view, address, width, slot)) continue;
      this.#entries++;
      if (this.#chainFlags !== 0) this.#recordChain(pageId, address, width, slot);
    }
  }

  #recordChain(pageId: number, address: number, width: number, slot: number): void {
    const { view, bytes } = this.#copies;
    const at = address + recordStart(view, address, width, slot);
    const end = address + recordStart(view, address, width, slot - 1);
    if (at === end || ((bytes[at] as number) & this.#chainFlags) === 0) return;
    if (end - at < MIN_STUB) {
      const id = recordId(view, address, width, slot);
      this.#visits.chainErrors++;
      this.#visits.findings.error(
        "record-corrupt",
        "records that are too short for what they say",
        `${this.#visits.place(pageId)}: record ${id}`,
      );
      return;
    }
    visitRecordChain(
      bytes,
      at,
      end,
      this.#chainFlags,
      (chainId, chainBirth) => this.#visits.chain(chainId, chainBirth, -1),
    );
  }

  #linkLeaf(pageId: number, address: number, low: Key, high: Key): void {
    const leaf = this.#leaf;
    leaf.read(this.#copies.view, address);
    const last = leaf.count - 1;
    this.#expectWithin(
      pageId,
      { a: leaf.a(0), b: leaf.b(0), c: leaf.c(0) },
      { a: leaf.a(leaf.groups - 1), b: leaf.b(last), c: leaf.c(last) },
      low,
      high,
    );
    this.#entries += leaf.count;
  }

  /** Notes a page whose keys, from first to last, are not all where its parent says. */
  #expectWithin(pageId: number, first: Key, last: Key, low: Key, high: Key): void {
    if (!isKeyBefore(first, low) && isKeyBefore(last, high)) return;
    this.#visits.findings.error(
      "key-order",
      "pages with keys that belong elsewhere",
      `${this.#visits.place(pageId)}: ${this.#show(first)} to ${this.#show(last)}, expected from ${
        this.#show(low)
      } to below ${this.#show(high)}`,
    );
  }

  #show({ a, b, c }: Key): string {
    return this.#arity === 1 || !Number.isFinite(a) ? String(a) : `(${a}, ${b}, ${c})`;
  }
}

function isKeyBefore(one: Key, other: Key): boolean {
  return one.a < other.a || (one.a === other.a && isBefore(one.b, one.c, other.b, other.c));
}
