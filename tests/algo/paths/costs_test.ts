/** Cheapest paths, against brute force. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  aStar,
  bellmanFord,
  bidirectionalDijkstra,
  deltaStepping,
  dijkstra,
  floydWarshall,
  johnson,
  negativeCycleIn,
  type Path,
  type PathTree,
  shortestPath,
  shortestPathTree,
  widestPaths,
} from "../../../lib/algo/paths/mod.ts";
import { InvalidArgumentError, NotFoundError, UnsupportedError } from "../../../lib/backend/errors.ts";
import { Random } from "../../../lib/algo/random.ts";
import { projectEdges, type Projection } from "../../../lib/projection/mod.ts";
import { test } from "../../support/test.ts";
import { idOf, nodeOf, projected, renamed, type SmallGraph, smallGraphs } from "../support/random_graphs.ts";
import { costAlong, leastCosts, linksOf } from "./oracle.ts";

const graphs = smallGraphs({ least: 1, most: 8 });

/** Directed graphs with edges that may cost less than nothing, and more of those that do not. */
const negativeGraphs = smallGraphs({ least: 1, most: 7, undirected: fc.constant(false) }).map((graph) => ({
  ...graph,
  edges: graph.edges.map(([from, to, weight]) => [from, to, weight - 1] as const),
}));

function costsOf(tree: { costTo(id: number): number | undefined }, size: number): number[] {
  return Array.from({ length: size }, (_, node) => tree.costTo(idOf(node)) ?? Infinity);
}

/** Checks that each path of a tree exists and costs what it says. */
function checkTree(graph: SmallGraph, tree: PathTree, starts: readonly number[]): void {
  for (const { nodeId, cost, parentId } of tree) {
    const path = tree.pathTo(nodeId) as Path;
    assertEquals([path.nodeIds.at(-1), path.cost, path.nodeIds.at(-2)], [nodeId, cost, parentId]);
    assertEquals(costAlong(graph, path.nodeIds, path.edgeIds), cost);
    assert(starts.map(idOf).includes(path.nodeIds[0] as number));
    assertEquals(tree.startOf(nodeId), path.nodeIds[0]);
    assertEquals(new Set(path.nodeIds).size, path.nodeIds.length);
  }
}

/** Least cost to each node from the nearest of some. */
function nearest(costs: number[][], starts: readonly number[]): number[] {
  return costs.map((_, node) => Math.min(...starts.map((start) => costs[start]?.[node] as number)));
}

test("searches from one or several nodes find the least sums of weights, and paths that cost as much", () => {
  fc.assert(fc.property(graphs, fc.array(fc.nat(7), { minLength: 1, maxLength: 3 }), (graph, chosen) => {
    const starts = chosen.map((node) => node % graph.size);
    const params = { starts: starts.map(idOf) };
    const projection = projected(graph);
    const expected = nearest(leastCosts(graph) as number[][], starts);
    for (const algorithm of [dijkstra, shortestPathTree, bellmanFord]) {
      if (algorithm === bellmanFord && graph.size > 6) continue;
      const tree = algorithm(projection, params);
      assertEquals(costsOf(tree, graph.size), expected);
      checkTree(graph, tree, starts);
    }
    for (const delta of [undefined, 0.3, 1, 1e6, 1e-7]) {
      assertEquals([...deltaStepping(projection, { ...params, delta }).values], expected);
    }
  }));
});

test("a path between two nodes is as cheap as can be, from whichever search", () => {
  fc.assert(fc.property(graphs, fc.nat(7), fc.nat(7), (graph, one, other) => {
    const [from, to] = [one % graph.size, other % graph.size];
    const pair = { from: idOf(from), to: idOf(to) };
    const projection = projected(graph);
    const costs = leastCosts(graph) as number[][];
    const expected = costs[from]?.[to] as number;
    const guess = (nodeId: number): number => {
      // Never too large, and not consistent.
      const left = costs[nodeOf(nodeId)]?.[to] as number;
      return nodeId % 2 === 0 && left < Infinity ? left : 0;
    };
    const flat = { x: new Array(graph.size).fill(0), y: new Array(graph.size).fill(0) };
    for (
      const path of [
        bidirectionalDijkstra(projection, pair),
        shortestPath(projection, pair),
        aStar(projection, { ...pair, heuristic: guess }),
        aStar(projection, { ...pair, coordinates: flat }),
        dijkstra(projection, { start: pair.from, target: pair.to }).pathTo(pair.to),
      ]
    ) {
      assertEquals(path?.cost ?? Infinity, expected);
      if (path === undefined) continue;
      assertEquals([path.nodeIds[0], path.nodeIds.at(-1)], [pair.from, pair.to]);
      assertEquals(costAlong(graph, path.nodeIds, path.edgeIds), expected);
    }
  }));
});

