/** Projections on several threads. */

import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvalidArgumentError } from "../../lib/backend/errors.ts";
import { NodeIndex, nodeIndexOf } from "../../lib/projection/node_index.ts";
import { ALONE, projectEdges, projectionFrom } from "../../lib/projection/mod.ts";
import "../../lib/projection/install.ts";
import { V3Backend } from "../../lib/v3/mod.ts";
import { algorithmThreads } from "../support/algorithm_threads.ts";
import { test } from "../support/test.ts";
import { flat } from "./model.ts";
import { inside, insideTurned } from "./handle_jobs.ts";

test("a projection that was sent is the same one, in the same memory", () => {
  const edges = { from: [1, 5, 5, 9], to: [5, 1, 5, 1], weights: [1, 2, 3, 4] };
  for (const options of [{}, { undirected: true }, { edgeIds: true }, { simple: true, nodeIds: [1, 2, 5, 9] }]) {
    const projection = projectEdges({ ...edges, ...options });
    const sent = projectionFrom(structuredClone(projection.handle));
    assertEquals(flat(sent), flat(projection));
    assertEquals([...sent.nodeIds], [...projection.nodeIds]);
    assertEquals([sent.isUndirected, sent.hasWeights], [projection.isUndirected, true]);
    (projection.out.weights as Float64Array)[0] = 99;
    assertEquals(sent.out.weights?.[0], 99);
  }
});

test("what is no handle is refused", () => {
  for (const handle of [undefined, null, 7, {}, { format: "another" }]) {
    assertThrows(() => projectionFrom(handle), InvalidArgumentError, "no handle");
  }
});

test("threads read what this one made, and make the links that enter each node only once", async () => {
  await using threads = algorithmThreads(3);
  const from = Array.from({ length: 3_000 }, (_, at) => 1 + at * 7919 % 500);
  const to = from.map((id, at) => 1 + (id * 31 + at) % 500);
  for (const options of [{}, { undirected: true }, { edgeIds: true, weights: from }]) {
    const projection = projectEdges({ from, to, ...options });
    const there = await threads.run(insideTurned, {}, projection, 3);
    assertEquals(there.differences, 0);
    // This thread finds the links that those made: it does not write to the memory again.
    there.turned[0] = (there.turned[0] as number) + 1;
    assertEquals(projection.in.targets[0], there.turned[0]);
    assertEquals((await threads.run(inside, {}, projection, 1)).edgeCount, projection.edgeCount);
  }
});

test("dense indexes follow the ids, whether those have no gaps, a few or many", () => {
  const lists = fc.uniqueArray(
    fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 900 }), fc.integer({ min: 1, max: 2 ** 52 })),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(
      fc.oneof(lists, fc.integer({ min: 1, max: 9 }).map((first) => [first, first + 1, first + 2])),
      (list) => {
        const ids = Float64Array.from(list).sort();
        const index = new NodeIndex(structuredClone(nodeIndexOf(ids).handle));
        for (const [at, id] of ids.entries()) {
          assertEquals([index.indexOf(id), index.idOf(at)], [at, id]);
          for (const other of [id - 1, id + 1, id + 0.5]) assertEquals(index.indexOf(other), ids.indexOf(other));
        }
        const asked = Float64Array.from([0, 1, 21, 901, ...ids, 2 ** 53 - 1]);
        const found = new Int32Array(asked.length);
        const missing = index.indexAll(asked, asked.length, found);
        const expected = [...asked].map((id) => ids.indexOf(id));
        assertEquals([[...found], missing], [expected, expected.filter((at) => at < 0).length]);
        for (const bad of [NaN, -1, Infinity]) assertEquals(index.indexOf(bad), -1);
      },
    ),
  );
});

test("making a projection ends when it is cancelled, wherever it is", () => {
  using db = V3Backend.open(":memory:");
  const ids = db.insertNodes(Array.from({ length: 1_000 }, (_, at) => ({ kind: "A", name: `${at}` })));
  db.insertEdges(ids.map((from) => ({ from, to: ids[0] as number, type: "R" })));
  let looks = 0;
  assertEquals(db.project({}, { ...ALONE, throwIfAborted: () => void looks++ }).edgeCount, 1_000);
  assertEquals(looks > 4, true);
  for (let last = 1; last <= looks; last++) {
    let left = last;
    const cancelling = {
      ...ALONE,
      throwIfAborted() {
        if (--left === 0) throw new RangeError("cancelled");
      },
    };
    assertThrows(() => db.project({}, cancelling), RangeError, "cancelled");
  }
});
