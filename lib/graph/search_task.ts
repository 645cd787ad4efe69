/** The task that searches for many vectors: a module of its own, so that only threads which search load the code for it. */

import { NodeIdSet } from "../backend/node_id_set.ts";
import type { VectorFilter } from "../backend/vector.ts";
import { defineTask, type Task } from "../task/task.ts";
import { type SearchWork, SharedSearch } from "./search_memory.ts";

/** `snapshot.searchVectors` for queries in shared memory, until none is left that no thread has taken. */
export const searchVectorsTask: Task<SearchWork, void> = defineTask(
  import.meta.url,
  "sqlitegraph:searchVectors",
  (snapshot, work: SearchWork, context) => {
    const { name, allowed, search: { k, ef, maxDistance, isExact } } = work;
    const shared = new SharedSearch(work);
    // One object for all queries: an index remembers what it made of it. The checks take a set as a filter, types do not.
    const filter = allowed && new NodeIdSet(new Float64Array(allowed)) as VectorFilter;
    const options = { k, ef: ef === 0 ? undefined : ef, maxDistance, exact: isExact, filter };
    for (;;) {
      const [first, end] = shared.take();
      if (first === end) return;
      for (let at = first; at < end; at++) {
        context.throwIfAborted();
        shared.answer(at, snapshot.searchVectors(name, shared.query(at), options));
      }
    }
  },
);
