/** The algorithms as the command line calls them, on this thread and on a pool, and how they end when they are cancelled. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import type { CatalogueEntry } from "../../../lib/algo/catalogue_entry.ts";
import type { TaskContext } from "../../../lib/algo/define.ts";
import { FLOW } from "../../../lib/algo/flow/catalogue.ts";
import * as flow from "../../../lib/algo/flow/mod.ts";
import { grid } from "../../../lib/algo/generate/mod.ts";
import type { Projection } from "../../../lib/projection/mod.ts";
import { testGraph } from "../../graph/graph_subject.ts";
import { test } from "../../support/test.ts";

/** A projection as an entry wants it, large enough for some looks at the signal. */
function projectionFor({ project }: CatalogueEntry, side: number): Projection {
  const options = { undirected: project?.undirected ?? false, edgeIds: true };
  return grid({ rows: side, columns: side }).withWeights().project(options);
}

function paramsFor({ params }: CatalogueEntry, nodeCount: number): Record<string, unknown> {
  return Object.hasOwn(params, "source") ? { source: 1, sink: nodeCount } : {};
}

/** All that is printed of a result. */
function printed(entry: CatalogueEntry, result: unknown, projection: Projection): unknown {
  const { facts, columns, rows } = entry.table(result, projection);
  const lines = [...rows].map((row) => row.map((cell) => Array.isArray(cell) ? cell.join(" ") : cell));
  for (const line of lines) assertEquals(line.length, columns.length);
  return JSON.stringify({ facts, columns, lines });
}

test("all algorithms are in the catalogue, in the order of their names", () => {
  const algorithms = Object.values(flow).filter((value) => Object.hasOwn(value, "taskName"));
  assertEquals(new Set(FLOW.map(({ algorithm }) => algorithm as unknown)), new Set<unknown>(algorithms));
  assertEquals(FLOW.map(({ name }) => name), FLOW.map(({ name }) => name).toSorted());
});

test("tables show what was found", () => {
  const shown = Object.fromEntries(FLOW.map((entry) => {
    const projection = projectionFor(entry, 2);
    const { facts = {}, columns, rows } = entry.table(entry.algorithm(projection, paramsFor(entry, 4)), projection);
    return [entry.name, [facts, columns.map(({ name }) => name).join(), [...rows].length]];
  }));
  assertEquals(shown["max-flow"]?.[1], "from,to,edge,flow");
  assertEquals(shown["bipartite-matching"], [{ pairs: 2, cover: "1 4" }, "left,right", 2]);
  assertEquals(shown["bipartition"], [{ bipartite: true }, "part,nodes", 2]);
  assertEquals(shown["dsatur-coloring"], [{ colors: 2 }, "node,color", 4]);
  assertEquals(shown["edge-disjoint-paths"], [{ paths: 2 }, "path", 2]);
  assertEquals(shown["node-disjoint-paths"], [{ paths: 2 }, "path", 2]);
  assertEquals(shown["min-vertex-cut"], [{ "size": 2, "source side": 1, "sink side": 1 }, "node", 2]);
  assertEquals(shown["maximal-independent-set"], [{ size: 2 }, "node", 2]);
});

testGraph("algorithms find the same on this thread and on a pool", async ({ graph }) => {
  for (const entry of FLOW) {
    const projection = projectionFor(entry, 12);
    const params = paramsFor(entry, projection.nodeCount);
    const here = printed(entry, entry.algorithm(projection, params), projection);
    for (const workers of [1, 2]) {
      const there = await graph.run(entry.algorithm, params, { projection, workers });
      assertEquals(printed(entry, there, projection), here);
    }
  }
}, { threads: 2 });

test("an algorithm that is cancelled ends", () => {
  for (const entry of FLOW) {
    const projection = projectionFor(entry, 200);
    const params = paramsFor(entry, projection.nodeCount);
    const looks = looksOf(entry, projection, params, Infinity);
    assert(looks >= 3, `${entry.name} looked ${looks} times`);
    assertThrows(() => looksOf(entry, projection, params, looks - 1), Error, "enough");
  }
});

/** How often an algorithm asks whether it was cancelled, which happens at some look; else all of its progress is told. */
function looksOf({ algorithm }: CatalogueEntry, projection: Projection, params: object, last: number): number {
  let looks = 0;
  let done = 0;
  let all = 0;
  const context: TaskContext = {
    workers: 1,
    worker: 0,
    isAborted: false,
    throwIfAborted() {
      if (++looks >= last) throw new Error("enough");
    },
    progress(units) {
      done += units;
    },
    total(units) {
      all = units;
    },
    barrier() {},
    sharedBuffer: (byteLength) => new SharedArrayBuffer(byteLength),
  };
  algorithm(projection, params as Record<string, unknown>, context);
  if (all > 0) assertEquals(done, all);
  return looks;
}
