/** The task that links vectors: a module of its own, so that only threads which link load the code for it. */

import { defineTask, type Task } from "../task/task.ts";
import type { VectorMemoryHandle } from "../vector/memory.ts";
import { attachVectorMemory } from "../vector/shared_vectors.ts";

/** Vectors that are linked between two looks at the signal. */
const LINK_STEP = 16;

/** What a thread links. */
export interface LinkWork {
  /** The index. */
  readonly handle: VectorMemoryHandle;
  /** The thread's place in it, which whoever started the task gives back. */
  readonly place: number;
}

/** Links the pending vectors of an index until none is left; several threads may do so at once. */
export const linkVectorsTask: Task<LinkWork, void> = defineTask(
  import.meta.url,
  "sqlitegraph:linkVectors",
  (_, { handle, place }: LinkWork, context) => {
    const linker = attachVectorMemory(handle).linkerAt(place);
    do context.throwIfAborted(); while (linker.linkPending(LINK_STEP) === LINK_STEP);
  },
);
