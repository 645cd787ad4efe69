/** Runs of tasks on either pool: results, errors, cancellation, threads that work together. */

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ClosedError, ConflictError, GraphError, InvalidArgumentError } from "../../lib/backend/errors.ts";
import { bfsTask } from "../../lib/graph/builtin_tasks.ts";
import { PiscinaPool } from "../../lib/graph/piscina_pool.ts";
import { defineTask } from "../../lib/task/task.ts";
import { TaskRunner } from "../../lib/graph/task_runner.ts";
import { ThreadPool } from "../../lib/graph/thread_pool.ts";
import { test } from "../support/test.ts";
import * as jobs from "./task_jobs.ts";
import { heldState, type Neighbors } from "./task_states.ts";

const ENTRY = new URL("./task_entry.ts", import.meta.url);
const TRIANGLE: Neighbors = [[2, 3], [3], []];
const POOLS = { piscina: PiscinaPool, "our threads": ThreadPool };

/** A runner that ends with the test. */
function runnerOf(Kind: typeof PiscinaPool | typeof ThreadPool, threads: number): TaskRunner & AsyncDisposable {
  const runner = new TaskRunner(undefined, {
    threads,
    open: ({ size = 1, data }) => Promise.resolve(new Kind(size, ENTRY, data)),
  });
  return Object.assign(runner, { [Symbol.asyncDispose]: () => runner.close() });
}

const newWords = () => new Int32Array(new SharedArrayBuffer(12));

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 2));
}

const isInside = (words: Int32Array<SharedArrayBuffer>, threads = 1) =>
  until(() => Atomics.load(words, jobs.INSIDE) === threads);

