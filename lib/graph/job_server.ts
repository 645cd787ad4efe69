/** The thread's side of both pools. */

import process from "node:process";
import { parentPort, workerData } from "node:worker_threads";
import { isCloneError } from "./clone_error.ts";
import { isOwnThread, markThread, receiveStart } from "./thread_start.ts";

/** What a thread does with jobs. */
export interface JobHandler {
  /** Does a job. It must not throw: what goes wrong is part of its result. */
  run(job: unknown): Promise<unknown>;
  /** The result in place of one that cannot be sent. */
  uncloneable(job: unknown, error: unknown): unknown;
  /** Gives up files and connections: the thread ends. */
  close(): void;
}

/**
 * The job that ends its thread. Deno does not end one that waits for a job by `Atomics.wait`, as Piscina's do: its memory and
 * open files would stay.
 */
export const END_THREAD = "sqlitegraph.end";

/**
 * Serves the pool that started this thread, whichever that is.
 *
 * @param handlerFor makes the handler from what the pool's threads are started with
 * @returns what must be the default export of the thread's entry: Piscina calls it
 */
export async function serveJobs(
  handlerFor: (data: unknown) => JobHandler | Promise<JobHandler>,
): Promise<(job: unknown) => Promise<unknown>> {
  if (isOwnThread()) {
    const handler = await handlerFor(receiveStart().data);
    parentPort?.on("message", (job: unknown) => {
      if (job === END_THREAD) endThread(handler);
      else void answer(handler, job);
    });
    return (job) => handler.run(job);
  }
  markThread("reader");
  const handler = await handlerFor(workerData);
  return async (job) => {
    if (job === END_THREAD) endThread(handler);
    const result = await handler.run(job);
    // Piscina sends it where nobody can catch the error, and loses the thread.
    const error = cloneErrorOf(result);
    return error === undefined ? result : handler.uncloneable(job, error);
  };
}

function endThread(handler: JobHandler): never {
  try {
    handler.close();
  } finally {
    process.exit(0);
  }
}

async function answer(handler: JobHandler, job: unknown): Promise<void> {
  const result = await handler.run(job);
  try {
    parentPort?.postMessage(result);
  } catch (error) {
    if (!isCloneError(error)) throw error;
    parentPort?.postMessage(handler.uncloneable(job, error));
  }
}

/** Why a value cannot be sent, or undefined when it can. */
function cloneErrorOf(value: unknown): unknown {
  try {
    structuredClone(value);
    return undefined;
  } catch (error) {
    return error;
  }
}
