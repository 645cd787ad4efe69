/** Where a thread finds a task's function: by the URL of its module and its name. */

import { InvalidArgumentError, NotFoundError } from "../backend/errors.ts";
import type { Task } from "./task.ts";
import { isInExecutable } from "../backend/executable.ts";

/** What identifies a task on every thread. */
export interface TaskAddress {
  /** URL of the module that defines it. */
  readonly moduleUrl: string;
  /** Its name. */
  readonly taskName: string;
}

/** A task of any parameters, result and source. */
// deno-lint-ignore no-explicit-any
export type AnyTask = Task<any, unknown, any>;

/** Of this thread, whatever number of copies of this package it has loaded: by module URL, then name. */
const TASKS = Symbol.for("sqlitegraph.tasks");

function modules(): Map<string, Map<string, AnyTask>> {
  const holder = globalThis as { [TASKS]?: Map<string, Map<string, AnyTask>> };
  return holder[TASKS] ??= new Map();
}

/** Makes a task known to this thread. A module that is loaded again replaces its tasks. */
export function registerTask(task: AnyTask): void {
  const { moduleUrl, taskName } = task;
  const all = modules();
  const tasks = all.get(moduleUrl);
  if (tasks === undefined) {
    all.set(moduleUrl, new Map([[taskName, task]]));
    return;
  }
  if (tasks.has(taskName) && isInExecutable(moduleUrl)) {
    throw new InvalidArgumentError(
      `defineTask: this program has two tasks with the name ${
        JSON.stringify(taskName)
      }; in a compiled program, where all ` +
        "modules have one URL, each needs a name of its own",
      { code: "task-name-taken", field: "name", value: taskName },
    );
  }
  tasks.set(taskName, task);
}

/**
 * The task of this thread. Its module is imported unless it was already; modules of an executable cannot be, so there the
 * entry of the thread has imported it, and its name counts: the same module has another URL in every entry.
 *
 * @throws {NotFoundError} when nothing defines it
 * @throws what the module throws when it is loaded
 */
export async function findTask(address: TaskAddress): Promise<AnyTask> {
  const { moduleUrl, taskName } = address;
  const known = modules().get(moduleUrl)?.get(taskName);
  if (known !== undefined) return known;
  const compiled = isInExecutable(moduleUrl);
  if (!compiled) {
    await import(moduleUrl);
    const loaded = modules().get(moduleUrl)?.get(taskName);
    if (loaded !== undefined) return loaded;
  }
  const named = taskNamed(taskName);
  if (named !== undefined) return named;
  throw new NotFoundError(
    compiled
      ? `no thread knows the task ${
        JSON.stringify(taskName)
      }: import the module that defines it in worker.ts, the entry of ` +
        "the threads of a compiled program"
      : `${moduleUrl} does not define the task ${
        JSON.stringify(taskName)
      } when it is loaded; call defineTask at its top level ` +
        "and with its own import.meta.url",
    { code: "task-not-found", field: "task", value: taskName },
  );
}

/** The only task with a name. */
function taskNamed(name: string): AnyTask | undefined {
  let found: AnyTask | undefined;
  for (const tasks of modules().values()) {
    const task = tasks.get(name);
    if (task === undefined) continue;
    if (found !== undefined) return undefined;
    found = task;
  }
  return found;
}
