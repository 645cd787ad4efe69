/** A thread of the tests of locks and readers: does one action at a time and answers with its result. */

import { parentPort, workerData } from "node:worker_threads";
import { registerReader } from "../../lib/v3/reader_registry.ts";
import { realFileSystem } from "../../lib/v3/real_file_system.ts";
import { acquireWriterLock, type WriterLock } from "../../lib/v3/writer_lock.ts";
import { FREED, HEADER, ROUNDS, STOPS } from "./lock_thread.ts";

const { path, state } = workerData as { readonly path: string; readonly state: SharedArrayBuffer | undefined };
let lock: WriterLock | undefined;

const ACTIONS: Readonly<Record<string, () => unknown>> = {
  acquire() {
    lock = acquireWriterLock(realFileSystem, path);
    return "acquired";
  },

  release() {
    lock?.release();
    return "released";
  },

  /** Reads the newest commit again and again, as a reader of another process does, and looks whether it is freed meanwhile. */
  read() {
    const words = new Int32Array(state as SharedArrayBuffer);
    let registration = registerReader(realFileSystem, path);
    for (let rounds = 0; Atomics.load(words, STOPS) === 0; rounds++) {
      registration.pinAll();
      const lsn = Atomics.load(words, HEADER);
      registration.settle(lsn);
      for (let looks = 0; looks < rounds * 7_919 % 80_000; looks++) {
        if (Atomics.load(words, FREED + lsn) === 0) continue;
        Atomics.store(words, STOPS, 1);
        throw new Error(`commit ${lsn} was freed while it was read`);
      }
      if (rounds % 16 === 15) {
        registration.release();
        registration = registerReader(realFileSystem, path);
      }
      Atomics.add(words, ROUNDS, 1);
    }
    registration.release();
    return "done";
  },
};

parentPort?.on("message", (action: string) => {
  try {
    parentPort?.postMessage({ ok: true, value: ACTIONS[action]?.() });
  } catch (error) {
    const { name, code, message } = error as { name: string; code: unknown; message: string };
    parentPort?.postMessage({ ok: false, error: name, code, message });
  }
});
