/** Starts the thread that holds the library. */

import { Worker, workerData } from "node:worker_threads";
import { UnsupportedError } from "../../backend/errors.ts";
import { isInExecutable } from "../../backend/executable.ts";
import { REPORT_FAILURE, waitForStart } from "./mailbox.ts";
import type { HnswlibStart } from "./server.ts";

/** How long it may take to start: it loads a megabyte of JavaScript. */
const START_MS = 30_000;

// Evaluated as CommonJS on every runtime, from a file, from a URL and in an executable alike.
const BOOTSTRAP = `
const { workerData } = require("node:worker_threads");
globalThis[Symbol.for("sqlitegraph.thread")] = workerData.role;
import(workerData.entry).catch((error) => (${REPORT_FAILURE})(workerData.data.memory, error));`;

/**
 * Starts a thread for an index and blocks until it answers. Any thread may do so, the main one included: threads start without
 * the event loop of the one that starts them. It does not keep the process alive.
 *
 * @param entry its module, unless it is ours
 * @throws {UnsupportedError} `engine-hnswlib-unavailable` when it cannot start, `worker-entry-needed` in a compiled program
 * whose threads have no entry
 */
export function startHnswlib(data: HnswlibStart, entry: URL = ownEntry()): Worker {
  const worker = new Worker(BOOTSTRAP, { eval: true, workerData: { entry: entry.href, role: "hnswlib", data } });
  worker.unref();
  // What ends the thread shows in shared memory.
  worker.on("error", () => {});
  try {
    waitForStart(data.memory, START_MS);
  } catch (error) {
    void worker.terminate();
    throw error;
  }
  return worker;
}

function ownEntry(): URL {
  if (!isInExecutable(import.meta.url)) {
    const type = import.meta.url.endsWith(".ts") ? "ts" : "js";
    return new URL(`../../../workers/hnswlib.${type}`, import.meta.url);
  }
  // The entry of all threads of a compiled program, which this thread was started with.
  const { entry } = (workerData ?? {}) as { readonly entry?: unknown };
  if (typeof entry === "string") return new URL(entry);
  throw new UnsupportedError(
    "a compiled program searches with the engine hnswlib in threads of a graph only: open it with openGraph and its option " +
      "worker, or make the index with the engine hnsw",
    { code: "worker-entry-needed", field: "engine", value: "hnswlib" },
  );
}
