/** The algorithms of this family as the command line, pools and cancelled calls see them. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { PROGRAM } from "../../../lib/algo/program/catalogue.ts";
import { backwardSlice, controlDependenceGraph, discoverSourcesAndSinks } from "../../../lib/algo/program/mod.ts";
import type { CatalogueEntry } from "../../../lib/algo/catalogue_entry.ts";
import type { Projection } from "../../../lib/projection/mod.ts";
import { projectEdges } from "../../../lib/projection/mod.ts";
import { testGraph } from "../../graph/graph_subject.ts";
import { test } from "../../support/test.ts";

/** Parameters for each entry that needs some. */
function paramsOf({ params }: CatalogueEntry, { nodeIds }: Projection): Record<string, unknown> {
  const [first, third, last] = [nodeIds[0] as number, nodeIds[2] as number, nodeIds.at(-1) as number];
  const given: Record<string, unknown> = { entry: first, nodes: [first, third, last], sources: [first], sinks: [last] };
  return Object.fromEntries(Object.entries(given).filter(([name]) => Object.hasOwn(params, name)));
}

/** All that an entry prints. */
function printed(entry: CatalogueEntry, result: unknown, projection: Projection): unknown {
  const { facts, columns, rows } = entry.table(result, projection);
  const cells = [...rows];
  for (const row of cells) assertEquals(row.length, columns.length, entry.name);
  return { facts, cells };
}

/** A loop with a branch in it, and a way out. */
const FLOW = [[1, 2], [2, 3], [2, 4], [3, 5], [4, 5], [5, 2], [5, 6]] as const;
/** The same without the way back. */
const isForward = ([from, to]: readonly [number, number]): boolean => from < to;

test("entries come in the order of their names, and all of them print tables", () => {
  const names = PROGRAM.map(({ name }) => name);
  assertEquals(names, [...names].sort());
  for (const entry of PROGRAM) {
    const edges = entry.name === "happens-before" ? FLOW.filter(isForward) : FLOW;
    const projection = projectEdges({ from: edges.map(([from]) => from), to: edges.map(([, to]) => to) });
    const result = entry.algorithm(projection, paramsOf(entry, projection));
    const { cells } = printed(entry, result, projection) as { cells: unknown[] };
    assert(cells.length > 0, entry.name);
  }
});

test("every algorithm ends when it is cancelled, and tells its progress", () => {
  const size = 150_000;
  const from = Float64Array.from({ length: size - 1 }, (_, at) => at + 1);
  const chain = projectEdges({ from, to: from.map((id) => id + 1) });
  for (const entry of PROGRAM) {
    const reason = new Error("enough");
    const controller = new AbortController();
    let asked = 0;
    // The context of another task: it is cancelled when it is asked for the third time.
    const context = {
      workers: 1,
      worker: 0,
      isAborted: false,
      throwIfAborted() {
        if (++asked === 3) controller.abort(reason);
        controller.signal.throwIfAborted();
      },
      progress() {},
      total() {},
      barrier() {},
      sharedBuffer: (bytes: number) => new SharedArrayBuffer(bytes),
    };
    const params = paramsOf(entry, chain);
    assertThrows(() => entry.algorithm(chain, params, context), Error, "enough", entry.name);
    assertEquals(asked, 3);
    let last: { done: number; total?: number } | undefined;
    entry.algorithm(chain, params, { onProgress: (progress) => last = progress });
    assert(last !== undefined && last.done > 0, entry.name);
    assert(last.total === undefined || last.done <= last.total, `${entry.name}: ${last.done} of ${last.total}`);
  }
});

testGraph("the pool finds what this thread finds, with one thread and with two", async ({ graph }) => {
  const ids = await graph.transaction((tx) => {
    const nodes = tx.insertNodes(Array.from({ length: 6 }, (_, at) => ({ kind: "Block", name: `${at}` })));
    tx.insertEdges(FLOW.map((edge) => ({
      from: nodes[edge[0] - 1] as number,
      to: nodes[edge[1] - 1] as number,
      type: isForward(edge) ? "FLOW" : "BACK",
    })));
    return nodes;
  });
  using snapshot = graph.snapshot();
  for (const entry of PROGRAM) {
    const project = entry.name === "happens-before" ? { types: ["FLOW"] } : {};
    const projection = snapshot.project(project);
    const params = paramsOf(entry, projection);
    const here = printed(entry, entry.algorithm(projection, params), projection);
    for (const workers of [1, 2]) {
      const there = await graph.run(entry.algorithm, params, { project, workers });
      assertEquals(printed(entry, there, projection), here, entry.name);
    }
  }
  const control = await graph.run(controlDependenceGraph, {});
  const last = ids.at(-1) as number;
  const project = { types: ["BACK"] };
  const sliced = await graph.run(backwardSlice, { nodes: [ids[2] as number], control }, { project });
  assertEquals(sliced, backwardSlice(snapshot.project(project), { nodes: [ids[2] as number], control }));
  assertEquals(sliced.controlNodes, [ids[1], ids[4]]);
  const found = await graph.run(discoverSourcesAndSinks, { sinks: [{ name: "5" }] });
  assertEquals(found, { sources: [], sinks: [last], sanitizers: [] });
}, { threads: 2 });
