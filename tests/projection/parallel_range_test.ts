/** Ranges that several threads work on. */

import { assertEquals, assertThrows } from "@std/assert";
import { ALONE, ParallelRange, projectEdges } from "../../lib/projection/mod.ts";
import { algorithmThreads } from "../support/algorithm_threads.ts";
import { test } from "../support/test.ts";
import { passes } from "./range_jobs.ts";

const PROJECTION = projectEdges({ from: [1], to: [2] });

test("a range is dealt out in chunks, again in each pass", () => {
  const range = new ParallelRange(ALONE, 10, 4);
  for (let pass = 0; pass < 3; pass++) {
    const seen: number[][] = [];
    while (range.next()) {
      seen.push([range.chunk, range.start, range.end]);
      range.put(range.end - range.start + pass);
    }
    assertEquals(seen, [[0, 0, 4], [1, 4, 8], [2, 8, 10]]);
    assertEquals([range.sum(), range.max()], [10 + 3 * pass, 4 + pass]);
  }
});

test("an empty range has no chunks", () => {
  const range = new ParallelRange(ALONE, 0);
  assertEquals([range.next(), range.chunkCount, range.sum(), range.max()], [false, 0, 0, -Infinity]);
});

test("a range ends when the run is cancelled", () => {
  let looks = 0;
  const range = new ParallelRange(
    {
      ...ALONE,
      throwIfAborted() {
        if (++looks === 3) throw new RangeError("cancelled");
      },
    },
    10,
    1,
  );
  assertEquals([range.next(), range.next()], [true, true]);
  assertThrows(() => range.next(), RangeError, "cancelled");
});

test("threads share each pass, see all of it, and add up the same sums as one alone", async () => {
  await using threads = algorithmThreads(3);
  for (
    const params of [{ count: 5_000, passes: 40 }, { count: 7, passes: 60, chunkSize: 1 }, { count: 0, passes: 5 }]
  ) {
    const alone = passes(PROJECTION, params);
    assertEquals([...alone.visits], Array(params.count).fill(params.passes));
    for (const workers of [1, 2, 3]) {
      const together = await threads.run(passes, params, PROJECTION, workers);
      assertEquals([...together.visits], [...alone.visits]);
      assertEquals([together.sums, together.maxima, together.differences], [alone.sums, alone.maxima, 0]);
    }
  }
});
