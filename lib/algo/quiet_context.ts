/** Algorithms as parts of others. */

import type { TaskContext } from "./define.ts";

/** A context for a part of a run that this thread does alone: it can be cancelled, and tells no progress of its own. */
export function quietContext(context: Pick<TaskContext, "isAborted" | "throwIfAborted">): TaskContext {
  return {
    workers: 1,
    worker: 0,
    isAborted: context.isAborted,
    throwIfAborted: () => context.throwIfAborted(),
    progress() {},
    total() {},
    barrier() {},
    sharedBuffer: (byteLength) => new SharedArrayBuffer(byteLength),
  };
}
