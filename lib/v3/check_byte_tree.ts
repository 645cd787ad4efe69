/** Walk through a byte tree for a check: order within and across pages, levels, chains of keys and values. */

import { Buffer } from "node:buffer";
import { MAX_INLINE_KEY, readKey, readVarint } from "./byte_cell.ts";
import { BRANCH_SKIP, cellAt, cellCount, childBirth, childPageId, LEAF_SKIP, MAX_TREE_LEVEL } from "./byte_page.ts";
import { eachChain } from "./byte_walk.ts";
import { PageCopies } from "./check_copies.ts";
import type { PageVisits } from "./check_visits.ts";
import { PAGE_TYPE } from "./page.ts";
import type { TreeRoot } from "./pages.ts";

/** Bytes of a key that messages show. */
const SHOWN_BYTES = 32;

/** Walks a byte tree. Returns the number of entries, without those that were walked with an earlier state. */
export function walkByteTree(visits: PageVisits, root: TreeRoot): number {
  return new ByteTreeWalk(visits).walk(root);
}

class ByteTreeWalk {
  readonly #visits: PageVisits;
  readonly #copies: PageCopies;
  #entries = 0;

  constructor(visits: PageVisits) {
    this.#visits = visits;
    this.#copies = new PageCopies(visits.pages, MAX_TREE_LEVEL + 1);
  }

  walk({ pageId, birth, level }: TreeRoot): number {
    if (level > MAX_TREE_LEVEL) {
      this.#visits.findings.error(
        "page-type",
        "roots of an impossible level",
        `${this.#visits.place(pageId)}: ${level}`,
      );
    } else if (pageId !== 0) this.#page(pageId, birth, level, undefined, undefined);
    return this.#entries;
  }

  /** Walks a page whose keys must not be below `low` and must be below `high`. */
  #page(pageId: number, birth: number, level: number, low: Uint8Array | undefined, high: Uint8Array | undefined): void {
    const visits = this.#visits;
    const { bytes } = this.#copies;
    const found = visits.enter(pageId, birth);
    if (found < 0) return;
    const { isKnown } = visits;
    if (!visits.expect(pageId, found, level === 0 ? PAGE_TYPE.byteLeaf : PAGE_TYPE.byteBranch, level)) return;
    const address = this.#copies.copy(level, found);
    const count = cellCount(bytes, address);
    if (!isKnown) {
      const before = visits.findings.errors;
      eachChain(this.#copies, address, (chainId, chainBirth, length) => visits.chain(chainId, chainBirth, length));
      if (level === 0) this.#entries += count;
      if (visits.findings.errors > before) {
        // Keys that cannot be read bound nothing.
        if (level > 0) this.#children(address, level, count, () => undefined, low, high);
        return;
      }
    }
    try {
      const keyAt = (index: number): Uint8Array => this.#key(address, level, index);
      this.#expectOrder(pageId, address, level, count, keyAt, low, high);
      if (level > 0 && !isKnown) this.#children(address, level, count, keyAt, low, high);
    } catch (error) {
      // Chains of a page that was walked with another state, where their damage was noted.
      if (!isKnown) visits.findings.caught(error, visits.place(pageId));
    }
  }

  #key(address: number, level: number, index: number): Uint8Array {
    const { bytes } = this.#copies;
    const cell = cellAt(bytes, address, index);
    return readKey(this.#visits.pages, bytes, cell + (level === 0 ? LEAF_SKIP : BRANCH_SKIP));
  }

  #children(
    address: number,
    level: number,
    count: number,
    keyAt: (index: number) => Uint8Array | undefined,
    low: Uint8Array | undefined,
    high: Uint8Array | undefined,
  ): void {
    const { bytes } = this.#copies;
    let from = low;
    for (let index = 0; index < count; index++) {
      const to = index + 1 < count ? keyAt(index + 1) : high;
      const cell = cellAt(bytes, address, index);
      this.#page(childPageId(bytes, cell), childBirth(bytes, cell), level - 1, from, to);
      from = to;
    }
  }

  #expectOrder(
    pageId: number,
    address: number,
    level: number,
    count: number,
    keyAt: (index: number) => Uint8Array,
    low: Uint8Array | undefined,
    high: Uint8Array | undefined,
  ): void {
    const { bytes } = this.#copies;
    // The first separator of a branch is empty: the branch's own range bounds it.
    const firstIndex = level === 0 ? 0 : 1;
    if (count <= firstIndex) return;
    const first = keyAt(firstIndex);
    const last = keyAt(count - 1);
    const isWithin = (low === undefined || Buffer.compare(first, low) >= 0) &&
      (high === undefined || Buffer.compare(last, high) < 0);
    if (!isWithin) {
      this.#visits.findings.error(
        "key-order",
        "pages with keys that belong elsewhere",
        `${this.#visits.place(pageId)}: ${show(first)} to ${show(last)}, expected from ${show(low)} to below ${
          show(high)
        }`,
      );
    }
    // Of long keys the page's own check compares the beginnings only.
    const skip = level === 0 ? LEAF_SKIP : BRANCH_SKIP;
    for (let index = firstIndex + 1; index < count; index++) {
      if (readVarint(bytes, cellAt(bytes, address, index) + skip) <= MAX_INLINE_KEY) continue;
      if (Buffer.compare(keyAt(index - 1), keyAt(index)) < 0) continue;
      this.#visits.findings.error(
        "key-order",
        "long keys that do not ascend",
        `${this.#visits.place(pageId)}: ${show(keyAt(index))}`,
      );
    }
  }
}

function show(key: Uint8Array | undefined): string {
  if (key === undefined) return "any";
  const hex = Buffer.from(key.subarray(0, SHOWN_BYTES)).toString("hex");
  return `0x${hex}${key.length > SHOWN_BYTES ? "…" : ""}`;
}
