/** Searches that count edges, against brute force. */

import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  bfs,
  bfsDistances,
  bidirectionalBfs,
  canReach,
  dfs,
  reachableFrom,
  reverseReachableFrom,
  shortestPath,
  traverse,
  unreachableFrom,
} from "../../../lib/algo/paths/mod.ts";
import { chain } from "../../../lib/algo/generate/mod.ts";
import { InvalidArgumentError, NotFoundError } from "../../../lib/backend/errors.ts";
import { projectEdges } from "../../../lib/projection/mod.ts";
import { test } from "../../support/test.ts";
import { idOf, projected, reached, type SmallGraph, smallGraphs } from "../support/random_graphs.ts";
import { costAlong, leastCosts, linksOf } from "./oracle.ts";

const graphs = smallGraphs({ least: 1, most: 9 });
const directions = fc.constantFrom("out" as const, "in" as const);

function turned(graph: SmallGraph, direction: "out" | "in"): SmallGraph {
  if (direction === "out") return graph;
  return { ...graph, edges: graph.edges.map(([from, to, weight]) => [to, from, weight] as const) };
}

/** Ends of the links of a node, ascending, each once. */
function nextOf(graph: SmallGraph, node: number): number[] {
  const ends = linksOf(graph).filter(({ from }) => from === node).map(({ to }) => to);
  return [...new Set(ends)].sort((a, b) => a - b);
}

test("breadth-first searches find the least numbers of edges", () => {
  fc.assert(
    fc.property(graphs, directions, fc.array(fc.nat(8), { minLength: 1, maxLength: 3 }), (graph, direction, chosen) => {
      const starts = chosen.map((node) => idOf(node % graph.size));
      const projection = projected(graph, false);
      const costs = leastCosts(turned(graph, direction), () => 1) as number[][];
      for (const maxDepth of [undefined, 2, 1.5]) {
        const expected = costs.map((_, node) => {
          const cost = Math.min(...chosen.map((start) => costs[start % graph.size]?.[node] as number));
          return cost > (maxDepth ?? graph.size) ? undefined : cost;
        });
        const params = { starts, direction, maxDepth };
        const distances = bfsDistances(projection, params);
        const tree = bfs(projection, params);
        assertEquals(expected.map((_, node) => distances.get(idOf(node))), expected);
        assertEquals(expected.map((_, node) => tree.depthOf(idOf(node))), expected);
        assertEquals(tree.levels().flat(), tree.preOrder());
        const steps = [...traverse(projection, params)];
        assertEquals(steps.map(({ nodeId, depth, parentId }) => ({ nodeId, depth, parentId })), [...tree]);
        for (const { nodeId, depth } of tree) assertEquals(tree.pathTo(nodeId)?.length, depth + 1);
      }
    }),
  );
});

test("breadth-first order is by level, then by parent, then by id", () => {
  const tree = bfs(projectEdges({ from: [1, 1, 2, 3, 3, 5], to: [3, 2, 6, 5, 4, 1] }), { start: 1 });
  assertEquals(tree.levels(), [[1], [2, 3], [6, 4, 5]]);
  assertEquals([...tree].map(({ parentId }) => parentId), [undefined, 1, 1, 2, 3, 3]);
});

/** Depth-first search that calls itself. */
function recursive(
  graph: SmallGraph,
  roots: readonly number[],
): { pre: number[]; post: number[]; depths: Map<number, number> } {
  const [pre, post, depths]: [number[], number[], Map<number, number>] = [[], [], new Map()];
  const visit = (node: number, depth: number): void => {
    if (depths.has(idOf(node))) return;
    depths.set(idOf(node), depth);
    pre.push(idOf(node));
    for (const next of nextOf(graph, node)) visit(next, depth + 1);
    post.push(idOf(node));
  };
  for (const root of roots) visit(root, 0);
  return { pre, post, depths };
}

test("depth-first orders are those of a search that calls itself", () => {
  fc.assert(fc.property(graphs, directions, fc.option(fc.nat(8), { nil: undefined }), (graph, direction, chosen) => {
    const roots = chosen === undefined ? Array.from({ length: graph.size }, (_, node) => node) : [chosen % graph.size];
    const projection = projected(graph);
    const { pre, post, depths } = recursive(turned(graph, direction), roots);
    const start = chosen === undefined ? undefined : idOf(chosen % graph.size);
    const tree = dfs(projection, { start, direction });
    assertEquals([tree.preOrder(), tree.postOrder()], [pre, post]);
    assertEquals(pre.map((id) => tree.depthOf(id)), pre.map((id) => depths.get(id)));
    const starts = roots.map(idOf);
    const steps = [...traverse(projection, { starts, direction, order: "depth-first" })];
    assertEquals(steps.map(({ nodeId, depth, parentId }) => ({ nodeId, depth, parentId })), [...tree]);
    const last = [...traverse(projection, { starts, direction, order: "post-order" })];
    assertEquals(last.map(({ nodeId }) => nodeId), post);
    for (const { nodeId, parentId } of last) assertEquals(parentId, tree.parentOf(nodeId));
  }));
});

