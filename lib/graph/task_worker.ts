/** Tasks on a thread of the pool. */

import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import { CheckedSnapshot } from "../backend/checked_snapshot.ts";
import { GraphError, InvalidArgumentError } from "../backend/errors.ts";
import type { BorrowedSource } from "../backend/state_source.ts";
import { checkCount } from "../backend/validate.ts";
import type { Projection } from "../backend/projection.ts";
import { isPromiseLike } from "../backend/promise_like.ts";
import { type PackedResult, packResult } from "../projection/results/result_class.ts";
import { encodeError } from "./error_codec.ts";
import type { JobHandler } from "./job_server.ts";
import { RunControl, type WaitResult } from "./run_control.ts";
import type { TaskContext } from "../task/task.ts";
import { findTask, type TaskAddress } from "../task/task_registry.ts";

/** What a run reads, as it is sent to its threads. */
export type JobSource =
  /** A state, as its holder shares it, and the time that expiries are judged by. */
  | { readonly shared: unknown; readonly takenAt: number }
  /** The handle of a projection. */
  | { readonly projection: unknown };

/** One thread's part of a run, as it is sent to the thread. */
export interface TaskJob extends TaskAddress {
  /** Its parameters. */
  readonly params: unknown;
  /** What it reads. */
  readonly source: JobSource;
  /** Memory of the run's `RunControl`. */
  readonly control: SharedArrayBuffer;
  /** Number of threads of the run. */
  readonly workers: number;
  /** Which of them this is. */
  readonly worker: number;
  /** Ports to the other threads; of any but the first thread, the one to the first. */
  readonly ports: readonly MessagePort[];
}

/** What came of a thread's part. */
export type TaskAnswer = PackedResult | { readonly error: unknown };

/** Code of the error of a thread that waits for one that has ended: the consequence of another error. */
export const MEMBER_ENDED = "task-member-ended";

/** Makes what a thread of the pool does. The source is made with the first job that reads a state. */
export function taskHandler(makeSource: () => BorrowedSource): JobHandler {
  let source: BorrowedSource | undefined;
  return {
    async run(job) {
      return await runJob(() => source ??= makeSource(), job as TaskJob);
    },
    uncloneable(job, error) {
      const { taskName } = job as TaskJob;
      const why = error instanceof Error ? error.message : String(error);
      const refusal = new InvalidArgumentError(
        `task ${
          JSON.stringify(taskName)
        }: its result cannot be sent to the thread that asked (${why}); return plain data`,
        { code: "task-result-not-cloneable", field: "result", cause: error },
      );
      return { error: encodeError(refusal) } satisfies TaskAnswer;
    },
    close() {
      source?.close();
    },
  };
}

async function runJob(states: () => BorrowedSource, job: TaskJob): Promise<TaskAnswer> {
  const control = new RunControl(job.control);
  try {
    if (control.isRevoked) throw aborted();
    const task = await findTask(job);
    const run = (source: CheckedSnapshot | Projection) => task(source, job.params, new RunningTask(control, job));
    const { source } = job;
    const value = "projection" in source
      ? run(await revive(source.projection))
      : withState(states(), source, () => control.isRevoked, run);
    if (isPromiseLike(value)) throw asynchronousTask(job.taskName, value);
    return packResult(job.worker === 0 ? value : undefined);
  } catch (error) {
    return { error: encodeError(error) };
  } finally {
    control.leave();
    for (const port of job.ports) port.close();
  }
}

/** The projection of a handle. Threads that read none do without the code for it. */
async function revive(handle: unknown): Promise<Projection> {
  const { projectionFrom } = await import("../projection/projection.ts");
  return projectionFrom(handle);
}

/** Calls a function with a state that another thread holds. */
function withState<R>(
  states: BorrowedSource,
  { shared, takenAt }: Extract<JobSource, { readonly shared: unknown }>,
  isRevoked: () => boolean,
  use: (snapshot: CheckedSnapshot) => R,
): R {
  const state = states.borrow(shared, isRevoked);
  try {
    return use(new CheckedSnapshot(state, takenAt));
  } finally {
    state.release();
  }
}

function asynchronousTask(taskName: string, promise: PromiseLike<unknown>): InvalidArgumentError {
  // Its failure would end the thread.
  promise.then(() => {}, () => {});
  return new InvalidArgumentError(
    `task ${
      JSON.stringify(taskName)
    }: it returned a promise; a task must be synchronous, await before or after graph.run`,
    { code: "task-returned-promise", field: "result" },
  );
}

class RunningTask implements TaskContext {
  readonly workers: number;
  readonly worker: number;
  readonly #control: RunControl;
  readonly #ports: readonly MessagePort[];

  constructor(control: RunControl, job: TaskJob) {
    this.workers = job.workers;
    this.worker = job.worker;
    this.#control = control;
    this.#ports = job.ports;
  }

  get isAborted(): boolean {
    return this.#control.isRevoked;
  }

  throwIfAborted(): void {
    if (this.#control.isRevoked) throw aborted();
  }

  progress(units: number): void {
    this.#control.add(this.worker, units);
  }

  total(units: number): void {
    this.#control.total = units;
  }

  barrier(): void {
    requireDone(this.#control.barrier(this.workers), "barrier");
  }

  sharedBuffer(byteLength: number): SharedArrayBuffer {
    const size = checkCount(byteLength, 0, "sharedBuffer", "byteLength");
    if (this.worker === 0) {
      this.throwIfAborted();
      const buffer = new SharedArrayBuffer(size);
      if (this.workers === 1) return buffer;
      for (const port of this.#ports) port.postMessage(buffer);
      this.#control.wake();
      return buffer;
    }
    const port = this.#ports[0] as MessagePort;
    let buffer: SharedArrayBuffer | undefined;
    const waited = this.#control.waitUntil(() => {
      buffer ??= receiveMessageOnPort(port)?.message as SharedArrayBuffer | undefined;
      return buffer !== undefined;
    });
    requireDone(waited, "sharedBuffer");
    if (buffer?.byteLength === size) return buffer;
    throw new InvalidArgumentError(
      `sharedBuffer: this thread asks for ${size} bytes, the first one for ${buffer?.byteLength}; all threads of a run must ` +
        "call it in the same order with the same sizes",
      { code: "shared-buffer-mismatch", field: "byteLength", value: size },
    );
  }
}

function requireDone(result: WaitResult, call: string): void {
  if (result === "cancelled") throw aborted();
  if (result === "left") {
    throw new GraphError(
      `${call}: another thread of this run ended before it called this; all threads must call it equally often`,
      { code: MEMBER_ENDED },
    );
  }
}

function aborted(): DOMException {
  return new DOMException("the run was cancelled", "AbortError");
}
