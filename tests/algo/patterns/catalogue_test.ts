/** The algorithms of this family as the command line, pools and cancelled calls see them. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import type { CatalogueEntry } from "../../../lib/algo/catalogue_entry.ts";
import { cycle, star } from "../../../lib/algo/generate/mod.ts";
import { PATTERNS } from "../../../lib/algo/patterns/catalogue.ts";
import { projectEdges, type Projection } from "../../../lib/projection/mod.ts";
import { algorithmThreads } from "../../support/algorithm_threads.ts";
import { test } from "../../support/test.ts";

/** Parameters for each entry that needs some. */
function paramsOf({ params }: CatalogueEntry, first: number, other: Projection): Record<string, unknown> {
  const pattern = { nodes: { a: {}, b: {}, c: {} }, edges: [{ from: "a", to: "b" }, { from: "b", to: "c" }] };
  const given: Record<string, unknown> = {
    nodes: [first],
    hops: 3,
    pattern,
    limit: 300_000,
    other: other.handle,
    after: other.handle,
  };
  return Object.fromEntries(Object.entries(given).filter(([name]) => Object.hasOwn(params, name)));
}

/** All that an entry prints. */
function printed(entry: CatalogueEntry, result: unknown, projection: Projection): unknown {
  const { facts, columns, rows } = entry.table(result, projection);
  const cells = [...rows];
  for (const row of cells) assertEquals(row.length, columns.length, entry.name);
  return { facts, cells };
}

const BEFORE = projectEdges({ from: [1, 2, 3, 3], to: [2, 3, 1, 4] });
const AFTER = projectEdges({ from: [1, 2, 3, 2], to: [2, 3, 2, 5] });

test("entries come in the order of their names, and all of them print tables", () => {
  const names = PATTERNS.map(({ name }) => name);
  assertEquals(names, [...names].sort());
  const facts = Object.fromEntries(PATTERNS.map((entry) => {
    const result = entry.algorithm(BEFORE, paramsOf(entry, 1, AFTER));
    return [entry.name, (printed(entry, result, BEFORE) as { facts: unknown }).facts];
  }));
  assertEquals(facts["extract-subgraph"], { nodes: 4, edges: 4 });
  assertEquals(facts["find-subgraphs"], { matches: 4, complete: true });
  assertEquals(facts["graph-edit-distance"], { distance: 2, "lower bound": 2, exact: true });
  assertEquals(facts["validate-refactor"], { safe: false, similarity: 5 / 11 });
});

test("every algorithm ends when it is cancelled, and tells its progress", () => {
  for (const entry of PATTERNS) {
    // Small graphs are compared exactly: then it is the number of ways that takes time.
    const isExact = entry.name === "graph-edit-distance" || entry.name === "max-common-subgraph";
    const graph = isExact
      ? cycle({ nodes: 14 }).project({ undirected: true })
      : star({ nodes: 100_000 }).project({ undirected: entry.name !== "validate-refactor" });
    const other = isExact ? star({ nodes: 14 }).project({ undirected: true }) : graph;
    const params = { ...paramsOf(entry, 1, other), ...(isExact ? { maxSteps: 200_000 } : {}) };
    let asked = 0;
    const context = {
      workers: 1,
      worker: 0,
      isAborted: false,
      throwIfAborted() {
        if (++asked === 3) throw new Error("enough");
      },
      progress() {},
      total() {},
      barrier() {},
      sharedBuffer: (bytes: number) => new SharedArrayBuffer(bytes),
    };
    assertThrows(() => entry.algorithm(graph, params, context), Error, "enough", entry.name);
    let done = 0;
    let total: number | undefined;
    entry.algorithm(graph, params, {
      onProgress: (progress) => {
        done = progress.done;
        total = progress.total;
      },
    });
    assert(done > 0, entry.name);
    assert(total === undefined || done <= total, `${entry.name}: ${done} of ${total}`);
  }
});

test("the pool finds what this thread finds, with one thread and with two", async () => {
  await using threads = algorithmThreads(2);
  for (const entry of PATTERNS) {
    const params = paramsOf(entry, 1, AFTER);
    const here = printed(entry, entry.algorithm(BEFORE, params), BEFORE);
    for (const workers of [1, 2]) {
      const there = await threads.run(entry.algorithm, params, BEFORE, workers);
      assertEquals(printed(entry, there, BEFORE), here, entry.name);
    }
  }
});
