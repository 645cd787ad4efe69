/** Random numbers from a seed: the same on both runtimes, in every run. */

/** A generator (xoshiro128**, David Blackman and Sebastiano Vigna, 2018). Not for secrets. */
export class Rng {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** Streams of different seeds have nothing to do with each other: the seed is spread with splitmix32. */
  constructor(seed: number) {
    let state = seed >>> 0;
    const spread = () => {
      state = (state + 0x9e3779b9) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
      mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
      return (mixed ^ (mixed >>> 15)) >>> 0;
    };
    this.#a = spread();
    this.#b = spread();
    this.#c = spread();
    this.#d = spread();
  }

  /** A whole number from 0 to 2^32 − 1. */
  uint32(): number {
    const scrambled = Math.imul(rotateLeft(Math.imul(this.#b, 5), 7), 9) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = rotateLeft(this.#d, 11);
    return scrambled;
  }

  /** A number from 0 up to, but not including, 1. */
  float(): number {
    return this.uint32() / 2 ** 32;
  }

  /** A whole number from `low` to `high`, both possible. */
  between(low: number, high: number): number {
    return low + Math.floor(this.float() * (high - low + 1));
  }

  /** The same, but small numbers are as likely as large ones: each doubling has the same share. */
  skewed(low: number, high: number): number {
    return Math.min(high, Math.floor(low * ((high + 1) / low) ** this.float()));
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.float() < probability;
  }

  /** One of them. */
  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new Error("nothing to pick from");
    return items[this.between(0, items.length - 1)] as T;
  }

  /** One of the names, each as often as its weight says. */
  weighted<K extends string>(weights: Readonly<Record<K, number>>): K {
    const entries = Object.entries(weights) as [K, number][];
    let rest = this.float() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [name, weight] of entries) {
      rest -= weight;
      if (rest < 0) return name;
    }
    return (entries.at(-1) as [K, number])[0];
  }

  /** A generator of its own, so that what one part draws does not move what another part gets. */
  fork(): Rng {
    return new Rng(this.uint32());
  }
}

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
