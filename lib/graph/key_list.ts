/** A list of different keys, of bounded length. */

import { ALL_EDGES, ALL_NODES, ALL_VALUES, ALL_VECTORS, slotOf } from "./conflict_key.ts";

/** Most keys that a list holds; one more, and it stands for everything. */
export const MAX_LISTED_KEYS: number = 1 << 18;

/** Up to so many, a look through all of them is faster than a table. */
const MAX_UNSORTED = 16;

/** Keys in the order in which they came, each once. */
export class KeyList {
  #keys: number[] = [];
  /** Last key that was added: the one that most often comes again. */
  #last = 0;
  /** The keys by hash, 0 where there is none; absent while they are few. */
  #slots: Float64Array<ArrayBuffer> | undefined;
  #isEverything = false;

  /** How many there are. */
  get length(): number {
    return this.#keys.length;
  }

  /** Whether there were too many, so that it stands for everything. */
  get isEverything(): boolean {
    return this.#isEverything;
  }

  /** The key at a place. */
  at(index: number): number {
    return this.#keys[index] as number;
  }

  /** Adds a key that is not there yet. Hot. */
  add(key: number): void {
    if (key === this.#last || this.#isEverything) return;
    this.#last = key;
    const keys = this.#keys;
    const slots = this.#slots;
    if (slots === undefined) {
      for (let at = 0; at < keys.length; at++) if (keys[at] === key) return;
      keys.push(key);
      if (keys.length > MAX_UNSORTED) this.#grow(4 * MAX_UNSORTED);
      return;
    }
    const at = place(slots, key);
    if (slots[at] === key) return;
    if (keys.length === MAX_LISTED_KEYS) {
      this.addEverything();
      return;
    }
    slots[at] = key;
    keys.push(key);
    if (keys.length * 2 > slots.length) this.#grow(slots.length * 2);
  }

  /** Makes the list stand for everything. */
  addEverything(): void {
    this.#isEverything = true;
    this.#keys = [ALL_NODES, ALL_EDGES, ALL_VALUES, ALL_VECTORS];
    this.#slots = undefined;
  }

  /** Whether it holds a key. */
  has(key: number): boolean {
    const slots = this.#slots;
    if (slots === undefined) return this.#keys.includes(key);
    return slots[place(slots, key)] === key;
  }

  /** Removes all keys. */
  clear(): void {
    this.#keys = [];
    this.#last = 0;
    this.#slots = undefined;
    this.#isEverything = false;
  }

  #grow(size: number): void {
    const slots = new Float64Array(size);
    const keys = this.#keys;
    for (let at = 0; at < keys.length; at++) {
      const key = keys[at] as number;
      slots[place(slots, key)] = key;
    }
    this.#slots = slots;
  }
}

/** Slot of a key, or the free one where it belongs. */
function place(slots: Float64Array, key: number): number {
  const mask = slots.length - 1;
  let at = slotOf(key, mask);
  for (; slots[at] !== 0 && slots[at] !== key; at = (at + 1) & mask);
  return at;
}
