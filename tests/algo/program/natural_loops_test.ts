/** Natural loops, against their definition. */

import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvalidArgumentError } from "../../../lib/backend/errors.ts";
import { naturalLoops } from "../../../lib/algo/program/mod.ts";
import { projectEdges } from "../../../lib/projection/mod.ts";
import { test } from "../../support/test.ts";
import { idOf, projected, reached, type SmallGraph } from "../support/random_graphs.ts";
import { flowGraphs, isDominator, nodesOf, reversed } from "./flow_model.ts";

/** The edges that can be followed from node 0. */
function live(graph: SmallGraph): SmallGraph {
  const all = reached(graph, 0);
  return { ...graph, edges: graph.edges.filter(([from]) => all.has(from)) };
}

function modelLoops(graph: SmallGraph): { header: number; latches: number[]; body: number[] }[] {
  const flow = live(graph);
  return nodesOf(graph).flatMap((header) => {
    const back = flow.edges.filter(([from, to]) => to === header && isDominator(flow, 0, header, from));
    if (back.length === 0) return [];
    const latches = [...new Set(back.map(([from]) => from))].sort((a, b) => a - b);
    const body = new Set([header]);
    for (const latch of latches) {
      if (latch === header) continue;
      for (const node of reached(reversed(flow), latch, 2 ** header)) body.add(node);
    }
    return [{ header, latches, body: [...body].sort((a, b) => a - b) }];
  });
}

test("a loop is its header and what reaches its latches without passing the header", () => {
  fc.assert(fc.property(flowGraphs, (graph) => {
    const loops = naturalLoops(projected(graph), { entry: idOf(0) });
    const model = modelLoops(graph);
    assertEquals(
      [...loops].map(({ header, latches, body }) => ({ header, latches, body })),
      model.map(({ header, latches, body }) => ({
        header: idOf(header),
        latches: latches.map(idOf),
        body: body.map(idOf),
      })),
    );
    assertEquals(loops.handle.latches.length, model.reduce((sum, { latches }) => sum + latches.length, 0));
    assertEquals(loops.headers, model.map(({ header }) => idOf(header)));
    for (const node of nodesOf(graph)) {
      const around = model.filter(({ body }) => body.includes(node)).sort((a, b) => a.body.length - b.body.length);
      assertEquals(loops.around(idOf(node)), around.map(({ header }) => idOf(header)));
      assertEquals(loops.depth(idOf(node)), around.length);
      const loop = loops.get(idOf(node));
      assertEquals(loop === undefined, around[0]?.header !== node);
      if (loop === undefined) continue;
      assertEquals(loop.depth, around.length);
      assertEquals(loop.parent, around[1] === undefined ? null : idOf(around[1].header));
    }
  }));
});

test("irreducible regions are the cycles that are left without back edges", () => {
  fc.assert(
    fc.property(flowGraphs, (graph) => {
      const loops = naturalLoops(projected(graph), { entry: idOf(0) });
      const flow = live(graph);
      const isBack = ([from, to]: readonly [number, number, number]): boolean => isDominator(flow, 0, to, from);
      const rest = { ...flow, edges: flow.edges.filter((edge) => !isBack(edge)) };
      const regions = new Map<string, number[]>();
      for (const node of reached(flow, 0)) {
        const members = nodesOf(graph).filter((other) =>
          reached(rest, node).has(other) && reached(rest, other).has(node)
        );
        if (members.length > 1) regions.set(members.join(" "), members);
      }
      const expected = [...regions.values()].sort((a, b) => (a[0] as number) - (b[0] as number)).map((members) => ({
        nodeIds: members.map(idOf),
        entries: members.filter((node) => rest.edges.some(([from, to]) => to === node && !members.includes(from))).map(
          idOf,
        ),
      }));
      assertEquals(loops.irreducible, expected);
      assertEquals(loops.isReducible, expected.length === 0);
    }),
    { numRuns: 300 },
  );
});

test("nested loops, a loop with two latches, a self-loop", () => {
  // 2 is the outer loop with latches 5 and 6, 3 the inner one; 4 repeats itself.
  const flow = projectEdges({ from: [1, 2, 3, 4, 4, 4, 5, 4, 6, 2], to: [2, 3, 4, 4, 3, 5, 2, 6, 2, 7] });
  assertEquals([...naturalLoops(flow, { entry: 1 })], [
    { header: 2, parent: null, depth: 1, latches: [5, 6], body: [2, 3, 4, 5, 6] },
    { header: 3, parent: 2, depth: 2, latches: [4], body: [3, 4] },
    { header: 4, parent: 3, depth: 3, latches: [4], body: [4] },
  ]);
});

test("a loop's exits are not in it, and a cycle with two entries is reported", () => {
  // The control-flow part of the files of the Rust system: its loop is 31 to 34.
  const from = [29, 30, 31, 31, 32, 33, 34, 34, 35, 35, 36, 37, 38, 38, 39];
  const to = [30, 31, 32, 33, 34, 34, 31, 35, 36, 37, 38, 38, 39, 41, 40];
  const loops = naturalLoops(projectEdges({ from, to }), { entry: 29 });
  assertEquals([...loops], [{ header: 31, parent: null, depth: 1, latches: [34], body: [31, 32, 33, 34] }]);
  const twoWays = naturalLoops(projectEdges({ from: [1, 1, 2, 3], to: [2, 3, 3, 2] }), { entry: 1 });
  assertEquals(twoWays.count, 0);
  assertEquals(twoWays.irreducible, [{ nodeIds: [2, 3], entries: [2, 3] }]);
});

test("loops nested a hundred thousand deep overflow nothing", () => {
  const size = 100_000;
  const ids = Float64Array.from({ length: size - 1 }, (_, at) => at + 1);
  // A chain there and back: each node is a loop of all behind it.
  const flow = projectEdges({ from: [...ids, ...ids.map((id) => id + 1)], to: [...ids.map((id) => id + 1), ...ids] });
  const loops = naturalLoops(flow, { entry: 1 });
  assertEquals(loops.count, size - 1);
  assertEquals(loops.depth(size), size - 1);
  assertEquals(loops.get(size - 2)?.body, [size - 2, size - 1, size]);
});

test("undirected projections are refused", () => {
  const both = projectEdges({ from: [1], to: [2], undirected: true });
  assertThrows(() => naturalLoops(both, { entry: 1 }), InvalidArgumentError, "undirected");
});
