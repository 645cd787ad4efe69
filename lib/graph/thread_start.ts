/** What the code inside a thread knows of how it was started. Every thread loads it, so it brings nothing else along. */

import { parentPort, workerData } from "node:worker_threads";
import { UnsupportedError } from "../backend/errors.ts";

/** What a thread is for. */
export type ThreadRole = "engine" | "reader" | "hnswlib";

/** What a thread was started with. */
export interface ThreadStart {
  /** What it is for. */
  readonly role: ThreadRole;
  /** What the starter gave it. */
  readonly data: unknown;
}

/** Set in our threads, whichever copy of this module looks. */
const THREAD = Symbol.for("sqlitegraph.thread");

/** What a thread of ours sends when it can receive messages. */
export const READY = "sqlitegraph.ready";

/** Whether `startThread` started this thread. */
export function isOwnThread(): boolean {
  const start = workerData as Partial<ThreadStart & { entry: string }> | null | undefined;
  return typeof start === "object" && start?.role !== undefined && start.entry !== undefined;
}

/** Marks this thread as one of ours, where a library started it. */
export function markThread(role: ThreadRole): void {
  (globalThis as { [THREAD]?: ThreadRole })[THREAD] = role;
}

/** Throws when this is one of our threads: a script that opens a graph must not do so again in every thread. */
export function refuseInThread(call: string): void {
  const role = (globalThis as { [THREAD]?: ThreadRole })[THREAD];
  if (role === undefined) return;
  throw new UnsupportedError(
    `${call}: this is a worker thread of a graph, which loaded the module for its tasks; move the tasks into a module that ` +
      "opens no graph when it is loaded",
    { code: "inside-worker", value: role },
  );
}

/** In a thread: what it was started with. */
export function receiveStart(): ThreadStart {
  const { role, data } = workerData as ThreadStart;
  return { role, data };
}

/** In a thread: lets `startThread` return. An engine calls it when it can receive messages; a reader need not. */
export function threadReady(): void {
  parentPort?.postMessage(READY);
}
