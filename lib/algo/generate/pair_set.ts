/** Pairs of nodes that were chosen already. */

/** A set of pairs of 32-bit numbers, by open addressing. */
export class PairSet {
  readonly #firsts: Uint32Array;
  readonly #seconds: Uint32Array;
  /** Whether a place is taken. */
  readonly #taken: Uint8Array;
  readonly #mask: number;

  /** A set that never holds more than `capacity` pairs. */
  constructor(capacity: number) {
    let size = 16;
    while (size < capacity * 1.5) size *= 2;
    this.#firsts = new Uint32Array(size);
    this.#seconds = new Uint32Array(size);
    this.#taken = new Uint8Array(size);
    this.#mask = size - 1;
  }

  /** Adds a pair; false when it is there. Hot. */
  add(first: number, second: number): boolean {
    const place = this.#find(first, second);
    if (this.#taken[place] !== 0) return false;
    this.#taken[place] = 1;
    this.#firsts[place] = first;
    this.#seconds[place] = second;
    return true;
  }

  /** Whether a pair is there. */
  has(first: number, second: number): boolean {
    return this.#taken[this.#find(first, second)] !== 0;
  }

  /** Takes a pair out. */
  delete(first: number, second: number): void {
    let hole = this.#find(first, second);
    if (this.#taken[hole] === 0) return;
    // Those behind it that a search for would meet the hole move up.
    for (let at = (hole + 1) & this.#mask; this.#taken[at] !== 0; at = (at + 1) & this.#mask) {
      const home = this.#home(this.#firsts[at] as number, this.#seconds[at] as number);
      if (((at - home) & this.#mask) < ((at - hole) & this.#mask)) continue;
      this.#firsts[hole] = this.#firsts[at] as number;
      this.#seconds[hole] = this.#seconds[at] as number;
      hole = at;
    }
    this.#taken[hole] = 0;
  }

  #find(first: number, second: number): number {
    let place = this.#home(first, second);
    while (this.#taken[place] !== 0 && (this.#firsts[place] !== first || this.#seconds[place] !== second)) {
      place = (place + 1) & this.#mask;
    }
    return place;
  }

  #home(first: number, second: number): number {
    let mixed = Math.imul(first, 0x9e3779b1) ^ Math.imul(second ^ second >>> 15, 0x85ebca77);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x2c1b3c6d);
    return (mixed ^ mixed >>> 13) & this.#mask;
  }
}
