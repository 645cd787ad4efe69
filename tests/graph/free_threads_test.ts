/** Threads are given out in the order of the requests. */

import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { FreeThreads } from "../../lib/graph/free_threads.ts";
import { test } from "../support/test.ts";

test("a request for more threads than are free holds back smaller ones behind it", async () => {
  const free = new FreeThreads(2);
  const order: string[] = [];
  const take = (name: string, threads: number) => free.take(threads).then(() => void order.push(name));
  await take("first", 1);
  const waiting = [take("both", 2), take("one", 1)];
  await Promise.resolve();
  assertEquals(order, ["first"]);
  free.giveBack(1);
  await waiting[0];
  assertEquals(order, ["first", "both"]);
  free.giveBack(1);
  await waiting[1];
  assertEquals(order, ["first", "both", "one"]);
});

test("a request that is cancelled lets those behind it through", async () => {
  const free = new FreeThreads(2);
  await free.take(1);
  const cancel = new AbortController();
  const both = assertRejects(() => free.take(2, cancel.signal), RangeError);
  const one = free.take(1);
  cancel.abort(new RangeError("enough"));
  await Promise.all([both, one]);
  await assertRejects(() => free.take(1, cancel.signal), RangeError);
});

test("no order of taking, cancelling and giving back loses a thread or gives one twice", async () => {
  const wish = fc.record({ threads: fc.integer({ min: 1, max: 4 }), waits: fc.nat(3), cancelled: fc.boolean() });
  await fc.assert(fc.asyncProperty(fc.array(wish, { maxLength: 12 }), async (wishes) => {
    const free = new FreeThreads(4);
    let taken = 0;
    await Promise.all(wishes.map(async ({ threads, waits, cancelled }) => {
      const cancel = new AbortController();
      const asked = free.take(threads, cancel.signal);
      if (cancelled) cancel.abort();
      try {
        await asked;
      } catch {
        return;
      }
      taken += threads;
      assertEquals(taken <= 4, true);
      for (let tick = 0; tick < waits; tick++) await Promise.resolve();
      taken -= threads;
      free.giveBack(threads);
    }));
    await free.take(4);
  }));
});
