/**
 * Leaf of a link tree: entries (a, b, c) with a type each, ascending, grouped by a. After the header's entry count:
 *
 *   16  u32  base of the types
 *   20  u16  number of groups
 *   22  u16  widths in bytes, 4 bits each: a, b, c, type
 *   24  f64  base of a        32  f64  base of b        40  f64  base of c
 *   48  groups, each: a - base, u16 index behind its last entry
 *   ..  free
 *   ..  entries, from the end of the page downwards, each: b - base, c - base, type - base
 *
 * All fields of a kind have the same width, so that groups and entries are found by binary search. No group is empty, and
 * neither is a leaf in a tree.
 */

import { corruptPage, entryCount, isBefore } from "./number_branch.ts";
import { fieldLimit, MAX_FIELD_WIDTH, readField, readFields } from "./number_field.ts";
import { PAGE_COUNT_AT, PAGE_SIZE, PAGE_TYPE } from "./page.ts";
import type { Pages } from "./pages.ts";

/** Offsets within a link leaf. */
export const LINK_TYPE_BASE_AT = 16;
export const LINK_GROUP_COUNT_AT = 20;
export const LINK_WIDTHS_AT = 22;
export const LINK_A_BASE_AT = 24;
export const LINK_B_BASE_AT = 32;
export const LINK_C_BASE_AT = 40;
export const LINK_GROUPS_AT = 48;

/** Bytes that groups and entries share. */
export const LINK_LEAF_SPACE: number = PAGE_SIZE - LINK_GROUPS_AT;

/** Most bytes of a type. */
const MAX_TYPE_WIDTH = 4;
const MAX_TYPE = 0xffff_ffff;

/** A link leaf, read where it lies: `read` looks at the header, the rest follows from indexes. Hot: nothing is allocated. */
export class LinkLeaf {
  /** Number of entries and of groups. */
  count = 0;
  groups = 0;
  /** Widths of the fields, in bytes. */
  widthA = 0;
  widthB = 0;
  widthC = 0;
  widthType = 0;
  /** Bytes of a group and of an entry. */
  groupSize = 0;
  entrySize = 0;
  /** What is added to the fields. */
  baseA = 0;
  baseB = 0;
  baseC = 0;
  baseType = 0;
  #view: DataView = NO_VIEW;
  #groupsAt = 0;
  #entriesEnd = 0;

  /** Goes to a leaf; all else here is about it. */
  read(view: DataView, address: number): void {
    const widths = view.getUint16(address + LINK_WIDTHS_AT, true);
    this.#view = view;
    this.#groupsAt = address + LINK_GROUPS_AT;
    this.#entriesEnd = address + PAGE_SIZE;
    this.count = view.getUint16(address + PAGE_COUNT_AT, true);
    this.groups = view.getUint16(address + LINK_GROUP_COUNT_AT, true);
    this.widthA = widths & 15;
    this.widthB = widths >>> 4 & 15;
    this.widthC = widths >>> 8 & 15;
    this.widthType = widths >>> 12;
    this.groupSize = this.widthA + 2;
    this.entrySize = this.widthB + this.widthC + this.widthType;
    this.baseA = view.getFloat64(address + LINK_A_BASE_AT, true);
    this.baseB = view.getFloat64(address + LINK_B_BASE_AT, true);
    this.baseC = view.getFloat64(address + LINK_C_BASE_AT, true);
    this.baseType = view.getUint32(address + LINK_TYPE_BASE_AT, true);
  }

