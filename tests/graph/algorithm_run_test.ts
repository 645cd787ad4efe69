/** Algorithms on the pool of a graph, on both engines and both pools. */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ClosedError, InvalidArgumentError } from "../../lib/backend/errors.ts";
import { NodeValues, projectEdges } from "../../lib/projection/mod.ts";
import { insertParts, listen, phases } from "./algorithm_graph.ts";
import { degrees, distances, endless, Pair, pairOf, summary } from "./algorithm_jobs.ts";
import { testGraph } from "./graph_subject.ts";

const POOLS = { "piscina": undefined, "our threads": new URL("../../workers/worker.ts", import.meta.url) };

for (const [pool, worker] of Object.entries(POOLS)) {
  testGraph(
    `${pool}: an algorithm finds the same on this thread and on 1, 2 and 3 others`,
    async ({ graph }) => {
      const [start = 0, ...rest] = await insertParts(graph, 600);
      using snapshot = graph.snapshot();
      const near = distances(snapshot.project(), { start });
      assertEquals([near.get(start), near.get(rest.at(-1) as number)], [0, undefined]);
      const steps = (to: number) => (snapshot.shortestPath(start, to)?.length ?? 0) - 1;
      assertEquals([...near], [start, ...rest].slice(0, 600).map((nodeId) => ({ nodeId, value: steps(nodeId) })));
      for (const workers of [1, 2, 3]) {
        for (const project of [{}, { types: ["NEXT"] }, { undirected: true }, { edgeIds: true, simple: true }]) {
          const projection = snapshot.project(project);
          const options = { workers, project };
          const found = await graph.run(distances, { start }, options);
          assert(found instanceof NodeValues);
          assertEquals([...found], [...distances(projection, { start })]);
          for (const direction of ["out", "in"] as const) {
            const there = await graph.run(degrees, { direction }, options);
            assertEquals([...there.values], [...degrees(projection, { direction }).values]);
          }
          const all = await graph.run(summary, {}, options);
          assertEquals([...all.degrees], [...degrees(projection)]);
          assertEquals([...all.parity], [...summary(projection).parity]);
          assertEquals([all.links, all.workers], [projection.out.targets.length, workers]);
        }
      }
    },
    { threads: 3, worker },
  );
}

testGraph("a map runs an algorithm for many parameters on one projection", async ({ graph }) => {
  const ids = await insertParts(graph);
  const { seen, onProgress } = listen();
  const found = await graph.map(distances, ids.map((start) => ({ start })), { onProgress });
  using snapshot = graph.snapshot();
  const projection = snapshot.project();
  assertEquals(found.map((values) => [...values]), ids.map((start) => [...distances(projection, { start })]));
  assertEquals([phases(seen), seen.at(-1)], [["project", "distances"], "distances 40/40"]);
}, { threads: 2 });

testGraph("an algorithm reads a projection that this thread made, also one without a database", async ({ graph }) => {
  const ids = await insertParts(graph);
  const { seen, onProgress } = listen();
  const snapshot = graph.snapshot();
  const projection = snapshot.project({ where: (id) => id % 2 === 1 });
  snapshot.release();
  const found = await graph.run(degrees, {}, { projection, workers: 2, onProgress });
  assertEquals(found.nodeCount, ids.filter((id) => id % 2 === 1).length);
  assertEquals([...found], [...degrees(projection)]);
  assertEquals(phases(seen), ["degrees"]);
  const chain = projectEdges({ from: [1, 2, 3], to: [2, 3, 9] });
  const [far] = await graph.map(distances, [{ start: 1 }], { projection: chain });
  assertEquals(far?.get(9), 3);
}, { threads: 2 });

testGraph("a task returns an object of a class that was made for it", async ({ graph }) => {
  await graph.insertNode({ kind: "K", name: "a" });
  const pair = await graph.run(pairOf, { first: 4 });
  assert(pair instanceof Pair);
  assertEquals(pair.sum(), 5);
}, { threads: 1 });