test("larger graphs have the same distances from every search", () => {
  const random = new Random(11);
  for (let round = 0; round < 24; round++) {
    const size = 60;
    const edges = Array.from(
      { length: 60 + 10 * round },
      () => [random.below(size), random.below(size), random.below(20)] as const,
    );
    const graph = { size, isUndirected: round % 2 === 0, edges };
    const projection = projected(graph);
    const costs = leastCosts(graph) as number[][];
    for (const start of [0, 17]) {
      const row = costs[start] as number[];
      for (const delta of [undefined, 0.5, 7, 1e3]) {
        assertEquals([...deltaStepping(projection, { start: idOf(start), delta }).values], row);
      }
      assertEquals(costsOf(dijkstra(projection, { start: idOf(start) }), size), row);
      assertEquals(costsOf(bellmanFord(projection, { start: idOf(start) }), size), row);
      checkTree(graph, shortestPathTree(projection, { start: idOf(start) }), [start]);
      row.forEach((cost, to) => {
        const pair = { from: idOf(start), to: idOf(to) };
        assertEquals(bidirectionalDijkstra(projection, pair)?.cost ?? Infinity, cost);
        const heuristic = (id: number): number => Math.min(1e3, costs[nodeOf(id)]?.[to] as number) * (id % 4) / 3;
        assertEquals(aStar(projection, { ...pair, heuristic })?.cost ?? Infinity, cost);
      });
    }
  }
});

test("edges that cost less than nothing count, and negative cycles are found and shown", () => {
  fc.assert(fc.property(negativeGraphs, (graph) => {
    const projection = projected(graph);
    const expected = leastCosts(graph);
    const cycle = negativeCycleIn(projection);
    assertEquals(cycle === undefined, expected !== undefined);
    if (cycle !== undefined) {
      checkNegative(graph, cycle);
      for (const algorithm of [floydWarshall, johnson]) {
        const error = assertThrows(() => algorithm(projection), InvalidArgumentError, "cost less than nothing");
        assertEquals([error.code, error.value], ["negative-cycle", cycle]);
      }
      return;
    }
    const pairs = [floydWarshall(projection), johnson(projection)];
    for (let node = 0; node < graph.size; node++) {
      const row = expected?.[node] as number[];
      const tree = bellmanFord(projection, { start: idOf(node) });
      assertEquals(costsOf(tree, graph.size), row);
      checkTree(graph, tree, [node]);
      for (const all of pairs) assertEquals(row.map((_, to) => all.cost(idOf(node), idOf(to)) ?? Infinity), row);
    }
  }));
});

function checkNegative(graph: SmallGraph, cycle: readonly number[]): void {
  const links = linksOf(graph);
  let sum = 0;
  cycle.forEach((nodeId, at) => {
    const next = cycle[(at + 1) % cycle.length];
    const weights = links.filter(({ from, to }) => idOf(from) === nodeId && idOf(to) === next).map(({ weight }) =>
      weight
    );
    sum += Math.min(...weights);
  });
  assert(sum < 0, `${cycle} costs ${sum}`);
  assertEquals([Math.min(...cycle), new Set(cycle).size], [cycle[0] as number, cycle.length]);
}

test("bellmanFord complains of negative cycles that can be reached, and of no others", () => {
  const projection = projectEdges({ from: [1, 3, 4, 5], to: [2, 4, 5, 3], weights: [7, 1, 1, -3] });
  assertEquals(bellmanFord(projection, { start: 1 }).costTo(2), 7);
  const error = assertThrows(() => bellmanFord(projection, { start: 4 }), InvalidArgumentError, "3, 4, 5");
  assertEquals(error.value, [3, 4, 5]);
});