  /** Number of a group. */
  a(group: number): number {
    return this.baseA + readField(this.#view, this.#groupsAt + group * this.groupSize, this.widthA);
  }

  /** Index of the first entry of a group. */
  groupStart(group: number): number {
    return group === 0 ? 0 : this.groupEnd(group - 1);
  }

  /** Index behind the last entry of a group. */
  groupEnd(group: number): number {
    return this.#view.getUint16(this.#groupsAt + group * this.groupSize + this.widthA, true);
  }

  /** Second number of an entry. */
  b(index: number): number {
    return this.baseB + readField(this.#view, this.#entriesEnd - (index + 1) * this.entrySize, this.widthB);
  }

  /** Third number of an entry. */
  c(index: number): number {
    const at = this.#entriesEnd - (index + 1) * this.entrySize + this.widthB;
    return this.baseC + readField(this.#view, at, this.widthC);
  }

  /** Type of an entry. */
  type(index: number): number {
    const at = this.#entriesEnd - index * this.entrySize - this.widthType;
    return this.baseType + readField(this.#view, at, this.widthType);
  }

  /** Copies the second numbers of the entries `start` to `end` - 1. */
  copyB(start: number, end: number, into: Float64Array, at: number): void {
    const from = this.#entriesEnd - (start + 1) * this.entrySize;
    readFields(this.#view, from, -this.entrySize, this.widthB, this.baseB, into, at, at + end - start);
  }

  /** Copies the third numbers of the entries `start` to `end` - 1. */
  copyC(start: number, end: number, into: Float64Array, at: number): void {
    const from = this.#entriesEnd - (start + 1) * this.entrySize + this.widthB;
    readFields(this.#view, from, -this.entrySize, this.widthC, this.baseC, into, at, at + end - start);
  }

  /** The first group whose number is not below one; the number of groups when all are. */
  groupFrom(a: number): number {
    const distance = a - this.baseA;
    const view = this.#view;
    const { groupSize, widthA } = this;
    const at = this.#groupsAt;
    let low = 0;
    let high = this.groups;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (readField(view, at + middle * groupSize, widthA) < distance) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Of the entries `start` to `end` - 1 of one group, the first that is not before (b, c); `end` when all are. */
  entryFrom(start: number, end: number, b: number, c: number): number {
    let low = start;
    let high = end;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const middleB = this.b(middle);
      if (middleB < b || (middleB === b && this.c(middle) < c)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Bytes that groups and entries take. */
  get usedBytes(): number {
    return this.groups * this.groupSize + this.count * this.entrySize;
  }

  /** Whether the fields are wide enough for an entry. */
  holds(a: number, b: number, c: number, type: number): boolean {
    return fits(a - this.baseA, this.widthA) && fits(b - this.baseB, this.widthB) &&
      fits(c - this.baseC, this.widthC) &&
      fits(type - this.baseType, this.widthType);
  }
}

const NO_VIEW: DataView = new DataView(new ArrayBuffer(0));

function fits(distance: number, width: number): boolean {
  return distance >= 0 && distance < fieldLimit(width);
}

/**
 * Checks what a link leaf says: widths, order of groups and entries, where they lie.
 *
 * @throws {CorruptionError} when readers could not rely on it
 */
export function checkLinkLeaf(pages: Pages, address: number): void {
  entryCount(pages, address, PAGE_TYPE.linkLeaf, 0);
  const leaf = new LinkLeaf();
  leaf.read(pages.view, address);
  checkLinkForm(leaf);
  let lastA = -1;
  let start = 0;
  for (let group = 0; group < leaf.groups; group++) {
    const a = leaf.a(group);
    const end = leaf.groupEnd(group);
    if (a <= lastA || a > Number.MAX_SAFE_INTEGER) throw corruptPage(`group ${group} of a link leaf has number ${a}`);
    if (end <= start || end > leaf.count) throw corruptPage(`group ${group} of a link leaf ends at ${end}`);
    checkGroup(leaf, start, end);
    lastA = a;
    start = end;
  }
  if (start !== leaf.count) throw corruptPage(`a link leaf with ${leaf.count} entries, ${start} of them in groups`);
}

function checkLinkForm(leaf: LinkLeaf): void {
  const { widthA, widthB, widthC, widthType, groups, count } = leaf;
  if (Math.max(widthA, widthB, widthC) > MAX_FIELD_WIDTH || widthType > MAX_TYPE_WIDTH) {
    throw corruptPage(`a link leaf with fields of ${widthA}, ${widthB}, ${widthC} and ${widthType} bytes`);
  }
  for (const base of [leaf.baseA, leaf.baseB, leaf.baseC]) {
    if (!Number.isSafeInteger(base) || base < 0) throw corruptPage(`a link leaf with base ${base}`);
  }
  if (groups === 0 || count < groups || leaf.usedBytes > LINK_LEAF_SPACE) {
    throw corruptPage(`a link leaf with ${count} entries in ${groups} groups`);
  }
}

function checkGroup(leaf: LinkLeaf, start: number, end: number): void {
  let lastB = -1;
  let lastC = -1;
  for (let index = start; index < end; index++) {
    const b = leaf.b(index);
    const c = leaf.c(index);
    if (!isBefore(lastB, lastC, b, c)) {
      throw corruptPage(`entry ${index} of a link leaf is not behind the one before it`);
    }
    if (Math.max(b, c) > Number.MAX_SAFE_INTEGER || leaf.type(index) > MAX_TYPE) {
      throw corruptPage(`entry ${index} of a link leaf is too large`);
    }
    lastB = b;
    lastC = c;
  }
}
