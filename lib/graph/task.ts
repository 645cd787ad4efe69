/** Tasks: read-only functions that run on the threads of a pool. */

import type { Progress, SnapshotAt } from "../backend/care.ts";
import type { Snapshot } from "../backend/graph_backend.ts";
import type { AnySchema, Schema } from "../backend/schema.ts";
import { checkText } from "../backend/validate.ts";
import { registerTask } from "./task_registry.ts";

/** What a task's function works with besides its source and parameters. */
export interface TaskContext {
  /** Number of threads that run this task together: 1, unless it was written for more. */
  readonly workers: number;
  /** Which of them this is, from 0. */
  readonly worker: number;
  /** Whether the run was cancelled. Asks shared memory: cheap. */
  readonly isAborted: boolean;
  /** Throws when the run was cancelled. To be called in every long loop. */
  throwIfAborted(): void;
  /** Adds to the units done, which `onProgress` tells. Cheap. */
  progress(units: number): void;
  /** Sets the units in all, which `onProgress` tells. */
  total(units: number): void;
  /** Waits until all threads of this run are here. Throws when the run was cancelled or one of them ended. */
  barrier(): void;
  /**
   * Memory that all threads of this run share, zeroed: each calls it, equally often and in the same order, and gets the same
   * buffer. Throws when the run was cancelled or one of them ended.
   */
  sharedBuffer(byteLength: number): SharedArrayBuffer;
}

/** What a task's function reads. */
export type TaskSource = "snapshot";

/**
 * A function of (source, parameters, context) that every thread of the pool can find: by the URL of its module and its name.
 * Called on this thread, it is the plain function: `task(snapshot, params)`.
 */
export interface Task<P, R, Source = Snapshot> {
  (source: Source, params: P, context?: TaskContext): R;
  /** URL of the module that defines it. */
  readonly moduleUrl: string;
  /** Its name, unique within the module; in a compiled program, within the program. */
  readonly taskName: string;
  /** What it reads. */
  readonly source: TaskSource;
}

/** How to run a task. */
export interface RunOptions<_S extends Schema = AnySchema> {
  /** Threads that run it together; at most the pool's size. Default 1. */
  readonly workers?: number | undefined;
  /** Cancels the run: its promise rejects with the signal's reason at once. */
  readonly signal?: AbortSignal | undefined;
  /** Called now and then while it runs. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** State that it reads: a snapshot of this graph, or a past state. Default: the newest one. */
  readonly snapshot?: Snapshot | SnapshotAt | undefined;
}

/** How to run a task for many parameters. */
export interface MapOptions<S extends Schema = AnySchema> extends Omit<RunOptions<S>, "workers"> {
  /** Parameters that are worked on at once, one thread each; at most the pool's size, which is the default. */
  readonly workers?: number | undefined;
}

/**
 * Makes a function runnable on the threads of a pool. They load its module, so that must not open a graph when it is loaded.
 *
 * The function gets a snapshot, parameters and a context. Parameters and result travel by structured clone: records, arrays,
 * shared buffers; classes lose their methods. It is synchronous.
 *
 * @param moduleUrl `import.meta.url`
 * @param name unique within the module; in a compiled program, within the program
 * @throws {InvalidArgumentError} in a compiled program, when two tasks have one name
 *
 * @example
 * ```ts ignore
 * export const oldest = defineTask(import.meta.url, "oldest", (snapshot, { kind }: { kind: string }, task) => {
 *   let best: number | undefined;
 *   for (const nodeId of snapshot.nodeIds({ kind })) task.throwIfAborted();
 *   return best;
 * });
 * ```
 */
export function defineTask<P = undefined, R = unknown, S extends Schema = AnySchema>(
  moduleUrl: string,
  name: string,
  run: (snapshot: Snapshot<S>, params: P, context: TaskContext) => R,
): Task<P, R, Snapshot<S>> {
  checkText(moduleUrl, "defineTask", "moduleUrl");
  checkText(name, "defineTask", "name");
  const task: Task<P, R, Snapshot<S>> = Object.assign(
    (snapshot: Snapshot<S>, params: P, context: TaskContext = HERE): R => run(snapshot, params, context),
    { moduleUrl, taskName: name, source: "snapshot" as const },
  );
  registerTask(task);
  return task;
}

/** The context of a task that is called as a function. */
const HERE: TaskContext = {
  workers: 1,
  worker: 0,
  isAborted: false,
  throwIfAborted() {},
  progress() {},
  total() {},
  barrier() {},
  sharedBuffer: (byteLength) => new SharedArrayBuffer(byteLength),
};
