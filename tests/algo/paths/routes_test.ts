/** Several paths, and paths along all edges, against brute force. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { allShortestPaths, eulerianPath, kShortestPaths, shortestPathDag } from "../../../lib/algo/paths/mod.ts";
import { InvalidArgumentError, NotFoundError } from "../../../lib/backend/errors.ts";
import { projectEdges } from "../../../lib/projection/mod.ts";
import { test } from "../../support/test.ts";
import { idOf, projected, type SmallGraph, smallGraphs } from "../support/random_graphs.ts";
import { compare, costAlong, simplePaths } from "./oracle.ts";

const graphs = smallGraphs({ least: 1, most: 6 });

/** Graphs without edges that cost nothing. */
const positive = graphs.map((graph) => ({
  ...graph,
  edges: graph.edges.map(([from, to, weight]) => [from, to, 1 + weight % 3] as const),
}));

test("the k cheapest paths are the first of all paths", () => {
  fc.assert(
    fc.property(graphs, fc.nat(5), fc.nat(5), fc.integer({ min: 1, max: 9 }), (graph, one, other, k) => {
      const [from, to] = [one % graph.size, other % graph.size];
      const params = { from: idOf(from), to: idOf(to) };
      const projection = projected(graph);
      const all = simplePaths(graph, from, to);
      const found = kShortestPaths(projection, { ...params, k });
      assertEquals(found.map(({ cost }) => cost), all.slice(0, k).map(({ cost }) => cost));
      for (const { nodeIds, edgeIds, cost } of found) assertEquals(costAlong(graph, nodeIds, edgeIds), cost);
      assertEquals(new Set(found.map(({ nodeIds }) => nodeIds.join())).size, found.length);
      const every = kShortestPaths(projection, { ...params, k: 1_000 });
      assertEquals(every.map(({ nodeIds, cost }) => ({ nodeIds, cost })), all);
    }),
    { numRuns: 60 },
  );
});

test("the three shortest paths of a published example are found", () => {
  // The graph of the article "Yen's algorithm" in Wikipedia; C to H are 1 to 6.
  const projection = projectEdges({
    from: [1, 1, 2, 3, 3, 3, 4, 4, 5],
    to: [2, 3, 4, 2, 4, 5, 5, 6, 6],
    weights: [3, 2, 4, 1, 2, 3, 2, 1, 2],
  });
  const found = kShortestPaths(projection, { from: 1, to: 6, k: 3 });
  assertEquals(found.map(({ nodeIds, cost }) => [cost, ...nodeIds]), [[5, 1, 3, 4, 6], [7, 1, 3, 5, 6], [
    8,
    1,
    2,
    4,
    6,
  ]]);
});

test("all cheapest paths are found and counted", () => {
  fc.assert(
    fc.property(positive, fc.nat(5), fc.boolean(), (graph, chosen, isWeighted) => {
      const start = chosen % graph.size;
      const projection = projected(graph, isWeighted);
      const dag = shortestPathDag(projection, { start: idOf(start) });
      for (let to = 0; to < graph.size; to++) {
        const all = simplePaths(graph, start, to, isWeighted);
        const best = all.filter(({ cost }) => cost === all[0]?.cost).map(({ nodeIds }) => nodeIds);
        const id = idOf(to);
        assertEquals([dag.costTo(id), dag.countTo(id)], [all[0]?.cost, best.length]);
        assertEquals(
          dag.predecessorsOf(id),
          [...new Set(best.map((path) => path.at(-2) ?? -1))].filter((at) => at >= 0).sort((a, b) => a - b),
        );
        const inOrder = best.sort((a, b) => compare([...a].reverse(), [...b].reverse()) || a.length - b.length);
        assertEquals(new Set(dag.pathsTo(id).map((path) => path.join())), new Set(inOrder.map((path) => path.join())));
        const found = allShortestPaths(projection, { from: idOf(start), to: id, limit: 2 });
        assertEquals(found.paths, dag.pathsTo(id).slice(0, 2));
        assertEquals([found.cost, found.count, found.isComplete], [all[0]?.cost, best.length, best.length <= 2]);
      }
    }),
    { numRuns: 60 },
  );
});

