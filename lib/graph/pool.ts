/** A number of threads that work on jobs. */

import type { Transferable } from "node:worker_threads";
import { ClosedError, GraphError } from "../backend/errors.ts";
import { isInExecutable } from "../backend/executable.ts";
import { entryOf } from "./worker_thread.ts";

/** A pool of threads. They start when they are needed and keep the process alive only while there are jobs. */
export interface Pool {
  /** Most threads that it has. */
  readonly size: number;
  /**
   * Does a job on a free thread, or on the first that gets free. A job is small: it carries shared buffers, not copies.
   *
   * @returns what the handler of the thread returned
   * @throws {GraphError} `worker-died` when the thread ended
   * @throws {DOMException} `DataCloneError` when the job cannot be sent
   */
  run(job: unknown, transfer?: readonly Transferable[]): Promise<unknown>;
  /** Ends the threads: idle ones close what they have open; jobs that still run reject. */
  close(): Promise<void>;
}

/** How to make a pool. */
export interface PoolOptions {
  /** Most threads. Default: the machine's cores less one, at least one. */
  readonly size?: number | undefined;
  /** What each thread is started with. */
  readonly data: unknown;
  /** The entry of the threads, where it is not ours. */
  readonly worker?: URL | undefined;
}

/** How long `close` waits for idle threads to end by themselves, before it ends them. */
const END_GRACE_MS = 1_000;

/** Waits until all have ended, or for so long as idle threads may take to end. */
export async function waitForThreads(ended: readonly Promise<unknown>[]): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, END_GRACE_MS);
  await Promise.race([Promise.allSettled(ended), late]);
  clearTimeout(timer);
}

/** Number of threads of a pool, unless told. */
export function defaultPoolSize(): number {
  return Math.max(1, navigator.hardwareConcurrency - 1);
}

/** A pool of threads: Piscina's where ours is a file that it can load, else our own. */
export async function openPool(options: PoolOptions): Promise<Pool> {
  const { size = defaultPoolSize(), data, worker } = options;
  if (worker === undefined && !isInExecutable(import.meta.url)) {
    const entry = entryOf("reader");
    if (entry.protocol === "file:") {
      const { PiscinaPool } = await import("./piscina_pool.ts");
      return new PiscinaPool(size, entry, data);
    }
  }
  const { ThreadPool } = await import("./thread_pool.ts");
  return new ThreadPool(size, worker, data);
}

/** The error of a job whose thread ended. */
export function workerDied(cause: unknown): GraphError {
  const why = cause instanceof Error ? `: ${cause.message}` : "";
  return new GraphError(`a worker thread ended while it worked on a job${why}; the next job gets a new thread`, {
    code: "worker-died",
    ...(cause === undefined ? undefined : { cause }),
  });
}

/** The error of a job for a pool that was closed. */
export function poolClosed(): ClosedError {
  return new ClosedError("the threads were ended with the graph that they belong to", { code: "database-closed" });
}
