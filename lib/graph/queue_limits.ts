/** How much may be on its way between the caller's thread and the engine's. */

/** Transactions that were sent and not yet answered. More of them wait on the caller's side. */
export const MAX_BATCHES_UNDER_WAY = 4096;

/** Bytes of such transactions; a single one may be larger. */
export const MAX_BYTES_UNDER_WAY: number = 64 * 1024 * 1024;
