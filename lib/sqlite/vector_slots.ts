/** Which place in memory holds which vector. */

/** Ids may be so many times as far apart as there are vectors, and this much farther, before they are hashed. */
const MAX_SPREAD = 8;
const SPREAD_FOR_ALL = 1 << 20;

/** Slots and the numbers of their vectors, both ways. A number belongs to one slot. */
export class VectorSlots {
  #vectorIds = new Float64Array(1024);
  #size = 0;
  /** Smallest number at the first call of `add`, and the slot + 1 of each number from there on; or all in a map. */
  #first = 0;
  #slots: Uint32Array = new Uint32Array(1024);
  #far: Map<number, number> | undefined;

  /** Number of slots that hold a vector. */
  get size(): number {
    return this.#size;
  }

  /** Number of the vector in a slot; 0 for none. */
  vectorIdOf(slot: number): number {
    return slot < this.#vectorIds.length ? this.#vectorIds[slot] as number : 0;
  }

  /** Slot of a vector, or -1. Hot. */
  slotOf(vectorId: number): number {
    if (this.#far !== undefined) return this.#far.get(vectorId) ?? -1;
    const at = vectorId - this.#first;
    return at >= 0 && at < this.#slots.length ? (this.#slots[at] as number) - 1 : -1;
  }

  /** Puts a vector into an empty slot. */
  add(slot: number, vectorId: number): void {
    if (slot >= this.#vectorIds.length) this.#vectorIds = grown(this.#vectorIds, Float64Array, slot + 1);
    this.#vectorIds[slot] = vectorId;
    if (this.#size++ === 0 && this.#far === undefined) {
      this.#first = vectorId;
      this.#slots.fill(0);
    }
    if (this.#far === undefined && !this.#isNear(vectorId)) this.#hash();
    if (this.#far !== undefined) this.#far.set(vectorId, slot);
    else {
      const at = vectorId - this.#first;
      if (at >= this.#slots.length) this.#slots = grown(this.#slots, Uint32Array, at + 1);
      this.#slots[at] = slot + 1;
    }
  }

  #isNear(vectorId: number): boolean {
    const at = vectorId - this.#first;
    return at >= 0 && at < MAX_SPREAD * this.#size + SPREAD_FOR_ALL;
  }

  #hash(): void {
    this.#far = new Map();
    this.#slots.forEach((slot, at) => {
      if (slot > 0) this.#far?.set(this.#first + at, slot - 1);
    });
    this.#slots = new Uint32Array(0);
  }

  /** Empties a slot. */
  remove(slot: number): void {
    const vectorId = this.vectorIdOf(slot);
    if (vectorId === 0) return;
    this.#vectorIds[slot] = 0;
    this.#size--;
    if (this.#far !== undefined) this.#far.delete(vectorId);
    else this.#slots[vectorId - this.#first] = 0;
  }
}

function grown<A extends Float64Array | Uint32Array>(array: A, make: { new (length: number): A }, length: number): A {
  const larger = new make(Math.max(length, 2 * array.length));
  larger.set(array);
  return larger;
}
