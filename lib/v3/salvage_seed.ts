/**
 * The file seed of a database whose headers are lost, from its pages. A page stores crc32 of its bytes, seeded with page id XOR
 * file seed. With bytes of a fixed length, crc32 is affine in its seed: crc(bytes, s) = crc(bytes, 0) XOR M s, where M is an
 * invertible matrix of bits. So every sound page tells the seed, and sound pages tell the same one.
 */

import { crc32 } from "node:zlib";
import { PAGE_BIRTH_AT, PAGE_CHECKSUM_AT, PAGE_SIZE, PAGE_TYPE, PAGE_TYPE_AT } from "./page.ts";

const BITS = 32;
/** Pages that must agree before the rest is not asked. */
const ENOUGH = 3;
/** Seeds that are counted: more than this many different ones come from pages that are no pages. */
const MAX_SEEDS = 100_000;
const LAST_TYPE: number = Math.max(...Object.values(PAGE_TYPE));

/** Counts what pages say of the seed. */
export class SeedVotes {
  readonly #votes = new Map<number, number>();
  readonly #inverse: Uint32Array = invert(seedMatrix());
  #best: number | undefined;
  #bestVotes = 0;

  /** Adds a page. Returns whether enough agree. */
  add(page: Uint8Array, pageId: number): boolean {
    if (!mayBePage(page)) return false;
    const stored = new DataView(page.buffer, page.byteOffset).getUint32(PAGE_CHECKSUM_AT, true);
    const difference = stored ^ crc32(page.subarray(PAGE_CHECKSUM_AT + 4), 0);
    const seed = (apply(this.#inverse, difference) ^ pageId) >>> 0;
    const votes = (this.#votes.get(seed) ?? 0) + 1;
    if (votes === 1 && this.#votes.size >= MAX_SEEDS) return false;
    this.#votes.set(seed, votes);
    if (votes > this.#bestVotes) {
      this.#best = seed;
      this.#bestVotes = votes;
    }
    return votes >= ENOUGH;
  }

  /** The seed that most pages say: of several pages at least two, of one page that one. Undefined when none says anything. */
  get seed(): number | undefined {
    return this.#bestVotes > 1 || this.#votes.size === 1 ? this.#best : undefined;
  }
}

/** Whether bytes look like a page that was written. */
function mayBePage(page: Uint8Array): boolean {
  const type = page[PAGE_TYPE_AT] as number;
  const birth = new DataView(page.buffer, page.byteOffset).getFloat64(PAGE_BIRTH_AT, true);
  return type >= 1 && type <= LAST_TYPE && Number.isSafeInteger(birth) && birth >= 0;
}

/** The matrix M by its columns: what each bit of the seed changes in the checksum. */
function seedMatrix(): Uint32Array {
  const zeroes = new Uint8Array(PAGE_SIZE - 4);
  const none = crc32(zeroes, 0);
  return Uint32Array.from({ length: BITS }, (_, bit) => crc32(zeroes, (1 << bit) >>> 0) ^ none);
}

/** The inverse of a matrix by its columns (Gauss and Jordan, over bits). */
function invert(matrix: Uint32Array): Uint32Array {
  const images = matrix.slice();
  const inverse = Uint32Array.from({ length: BITS }, (_, bit) => 1 << bit);
  for (let bit = 0; bit < BITS; bit++) {
    const mask = 1 << bit;
    let pivot = bit;
    while (((images[pivot] as number) & mask) === 0) pivot++;
    [images[bit], images[pivot]] = [images[pivot] as number, images[bit] as number];
    [inverse[bit], inverse[pivot]] = [inverse[pivot] as number, inverse[bit] as number];
    for (let column = 0; column < BITS; column++) {
      if (column === bit || ((images[column] as number) & mask) === 0) continue;
      images[column] = (images[column] as number) ^ (images[bit] as number);
      inverse[column] = (inverse[column] as number) ^ (inverse[bit] as number);
    }
  }
  return inverse;
}

function apply(matrix: Uint32Array, word: number): number {
  let result = 0;
  for (let bit = 0; bit < BITS; bit++) if ((word >>> bit & 1) === 1) result ^= matrix[bit] as number;
  return result >>> 0;
}
