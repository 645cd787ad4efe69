/** When each key was last written, as far back as memory goes. */

import { slotOf } from "./conflict_key.ts";

/** Most keys that are remembered: 32 MiB at most. */
export const MAX_INDEXED_KEYS: number = 1 << 20;

/** How many keys a table takes at first: most groups of transactions write few. */
const FIRST_KEYS = 1 << 6;

/**
 * The last commit that wrote each key. Memory is bounded: the oldest half of the keys is forgotten when it is full, and a
 * transaction that began before the last commit that was forgotten counts as one that met a conflict.
 */
export class ConflictIndex {
  #young: KeyTable;
  #old: KeyTable;
  readonly #maxKeys: number;
  /** What commits up to this one wrote is not known any more. */
  #floor = 0;
  /** The newest commit that wrote something. */
  #newest = 0;

  /** @param maxKeys most keys that are remembered */
  constructor(maxKeys: number = MAX_INDEXED_KEYS) {
    this.#maxKeys = Math.max(2, maxKeys);
    this.#young = new KeyTable();
    this.#old = new KeyTable();
  }

  /** Notes that a commit wrote a key. Commits come in ascending order. O(1). Hot. */
  note(key: number, lsn: number): void {
    this.#newest = lsn;
    if (this.#young.count * 2 >= this.#maxKeys) this.#forget();
    this.#young.set(key, lsn);
  }

  /** Notes that a commit may have written everything. O(1). */
  noteEverything(lsn: number): void {
    this.#newest = lsn;
    this.#floor = lsn;
  }

  /**
   * The first of the keys that was, or may have been, written after a commit; undefined when none was. No keys meet no
   * conflict. O(keys).
   */
  conflict(keys: Float64Array, snapshotLsn: number): number | undefined {
    if (keys.length === 0 || snapshotLsn >= this.#newest) return undefined;
    if (snapshotLsn < this.#floor) return keys[0];
    const young = this.#young;
    const old = this.#old;
    for (let at = 0; at < keys.length; at++) {
      const key = keys[at] as number;
      if (young.get(key) > snapshotLsn || old.get(key) > snapshotLsn) return key;
    }
    return undefined;
  }

  /** Forgets the older half of the keys. */
  #forget(): void {
    const oldest = this.#old;
    this.#floor = Math.max(this.#floor, oldest.lastLsn);
    oldest.clear();
    this.#old = this.#young;
    this.#young = oldest;
  }
}

/** Keys with the commits that wrote them: open addressing, at most half full. */
class KeyTable {
  /** Key and LSN of each slot, next to each other for the cache's sake; key 0 where there is none. */
  #slots: Float64Array<ArrayBuffer> = new Float64Array(4 * FIRST_KEYS);
  /** How many keys there are. */
  count = 0;
  /** The newest commit in it. */
  lastLsn = 0;

  /** The commit that wrote a key last, or 0. Hot. */
  get(key: number): number {
    return this.count === 0 ? 0 : this.#slots[this.#place(key) + 1] as number;
  }

  /** Hot. */
  set(key: number, lsn: number): void {
    const at = this.#place(key);
    this.lastLsn = lsn;
    this.#slots[at + 1] = lsn;
    if (this.#slots[at] === key) return;
    this.#slots[at] = key;
    this.count++;
    if (this.count * 4 > this.#slots.length) this.#grow();
  }

  clear(): void {
    this.#slots.fill(0);
    this.count = 0;
    this.lastLsn = 0;
  }

  /** Where a key is, or belongs. */
  #place(key: number): number {
    const slots = this.#slots;
    const mask = slots.length / 2 - 1;
    let slot = slotOf(key, mask);
    while (slots[2 * slot] !== 0 && slots[2 * slot] !== key) slot = (slot + 1) & mask;
    return 2 * slot;
  }

  #grow(): void {
    const slots = this.#slots;
    this.#slots = new Float64Array(2 * slots.length);
    for (let at = 0; at < slots.length; at += 2) {
      const key = slots[at] as number;
      if (key === 0) continue;
      const to = this.#place(key);
      this.#slots[to] = key;
      this.#slots[to + 1] = slots[at + 1] as number;
    }
  }
}
