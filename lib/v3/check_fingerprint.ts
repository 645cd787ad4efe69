/**
 * Fingerprint of a set, whatever the order of its members: how many they are, and the sums of two 32-bit hashes of each. Two
 * trees that must hold the same are compared by one pass over each, in its own order; that different sets agree is as likely as
 * that a random 64-bit number is 0.
 */

/** A set that grows. */
export class Fingerprint {
  /** Number of members. */
  count = 0;
  #first = 0;
  #second = 0;

  /** Adds a member that is four numbers. Hot. */
  addNumbers(a: number, b: number, c: number, d: number): void {
    let first = 0x2545f491;
    let second = 0x6c8e9cf5;
    first = mix(first ^ a);
    second = mix(second ^ (a / HIGH) ^ Math.imul(a, 0x9e3779b1));
    first = mix(first ^ b ^ (a / HIGH));
    second = mix(second ^ (b / HIGH) ^ Math.imul(b, 0x9e3779b1));
    first = mix(first ^ c ^ (b / HIGH));
    second = mix(second ^ (c / HIGH) ^ Math.imul(c, 0x9e3779b1));
    first = mix(first ^ d ^ (c / HIGH));
    second = mix(second ^ (d / HIGH) ^ Math.imul(d, 0x9e3779b1));
    this.#add(first, second);
  }

  /** Adds a member that is bytes and a number. Hot. */
  addBytes(bytes: Uint8Array, start: number, end: number, number: number): void {
    let first = 0x2545f491 ^ number;
    let second = 0x6c8e9cf5 ^ (number / HIGH) ^ Math.imul(number, 0x9e3779b1);
    for (let at = start; at < end; at++) {
      const byte = bytes[at] as number;
      first = Math.imul(first ^ byte, 0x01000193);
      second = Math.imul((second << 5 | second >>> 27) ^ byte, 0x85ebca6b);
    }
    this.#add(mix(first ^ (end - start)), mix(second));
  }

  #add(first: number, second: number): void {
    this.count++;
    this.#first = (this.#first + first) | 0;
    this.#second = (this.#second + second) | 0;
  }

  /** Whether two sets are the same. */
  equals(other: Fingerprint): boolean {
    return this.count === other.count && this.#first === other.#first && this.#second === other.#second;
  }
}

const HIGH = 0x1_0000_0000;

/** A bijection of 32-bit integers in which every bit depends on every other (A. Appleby, MurmurHash3, 2011). */
function mix(word: number): number {
  word = Math.imul(word ^ word >>> 16, 0x85ebca6b);
  word = Math.imul(word ^ word >>> 13, 0xc2b2ae35);
  return word ^ word >>> 16;
}
