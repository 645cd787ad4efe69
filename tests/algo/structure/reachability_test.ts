/** Closure and reduction, against searches from every node. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvalidArgumentError, NotFoundError, UnsupportedError } from "../../../lib/backend/errors.ts";
import { chain } from "../../../lib/algo/generate/mod.ts";
import { transitiveClosure, transitiveReduction } from "../../../lib/algo/structure/mod.ts";
import { projectEdges } from "../../../lib/projection/mod.ts";
import { test } from "../../support/test.ts";
import { idOf, nodeOf, projected, reached, type SmallGraph, smallGraphs } from "../support/random_graphs.ts";

const directed = smallGraphs({ least: 1, most: 7, undirected: fc.constant(false) });

/** Pairs of nodes with a path of at least one edge. */
function reachable(graph: SmallGraph): [number, number][] {
  const pairs: [number, number][] = [];
  for (let from = 0; from < graph.size; from++) {
    const next = graph.edges.flatMap(([a, b]) => a === from ? [b] : graph.isUndirected && b === from ? [a] : []);
    const all = new Set(next.flatMap((node) => [...reached(graph, node)]));
    for (const to of [...all].sort()) pairs.push([from, to]);
  }
  return pairs;
}

function ids(pairs: readonly (readonly [number, number])[]): [number, number][] {
  return pairs.map(([from, to]) => [idOf(from), idOf(to)]);
}

/** The graph without its edges but with others. */
function withEdges(graph: SmallGraph, pairs: readonly (readonly number[])[]): SmallGraph {
  return { ...graph, edges: pairs.map(([from = 0, to = 0]) => [nodeOf(from), nodeOf(to), 1] as const) };
}

test("the closure holds the pairs with a path of at least one edge", () => {
  fc.assert(fc.property(smallGraphs({ least: 1, most: 7 }), (graph) => {
    const closure = transitiveClosure(projected(graph));
    const expected = ids(reachable(graph));
    assertEquals([...closure.pairs()], expected);
    assertEquals(closure.pairCount, expected.length);
    for (let from = 0; from < graph.size; from++) {
      const own = expected.filter(([id]) => id === idOf(from)).map(([, to]) => to);
      assertEquals(closure.reachableFrom(idOf(from)), own);
      for (let to = 0; to < graph.size; to++) {
        assertEquals(closure.reaches(idOf(from), idOf(to)), own.includes(idOf(to)));
      }
    }
  }));
});

test("the reflexive closure holds each node with itself as well", () => {
  fc.assert(fc.property(smallGraphs({ least: 1, most: 6 }), (graph) => {
    const all = new Map(ids(reachable(graph)).map((pair) => [String(pair), pair]));
    for (let node = 0; node < graph.size; node++) all.set(`${idOf(node)},${idOf(node)}`, [idOf(node), idOf(node)]);
    const expected = [...all.values()].sort(([a, b], [c, d]) => a - c || b - d);
    assertEquals([...transitiveClosure(projected(graph), { reflexive: true }).pairs()], expected);
  }));
});

test("a closure of some sources knows what they reach", () => {
  fc.assert(fc.property(directed, fc.array(fc.nat(6), { maxLength: 3 }), (graph, picked) => {
    const sources = picked.filter((node) => node < graph.size).map(idOf);
    const [some, all] = [transitiveClosure(projected(graph), { sources }), transitiveClosure(projected(graph))];
    for (const source of sources) assertEquals(some.reachableFrom(source), all.reachableFrom(source));
    for (const node of Array.from({ length: graph.size }, (_, at) => idOf(at))) {
      const isKnown = sources.some((source) => all.components.groupOf(source) === all.components.groupOf(node));
      assertEquals(some.reachableFrom(node) !== undefined, isKnown);
      assertEquals(some.reaches(node, idOf(0)), isKnown ? all.reaches(node, idOf(0)) : undefined);
    }
  }));
});

test("a closure that would be too large is refused, one of few sources is not", () => {
  const line = chain({ nodes: 50_000 }).project();
  const error = assertThrows(() => transitiveClosure(line, { maxBytes: 1_000_000 }), UnsupportedError, "give sources");
  assertEquals(error.code, "result-too-large");
  const closure = transitiveClosure(line, { sources: [49_990], maxBytes: 1_000_000 });
  assertEquals(closure.reachableFrom(49_990), Array.from({ length: 10 }, (_, at) => 49_991 + at));
  assertThrows(() => transitiveClosure(line, { sources: [50_001] }), NotFoundError, "50001");
});

test("the reduction of a graph without cycles keeps the edges that no longer way replaces", () => {
  fc.assert(fc.property(directed, ({ size, isUndirected, edges }) => {
    const graph = { size, isUndirected, edges: edges.filter(([from, to]) => from < to) };
    const pairs = [
      ...new Map(graph.edges.map(([from, to]) => [`${from} ${to}`, [from, to] as [number, number]])).values(),
    ];
    const needed = pairs.filter(([from, to]) => {
      const others = graph.edges.filter(([a, b]) => a !== from || b !== to);
      return !reached({ ...graph, edges: others }, from).has(to);
    });
    const found = transitiveReduction(projected(graph));
    const expected = ids(needed.sort(([a, b], [c, d]) => a - c || b - d));
    assertEquals(
      Array.from({ length: found.count }, (_, at) => [found.from[at] as number, found.to[at] as number]),
      expected,
    );
  }));
});

test("the reduction of a graph with cycles reaches the same, and no edge of it can be left out", () => {
  fc.assert(fc.property(directed, (graph) => {
    const { count, from, to } = transitiveReduction(projected(graph));
    const pairs = Array.from({ length: count }, (_, at) => [from[at] as number, to[at] as number]);
    assertEquals(reachable(withEdges(graph, pairs)), reachable(graph));
    for (const pair of pairs) {
      const fewer = pairs.filter((other) => other !== pair);
      assert(reachable(withEdges(graph, fewer)).length < reachable(graph).length);
    }
    assertEquals(pairs, pairs.toSorted(([a = 0, b = 0], [c = 0, d = 0]) => a - c || b - d));
  }));
});

test("edges between components are edges of the graph, those of rings need not be", () => {
  const graph = projectEdges({ from: [1, 2, 3, 3, 1, 2], to: [3, 1, 2, 4, 4, 4] });
  const { from, to } = transitiveReduction(graph);
  assertEquals([[...from], [...to]], [[1, 1, 2, 3], [2, 4, 3, 1]]);
});

test("reductions refuse undirected projections, closures bad parameters", () => {
  const graph = projectEdges({ from: [1], to: [2], undirected: true });
  assertThrows(() => transitiveReduction(graph), InvalidArgumentError, "directed graphs");
  assertThrows(() => transitiveClosure(graph, { maxBytes: -1 }), InvalidArgumentError, "from 0");
});

test("graphs without nodes have nothing to reach", () => {
  const nothing = projectEdges({ from: [], to: [] });
  assertEquals([...transitiveClosure(nothing).pairs()], []);
  assertEquals(transitiveReduction(nothing).count, 0);
});
