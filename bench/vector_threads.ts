/** What the threads of the pool do for the measures of vectors: a module of its own, because every thread loads it. */

import { type Algorithm, defineAlgorithm } from "../lib/task/mod.ts";
import type { VectorMemoryHandle } from "../lib/vector/memory.ts";
import { attachVectorMemory } from "../lib/vector/shared_vectors.ts";

const STEP = 16;

/** Links what is pending in an index, on all threads of the run together. The projection is not read. */
export const linkOnThreads: Algorithm<{ readonly handle: VectorMemoryHandle }, void> = defineAlgorithm(
  import.meta.url,
  "linkOnThreads",
  (_, { handle }: { readonly handle: VectorMemoryHandle }) => {
    using linker = attachVectorMemory(handle).linker();
    while (linker.linkPending(STEP) === STEP);
  },
);