test("the widest path has the widest narrowest edge", () => {
  fc.assert(fc.property(graphs, fc.nat(7), (graph, chosen) => {
    const start = chosen % graph.size;
    const projection = projected(graph);
    const tree = widestPaths(projection, { start: idOf(start) });
    const widths: number[] = Array.from({ length: graph.size }, (_, node) => node === start ? Infinity : -Infinity);
    for (let round = 0; round < graph.size; round++) {
      for (const { from, to, weight } of linksOf(graph)) {
        widths[to] = Math.max(widths[to] as number, Math.min(widths[from] as number, weight));
      }
    }
    assertEquals(Array.from(widths, (_, node) => tree.costTo(idOf(node)) ?? -Infinity), widths);
    for (const { nodeId, cost } of tree) {
      const { edgeIds } = tree.pathTo(nodeId) as Path;
      assertEquals(Math.min(...edgeIds?.map((id) => graph.edges[id - 1]?.[2] as number) ?? [], Infinity), cost);
      const only = widestPaths(projection, { start: idOf(start), target: nodeId });
      assertEquals(only.costTo(nodeId), cost);
    }
  }));
});

test("cost functions and predicates choose the edges, in either direction of the search", () => {
  fc.assert(fc.property(graphs, fc.nat(7), fc.nat(7), fc.nat(7), (graph, one, other, closed) => {
    const [from, to] = [one % graph.size, other % graph.size];
    const pair = { from: idOf(from), to: idOf(to) };
    const projection = projected(graph);
    const filters = {
      cost: (edgeId: number | undefined, _from: number, to: number, weight: number) =>
        (edgeId as number) + 2 * weight + (to % 5),
      where: (nodeId: number) => nodeId !== idOf(closed),
      whereEdge: (edgeId: number | undefined) => (edgeId as number) % 4 !== 1,
    };
    const open = linksOf(graph).filter((link) => link.to !== closed && link.edgeId % 4 !== 1);
    const edges = open.map((link) =>
      [link.from, link.to, link.edgeId + 2 * link.weight + (idOf(link.to) % 5)] as const
    );
    const costs = leastCosts({ size: graph.size, isUndirected: false, edges }) as number[][];
    const expected = costs[from]?.[to];
    assertEquals(shortestPath(projection, { ...pair, ...filters })?.cost ?? Infinity, expected);
    assertEquals(bidirectionalDijkstra(projection, { ...pair, ...filters })?.cost ?? Infinity, expected);
    assertEquals(aStar(projection, { ...pair, ...filters, heuristic: () => 0 })?.cost ?? Infinity, expected);
    assertEquals(costsOf(dijkstra(projection, { start: pair.from, ...filters }), graph.size), costs[from]);
    assertEquals(costsOf(bellmanFord(projection, { start: pair.from, ...filters }), graph.size), costs[from]);
    const pairs = [johnson(projection, filters), floydWarshall(projection, filters)];
    for (const all of pairs) assertEquals(all.cost(pair.from, pair.to) ?? Infinity, expected);
  }));
});

test("renamed nodes have the same distances under their new names; a node without edges changes nothing", () => {
  fc.assert(fc.property(graphs, fc.infiniteStream(fc.nat()), (graph, random) => {
    const names = Array.from({ length: graph.size }, (_, node) => node);
    names.sort(() => ((random.next().value as number) % 3) - 1);
    const other = deltaStepping(projected({ ...renamed(graph, names), size: graph.size + 1 }), {
      start: idOf(names[0] as number),
    });
    const tree = deltaStepping(projected(graph), { start: idOf(0) });
    assertEquals(names.map((name) => other.get(idOf(name))), names.map((_, node) => tree.get(idOf(node))));
    assertEquals(other.get(idOf(graph.size)), undefined);
  }));
});

