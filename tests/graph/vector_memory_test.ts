/** The index in memory that all threads of a graph share: it answers for every state as that state was. */

import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import type { Progress } from "../../lib/backend/care.ts";
import { InvalidArgumentError } from "../../lib/backend/errors.ts";
import type { GraphReader } from "../../lib/backend/graph_reader.ts";
import type { Graph } from "../../lib/graph/graph.ts";
import { openGraph } from "../../lib/graph/open_graph.ts";
import { distanceBy } from "../../lib/vector/distance.ts";
import { Rng } from "../crash/rng.ts";
import { testGraph, turn } from "./graph_subject.ts";

const DIMENSION = 8;

function randomVector(rng: Rng): number[] {
  return Array.from({ length: DIMENSION }, () => rng.between(-1000, 1000) / 64);
}

/** Inserts nodes 1 and up with vectors in the index "e"; so many that a search walks over links. */
async function fill(graph: Graph, count: number, rng: Rng): Promise<number[]> {
  await graph.createVectorIndex("e", { dimension: DIMENSION, metric: "euclidean", m: 8, efConstruction: 80 });
  return await graph.transaction((tx) => {
    const ids = tx.insertNodes(Array.from({ length: count }, (_, at) => ({ kind: "N", name: `${at}` })));
    tx.setVectors("e", ids.map((nodeId) => ({ nodeId, vector: randomVector(rng) })));
    return ids;
  });
}

/** Waits until every vector is linked. */
async function linked(graph: Graph): Promise<void> {
  for (let waits = 0; waits < 3000; waits++) {
    const { searches, pending } = graph.vectorIndex("e").stats();
    if (searches === "memory" && pending === 0) return;
    await turn();
  }
  throw new Error(`not linked: ${JSON.stringify(graph.vectorIndex("e").stats())}`);
}

/** How much of what is nearest is found, over many searches. */
class Recall {
  found = 0;
  wanted = 0;

  assertHigh(): void {
    assert(this.found >= 0.9 * this.wanted, `recall ${this.found / this.wanted} of ${this.wanted}`);
  }
}

/** Fails unless what is found is in the state, with its right distance. */
function assertAnswers(reader: GraphReader, rng: Rng, rounds: number, recall: Recall): void {
  const distance = distanceBy("euclidean");
  for (let round = 0; round < rounds; round++) {
    const query = Float32Array.from(randomVector(rng));
    const exact = reader.searchVectors("e", query, { k: 10, exact: true });
    const matches = reader.searchVectors("e", query, { k: 10, ef: 30 });
    assertEquals(matches.length, Math.min(10, exact.length));
    for (const [at, { nodeId, distance: measured }] of matches.entries()) {
      const vector = reader.getVector("e", nodeId);
      assert(vector !== undefined, `node ${nodeId} has no vector in commit ${reader.lsn}`);
      assertAlmostEquals(measured, distance(query, vector), 1e-3);
      assert(at === 0 || measured >= (matches[at - 1]?.distance as number), "not in order");
    }
    const ids = new Set(exact.map(({ nodeId }) => nodeId));
    recall.wanted += ids.size;
    recall.found += matches.filter(({ nodeId }) => ids.has(nodeId)).length;
  }
}

testGraph("searches go through memory, also after reopening, and links are kept", async ({ graph, path }) => {
  const rng = new Rng(3);
  const recall = new Recall();
  await fill(graph, 3000, rng);
  await linked(graph);
  using snapshot = graph.snapshot();
  assertAnswers(snapshot, rng, 30, recall);
  await graph.close();
  await using again = await openGraph(path);
  await again.searchVectors("e", randomVector(rng));
  assertEquals(again.vectorIndex("e").stats().searches, "memory");
  assertEquals(again.vectorIndex("e").stats().pending, 0);
  using later = again.snapshot();
  assertAnswers(later, rng, 30, recall);
  recall.assertHigh();
});

