/** Keys of the edge tree: bit 62 is the direction (1: incoming), the bits below it are the zigzag code of the node's id. */

import { idOfBigint } from "./id64.ts";
import { unzigzag, unzigzagBig } from "./leb128.ts";
import type { ReferenceId } from "./report.ts";

const DIRECTION_BIT = 0x4000_0000;
const HALF = 0x1_0000_0000;
/** Twice this is exact. */
const LARGEST_QUICK_ID = 2 ** 52;

/** Whether the key with this high half is of a list of incoming edges. */
export function isIncomingKey(high: number): boolean {
  return (high & DIRECTION_BIT) !== 0;
}

/** The node of a key. */
export function nodeOfEdgeKey(high: number, low: number): ReferenceId {
  const codeHigh = high & 0x3fff_ffff;
  const code = codeHigh * HALF + (low >>> 0);
  if (code <= Number.MAX_SAFE_INTEGER) return unzigzag(code);
  return idOfBigint(unzigzagBig((BigInt(codeHigh) << 32n) | BigInt(low >>> 0)));
}

/** A key as two halves. */
export interface EdgeKey {
  /** High 32 bits, unsigned. */
  readonly high: number;
  /** Low 32 bits, unsigned. */
  readonly low: number;
}

/** Key of a node's edges in one direction. */
export function edgeKey(node: ReferenceId, isIncoming: boolean): EdgeKey {
  if (typeof node === "number" && node >= 0 && node <= LARGEST_QUICK_ID) {
    const code = 2 * node;
    return { high: (Math.floor(code / HALF) | (isIncoming ? DIRECTION_BIT : 0)) >>> 0, low: code >>> 0 };
  }
  const id = BigInt(node);
  const code = BigInt.asUintN(62, id >= 0n ? 2n * id : -2n * id - 1n);
  return {
    high: (Number(code >> 32n) | (isIncoming ? DIRECTION_BIT : 0)) >>> 0,
    low: Number(BigInt.asUintN(32, code)),
  };
}
