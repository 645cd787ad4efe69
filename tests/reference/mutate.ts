/** Random damage of files of the reference's format, the same for the same seed. */

import { createHash } from "node:crypto";
import type { Rng } from "../crash/rng.ts";
import { HEADER_SIZE } from "../support/reference_writer_file.ts";
import { PAGE_SIZE, pageChecksum } from "../support/reference_writer_pages.ts";

/** Numbers that sizes, counts, offsets and ids are rarely tested with. */
const ODD_NUMBERS: readonly bigint[] = [0n, 1n, 2n, 0x7fn, 0xffn, 0x7fffn, 0xffffn, 0x7fffffffn, 0xffffffffn].concat([
  1n << 32n,
  (1n << 53n) - 1n,
  1n << 53n,
  (1n << 62n) + 2n,
  (1n << 63n) - 1n,
  1n << 63n,
  (1n << 64n) - 1n,
]);

type Mutation = (bytes: Uint8Array, rng: Rng, other: Uint8Array) => Uint8Array;

const MUTATIONS: Readonly<Record<string, Mutation>> = {
  flipBits: (bytes, rng) => {
    for (let flips = rng.skewed(1, 16); flips > 0; flips--) {
      const at = rng.between(0, bytes.length - 1);
      bytes[at] = (bytes[at] as number) ^ (1 << rng.between(0, 7));
    }
    return bytes;
  },
  fillRun: (bytes, rng) => {
    const at = rng.between(0, bytes.length - 1);
    const fill = rng.pick([0, 0xff, 0x80, -1]);
    const end = Math.min(bytes.length, at + rng.skewed(1, 600));
    for (let index = at; index < end; index++) bytes[index] = fill < 0 ? rng.between(0, 255) : fill;
    return bytes;
  },
  // Where the fields are: in the header, at the start of a page, or anywhere.
  setNumber: (bytes, rng) => {
    const width = rng.pick([1, 2, 4, 8]);
    const start = rng.pick([0, pageStart(bytes, rng), rng.between(0, bytes.length - 1)]);
    const at = Math.min(start + rng.between(0, 120), bytes.length - width);
    if (at < 0) return bytes;
    const number = new DataView(new ArrayBuffer(8));
    number.setBigUint64(0, BigInt.asUintN(8 * width, rng.pick(ODD_NUMBERS)) << BigInt(64 - 8 * width));
    const digits = new Uint8Array(number.buffer, 0, width);
    bytes.set(rng.chance(0.5) ? digits : digits.reverse(), at);
    return bytes;
  },
  truncate: (bytes, rng) => bytes.slice(0, rng.chance(0.5) ? rng.between(0, bytes.length) : pageStart(bytes, rng)),
  extend: (bytes, rng, other) => {
    const longer = new Uint8Array(bytes.length + rng.skewed(1, 3 * PAGE_SIZE));
    longer.set(bytes);
    const tail = longer.subarray(bytes.length);
    if (rng.chance(0.5)) tail.set(other.subarray(0, tail.length));
    return longer;
  },
  splicePage: (bytes, rng, other) => {
    const from = pageStart(other, rng);
    const to = pageStart(bytes, rng);
    bytes.set(other.subarray(from, Math.min(from + PAGE_SIZE, from + bytes.length - to)), to);
    return bytes;
  },
  swapPages: (bytes, rng) => {
    const [a, b] = [pageStart(bytes, rng), pageStart(bytes, rng)].sort((x, y) => x - y) as [number, number];
    if (a === b || b + PAGE_SIZE > bytes.length) return bytes;
    const page = bytes.slice(a, a + PAGE_SIZE);
    bytes.copyWithin(a, b, b + PAGE_SIZE);
    bytes.set(page, b);
    return bytes;
  },
  moveBytes: (bytes, rng) => {
    const from = rng.between(0, bytes.length - 1);
    bytes.copyWithin(rng.between(0, bytes.length - 1), from, from + rng.skewed(1, 400));
    return bytes;
  },
};

const NAMES = Object.keys(MUTATIONS);

function pageStart(bytes: Uint8Array, rng: Rng): number {
  const pages = Math.floor((bytes.length - HEADER_SIZE) / PAGE_SIZE);
  return pages < 1 ? 0 : HEADER_SIZE + rng.between(0, pages - 1) * PAGE_SIZE;
}

/**
 * A damaged copy of a file. Half of the copies have right checksums again, so that damage reaches what lies behind them.
 *
 * @param other another file, from which pages are spliced in
 */
export function mutate(name: string, original: Uint8Array, other: Uint8Array, rng: Rng): Uint8Array {
  let bytes: Uint8Array = new Uint8Array(original);
  for (let count = rng.skewed(1, 5); count > 0; count--) {
    if (bytes.length === 0) break;
    bytes = (MUTATIONS[rng.pick(NAMES)] as Mutation)(bytes, rng, other);
  }
  if (rng.chance(0.5)) sealAgain(name, bytes);
  return bytes;
}

function sealAgain(name: string, bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (name.endsWith(".v3checkpoint") && bytes.length >= 48) {
    bytes.set(createHash("sha256").update(bytes.subarray(48, 48 + view.getUint32(12, true))).digest(), 16);
  } else if (name.endsWith(".v3edgemeta") && bytes.length >= 24) {
    view.setUint32(20, bytes.subarray(0, 20).reduce((sum, byte) => sum + byte, 0), true);
  } else if (name.endsWith(".graph")) {
    for (let at = HEADER_SIZE; at + PAGE_SIZE <= bytes.length; at += PAGE_SIZE) sealPage(bytes, view, at);
  }
}

/** Pages of nodes and of trees begin with their own id. */
function sealPage(bytes: Uint8Array, view: DataView, at: number): void {
  if (view.getBigUint64(at) !== BigInt((at - HEADER_SIZE) / PAGE_SIZE + 1)) return;
  const isIndexPage = view.getUint16(at + 12) === 0x5a5a && view.getUint32(at + 16) === 0;
  const count = view.getUint16(at + 10);
  // A leaf and an inner page with as many entries have the same length.
  const length = isIndexPage ? 40 + 16 * count : 32 + view.getUint16(at + 18);
  if (length > PAGE_SIZE) return;
  const checksumAt = at + (isIndexPage ? 12 : 28);
  view.setUint32(checksumAt, 0);
  view.setUint32(checksumAt, pageChecksum(bytes.subarray(at, at + length)));
}
