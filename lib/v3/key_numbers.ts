/** Numbers under byte keys, in memory: what a temporary tree collects before it is merged. */

import { NO_BATCH } from "./byte_batch.ts";
import type { ByteBatch } from "./byte_batch.ts";
import { sortLinks } from "./radix_sort.ts";

/** Bytes of a number: a 64-bit float behind its key. */
export const NUMBER_BYTES = 8;

const FIRST_KEYS = 1024;
const FIRST_BYTES = 64 * 1024;

/** Bytes of a key that fit into a safe integer. */
const PREFIX_BYTES = 6;

/** Keys with their numbers: a hash table over one array of bytes. */
export class KeyNumbers {
  readonly #maxKeys: number;
  readonly #maxBytes: number;
  #bytes = new Uint8Array(0);
  #view = new DataView(this.#bytes.buffer);
  #used = 0;
  #count = 0;
  #keyStart = new Uint32Array(0);
  #keyEnd = new Uint32Array(0);
  /** Entry + 1 by the hash of its key, or 0; linear probing. At most half full. */
  #table = new Int32Array(0);

  /** @param maxBytes limit of keys and numbers together; a longer key is taken when there is no other */
  constructor(maxKeys: number, maxBytes: number) {
    this.#maxKeys = maxKeys;
    this.#maxBytes = maxBytes;
  }

  /** Number of keys. */
  get count(): number {
    return this.#count;
  }

