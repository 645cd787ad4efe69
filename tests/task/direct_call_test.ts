/** Tasks and algorithms that are called as functions, on this thread. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { InvalidArgumentError } from "../../lib/backend/errors.ts";
import { type Algorithm, defineAlgorithm } from "../../lib/task/algorithm.ts";
import { defineTask, type TaskContext } from "../../lib/task/task.ts";
import { projectEdges } from "../../lib/projection/mod.ts";
import { test } from "../support/test.ts";
import { degrees, summary } from "../graph/algorithm_jobs.ts";

const TRIANGLE = projectEdges({ from: [1, 2, 3], to: [2, 3, 1] });

/** Works for a while, and tells how far it is. */
const slow: Algorithm<{ ms?: number }, number> = defineAlgorithm(
  import.meta.url,
  "slow",
  (projection, { ms = 0 }: { ms?: number }, context) => {
    const end = performance.now() + ms;
    context.total(10);
    do {
      context.throwIfAborted();
      context.progress(1);
    } while (performance.now() < end && !context.isAborted);
    return projection.nodeCount;
  },
);

test("an algorithm is the plain function, and its parameters may be left out where all of them may", () => {
  assertEquals(slow(TRIANGLE), 3);
  assertEquals(slow(TRIANGLE, {}), 3);
  assertEquals([...degrees(TRIANGLE, { direction: "in" }).values], [1, 1, 1]);
  assertEquals([slow.taskName, slow.moduleUrl, slow.source], ["slow", import.meta.url, "projection"]);
});

test("an algorithm alone has what several threads have", () => {
  const seen: unknown[] = [];
  const look = defineAlgorithm(import.meta.url, "look", (_, __, context: TaskContext) => {
    context.barrier();
    seen.push([context.workers, context.worker, context.isAborted, context.sharedBuffer(8).byteLength]);
  });
  look(TRIANGLE);
  look(TRIANGLE, {}, {});
  assertEquals(seen, [[1, 0, false, 8], [1, 0, false, 8]]);
});

test("progress is told while it works and at its end", () => {
  const seen: unknown[] = [];
  slow(TRIANGLE, {}, { onProgress: (progress) => seen.push(progress) });
  assertEquals(seen, [{ phase: "slow", done: 1, total: 10 }]);
  seen.length = 0;
  slow(TRIANGLE, { ms: 250 }, { onProgress: (progress) => seen.push(progress) });
  assert(seen.length > 1, "told before the end");
});

test("a signal that was aborted before, or by the listener, ends the call with its reason", () => {
  const before = AbortSignal.abort(new RangeError("enough"));
  assertThrows(() => slow(TRIANGLE, {}, { signal: before }), RangeError, "enough");
  const cancel = new AbortController();
  const onProgress = () => cancel.abort(new RangeError("that will do"));
  assertThrows(
    () => slow(TRIANGLE, { ms: 20_000 }, { signal: cancel.signal, onProgress }),
    RangeError,
    "that will do",
  );
});

test("what the listener throws ends the call", () => {
  const onProgress = () => {
    throw new RangeError("not further");
  };
  assertThrows(() => slow(TRIANGLE, {}, { onProgress }), RangeError, "not further");
});

test("an algorithm that calls another one passes its context on", () => {
  const seen: string[] = [];
  const { degrees: found } = summary(TRIANGLE, {}, { onProgress: ({ phase, done }) => seen.push(`${phase} ${done}`) });
  assertEquals([[...found.values], seen], [[1, 1, 1], ["summary 3"]]);
});

test("a task takes the same options", () => {
  const count = defineTask(import.meta.url, "count", (_, params: { units: number }, context) => {
    context.progress(params.units);
    return context.workers;
  });
  const seen: unknown[] = [];
  assertEquals(count(undefined as never, { units: 4 }, { onProgress: (progress) => seen.push(progress) }), 1);
  assertEquals(seen, [{ phase: "count", done: 4 }]);
  assertThrows(() => count(undefined as never, { units: 1 }, 7 as never), InvalidArgumentError, "options");
});
