/** Cuts of whole graphs. */

import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { KeyHeap } from "../../../lib/algo/flow/key_heap.ts";
import { globalMinCut, minCut } from "../../../lib/algo/flow/mod.ts";
import { erdosRenyi, grid, stochasticBlock } from "../../../lib/algo/generate/mod.ts";
import { InvalidArgumentError } from "../../../lib/backend/errors.ts";
import { projectEdges, type Projection } from "../../../lib/projection/mod.ts";
import { test } from "../../support/test.ts";
import { cutOf, nodeOf, projected, renamed, type SmallGraph, smallGraphs } from "../support/random_graphs.ts";

/** Graphs of which every second one is connected: by a ring. */
const UNDIRECTED: fc.Arbitrary<SmallGraph> = fc.tuple(
  smallGraphs({ undirected: fc.constant(true) }),
  fc.option(fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 7, maxLength: 7 }), { nil: [] }),
).map(([graph, ring]) => {
  const weights = ring.slice(0, graph.size);
  return {
    ...graph,
    edges: [...graph.edges, ...weights.map((weight, at) => [at, (at + 1) % graph.size, weight] as const)],
  };
});

function smallest(graph: SmallGraph, weightOf?: (weight: number) => number): number {
  let best = Infinity;
  for (let set = 1; set < 2 ** graph.size - 1; set++) best = Math.min(best, cutOf(graph, set, weightOf));
  return best;
}

test("no set of nodes is cut off by less", () => {
  fc.assert(
    fc.property(UNDIRECTED, (graph) => {
      const { value, side, rest, edges } = globalMinCut(projected(graph));
      assertEquals(value, smallest(graph));
      assertEquals([...side, ...rest].sort((a, b) => a - b), [...projected(graph).nodeIds]);
      assert(side.length > 0 && side.length <= rest.length);
      if (side.length === rest.length) assertEquals(nodeOf(rest[0] as number), 0);
      assertEquals(cutOf(graph, [...side].reduce((set, id) => set | 1 << nodeOf(id), 0)), value);
      assertEquals(edges.values.reduce((sum, capacity) => sum + capacity, 0), value);
      for (const id of edges.from) assert(side.includes(id));
      for (const id of edges.to) assert(rest.includes(id));
    }),
    { numRuns: 500 },
  );
});

test("with the capacity one the value is the edge connectivity", () => {
  fc.assert(fc.property(UNDIRECTED, (graph) => {
    const value = smallest(graph, () => 1);
    assertEquals(globalMinCut(projected(graph), { capacity: "one" }).value, value);
    assertEquals(globalMinCut(projected(graph, false)).value, value);
  }));
});

test("weights need not be integers", () => {
  fc.assert(fc.property(UNDIRECTED, (graph) => {
    const sevenths = { ...graph, edges: graph.edges.map(([from, to, weight]) => [from, to, weight / 7] as const) };
    assertAlmostEquals(globalMinCut(projected(sevenths)).value, smallest(sevenths), 1e-12);
  }));
});

test("other names of the nodes give a cut of the same value", () => {
  const named = UNDIRECTED.chain((graph) =>
    fc.tuple(
      fc.constant(graph),
      fc.shuffledSubarray([...Array(graph.size).keys()], { minLength: graph.size, maxLength: graph.size }),
    )
  );
  fc.assert(fc.property(named, ([graph, names]) => {
    assertEquals(globalMinCut(projected(renamed(graph, names))).value, globalMinCut(projected(graph)).value);
  }));
});

test("the example of Stoer and Wagner is cut at 4", () => {
  // Stoer, Wagner, A simple min-cut algorithm, 1997, figure 1.
  const projection = projectEdges({
    from: [1, 1, 2, 2, 2, 3, 3, 4, 4, 5, 6, 7],
    to: [2, 5, 3, 5, 6, 4, 7, 7, 8, 6, 7, 8],
    weights: [2, 3, 3, 2, 2, 4, 2, 2, 2, 3, 1, 3],
    undirected: true,
  });
  const { value, side, rest } = globalMinCut(projection);
  assertEquals(value, 4);
  assertEquals([[...side], [...rest]], [[3, 4, 7, 8], [1, 2, 5, 6]]);
});

test("no two nodes of a larger graph are cut by less, and the cut is one of two nodes", () => {
  const graphs = [
    erdosRenyi({ nodes: 120, edges: 700 }).withWeights({ max: 20 }).project({ undirected: true }),
    grid({ rows: 8, columns: 9, torus: true }).withWeights({ max: 5 }).project({ undirected: true }),
    stochasticBlock({ sizes: [40, 50], probabilities: [[0.6, 0.004], [0.004, 0.6]] }).project({ undirected: true }),
  ];
  for (const projection of graphs) {
    let least = Infinity;
    for (let sink = 2; sink <= projection.nodeCount; sink++) {
      least = Math.min(least, minCut(projection, { source: 1, sink }).value);
    }
    assertEquals(globalMinCut(projection).value, least);
  }
  // The two blocks, not a single node.
  assertEquals(globalMinCut(graphs[2] as Projection).side.length, 40);
});

test("a graph in two parts is cut at no cost", () => {
  const parts = projectEdges({ from: [1, 2, 3, 5], to: [2, 3, 1, 6], undirected: true });
  const { value, side, edges } = globalMinCut(parts);
  assertEquals([value, [...side], edges.from.length], [0, [5, 6], 0]);
});

test("what cannot be cut is refused", () => {
  const one = projectEdges({ nodeIds: [1], from: [1], to: [1], undirected: true });
  assertThrows(() => globalMinCut(one), InvalidArgumentError, "1 nodes");
  assertThrows(() => globalMinCut(projectEdges({ from: [1], to: [2] })), InvalidArgumentError, "undirected: true");
  const negative = projectEdges({ from: [1], to: [2], weights: [-1], undirected: true });
  assertThrows(() => globalMinCut(negative), InvalidArgumentError, "negative");
  assertThrows(() => globalMinCut(negative, { capacity: "two" as "one" }), InvalidArgumentError, "capacity");
});

test("a heap gives the largest key first, of equal ones the smallest number", () => {
  const steps = fc.array(fc.option(fc.tuple(fc.nat(9), fc.nat(5)), { nil: undefined }), { maxLength: 60 });
  fc.assert(fc.property(steps, (list) => {
    const heap = new KeyHeap(10);
    const model = new Map<number, number>();
    for (const step of list) {
      if (step !== undefined) {
        heap.set(...step);
        model.set(...step);
      } else if (model.size > 0) {
        const [[best]] = [...model].sort(([a, x], [b, y]) => y - x || a - b) as [[number, number]];
        assertEquals([heap.keyOf(best), heap.take()], [model.get(best), best]);
        model.delete(best);
      }
      assertEquals(heap.size, model.size);
    }
  }));
});
