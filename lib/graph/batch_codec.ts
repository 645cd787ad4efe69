/** Transactions on their way to the engine: any number in one buffer, which is moved and not copied.
 *
 *   f64   number of batches
 *   f64   of each: id, snapshot LSN, 1 when it must be synced at once, numbers of its footprint, bytes of its operations
 *   f64   the footprints, one after the other
 *   u8    the operations, one after the other
 */

import type { TransactionBatch } from "./transaction_batch.ts";

/** A transaction with what tells it apart from others. */
export interface NumberedBatch {
  readonly id: number;
  readonly batch: TransactionBatch;
  /** Whether it is to be safe against a power cut whatever the durability of the graph. */
  readonly mustSync: boolean;
}

const HEAD_NUMBERS = 1;
const BATCH_NUMBERS = 5;

/** Bytes that a batch takes on its way. */
export function batchSize({ footprint, operations }: TransactionBatch): number {
  return BATCH_NUMBERS * 8 + footprint.byteLength + operations.byteLength;
}

/** Puts batches into one buffer. */
export function encodeBatches(batches: readonly NumberedBatch[]): ArrayBuffer {
  let footprintLength = 0;
  let operationBytes = 0;
  for (const { batch } of batches) {
    footprintLength += batch.footprint.length;
    operationBytes += batch.operations.length;
  }
  const headLength = HEAD_NUMBERS + batches.length * BATCH_NUMBERS;
  const numbersLength = headLength + footprintLength;
  const buffer = new ArrayBuffer(numbersLength * 8 + operationBytes);
  const numbers = new Float64Array(buffer, 0, numbersLength);
  const bytes = new Uint8Array(buffer, numbersLength * 8);
  numbers[0] = batches.length;
  let headAt = HEAD_NUMBERS;
  let footprintAt = headLength;
  let bytesAt = 0;
  for (const { id, batch: { snapshotLsn, footprint, operations }, mustSync } of batches) {
    numbers[headAt] = id;
    numbers[headAt + 1] = snapshotLsn;
    numbers[headAt + 2] = mustSync ? 1 : 0;
    numbers[headAt + 3] = footprint.length;
    numbers[headAt + 4] = operations.length;
    headAt += BATCH_NUMBERS;
    numbers.set(footprint, footprintAt);
    footprintAt += footprint.length;
    bytes.set(operations, bytesAt);
    bytesAt += operations.length;
  }
  return buffer;
}

/** Appends the batches of a buffer to `into`. They are parts of the buffer. */
export function decodeBatches(buffer: ArrayBuffer, into: NumberedBatch[]): void {
  const count = new Float64Array(buffer, 0, HEAD_NUMBERS)[0] as number;
  const headLength = HEAD_NUMBERS + count * BATCH_NUMBERS;
  const heads = new Float64Array(buffer, 0, headLength);
  let footprintAt = headLength * 8;
  let operationsAt = footprintAt;
  for (let at = HEAD_NUMBERS; at < headLength; at += BATCH_NUMBERS) operationsAt += (heads[at + 3] as number) * 8;
  for (let at = HEAD_NUMBERS; at < headLength; at += BATCH_NUMBERS) {
    const footprint = new Float64Array(buffer, footprintAt, heads[at + 3] as number);
    const operations = new Uint8Array(buffer, operationsAt, heads[at + 4] as number);
    footprintAt += footprint.byteLength;
    operationsAt += operations.byteLength;
    into.push({
      id: heads[at] as number,
      batch: { snapshotLsn: heads[at + 1] as number, footprint, operations },
      mustSync: heads[at + 2] === 1,
    });
  }
}
