/** Writing link leaves anew: a stream of ascending entries becomes full pages. */

import {
  LINK_A_BASE_AT,
  LINK_B_BASE_AT,
  LINK_C_BASE_AT,
  LINK_GROUP_COUNT_AT,
  LINK_GROUPS_AT,
  LINK_LEAF_SPACE,
  LINK_TYPE_BASE_AT,
  LINK_WIDTHS_AT,
  type LinkLeaf,
} from "./link_leaf.ts";
import { fieldBase, fieldWidth, writeField } from "./number_field.ts";
import { PAGE_COUNT_AT, PAGE_SIZE } from "./page.ts";
import type { Pages } from "./pages.ts";

/** Entries held at once: at least four pages of the smallest entries. */
const CAPACITY = 16_384;

/** Share of the left of the last two pages. */
export const SHARE = {
  /** All that it can hold: the right one is the end of the tree, where more will come. */
  full: 1,
  /** Most: what was added came behind all else, and more of that kind may come. */
  most: 0.9,
  /** As much as the right one. */
  even: 0.5,
} as const;

/** Entries in memory, on their way into leaves. */
export class LinkPacker {
  /** The entries, in ascending order. */
  readonly a: Float64Array = new Float64Array(CAPACITY);
  readonly b: Float64Array = new Float64Array(CAPACITY);
  readonly c: Float64Array = new Float64Array(CAPACITY);
  readonly type: Uint32Array = new Uint32Array(CAPACITY);
  /** Their number. */
  count = 0;
  /** After `plan`: index behind the last entry of each page. */
  readonly ends: number[] = [];
  /** After `plan`: bytes that the last page has in use. */
  lastBytes = 0;
  /** Bytes in use up to each entry, from the begin of its page; and from each entry on, to the end of the last page. */
  readonly #leftBytes: Int32Array = new Int32Array(CAPACITY);
  readonly #rightBytes: Int32Array = new Int32Array(CAPACITY);

  /** Whether no entry can be added before some are dropped. */
  get isFull(): boolean {
    return this.count === CAPACITY;
  }

  /** Adds an entry behind all others. */
  push(a: number, b: number, c: number, type: number): void {
    const at = this.count++;
    this.a[at] = a;
    this.b[at] = b;
    this.c[at] = c;
    this.type[at] = type;
  }

  /** Adds the entries `from` to `to` - 1 of a leaf. The caller sees to the room. */
  load(leaf: LinkLeaf, from: number, to: number): void {
    let group = 0;
    while (group < leaf.groups && leaf.groupEnd(group) <= from) group++;
    for (let index = from; index < to && group < leaf.groups; group++) {
      const a = leaf.a(group);
      const end = Math.min(to, leaf.groupEnd(group));
      for (; index < end; index++) this.push(a, leaf.b(index), leaf.c(index), leaf.type(index));
    }
  }

  /** Forgets the first entries. */
  drop(count: number): void {
    this.a.copyWithin(0, count, this.count);
    this.b.copyWithin(0, count, this.count);
    this.c.copyWithin(0, count, this.count);
    this.type.copyWithin(0, count, this.count);
    this.count -= count;
  }

