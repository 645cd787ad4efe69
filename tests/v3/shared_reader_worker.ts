/** A thread of the tests of shared memory: takes state after state and looks whether the books balance. */

import { parentPort, workerData } from "node:worker_threads";
import { CheckedSnapshot } from "../../lib/backend/checked_snapshot.ts";
import type { GraphReader } from "../../lib/backend/graph_reader.ts";
import { attachV3 } from "../../lib/v3/shared_source.ts";
import { faultOf } from "./shared_bank.ts";

const { handle, accounts, words } = workerData as {
  readonly handle: unknown;
  readonly accounts: number;
  /** 0: not 0 ends the thread; 1: states checked; 2: highest LSN that was checked. */
  readonly words: Int32Array;
};
const source = attachV3(handle);
let last = -1;
let fault: string | undefined;
while (Atomics.load(words, 0) === 0 && fault === undefined) {
  const held = source.hold(undefined, "snapshot");
  const snapshot = new CheckedSnapshot(held, Date.now());
  if (held.lsn < last) fault = `commit ${held.lsn} after ${last}`;
  last = held.lsn;
  fault ??= faultOf(snapshot as unknown as GraphReader, accounts);
  snapshot.release();
  Atomics.add(words, 1, 1);
  Atomics.store(words, 2, last);
}
source.close();
parentPort?.postMessage(fault ?? "sound");
