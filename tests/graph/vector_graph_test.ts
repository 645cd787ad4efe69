/** Vectors of a graph with threads: writes are transactions, reads show the newest commit. */

import { assertEquals, assertFalse, assertRejects, assertThrows } from "@std/assert";
import type { Change } from "../../lib/backend/change.ts";
import { ClosedError, ConflictError, InvalidArgumentError, NotFoundError } from "../../lib/backend/errors.ts";
import { openGraph } from "../../lib/graph/open_graph.ts";
import { testGraph, turn } from "./graph_subject.ts";

const PEOPLE = ["Ada", "Bob", "Eve"].map((name) => ({ kind: "Person", name }));

testGraph("indexes and vectors are written by calls, and are there after reopening", async ({ graph, path }) => {
  const [ada, bob, eve] = await graph.insertNodes(PEOPLE) as [number, number, number];
  const info = await graph.createVectorIndex("bio", { dimension: 2, metric: "euclidean", m: 5 });
  assertEquals([info.name, info.m, info.count], ["bio", 5, 0]);
  await assertRejects(() => graph.createVectorIndex("bio", { dimension: 3 }), ConflictError, "bio");
  await graph.setVector("bio", ada, [1, 0]);
  assertEquals(await graph.setVectors("bio", [{ nodeId: bob, vector: [2, 0] }, { nodeId: eve, vector: [3, 0] }]), 2);
  assertEquals(await graph.deleteVector("bio", bob), true);
  assertEquals(await graph.deleteVector("bio", bob), false);
  await graph.createVectorIndex("dropped", { dimension: 1 });
  assertEquals([await graph.dropVectorIndex("dropped"), await graph.dropVectorIndex("dropped")], [true, false]);
  await graph.deleteNode(eve);
  assertEquals(graph.vectorIndexes(), [{ ...info, count: 1 }]);
  assertEquals(await graph.searchVectors("bio", [0, 0]), [{ nodeId: ada, distance: 1 }]);
  await graph.close();
  await using again = await openGraph(path);
  assertEquals(again.vectorIndexes(), [{ ...info, count: 1 }]);
  assertEquals([...again.vectorIndex("bio").vectors()], [{ nodeId: ada, vector: Float32Array.of(1, 0) }]);
});

testGraph("an index of a graph has the calls of an index", async ({ graph }) => {
  const [ada, bob, eve] = await graph.insertNodes(PEOPLE) as [number, number, number];
  assertThrows(() => graph.vectorIndex("bio"), NotFoundError, "bio");
  await graph.createVectorIndex("bio", { dimension: 1, metric: "euclidean" });
  const index = graph.vectorIndex("bio");
  await index.insert(ada, [1]);
  await assertRejects(() => index.insert(ada, [2]), ConflictError);
  assertEquals(await index.insertMany([{ nodeId: bob, vector: [2] }]), 1);
  await index.update(bob, [4]);
  await assertRejects(() => index.update(eve, [2]), NotFoundError);
  await index.upsert(eve, [9]);
  assertEquals([index.name, index.info.count, index.stats().count], ["bio", 3, 3]);
  assertEquals([index.get(bob), index.get(99)], [Float32Array.of(4), undefined]);
  assertEquals((await index.search([5], { k: 2 })).map(({ nodeId }) => nodeId), [bob, ada]);
  assertEquals((await index.search([[5], [10]], { k: 1 })).map(([match]) => match?.nodeId), [bob, eve]);
  assertEquals(await index.range([5], 1.5), [{ nodeId: bob, distance: 1 }]);
  await assertRejects(() => index.range([5], undefined as unknown as number), InvalidArgumentError);
  assertEquals([await index.delete(eve), await index.delete(eve)], [true, false]);
  const vectors = index.vectors();
  assertEquals(vectors.next().value?.nodeId, ada);
  // The state of the first step.
  await index.upsert(eve, [9]);
  assertEquals([...vectors].map(({ nodeId }) => nodeId), [bob]);
  await graph.dropVectorIndex("bio");
  for (const call of [() => index.info, () => index.get(ada), () => index.vectors(), () => index.stats()]) {
    assertThrows(call, NotFoundError);
  }
  await assertRejects(() => index.search([1]), NotFoundError);
  await graph.close();
  assertThrows(() => index.info, ClosedError);
  await assertRejects(() => index.upsert(ada, [1]), ClosedError);
});

