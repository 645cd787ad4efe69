/** Tasks: read-only functions that run on the threads of a pool. */

import type { LongCallOptions, Progress, SnapshotAt } from "../backend/care.ts";
import type { Snapshot } from "../backend/graph_backend.ts";
import type { Gang, ProjectOptions } from "../backend/projection.ts";
import type { AnySchema, EdgeTypeOf, KindOf, Schema } from "../backend/schema.ts";
import { checkText } from "../backend/validate.ts";
import type { Projection } from "../projection/mod.ts";
import { callHere } from "./direct_call.ts";
import { registerTask } from "./task_registry.ts";

/** What a task's function works with besides its source and parameters. */
export interface TaskContext extends Gang {
  /** Number of threads that run this task together: 1, unless the caller asks for more. */
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

/** What the functions of tasks read, by its name. */
export interface TaskSources<S extends Schema = AnySchema> {
  /** A state of the graph, record by record. */
  readonly snapshot: Snapshot<S>;
  /** A part of the graph, or all of it, as flat arrays. */
  readonly projection: Projection;
}

/** The name of what a task's function reads. */
export type TaskSource = keyof TaskSources;

/** What follows a task in a call: its parameters, which may be left out where they may be undefined, then options. */
export type TaskArguments<P, Options> = undefined extends P ? [params?: NoInfer<P>, options?: Options]
  : [params: NoInfer<P>, options?: Options];

/**
 * A function of (source, parameters, context) that every thread of the pool can find: by the URL of its module and its name.
 *
 * Called on this thread it is the plain function, `task(snapshot, params)`. A third argument `{ signal, onProgress }` tells how
 * far it has come; since nothing else happens on this thread meanwhile, it is `onProgress` that may abort the signal. A task
 * that calls another one as a part of itself passes its own context on.
 */
export interface Task<P, R, Source = Snapshot> {
  (source: Source, ...args: TaskArguments<P, TaskContext | LongCallOptions>): R;
  /** URL of the module that defines it. */
  readonly moduleUrl: string;
  /** Its name, unique within the module; in a compiled program, within the program. */
  readonly taskName: string;
  /** What it reads. */
  readonly source: Source extends Projection ? "projection" : "snapshot";
}

/** How to run a task. */
export interface RunOptions<S extends Schema = AnySchema> {
  /** Threads that run it together; at most the pool's size. Default 1. */
  readonly workers?: number | undefined;
  /** Cancels the run: its promise rejects with the signal's reason at once. */
  readonly signal?: AbortSignal | undefined;
  /** Called now and then while it runs. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** State that it reads: a snapshot of this graph, or a past state. Default: the newest one. */
  readonly snapshot?: Snapshot<S> | SnapshotAt | undefined;
}

/** How to run a task for many parameters. */
export interface MapOptions<S extends Schema = AnySchema> extends Omit<RunOptions<S>, "workers"> {
  /** Parameters that are worked on at once, one thread each; at most the pool's size, which is the default. */
  readonly workers?: number | undefined;
}

/** What an algorithm reads. */
export interface ProjectionChoice<S extends Schema = AnySchema> {
  /**
   * Which part of the state to project, and what to keep of its edges; default: all nodes and edges. The threads of the run make
   * the projection together, unless an earlier run of this graph read the same one. `where` cannot travel to them: see
   * `projection`.
   */
  readonly project?: Omit<ProjectOptions<KindOf<S>, EdgeTypeOf<S>>, "where"> | undefined;
  /** A projection that this thread made, in place of `project` and `snapshot`. It is shared, not copied. */
  readonly projection?: Projection | undefined;
}

/** How to run an algorithm. */
export interface AlgorithmRunOptions<S extends Schema = AnySchema> extends RunOptions<S>, ProjectionChoice<S> {}

/** How to run an algorithm for many parameters. */
export interface AlgorithmMapOptions<S extends Schema = AnySchema> extends MapOptions<S>, ProjectionChoice<S> {}

/** How to run what reads one thing or the other. */
export interface RunOptionsBySource<S extends Schema = AnySchema> {
  /** Of tasks. */
  readonly snapshot: RunOptions<S>;
  /** Of algorithms. */
  readonly projection: AlgorithmRunOptions<S>;
}

/** How to run what reads one thing or the other, for many parameters. */
export interface MapOptionsBySource<S extends Schema = AnySchema> {
  /** Of tasks. */
  readonly snapshot: MapOptions<S>;
  /** Of algorithms. */
  readonly projection: AlgorithmMapOptions<S>;
}

/** What can run on a graph with a schema: tasks for that one, or for any. */
export type TaskOf<P, R, K extends TaskSource, S extends Schema = AnySchema> =
  & (Task<P, R, TaskSources<S>[K]> | Task<P, R, TaskSources[K]>)
  & { readonly source: K };

/**
 * Makes a function runnable on the threads of a pool. They load its module, so that must not open a graph when it is loaded.
 *
 * The function gets a snapshot, parameters and a context. Parameters and result travel by structured clone: records, arrays,
 * shared buffers; of classes, only those of results keep their methods (see `defineResult`). It is synchronous.
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
  return newTask("defineTask", moduleUrl, name, "snapshot", run);
}

/** A task of either kind, known to this thread. */
export function newTask<P, R, Source>(
  call: string,
  moduleUrl: string,
  name: string,
  source: Task<P, R, Source>["source"],
  run: (source: Source, params: P, context: TaskContext) => R,
): Task<P, R, Source> {
  checkText(moduleUrl, call, "moduleUrl");
  checkText(name, call, "name");
  const onThisThread: (source: Source, params: P, options?: TaskContext | LongCallOptions) => R = (
    given,
    params,
    options,
  ) => callHere(name, options, (context) => run(given, params, context));
  // The compiler does not see that arguments which may be left out are undefined then.
  const task = Object.assign(onThisThread as Task<P, R, Source>, { moduleUrl, taskName: name, source });
  registerTask(task);
  return task;
}
