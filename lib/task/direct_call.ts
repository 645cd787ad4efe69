/** Tasks that are called as functions, on this thread. */

import type { LongCallOptions, Progress } from "../backend/care.ts";
import { checkObject } from "../backend/validate.ts";
import { duringRun } from "../projection/current_run.ts";
import { ALONE } from "../projection/gang.ts";
import type { TaskContext } from "./task.ts";

/** Progress is told at most so often. */
const PROGRESS_INTERVAL_MS = 100;

/**
 * Runs a function with the context of another task, of which it is a part then, or with one of its own.
 *
 * @param name what progress calls it
 * @throws the reason of the signal, what `onProgress` throws, what the function throws
 */
export function callHere<R>(
  name: string,
  options: TaskContext | LongCallOptions | undefined,
  run: (context: TaskContext) => R,
): R {
  if (options === undefined) return run(NOTHING_ELSE);
  if (isContext(options)) return duringRun(options, () => run(options));
  const context = new DirectContext(name, checkObject(options, name, "options"));
  context.throwIfAborted();
  const result = duringRun(context, () => run(context));
  context.end();
  return result;
}

function isContext(options: TaskContext | LongCallOptions): options is TaskContext {
  return typeof (options as Partial<TaskContext> | null)?.sharedBuffer === "function";
}

/** The context of a task that is called as a function, without options. */
const NOTHING_ELSE: TaskContext = { ...ALONE, isAborted: false };

/** The context of a task that is called as a function, with options. */
class DirectContext implements TaskContext {
  readonly workers = 1;
  readonly worker = 0;
  readonly #phase: string;
  readonly #signal: AbortSignal | undefined;
  readonly #onProgress: ((progress: Progress) => void) | undefined;
  #done = 0;
  #total = 0;
  #toldAt: number = performance.now();

  constructor(phase: string, { signal, onProgress }: LongCallOptions) {
    this.#phase = phase;
    this.#signal = signal;
    this.#onProgress = onProgress;
  }

  get isAborted(): boolean {
    return this.#signal?.aborted === true;
  }

  throwIfAborted(): void {
    this.#signal?.throwIfAborted();
  }

  progress(units: number): void {
    this.#done += units;
    if (this.#onProgress === undefined || performance.now() - this.#toldAt < PROGRESS_INTERVAL_MS) return;
    this.#tell();
    this.#toldAt = performance.now();
  }

  total(units: number): void {
    this.#total = units;
  }

  barrier(): void {
    this.throwIfAborted();
  }

  sharedBuffer(byteLength: number): SharedArrayBuffer {
    return new SharedArrayBuffer(byteLength);
  }

  /** Tells how far it has come in the end. */
  end(): void {
    this.#tell();
    this.throwIfAborted();
  }

  #tell(): void {
    const [phase, done, total] = [this.#phase, this.#done, this.#total];
    this.#onProgress?.(total > 0 ? { phase, done, total } : { phase, done });
  }
}
