/** Tasks that read the bank, and tasks that behave badly. */

import process from "node:process";
import { defineTask, type Task } from "../../lib/task/task.ts";
import { audit, type Books } from "./isolation_bank.ts";

/** Reads everything twice, on all threads of the run: a state must stay as it is, and be the same on all of them. */
export const auditTask: Task<{ accounts: number }, Books> = defineTask(
  import.meta.url,
  "audit",
  (snapshot, { accounts }: { accounts: number }, context): Books => {
    const books = audit(snapshot, accounts);
    if (books.fault !== undefined) return books;
    if (context.workers > 1) {
      const prints = new Uint32Array(context.sharedBuffer(4 * context.workers));
      prints[context.worker] = books.print;
      context.barrier();
      for (const print of prints) {
        if (print !== books.print) {
          return { ...books, fault: `threads read ${prints.join(" and ")} in commit ${books.lsn}` };
        }
      }
    }
    const again = audit(snapshot, accounts);
    if (again.fault !== undefined || again.print === books.print) return again;
    return { ...books, fault: `commit ${books.lsn} read twice: ${books.print} and ${again.print}` };
  },
);

/** The value of a key. */
export const keyTask: Task<{ key: string }, unknown> = defineTask(
  import.meta.url,
  "key",
  (snapshot, { key }: { key: string }) => snapshot.kv.get(key),
);

/** Reads a little and ends its thread. */
export const dieTask: Task<undefined, never> = defineTask(import.meta.url, "die", (snapshot): never => {
  snapshot.nodes().next();
  process.exit(1);
});

/** Reads on until its state is taken away; never asks whether it was cancelled. */
export const readOnTask: Task<{ words: Int32Array<SharedArrayBuffer> }, never> = defineTask(
  import.meta.url,
  "readOn",
  (snapshot, { words }: { words: Int32Array<SharedArrayBuffer> }): never => {
    for (;;) {
      for (const { id } of snapshot.edges({ data: false })) snapshot.hasEdge(id);
      Atomics.add(words, 0, 1);
    }
  },
);

/** Hears and reads nothing for so long, and then reads. */
export const deafTask: Task<{ forMs: number; accounts: number }, Books> = defineTask(
  import.meta.url,
  "deaf",
  (snapshot, { forMs, accounts }: { forMs: number; accounts: number }): Books => {
    const end = performance.now() + forMs;
    while (performance.now() < end);
    return audit(snapshot, accounts);
  },
);
