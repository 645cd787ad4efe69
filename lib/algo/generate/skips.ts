/** Draws from many things with a small chance for each. */

import type { Random } from "../random.ts";

/**
 * Chooses each of many numbers with the same chance, in ascending order, and steps over those between without looking at them
 * (Batagelj, Brandes, Efficient generation of large random networks, 2005).
 */
export class Skips {
  readonly #random: Random;
  readonly #rate: number;

  /** Chooses each with a chance from 0 to 1. */
  constructor(random: Random, chance: number) {
    this.#random = random;
    this.#rate = chance === 1 ? -Infinity : lnOnePlus(-chance);
  }

  /** The next number above the one that was chosen last; -1 for the first one. */
  after(last: number): number {
    // With chance 0 nothing is ever chosen; 1 - unit() is above 0.
    if (this.#rate === 0) return Infinity;
    return last + 1 + Math.floor(ln(1 - this.#random.unit()) / this.#rate);
  }
}

/** Logarithm of 1 + x for x from -1 to 0, also where x is tiny. */
function lnOnePlus(x: number): number {
  return x > -1e-5 ? x * (1 - x * (1 / 2 - x * (1 / 3 - x / 4))) : ln(1 + x);
}

/**
 * Natural logarithm. `Math.log` may differ in its last bit from one runtime to the next, and with it the graph; this one is made
 * of operations that may not.
 */
export function ln(x: number): number {
  let mantissa = x;
  let exponent = 0;
  for (; mantissa < Math.SQRT1_2; mantissa *= 2) exponent--;
  for (; mantissa > Math.SQRT2; mantissa /= 2) exponent++;
  const ratio = (mantissa - 1) / (mantissa + 1);
  const square = ratio * ratio;
  let sum = 0;
  // Terms get smaller by 1/34 each at least.
  for (let power = 21; power >= 1; power -= 2) sum = sum * square + 1 / power;
  return 2 * ratio * sum + exponent * Math.LN2;
}
