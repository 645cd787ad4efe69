/** Writing record leaves anew: when the form has to change, when one becomes two, and when two become one. */

import { InvalidArgumentError } from "../backend/errors.ts";
import { copyBytes } from "./copy_bytes.ts";
import { fieldBase, fieldWidth, writeField } from "./number_field.ts";
import { PAGE_COUNT_AT, PAGE_SIZE } from "./page.ts";
import type { Pages } from "./pages.ts";
import {
  isHole,
  MAX_RECORD_SIZE,
  RECORD_BASE_AT,
  RECORD_LEAF_SPACE,
  RECORD_SLOTS_AT,
  RECORD_WIDTH_AT,
  recordId,
  recordStart,
  slotCount,
} from "./record_leaf.ts";

/** Part of a leaf that stays to the left when something is added behind its last record: what comes next has room at once. */
const LEFT_SHARE = 0.9;
const HOLE = 0x8000;
/** Slots of two leaves (two bytes each at least) and one more. */
const MAX_SLOTS = 2 * (RECORD_LEAF_SPACE / 2) + 1;

/** Records of one or two leaves, in memory. */
export class RecordPacker {
  readonly #ids: Float64Array = new Float64Array(MAX_SLOTS);
  readonly #starts: Int32Array = new Int32Array(MAX_SLOTS);
  readonly #ends: Int32Array = new Int32Array(MAX_SLOTS);
  /** Bytes of all records before each one. */
  readonly #before: Int32Array = new Int32Array(MAX_SLOTS + 1);
  readonly #bytes: Uint8Array = new Uint8Array(2 * PAGE_SIZE + MAX_RECORD_SIZE);
  #used = 0;
  #count = 0;

  /** Number of records. */
  get count(): number {
    return this.#count;
  }

  /** Id of a record. */
  id(index: number): number {
    return this.#ids[index] as number;
  }

  /** Forgets all records. */
  clear(): void {
    this.#used = 0;
    this.#count = 0;
  }

  /** Adds the records of a leaf, whose ids are above those so far. */
  load(pages: Pages, address: number): void {
    const { view } = pages;
    this.#bytes.set(pages.bytes.subarray(address, address + PAGE_SIZE), this.#used);
    const width = view.getUint8(address + RECORD_WIDTH_AT);
    const slots = slotCount(view, address);
    for (let slot = 0; slot < slots; slot++) {
      if (isHole(view, address, width, slot)) continue;
      const at = this.#count++;
      this.#ids[at] = recordId(view, address, width, slot);
      this.#starts[at] = this.#used + recordStart(view, address, width, slot);
      this.#ends[at] = this.#used + recordStart(view, address, width, slot - 1);
    }
    this.#used += PAGE_SIZE;
  }

  /** Adds or replaces one record. Returns whether the id is new. */
  put(id: number, source: Uint8Array, start: number, end: number): boolean {
    let at = this.#count;
    while (at > 0 && (this.#ids[at - 1] as number) >= id) at--;
    const isNew = at === this.#count || this.#ids[at] !== id;
    if (isNew) {
      this.#ids.copyWithin(at + 1, at, this.#count);
      this.#starts.copyWithin(at + 1, at, this.#count);
      this.#ends.copyWithin(at + 1, at, this.#count);
      this.#count++;
    }
    this.#ids[at] = id;
    this.#starts[at] = this.#used;
    copyBytes(source, start, end, this.#bytes, this.#used);
    this.#used += end - start;
    this.#ends[at] = this.#used;
    return isNew;
  }

  /**
   * How many records the left of two leaves gets; all, when they fit into one. An added record at the very end of the tree goes
   * into a leaf of its own (`isAppend`), so that ascending ids leave full leaves behind.
   */
  split(added: number, isAppend: boolean): number {
    const count = this.#count;
    this.#before[0] = 0;
    for (let at = 0; at < count; at++) {
      this.#before[at + 1] = (this.#before[at] as number) + (this.#ends[at] as number) - (this.#starts[at] as number);
    }
    if (this.#size(0, count) <= RECORD_LEAF_SPACE) return count;
    const isAtEnd = this.#ids[count - 1] === added;
    if (isAtEnd && isAppend && this.#size(0, count - 1) <= RECORD_LEAF_SPACE) return count - 1;
    const share = isAtEnd ? LEFT_SHARE : 0.5;
    let best = 0;
    let least = Infinity;
    for (let at = 1; at < count; at++) {
      const left = this.#size(0, at);
      const right = this.#size(at, count);
      if (left > RECORD_LEAF_SPACE || right > RECORD_LEAF_SPACE) continue;
      const distance = Math.abs(left - share * (left + right));
      if (distance < least) {
        least = distance;
        best = at;
      }
    }
    if (best === 0) throw new InvalidArgumentError("the records are too large for two leaves", { code: "record-size" });
    return best;
  }

  /** Bytes that records take in a leaf. */
  #size(from: number, to: number): number {
    const records = to - from;
    const span = (this.#ids[to - 1] as number) - (this.#ids[from] as number);
    const perRecord = 2 + fieldWidth(span);
    const slots = records === 0 ? 0 : Math.min(2 * (span + 1), records * perRecord);
    return slots + (this.#before[to] as number) - (this.#before[from] as number);
  }

  /** Writes records into a leaf, in the smaller form, after `split` was called. */
  write(pages: Pages, address: number, from: number, to: number): void {
    const { view, bytes } = pages;
    const first = this.#ids[from] as number;
    const last = this.#ids[to - 1] as number;
    const span = last - first;
    const isDense = 2 * (span + 1) <= (to - from) * (2 + fieldWidth(span));
    const width = isDense ? 0 : fieldWidth(span);
    const base = isDense ? first : fieldBase(first, last, width);
    view.setFloat64(address + RECORD_BASE_AT, base, true);
    view.setUint8(address + RECORD_WIDTH_AT, width);
    view.setUint16(address + PAGE_COUNT_AT, isDense ? span + 1 : to - from, true);
    let at = address + RECORD_SLOTS_AT;
    let offset = PAGE_SIZE;
    let next = first;
    for (let index = from; index < to; index++) {
      const id = this.#ids[index] as number;
      for (; isDense && next < id; next++, at += 2) view.setUint16(at, offset | HOLE, true);
      next = id + 1;
      offset -= (this.#ends[index] as number) - (this.#starts[index] as number);
      if (!isDense) writeField(view, at, width, id - base);
      view.setUint16(at + width, offset, true);
      at += width + 2;
    }
    bytes.fill(0, at, address + offset);
    this.#copyRecords(bytes, address + PAGE_SIZE, from, to);
  }

  /** Copies records to where they end at `end`, neighbours at once: in memory they lie as in the leaf they came from. */
  #copyRecords(bytes: Uint8Array, end: number, from: number, to: number): void {
    let at = end;
    for (let index = from; index < to;) {
      const blockEnd = this.#ends[index] as number;
      let start = this.#starts[index] as number;
      while (++index < to && this.#ends[index] === start) start = this.#starts[index] as number;
      at -= blockEnd - start;
      bytes.set(this.#bytes.subarray(start, blockEnd), at);
    }
  }
}