testGraph("vectors are copied when they are given", async ({ graph }) => {
  const ids = await graph.insertNodes(PEOPLE);
  await graph.createVectorIndex("bio", { dimension: 1, metric: "euclidean" });
  const same = new Float32Array(1);
  const oneForAll = function* () {
    for (const nodeId of ids) {
      same[0] = nodeId;
      yield { nodeId, vector: same };
    }
  };
  await graph.setVectors("bio", oneForAll());
  const stored = () => [...graph.vectorIndex("bio").vectors()].map(({ vector }) => vector[0]);
  assertEquals(stored(), ids);
  assertEquals(await graph.vectorIndex("bio").insertMany([]), 0);
  // All run at once and meet conflicts, so most of them run again.
  await Promise.all(ids.flatMap((nodeId) =>
    [1, 2, 3].map((round) => {
      same[0] = nodeId * 10 + round;
      const done = graph.setVector("bio", nodeId, same);
      same[0] = 0;
      return done;
    })
  ));
  assertFalse(stored().includes(0));
});

testGraph("what is no vector is refused and changes nothing", async ({ graph }) => {
  const [ada] = await graph.insertNodes(PEOPLE) as [number];
  await graph.createVectorIndex("bio", { dimension: 2 });
  const { lsn } = graph;
  for (const vector of [[1], [NaN, 1], "text", undefined, null, [0, 0]]) {
    await assertRejects(() => graph.setVector("bio", ada, vector as number[]), InvalidArgumentError);
    const rows = [{ nodeId: ada, vector: [1, 2] }, { nodeId: ada, vector: vector as number[] }];
    await assertRejects(() => graph.setVectors("bio", rows), InvalidArgumentError);
  }
  for (const rows of [undefined, 7, [null], [7]]) {
    await assertRejects(() => graph.setVectors("bio", rows as never), InvalidArgumentError);
  }
  await assertRejects(() => graph.setVector("bio", 99, [1, 2]), NotFoundError, "99");
  await assertRejects(() => graph.setVector("none", ada, [1, 2]), NotFoundError, "none");
  await assertRejects(() => graph.createVectorIndex("x", { dimension: 0 }), InvalidArgumentError);
  assertEquals(graph.lsn, lsn);
});

testGraph("a transaction sees its own vectors, and others those that were committed", async ({ graph }) => {
  const [ada, bob] = await graph.insertNodes(PEOPLE) as [number, number];
  await graph.createVectorIndex("bio", { dimension: 1, metric: "euclidean" });
  await graph.setVector("bio", ada, [1]);
  const found = await graph.transaction(async (tx) => {
    const index = tx.vectorIndex("bio");
    index.insert(bob, [2]);
    const added = tx.insertNode({ kind: "Person", name: "Zoe" });
    index.insert(added, [3]);
    tx.deleteNode(ada);
    await turn();
    assertEquals(graph.vectorIndex("bio").info.count, 1);
    return tx.searchVectors("bio", [0]);
  });
  using snapshot = graph.snapshot();
  assertEquals(snapshot.searchVectors("bio", [0]), found);
  assertEquals(found.length, 2);
});

testGraph(
  "concurrent transactions lose no vector, and of conflicting ones the last to run again wins",
  async ({ graph }) => {
    const [counter] = await graph.insertNodes(PEOPLE) as [number];
    await graph.createVectorIndex("sum", { dimension: 1, metric: "euclidean" });
    await graph.setVector("sum", counter, [0]);
    await Promise.all(Array.from({ length: 12 }, () =>
      graph.transaction((tx) => {
        const [sum] = tx.getVector("sum", counter) as Float32Array;
        tx.setVector("sum", counter, [(sum as number) + 1]);
        tx.setVector("sum", tx.insertNode({ kind: "Part", name: "part" }), [-1]);
      }, { retries: 100 })));
    const index = graph.vectorIndex("sum");
    assertEquals([index.get(counter), index.info.count], [Float32Array.of(12), 13]);
    const made = await Promise.allSettled([1, 2].map((dimension) => graph.createVectorIndex("same", { dimension })));
    assertEquals(made.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
  },
);

testGraph("a vector's change is told as an update of its node", async ({ graph }) => {
  const [ada] = await graph.insertNodes(PEOPLE) as [number];
  await graph.createVectorIndex("bio", { dimension: 1 });
  const seen: string[] = [];
  using _ = graph.subscribe({ nodes: true }, (change: Change) => {
    if (change.type === "node") seen.push(`${change.operation} ${change.id}`);
  });
  // The engine is asked to tell before these are sent to it.
  await graph.setVector("bio", ada, [1]);
  await graph.deleteVector("bio", ada);
  await graph.deleteVector("bio", ada);
  while (seen.length < 2) await turn();
  await turn();
  assertEquals(seen, [`update ${ada}`, `update ${ada}`]);
});
