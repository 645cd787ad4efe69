/** Graphs of two sides, and matchings in them. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { bipartiteMatching, bipartition, maxFlow } from "../../../lib/algo/flow/mod.ts";
import { chain, grid } from "../../../lib/algo/generate/mod.ts";
import { Random } from "../../../lib/algo/random.ts";
import { InvalidArgumentError } from "../../../lib/backend/errors.ts";
import { projectEdges, projectIndexes, type Projection } from "../../../lib/projection/mod.ts";
import { test } from "../../support/test.ts";
import { idOf, nodeOf, projected, renamed, type SmallGraph, smallGraphs } from "../support/random_graphs.ts";

const ANY = smallGraphs({ least: 1, undirected: fc.constant(true) });

/** Graphs whose edges join even nodes with odd ones. */
const TWO_SIDED: fc.Arbitrary<SmallGraph> = smallGraphs({ most: 9, undirected: fc.constant(true) }).map((graph) => ({
  ...graph,
  edges: graph.edges.filter(([from, to]) => (from + to) % 2 === 1),
}));

function linked(projection: Projection, from: number, to: number): boolean {
  const { offsets, targets } = projection.out;
  const node = projection.indexOf(from);
  return targets.subarray(offsets[node], offsets[node + 1]).includes(projection.indexOf(to));
}

function isProper({ edges }: SmallGraph, colors: number): boolean {
  return edges.every(([from, to]) => (colors >> from & 1) !== (colors >> to & 1));
}

/** Most edges without a common node. */
function largestMatching(edges: SmallGraph["edges"], used = 0): number {
  const [first, ...rest] = edges;
  if (first === undefined) return 0;
  const ends = 1 << first[0] | 1 << first[1];
  const without = largestMatching(rest, used);
  return (used & ends) !== 0 ? without : Math.max(without, 1 + largestMatching(rest, used | ends));
}

test("two sides are found when there are any, else a cycle of odd length", () => {
  fc.assert(
    fc.property(ANY, (graph) => {
      const projection = projected(graph);
      const { isBipartite, left, right, oddCycle } = bipartition(projection);
      const colorings = Array.from({ length: 2 ** graph.size }, (_, colors) => colors);
      assertEquals(isBipartite, colorings.some((colors) => isProper(graph, colors)));
      if (oddCycle === undefined) {
        assertEquals([...left ?? [], ...right ?? []].sort((a, b) => a - b), [...projection.nodeIds]);
        assert(isProper(graph, [...right ?? []].reduce((colors, id) => colors | 1 << nodeOf(id), 0)));
        return;
      }
      assertEquals([oddCycle.length % 2, new Set(oddCycle).size], [1, oddCycle.length]);
      assertEquals(Math.min(...oddCycle), oddCycle[0]);
      assert((oddCycle[1] ?? 0) <= (oddCycle.at(-1) as number));
      oddCycle.forEach((id, at) => assert(linked(projection, id, oddCycle[(at + 1) % oddCycle.length] as number)));
    }),
    { numRuns: 400 },
  );
});

test("the smallest node of each component is on the left", () => {
  const projection = projectEdges({ nodeIds: [9, 1, 2, 3, 4, 5], from: [2, 5], to: [1, 4], undirected: true });
  const { left, right } = bipartition(projection);
  assertEquals([[...left ?? []], [...right ?? []]], [[1, 3, 4, 9], [2, 5]]);
});

test("a matching is as large as can be, and its cover shows it", () => {
  fc.assert(
    fc.property(TWO_SIDED, (graph) => {
      const projection = projected(graph);
      const { size, left, right, cover } = bipartiteMatching(projection);
      const pairs = new Map(graph.edges.map((edge) => [[edge[0], edge[1]].sort().join(), edge]));
      assertEquals(size, largestMatching([...pairs.values()]));
      assertEquals([left.length, right.length, new Set([...left, ...right]).size], [size, size, 2 * size]);
      assertEquals([...left], [...left].sort((a, b) => a - b));
      left.forEach((id, at) => assert(linked(projection, id, right[at] as number)));
      assertEquals(cover.length, size);
      for (const [from, to] of graph.edges) assert(cover.includes(idOf(from)) || cover.includes(idOf(to)));
    }),
    { numRuns: 400 },
  );
});

test("other names of the nodes give a matching of the same size", () => {
  fc.assert(fc.property(TWO_SIDED, (graph) => {
    const names = Array.from({ length: graph.size }, (_, node) => graph.size - 1 - node);
    assertEquals(bipartiteMatching(projected(renamed(graph, names))).size, bipartiteMatching(projected(graph)).size);
  }));
});

test("matchings of larger graphs are as large as flows", () => {
  for (const [nodes, edges] of [[300, 450], [300, 900], [200, 4_000]] as const) {
    const random = new Random(nodes + edges);
    const sources = Uint32Array.from({ length: edges }, () => random.below(nodes));
    const targets = Uint32Array.from({ length: edges }, () => nodes + random.below(nodes));
    const both = projectIndexes({ nodeCount: 2 * nodes, sources, targets, undirected: true });
    // All left nodes are entered from one node, all right ones left to another one, with the capacity 1.
    const [from, to] = [[...sources], [...targets]];
    for (let node = 0; node < nodes; node++) {
      from.push(2 * nodes, nodes + node);
      to.push(node, 2 * nodes + 1);
    }
    const network = projectIndexes({
      nodeCount: 2 * nodes + 2,
      sources: Uint32Array.from(from),
      targets: Uint32Array.from(to),
      simple: true,
    });
    const { size, cover } = bipartiteMatching(both);
    assertEquals(size, maxFlow(network, { source: 2 * nodes + 1, sink: 2 * nodes + 2 }).value);
    assertEquals(cover.length, size);
  }
});

test("long chains and grids have the matchings that they should have", () => {
  assertEquals(bipartiteMatching(chain({ nodes: 100_001 }).project({ undirected: true })).size, 50_000);
  assertEquals(bipartiteMatching(grid({ rows: 51, columns: 51 }).project({ undirected: true })).size, 1_300);
});

test("empty graphs have empty sides and matchings", () => {
  const empty = projectEdges({ from: [], to: [], undirected: true });
  assertEquals(bipartition(empty).left?.length, 0);
  assertEquals(bipartiteMatching(empty).size, 0);
  const one = projectEdges({ nodeIds: [4], from: [], to: [], undirected: true });
  assertEquals([[...bipartition(one).left ?? []], bipartiteMatching(one).size], [[4], 0]);
});

test("what has no sides is refused", () => {
  const triangle = projectEdges({ from: [1, 2, 3], to: [2, 3, 1], undirected: true });
  assertThrows(() => bipartiteMatching(triangle), InvalidArgumentError, "3 edges");
  const directed = projectEdges({ from: [1], to: [2] });
  assertThrows(() => bipartiteMatching(directed), InvalidArgumentError, "undirected: true");
  assertThrows(() => bipartition(directed), InvalidArgumentError, "undirected: true");
  assertThrows(() => bipartition(triangle, { side: 1 } as never), InvalidArgumentError, "side");
});
