/** Runs the tasks of one graph on its pool of threads. */

import type { Progress } from "../backend/care.ts";
import { ClosedError, InvalidArgumentError } from "../backend/errors.ts";
import { show } from "../backend/validate.ts";
import { FreeThreads } from "./free_threads.ts";
import { defaultPoolSize, openPool, type Pool, type PoolOptions } from "./pool.ts";
import { RunControl } from "./run_control.ts";
import type { HeldState } from "./state_source.ts";
import type { Task } from "./task.ts";
import type { AnyTask, TaskAddress } from "./task_registry.ts";
import { runTogether, type RunWork, watch } from "./task_run.ts";

/** How long `close` waits for tasks that have been cancelled, before their threads are ended. */
const CLOSE_GRACE_MS = 1_000;

/** The pool of a runner. */
export interface TaskRunnerOptions {
  /** Most threads. Default: the machine's cores less one, at least one. */
  readonly threads?: number | undefined;
  /** The entry of the threads, where it is not ours. */
  readonly worker?: URL | undefined;
  /** Makes the pool, with the first run. */
  readonly open?: ((options: PoolOptions) => Promise<Pool>) | undefined;
}

/** How to run a task. */
export interface TaskRunOptions {
  /** Threads: of a run, those that run it together (default 1); of a map, those that work at once (default: all). */
  readonly workers?: number | undefined;
  /** Cancels the run. */
  readonly signal?: AbortSignal | undefined;
  /** Told now and then. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Time that expiries are judged by. Default: now, or the commit's time of a past state. */
  readonly takenAt?: number | undefined;
}

/** A run, before it starts. */
interface Plan<R> {
  readonly control: RunControl;
  /** How far it has come. */
  told(): Progress;
  /** Lets threads work, to their end. */
  work(pool: Pool, state: SharedState, signal: AbortSignal): Promise<R>;
}

type SharedState = Pick<RunWork, "shared" | "takenAt">;

/** A run whose threads have not all ended. */
interface ActiveRun {
  readonly control: RunControl;
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

/** The runs of a graph's tasks. Each takes over the state that it reads and releases it when no thread reads it any more. */
export class TaskRunner {
  /** Most threads. */
  readonly size: number;
  readonly #poolOptions: PoolOptions;
  readonly #open: (options: PoolOptions) => Promise<Pool>;
  readonly #free: FreeThreads;
  readonly #active = new Set<ActiveRun>();
  #pool: Promise<Pool> | undefined;
  #closing: Promise<void> | undefined;

  /** Starts nothing yet. The handle is what threads make their `BorrowedSource` of. */
  constructor(handle: unknown, { threads, worker, open = openPool }: TaskRunnerOptions = {}) {
    this.size = checkThreads(threads, defaultPoolSize(), "openGraph", "threads");
    this.#poolOptions = { size: this.size, data: handle, worker };
    this.#open = open;
    this.#free = new FreeThreads(this.size);
  }

  /**
   * Runs a task: on one thread, or on several together as soon as so many are free.
   *
   * @returns what the task returned on its first thread
   * @throws what the task threw, the signal's reason, or what `onProgress` threw
   * @throws {GraphError} `worker-died` when the task ended its thread
   * @throws {InvalidArgumentError} when parameters or result cannot be sent between threads
   */
  run<P, R, Source>(
    task: Task<P, R, Source>,
    params: NoInfer<P>,
    state: HeldState,
    options: TaskRunOptions = {},
  ): Promise<R> {
    return this.#start(state, options, () => {
      const address = addressOf(task, "run");
      const workers = Math.min(checkThreads(options.workers, 1, "run", "workers"), this.size);
      const control = new RunControl(workers);
      return {
        control,
        told: () => progressOf(address, control.done, control.total),
        work: async (pool, shared, signal) => {
          await this.#free.take(workers, signal);
          return await runTogether(pool, control, { ...address, ...shared, params }, workers, this.#giveBackOne) as R;
        },
      };
    });
  }

