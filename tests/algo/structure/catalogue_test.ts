/** What all algorithms of the family have in common. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { InvalidArgumentError } from "../../../lib/backend/errors.ts";
import type { CatalogueEntry } from "../../../lib/algo/catalogue_entry.ts";
import { kronecker } from "../../../lib/algo/generate/mod.ts";
import { STRUCTURE } from "../../../lib/algo/structure/catalogue.ts";
import { hasCycle, kCore, weakComponents } from "../../../lib/algo/structure/mod.ts";
import type { Projection } from "../../../lib/projection/mod.ts";
import { testGraph } from "../../graph/graph_subject.ts";
import { test } from "../../support/test.ts";

/** Parameters that keep results small. */
const PARAMS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "cycle-basis": { maxCycles: 50 },
  "find-cycles": { maxCycles: 50 },
};

/** Graphs without cycles for what needs them. */
const ACYCLIC = new Set(["critical-path", "topological-sort"]);

function graphFor(entry: CatalogueEntry, scale: number): Projection {
  const graph = kronecker({ scale, edgeFactor: 4 }).withWeights({ max: 9 });
  if (entry.project?.undirected === true) return graph.project({ undirected: true });
  if (!ACYCLIC.has(entry.name)) return graph.project();
  for (let edge = 0; edge < graph.edgeCount; edge++) {
    const [from, to] = [graph.from[edge] as number, graph.to[edge] as number];
    graph.from[edge] = Math.min(from, to, graph.nodeCount - 2);
    graph.to[edge] = Math.max(from, to, 1 + (graph.from[edge] as number));
  }
  return graph.project();
}

/** A result as it is printed. */
function printed(entry: CatalogueEntry, result: unknown, projection: Projection): unknown {
  const { facts, columns, rows } = entry.table(result, projection);
  return { facts, columns: [...columns], rows: [...rows] };
}

test("results are tables, whose cells are what their columns say", () => {
  for (const entry of STRUCTURE) {
    const projection = graphFor(entry, 6);
    const { facts, columns, rows } = entry.table(entry.algorithm(projection, PARAMS[entry.name] ?? {}), projection);
    assert(facts !== undefined || columns.length > 0, entry.name);
    for (const row of rows) {
      assertEquals(row.length, columns.length, entry.name);
      for (const [at, { kind }] of columns.entries()) {
        const cell = row[at];
        if (kind === "nodes") assert((cell as number[]).every((id) => projection.indexOf(id) >= 0), entry.name);
        else if (kind === "node") assert(projection.indexOf(cell as number) >= 0, entry.name);
        else assert(typeof cell === "number" && !Number.isNaN(cell), entry.name);
      }
    }
  }
});

test("names and the names of what they replace are used once, in order", () => {
  const names = STRUCTURE.map(({ name }) => name);
  assertEquals(names, [...new Set(names)].sort());
  const replaced = STRUCTURE.flatMap(({ replaces = [] }) => replaces);
  assertEquals(replaced.length, new Set(replaced).size);
});

test("unknown parameters are refused", () => {
  for (const entry of STRUCTURE) {
    const call = () => entry.algorithm(graphFor(entry, 3), { colour: "red" });
    assertThrows(call, InvalidArgumentError, "is no parameter");
  }
});

test("long runs ask often whether they were cancelled, and tell how far they are", () => {
  for (const entry of STRUCTURE) {
    const projection = graphFor(entry, 14);
    let asked = 0;
    let done = 0;
    const context = {
      workers: 1,
      worker: 0,
      isAborted: false,
      throwIfAborted: () => asked++,
      progress: (units: number) => done += units,
      total() {},
      barrier() {},
      sharedBuffer: (byteLength: number) => new SharedArrayBuffer(byteLength),
    };
    const params = entry.name === "transitive-closure" ? { sources: [1, 2, 3] } : PARAMS[entry.name] ?? {};
    entry.algorithm(projection, params, context);
    const least = Math.floor(projection.out.targets.length / 65_536);
    assert(asked >= least, `${entry.name} asked ${asked} times`);
    assert(done > 0, `${entry.name} told no progress`);
    let left = asked;
    const reason = new Error("enough");
    const cancelled = () => {
      if (--left <= 0) throw reason;
    };
    const stop = () => entry.algorithm(projection, params, { ...context, throwIfAborted: cancelled });
    assertThrows(stop, Error, "enough", entry.name);
  }
});

testGraph("the pool finds what this thread finds, with one thread and with several", async ({ graph }) => {
  for (const entry of STRUCTURE) {
    const projection = graphFor(entry, 7);
    const params = PARAMS[entry.name] ?? {};
    const here = printed(entry, entry.algorithm(projection, params), projection);
    for (const workers of [1, 2, 3]) {
      const there = await graph.run(entry.algorithm, params, { projection, workers });
      assertEquals(printed(entry, there, projection), here, `${entry.name}, ${workers}`);
    }
  }
}, { on: "v3", threads: 3 });

testGraph("parallel algorithms find the same on large graphs for any number of threads", async ({ graph }) => {
  const made = kronecker({ scale: 14, edgeFactor: 3 });
  for (const undirected of [true, false]) {
    const projection = made.project({ undirected });
    const components = weakComponents(projection);
    const cores = undirected ? kCore(projection) : undefined;
    for (const workers of [1, 2, 3]) {
      const found = await graph.run(weakComponents, {}, { projection, workers });
      assertEquals([...found.groups], [...components.groups]);
      assertEquals(await graph.run(hasCycle, {}, { projection, workers }), true);
      if (cores === undefined) continue;
      const numbers = await graph.run(kCore, {}, { projection, workers });
      assertEquals([...numbers.values], [...cores.values]);
    }
  }
}, { on: "v3", threads: 3 });
