/** What the compiler knows about `graph.run` and `graph.map`. Most of it is never run. */

import { assertEquals } from "@std/assert";
import type { Snapshot } from "../../lib/backend/graph_backend.ts";
import { type Algorithm, defineAlgorithm } from "../../lib/task/algorithm.ts";
import { bfsTask } from "../../lib/graph/builtin_tasks.ts";
import type { Graph } from "../../lib/graph/graph.ts";
import { defineTask, type Task } from "../../lib/task/task.ts";
import type { Projection } from "../../lib/projection/mod.ts";
import { test } from "../support/test.ts";

interface Social {
  nodes: { Person: { born: number } };
  edges: { KNOWS: { since: number } };
}

interface Geography {
  nodes: { City: { size: number } };
  edges: { ROAD: null };
}

const oldest = defineTask(import.meta.url, "oldest", (snapshot, { kind }: { kind: string }) => {
  return snapshot.countNodes({ kind });
});

const born = defineTask(import.meta.url, "born", (snapshot: Snapshot<Social>, { id }: { id: number }) => {
  return snapshot.getNode(id, "Person")?.data.born;
});

const size = defineTask(import.meta.url, "size", (snapshot) => snapshot.countNodes());

const rank = defineAlgorithm(
  import.meta.url,
  "rank",
  (projection, { damping = 0.85 }: { damping?: number }) => projection.nodeCount * damping,
);

const reach = defineAlgorithm(
  import.meta.url,
  "reach",
  (projection, { start }: { start: number }) => projection.indexOf(start),
);

const count = defineAlgorithm(import.meta.url, "count", (projection) => projection.nodeCount);

test("an algorithm has the types of its function's parameters and result", () => {
  const withDefaults: Algorithm<{ damping?: number }, number> = rank;
  const needsParams: Algorithm<{ start: number }, number> = reach;
  const withoutParams: Algorithm<Record<never, never>, number> = count;
  assertEquals([withDefaults, needsParams, withoutParams].map((one) => one.taskName), ["rank", "reach", "count"]);
});

/** Right calls: compiled, never called. */
export async function rightCalls(graph: Graph<Social>, any: Graph, projection: Projection): Promise<unknown[]> {
  const snapshot = graph.snapshot();
  const found: number = await graph.run(oldest, { kind: "Person" }, { snapshot, workers: 2 });
  const year: number | undefined = await graph.run(born, { id: 1 }, { snapshot: { lsn: 3 } });
  const years: (number | undefined)[] = await graph.map(born, [{ id: 1 }], { workers: 2 });
  const reached: number[] = await any.run(bfsTask, { start: 1, depth: 2, types: ["KNOWS"] });
  const sizes: number[] = [await graph.run(size), await graph.run(size, undefined, { workers: 1 })];
  const ranks: number[] = [await graph.run(rank), await graph.run(rank, {}, { project: { types: ["KNOWS"] } })];
  const project = { kinds: ["Person"], weight: { field: "since", default: 0 } } as const;
  const far: number = await graph.run(reach, { start: 1 }, { project, snapshot, workers: 4 });
  const near: number[] = await graph.map(reach, new Set([{ start: 1 }]), { projection });
  const here: number[] = [rank(projection), reach(projection, { start: 1 }, { onProgress() {} }), count(projection)];
  return [found, year, years, reached, sizes, ranks, far, near, here, await any.run(count)];
}

/** Wrong calls. Each must be an error at what is wrong: compiled, never called. */
export async function wrongCalls(graph: Graph<Social>, map: Graph<Geography>, projection: Projection): Promise<void> {
  // @ts-expect-error: the kind is a string
  await graph.run(oldest, { kind: 1 });
  // @ts-expect-error: the kind is missing
  await graph.run(oldest, {});
  // @ts-expect-error: the parameters are missing
  await graph.run(oldest);
  // @ts-expect-error: there is no such parameter
  await graph.run(oldest, { kind: "Person", limit: 1 });
  // @ts-expect-error: a task reads a snapshot
  await graph.run(oldest, { kind: "Person" }, { project: {} });
  // @ts-expect-error: a task reads a snapshot
  await graph.map(oldest, [{ kind: "Person" }], { projection });
  // @ts-expect-error: a task of another schema
  await map.run(born, { id: 1 });
  // @ts-expect-error: there is no such parameter
  await graph.run(rank, { dumping: 0.85 });
  // @ts-expect-error: the start is missing
  await graph.run(reach);
  // @ts-expect-error: the start is a number
  await graph.run(reach, { start: "1" });
  // @ts-expect-error: the start is a number
  await graph.map(reach, [{ start: "1" }]);
  // @ts-expect-error: there is no such type of edges
  await graph.run(reach, { start: 1 }, { project: { types: ["ROAD"] } });
  // @ts-expect-error: a function cannot travel
  await graph.run(reach, { start: 1 }, { project: { where: (id: number) => id > 1 } });
  // @ts-expect-error: there is no such option
  await graph.map(reach, [{ start: 1 }], { projekt: {} });
  // @ts-expect-error: the result is a number
  const text: string = await graph.run(size);
  // @ts-expect-error: a function that is no task
  await graph.run((snapshot: Snapshot) => snapshot.countNodes() + text.length);
  // @ts-expect-error: the start is missing when it is called as a function, too
  reach(projection);
  // @ts-expect-error: an algorithm reads a projection
  reach(graph.snapshot(), { start: 1 });
  // @ts-expect-error: an algorithm is no task that reads a snapshot
  const task: Task<undefined, number> = count;
  await graph.run(task);
}
