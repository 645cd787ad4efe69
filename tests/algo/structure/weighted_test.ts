/** Critical paths and spanning forests, against enumeration. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvalidArgumentError } from "../../../lib/backend/errors.ts";
import { chain } from "../../../lib/algo/generate/mod.ts";
import { criticalPath, spanningForest } from "../../../lib/algo/structure/mod.ts";
import { projectEdges } from "../../../lib/projection/mod.ts";
import { test } from "../../support/test.ts";
import { idOf, projected, type SmallGraph, smallGraphs } from "../support/random_graphs.ts";

/** Weights below zero as well. */
function shifted(graph: SmallGraph): SmallGraph {
  return { ...graph, edges: graph.edges.map(([from, to, weight]) => [from, to, weight - 2] as const) };
}

const plans = smallGraphs({ least: 1, most: 6, undirected: fc.constant(false) }).map((graph) => ({
  ...shifted(graph),
  edges: shifted(graph).edges.filter(([from, to]) => (from * 5) % 7 < (to * 5) % 7),
}));

const undirected = smallGraphs({ least: 1, most: 7, undirected: fc.constant(true) }).map(shifted);

interface Path {
  readonly nodes: readonly number[];
  readonly length: number;
}

/** All paths from a node that no edge enters, with their lengths. */
function pathsFrom({ size, edges }: SmallGraph, weightOf: (weight: number) => number): Path[] {
  const found: Path[] = [];
  const walk = (path: Path): void => {
    found.push(path);
    for (const [from, to, weight] of edges) {
      if (from === path.nodes.at(-1)) walk({ nodes: [...path.nodes, to], length: path.length + weightOf(weight) });
    }
  };
  for (let node = 0; node < size; node++) if (edges.every(([, to]) => to !== node)) walk({ nodes: [node], length: 0 });
  return found;
}

test("earliest and latest times, slack and duration are those of the longest paths", () => {
  fc.assert(fc.property(plans, fc.boolean(), (graph, hasWeights) => {
    const weightOf = (weight: number) => hasWeights ? weight : 1;
    const { duration, path, earliest, latest, slack } = criticalPath(projected(graph, hasWeights));
    const paths = pathsFrom(graph, weightOf);
    const longest = (node: number) =>
      Math.max(...paths.filter(({ nodes }) => nodes.at(-1) === node).map(({ length }) => length));
    const nodes = Array.from({ length: graph.size }, (_, node) => node);
    const whole = Math.max(...nodes.map(longest));
    assertEquals(duration, whole);
    // The longest way on from a node; it may end anywhere.
    const rest = (node: number): number => {
      const next = graph.edges.filter(([from]) => from === node);
      return Math.max(0, ...next.map(([, to, weight]) => weightOf(weight) + rest(to)));
    };
    for (const node of nodes) {
      assertEquals(earliest.get(idOf(node)), longest(node));
      assertEquals(latest.get(idOf(node)), whole - rest(node));
      assertEquals(slack.get(idOf(node)), whole - rest(node) - longest(node));
    }
    assert(path.every((id) => slack.get(id) === 0));
    assert(paths.some(({ nodes, length }) => length === whole && String(nodes.map(idOf)) === String(path)));
  }));
});

test("of equally long paths the one with the smallest ids from its end on is critical", () => {
  const graph = projectEdges({ from: [9, 8, 5, 6, 5, 6], to: [5, 6, 3, 3, 4, 4] });
  assertEquals(criticalPath(graph).path, [9, 5, 3]);
  assertEquals(criticalPath(projectEdges({ from: [8, 9, 5, 6], to: [5, 6, 3, 3] })).path, [8, 5, 3]);
});

test("a plan with a cycle is refused with the cycle", () => {
  const error = assertThrows(
    () => criticalPath(projectEdges({ from: [1, 2, 3, 4], to: [2, 3, 2, 1] })),
    InvalidArgumentError,
    "2 -> 3 -> 2",
  );
  assertEquals([error.code, error.value], ["not-acyclic", [2, 3]]);
});

test("a plan of a long chain, and one of nothing", () => {
  assertEquals(criticalPath(chain({ nodes: 200_000 }).project()).duration, 199_999);
  const { duration, path } = criticalPath(projectEdges({ from: [], to: [] }));
  assertEquals([duration, path], [0, []]);
});

/** Kruskal's algorithm, with an order of all edges. */
function kruskal({ size, edges }: SmallGraph, sign: number): number[] {
  const order = edges.map(([a, b, weight], at) => [sign * weight, Math.min(a, b), Math.max(a, b), at] as const)
    .sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2] || a[3] - b[3]);
  const treeOf = Array.from({ length: size }, (_, node) => node);
  const chosen: number[] = [];
  for (const [, a, b, at] of order) {
    const [first, second] = [treeOf[a] as number, treeOf[b] as number];
    if (first === second) continue;
    chosen.push(at + 1);
    for (let node = 0; node < size; node++) if (treeOf[node] === second) treeOf[node] = first;
  }
  return chosen;
}

test("the spanning forest is the one that Kruskal's algorithm finds", () => {
  fc.assert(fc.property(undirected, fc.boolean(), fc.boolean(), (graph, maximum, hasWeights) => {
    const weightOf = (edgeId: number | undefined) =>
      hasWeights ? graph.edges[(edgeId as number) - 1]?.[2] as number : 1;
    const flat = { ...graph, edges: graph.edges.map(([a, b]) => [a, b, 1] as const) };
    const { count, from, to, weights, edgeIds, totalWeight, treeCount } = spanningForest(projected(graph, hasWeights), {
      maximum,
    });
    const chosen = kruskal(hasWeights ? graph : flat, maximum ? -1 : 1);
    assertEquals([...edgeIds ?? []].sort((a, b) => a - b), chosen.toSorted((a, b) => a - b));
    assertEquals([count, treeCount], [chosen.length, graph.size - chosen.length]);
    assertEquals([...weights], [...edgeIds ?? []].map(weightOf));
    assertEquals(totalWeight, chosen.reduce((sum, edgeId) => sum + weightOf(edgeId), 0));
    const pairs = Array.from({ length: count }, (_, at) => [from[at] as number, to[at] as number] as const);
    assert(pairs.every(([a, b]) => a < b));
    assertEquals(pairs, pairs.toSorted(([a, b], [c, d]) => a - c || b - d));
  }));
});

test("a spanning forest of nothing, and of a long chain", () => {
  const { count, treeCount, totalWeight } = spanningForest(
    projectEdges({ from: [], to: [], nodeIds: [3], undirected: true }),
  );
  assertEquals([count, treeCount, totalWeight], [0, 1, 0]);
  assertEquals(spanningForest(chain({ nodes: 100_000 }).project({ undirected: true })).count, 99_999);
  assertEquals(spanningForest(projectEdges({ from: [], to: [], undirected: true })).treeCount, 0);
});

test("forests refuse directed projections, plans undirected ones", () => {
  const params = { maximum: 1 } as unknown as { maximum: boolean };
  assertThrows(
    () => spanningForest(projectEdges({ from: [1], to: [2] })),
    InvalidArgumentError,
    "{ undirected: true }",
  );
  const graph = projectEdges({ from: [1], to: [2], undirected: true });
  assertThrows(() => criticalPath(graph), InvalidArgumentError, "directed graphs");
  assertThrows(() => spanningForest(graph, params), InvalidArgumentError, "true or false");
});
