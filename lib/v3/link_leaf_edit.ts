/** Changes of a link leaf in place. */

import { LINK_GROUP_COUNT_AT, LINK_GROUPS_AT, LINK_LEAF_SPACE, type LinkLeaf } from "./link_leaf.ts";
import { writeField } from "./number_field.ts";
import { PAGE_COUNT_AT, PAGE_SIZE } from "./page.ts";
import type { Pages } from "./pages.ts";

/** A place in a leaf: the entry (a, b, c), or where it belongs. */
export class LinkPlace {
  /** Its group, or the group in front of which a group for it belongs. */
  group = 0;
  /** Whether there is such a group. */
  hasGroup = false;
  /** Index of the entry, or of the one in front of which it belongs. */
  index = 0;
  /** Whether there is such an entry. */
  exists = false;

  /** Looks for an entry. */
  find(leaf: LinkLeaf, a: number, b: number, c: number): void {
    const group = leaf.groupFrom(a);
    const start = leaf.groupStart(group);
    this.group = group;
    this.hasGroup = group < leaf.groups && leaf.a(group) === a;
    this.index = start;
    this.exists = false;
    if (!this.hasGroup) return;
    const end = leaf.groupEnd(group);
    const index = leaf.entryFrom(start, end, b, c);
    this.index = index;
    this.exists = index < end && leaf.b(index) === b && leaf.c(index) === c;
  }
}

/** Whether a leaf has the room and the widths for one entry more. */
export function canInsert(leaf: LinkLeaf, place: LinkPlace, a: number, b: number, c: number, type: number): boolean {
  const needed = leaf.entrySize + (place.hasGroup ? 0 : leaf.groupSize);
  return leaf.usedBytes + needed <= LINK_LEAF_SPACE && leaf.holds(a, b, c, type);
}

/** Inserts an entry at its place. Of `leaf` only the header counts (the page may be a copy); read it again afterwards. */
export function insertLink(
  pages: Pages,
  address: number,
  leaf: LinkLeaf,
  place: LinkPlace,
  a: number,
  b: number,
  c: number,
  type: number,
): void {
  const { view, bytes } = pages;
  const { entrySize, groupSize, count, groups, widthA } = leaf;
  const { index, group } = place;
  const end = address + PAGE_SIZE;
  const at = end - (index + 1) * entrySize;
  if (index < count) {
    const low = end - count * entrySize;
    bytes.copyWithin(low - entrySize, low, at + entrySize);
  }
  writeField(view, at, leaf.widthB, b - leaf.baseB);
  writeField(view, at + leaf.widthB, leaf.widthC, c - leaf.baseC);
  writeField(view, at + leaf.widthB + leaf.widthC, leaf.widthType, type - leaf.baseType);
  view.setUint16(address + PAGE_COUNT_AT, count + 1, true);
  const groupAt = address + LINK_GROUPS_AT + group * groupSize;
  let groupsEnd = address + LINK_GROUPS_AT + groups * groupSize;
  if (!place.hasGroup) {
    bytes.copyWithin(groupAt + groupSize, groupAt, groupsEnd);
    groupsEnd += groupSize;
    writeField(view, groupAt, widthA, a - leaf.baseA);
    view.setUint16(groupAt + widthA, index, true);
    view.setUint16(address + LINK_GROUP_COUNT_AT, groups + 1, true);
  }
  shiftEnds(view, groupAt + widthA, groupsEnd, groupSize, 1);
}

/** Removes the entry at a place. `leaf` is the page itself; read it again afterwards. */
export function removeLink(pages: Pages, address: number, leaf: LinkLeaf, place: LinkPlace): void {
  const { view, bytes } = pages;
  const { entrySize, groupSize, count, groups } = leaf;
  const { index, group } = place;
  const end = address + PAGE_SIZE;
  const low = end - count * entrySize;
  bytes.copyWithin(low + entrySize, low, end - (index + 1) * entrySize);
  view.setUint16(address + PAGE_COUNT_AT, count - 1, true);
  const groupAt = address + LINK_GROUPS_AT + group * groupSize;
  let groupsEnd = address + LINK_GROUPS_AT + groups * groupSize;
  if (leaf.groupEnd(group) - leaf.groupStart(group) === 1) {
    bytes.copyWithin(groupAt, groupAt + groupSize, groupsEnd);
    groupsEnd -= groupSize;
    view.setUint16(address + LINK_GROUP_COUNT_AT, groups - 1, true);
  }
  shiftEnds(view, groupAt + leaf.widthA, groupsEnd, groupSize, -1);
}

/** Gives the entry at a place another type, for which the field is wide enough. */
export function writeType(pages: Pages, address: number, leaf: LinkLeaf, place: LinkPlace, type: number): void {
  const at = address + PAGE_SIZE - place.index * leaf.entrySize - leaf.widthType;
  writeField(pages.view, at, leaf.widthType, type - leaf.baseType);
}

function shiftEnds(view: DataView, from: number, end: number, step: number, by: number): void {
  for (let at = from; at < end; at += step) view.setUint16(at, view.getUint16(at, true) + by, true);
}