/** The graphs of Cormen, Leiserson, Rivest and Stein, Introduction to Algorithms, third edition; s, t, x, y, z are 1 to 5. */
const FIGURE_24_6 = projectEdges({
  from: [1, 1, 2, 2, 3, 4, 4, 4, 5, 5],
  to: [2, 4, 3, 4, 5, 2, 3, 5, 1, 3],
  weights: [10, 5, 1, 2, 4, 3, 9, 2, 7, 6],
});
const FIGURE_24_4 = projectEdges({
  from: [1, 1, 2, 2, 2, 3, 4, 4, 5, 5],
  to: [2, 4, 3, 4, 5, 2, 3, 5, 1, 3],
  weights: [6, 7, 5, 8, -4, -2, -3, 9, 2, 7],
});
const FIGURE_25_1 = projectEdges({
  from: [1, 1, 1, 2, 2, 3, 4, 4, 5],
  to: [2, 3, 5, 4, 5, 2, 1, 3, 4],
  weights: [3, 8, -4, 1, 7, 4, 2, -5, 6],
});

test("graphs of a textbook have the distances that it prints", () => {
  for (const tree of [dijkstra(FIGURE_24_6, { start: 1 }), shortestPathTree(FIGURE_24_6, { start: 1 })]) {
    assertEquals([...tree].map(({ cost }) => cost), [0, 8, 9, 5, 7]);
    assertEquals(tree.pathTo(3)?.nodeIds, [1, 4, 2, 3]);
  }
  const tree = bellmanFord(FIGURE_24_4, { start: 1 });
  assertEquals([...tree].map(({ cost }) => cost), [0, 2, 4, 7, -2]);
  assertEquals(tree.pathTo(5)?.nodeIds, [1, 4, 3, 2, 5]);
  for (const all of [johnson(FIGURE_25_1), floydWarshall(FIGURE_25_1)]) {
    assertEquals([1, 2, 3, 4, 5].map((id) => [...all.row(id) ?? []]), [
      [0, 1, -3, 2, -4],
      [3, 0, -4, 1, -1],
      [7, 4, 0, 5, 3],
      [2, -1, -5, 0, -2],
      [8, 5, 1, 6, 0],
    ]);
    assertEquals([...all.farthest()].map(({ value }) => value), [2, 3, 7, 2, 8]);
  }
});

test("edges of weight 0 make no circles in trees of paths", () => {
  const projection = projectEdges({
    from: [3, 1, 2, 4, 4],
    to: [1, 2, 3, 3, 5],
    weights: [0, 0, 0, 1, 1e-30],
    undirected: true,
  });
  const tree = shortestPathTree(projection, { start: 4 });
  assertEquals([1, 2, 3, 5].map((id) => tree.pathTo(id)?.nodeIds), [[4, 3, 1], [4, 3, 2], [4, 3], [4, 5]]);
  const absorbed = projectEdges({ from: [1, 2], to: [2, 3], weights: [1e30, 1] });
  assertEquals(shortestPathTree(absorbed, { start: 1 }).pathTo(3), {
    nodeIds: [1, 2, 3],
    edgeIds: undefined,
    cost: 1e30,
  });
});

test("distances far beyond 2^31 buckets are right", () => {
  const weights = [1e-3, 1e9, 1e-3, 1e13, 1, 2e13];
  const projection = projectEdges({ from: [1, 2, 3, 4, 5, 1], to: [2, 3, 4, 5, 6, 6], weights });
  const expected = [...dijkstra(projection, { start: 1 }).costs];
  for (const delta of [1e-3, 0.5, 1e3, 1e9]) {
    assertEquals([...deltaStepping(projection, { start: 1, delta }).values], expected);
  }
});

test("guesses from places find the cheapest way over a plane and a globe", () => {
  // Madrid, Paris, Berlin, Rome, Athens; great circles in kilometres.
  const coordinates = { x: [-3.7, 2.35, 13.4, 12.5, 23.7], y: [40.4, 48.86, 52.5, 41.9, 38] };
  const roads = projectEdges({
    from: [1, 2, 1, 3, 4, 3],
    to: [2, 3, 4, 4, 5, 5],
    weights: [1054e3, 880e3, 1366e3, 1190e3, 1060e3, 1810e3],
    undirected: true,
  });
  const found = aStar(roads, {
    from: 2,
    to: 5,
    coordinates: { ...coordinates, metric: "haversine", costPerUnit: 0.99 },
  });
  assertEquals([found?.nodeIds, found?.cost], [[2, 3, 5], 2690e3]);
  const grid = projectEdges({ from: [1, 2, 1, 3], to: [2, 4, 3, 4], weights: [1, 5, 1, 1] });
  const corners = { x: [0, 1, 0, 1], y: [0, 0, 1, 1], metric: "manhattan" as const };
  assertEquals(aStar(grid, { from: 1, to: 4, coordinates: corners })?.nodeIds, [1, 3, 4]);
});

