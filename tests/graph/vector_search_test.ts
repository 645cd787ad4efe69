/** Searches of a graph for many vectors: the pool finds what a snapshot finds. */

import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { CheckedSnapshot } from "../../lib/backend/checked_snapshot.ts";
import { ClosedError, InvalidArgumentError, NotFoundError } from "../../lib/backend/errors.ts";
import type { Graph, GraphVectorSearchOptions } from "../../lib/graph/graph.ts";
import { Rng } from "../crash/rng.ts";
import { testGraph } from "./graph_subject.ts";
import { countKind, nearest } from "./graph_tasks.ts";

const DIMENSION = 6;

function randomVector(rng: Rng): number[] {
  return Array.from({ length: DIMENSION }, () => rng.between(-100, 100) / 8);
}

/** Inserts nodes of the kinds A and B with random vectors in the index "e"; ids are 1 and up. */
async function fill(graph: Graph, count: number): Promise<Rng> {
  const rng = new Rng(11);
  await graph.createVectorIndex("e", { dimension: DIMENSION, metric: "euclidean" });
  await graph.transaction((tx) => {
    for (let at = 0; at < count; at++) {
      const id = tx.insertNode({ kind: at % 2 === 0 ? "A" : "B", name: `${at}`, data: { at } });
      tx.setVector("e", id, randomVector(rng));
    }
  });
  return rng;
}

testGraph("the pool finds what a snapshot finds, whatever is asked for", async ({ graph }) => {
  const rng = await fill(graph, 160);
  const queries = Array.from({ length: 40 }, () => randomVector(rng));
  const options: readonly GraphVectorSearchOptions[] = [
    {},
    { k: 1 },
    { k: 500 },
    { k: 5, exact: true, workers: 1 },
    { k: 20, maxDistance: 18 },
    { ef: 200, k: 3, workers: 2 },
    { filter: { kinds: ["B"] } },
    { filter: { nodeIds: [5, 9, 7, 5, 10_000] } },
    { filter: { labels: ["A"], where: (node) => Number(node.data["at"]) % 3 === 0 }, k: 7 },
    { filter: { kinds: ["nobody"] } },
  ];
  using snapshot = graph.snapshot();
  for (const given of options) {
    const { workers: _, ...search } = given;
    assertEquals(await graph.searchVectors("e", queries, given), snapshot.searchVectors("e", queries, search));
    const [first] = queries as [number[]];
    assertEquals(await graph.searchVectors("e", first, given), snapshot.searchVectors("e", first, search));
  }
  const floats = queries.map((query) => Float64Array.from(query));
  assertEquals(await graph.vectorIndex("e").search(floats), snapshot.searchVectors("e", queries));
  assertEquals(await graph.searchVectors("e", []), []);
  assertEquals((await graph.searchVectors("e", [queries[0] as number[]]))[0]?.length, 10);
  // What was given may be used again at once.
  const [one, other] = [randomVector(rng), randomVector(rng)];
  const expected = snapshot.searchVectors("e", [one, other]);
  const searches = [graph.searchVectors("e", one), graph.searchVectors("e", other)];
  const both = graph.searchVectors("e", [one, other]);
  one.fill(1);
  other.fill(2);
  assertEquals([await Promise.all(searches), await both], [expected, expected]);
  await graph.createVectorIndex("dot", { dimension: DIMENSION, metric: "dot" });
  assertEquals(await graph.searchVectors("dot", queries), queries.map(() => []));
  await graph.setVector("dot", 7, queries[0] as number[]);
  using later = graph.snapshot();
  const found = await graph.searchVectors("dot", queries);
  assertEquals(found, later.searchVectors("dot", queries));
  assert((found[0]?.[0]?.distance ?? 0) < 0);
}, { threads: 3 });

testGraph(
  "a search reads the state that it is given, also when that is released meanwhile",
  async ({ graph, backend }) => {
    const rng = await fill(graph, 40);
    const queries = Array.from({ length: 8 }, () => randomVector(rng));
    using old = graph.snapshot();
    const before = old.searchVectors("e", queries);
    const filter = { kinds: ["A"] };
    const beforeInA = old.searchVectors("e", queries, { filter });
    const { lsn } = graph;
    if (backend === "v3") await graph.tag("before");
    await graph.transaction((tx) => {
      for (let id = 1; id <= 20; id++) tx.deleteNode(id);
      tx.updateNode(22, { kind: "A" });
    });
    const after = await graph.searchVectors("e", queries);
    assert(after.flat().every(({ nodeId }) => nodeId > 20));
    assertEquals(await graph.searchVectors("e", queries, { snapshot: old }), before);
    // The same filter object lets other nodes pass in another state.
    assertEquals(await graph.searchVectors("e", queries, { snapshot: old, filter }), beforeInA);
    using now = graph.snapshot();
    assertEquals(await graph.searchVectors("e", queries, { filter }), now.searchVectors("e", queries, { filter }));
    if (backend === "v3") assertEquals(await graph.searchVectors("e", queries, { snapshot: { lsn } }), before);
    const index = graph.vectorIndex("e");
    const [query] = queries as [number[]];
    assertEquals(await index.range(query, 15, { snapshot: old }), old.vectorIndex("e").range(query, 15));
    const running = graph.searchVectors("e", queries, { snapshot: old });
    old.release();
    assertEquals(await running, before);
    await assertRejects(() => graph.searchVectors("e", queries, { snapshot: old }), ClosedError, "released");
  },
  { threads: 2, retention: undefined },
);

