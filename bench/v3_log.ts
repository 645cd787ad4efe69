/** What is in a log, seen from outside. */

import { closeSync, fstatSync, openSync, readSync } from "node:fs";

const LOG_HEADER_BYTES = 64;
const BLOCK_BYTES = 64 * 1024;

/** Bytes of a database's log up to the zeroes that it ends in. */
export function logBytes(path: string): number {
  const file = openSync(`${path}.v3wal`, "r");
  try {
    const block = new Uint8Array(BLOCK_BYTES);
    const end = fstatSync(file).size;
    for (let at = end - end % BLOCK_BYTES; at >= 0; at -= BLOCK_BYTES) {
      let length = readSync(file, block, 0, BLOCK_BYTES, at);
      while (length > 0 && block[length - 1] === 0) length--;
      if (length > 0) return at + length;
    }
    return LOG_HEADER_BYTES;
  } finally {
    closeSync(file);
  }
}
