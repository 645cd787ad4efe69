/** Ids of 64 bits as pairs of 32-bit halves: exact without a bigint, which is made only for ids beyond 2^53. */

import type { ReferenceId } from "./report.ts";

const HALF = 0x1_0000_0000;

/** The id of two halves, signed. Both may be given as signed or unsigned. */
export function idOfHalves(high: number, low: number): ReferenceId {
  const id = (high | 0) * HALF + (low >>> 0);
  return Number.isSafeInteger(id) ? id : BigInt.asIntN(64, (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0));
}

/** The id of two halves as a number, NaN where that is not exact. Hot. */
export function numberOfHalves(high: number, low: number): number {
  const id = (high | 0) * HALF + (low >>> 0);
  return Number.isSafeInteger(id) ? id : NaN;
}

/** The id that 64 bits are, as a number where that is exact. */
export function idOfBigint(bits: bigint): ReferenceId {
  const id = BigInt.asIntN(64, bits);
  const number = Number(id);
  return Number.isSafeInteger(number) ? number : id;
}

/** Whether our records may have the id. */
export function isOurId(id: ReferenceId): id is number {
  return typeof id === "number" && id > 0 && Number.isSafeInteger(id);
}
