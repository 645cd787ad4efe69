/** Runs the tasks of one graph on its pool of threads. */

import type { Progress } from "../backend/care.ts";
import { ClosedError, InvalidArgumentError } from "../backend/errors.ts";
import type { ProjectOptions } from "../backend/projection.ts";
import type { HeldState } from "../backend/state_source.ts";
import { show } from "../backend/validate.ts";
import type { Projection, ProjectionHandle } from "../projection/mod.ts";
import { ActiveRun } from "./active_run.ts";
import { FreeThreads } from "./free_threads.ts";
import { defaultPoolSize, openPool, type Pool, type PoolOptions } from "./pool.ts";
import { projectTask } from "./project_task.ts";
import { ProjectionCache } from "./projection_cache.ts";
import { checkPooledProjection, checkSourceChoice, type PooledProjection } from "./projection_choice.ts";
import type { RunControl } from "./run_control.ts";
import type { Task } from "../task/task.ts";
import type { AnyTask, TaskAddress } from "../task/task_registry.ts";
import { runTogether, type RunWork } from "./task_run.ts";
import type { JobSource } from "./task_worker.ts";

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
  /** Which part of a state an algorithm reads. */
  readonly project?: ProjectOptions | undefined;
}

/** What one of the threads that share work is given. */
export interface SharedPart<P> {
  /** Parameters of its task. */
  readonly params: P;
  /** Called when it works no more, also where it has died. */
  readonly end?: () => void;
}

/** What a run reads: a state, which it takes over, or a projection that is there already. */
export type RunSource = HeldState | Projection;

/** What every run is asked for. */
interface Request {
  readonly call: "run" | "map" | "searchVectors";
  readonly task: AnyTask;
  readonly source: RunSource;
  readonly options: TaskRunOptions;
  readonly defaultWorkers: number;
}

/** A request that passed all checks. */
interface Plan {
  readonly address: TaskAddress;
  readonly workers: number;
  readonly reads: StateReading | Projection;
}

/** A state that a run reads. */
interface StateReading {
  readonly state: HeldState;
  readonly takenAt: number;
  /** Of an algorithm: what it reads of it. */
  readonly projection: PooledProjection | undefined;
}

/** What the threads of a run are sent, but for the parameters. */
type Work = Omit<RunWork, "params">;

/** Lets threads work, to their end, when what they read is there. */
type Part<R> = (run: ActiveRun, pool: Pool, work: Work, workers: number) => Promise<R>;

