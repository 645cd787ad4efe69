/** Finds the largest of many numbers. */

import type { NumberArray } from "./shared_numbers.ts";

/**
 * Indexes of the largest numbers, or with sign -1 of the smallest ones: best first, equal ones by index, NaN last; without those
 * that are `none`. O(n log count).
 */
export function topIndexes(values: NumberArray, count: number, sign: 1 | -1, none: number | undefined): number[] {
  // A heap whose root is the worst of the best so far.
  const heap: number[] = [];
  if (count === 0) return heap;
  for (let index = 0; index < values.length; index++) {
    const value = values[index] as number;
    if (none !== undefined && isSame(value, none)) continue;
    if (heap.length < count) {
      heap.push(index);
      rise(heap, values, sign);
    } else if (isBetter(values, sign, index, heap[0] as number)) {
      heap[0] = index;
      sink(heap, values, sign);
    }
  }
  return heap.sort((a, b) => a === b ? 0 : isBetter(values, sign, a, b) ? -1 : 1);
}

/** Whether two numbers are equal; NaN is equal to itself. */
export function isSame(a: number, b: number): boolean {
  return a === b || (a !== a && b !== b);
}

function isBetter(values: NumberArray, sign: 1 | -1, a: number, b: number): boolean {
  const first = sign * (values[a] as number);
  const second = sign * (values[b] as number);
  if (first > second) return true;
  if (first < second) return false;
  if (first === second) return a < b;
  const isNumber = first === first;
  return isNumber === (second === second) ? a < b : isNumber;
}

/** Puts the last entry of the heap in its place. */
function rise(heap: number[], values: NumberArray, sign: 1 | -1): void {
  let at = heap.length - 1;
  const index = heap[at] as number;
  while (at > 0) {
    const parent = at - 1 >> 1;
    if (!isBetter(values, sign, heap[parent] as number, index)) break;
    heap[at] = heap[parent] as number;
    at = parent;
  }
  heap[at] = index;
}

/** Puts the first entry of the heap in its place. */
function sink(heap: number[], values: NumberArray, sign: 1 | -1): void {
  const index = heap[0] as number;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isBetter(values, sign, heap[child] as number, heap[child + 1] as number)) child++;
    if (!isBetter(values, sign, index, heap[child] as number)) break;
    heap[at] = heap[child] as number;
    at = child;
  }
  heap[at] = index;
}
