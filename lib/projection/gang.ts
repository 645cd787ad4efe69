/** One thread that works alone. */

import type { Gang } from "../backend/projection.ts";

/** One thread alone. */
export const ALONE: Gang = {
  workers: 1,
  worker: 0,
  throwIfAborted() {},
  progress() {},
  total() {},
  barrier() {},
  sharedBuffer: (byteLength) => new SharedArrayBuffer(byteLength),
};
