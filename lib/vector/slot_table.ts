/** Which slot holds the newest vector of a node: a hash table with open addressing, because a `Map` takes five times the memory. */

/** Slots by node id. */
export class SlotTable {
  readonly #nodeIdOf: (slot: number) => number;
  /** Slot + 1; 0 where nothing is, `REMOVED` where something was. */
  #places = new Uint32Array(1024);
  #used = 0;
  #size = 0;

  /** @param nodeIdOf node of a slot that is in the table */
  constructor(nodeIdOf: (slot: number) => number) {
    this.#nodeIdOf = nodeIdOf;
  }

  /** Number of nodes. */
  get size(): number {
    return this.#size;
  }

  /** Slot of a node, or -1. */
  get(nodeId: number): number {
    const places = this.#places;
    const mask = places.length - 1;
    for (let at = hash(nodeId) & mask;; at = (at + 1) & mask) {
      const place = places[at] as number;
      if (place === 0) return -1;
      if (place !== REMOVED && this.#nodeIdOf(place - 1) === nodeId) return place - 1;
    }
  }

  /** Puts a node that is not in the table. */
  add(nodeId: number, slot: number): void {
    if ((this.#used + 1) * 2 > this.#places.length) this.#rebuild();
    this.#put(nodeId, slot);
    this.#size++;
  }

  #put(nodeId: number, slot: number): void {
    const places = this.#places;
    const mask = places.length - 1;
    let at = hash(nodeId) & mask;
    while (places[at] !== 0) at = (at + 1) & mask;
    places[at] = slot + 1;
    this.#used++;
  }

  /** Takes a node out; its slot, or -1 when it was not in. The slot must still tell the node. */
  remove(nodeId: number): number {
    const places = this.#places;
    const mask = places.length - 1;
    for (let at = hash(nodeId) & mask;; at = (at + 1) & mask) {
      const place = places[at] as number;
      if (place === 0) return -1;
      if (place === REMOVED || this.#nodeIdOf(place - 1) !== nodeId) continue;
      places[at] = REMOVED;
      this.#size--;
      return place - 1;
    }
  }

  #rebuild(): void {
    const old = this.#places;
    let length = 1024;
    while (length < (this.#size + 1) * 3) length *= 2;
    this.#places = new Uint32Array(length);
    this.#used = 0;
    for (const place of old) if (place !== 0 && place !== REMOVED) this.#put(this.#nodeIdOf(place - 1), place - 1);
  }
}

const REMOVED = 0xffff_ffff;

/** Spreads ids: those of nodes mostly follow each other. */
function hash(nodeId: number): number {
  const low = nodeId | 0;
  const high = (nodeId / 4_294_967_296) | 0;
  let mixed = Math.imul(low ^ Math.imul(high, 0x85eb_ca6b), 0x9e37_79b1);
  mixed ^= mixed >>> 15;
  return Math.imul(mixed, 0x2c1b_3c6d) >>> 0;
}