test("a limit of the cost leaves out what is farther away", () => {
  const tree = dijkstra(FIGURE_24_6, { start: 1, maxCost: 7 });
  assertEquals([...tree].map(({ nodeId, cost }) => [nodeId, cost]), [[1, 0], [4, 5], [5, 7]]);
  assertEquals([...dijkstra(FIGURE_24_6, { start: 1, target: 5 })].map(({ nodeId }) => nodeId), [1, 4, 5]);
});

test("empty graphs and single nodes have answers", () => {
  const empty = projectEdges({ from: [], to: [], weights: [] });
  assertEquals(negativeCycleIn(empty), undefined);
  assertEquals([johnson(empty).costs.length, floydWarshall(empty).costs.length], [0, 0]);
  const one = projectEdges({ nodeIds: [7], from: [7], to: [7], weights: [3] });
  assertEquals([...deltaStepping(one, { start: 7 })], [{ nodeId: 7, value: 0 }]);
  assertEquals(shortestPath(one, { from: 7, to: 7 }), { nodeIds: [7], edgeIds: undefined, cost: 0 });
  assertEquals([johnson(one).cost(7, 7), floydWarshall(one).cost(7, 7), johnson(one).cost(7, 8)], [0, 0, undefined]);
});

test("what makes no sense is refused", () => {
  const plain = projectEdges({ from: [1], to: [2] });
  const negative = projectEdges({ from: [1, 2], to: [2, 3], weights: [1, -1] });
  const refused = (call: () => unknown, message: string): void => {
    assertThrows(call, InvalidArgumentError, message);
  };
  for (const algorithm of [dijkstra, deltaStepping, shortestPathTree, bellmanFord, widestPaths]) {
    refused(() => algorithm(plain, { start: 1 }), "has no weights");
    refused(() => algorithm(negative, {}), "give one of them");
    refused(() => algorithm(negative, { start: 1, starts: [1] }), "give one of them");
    refused(() => algorithm(negative, { starts: [] }), "at least one");
    refused(() => algorithm(negative, { start: 1, speed: 3 } as unknown as { start: number }), "is no parameter");
    assertThrows(() => algorithm(negative, { start: 9 }), NotFoundError, "no node 9");
  }
  refused(() => dijkstra(negative, { start: 1 }), "use bellmanFord");
  refused(() => deltaStepping(negative, { start: 1 }), "use bellmanFord");
  refused(() => shortestPath(negative, { from: 1, to: 3 }), "use bellmanFord");
  refused(() => deltaStepping(negative, { start: 1, delta: 0 }), "delta is 0");
  refused(() => dijkstra(plain, { start: 1, cost: () => NaN }), "is NaN from 1 to 2");
  refused(() => dijkstra(plain, { start: 1, cost: 3 as unknown as () => number }), "give a function");
  refused(() => aStar(negative, { from: 1, to: 2 }), "give one of them");
  refused(
    () => aStar(negative, { from: 1, to: 2, coordinates: { x: [1], y: [1, 2, 3] } }),
    "give one for each of 3 nodes",
  );
  refused(() => aStar(negative, { from: 1, to: 2, heuristic: () => NaN }), "gave NaN for node 2");
  assertEquals(dijkstra(plain, { start: 1, cost: () => 2 }).costTo(2), 2);
  const many: Projection = projectEdges({
    nodeIds: Array.from({ length: 8193 }, (_, at) => at + 1),
    from: [1],
    to: [2],
    weights: [1],
  });
  assertThrows(() => johnson(many), UnsupportedError, "8192 at most");
  assertThrows(() => floydWarshall(many), UnsupportedError, "8192 at most");
});
