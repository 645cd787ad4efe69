/**
 * Leaf of a record tree: ids in ascending order, each with up to 1200 bytes. After the header's entry count (slots):
 *
 *   16  f64  base id
 *   24  u8   width of a slot's id in bytes; 0: dense, the id of slot i is base + i
 *   25  u8   0
 *   26  slots, each: id - base (width bytes), u16 offset of the record in the page
 *   ..  free
 *   ..  records, from the end of the page downwards: each ends where that of the slot before it begins
 *
 * A dense leaf marks an id in its range that has no record by the highest bit of the offset (whose rest says where a record of
 * 0 bytes would lie); its first and its last slot have one. A leaf in a tree is never empty.
 */

import { copyBytes } from "./copy_bytes.ts";
import { corruptPage, entryCount } from "./number_branch.ts";
import { fieldLimit, MAX_FIELD_WIDTH, readField, writeField } from "./number_field.ts";
import { PAGE_COUNT_AT, PAGE_SIZE, PAGE_TYPE } from "./page.ts";
import type { Pages } from "./pages.ts";

/** Most bytes of a record. */
export const MAX_RECORD_SIZE = 1200;

/** Offsets within a record leaf. */
export const RECORD_BASE_AT = 16;
export const RECORD_WIDTH_AT = 24;
export const RECORD_SLOTS_AT = 26;

/** Bytes that slots and records share. */
export const RECORD_LEAF_SPACE: number = PAGE_SIZE - RECORD_SLOTS_AT;

/** Mark of a slot without a record, and the bits of an offset. */
const HOLE = 0x8000;
const OFFSET = 0x7fff;

/** Ids without a record that appending leaves in a dense leaf; where more are left out, another form may be smaller. */
const MAX_GAP = 8;

/** What `putRecord` did. */
export const PUT = { added: 1, replaced: 0, noRoom: -1 } as const;

/** Slots of a leaf, holes included. */
export function slotCount(view: DataView, address: number): number {
  return view.getUint16(address + PAGE_COUNT_AT, true);
}

/** Where a slot's record begins, from the begin of the page. Slot -1 begins at the page's end. */
export function recordStart(view: DataView, address: number, width: number, slot: number): number {
  return slot < 0 ? PAGE_SIZE : view.getUint16(slotAddress(address, width, slot) + width, true) & OFFSET;
}

/** Whether a slot of a leaf has no record. */
export function isHole(view: DataView, address: number, width: number, slot: number): boolean {
  return width === 0 && (view.getUint16(slotAddress(address, 0, slot), true) & HOLE) !== 0;
}

/** Id of a slot. */
export function recordId(view: DataView, address: number, width: number, slot: number): number {
  const base = view.getFloat64(address + RECORD_BASE_AT, true);
  return base + (width === 0 ? slot : readField(view, slotAddress(address, width, slot), width));
}

/** The slot that has an id, or -1. Hot. */
export function findSlot(view: DataView, address: number, id: number): number {
  const width = view.getUint8(address + RECORD_WIDTH_AT);
  const count = slotCount(view, address);
  if (width === 0) {
    const distance = id - view.getFloat64(address + RECORD_BASE_AT, true);
    if (!(distance >= 0 && distance < count)) return -1;
    const slot = toInteger(distance);
    return isHole(view, address, 0, slot) ? -1 : slot;
  }
  const slot = slotFrom(view, address, id);
  return slot < count && recordId(view, address, width, slot) === id ? slot : -1;
}

