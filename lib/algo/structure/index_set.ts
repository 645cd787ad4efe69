/** A set of small integers that gives its smallest one. */

/**
 * Integers below a limit. Bits in words, above them a bit for each word that is not empty, and so on: four steps for a million
 * integers, seven for all that there can be.
 */
export class IndexSet {
  readonly #levels: readonly Uint32Array[];

  /** An empty set of integers from 0, below `limit`. */
  constructor(limit: number) {
    const levels: Uint32Array[] = [];
    let count = Math.max(limit, 1);
    do {
      count = Math.ceil(count / 32);
      levels.push(new Uint32Array(count));
    } while (count > 1);
    this.#levels = levels;
  }

  /** Puts an integer into it. */
  add(index: number): void {
    let at = index;
    for (let level = 0; level < this.#levels.length; level++) {
      const words = this.#levels[level] as Uint32Array;
      const word = at >>> 5;
      const bits = words[word] as number;
      words[word] = bits | 1 << (at & 31);
      if (bits !== 0) return;
      at = word;
    }
  }

  /** Takes the smallest integer out of it; -1 when it is empty. */
  takeSmallest(): number {
    let at = 0;
    for (let level = this.#levels.length - 1; level >= 0; level--) {
      const bits = (this.#levels[level] as Uint32Array)[at] as number;
      if (bits === 0) return -1;
      at = at * 32 + 31 - Math.clz32(bits & -bits);
    }
    let gone = at;
    for (let level = 0; level < this.#levels.length; level++) {
      const words = this.#levels[level] as Uint32Array;
      const word = gone >>> 5;
      const bits = (words[word] as number) & ~(1 << (gone & 31));
      words[word] = bits;
      if (bits !== 0) break;
      gone = word;
    }
    return at;
  }
}