testGraph("what cannot be read is refused before anything runs", async ({ graph }) => {
  await insertParts(graph);
  using snapshot = graph.snapshot();
  const projection = snapshot.project();
  const refused = async (run: () => Promise<unknown>, code: string, text: string) => {
    assertEquals((await assertRejects(run, InvalidArgumentError, text)).code, code);
  };
  const where = { where: () => true } as never;
  const bad = "invalid-projection-options";
  await refused(() => graph.run(degrees, {}, { project: where }), bad, "snapshot.project({ where })");
  await refused(() => graph.run(degrees, {}, { project: { types: "K" } as never }), bad, "types");
  await refused(() => graph.run(degrees, {}, { project: {}, projection }), bad, "project is given besides");
  await refused(() => graph.run(degrees, {}, { snapshot, projection }), bad, "snapshot is given besides");
  await refused(() => graph.run(pairOf, { first: 1 }, { project: {} } as never), bad, '"pairOf" reads a snapshot');
  await refused(() => graph.map(pairOf, [{ first: 1 }], { projection } as never), bad, '"pairOf" reads a snapshot');
  const copy = { ...projection } as never;
  await refused(() => graph.run(degrees, {}, { projection: copy }), "invalid-projection", "no projection");
}, { threads: 1 });

testGraph("a run that is cancelled while it waits for threads leaves the projection to others", async ({ graph }) => {
  const [from = 0] = await insertParts(graph);
  const words = new Int32Array(new SharedArrayBuffer(8));
  const stop = new AbortController();
  const projection = projectEdges({ from: [1], to: [2] });
  const busy = graph.run(endless, { words }, { projection, signal: stop.signal });
  while (Atomics.load(words, 0) === 0) await new Promise((resolve) => setTimeout(resolve, 2));

  const cancel = new AbortController();
  const cancelled = graph.run(degrees, {}, { signal: cancel.signal });
  const patient = graph.run(degrees, {});
  cancel.abort(new RangeError("enough"));
  await assertRejects(() => cancelled, RangeError, "enough");
  stop.abort(new RangeError("that too"));
  await assertRejects(() => busy, RangeError, "that too");
  assertEquals((await patient).get(from), 4);
  assertEquals(Atomics.load(words, 1), 1);
}, { threads: 1 });

testGraph("a listener cancels a run between the projection and the algorithm", async ({ graph }) => {
  await insertParts(graph);
  const words = new Int32Array(new SharedArrayBuffer(8));
  const seen: string[] = [];
  const run = graph.run(endless, { words }, {
    onProgress({ phase }) {
      seen.push(phase);
      throw new RangeError("not further");
    },
  });
  await assertRejects(() => run, RangeError, "not further");
  await graph.run(degrees);
  assertEquals([seen, [...words]], [["project"], [0, 0]]);
}, { threads: 1 });

testGraph("an algorithm that computes is cancelled on all its threads", async ({ graph }) => {
  await insertParts(graph);
  const words = new Int32Array(new SharedArrayBuffer(8));
  const cancel = new AbortController();
  const run = graph.run(endless, { words }, { signal: cancel.signal, workers: 2 });
  while (Atomics.load(words, 0) < 2) await new Promise((resolve) => setTimeout(resolve, 2));
  cancel.abort();
  await assertRejects(() => run, DOMException);
  while (Atomics.load(words, 1) < 2) await new Promise((resolve) => setTimeout(resolve, 2));
  assertEquals((await graph.run(degrees, {}, { workers: 2 })).nodeCount, 40);
}, { threads: 2 });

testGraph("close ends an algorithm, and one whose projection is being made", async ({ graph }) => {
  await insertParts(graph);
  const words = new Int32Array(new SharedArrayBuffer(8));
  const projection = projectEdges({ from: [1], to: [2] });
  const running = assertRejects(() => graph.run(endless, { words }, { projection }), ClosedError);
  const making = assertRejects(() => graph.run(degrees), ClosedError);
  while (Atomics.load(words, 0) === 0) await new Promise((resolve) => setTimeout(resolve, 2));
  await Promise.all([graph.close(), running, making]);
  assertEquals(Atomics.load(words, 1), 1);
  assertThrows(() => graph.snapshot(), ClosedError);
}, { threads: 1 });
