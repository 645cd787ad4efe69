/** Things in the order of a small number that each has, which stays in order while the numbers shrink. */

import { touched } from "../define.ts";

/**
 * Batagelj and Zaversnik, An O(m) algorithm for cores decomposition of networks, 2003: items lie sorted by their numbers, and one
 * whose number shrinks by one changes places with the first of its number. Taken from the front on, items have ascending numbers.
 */
export class Bins {
  /** Items by ascending number. */
  readonly sorted: Uint32Array;
  /** Where each item is in `sorted`. */
  readonly places: Uint32Array;
  readonly #numbers: Int32Array | Uint32Array;
  /** Where the items of each number begin. */
  readonly #starts: Uint32Array;

  /** Sorts the items 0, 1 ... by these numbers, which it changes from then on. O(n + largest number). */
  constructor(numbers: Int32Array | Uint32Array, throwIfAborted: () => void) {
    const count = numbers.length;
    let most = 0;
    for (let item = 0; item < count; item++) if ((numbers[item] as number) > most) most = numbers[item] as number;
    const starts = new Uint32Array(most + 2);
    for (let item = 0; item < count; item++) {
      if ((item & 0xffff) === 0) throwIfAborted();
      const bin = (numbers[item] as number) + 1;
      starts[bin] = (starts[bin] as number) + 1;
    }
    for (let bin = 0; bin <= most; bin++) starts[bin + 1] = (starts[bin + 1] as number) + (starts[bin] as number);
    const sorted = touched(new Uint32Array(count));
    const places = touched(new Uint32Array(count));
    for (let item = 0; item < count; item++) {
      if ((item & 0xffff) === 0) throwIfAborted();
      const number = numbers[item] as number;
      const place = starts[number] as number;
      starts[number] = place + 1;
      sorted[place] = item;
      places[item] = place;
    }
    // Each begin was moved to its end, which is the begin of the next one.
    for (let bin = most + 1; bin > 0; bin--) starts[bin] = starts[bin - 1] as number;
    starts[0] = 0;
    this.sorted = sorted;
    this.places = places;
    this.#numbers = numbers;
    this.#starts = starts;
  }

  /** Makes an item's number smaller by one, unless it is a number already or below it. Hot. */
  lower(item: number, least: number): void {
    const numbers = this.#numbers;
    const number = numbers[item] as number;
    if (number <= least) return;
    const sorted = this.sorted;
    const places = this.places;
    const starts = this.#starts;
    const place = places[item] as number;
    const first = starts[number] as number;
    const firstItem = sorted[first] as number;
    sorted[first] = item;
    places[item] = first;
    sorted[place] = firstItem;
    places[firstItem] = place;
    starts[number] = first + 1;
    numbers[item] = number - 1;
  }
}
