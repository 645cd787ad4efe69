/** A pool of Piscina's threads. */

import { fileURLToPath } from "node:url";
import type { Transferable } from "node:worker_threads";
import { Piscina } from "piscina";
import { GraphError } from "../backend/errors.ts";
import { isCloneError } from "./clone_error.ts";
import { FreeThreads } from "./free_threads.ts";
import { END_THREAD } from "./job_server.ts";
import { keepAlive } from "./keep_alive.ts";
import { type Pool, poolClosed, waitForThreads, workerDied } from "./pool.ts";

/** What Piscina's threads look up; given here, Deno needs no permission to read the environment. */
const ENVIRONMENT = { PISCINA_DISABLE_ATOMICS: "0", PISCINA_ENABLE_ASYNC_ATOMICS: "0" };

/** A pool over a file whose default export is the handler of jobs. */
export class PiscinaPool implements Pool {
  readonly size: number;
  readonly #piscina: Piscina;
  /** Jobs wait here: those that wait in Piscina's queue are forgotten when a thread ends. */
  readonly #free: FreeThreads;
  #isClosed = false;
  /** Ends the jobs that wait for threads which cannot start: Piscina would never answer them. */
  readonly #pending = new Set<(error: unknown) => void>();

  /** Starts nothing yet. */
  constructor(size: number, entry: URL, data: unknown) {
    this.size = size;
    this.#free = new FreeThreads(size);
    this.#piscina = new Piscina({
      filename: fileURLToPath(entry),
      workerData: data,
      env: ENVIRONMENT,
      minThreads: 0,
      maxThreads: size,
      idleTimeout: Infinity,
      recordTiming: false,
    });
    // Told of a thread that failed without a job: while it loaded the entry.
    this.#piscina.on("error", (error: unknown) => {
      for (const reject of [...this.#pending]) reject(workerDied(error));
    });
  }

  run(job: unknown, transfer: readonly Transferable[] = []): Promise<unknown> {
    return keepAlive(this.#run(job, transfer));
  }

  async #run(job: unknown, transfer: readonly Transferable[]): Promise<unknown> {
    await this.#free.take(1);
    const { promise, reject } = Promise.withResolvers<never>();
    this.#pending.add(reject);
    try {
      if (this.#isClosed) throw poolClosed();
      // The runtimes disagree about the type of what can be transferred.
      const transferList = [...transfer] as never;
      return await Promise.race([this.#piscina.run(job, { transferList }), promise]);
    } catch (error) {
      throw isCloneError(error) || error instanceof GraphError ? error : workerDied(error);
    } finally {
      this.#pending.delete(reject);
      this.#free.giveBack(1);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    // Each goes to another idle thread, since none of them is answered.
    const idle = this.#piscina.threads.length - this.#pending.size;
    await waitForThreads(Array.from({ length: Math.max(0, idle) }, () => this.#piscina.run(END_THREAD)));
    await this.#piscina.destroy();
  }
}