  /**
   * Distributes the entries over pages (`ends`): each full, the last two by one of the shares. When a border is given (an index,
   * not 0) that is in the right half of the two, they meet as near to it as it goes.
   */
  plan(share: number, border = 0): void {
    const { ends, count } = this;
    ends.length = 0;
    let from = 0;
    for (let at = 0; at < count; at = ends.at(-1) as number) {
      from = ends.at(-2) ?? 0;
      ends.push(this.#fit(at, count, 1, this.#leftBytes));
    }
    if (count === 0) return;
    this.lastBytes = this.#leftBytes[count - 1] as number;
    if (ends.length > 1 && share < SHARE.full) this.#balance(from, share, border);
  }

  /** Moves the border between the last two pages. */
  #balance(first: number, share: number, border: number): void {
    const { ends, count } = this;
    const leftBytes = this.#leftBytes;
    const rightBytes = this.#rightBytes;
    const mostLeft = ends[ends.length - 2] as number;
    const leastLeft = Math.max(first, this.#fit(count - 1, first, -1, rightBytes)) + 1;
    const wanted = 2 * (border - first) > count - first ? border : 0;
    let best = mostLeft;
    let least = Infinity;
    for (let at = leastLeft; at <= mostLeft; at++) {
      const left = leftBytes[at - 1] as number;
      const right = rightBytes[at] as number;
      const distance = wanted > 0 ? Math.abs(at - wanted) : Math.abs(left - share * (left + right));
      if (distance >= least) continue;
      least = distance;
      best = at;
    }
    this.lastBytes = rightBytes[best] as number;
    ends[ends.length - 2] = best;
  }

  /**
   * Goes through the entries from one towards another, up or down, as long as they fit into one page, and notes for each what
   * the page has in use then. Returns the first that does not fit, or `to`. Hot: all that it counts is in local variables.
   */
  #fit(from: number, to: number, step: 1 | -1, bytesAt: Int32Array): number {
    const { a: columnA, b: columnB, c: columnC, type: columnType } = this;
    const firstA = columnA[from] as number;
    let lastA = -1;
    let leastB = Infinity;
    let greatestB = -1;
    let leastC = Infinity;
    let greatestC = -1;
    let leastType = Infinity;
    let greatestType = -1;
    let groups = 0;
    let groupBytes = 0;
    let widthB = 0;
    let widthC = 0;
    let widthType = 0;
    for (let at = from; at !== to; at += step) {
      const a = columnA[at] as number;
      const b = columnB[at] as number;
      const c = columnC[at] as number;
      const type = columnType[at] as number;
      if (a !== lastA) {
        lastA = a;
        groupBytes = ++groups * (2 + fieldWidth(Math.abs(a - firstA)));
      }
      if (b < leastB || b > greatestB) {
        leastB = Math.min(leastB, b);
        greatestB = Math.max(greatestB, b);
        widthB = fieldWidth(greatestB - leastB);
      }
      if (c < leastC || c > greatestC) {
        leastC = Math.min(leastC, c);
        greatestC = Math.max(greatestC, c);
        widthC = fieldWidth(greatestC - leastC);
      }
      if (type < leastType || type > greatestType) {
        leastType = Math.min(leastType, type);
        greatestType = Math.max(greatestType, type);
        widthType = fieldWidth(greatestType - leastType);
      }
      const entryBytes = (Math.abs(at - from) + 1) * (widthB + widthC + widthType);
      if (groupBytes + entryBytes > LINK_LEAF_SPACE) return at;
      bytesAt[at] = groupBytes + entryBytes;
    }
    return to;
  }

  /** Writes the entries `from` to `to` - 1 into a leaf, which they fit into. */
  write(pages: Pages, address: number, from: number, to: number): void {
    const { view, bytes } = pages;
    const { a: columnA, b: columnB, c: columnC, type: columnType } = this;
    const leastA = columnA[from] as number;
    const greatestA = columnA[to - 1] as number;
    let leastB = Infinity;
    let greatestB = -1;
    let leastC = Infinity;
    let greatestC = -1;
    let leastType = Infinity;
    let greatestType = -1;
    for (let at = from; at < to; at++) {
      const b = columnB[at] as number;
      const c = columnC[at] as number;
      const type = columnType[at] as number;
      if (b < leastB) leastB = b;
      if (b > greatestB) greatestB = b;
      if (c < leastC) leastC = c;
      if (c > greatestC) greatestC = c;
      if (type < leastType) leastType = type;
      if (type > greatestType) greatestType = type;
    }
    const widthA = fieldWidth(greatestA - leastA);
    const widthB = fieldWidth(greatestB - leastB);
    const widthC = fieldWidth(greatestC - leastC);
    const widthType = fieldWidth(greatestType - leastType);
    const baseA = fieldBase(leastA, greatestA, widthA);
    const baseB = fieldBase(leastB, greatestB, widthB);
    const baseC = fieldBase(leastC, greatestC, widthC);
    const baseType = fieldBase(leastType, greatestType, widthType);
    view.setUint16(address + PAGE_COUNT_AT, to - from, true);
    view.setUint16(address + LINK_WIDTHS_AT, widthA | widthB << 4 | widthC << 8 | widthType << 12, true);
    view.setUint32(address + LINK_TYPE_BASE_AT, baseType, true);
    view.setFloat64(address + LINK_A_BASE_AT, baseA, true);
    view.setFloat64(address + LINK_B_BASE_AT, baseB, true);
    view.setFloat64(address + LINK_C_BASE_AT, baseC, true);
    const entrySize = widthB + widthC + widthType;
    let groups = 0;
    let entryAt = address + PAGE_SIZE;
    let groupAt = address + LINK_GROUPS_AT;
    for (let at = from; at < to; at++) {
      const a = columnA[at] as number;
      entryAt -= entrySize;
      writeField(view, entryAt, widthB, (columnB[at] as number) - baseB);
      writeField(view, entryAt + widthB, widthC, (columnC[at] as number) - baseC);
      if (widthType > 0) writeField(view, entryAt + widthB + widthC, widthType, (columnType[at] as number) - baseType);
      if (at + 1 < to && columnA[at + 1] === a) continue;
      writeField(view, groupAt, widthA, a - baseA);
      view.setUint16(groupAt + widthA, at + 1 - from, true);
      groupAt += widthA + 2;
      groups++;
    }
    view.setUint16(address + LINK_GROUP_COUNT_AT, groups, true);
    bytes.fill(0, groupAt, entryAt);
  }
}
