/** Colours and independent sets. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { orderByDegree, smallestLastOrder } from "../../../lib/algo/flow/coloring_order.ts";
import {
  type Coloring,
  dsaturColoring,
  greedyColoring,
  type GreedyColoringParams,
  maximalIndependentSet,
} from "../../../lib/algo/flow/mod.ts";
import { barabasiAlbert, complete, cycle, grid, kronecker } from "../../../lib/algo/generate/mod.ts";
import { Pace } from "../../../lib/algo/pace.ts";
import { InvalidArgumentError, NotFoundError } from "../../../lib/backend/errors.ts";
import { ALONE, projectEdges } from "../../../lib/projection/mod.ts";
import { test } from "../../support/test.ts";
import { idOf, nodeOf, projected, type SmallGraph, smallGraphs } from "../support/random_graphs.ts";

const ANY = smallGraphs({ least: 1, most: 9, undirected: fc.constant(true) });
const PACE = new Pace(ALONE);

function neighbors({ size, edges }: SmallGraph): Set<number>[] {
  const sets = Array.from({ length: size }, () => new Set<number>());
  for (const [from, to] of edges) {
    if (from === to) continue;
    sets[from]?.add(to);
    sets[to]?.add(from);
  }
  return sets;
}

/** Colours by node: each gets the first one that none of its neighbours has, in an order. */
function colored(graph: SmallGraph, order: Iterable<number>): number[] {
  const sets = neighbors(graph);
  const colors: number[] = Array.from({ length: graph.size }, () => -1);
  for (const node of order) colors[node] = firstFree([...sets[node] ?? []].map((other) => colors[other] as number));
  return colors;
}

function firstFree(taken: readonly number[]): number {
  let color = 0;
  while (taken.includes(color)) color++;
  return color;
}

function assertColors({ count, colors }: Coloring, expected: readonly number[]): void {
  assertEquals([...colors.values], expected);
  assertEquals(count, Math.max(-1, ...expected) + 1);
}

test("each node gets the first colour that none of its neighbours has", () => {
  fc.assert(fc.property(ANY, (graph) => {
    const projection = projected(graph);
    const nodes = Array.from({ length: graph.size }, (_, node) => node);
    const degrees = neighbors(graph).map((set) => set.size);
    const byDegree = nodes.toSorted((a, b) => (degrees[b] as number) - (degrees[a] as number) || a - b);
    const turned = nodes.toReversed();
    assertColors(greedyColoring(projection, { order: "id" }), colored(graph, nodes));
    assertColors(greedyColoring(projection, { order: "largest-first" }), colored(graph, byDegree));
    assertColors(greedyColoring(projection, { order: "given", nodes: turned.map(idOf) }), colored(graph, turned));
    assertColors(greedyColoring(projection), colored(graph, smallestLastOrder(projection.out, PACE)));
  }));
});

test("last in the order is a node with the fewest neighbours, and so on without it", () => {
  fc.assert(
    fc.property(ANY, (graph) => {
      const order = [...smallestLastOrder(projected(graph).out, PACE)];
      assertEquals(order.toSorted((a, b) => a - b), Array.from({ length: graph.size }, (_, node) => node));
      const sets = neighbors(graph);
      for (const node of order.toReversed()) {
        const least = Math.min(...sets.filter((_, other) => order.includes(other)).map((set) => set.size));
        assertEquals(sets[node]?.size, least);
        for (const set of sets) set.delete(node);
        order.pop();
      }
    }),
    { numRuns: 300 },
  );
});

test("the node with the least choice is coloured next", () => {
  fc.assert(
    fc.property(ANY, (graph) => {
      const sets = neighbors(graph);
      const colors: number[] = Array.from({ length: graph.size }, () => -1);
      const open = new Set(colors.keys());
      while (open.size > 0) {
        const [next = 0] = [...open].sort((a, b) => {
          const [one, other] = [a, b].map((node) => {
            const own = [...sets[node] ?? []];
            const seen = new Set(own.map((neighbor) => colors[neighbor]).filter((color) => color !== -1));
            return { choice: seen.size, left: own.filter((neighbor) => colors[neighbor] === -1).length };
          }) as [{ choice: number; left: number }, { choice: number; left: number }];
          return other.choice - one.choice || other.left - one.left || a - b;
        });
        colors[next] = firstFree([...sets[next] ?? []].map((other) => colors[other] as number));
        open.delete(next);
      }
      assertColors(dsaturColoring(projected(graph)), colors);
    }),
    { numRuns: 300 },
  );
});