/** The runs of a graph's tasks. Each takes over the state that it reads and releases it when no thread reads it any more. */
export class TaskRunner {
  /** Most threads. */
  readonly size: number;
  readonly #poolOptions: PoolOptions;
  readonly #open: (options: PoolOptions) => Promise<Pool>;
  readonly #free: FreeThreads;
  readonly #projections = new ProjectionCache();
  readonly #active = new Set<{ readonly run: ActiveRun; readonly ended: Promise<void> }>();
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
   * Runs a task: on one thread, or on several together as soon as so many are free. An algorithm reads the projection that it
   * is given, or one of the state: the same threads make it first, unless a run before has done so.
   *
   * @returns what the task returned on its first thread
   * @throws what the task threw, the signal's reason, or what `onProgress` threw
   * @throws {GraphError} `worker-died` when the task ended its thread
   * @throws {InvalidArgumentError} when parameters or result cannot be sent between threads
   */
  run<P, R, Source>(
    task: Task<P, R, Source>,
    params: NoInfer<P>,
    source: RunSource,
    options: TaskRunOptions = {},
  ): Promise<R> {
    return this.#start({ call: "run", task, source, options, defaultWorkers: 1 }, () => (run, pool, work, workers) => {
      const told = ({ done, total }: RunControl) => progressOf(work.taskName, done, total);
      return this.#runTogether(run, pool, { ...work, params }, workers, told) as Promise<R>;
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
    source: RunSource,
    options: TaskRunOptions = {},
  ): Promise<R[]> {
    return this.#start({ call: "map", task, source, options, defaultWorkers: this.size }, () => {
      const all = [...params];
      return (run, pool, work, workers) => this.#mapAll<R>(run, pool, work, all, workers);
    });
  }

  /**
   * Lets threads share work in the memory of its parameters, from which each takes what no other has taken: as many threads as
   * get free until one of them finds nothing left.
   *
   * @param begin called for each thread, as soon as it is free
   * @throws as `run`; the first failure cancels the rest
   */
  share<P>(
    task: Task<P, void>,
    begin: () => SharedPart<NoInfer<P>>,
    source: HeldState,
    options: Pick<TaskRunOptions, "workers" | "signal">,
  ): Promise<void> {
    const request: Request = { call: "searchVectors", task, source, options, defaultWorkers: this.size };
    return this.#start(request, () => (run, pool, work, workers) => this.#shareOut(run, pool, work, begin, workers));
  }

  async #shareOut(
    run: ActiveRun,
    pool: Pool,
    work: Work,
    begin: () => SharedPart<unknown>,
    workers: number,
  ): Promise<void> {
    const control = run.begin(1, () => progressOf(work.taskName, 0, 0));
    const enough = new AbortController();
    const signal = AbortSignal.any([run.signal, enough.signal]);
    const failures: unknown[] = [];
    const endOne = () => {
      // First: else one that waits would get this thread.
      enough.abort();
      this.#free.giveBack(1);
    };
    const lane = async () => {
      try {
        await this.#free.take(1, signal);
      } catch (error) {
        if (!enough.signal.aborted) failures.push(error);
        return;
      }
      let part: SharedPart<unknown>;
      try {
        part = begin();
      } catch (error) {
        failures.push(error);
        control.cancel();
        return endOne();
      }
      const end = () => {
        part.end?.();
        endOne();
      };
      await runTogether(pool, control, { ...work, params: part.params }, 1, end).catch((error: unknown) => {
        failures.push(error);
      });
    };
    await Promise.all(Array.from({ length: workers }, lane));
    if (failures.length > 0) throw failures[0];
  }

  async #runTogether(
    run: ActiveRun,
    pool: Pool,
    work: RunWork,
    workers: number,
    told: (control: RunControl) => Progress,
  ): Promise<unknown> {
    const control = run.begin(workers, told);
    await this.#free.take(workers, run.signal);
    return await runTogether(pool, control, work, workers, this.#giveBackOne);
  }

  async #mapAll<R>(run: ActiveRun, pool: Pool, work: Work, all: readonly unknown[], workers: number): Promise<R[]> {
    const results = new Array<R>(all.length);
    let begun = 0;
    let done = 0;
    let hasFailed = false;
    const control = run.begin(1, () => progressOf(work.taskName, done, all.length));
    const lane = async () => {
      try {
        while (begun < all.length && !hasFailed) {
          const at = begun++;
          await this.#free.take(1, run.signal);
          results[at] = await runTogether(pool, control, { ...work, params: all[at] }, 1, this.#giveBackOne) as R;
          done++;
        }
      } catch (error) {
        if (hasFailed) return; // cancelled, because of the failure
        hasFailed = true;
        throw error;
      }
    };
    const ended = await Promise.allSettled(Array.from({ length: Math.min(workers, all.length) }, lane));
    for (const one of ended) if (one.status === "rejected") throw one.reason;
    return results;
  }

  readonly #giveBackOne = (): void => this.#free.giveBack(1);

  async #start<R>(request: Request, makePart: () => Part<R>): Promise<R> {
    const { source, options: { signal, onProgress } } = request;
    let part: Part<R>;
    let plan: Plan;
    try {
      if (this.#closing !== undefined) throw graphClosed();
      signal?.throwIfAborted();
      plan = this.#plan(request);
      part = makePart();
    } catch (error) {
      if (isState(source)) source.release();
      throw error;
    }
    const run = new ActiveRun(onProgress);
    const result = this.#execute(run, plan, part);
    const active = { run, ended: result.then(() => {}, () => {}) };
    this.#active.add(active);
    void active.ended.then(() => this.#active.delete(active));

    const onAbort = () => run.stop(signal?.reason);
    signal?.addEventListener("abort", onAbort);
    try {
      return await run.watch(result);
    } finally {
      signal?.removeEventListener("abort", onAbort);
    }
  }

  #plan({ call, task, source, options, defaultWorkers }: Request): Plan {
    const address = addressOf(task, call);
    const workers = Math.min(checkThreads(options.workers, defaultWorkers, call, "workers"), this.size);
    const { project } = options;
    if (!isState(source)) {
      checkSourceChoice(task, { project, projection: source }, call);
      return { address, workers, reads: source };
    }
    checkSourceChoice(task, { project }, call);
    const takenAt = options.takenAt ?? (source.isPast ? source.timeMs : Date.now());
    const projection = task.source === "projection" ? checkPooledProjection(project, call) : undefined;
    return { address, workers, reads: { state: source, takenAt, projection } };
  }

  async #execute<R>(run: ActiveRun, { address, workers, reads }: Plan, part: Part<R>): Promise<R> {
    try {
      const pool = await (this.#pool ??= this.#open(this.#poolOptions));
      const source = await this.#sourceOf(run, pool, reads, workers);
      return await part(run, pool, { ...address, source }, workers);
    } finally {
      run.revoke();
      if ("state" in reads && !reads.state.isReleased) reads.state.release();
    }
  }

  async #sourceOf(run: ActiveRun, pool: Pool, reads: Plan["reads"], workers: number): Promise<JobSource> {
    if (!("state" in reads)) return { projection: reads.handle };
    const { state, takenAt, projection } = reads;
    if (projection === undefined) return { shared: await state.share(), takenAt };
    const { key, options } = projection;
    const made = await this.#projections.get(`${state.lsn} ${key}`, run.signal, async () => {
      const address = addressOf(projectTask, "run");
      const work = { ...address, source: { shared: await state.share(), takenAt }, params: options };
      const told = ({ done, total }: RunControl) => progressOf("project", done, total);
      return await this.#runTogether(run, pool, work, workers, told) as ProjectionHandle;
    });
    // The algorithm does not read the state: what was deleted since need not be kept for it.
    state.release();
    return { projection: made };
  }

  /** Rejects all runs with `ClosedError`, lets their threads come to an end for a moment, and ends them. */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    const active = [...this.#active];
    for (const { run } of active) run.stop(graphClosed());
    const ended = Promise.all(active.map((one) => one.ended));
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, CLOSE_GRACE_MS);
    await Promise.race([ended, late]);
    clearTimeout(timer);
    for (const { run } of active) run.revoke();
    const pool = await this.#pool?.catch(() => undefined);
    await pool?.close();
    await ended;
    this.#projections.close();
  }
}

function isState(source: RunSource): source is HeldState {
  return "release" in source;
}

function addressOf(task: AnyTask, call: string): TaskAddress {
  if (typeof task !== "function" || typeof task.moduleUrl !== "string" || typeof task.taskName !== "string") {
    throw new InvalidArgumentError(`${call}: ${show(task)} is no task; make one with defineTask or defineAlgorithm`, {
      code: "not-a-task",
      field: "task",
      value: task,
    });
  }
  return { moduleUrl: task.moduleUrl, taskName: task.taskName };
}

/** A number of threads, or the fallback where none is given. */
export function checkThreads(value: unknown, fallback: number, call: string, field: string): number {
  if (value === undefined) return fallback;
  if (typeof value === "number" && Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError(`${call}: ${field} is ${show(value)}; give an integer from 1 or leave it out`, {
    code: "invalid-count",
    field,
    value,
  });
}

function progressOf(phase: string, done: number, total: number): Progress {
  return total > 0 ? { phase, done, total } : { phase, done };
}

function graphClosed(): ClosedError {
  return new ClosedError("the graph was closed while a task was running or waiting", { code: "database-closed" });
}
