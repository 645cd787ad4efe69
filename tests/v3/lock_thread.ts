/** Starts `lock_worker.ts` in a thread of this process. */

import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { LockResult } from "./lock_script.ts";

/** Words of the shared state: newest commit, whether readers stop, their rounds, then one for each commit: 1 when freed. */
export const HEADER = 0;
export const STOPS = 1;
export const ROUNDS = 2;
export const FREED = 3;

/** A thread. Ends when the block ends. */
export interface LockThread extends AsyncDisposable {
  /** Does one action to its end. */
  run(action: string): Promise<LockResult>;
}

/** Starts a thread for a database's path. */
export function startLockThread(path: string, state?: SharedArrayBuffer): LockThread {
  const worker = new Worker(new URL("./lock_worker.ts", import.meta.url), { workerData: { path, state } });
  return {
    async run(action) {
      worker.postMessage(action);
      const [result] = await once(worker, "message");
      return result as LockResult;
    },
    async [Symbol.asyncDispose]() {
      await worker.terminate();
    },
  };
}