  /**
   * Runs a task once for each of many parameters, on one state; `onProgress` is told how many are done.
   *
   * @returns the results in the order of the parameters
   * @throws as `run`; the first failure cancels the rest
   */
  map<P, R, Source>(
    task: Task<P, R, Source>,
    params: Iterable<NoInfer<P>>,
    state: HeldState,
    options: TaskRunOptions = {},
  ): Promise<R[]> {
    return this.#start(state, options, () => {
      const address = addressOf(task, "map");
      const lanes = Math.min(checkThreads(options.workers, this.size, "map", "workers"), this.size);
      const all = [...params];
      const control = new RunControl(1);
      const results = new Array<R>(all.length);
      let begun = 0;
      let done = 0;
      let hasFailed = false;
      const lane = async (pool: Pool, shared: SharedState, signal: AbortSignal) => {
        try {
          while (begun < all.length && !hasFailed) {
            const at = begun++;
            await this.#free.take(1, signal);
            const work = { ...address, ...shared, params: all[at] };
            results[at] = await runTogether(pool, control, work, 1, this.#giveBackOne) as R;
            done++;
          }
        } catch (error) {
          if (hasFailed) return; // cancelled, because of the failure
          hasFailed = true;
          throw error;
        }
      };
      return {
        control,
        told: () => progressOf(address, done, all.length),
        work: async (...args) => {
          const ended = await Promise.allSettled(
            Array.from({ length: Math.min(lanes, all.length) }, () => lane(...args)),
          );
          for (const one of ended) if (one.status === "rejected") throw one.reason;
          return results;
        },
      };
    });
  }

  readonly #giveBackOne = (): void => this.#free.giveBack(1);

  async #start<R>(state: HeldState, options: TaskRunOptions, makePlan: () => Plan<R>): Promise<R> {
    const { signal, onProgress } = options;
    let plan: Plan<R>;
    try {
      if (this.#closing !== undefined) throw graphClosed();
      signal?.throwIfAborted();
      plan = makePlan();
    } catch (error) {
      state.release();
      throw error;
    }
    const stop = new AbortController();
    stop.signal.addEventListener("abort", () => plan.control.cancel());
    const takenAt = options.takenAt ?? (state.isPast ? state.timeMs : Date.now());
    const result = this.#execute(plan, state, takenAt, stop.signal);
    const run: ActiveRun = { control: plan.control, stop, ended: result.then(() => {}, () => {}) };
    this.#active.add(run);
    void run.ended.then(() => this.#active.delete(run));

    const onAbort = () => stop.abort(signal?.reason);
    signal?.addEventListener("abort", onAbort);
    try {
      return await watch(result, stop, plan.told, onProgress);
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }

  async #execute<R>(plan: Plan<R>, state: HeldState, takenAt: number, signal: AbortSignal): Promise<R> {
    try {
      const pool = await (this.#pool ??= this.#open(this.#poolOptions));
      const shared = await state.share();
      return await plan.work(pool, { shared, takenAt }, signal);
    } finally {
      plan.control.revoke();
      state.release();
    }
  }

  /** Rejects all runs with `ClosedError`, lets their threads come to an end for a moment, and ends them. */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    const runs = [...this.#active];
    for (const { stop } of runs) stop.abort(graphClosed());
    const ended = Promise.all(runs.map((run) => run.ended));
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, CLOSE_GRACE_MS);
    await Promise.race([ended, late]);
    clearTimeout(timer);
    for (const { control } of runs) control.revoke();
    const pool = await this.#pool?.catch(() => undefined);
    await pool?.close();
    await ended;
  }
}

function addressOf(task: AnyTask, call: string): TaskAddress {
  if (typeof task !== "function" || typeof task.moduleUrl !== "string" || typeof task.taskName !== "string") {
    throw new InvalidArgumentError(`${call}: ${show(task)} is no task; make one with defineTask`, {
      code: "not-a-task",
      field: "task",
      value: task,
    });
  }
  return { moduleUrl: task.moduleUrl, taskName: task.taskName };
}

function checkThreads(value: unknown, fallback: number, call: string, field: string): number {
  if (value === undefined) return fallback;
  if (typeof value === "number" && Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError(`${call}: ${field} is ${show(value)}; give an integer from 1 or leave it out`, {
    code: "invalid-count",
    field,
    value,
  });
}

function progressOf({ taskName }: TaskAddress, done: number, total: number): Progress {
  return total > 0 ? { phase: taskName, done, total } : { phase: taskName, done };
}

function graphClosed(): ClosedError {
  return new ClosedError("the graph was closed while a task was running or waiting", { code: "database-closed" });
}
