/** Large arrays: the system hands out their pages when they are first touched, which may take longer than all work on them. */

import { lookUp } from "./current_run.ts";

/** An array of numbers that lies anywhere. */
type Numbers = Int32Array | Uint32Array | Uint8Array | Float64Array;

/** Bytes between two looks at the signal: a millisecond or two where pages are expensive. */
const CHUNK_BYTES = 1 << 19;
/** Bytes of a page, or of a part of one; and words. */
const PAGE_BYTES = 4096;
const PAGE_WORDS = PAGE_BYTES / 4;

/**
 * A new array, after its pages were touched one after the other: what is written all over it then waits for none. Other threads may
 * write to it meanwhile.
 *
 * @throws when the run of this thread was cancelled
 */
export function touched<A extends Numbers>(array: A): A {
  if (array.byteLength <= CHUNK_BYTES) return array;
  const words = new Int32Array(array.buffer, array.byteOffset, array.byteLength >>> 2);
  for (let start = 0; start < words.length; start += CHUNK_BYTES / 4) {
    lookUp();
    const end = Math.min(start + CHUNK_BYTES / 4, words.length);
    for (let at = start; at < end; at += PAGE_WORDS) Atomics.or(words, at, 0);
  }
  return array;
}

/** A new array, with a number at each place. @throws when the run of this thread was cancelled */
export function filled<A extends Numbers>(array: A, value: number): A {
  const chunk = CHUNK_BYTES / array.BYTES_PER_ELEMENT;
  for (let start = 0; start < array.length; start += chunk) {
    lookUp();
    array.fill(value, start, start + chunk);
  }
  return array;
}

/** Copies numbers to a place in another array. @throws when the run of this thread was cancelled */
export function copied<A extends Numbers>(from: Numbers, into: A, start = 0): A {
  const chunk = CHUNK_BYTES / from.BYTES_PER_ELEMENT;
  for (let at = 0; at < from.length; at += chunk) {
    lookUp();
    into.set(from.subarray(at, at + chunk), start + at);
  }
  return into;
}
