import { assert, assertEquals, assertFalse } from "@std/assert";
import fc from "fast-check";
import { FreePages } from "../../lib/v3/free_pages.ts";
import { test } from "../support/test.ts";

test("pages come from the end of the file while none is free, else the lowest free one is taken", () => {
  const free = new FreePages(2);
  assertEquals([free.take(), free.take()], [3, 4]);
  free.add(4);
  free.add(2);
  assertEquals([free.take(), free.take(), free.take()], [2, 4, 5]);
});

test("the end of the file is cut down to the last page in use", () => {
  const free = new FreePages(100);
  for (const pageId of [40, 97, 98, 99, 100]) free.add(pageId);
  assertEquals([free.cut(), free.count, free.has(40), free.has(100)], [96, 1, true, false]);
  assertEquals(free.take(), 40);
  assertEquals(free.take(), 97);
});

test("a set of free pages does what a set of numbers does", () => {
  const step = fc.oneof(
    fc.record({ add: fc.integer({ min: 1, max: 200 }) }),
    fc.constant("take" as const),
    fc.constant("cut" as const),
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
    const free = new FreePages(200);
    const model = new Set<number>();
    let pageCount = 200;
    for (const now of steps) {
      if (now === "take") {
        const lowest = [...model].sort((a, b) => a - b)[0];
        assertEquals(free.take(), lowest ?? ++pageCount);
        if (lowest !== undefined) model.delete(lowest);
      } else if (now === "cut") {
        while (model.delete(pageCount)) pageCount--;
        assertEquals(free.cut(), pageCount);
      } else if (now.add <= pageCount) {
        assertEquals(free.add(now.add), !model.has(now.add));
        model.add(now.add);
      }
      assertEquals([free.count, free.pageCount], [model.size, pageCount]);
    }
    const runs: number[] = [];
    free.clone().eachRun((first, length) => {
      for (let pageId = first; pageId < first + length; pageId++) runs.push(pageId);
    });
    assertEquals(runs, [...model].sort((a, b) => a - b));
    for (let pageId = 1; pageId <= 210; pageId++) assertEquals(free.has(pageId), model.has(pageId));
  }));
});

test("a copy is independent", () => {
  const free = new FreePages(10);
  free.add(5);
  const copy = free.clone();
  copy.take();
  assert(free.has(5));
  assertFalse(copy.has(5));
});
