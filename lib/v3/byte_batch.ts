/** Many entries for a byte tree, in few objects. */

import { InvalidArgumentError } from "../backend/errors.ts";

/** Entries as flat columns. Entry `i` has the key `bytes[keyStart[i]]` to `bytes[keyEnd[i] - 1]`; its value likewise. */
export interface ByteBatch {
  /** Number of entries. */
  readonly count: number;
  /** Keys and values. */
  readonly bytes: Uint8Array;
  readonly keyStart: Uint32Array;
  readonly keyEnd: Uint32Array;
  readonly valueStart: Uint32Array;
  readonly valueEnd: Uint32Array;
  /** The entries in ascending order of their keys, which must differ. */
  readonly order: Uint32Array;
  /** Whether `order` comes from a sort of different keys: it is not checked then. Default: false. */
  readonly isSorted?: boolean;
}

/** No entries. */
export const NO_BATCH: ByteBatch = {
  count: 0,
  bytes: new Uint8Array(0),
  keyStart: new Uint32Array(0),
  keyEnd: new Uint32Array(0),
  valueStart: new Uint32Array(0),
  valueEnd: new Uint32Array(0),
  order: new Uint32Array(0),
};

/** Throws `InvalidArgumentError` unless the keys of a batch ascend. */
export function checkBatchOrder(batch: ByteBatch): void {
  const { count, bytes, keyStart, keyEnd, order, isSorted = false } = batch;
  if (isSorted) return;
  for (let item = 1; item < count; item++) {
    const before = order[item - 1] as number;
    const entry = order[item] as number;
    const start = keyStart[before] as number;
    const other = keyStart[entry] as number;
    const size = (keyEnd[before] as number) - start;
    const otherSize = (keyEnd[entry] as number) - other;
    const limit = size < otherSize ? size : otherSize;
    let shared = 0;
    while (shared < limit && bytes[start + shared] === bytes[other + shared]) shared++;
    const isAscending = shared < limit
      ? (bytes[start + shared] as number) < (bytes[other + shared] as number)
      : size < otherSize;
    if (!isAscending) {
      throw new InvalidArgumentError(`the keys of a batch must ascend; entry ${entry} does not follow ${before}`, {
        code: "unsorted-batch",
        field: "order",
        value: entry,
      });
    }
  }
}
