/** A pool of our own threads: for programs that run from a URL or from an executable. */

import type { Transferable } from "node:worker_threads";
import { END_THREAD } from "./job_server.ts";
import { keepAlive } from "./keep_alive.ts";
import { type Pool, poolClosed, waitForThreads, workerDied } from "./pool.ts";
import { startThread, type WorkerThread } from "./worker_thread.ts";

/** A pool whose threads run `serveJobs`. */
export class ThreadPool implements Pool {
  readonly size: number;
  readonly #entry: URL | undefined;
  readonly #data: unknown;
  readonly #threads = new Set<WorkerThread>();
  readonly #idle: WorkerThread[] = [];
  /** Jobs that wait for a thread, first in, first out. */
  readonly #waiting: PromiseWithResolvers<WorkerThread>[] = [];
  #starting = 0;
  #isClosed = false;

  /** Starts nothing yet. The entry is ours unless it is given. */
  constructor(size: number, entry: URL | undefined, data: unknown) {
    this.size = size;
    this.#entry = entry;
    this.#data = data;
  }

  run(job: unknown, transfer: readonly Transferable[] = []): Promise<unknown> {
    return keepAlive(this.#run(job, transfer));
  }

  async #run(job: unknown, transfer: readonly Transferable[]): Promise<unknown> {
    if (this.#isClosed) throw poolClosed();
    const waiter = Promise.withResolvers<WorkerThread>();
    this.#waiting.push(waiter);
    this.#assign();
    const thread = await waiter.promise;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    thread.onMessage = resolve;
    thread.onExit = (error) => {
      this.#remove(thread);
      reject(workerDied(error));
    };
    try {
      // A thread that ended while it was on its way to us does not answer.
      if (!this.#threads.has(thread)) throw workerDied(undefined);
      thread.post(job, transfer);
      return await promise;
    } finally {
      if (this.#threads.has(thread)) this.#free(thread);
      this.#assign();
    }
  }

  #free(thread: WorkerThread): void {
    thread.onExit = () => this.#remove(thread);
    this.#idle.push(thread);
  }

  #remove(thread: WorkerThread): void {
    this.#threads.delete(thread);
    const at = this.#idle.indexOf(thread);
    if (at >= 0) this.#idle.splice(at, 1);
  }

  /** Gives free threads to waiting jobs, and starts as many as those lack. */
  #assign(): void {
    while (this.#idle.length > 0 && this.#waiting.length > 0) {
      this.#waiting.shift()?.resolve(this.#idle.pop() as WorkerThread);
    }
    while (this.#starting < this.#waiting.length && this.#threads.size + this.#starting < this.size) void this.#start();
  }

  async #start(): Promise<void> {
    this.#starting++;
    try {
      const thread = await startThread("reader", this.#data, { worker: this.#entry });
      this.#starting--;
      if (this.#isClosed) {
        await thread.terminate();
        return;
      }
      this.#threads.add(thread);
      this.#free(thread);
      this.#assign();
    } catch (error) {
      this.#starting--;
      // Who waits longest is told; a job after it tries again.
      this.#waiting.shift()?.reject(error);
      this.#assign();
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const waiter of this.#waiting.splice(0)) waiter.reject(poolClosed());
    await waitForThreads(this.#idle.splice(0).map((thread) => this.#end(thread)));
    await Promise.all([...this.#threads].map((thread) => thread.terminate()));
  }

  async #end(thread: WorkerThread): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    thread.onExit = () => {
      this.#remove(thread);
      resolve();
    };
    thread.post(END_THREAD);
    await promise;
  }
}