  /** Whether a key of this length must wait until the others are gone. */
  isFullFor(keyLength: number): boolean {
    if (this.#count === 0) return false;
    return this.#count >= this.#maxKeys || this.#used + keyLength + NUMBER_BYTES > this.#maxBytes;
  }

  /** Number of a key, or undefined. Hot. */
  get(bytes: Uint8Array, start: number, end: number): number | undefined {
    if (this.#count === 0) return undefined;
    const entry = (this.#table[this.#slotOf(bytes, start, end)] as number) - 1;
    return entry < 0 ? undefined : this.#view.getFloat64(this.#keyEnd[entry] as number, true);
  }

  /** Adds a key that is not there. Hot. */
  add(bytes: Uint8Array, start: number, end: number, number: number): void {
    this.#reserve(end - start + NUMBER_BYTES);
    const slot = this.#slotOf(bytes, start, end);
    const entry = this.#count++;
    const at = this.#used;
    const keyEnd = at + end - start;
    for (let from = start, to = at; from < end; from++, to++) this.#bytes[to] = bytes[from] as number;
    this.#view.setFloat64(keyEnd, number, true);
    this.#keyStart[entry] = at;
    this.#keyEnd[entry] = keyEnd;
    this.#used = keyEnd + NUMBER_BYTES;
    this.#table[slot] = entry + 1;
  }

  /** Slot of a key, or the empty one that it would get. */
  #slotOf(bytes: Uint8Array, start: number, end: number): number {
    const table = this.#table;
    const own = this.#bytes;
    const mask = table.length - 1;
    for (let slot = hashOf(bytes, start, end) & mask;; slot = (slot + 1) & mask) {
      const entry = (table[slot] as number) - 1;
      if (entry < 0) return slot;
      let at = this.#keyStart[entry] as number;
      const keyEnd = this.#keyEnd[entry] as number;
      if (keyEnd - at !== end - start) continue;
      let from = start;
      while (at < keyEnd && own[at] === bytes[from]) {
        at++;
        from++;
      }
      if (at === keyEnd) return slot;
    }
  }

  #reserve(byteCount: number): void {
    if (this.#used + byteCount > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(FIRST_BYTES, this.#used + byteCount, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, this.#used));
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    if (this.#count < this.#keyStart.length) return;
    const keys = Math.max(FIRST_KEYS, this.#count * 2);
    this.#keyStart = grownColumn(this.#keyStart, keys);
    this.#keyEnd = grownColumn(this.#keyEnd, keys);
    const table = new Int32Array(keys * 2);
    const mask = table.length - 1;
    for (let entry = 0; entry < this.#count; entry++) {
      let slot = hashOf(this.#bytes, this.#keyStart[entry] as number, this.#keyEnd[entry] as number) & mask;
      while (table[slot] !== 0) slot = (slot + 1) & mask;
      table[slot] = entry + 1;
    }
    this.#table = table;
  }

  /** Everything as a batch for a byte tree; it is valid until the next change. O(n log n), mostly O(n). */
  sorted(): ByteBatch {
    const count = this.#count;
    if (count === 0) return NO_BATCH;
    const keyStart = this.#keyStart.subarray(0, count);
    const keyEnd = this.#keyEnd.subarray(0, count);
    const valueEnd = new Uint32Array(count);
    for (let entry = 0; entry < count; entry++) valueEnd[entry] = (keyEnd[entry] as number) + NUMBER_BYTES;
    const bytes = this.#bytes;
    return { count, bytes, keyStart, keyEnd, valueStart: keyEnd, valueEnd, order: this.#order(), isSorted: true };
  }

  /** Sorts by the 12 bytes behind what all keys share, then by the rest where those are equal. */
  #order(): Uint32Array {
    const count = this.#count;
    const skip = this.#sharedBytes();
    const high = new Float64Array(count);
    const low = new Float64Array(count);
    for (let entry = 0; entry < count; entry++) {
      high[entry] = this.#prefix(entry, skip);
      low[entry] = this.#prefix(entry, skip + PREFIX_BYTES);
    }
    const order = sortLinks(high, low, count);
    for (let from = 0; from < count;) {
      const first = order[from] as number;
      let to = from + 1;
      while (to < count && high[order[to] as number] === high[first] && low[order[to] as number] === low[first]) to++;
      if (to - from > 1) order.subarray(from, to).sort((a, b) => this.#compare(a, b));
      from = to;
    }
    return order;
  }

  /** Number of bytes in which all keys begin alike. */
  #sharedBytes(): number {
    const bytes = this.#bytes;
    const first = this.#keyStart[0] as number;
    let shared = (this.#keyEnd[0] as number) - first;
    for (let entry = 1; entry < this.#count && shared > 0; entry++) {
      const start = this.#keyStart[entry] as number;
      shared = Math.min(shared, (this.#keyEnd[entry] as number) - start);
      let at = 0;
      while (at < shared && bytes[start + at] === bytes[first + at]) at++;
      shared = at;
    }
    return shared;
  }

  /** Six bytes of a key as a number; behind its end there are zeroes. */
  #prefix(entry: number, skip: number): number {
    const start = (this.#keyStart[entry] as number) + skip;
    const end = this.#keyEnd[entry] as number;
    let number = 0;
    for (let at = start; at < start + PREFIX_BYTES; at++) {
      number = number * 256 + (at < end ? this.#bytes[at] as number : 0);
    }
    return number;
  }

  #compare(a: number, b: number): number {
    const bytes = this.#bytes;
    const aEnd = this.#keyEnd[a] as number;
    const bEnd = this.#keyEnd[b] as number;
    let aAt = this.#keyStart[a] as number;
    let bAt = this.#keyStart[b] as number;
    for (; aAt < aEnd && bAt < bEnd; aAt++, bAt++) {
      const difference = (bytes[aAt] as number) - (bytes[bAt] as number);
      if (difference !== 0) return difference;
    }
    return (aEnd - aAt) - (bEnd - bAt);
  }

  /** Forgets everything. */
  clear(): void {
    this.#count = 0;
    this.#used = 0;
    this.#table.fill(0);
    if (this.#bytes.length > this.#maxBytes) this.#bytes = new Uint8Array(0);
    this.#view = new DataView(this.#bytes.buffer);
  }
}

function grownColumn(column: Uint32Array, length: number): Uint32Array<ArrayBuffer> {
  const grown = new Uint32Array(length);
  grown.set(column);
  return grown;
}

/** FNV-1a, and its high bits mixed into the low ones, which choose the slot. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
  return hash ^ hash >>> 15;
}
