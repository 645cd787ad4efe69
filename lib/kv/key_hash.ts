/**
 * The hash by which the reference tells keys apart in its events and in memory. It is stored in no file: keys here are
 * compared by their bytes.
 */

/**
 * SipHash-1-3 with the key (0, 0) over the key's length as u64 and its bytes, unsigned.
 *
 * Source: Jean-Philippe Aumasson and Daniel J. Bernstein, SipHash: a fast short-input PRF, 2012 (1 compression and 3
 * finalization rounds). The state is four 64-bit words in halves: state[2 * i] is the low half of word i. O(n).
 */
export function keyHash(key: Uint8Array): bigint {
  // "somepseudorandomlygeneratedbytes", as the paper sets it for the key (0, 0).
  const state = Int32Array.of(
    0x70736575,
    0x736f6d65,
    0x6e646f6d,
    0x646f7261,
    0x6e657261,
    0x6c796765,
    0x79746573,
    0x74656462,
  );
  compress(state, key.length | 0, Math.floor(key.length / 2 ** 32));
  const whole = key.length - key.length % 8;
  for (let at = 0; at < whole; at += 8) compress(state, word(key, at), word(key, at + 4));
  // The last block: what is left, zeros, and the lowest byte of the length of everything.
  compress(state, word(key, whole), word(key, whole + 4) | (key.length + 8) << 24);
  state[4] = (state[4] as number) ^ 0xff;
  for (let round = 0; round < 3; round++) sipRound(state);
  return BigInt(xorOfWords(state, 1)) << 32n | BigInt(xorOfWords(state, 0));
}

/** Four bytes, little-endian; those beyond the end are 0. */
function word(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) | (bytes[at + 1] ?? 0) << 8 | (bytes[at + 2] ?? 0) << 16 | (bytes[at + 3] ?? 0) << 24;
}

function compress(state: Int32Array, low: number, high: number): void {
  state[6] = (state[6] as number) ^ low;
  state[7] = (state[7] as number) ^ high;
  sipRound(state);
  state[0] = (state[0] as number) ^ low;
  state[1] = (state[1] as number) ^ high;
}

function sipRound(state: Int32Array): void {
  addWord(state, 0, 2);
  rotateXor(state, 2, 13, 0);
  swapHalves(state, 0);
  addWord(state, 4, 6);
  rotateXor(state, 6, 16, 4);
  addWord(state, 0, 6);
  rotateXor(state, 6, 21, 0);
  addWord(state, 4, 2);
  rotateXor(state, 2, 17, 4);
  swapHalves(state, 4);
}

/** word[to] += word[from], modulo 2^64. */
function addWord(state: Int32Array, to: number, from: number): void {
  const low = ((state[to] as number) >>> 0) + ((state[from] as number) >>> 0);
  state[to] = low;
  state[to + 1] = (state[to + 1] as number) + (state[from + 1] as number) + (low > 0xffff_ffff ? 1 : 0);
}

/** word[at] = rotateLeft(word[at], bits) ^ word[other], for 0 < bits < 32. */
function rotateXor(state: Int32Array, at: number, bits: number, other: number): void {
  const low = state[at] as number;
  const high = state[at + 1] as number;
  state[at] = (low << bits | high >>> 32 - bits) ^ (state[other] as number);
  state[at + 1] = (high << bits | low >>> 32 - bits) ^ (state[other + 1] as number);
}

/** Rotation by 32 bits. */
function swapHalves(state: Int32Array, at: number): void {
  const low = state[at] as number;
  state[at] = state[at + 1] as number;
  state[at + 1] = low;
}

function xorOfWords(state: Int32Array, half: number): number {
  return ((state[half] as number) ^ (state[half + 2] as number) ^ (state[half + 4] as number) ^
    (state[half + 6] as number)) >>> 0;
}
