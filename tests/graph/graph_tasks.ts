/** Tasks that the tests of graphs run. */

import type { Snapshot } from "../../lib/backend/graph_backend.ts";
import type { VectorMatch } from "../../lib/backend/vector.ts";
import { defineTask, type Task } from "../../lib/task/task.ts";

/** Counts the nodes of a kind, once or until it is cancelled. */
export const countKind: Task<{ kind: string; forever?: boolean }, number, Snapshot> = defineTask(
  import.meta.url,
  "countKind",
  (snapshot, { kind, forever = false }, context) => {
    for (;;) {
      const count = snapshot.countNodes({ kind });
      if (!forever) return count;
      context.throwIfAborted();
    }
  },
);

/** The nearest vectors to a query. */
export const nearest: Task<{ name: string; query: readonly number[]; kind: string }, VectorMatch[], Snapshot> =
  defineTask(
    import.meta.url,
    "nearest",
    (snapshot, { name, query, kind }) => snapshot.searchVectors(name, query, { filter: { kinds: [kind] } }),
  );
