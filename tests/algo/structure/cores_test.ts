/** Cores, trusses, degrees and counts, against their definitions. */

import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvalidArgumentError } from "../../../lib/backend/errors.ts";
import { degreeHistogram, graphStatistics, kCore, kTruss, nodesByDegree } from "../../../lib/algo/structure/mod.ts";
import { projectEdges } from "../../../lib/projection/mod.ts";
import { test } from "../../support/test.ts";
import { idOf, projected, type SmallGraph, smallGraphs } from "../support/random_graphs.ts";
import { karateClub } from "../support/known_graphs.ts";

const undirected = smallGraphs({ least: 1, most: 8, undirected: fc.constant(true) });

/** Core numbers: what is left when nodes with too few edges are removed again and again. */
function coreNumbers({ size, edges }: SmallGraph): number[] {
  const numbers: number[] = Array(size).fill(0);
  let left = new Set(numbers.keys());
  for (let k = 1; left.size > 0; k++) {
    for (;;) {
      const inside = edges.filter(([a, b]) => a !== b && left.has(a) && left.has(b));
      const kept = [...left].filter((node) => inside.filter(([a, b]) => a === node || b === node).length >= k);
      if (kept.length === left.size) break;
      left = new Set(kept);
    }
    for (const node of left) numbers[node] = k;
  }
  return numbers;
}

/** Truss numbers of the pairs of nodes that an edge joins. */
function trussNumbers({ edges }: SmallGraph): Map<string, number> {
  const pairs = edges.filter(([a, b]) => a !== b).map(([a, b]) => `${Math.min(a, b)} ${Math.max(a, b)}`);
  let left = new Set(pairs.sort());
  const numbers = new Map([...left].map((pair) => [pair, 2]));
  for (let k = 3; left.size > 0; k++) {
    for (;;) {
      const has = (a: number, b: number) => left.has(`${Math.min(a, b)} ${Math.max(a, b)}`);
      const kept = [...left].filter((pair) => {
        const [a = 0, b = 0] = pair.split(" ").map(Number);
        return Array.from({ length: 8 }, (_, c) => c).filter((c) => has(a, c) && has(b, c)).length >= k - 2;
      });
      if (kept.length === left.size) break;
      left = new Set(kept);
    }
    for (const pair of left) numbers.set(pair, k);
  }
  return numbers;
}

function degreeOf({ isUndirected, edges }: SmallGraph, node: number, direction: "out" | "in" | "both"): number {
  const out = edges.filter(([from]) => from === node).length;
  const entering = edges.filter(([, to]) => to === node).length;
  return direction === "both" || isUndirected ? out + entering : direction === "out" ? out : entering;
}

test("core numbers are what peeling says", () => {
  fc.assert(fc.property(undirected, (graph) => {
    assertEquals([...kCore(projected(graph)).values], coreNumbers(graph));
  }));
});

test("truss numbers are what peeling says", () => {
  fc.assert(fc.property(undirected, (graph) => {
    const { count, from, to, truss } = kTruss(projected(graph));
    const found = Array.from({ length: count }, (_, at) => [from[at], to[at], truss[at]]);
    const expected = [...trussNumbers(graph)].map((
      [pair, number],
    ) => [...pair.split(" ").map((n) => idOf(Number(n))), number]);
    assertEquals(found, expected);
  }));
});

test("leaves of a hub change no truss numbers", () => {
  fc.assert(fc.property(undirected, ({ size, edges }) => {
    const hub = size + 1;
    const pairs = [...edges.map(([a, b]) => [a + 1, b + 1]), ...Array.from({ length: size }, (_, at) => [at + 1, hub])];
    const leaves = Array.from({ length: 300 }, (_, at) => [hub, hub + 1 + at]);
    const trussOf = (all: readonly number[][]) =>
      kTruss(projectEdges({
        from: all.map(([from]) => from as number),
        to: all.map(([, to]) => to as number),
        undirected: true,
      }));
    const { count, truss } = trussOf(pairs);
    const withLeaves = trussOf([...leaves, ...pairs]).truss;
    assertEquals(withLeaves.slice(0, count), truss.slice());
    assertEquals([...withLeaves.slice(count)], leaves.map(() => 2));
  }));
});

