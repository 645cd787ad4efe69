/** Sorting of pairs of whole numbers, by digits instead of comparisons. */

/** Most bits of a digit: as many places are written to at a time, and their cache lines have to stay near. */
const DIGIT_BITS = 11;
const MAX_DIGITS = 3;
const WORD = 0x1_0000_0000;

/** Pairs up to which comparing is faster than counting digits. */
const FEW = 128;

/**
 * The order in which pairs (a, b) of whole numbers from 0 to 2^53 - 1 ascend. Equal pairs keep their order, so that a third
 * column that ascended still does within them. Least significant digit first; digits in which all numbers agree are passed
 * over. O(count) time; 16 bytes a pair of memory while it works.
 *
 * @param count number of pairs: the columns may be longer
 * @returns indexes into the columns
 */
export function sortLinks(a: Float64Array, b: Float64Array, count: number): Uint32Array<ArrayBuffer> {
  const order = new Uint32Array(count);
  for (let at = 0; at < count; at++) order[at] = at;
  if (isSorted(a, b, count)) return order;
  if (count <= FEW) {
    return order.sort((x, y) => (a[x] as number) - (a[y] as number) || (b[x] as number) - (b[y] as number));
  }
  const sort = new WordSort(order);
  sort.byColumn(b);
  sort.byColumn(a);
  return sort.order;
}

function isSorted(a: Float64Array, b: Float64Array, count: number): boolean {
  for (let at = 1; at < count; at++) {
    const step = (a[at] as number) - (a[at - 1] as number);
    if (step < 0 || (step === 0 && (b[at] as number) < (b[at - 1] as number))) return false;
  }
  return true;
}

/** An order that is refined, stably, by 32-bit words. */
class WordSort {
  /** The order so far, and where the next one is made. */
  order: Uint32Array<ArrayBuffer>;
  #nextOrder: Uint32Array<ArrayBuffer>;
  /** The word of each pair, in that order: digits are then read one after the other. */
  #words: Uint32Array<ArrayBuffer>;
  #nextWords: Uint32Array<ArrayBuffer>;
  readonly #counts: Uint32Array<ArrayBuffer> = new Uint32Array(MAX_DIGITS << DIGIT_BITS);

  constructor(order: Uint32Array<ArrayBuffer>) {
    this.order = order;
    this.#nextOrder = new Uint32Array(order.length);
    this.#words = new Uint32Array(order.length);
    this.#nextWords = new Uint32Array(order.length);
  }

  /** Sorts by a column. */
  byColumn(column: Float64Array): void {
    const { order } = this;
    let least = Infinity;
    let greatest = 0;
    for (let at = 0; at < order.length; at++) {
      const number = column[at] as number;
      if (number < least) least = number;
      if (number > greatest) greatest = number;
    }
    const range = greatest - least;
    if (range === 0) return;
    const words = this.#words;
    for (let at = 0; at < words.length; at++) words[at] = (column[order[at] as number] as number) - least;
    this.#byWord(range < WORD ? range : WORD - 1);
    if (range < WORD) return;
    this.#loadHigh(column, least);
    this.#byWord(Math.floor(range / WORD));
  }

  #loadHigh(column: Float64Array, least: number): void {
    const { order } = this;
    const words = this.#words;
    for (let at = 0; at < words.length; at++) {
      words[at] = Math.floor(((column[order[at] as number] as number) - least) / WORD);
    }
  }

  /** Sorts by the loaded words, the largest of which is given, in as few digits of one size as it takes. */
  #byWord(greatest: number): void {
    const bits = 32 - Math.clz32(greatest);
    const digits = Math.ceil(bits / DIGIT_BITS);
    const digitBits = Math.ceil(bits / digits);
    this.#countDigits(digits, digitBits);
    for (let digit = 0; digit < digits; digit++) this.#byDigit(digit, digitBits);
  }

  #countDigits(digits: number, digitBits: number): void {
    const counts = this.#counts;
    const words = this.#words;
    const mask = (1 << digitBits) - 1;
    counts.fill(0);
    for (let digit = 0; digit < digits; digit++) {
      const shift = digit * digitBits;
      const first = digit << DIGIT_BITS;
      for (let at = 0; at < words.length; at++) {
        const slot = first + ((words[at] as number) >>> shift & mask);
        counts[slot] = (counts[slot] as number) + 1;
      }
    }
  }

  /** Hot: one pass over all pairs. */
  #byDigit(digit: number, digitBits: number): void {
    const { order } = this;
    const words = this.#words;
    const nextOrder = this.#nextOrder;
    const nextWords = this.#nextWords;
    const places = this.#counts.subarray(digit << DIGIT_BITS, (digit << DIGIT_BITS) + (1 << digitBits));
    const shift = digit * digitBits;
    const mask = (1 << digitBits) - 1;
    if (places[(words[0] as number) >>> shift & mask] === words.length) return;
    for (let value = 0, place = 0; value < places.length; value++) {
      const count = places[value] as number;
      places[value] = place;
      place += count;
    }
    for (let at = 0; at < words.length; at++) {
      const word = words[at] as number;
      const value = word >>> shift & mask;
      const place = places[value] as number;
      places[value] = place + 1;
      nextOrder[place] = order[at] as number;
      nextWords[place] = word;
    }
    this.order = nextOrder;
    this.#nextOrder = order;
    this.#words = nextWords;
    this.#nextWords = words;
  }
}
