/** Numbers of up to 64 bits in 1 to 10 bytes: seven bits a byte, low ones first (LEB128). Longer forms than needed are read, too. */

/** Most bytes that a number takes. */
const MAX_BYTES = 10;

/** Where the number that was read last ends. A field instead of a result, because a pair would be allocated. */
export const lastLeb128: { end: number } = { end: 0 };

/**
 * Reads the number at a position; `lastLeb128.end` is the position behind it. Hot.
 *
 * @param end where the bytes end
 * @returns the number (not exact beyond 2^53), or -1 when it does not end before `end` or takes more than 64 bits
 */
export function readLeb128(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end) return -1;
  let byte = bytes[at] as number;
  if (byte < 128) {
    lastLeb128.end = at + 1;
    return byte;
  }
  let value = byte & 127;
  let scale = 128;
  const limit = Math.min(end, at + MAX_BYTES);
  for (let next = at + 1; next < limit; next++) {
    byte = bytes[next] as number;
    value += (byte & 127) * scale;
    if (byte < 128) {
      lastLeb128.end = next + 1;
      // The tenth byte has room for one bit.
      return next === at + MAX_BYTES - 1 && byte > 1 ? -1 : value;
    }
    scale *= 128;
  }
  return -1;
}

/** Low 32 bits of the number at a position that `readLeb128` read. */
export function lowBitsOfLeb128(bytes: Uint8Array, at: number): number {
  let value = 0;
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = bytes[at++] as number;
    value |= (byte & 127) << shift;
    if (byte < 128) break;
  }
  return value >>> 0;
}

/** The exact number at a position that `readLeb128` read. */
export function readBigLeb128(bytes: Uint8Array, at: number): bigint {
  let value = 0n;
  for (let shift = 0n;; shift += 7n) {
    const byte = bytes[at++] as number;
    value |= BigInt(byte & 127) << shift;
    if (byte < 128) return BigInt.asUintN(64, value);
  }
}

/** The signed number that a zigzag code stands for: 0, -1, 1, -2, … are coded as 0, 1, 2, 3, … Exact up to 2^53. */
export function unzigzag(code: number): number {
  return code % 2 === 0 ? code / 2 : -(code + 1) / 2;
}

/** The same for any 64 bits. */
export function unzigzagBig(code: bigint): bigint {
  return code & 1n ? -(code + 1n) / 2n : code / 2n;
}
