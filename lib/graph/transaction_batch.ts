/** A transaction as it travels from the thread that ran its function to the thread that writes. */

/** Which concurrent commits make a transaction fail: those that wrote what it wrote, or also those that wrote what it read. */
export type Isolation = "snapshot" | "serializable";

/** What a transaction read and wants written, as bytes. */
export interface TransactionBatch {
  /** Commit that its reads saw. */
  readonly snapshotLsn: number;
  /** Its operations in order (`operation_log.ts`). */
  readonly operations: Uint8Array<ArrayBuffer>;
  /** Keys that nobody may have written since (`footprint.ts`). */
  readonly footprint: Float64Array<ArrayBuffer>;
}