testGraph("bad searches are refused before any thread works", async ({ graph }) => {
  await fill(graph, 4);
  const query = [1, 2, 3, 4, 5, 6];
  const search = (queries: unknown, options?: unknown) => () =>
    graph.searchVectors("e", queries as number[][], options as GraphVectorSearchOptions);
  for (
    const call of [
      search([query, [1]]),
      search([query, "text"]),
      search("text"),
      search([query, query], { k: 0 }),
      search([query, query], { workers: 0 }),
      search(query, { workers: 1.5 }),
      search([query, query], { filter: { colour: "red" } }),
      search([query, query], { exact: 1 }),
      search([query, query], 7),
    ]
  ) await assertRejects(call, InvalidArgumentError);
  await assertRejects(() => graph.searchVectors("none", [query, query]), NotFoundError, "none");
  // As of another graph: this one did not give it out.
  using held = graph.snapshot();
  const foreign = new CheckedSnapshot({ store: {} as never, isReleased: false, release() {} }, 0);
  await assertRejects(search([query, query], { snapshot: foreign }), InvalidArgumentError, "not one of this graph");
  assertEquals((await graph.searchVectors("e", [query, query], { snapshot: held })).length, 2);
}, { threads: 1 });

testGraph("a signal ends a search with its reason, and what the filter throws comes through", async ({ graph }) => {
  const rng = await fill(graph, 400);
  const queries = Array.from({ length: 20_000 }, () => randomVector(rng));
  const reason = new Error("enough");
  const ended = await assertRejects(() => graph.searchVectors("e", queries, { signal: AbortSignal.abort(reason) }));
  assertStrictEquals(ended, reason);
  const control = new AbortController();
  // So many that they take many times as long as two.
  const many = Array.from({ length: 10 }, () => queries).flat();
  const running = assertRejects(() => graph.searchVectors("e", many, { k: 1, workers: 1, signal: control.signal }));
  await graph.searchVectors("e", queries.slice(0, 2));
  control.abort(reason);
  assertStrictEquals(await running, reason);
  const where = () => {
    throw new RangeError("from the filter");
  };
  await assertRejects(() => graph.searchVectors("e", queries, { filter: { where } }), RangeError, "from the filter");
  assertEquals((await graph.searchVectors("e", queries.slice(0, 3))).length, 3);
}, { threads: 2 });

testGraph("a search does not wait for threads that others keep busy", async ({ graph }) => {
  const rng = await fill(graph, 50);
  const control = new AbortController();
  const busy = assertRejects(() => graph.run(countKind, { kind: "A", forever: true }, { signal: control.signal }));
  const queries = Array.from({ length: 100 }, () => randomVector(rng));
  using snapshot = graph.snapshot();
  assertEquals(await graph.searchVectors("e", queries), snapshot.searchVectors("e", queries));
  control.abort();
  await busy;
}, { threads: 2 });

testGraph("close ends a search", async ({ graph }) => {
  // So much to do that it takes many times as long as a search for two.
  const rng = await fill(graph, 4_000);
  const queries = Array.from({ length: 20_000 }, () => randomVector(rng));
  const running = assertRejects(
    () => graph.searchVectors("e", queries, { workers: 1, exact: true, k: 1 }),
    ClosedError,
  );
  await graph.searchVectors("e", queries.slice(0, 2));
  await graph.close();
  await running;
  await assertRejects(() => graph.searchVectors("e", queries.slice(0, 2)), ClosedError);
}, { threads: 2 });

testGraph("tasks search on their threads", async ({ graph }) => {
  const rng = await fill(graph, 60);
  const params = ["A", "B"].map((kind) => ({ name: "e", query: randomVector(rng), kind }));
  using snapshot = graph.snapshot();
  assertEquals(
    await graph.map(nearest, params),
    params.map(({ query, kind }) => snapshot.searchVectors("e", query, { filter: { kinds: [kind] } })),
  );
}, { threads: 2 });

testGraph("more results than there is room for are refused", async ({ graph }) => {
  const rng = await fill(graph, 200);
  const queries = Array.from({ length: 2 ** 26 / 128 }, () => [1, 2, 3, 4, 5, 6]);
  const error = await assertRejects(() => graph.searchVectors("e", queries, { k: 129 }), InvalidArgumentError);
  assertEquals(error.code, "too-many-matches");
  assertEquals((await graph.searchVectors("e", [randomVector(rng)], { k: 129 }))[0]?.length, 129);
});
