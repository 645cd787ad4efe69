/** What every pool must do. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { GraphError } from "../../lib/backend/errors.ts";
import type { Pool } from "../../lib/graph/pool.ts";
import { test } from "../support/test.ts";
import type { TestJob } from "./pool_entry.ts";

/** Makes a pool of so many threads, which are started with `data` and run an entry. */
export type MakePool = (size: number, entry: URL, data: unknown) => Pool;

/** Entry of the threads of a pool's tests. */
export const POOL_ENTRY: URL = new URL("./pool_entry.ts", import.meta.url);

/** Declares the tests of a pool. */
export function poolContract(name: string, make: MakePool): void {
  /** A pool that ends with the test. */
  function open(
    size: number,
    data?: unknown,
    entry = POOL_ENTRY,
  ): AsyncDisposable & { run(job: TestJob): Promise<unknown> } {
    const pool = make(size, entry, data);
    return { run: (job) => pool.run(job), [Symbol.asyncDispose]: () => pool.close() };
  }
  const words = () => new Int32Array(new SharedArrayBuffer(8));

  test(`${name}: a job's result comes back`, async () => {
    await using pool = open(1);
    assertEquals(await pool.run({ do: "echo", value: { list: [1, "two", null] } }), { list: [1, "two", null] });
    assertEquals(await pool.run({ do: "echo", value: undefined }), undefined);
  });

  test(`${name}: every thread has what the pool was made with`, async () => {
    const shared = words();
    await using pool = open(1, { shared });
    const { shared: there } = await pool.run({ do: "start data" }) as { shared: Int32Array };
    shared[0] = 7;
    assertEquals(there[0], 7);
  });

  test(`${name}: as many jobs run at once as there are threads`, async () => {
    await using pool = open(3);
    const job: TestJob = { do: "meet", words: words(), wanted: 3 };
    assertEquals(await Promise.all([pool.run(job), pool.run(job), pool.run(job)]), ["met", "met", "met"]);
  });

  test(`${name}: more jobs than threads wait for each other`, async () => {
    await using pool = open(2);
    const values = Array.from({ length: 20 }, (_, value) => value);
    assertEquals(await Promise.all(values.map((value) => pool.run({ do: "echo", value }))), values);
  });

  test(`${name}: a job whose thread ends is rejected, and the next one gets a new thread`, async () => {
    await using pool = open(1);
    const error = await assertRejects(() => pool.run({ do: "end the thread" }), GraphError);
    assertEquals(error.code, "worker-died");
    assertEquals(await pool.run({ do: "echo", value: "again" }), "again");
  });

  test(`${name}: a thread that fails outside a job's function ends with its error as the cause`, async () => {
    await using pool = open(1);
    const error = await assertRejects(() => pool.run({ do: "fail in a timer" }), GraphError);
    assertEquals(error.code, "worker-died");
    assertEquals((error.cause as Error).message.includes("failed in a timer"), true);
  });

  test(`${name}: a job that waits is done although the thread before it ended`, async () => {
    await using pool = open(1);
    const died = assertRejects(() => pool.run({ do: "end the thread" }), GraphError);
    const waits = pool.run({ do: "echo", value: "waited" });
    await died;
    assertEquals(await waits, "waited");
  });

  test(`${name}: a job that cannot be sent is rejected and costs no thread`, async () => {
    await using pool = open(1);
    const error = await assertRejects(() => pool.run({ do: "echo", value: () => {} }), Error);
    assertEquals(error.name, "DataCloneError");
    assertEquals(await pool.run({ do: "echo", value: 1 }), 1);
  });

  test(`${name}: in place of a result that cannot be sent comes the handler's answer`, async () => {
    await using pool = open(1);
    const answer = await pool.run({ do: "return a function" });
    assertEquals(answer, 'not sent: the result of {"do":"return a function"}');
    assertEquals(await pool.run({ do: "echo", value: 1 }), 1);
  });

  test(`${name}: an entry that cannot be loaded rejects the job`, async () => {
    await using pool = open(1, undefined, new URL("./pool_entry_that_is_missing.ts", import.meta.url));
    await assertRejects(() => pool.run({ do: "echo", value: 1 }), Error);
  });

  test(`${name}: close lets each idle thread close what it has open`, async () => {
    const closed = words();
    const pool = make(3, POOL_ENTRY, { closed });
    const job: TestJob = { do: "meet", words: words(), wanted: 3 };
    await Promise.all([pool.run(job), pool.run(job), pool.run(job)]);
    await pool.close();
    assertEquals(closed[0], 3);
  });

  test(`${name}: close ends threads that wait for a job, and the jobs that run`, async () => {
    const pool = make(2, POOL_ENTRY, undefined);
    const spinning = words();
    const ended = assertRejects(() => pool.run({ do: "spin", words: spinning } satisfies TestJob), GraphError);
    await pool.run({ do: "echo", value: "the other thread is idle now" } satisfies TestJob);
    while (Atomics.load(spinning, 0) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await pool.close();
    await ended;
    // Deno does not stop a thread that computes.
    Atomics.store(spinning, 1, 1);
    await assertRejects(() => pool.run({ do: "echo", value: 1 }), Error);
    assert(pool.size === 2);
  });
}