test("known graphs get their numbers of colours", () => {
  const undirected = { undirected: true };
  const counts = (graph: ReturnType<typeof grid>): number[] => [
    ...(["id", "largest-first", "smallest-last"] as const).map((order) =>
      greedyColoring(graph.project(undirected), { order }).count
    ),
    dsaturColoring(graph.project(undirected)).count,
  ];
  assertEquals(counts(complete({ nodes: 70 })), [70, 70, 70, 70]);
  assertEquals(counts(cycle({ nodes: 9 })), [3, 3, 3, 3]);
  assertEquals(counts(grid({ rows: 9, columns: 7 })).at(-1), 2);
  // Each new node comes with three edges: the largest core number is 3.
  assert((counts(barabasiAlbert({ nodes: 2_000, edgesPerNode: 3 }))[2] as number) <= 4);
});

test("colours of larger graphs are proper", () => {
  const projection = kronecker({ scale: 10 }).project({ undirected: true });
  const { offsets, targets } = projection.out;
  const orders: GreedyColoringParams["order"][] = ["id", "largest-first", "smallest-last"];
  for (
    const { count, colors } of [
      ...orders.map((order) => greedyColoring(projection, { order })),
      dsaturColoring(projection),
    ]
  ) {
    assert(count > 10 && count < 100);
    for (let node = 0; node < projection.nodeCount; node++) {
      for (const target of targets.subarray(offsets[node], offsets[node + 1])) {
        assert(target === node || colors.values[target] !== colors.values[node]);
      }
    }
  }
});

test("no two nodes of an independent set are neighbours, and none can be added", () => {
  fc.assert(
    fc.property(ANY, fc.constantFrom("random", "degree", "id" as const), fc.nat(), (graph, priority, seed) => {
      const found = maximalIndependentSet(projected(graph), { priority, seed });
      assertEquals([...found], [...found].sort((a, b) => a - b));
      const set = new Set(Array.from(found, nodeOf));
      neighbors(graph).forEach((others, node) => assertEquals(set.has(node), set.isDisjointFrom(others)));
    }),
    { numRuns: 300 },
  );
});

test("priorities decide which nodes are taken", () => {
  // A star around 1, and a pair.
  const projection = projectEdges({ from: [1, 1, 1, 8], to: [2, 3, 4, 9], undirected: true });
  assertEquals([...maximalIndependentSet(projection, { priority: "id" })], [1, 8]);
  assertEquals([...maximalIndependentSet(projection, { priority: "degree" })], [2, 3, 4, 8]);
  const drawn = Array.from({ length: 100 }, (_, seed) => [...maximalIndependentSet(projection, { seed })].join());
  assertEquals(new Set(drawn).size, 4);
  assertEquals(drawn[7], [...maximalIndependentSet(projection, { seed: 7 })].join());
});

test("orders by degree are by degree", () => {
  const { out } = projectEdges({ from: [1, 1, 1, 3], to: [2, 2, 3, 3], undirected: true });
  assertEquals([...orderByDegree(out, false, PACE)], [0, 1, 2]);
  assertEquals([...orderByDegree(out, true, PACE)], [1, 2, 0]);
});

test("bad parameters are refused", () => {
  const projection = projectEdges({ from: [1, 2], to: [2, 3], undirected: true });
  for (
    const params of [
      { order: "given" },
      { order: "id", nodes: [1, 2, 3] },
      { order: "given", nodes: [1, 2] },
      { order: "given", nodes: [1, 2, 2] },
      { order: "best" },
    ] as GreedyColoringParams[]
  ) assertThrows(() => greedyColoring(projection, params), InvalidArgumentError);
  assertThrows(() => greedyColoring(projection, { order: "given", nodes: [1, 2, 7] }), NotFoundError);
  assertThrows(() => maximalIndependentSet(projection, { seed: 0.5 }), InvalidArgumentError);
  const directed = projectEdges({ from: [1], to: [2] });
  for (const algorithm of [greedyColoring, dsaturColoring, maximalIndependentSet]) {
    assertThrows(() => algorithm(directed), InvalidArgumentError, "undirected: true");
  }
});