/** The first slot whose id is not below one; the number of slots when all are. In a dense leaf it may be a hole. */
export function slotFrom(view: DataView, address: number, id: number): number {
  const width = view.getUint8(address + RECORD_WIDTH_AT);
  const count = slotCount(view, address);
  const distance = id - view.getFloat64(address + RECORD_BASE_AT, true);
  if (width === 0) return distance > 0 ? toInteger(Math.min(count, distance)) : 0;
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (readField(view, slotAddress(address, width, middle), width) < distance) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Bytes of slots and records of a leaf. */
export function usedBytes(view: DataView, address: number): number {
  const width = view.getUint8(address + RECORD_WIDTH_AT);
  const count = slotCount(view, address);
  return count * (width + 2) + PAGE_SIZE - recordStart(view, address, width, count - 1);
}

/** Adds or replaces a record in place, if the leaf's form and room allow it. Hot: appending to a dense leaf. */
export function putRecord(
  pages: Pages,
  address: number,
  id: number,
  source: Uint8Array,
  start: number,
  end: number,
): number {
  const { view } = pages;
  const width = view.getUint8(address + RECORD_WIDTH_AT);
  const count = slotCount(view, address);
  const distance = id - view.getFloat64(address + RECORD_BASE_AT, true);
  if (distance < 0) return PUT.noRoom;
  const top = recordStart(view, address, width, count - 1);
  const room = top - RECORD_SLOTS_AT - count * (width + 2);
  const length = end - start;
  if (width === 0) {
    if (distance < count) return replaceRecord(pages, address, toInteger(distance), room, source, start, end);
    if (distance > count + MAX_GAP) return PUT.noRoom;
    const gap = toInteger(distance) - count;
    if (room < 2 * gap + 2 + length) return PUT.noRoom;
    let at = slotAddress(address, 0, count);
    for (let slot = 0; slot < gap; slot++, at += 2) view.setUint16(at, top | HOLE, true);
    view.setUint16(at, top - length, true);
    view.setUint16(address + PAGE_COUNT_AT, count + gap + 1, true);
    copyBytes(source, start, end, pages.bytes, address + top - length);
    return PUT.added;
  }
  const slot = slotFrom(view, address, id);
  const at = slotAddress(address, width, slot);
  if (slot < count && readField(view, at, width) === distance) {
    return replaceRecord(pages, address, slot, room, source, start, end);
  }
  if (distance >= fieldLimit(width) || room < width + 2 + length) return PUT.noRoom;
  pages.bytes.copyWithin(at + width + 2, at, slotAddress(address, width, count));
  view.setUint16(address + PAGE_COUNT_AT, count + 1, true);
  const recordEnd = recordStart(view, address, width, slot - 1);
  writeField(view, at, width, distance);
  view.setUint16(at + width, recordEnd, true);
  moveRecords(pages, address, slot, recordEnd, length);
  copyBytes(source, start, end, pages.bytes, address + recordEnd - length);
  return PUT.added;
}

/** Replaces a slot's record in place; a hole gets one. */
function replaceRecord(
  pages: Pages,
  address: number,
  slot: number,
  room: number,
  source: Uint8Array,
  start: number,
  end: number,
): number {
  const { view } = pages;
  const width = view.getUint8(address + RECORD_WIDTH_AT);
  const recordEnd = recordStart(view, address, width, slot - 1);
  const before = recordStart(view, address, width, slot);
  const growth = end - start - (recordEnd - before);
  if (growth > room) return PUT.noRoom;
  const wasHole = isHole(view, address, width, slot);
  if (wasHole) view.setUint16(slotAddress(address, 0, slot), before, true);
  if (growth !== 0) moveRecords(pages, address, slot, before, growth);
  copyBytes(source, start, end, pages.bytes, address + recordEnd - (end - start));
  return wasHole ? PUT.added : PUT.replaced;
}

/** Moves what lies below an offset down by `shift` bytes (up when negative) and corrects the offsets from a slot on. */
function moveRecords(pages: Pages, address: number, slot: number, below: number, shift: number): void {
  const { view } = pages;
  const width = view.getUint8(address + RECORD_WIDTH_AT);
  const count = slotCount(view, address);
  const top = recordStart(view, address, width, count - 1);
  if (top < below) pages.bytes.copyWithin(address + top - shift, address + top, address + below);
  const end = slotAddress(address, width, count);
  for (let at = slotAddress(address, width, slot) + width; at < end; at += width + 2) {
    view.setUint16(at, view.getUint16(at, true) - shift, true);
  }
}

/** Removes a slot's record in place. Afterwards the leaf may have no slot: then it has to leave the tree. */
export function removeRecord(pages: Pages, address: number, slot: number): void {
  const { view, bytes } = pages;
  const width = view.getUint8(address + RECORD_WIDTH_AT);
  const count = slotCount(view, address);
  const start = recordStart(view, address, width, slot);
  const length = recordStart(view, address, width, slot - 1) - start;
  if (length > 0) moveRecords(pages, address, slot, start, -length);
  const at = slotAddress(address, width, slot);
  if (width > 0) {
    bytes.copyWithin(at, at + width + 2, slotAddress(address, width, count));
    view.setUint16(address + PAGE_COUNT_AT, count - 1, true);
    return;
  }
  view.setUint16(at, view.getUint16(at, true) | HOLE, true);
  trim(pages, address);
}

/** Takes holes off both ends of a dense leaf. */
function trim(pages: Pages, address: number): void {
  const { view, bytes } = pages;
  let count = slotCount(view, address);
  while (count > 0 && isHole(view, address, 0, count - 1)) count--;
  let first = 0;
  while (first < count && isHole(view, address, 0, first)) first++;
  if (first > 0) {
    bytes.copyWithin(slotAddress(address, 0, 0), slotAddress(address, 0, first), slotAddress(address, 0, count));
    view.setFloat64(address + RECORD_BASE_AT, view.getFloat64(address + RECORD_BASE_AT, true) + first, true);
  }
  view.setUint16(address + PAGE_COUNT_AT, count - first, true);
}

/** A slot as the integer that it is: with a float as index, JavaScriptCore reads a view ten times slower. */
function toInteger(slot: number): number {
  return slot | 0;
}

function slotAddress(address: number, width: number, slot: number): number {
  return address + RECORD_SLOTS_AT + slot * (width + 2);
}

/**
 * Checks what a record leaf says: form, order of its ids, where its records lie.
 *
 * @throws {CorruptionError} when readers could not rely on it
 */
export function checkRecordLeaf(pages: Pages, address: number): void {
  const { view } = pages;
  const count = entryCount(pages, address, PAGE_TYPE.recordLeaf, 0);
  const width = view.getUint8(address + RECORD_WIDTH_AT);
  const base = view.getFloat64(address + RECORD_BASE_AT, true);
  if (width > MAX_FIELD_WIDTH) throw corruptPage(`a record leaf with ids of ${width} bytes`);
  if (!Number.isSafeInteger(base) || base < 0) throw corruptPage(`a record leaf with base ${base}`);
  const slotsEnd = RECORD_SLOTS_AT + count * (width + 2);
  if (count === 0 || slotsEnd > PAGE_SIZE) throw corruptPage(`a record leaf with ${count} slots`);
  let end = PAGE_SIZE;
  let last = -1;
  for (let slot = 0; slot < count; slot++) {
    const at = slotAddress(address, width, slot);
    const offset = view.getUint16(at + width, true);
    const start = offset & OFFSET;
    if (start < slotsEnd || start > end) throw corruptPage(`slot ${slot} of a record leaf begins at ${start}`);
    if ((offset & HOLE) !== 0 && (width > 0 || start !== end || slot === 0 || slot === count - 1)) {
      throw corruptPage(`slot ${slot} of a record leaf is empty where it must not be`);
    }
    end = start;
    const id = recordId(view, address, width, slot);
    if (id <= last || !Number.isSafeInteger(id)) throw corruptPage(`slot ${slot} of a record leaf has id ${id}`);
    last = id;
  }
}
