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

/** Steps of a piece of arithmetic: some tenths of a millisecond. */
const PIECE = 200_000;

/**
 * Arithmetic in registers, `pieces` of it, of which the threads of the run take one after the other: what the machine's
 * second core is worth at the time. The projection is not read.
 */
export const reckonOnThreads: Algorithm<{ readonly pieces: number; readonly taken: SharedArrayBuffer }, number> =
  defineAlgorithm(
    import.meta.url,
    "reckonOnThreads",
    (_, { pieces, taken }: { readonly pieces: number; readonly taken: SharedArrayBuffer }) => {
      const next = new Int32Array(taken);
      let sum = 0;
      while (Atomics.add(next, 0, 1) < pieces) {
        for (let step = 0; step < PIECE; step++) sum = sum * 1.000_000_1 + 1e-9;
      }
      return sum;
    },
  );
