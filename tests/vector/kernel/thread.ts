/** A thread of threads_test.ts: links or searches in a memory until it is told to stop. */

import { parentPort, workerData } from "node:worker_threads";
import type { VectorMemoryHandle } from "../../../lib/vector/memory.ts";
import { attachVectorMemory } from "../../../lib/vector/shared_vectors.ts";
import { checkSearches } from "./searches.ts";

/** What the thread is told. */
export interface ThreadData {
  /** The index. */
  readonly handle: VectorMemoryHandle;
  /** What to do. */
  readonly task: "link" | "search";
  /** Words: stop, newest LSN, searches made. */
  readonly control: Int32Array;
  /** The place where it links, of a linker that is not released before it ends. */
  readonly place?: number;
}

const { handle, task, control, place } = workerData.data as ThreadData;
try {
  const memory = attachVectorMemory(handle);
  if (task === "link") {
    using linker = place === undefined ? memory.linker() : memory.linkerAt(place);
    parentPort?.postMessage("started");
    let linked = 0;
    while (Atomics.load(control, 0) === 0) linked += linker.linkPending(10);
    parentPort?.postMessage({ linked });
  } else parentPort?.postMessage({ searches: checkSearches(memory, control) });
} catch (error) {
  parentPort?.postMessage({ error: String((error as Error).stack) });
}
