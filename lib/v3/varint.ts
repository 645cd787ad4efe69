/** Whole numbers from 0 to 2^53 - 1 in one to eight bytes (LEB128): seven bits a byte, low ones first, the last byte below 128. */

import { CorruptionError } from "../backend/errors.ts";

/** Most bytes that a number takes. */
export const MAX_VARINT_BYTES = 8;

/** Where the varint that `readVarint` read last ends. A field instead of a result, because a pair would be allocated. */
export const lastVarint: { end: number } = { end: 0 };

/** What fits into four bytes; up to here all arithmetic is that of 32-bit integers. */
const FOUR_BYTES = 2 ** 28;

/** Largest value above the low 28 bits of a safe integer. */
const MAX_HIGH = 2 ** 25 - 1;

/** Bytes that a safe, non-negative integer takes. */
export function varintLength(value: number): number {
  let length = 1;
  for (let limit = 128; value >= limit; limit *= 128) length++;
  return length;
}

/** Writes a safe, non-negative integer at a position, which has room for it, and returns the position behind it. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  // Hot: dividing floats byte by byte took 60 ns for a large number, two halves of integers take 7.
  let rest = value;
  let end = at;
  if (value >= FOUR_BYTES) {
    rest = Math.floor(value / FOUR_BYTES);
    const low = value - rest * FOUR_BYTES;
    bytes[end++] = (low & 127) | 128;
    bytes[end++] = ((low >>> 7) & 127) | 128;
    bytes[end++] = ((low >>> 14) & 127) | 128;
    bytes[end++] = (low >>> 21) | 128;
  }
  while (rest > 127) {
    bytes[end++] = (rest & 127) | 128;
    rest >>>= 7;
  }
  bytes[end] = rest;
  return end + 1;
}

/**
 * Reads the number at a position; `lastVarint.end` is the position behind it.
 *
 * @throws {CorruptionError} when it does not end within the bytes, or is no safe integer
 */
export function readVarint(bytes: Uint8Array, at: number): number {
  let byte = bytes[at] as number;
  if (byte < 128) {
    lastVarint.end = at + 1;
    return byte;
  }
  let low = byte & 127;
  byte = bytes[at + 1] as number;
  low |= (byte & 127) << 7;
  if (byte < 128) {
    lastVarint.end = at + 2;
    return low;
  }
  byte = bytes[at + 2] as number;
  low |= (byte & 127) << 14;
  if (byte < 128) {
    lastVarint.end = at + 3;
    return low;
  }
  byte = bytes[at + 3] as number;
  low |= (byte & 127) << 21;
  if (byte < 128) {
    lastVarint.end = at + 4;
    return low;
  }
  return readHigh(bytes, at + 4) * FOUR_BYTES + low;
}

function readHigh(bytes: Uint8Array, at: number): number {
  let high = 0;
  for (let index = 0; index < MAX_VARINT_BYTES - 4; index++) {
    // Behind the end of the array a byte is undefined, which is not below 128.
    const byte = bytes[at + index] as number;
    high |= (byte & 127) << (7 * index);
    if (byte < 128) {
      if (high > MAX_HIGH) break;
      lastVarint.end = at + index + 1;
      return high;
    }
  }
  throw new CorruptionError(`the number at byte ${at - 4} is no varint up to 2^53 - 1; the bytes are damaged`, {
    code: "varint",
    value: at - 4,
  });
}