test("the karate club has cores up to 4 and trusses up to 5", () => {
  // networkx 3.6.1: core_number, k_truss (whose k is ours).
  const cores = kCore(karateClub());
  assertEquals([1, 2, 3, 4].map((k) => [...cores.values].filter((number) => number === k).length), [1, 11, 12, 10]);
  assertEquals(cores.top(10).map(({ nodeId }) => nodeId), [1, 2, 3, 4, 8, 9, 14, 31, 33, 34]);
  const { truss } = kTruss(karateClub());
  assertEquals([2, 3, 4, 5].map((k) => truss.filter((number) => number === k).length), [11, 42, 11, 14]);
});

test("degrees count edges in each direction", () => {
  fc.assert(fc.property(smallGraphs({ least: 1, most: 6 }), (graph) => {
    for (const direction of ["out", "in", "both"] as const) {
      const expected = Array.from({ length: graph.size }, (_, node) => degreeOf(graph, node, direction));
      assertEquals([...nodesByDegree(projected(graph), { direction }).values], expected);
      const { degrees, counts } = degreeHistogram(projected(graph), { direction });
      assertEquals([...degrees], [...new Set(expected)].sort((a, b) => a - b));
      assertEquals([...counts], [...degrees].map((degree) => expected.filter((one) => one === degree).length));
    }
  }));
});

test("statistics count what is special", () => {
  fc.assert(fc.property(smallGraphs({ least: 1, most: 6 }), (graph) => {
    const { size, isUndirected, edges } = graph;
    const found = graphStatistics(projected(graph));
    const keys = edges.map(([a, b]) => isUndirected && a > b ? `${b} ${a}` : `${a} ${b}`);
    const others = edges.filter(([a, b]) => a !== b);
    const nodes = Array.from({ length: size }, (_, node) => node);
    const leaves = (node: number) => others.some(([a, b]) => a === node || isUndirected && b === node);
    const enters = (node: number) => others.some(([a, b]) => b === node || isUndirected && a === node);
    const links = (node: number, end: 0 | 1) =>
      edges.filter((edge) => edge[end] === node || isUndirected && edge[1 - end] === node).length;
    const pairs = size * (size - 1) / (isUndirected ? 2 : 1);
    assertEquals(found, {
      nodeCount: size,
      edgeCount: edges.length,
      isUndirected,
      density: pairs === 0 ? 0 : edges.length / pairs,
      selfLoopCount: edges.length - others.length,
      parallelEdgeCount: keys.length - new Set(keys).size,
      isolatedCount: nodes.filter((node) => !leaves(node) && !enters(node)).length,
      sourceCount: nodes.filter((node) => leaves(node) && !enters(node)).length,
      sinkCount: nodes.filter((node) => !leaves(node) && enters(node)).length,
      maxOutDegree: Math.max(...nodes.map((node) => links(node, 0))),
      maxInDegree: Math.max(...nodes.map((node) => links(node, 1))),
      meanDegree: 2 * edges.length / size,
    });
  }));
});

test("a graph without nodes has no degrees", () => {
  const nothing = projectEdges({ from: [], to: [], undirected: true });
  assertEquals([...kCore(nothing)], []);
  assertEquals(kTruss(nothing).count, 0);
  assertEquals(graphStatistics(nothing).meanDegree, 0);
  assertEquals([...degreeHistogram(nothing).degrees], []);
});

test("cores and trusses refuse directed projections, degrees other directions", () => {
  const graph = projectEdges({ from: [1], to: [2] });
  assertThrows(() => kCore(graph), InvalidArgumentError, "{ undirected: true }");
  assertThrows(() => kTruss(graph), InvalidArgumentError, "{ undirected: true }");
  const params = { direction: "up" } as unknown as { direction: "out" };
  assertThrows(() => nodesByDegree(graph, params), InvalidArgumentError, '"out" or "in" or "both"');
});
