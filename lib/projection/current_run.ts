/** The run that this thread is busy with, for what nobody can hand its context to: getters, results, memory. */

/** What can stop a run. */
export interface Stoppable {
  /** Throws when the run was cancelled. */
  throwIfAborted(): void;
}

let current: Stoppable | undefined;

/** Does a run, or a part of another one. */
export function duringRun<R>(run: Stoppable, work: () => R): R {
  const outer = current;
  current = run;
  try {
    return work();
  } finally {
    current = outer;
  }
}

/** To be called now and then in long loops. @throws when this thread is busy with a run, and that was cancelled */
export function lookUp(): void {
  current?.throwIfAborted();
}
