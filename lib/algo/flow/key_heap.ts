/** Numbers with keys that change. */

import { touched } from "../define.ts";

/** The numbers below a bound that were put in, the one with the largest key first; of equal keys the smallest number. */
export class KeyHeap {
  /** How many numbers are in. */
  size = 0;
  readonly #keys: Float64Array;
  readonly #heap: Uint32Array;
  /** Place of each number in the heap, plus 1; 0 for those that are not in. */
  readonly #places: Uint32Array;

  constructor(bound: number) {
    this.#keys = touched(new Float64Array(bound));
    this.#heap = new Uint32Array(bound);
    this.#places = touched(new Uint32Array(bound));
  }

  /** Key of a number that is in, or that was when it was taken. */
  keyOf(number: number): number {
    return this.#keys[number] as number;
  }

  /** Puts a number in, or changes its key. Hot. */
  set(number: number, key: number): void {
    const place = this.#places[number] as number;
    if (place === 0) {
      this.#keys[number] = key;
      this.#up(number, this.size++);
      return;
    }
    const old = this.#keys[number] as number;
    this.#keys[number] = key;
    if (key > old) this.#up(number, place - 1);
    else if (key < old) this.#down(number, place - 1);
  }

  /** Takes the first number out; there is one. */
  take(): number {
    const first = this.#heap[0] as number;
    this.#places[first] = 0;
    this.size--;
    if (this.size > 0) this.#down(this.#heap[this.size] as number, 0);
    return first;
  }

  #up(number: number, from: number): void {
    const keys = this.#keys;
    const heap = this.#heap;
    const key = keys[number] as number;
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >>> 1;
      const above = heap[parent] as number;
      const keyAbove = keys[above] as number;
      if (keyAbove > key || (keyAbove === key && above < number)) break;
      heap[place] = above;
      this.#places[above] = place + 1;
      place = parent;
    }
    heap[place] = number;
    this.#places[number] = place + 1;
  }

  #down(number: number, from: number): void {
    const keys = this.#keys;
    const heap = this.#heap;
    const key = keys[number] as number;
    let place = from;
    for (let child = 2 * place + 1; child < this.size; child = 2 * place + 1) {
      let below = heap[child] as number;
      let keyBelow = keys[below] as number;
      if (child + 1 < this.size) {
        const other = heap[child + 1] as number;
        const keyOther = keys[other] as number;
        if (keyOther > keyBelow || (keyOther === keyBelow && other < below)) {
          child++;
          below = other;
          keyBelow = keyOther;
        }
      }
      if (key > keyBelow || (key === keyBelow && number < below)) break;
      heap[place] = below;
      this.#places[below] = place + 1;
      place = child;
    }
    heap[place] = number;
    this.#places[number] = place + 1;
  }
}
