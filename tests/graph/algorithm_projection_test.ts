/** How the projections come about that algorithms read on the pool of a graph. */

import { assertEquals, assertRejects } from "@std/assert";
import { InvalidArgumentError } from "../../lib/backend/errors.ts";
import { projectTask } from "../../lib/graph/project_task.ts";
import { TaskRunner } from "../../lib/graph/task_runner.ts";
import type { TaskJob } from "../../lib/graph/task_worker.ts";
import { projectEdges } from "../../lib/projection/mod.ts";
import { test } from "../support/test.ts";
import { insertParts, listen, phases } from "./algorithm_graph.ts";
import { degrees, failing, projectInside, strengths } from "./algorithm_jobs.ts";
import { testGraph } from "./graph_subject.ts";
import { heldState } from "./task_states.ts";

testGraph("a projection is made once for each state and choice", async ({ graph }) => {
  const [first = 0, second = 0] = await insertParts(graph);
  const { seen, onProgress } = listen();
  const phasesOf = async (options: Parameters<typeof graph.run<unknown, unknown, "projection">>[2]) => {
    seen.length = 0;
    await graph.run(degrees, {}, { ...options, onProgress });
    return phases(seen).join();
  };
  assertEquals(await phasesOf({}), "project,degrees");
  assertEquals([seen.includes("project 40/40"), seen.at(-1)], [true, "degrees 40/40"]);
  assertEquals(await phasesOf({ workers: 2 }), "degrees");
  assertEquals(await phasesOf({ project: { types: ["NEXT", "FAR"] } }), "project,degrees");
  assertEquals(await phasesOf({ project: { types: ["FAR", "NEXT", "FAR"], direction: "out" } }), "degrees");
  assertEquals(await phasesOf({ project: { undirected: true } }), "project,degrees");
  assertEquals(await phasesOf({ project: { direction: "both", simple: false } }), "degrees");
  using old = graph.snapshot();
  await graph.insertEdge({ from: first, to: second, type: "NEXT" });
  assertEquals(await phasesOf({}), "project,degrees");
  assertEquals(await phasesOf({ snapshot: old }), "degrees");
  const [before, now] = [await graph.run(degrees, {}, { snapshot: old }), await graph.run(degrees)];
  assertEquals((now.get(first) as number) - (before.get(first) as number), 1);
}, { threads: 2 });

testGraph("runs that need the same projection at the same time make it once", async ({ graph }) => {
  await insertParts(graph);
  const { seen, onProgress } = listen();
  await Promise.all(Array.from({ length: 5 }, () => graph.run(degrees, {}, { onProgress })));
  assertEquals(seen.filter((text) => text === "project 40/40").length, 1);
}, { threads: 3 });

testGraph("weights are those of the edges, however many threads read them and however far apart", async ({ graph }) => {
  const ids = await insertParts(graph, 600);
  using snapshot = graph.snapshot();
  for (const types of [undefined, ["NEXT"], ["RARE"]]) {
    const costs = new Map(ids.map((id) => [id, 0]));
    for (const { from, data } of [...snapshot.edges()].filter((edge) => types?.includes(edge.type) ?? true)) {
      costs.set(from, (costs.get(from) as number) + (data["cost"] as number | undefined ?? 0.5));
    }
    for (const workers of [1, 2, 3]) {
      // A new state, whose projection is made anew.
      await graph.kv.set("workers", workers);
      const found = await graph.run(strengths, {}, {
        workers,
        project: { types, weight: { field: "cost", default: 0.5 } },
      });
      assertEquals([...found], ids.map((nodeId) => ({ nodeId, value: costs.get(nodeId) as number })));
    }
  }
}, { threads: 3 });

testGraph("the threads of a task make a projection together when they are told to", async ({ graph }) => {
  const ids = await insertParts(graph);
  for (const workers of [1, 3]) {
    assertEquals(await graph.run(projectInside, { odd: false }, { workers }), ids.length);
    assertEquals(await graph.run(projectInside, { odd: true }, { workers }), ids.filter((id) => id % 2 === 1).length);
  }
}, { threads: 3 });

testGraph("a projection shows one state while others are committed", async ({ graph }) => {
  const ids = await graph.insertNodes(Array.from({ length: 2_000 }, (_, at) => ({ kind: "K", name: `${at}` })));
  let isDone = false;
  // Each commit moves an edge from one node to the next: so every state has as many.
  const writing = (async () => {
    const edges = await graph.insertEdges(ids.map((from) => ({ from, to: from, type: "R" })));
    for (let at = 0; !isDone; at++) {
      await graph.transaction((tx) => {
        for (let one = 0; one < 50; one++) {
          const which = (at * 50 + one) * 7919 % ids.length;
          tx.deleteEdge(edges[which] as number);
          edges[which] = tx.insertEdge({ from: ids[at % ids.length] as number, to: ids[which] as number, type: "R" });
        }
      });
    }
  })();
  while (graph.lsn < 4) await new Promise((resolve) => setTimeout(resolve, 2));
  try {
    for (let round = 0; round < 25; round++) {
      using snapshot = graph.snapshot();
      const found = await graph.run(degrees, {}, { snapshot, workers: 1 + round % 2 });
      assertEquals([...found].reduce((sum, { value }) => sum + value, 0), ids.length);
      for (const nodeId of ids.slice(0, 60)) assertEquals(found.get(nodeId), snapshot.degree(nodeId));
    }
  } finally {
    isDone = true;
    await writing;
  }
}, { threads: 2 });

testGraph("what fails while a projection is made is told, and it is made again", async ({ graph }) => {
  const [from = 0, to = 0] = await insertParts(graph);
  const edge = await graph.insertEdge({ from, to, type: "COST", data: { cost: "dear" } });
  const project = { types: ["COST"], weight: { field: "cost" } };
  for (const workers of [1, 2]) {
    const error = await assertRejects(() => graph.run(degrees, {}, { project, workers }), InvalidArgumentError);
    assertEquals(error.code, "weight-missing");
  }
  await graph.updateEdge(edge, { data: { cost: 7 } });
  assertEquals((await graph.run(degrees, {}, { project })).get(from), 1);
  for (const worker of [0, 1]) {
    await assertRejects(() => graph.run(failing, { worker }, { workers: 2 }), RangeError, "no luck");
  }
}, { threads: 2 });

test("a state is given up when its projection is there, and is not shared when that was there before", async () => {
  const projection = projectEdges({ from: [1], to: [2] });
  let shares = 0;
  const shared = () => {
    const state = heldState([]);
    const share = state.share.bind(state);
    return Object.assign(state, { share: () => (shares++, share()) });
  };
  const [first, second] = [shared(), shared()];
  const runner = new TaskRunner(undefined, {
    threads: 1,
    open: () =>
      Promise.resolve({
        size: 1,
        run: (job) => {
          const isProject = (job as TaskJob).taskName === projectTask.taskName;
          const value = isProject ? projection.handle : [first, second].map((state) => state.isReleased);
          return Promise.resolve({ value, classes: undefined });
        },
        close: () => Promise.resolve(),
      }),
  });
  assertEquals(await runner.run(degrees, {}, first), [true, false] as never);
  assertEquals(await runner.run(degrees, {}, second), [true, true] as never);
  assertEquals(shares, 1);
  await runner.close();
});
