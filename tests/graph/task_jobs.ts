/** Tasks of the tests. */

import process from "node:process";
import { ConflictError } from "../../lib/backend/errors.ts";
import { defineTask, type Task } from "../../lib/task/task.ts";

interface Watched {
  readonly words: Int32Array<SharedArrayBuffer>;
}

/** Which thread does something of its own. */
interface OneOf {
  readonly worker: number;
}

export const degree: Task<{ id: number }, number> = defineTask(
  import.meta.url,
  "degree",
  (snapshot, { id }: { id: number }) => snapshot.degree(id),
);

export const neighborsOf: Task<{ id: number }, number[]> = defineTask(
  import.meta.url,
  "neighbors",
  (snapshot, { id }: { id: number }) => snapshot.neighbors(id),
);

export const count: Task<undefined, number> = defineTask(import.meta.url, "count", (snapshot) => snapshot.countNodes());

export const fail: Task<{ how: "ours" | "other" | "no error" }, never> = defineTask(
  import.meta.url,
  "fail",
  (_, { how }: { how: "ours" | "other" | "no error" }) => {
    if (how === "ours") throw new ConflictError("no luck", { code: "no-luck", field: "luck", value: { left: 0 } });
    if (how === "other") throw new RangeError("out of range");
    throw { thrown: 1 };
  },
);

export const endThread: Task<OneOf, void> = defineTask(import.meta.url, "endThread", (_, params: OneOf, context) => {
  if (context.worker === params.worker) process.exit(3);
  context.barrier();
});

export const giveFunction: Task<undefined, () => void> = defineTask(
  import.meta.url,
  "giveFunction",
  () => (): void => {},
);

export const asynchronous: Task<undefined, Promise<number>> = defineTask(
  import.meta.url,
  "asynchronous",
  () => Promise.resolve(1),
);

/** Words of `hold`: how many threads are in it, how many have left it, and whether they may. */
export const INSIDE = 0;
export const LEFT = 1;
export const MAY_LEAVE = 2;

/** Waits inside until it is told to leave; looks at the cancellation if it is told to. */
export const hold: Task<Watched & { looks: boolean }, number> = defineTask(
  import.meta.url,
  "hold",
  (_, { words, looks }: Watched & { looks: boolean }, context) => {
    Atomics.add(words, INSIDE, 1);
    while (Atomics.load(words, MAY_LEAVE) === 0) if (looks && context.isAborted) break;
    Atomics.add(words, LEFT, 1);
    return Atomics.load(words, INSIDE);
  },
);

/** Reads until the state is revoked. */
export const readOn: Task<Watched, void> = defineTask(
  import.meta.url,
  "readOn",
  (snapshot, { words }: Watched) => {
    Atomics.add(words, INSIDE, 1);
    try {
      while (true) snapshot.countNodes();
    } finally {
      Atomics.add(words, LEFT, 1);
    }
  },
);

/** Adds up numbers in rounds: in each, all threads write, meet, and the first one reads. */
export const rounds: Task<{ rounds: number }, { workers: number; totals: Int32Array<SharedArrayBuffer> }> = defineTask(
  import.meta.url,
  "rounds",
  (_, { rounds }: { rounds: number }, context) => {
    const sums = new Int32Array(context.sharedBuffer(4 * context.workers));
    const totals = new Int32Array(context.sharedBuffer(4 * rounds));
    for (let round = 0; round < rounds; round++) {
      sums[context.worker] = round + context.worker;
      context.barrier();
      if (context.worker === 0) totals[round] = sums.reduce((sum, value) => sum + value, 0);
      context.barrier();
      context.progress(1);
    }
    return { workers: context.workers, totals };
  },
);

/** One thread returns before the others meet. */
export const leaveEarly: Task<OneOf, void> = defineTask(import.meta.url, "leaveEarly", (_, params: OneOf, context) => {
  if (context.worker !== params.worker) context.barrier();
});

/** One thread fails while the others wait for it. */
export const failAlone: Task<OneOf, void> = defineTask(import.meta.url, "failAlone", (_, params: OneOf, context) => {
  if (context.worker === params.worker) throw new RangeError("alone");
  context.barrier();
});

/** The first thread never comes to the barrier of the others, and does not look. */
export const waitForever: Task<Watched, void> = defineTask(
  import.meta.url,
  "waitForever",
  (_, { words }: Watched, context) => {
    Atomics.add(words, INSIDE, 1);
    try {
      if (context.worker === 0) { while (!context.isAborted); }
      else context.barrier();
    } finally {
      Atomics.add(words, LEFT, 1);
    }
  },
);

export const unequalBuffers: Task<undefined, void> = defineTask(
  import.meta.url,
  "unequalBuffers",
  (_, __: undefined, context) => {
    context.sharedBuffer(8 + context.worker);
    context.barrier();
  },
);

export const count10: Task<Watched, void> = defineTask(
  import.meta.url,
  "count10",
  (_, { words }: Watched, context) => {
    context.total(10);
    for (let unit = 0; unit < 10; unit++) context.progress(1);
    while (Atomics.load(words, MAY_LEAVE) === 0);
  },
);
