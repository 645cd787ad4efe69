/**
 * Records that are too large for a leaf: their data, or all of them, lies in an overflow chain. The reference to the chain
 * (its length as varint, page u32, birth u32) is always the last part of what stays in the leaf, and flags in the record's
 * first byte say that it is there.
 */

import { readOverflow, writeOverflow } from "./overflow.ts";
import type { MutablePages, Pages } from "./pages.ts";
import { lastVarint, MAX_VARINT_BYTES, readVarint, writeVarint } from "./varint.ts";

/** A larger record keeps its data, or all of it, in a chain. */
export const MAX_INLINE_RECORD = 1000;
/** What a record may take inline without its data. */
export const MAX_INLINE_HEAD = 600;

const stub = new Uint8Array(MAX_INLINE_HEAD + MAX_VARINT_BYTES + 8);
const stubView = new DataView(stub.buffer);

/** A record as it goes into its tree: `bytes` from `at` to `end` - 1. A field instead of a result: nothing is allocated. */
export const inlineRecord: { bytes: Uint8Array; at: number; end: number } = { bytes: stub, at: 0, end: 0 };

/**
 * Moves what does not fit into a leaf to a chain; the result is in `inlineRecord`.
 *
 * @param headEnd where the head of the record ends and its data begins
 * @param dataFlag flag in the first byte: the data is in a chain
 * @param wholeFlag first byte of a record of which everything is in a chain
 */
export function makeInline(
  pages: MutablePages,
  source: Uint8Array,
  start: number,
  headEnd: number,
  end: number,
  dataFlag: number,
  wholeFlag: number,
): void {
  if (end - start <= MAX_INLINE_RECORD) {
    inlineRecord.bytes = source;
    inlineRecord.at = start;
    inlineRecord.end = end;
    return;
  }
  inlineRecord.bytes = stub;
  inlineRecord.at = 0;
  const headBytes = headEnd - start;
  if (headBytes <= MAX_INLINE_HEAD) {
    stub.set(source.subarray(start, headEnd));
    stub[0] = (stub[0] as number) | dataFlag;
    inlineRecord.end = writeChain(pages, headBytes, source, headEnd, end);
  } else {
    stub[0] = wholeFlag;
    inlineRecord.end = writeChain(pages, 1, source, start, end);
  }
}

/** Writes a chain and a reference to it into the stub; returns the end of the reference. */
function writeChain(pages: MutablePages, stubAt: number, source: Uint8Array, start: number, end: number): number {
  const { pageId, birth } = writeOverflow(pages, source, start, end);
  const at = writeVarint(stub, stubAt, end - start);
  stubView.setUint32(at, pageId, true);
  stubView.setUint32(at + 4, birth, true);
  return at + 8;
}

/** The bytes of the chain that a reference at a position names: a copy. */
export function readRecordChain(pages: Pages, bytes: Uint8Array, at: number): Uint8Array {
  const length = readVarint(bytes, at);
  at = lastVarint.end;
  return readOverflow(pages, readU32(bytes, at), readU32(bytes, at + 4), length);
}

/** Visits the chain that a record owns, when the flags in its first byte say that it owns one. */
export function visitRecordChain(
  bytes: Uint8Array,
  at: number,
  end: number,
  flags: number,
  visit: (pageId: number, birth: number) => void,
): void {
  if (((bytes[at] as number) & flags) !== 0) visit(readU32(bytes, end - 8), readU32(bytes, end - 4));
}

function readU32(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)) >>> 0;
}