testGraph(
  "snapshots answer as their commits were, while the writer replaces and deletes vectors",
  async ({ graph }) => {
    const rng = new Rng(5);
    const recall = new Recall();
    const ids = await fill(graph, 1500, rng);
    await linked(graph);
    const snapshots: {
      readonly reader: GraphReader & Disposable;
      readonly some: Map<number, Float32Array | undefined>;
    }[] = [];
    for (let round = 0; round < 30; round++) {
      await graph.transaction((tx) => {
        for (let change = 0; change < 60; change++) {
          const nodeId = rng.pick(ids);
          if (rng.chance(0.3)) tx.deleteVector("e", nodeId);
          else tx.setVector("e", nodeId, randomVector(rng));
        }
      });
      const reader = graph.snapshot();
      const sample = Array.from({ length: 20 }, () => rng.pick(ids));
      snapshots.push({ reader, some: new Map(sample.map((id) => [id, reader.getVector("e", id)])) });
      assertAnswers(reader, rng, 2, recall);
      if (snapshots.length > 6) snapshots.splice(rng.between(0, 5), 1)[0]?.reader[Symbol.dispose]();
      for (const { reader: then, some } of snapshots) {
        for (const [nodeId, vector] of some) {
          assertEquals(then.getVector("e", nodeId), vector);
          if (vector === undefined) continue;
          const [nearest] = then.searchVectors("e", vector, { k: 1, exact: true });
          assertAlmostEquals(nearest?.distance as number, 0, 1e-3);
        }
        assertAnswers(then, rng, 1, recall);
      }
    }
    for (const { reader } of snapshots) reader[Symbol.dispose]();
    await linked(graph);
    using last = graph.snapshot();
    assertAnswers(last, rng, 30, recall);
    recall.assertHigh();
  },
);

testGraph("threads of the pool search the same memory", async ({ graph }) => {
  const rng = new Rng(7);
  await fill(graph, 2000, rng);
  await linked(graph);
  const queries = Array.from({ length: 60 }, () => randomVector(rng));
  using snapshot = graph.snapshot();
  assertEquals(await graph.searchVectors("e", queries, { workers: 2 }), snapshot.searchVectors("e", queries));
  const { memoryBytes } = graph.vectorIndex("e").stats();
  assertEquals(
    await graph.searchVectors("e", queries, { workers: 2, k: 3 }),
    snapshot.searchVectors("e", queries, { k: 3 }),
  );
  assertEquals(graph.vectorIndex("e").stats().memoryBytes, memoryBytes);
});

testGraph("an index that is dropped leaves memory, one of the same name is another", async ({ graph }) => {
  const rng = new Rng(9);
  const recall = new Recall();
  await fill(graph, 300, rng);
  using before = graph.snapshot();
  await graph.dropVectorIndex("e");
  await fill(graph, 40, rng);
  assertEquals(before.vectorIndex("e").info.count, 300);
  assertAnswers(before, rng, 3, recall);
  using after = graph.snapshot();
  assertAnswers(after, rng, 3, recall);
  recall.assertHigh();
});

testGraph("threads of the pool link what is pending, with progress, until they are told to stop", async ({ graph }) => {
  const rng = new Rng(13);
  const recall = new Recall();
  await fill(graph, 6000, rng);
  const index = graph.vectorIndex("e");
  await assertRejects(() => index.link({ workers: 0 }), InvalidArgumentError, "workers");
  await assertRejects(() => index.link({ signal: AbortSignal.abort(new Error("enough")) }), Error, "enough");
  const told: Progress[] = [];
  await index.link({ workers: 2, onProgress: (progress) => told.push(progress) });
  assertEquals(index.stats().pending, 0);
  assertEquals(index.stats().linked, 6000);
  if (told.length > 0) assertEquals(told.at(-1)?.done, told.at(-1)?.total);
  await index.link();
  using snapshot = graph.snapshot();
  assertAnswers(snapshot, rng, 30, recall);
  recall.assertHigh();
});
