/** Seeded random numbers, the same on every runtime. */

import { lookUp } from "../projection/current_run.ts";

/**
 * xoshiro128** 1.1 (Blackman and Vigna, Scrambled Linear Pseudorandom Number Generators, 2018), its state filled by splitmix32.
 * Not for secrets.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** Starts a sequence; equal seeds, whose lower 53 bits count, give equal sequences. */
  constructor(seed: number) {
    let state = (seed ^ Math.floor(seed / 0x1_0000_0000)) | 0;
    const next = (): number => {
      state = (state + 0x9e3779b9) | 0;
      let mixed = state ^ (state >>> 16);
      mixed = Math.imul(mixed, 0x21f0aaad);
      mixed ^= mixed >>> 15;
      mixed = Math.imul(mixed, 0x735a2d97);
      return mixed ^ (mixed >>> 15);
    };
    this.#a = next();
    this.#b = next();
    this.#c = next();
    // All zeros would stay zeros.
    this.#d = next() | 1;
  }

  /** An integer from 0 to 2^32 - 1. Hot. */
  uint32(): number {
    const b = this.#b;
    const scrambled = Math.imul(rotate(Math.imul(b, 5), 7), 9);
    const c = this.#c ^ this.#a;
    const d = this.#d ^ b;
    this.#b = b ^ c;
    this.#a ^= d;
    this.#c = c ^ (b << 9);
    this.#d = rotate(d, 11);
    return scrambled >>> 0;
  }

  /** A number from 0, below 1, of 53 random bits. */
  unit(): number {
    return ((this.uint32() >>> 5) * 0x400_0000 + (this.uint32() >>> 6)) / 0x20_0000_0000_0000;
  }

  /** An integer from 0, below a bound up to 2^32, each as likely. */
  below(bound: number): number {
    // The numbers at the end that would make the first remainders likelier are drawn again.
    const limit = 0x1_0000_0000 - (0x1_0000_0000 % bound);
    for (;;) {
      const drawn = this.uint32();
      if (drawn < limit) return drawn % bound;
    }
  }

  /** Fills an array with what as many calls of `uint32` would return. Hot: measured 1 ns each. */
  fill(into: Uint32Array): void {
    let [a, b, c, d] = [this.#a | 0, this.#b | 0, this.#c | 0, this.#d | 0];
    for (let at = 0; at < into.length; at++) {
      const scrambled = Math.imul(b, 5);
      into[at] = Math.imul((scrambled << 7) | (scrambled >>> 25), 9);
      const nextC = c ^ a;
      const nextD = d ^ b;
      c = nextC ^ (b << 9);
      b ^= nextC;
      a ^= nextD;
      d = (nextD << 11) | (nextD >>> 21);
    }
    [this.#a, this.#b, this.#c, this.#d] = [a, b, c, d];
  }

  /** Puts the elements into a random order. */
  shuffle(list: { readonly length: number; [index: number]: number }): void {
    for (let at = list.length - 1; at > 0; at--) {
      if ((at & 65_535) === 0) lookUp();
      const other = this.below(at + 1);
      const value = list[at] as number;
      list[at] = list[other] as number;
      list[other] = value;
    }
  }
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