test("a traversal tells the edge to each node, and enters only what it may", () => {
  fc.assert(fc.property(graphs, fc.nat(8), fc.nat(8), directions, (graph, chosen, closed, direction) => {
    const start = chosen % graph.size;
    const way = turned(graph, direction);
    const open = {
      ...way,
      edges: way.edges.map((edge, at) => edge[1] === closed || (at + 1) % 3 === 0 ? [start, start, 0] as const : edge),
    };
    const directed = graph.isUndirected ? undefined : reached(open, start);
    for (const order of ["breadth-first", "depth-first", "post-order"] as const) {
      const steps = [...traverse(projected(graph), {
        start: idOf(start),
        direction,
        order,
        where: (nodeId) => nodeId !== idOf(closed),
        whereEdge: (edgeId) => (edgeId as number) % 3 !== 0,
      })];
      const nodes = steps.map(({ nodeId }) => nodeId).sort((a, b) => a - b);
      if (directed !== undefined) assertEquals(nodes, [...directed].map(idOf).sort((a, b) => a - b));
      for (const { nodeId, parentId, edgeId } of steps) {
        if (parentId === undefined) continue;
        assertEquals((edgeId as number) % 3 === 0 || nodeId === idOf(closed), false);
        assertEquals(Number.isNaN(costAlong(way, [parentId, nodeId], [edgeId as number])), false);
      }
    }
  }));
});

test("a traversal does no more than it is asked for", () => {
  const asked: number[] = [];
  const where = (nodeId: number): boolean => asked.push(nodeId) > 0;
  for (const { nodeId } of traverse(projectEdges({ from: [1, 2, 3, 4], to: [2, 3, 4, 5] }), { start: 1, where })) {
    if (nodeId === 3) break;
  }
  assertEquals(asked, [2, 3]);
  const depths = [
    ...traverse(projectEdges({ from: [1, 2, 3], to: [2, 3, 4] }), { start: 1, order: "depth-first", maxDepth: 1 }),
  ];
  assertEquals(depths.map(({ nodeId, depth }) => [nodeId, depth]), [[1, 0], [2, 1]]);
});

test("what can be reached is what a path leads to", () => {
  fc.assert(fc.property(graphs, fc.nat(8), fc.nat(8), (graph, one, other) => {
    const [start, to] = [one % graph.size, other % graph.size];
    const projection = projected(graph);
    const all = Array.from({ length: graph.size }, (_, node) => node);
    const ahead = reached(graph, start);
    const params = { start: idOf(start) };
    const found = reachableFrom(projection, params);
    assertEquals([...found], all.filter((node) => ahead.has(node)).map(idOf));
    assertEquals([found.size, found.has(idOf(to)), found.has(1)], [ahead.size, ahead.has(to), false]);
    assertEquals([...unreachableFrom(projection, params)], all.filter((node) => !ahead.has(node)).map(idOf));
    const before = all.filter((node) => reached(graph, node).has(start)).map(idOf);
    assertEquals(reverseReachableFrom(projection, params).toArray(), before);
    const pair = { from: idOf(start), to: idOf(to) };
    assertEquals(canReach(projection, pair), ahead.has(to));
    const costs = leastCosts(graph, () => 1) as number[][];
    for (const path of [bidirectionalBfs(projection, pair), shortestPath(projected(graph, false), pair)]) {
      assertEquals(path?.cost ?? Infinity, costs[start]?.[to]);
      if (path === undefined) continue;
      assertEquals([path.nodeIds[0], path.nodeIds.at(-1), path.nodeIds.length], [pair.from, pair.to, path.cost + 1]);
      assertEquals(Number.isNaN(costAlong(graph, path.nodeIds, path.edgeIds)), false);
    }
  }));
});

test("a chain of a million nodes is searched without a stack of calls", () => {
  const size = 1_000_000;
  const { projection } = { projection: chain({ nodes: size }).project() };
  assertEquals(bfsDistances(projection, { start: 1 }).get(size), size - 1);
  const tree = dfs(projection, { start: 1 });
  assertEquals([tree.size, tree.depthOf(size), tree.handle.postOrder?.[0]], [size, size - 1, size - 1]);
  assertEquals(bidirectionalBfs(projection, { from: 1, to: size })?.cost, size - 1);
});

test("empty graphs and bad parameters", () => {
  const projection = projectEdges({ from: [1], to: [2] });
  assertEquals(dfs(projectEdges({ from: [], to: [] })).size, 0);
  assertThrows(() => bfs(projection, { start: 3 }), NotFoundError, "no node 3");
  assertThrows(() => bfsDistances(projection, {}), InvalidArgumentError, "give one of them");
  assertThrows(() => bfsDistances(projection, { start: 1, maxDepth: -1 }), InvalidArgumentError, "maxDepth is -1");
  assertThrows(() => dfs(projection, { direction: "up" as "out" }), InvalidArgumentError, "direction is");
  assertThrows(
    () => traverse(projection, { start: 1, where: 3 as unknown as () => boolean }).next(),
    InvalidArgumentError,
    "function",
  );
  assertThrows(() => canReach(projection, { from: 1, to: 4 }), NotFoundError, "no node 4");
});