for (const [name, Kind] of Object.entries(POOLS)) {
  test(`${name}: a task reads the snapshot on another thread and its result comes back`, async () => {
    await using runner = runnerOf(Kind, 1);
    const state = heldState(TRIANGLE);
    assertEquals(await runner.run(jobs.neighborsOf, { id: 1 }, state), [2, 3]);
    assertEquals(state.isReleased, true);
    assertEquals(await runner.run(bfsTask, { start: 1, depth: 1 }, heldState(TRIANGLE)), [1, 2, 3]);
  });

  test(`${name}: results of many parameters come in their order, and progress counts them`, async () => {
    await using runner = runnerOf(Kind, 2);
    const state = heldState(TRIANGLE);
    const params = Array.from({ length: 30 }, (_, at) => ({ id: at % 3 + 1 }));
    const seen: unknown[] = [];
    const results = await runner.map(jobs.neighborsOf, params, state, {
      onProgress: (progress) => seen.push(progress),
    });
    assertEquals(results, params.map(({ id }) => [...TRIANGLE[id - 1] as number[]]));
    assertEquals(seen.at(-1), { phase: "neighbors", done: 30, total: 30 });
    assertEquals(state.isReleased, true);
    assertEquals(await runner.map(jobs.count, [], heldState(TRIANGLE)), []);
  });

  test(`${name}: a map uses at most the threads that it may`, async () => {
    await using runner = runnerOf(Kind, 2);
    const words = newWords();
    Atomics.store(words, jobs.MAY_LEAVE, 1);
    const [first, second] = await runner.map(
      jobs.hold,
      [1, 2].map(() => ({ words, looks: true })),
      heldState(TRIANGLE),
      {
        workers: 1,
      },
    );
    assertEquals([first, second], [1, 2]);
  });

  test(`${name}: the first failure of a map rejects it and cancels the rest`, async () => {
    await using runner = runnerOf(Kind, 2);
    const state = heldState(TRIANGLE);
    await assertRejects(
      () => runner.map(jobs.fail, Array(50).fill({ how: "other" }), state),
      RangeError,
      "out of range",
    );
    assertEquals(state.isReleased, true);
  });

  test(`${name}: what a task throws is thrown here: class, code, field, value and stack`, async () => {
    await using runner = runnerOf(Kind, 1);
    const state = heldState(TRIANGLE);
    const ours = await assertRejects(() => runner.run(jobs.fail, { how: "ours" }, state), ConflictError, "no luck");
    assertEquals([ours.code, ours.field, ours.value], ["no-luck", "luck", { left: 0 }]);
    assertEquals(ours.stack?.includes("task_jobs"), true);
    assertEquals(state.isReleased, true);
    await assertRejects(() => runner.run(jobs.fail, { how: "other" }, heldState([])), RangeError, "out of range");
    const thrown = await assertRejects(() => runner.run(jobs.fail, { how: "no error" }, heldState([])), Error);
    assertEquals(thrown.cause, { thrown: 1 });
  });

  test(`${name}: a task that ends its thread is rejected, and the pool goes on`, async () => {
    await using runner = runnerOf(Kind, 2);
    for (const [worker, workers] of [[0, 1], [0, 2], [1, 2]] as const) {
      const state = heldState(TRIANGLE);
      const error = await assertRejects(() => runner.run(jobs.endThread, { worker }, state, { workers }), GraphError);
      assertEquals(error.code, "worker-died");
      assertEquals(state.isReleased, true);
    }
    assertEquals(await runner.run(jobs.rounds, { rounds: 1 }, heldState([]), { workers: 2 }).then((r) => r.workers), 2);
  });

  test(`${name}: parameters and results that cannot be sent are errors that name the task`, async () => {
    await using runner = runnerOf(Kind, 1);
    const params = { id: 1, extra: () => {} };
    const refused = await assertRejects(
      () => runner.run(jobs.degree, params, heldState(TRIANGLE)),
      InvalidArgumentError,
      '"degree"',
    );
    assertEquals(refused.code, "task-params-not-cloneable");
    const lost = await assertRejects(
      () => runner.run(jobs.giveFunction, undefined, heldState([])),
      InvalidArgumentError,
      '"giveFunction"',
    );
    assertEquals(lost.code, "task-result-not-cloneable");
    const promise = await assertRejects(
      () => runner.run(jobs.asynchronous, undefined, heldState([])),
      InvalidArgumentError,
      '"asynchronous"',
    );
    assertEquals(promise.code, "task-returned-promise");
    assertEquals(await runner.run(jobs.count, undefined, heldState(TRIANGLE)), 3);
  });

  test(`${name}: threads of one run share buffers and meet at barriers`, async () => {
    await using runner = runnerOf(Kind, 3);
    for (const workers of [1, 2, 3]) {
      const seen: unknown[] = [];
      const { workers: had, totals } = await runner.run(jobs.rounds, { rounds: 200 }, heldState([]), {
        workers,
        onProgress: (progress) => seen.push(progress),
      });
      assertEquals(had, workers);
      const expected = Array.from({ length: 200 }, (_, round) => round * workers + workers * (workers - 1) / 2);
      assertEquals([...totals], expected);
      assertEquals(seen.at(-1), { phase: "rounds", done: 200 * workers });
    }
  });

  test(`${name}: more threads than the pool has are as many as it has`, async () => {
    await using runner = runnerOf(Kind, 2);
    assertEquals((await runner.run(jobs.rounds, { rounds: 1 }, heldState([]), { workers: 9 })).workers, 2);
    await assertRejects(() => runner.run(jobs.count, undefined, heldState([]), { workers: 0 }), InvalidArgumentError);
  });

  test(`${name}: who waits at a barrier for a thread that has ended is told so`, async () => {
    await using runner = runnerOf(Kind, 2);
    for (const worker of [0, 1]) {
      const left = await assertRejects(
        () => runner.run(jobs.leaveEarly, { worker }, heldState([]), { workers: 2 }),
        GraphError,
      );
      assertEquals(left.code, "task-member-ended");
      // The cause is told, not its consequence on the other thread.
      await assertRejects(
        () => runner.run(jobs.failAlone, { worker }, heldState([]), { workers: 2 }),
        RangeError,
        "alone",
      );
    }
  });

  test(`${name}: threads that ask for buffers of different sizes are told so`, async () => {
    await using runner = runnerOf(Kind, 2);
    const error = await assertRejects(
      () => runner.run(jobs.unequalBuffers, undefined, heldState([]), { workers: 2 }),
      InvalidArgumentError,
    );
    assertEquals(error.code, "shared-buffer-mismatch");
  });

  test(`${name}: a cancelled run rejects at once, its state is released when its thread has answered`, async () => {
    await using runner = runnerOf(Kind, 1);
    const [words, state, cancel] = [newWords(), heldState(TRIANGLE), new AbortController()];
    const run = runner.run(jobs.hold, { words, looks: false }, state, { signal: cancel.signal });
    await isInside(words);
    cancel.abort(new RangeError("enough"));
    await assertRejects(() => run, RangeError, "enough");
    assertEquals([state.isReleased, Atomics.load(words, jobs.LEFT)], [false, 0]);
    Atomics.store(words, jobs.MAY_LEAVE, 1);
    await state.released;
    assertEquals(Atomics.load(words, jobs.LEFT), 1);
    assertEquals(await runner.run(jobs.count, undefined, heldState(TRIANGLE)), 3);
  });

  test(`${name}: cancelling ends reads, loops that look, and barriers`, async () => {
    await using runner = runnerOf(Kind, 2);
    for (const task of [jobs.readOn, jobs.waitForever]) {
      const [words, state, cancel] = [newWords(), heldState(TRIANGLE), new AbortController()];
      const run = runner.run(task, { words }, state, { signal: cancel.signal, workers: 2 });
      await isInside(words, 2);
      cancel.abort();
      await assertRejects(() => run, DOMException);
      await state.released;
      assertEquals(Atomics.load(words, jobs.LEFT), 2);
    }
  });

  test(`${name}: a run that waits for threads can be cancelled and never starts`, async () => {
    await using runner = runnerOf(Kind, 1);
    const [words, late, cancel] = [newWords(), newWords(), new AbortController()];
    const running = runner.run(jobs.hold, { words, looks: false }, heldState([]));
    const state = heldState([]);
    const waiting = runner.run(jobs.hold, { words: late, looks: false }, state, { signal: cancel.signal });
    await isInside(words);
    cancel.abort(new RangeError("enough"));
    await assertRejects(() => waiting, RangeError, "enough");
    await state.released;
    Atomics.store(words, jobs.MAY_LEAVE, 1);
    await running;
    await runner.run(jobs.count, undefined, heldState([]));
    assertEquals(Atomics.load(late, jobs.INSIDE), 0);
    const never = heldState([]);
    await assertRejects(() => runner.run(jobs.count, undefined, never, { signal: cancel.signal }), RangeError);
    assertEquals(never.isReleased, true);
  });

  test(`${name}: a run of two threads waits until both are free, and is not overtaken`, async () => {
    await using runner = runnerOf(Kind, 2);
    const words = newWords();
    const order: string[] = [];
    const note = (what: string) => () => void order.push(what);
    const first = runner.run(jobs.hold, { words, looks: false }, heldState([])).then(note("one"));
    await isInside(words);
    const gang = runner.run(jobs.rounds, { rounds: 1 }, heldState([]), { workers: 2 }).then(note("two together"));
    const behind = runner.run(jobs.count, undefined, heldState([])).then(note("behind"));
    await new Promise((resolve) => setTimeout(resolve, 20));
    assertEquals(order, []);
    Atomics.store(words, jobs.MAY_LEAVE, 1);
    await Promise.all([first, gang, behind]);
    assertEquals(order.indexOf("one"), 0);
    assertEquals(order.length, 3);
  });

  test(`${name}: progress is told while a task runs, and what the listener throws ends it`, async () => {
    await using runner = runnerOf(Kind, 1);
    const words = newWords();
    const seen: unknown[] = [];
    await runner.run(jobs.count10, { words }, heldState([]), {
      onProgress(progress) {
        seen.push(progress);
        if (progress.done === 10) Atomics.store(words, jobs.MAY_LEAVE, 1);
      },
    });
    assertEquals(seen.at(-1), { phase: "count10", done: 10, total: 10 });
    const state = heldState([]);
    const stubborn = newWords();
    await assertRejects(
      () =>
        runner.run(jobs.count10, { words: stubborn }, state, {
          onProgress() {
            throw new RangeError("no more");
          },
        }),
      RangeError,
      "no more",
    );
    Atomics.store(stubborn, jobs.MAY_LEAVE, 1);
    await state.released;
  });

  test(`${name}: close rejects what runs and what waits, and releases their states`, async () => {
    const runner = runnerOf(Kind, 1);
    const words = newWords();
    const states = [heldState(TRIANGLE), heldState(TRIANGLE), heldState(TRIANGLE)] as const;
    const running = assertRejects(() => runner.run(jobs.readOn, { words }, states[0]), ClosedError);
    const waiting = assertRejects(() => runner.run(jobs.count, undefined, states[1]), ClosedError);
    await isInside(words);
    await Promise.all([runner.close(), running, waiting]);
    await runner.close();
    await assertRejects(() => runner.run(jobs.count, undefined, states[2]), ClosedError);
    assertEquals(states.map((state) => state.isReleased), [true, true, true]);
  });

  test(`${name}: close ends a thread that does not look`, async () => {
    const runner = runnerOf(Kind, 1);
    const [words, state] = [newWords(), heldState([])];
    const running = assertRejects(() => runner.run(jobs.hold, { words, looks: false }, state), ClosedError);
    await isInside(words);
    await runner.close();
    await running;
    assertEquals(state.isReleased, true);
    // Deno does not stop it.
    Atomics.store(words, jobs.MAY_LEAVE, 1);
  });
}