test("paths of equal cost come in the order of their nodes read from the end, and only as many as were asked for", () => {
  // A ladder of ten squares: 2^10 paths.
  const from: number[] = [];
  const to: number[] = [];
  for (let at = 0; at < 10; at++) {
    const left = 3 * at + 1;
    from.push(left, left, left + 1, left + 2);
    to.push(left + 1, left + 2, left + 3, left + 3);
  }
  const found = allShortestPaths(projectEdges({ from, to }), { from: 1, to: 31, limit: 3 });
  assertEquals([found.cost, found.count, found.isComplete], [20, 1024, false]);
  const ends = found.paths.map((path) => [...path].reverse().slice(0, 20));
  assertEquals(ends.map((path) => path.at(-1)), [2, 3, 2]);
  assertEquals(found.paths, [...found.paths].sort((a, b) => compare([...a].reverse(), [...b].reverse())));
});

test("costs that make no path longer are refused where all cheapest paths are asked for", () => {
  const projection = projectEdges({ from: [1, 2], to: [2, 1], weights: [1, 0] });
  for (
    const call of [
      () => shortestPathDag(projection, { start: 1 }),
      () => allShortestPaths(projection, { from: 1, to: 2, cost: () => 0 }),
    ]
  ) {
    const error = assertThrows(call, InvalidArgumentError, "must be positive");
    assertEquals(error.code, "cost-not-positive");
  }
});

/** Whether a path along all edges exists, by trying all. */
function hasTrail(graph: SmallGraph, start: number | undefined, isCircuit: boolean): boolean {
  const used = new Set<number>();
  const walk = (node: number, first: number): boolean => {
    if (used.size === graph.edges.length) return !isCircuit || node === first;
    return graph.edges.some(([from, to], at) => {
      if (used.has(at)) return false;
      const next = from === node ? to : graph.isUndirected && to === node ? from : -1;
      if (next < 0) return false;
      used.add(at);
      const isFound = walk(next, first);
      used.delete(at);
      return isFound;
    });
  };
  return Array.from({ length: graph.size }, (_, node) => node).some((node) =>
    (start === undefined || start === node) && walk(node, node)
  );
}

test("a path along all edges is found if there is one, and uses each edge once", () => {
  const small = smallGraphs({ least: 1, most: 5 }).map((graph) => ({ ...graph, edges: graph.edges.slice(0, 7) }));
  fc.assert(
    fc.property(small, fc.boolean(), fc.option(fc.nat(4), { nil: undefined }), (graph, circuit, chosen) => {
      const start = chosen === undefined ? undefined : chosen % graph.size;
      const found = eulerianPath(projected(graph), { circuit, start: start === undefined ? undefined : idOf(start) });
      assertEquals(found !== undefined, hasTrail(graph, start, circuit));
      if (found === undefined) return;
      const { nodeIds, edgeIds, isCircuit } = found;
      assertEquals(edgeIds?.toSorted((a, b) => a - b), graph.edges.map((_, at) => at + 1));
      assertEquals(isCircuit, nodeIds[0] === nodeIds.at(-1));
      if (nodeIds.length > 0) assert(!Number.isNaN(costAlong(graph, nodeIds, edgeIds)));
      if (start !== undefined) assertEquals(nodeIds[0], idOf(start));
      assert(!circuit || isCircuit);
    }),
    { numRuns: 400 },
  );
});

test("the bridges of Königsberg cannot be walked, with one more they can", () => {
  // Kneiphof 1 with two bridges to each bank, 2 and 3, and one to the eastern island 4, which has one to each bank.
  const bridges = { from: [1, 1, 1, 1, 1, 2, 3], to: [2, 2, 3, 3, 4, 4, 4], undirected: true };
  assertEquals(eulerianPath(projectEdges(bridges)), undefined);
  const more = projectEdges({ ...bridges, from: [...bridges.from, 2], to: [...bridges.to, 3] });
  assertEquals(eulerianPath(more)?.nodeIds.length, 9);
  assertEquals([eulerianPath(more)?.nodeIds[0], eulerianPath(more)?.nodeIds.at(-1)], [1, 4]);
  assertEquals(eulerianPath(more, { circuit: true }), undefined);
});

test("bad parameters are refused", () => {
  const projection = projectEdges({ from: [1], to: [2] });
  assertThrows(() => kShortestPaths(projection, { from: 1, to: 2, k: 0 }), InvalidArgumentError, "k is 0");
  assertThrows(() => kShortestPaths(projection, { from: 1, to: 3, k: 1 }), NotFoundError, "no node 3");
  assertThrows(() => allShortestPaths(projection, { from: 1, to: 2, limit: -1 }), InvalidArgumentError, "limit is -1");
  assertThrows(() => eulerianPath(projection, { start: 5 }), NotFoundError, "no node 5");
  assertEquals(eulerianPath(projectEdges({ from: [], to: [] })), { nodeIds: [], edgeIds: undefined, isCircuit: true });
});