test("a task is the plain function on this thread", () => {
  const double = defineTask(import.meta.url, "double", (_, { value }: { value: number }, context) => {
    context.throwIfAborted();
    context.barrier();
    context.progress(1);
    return [value * 2, context.workers, context.worker, context.sharedBuffer(8).byteLength];
  });
  assertEquals(double(undefined as never, { value: 2 }), [4, 1, 0, 8]);
  assertEquals([double.taskName, double.moduleUrl, double.source], ["double", import.meta.url, "snapshot"]);
});

test("what is no task is refused, and its state released", async () => {
  const runner = new TaskRunner(undefined, { threads: 1 });
  const state = heldState([]);
  await assertRejects(
    () => runner.run((() => 1) as never, undefined as never, state),
    InvalidArgumentError,
    "defineTask",
  );
  assertEquals(state.isReleased, true);
  assertThrows(() => new TaskRunner(undefined, { threads: 0 }), InvalidArgumentError);
});

test("a task that its module does not define when it is loaded is an error that says so", async () => {
  await using runner = runnerOf(ThreadPool, 1);
  const module = new URL("./task_states.ts", import.meta.url).href;
  const lost = defineTask(module, "lost", () => 1);
  const error = await assertRejects(() => runner.run(lost, undefined, heldState([])), GraphError, '"lost"');
  assertEquals(error.code, "task-not-found");
});
