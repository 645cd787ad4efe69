/** Components, against searches from every node. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvalidArgumentError } from "../../../lib/backend/errors.ts";
import { chain } from "../../../lib/algo/generate/mod.ts";
import { condensation, strongComponents, weakComponents } from "../../../lib/algo/structure/mod.ts";
import type { NodeGroups } from "../../../lib/algo/define.ts";
import { projectEdges } from "../../../lib/projection/mod.ts";
import { test } from "../../support/test.ts";
import { idOf, projected, reached, renamed, type SmallGraph, smallGraphs } from "../support/random_graphs.ts";

/** The nodes in groups: two are in one when `isTogether` says so. Largest first, then by first node. */
function grouped(size: number, isTogether: (a: number, b: number) => boolean): number[][] {
  const groups: number[][] = [];
  for (let node = 0; node < size; node++) {
    const group = groups.find(([first]) => isTogether(first as number, node));
    if (group === undefined) groups.push([node]);
    else group.push(node);
  }
  return groups.sort((a, b) => b.length - a.length).map((group) => group.map(idOf));
}

function weakly(graph: SmallGraph): number[][] {
  const both = { ...graph, isUndirected: true };
  return grouped(graph.size, (a, b) => reached(both, a).has(b));
}

function strongly(graph: SmallGraph): number[][] {
  return grouped(graph.size, (a, b) => reached(graph, a).has(b) && reached(graph, b).has(a));
}

function lists(groups: NodeGroups): number[][] {
  return [...groups].map(({ nodeIds }) => nodeIds);
}

const graphs = smallGraphs({ least: 1, most: 9 });

test("weak components are the nodes that are connected when edges are followed both ways", () => {
  fc.assert(fc.property(graphs, (graph) => {
    assertEquals(lists(weakComponents(projected(graph))), weakly(graph));
  }));
});

test("strong components are the nodes that reach each other", () => {
  fc.assert(fc.property(graphs, (graph) => {
    assertEquals(lists(strongComponents(projected(graph))), strongly(graph));
  }));
});

test("the condensation has one link for all edges between two components, and its order follows the links", () => {
  fc.assert(fc.property(smallGraphs({ least: 1, most: 9, undirected: fc.constant(false) }), (graph) => {
    const { components, nodeIds, from, to, edgeCounts, order } = condensation(projected(graph));
    assertEquals(lists(components), strongly(graph));
    assertEquals([...nodeIds], [...components].map(({ nodeIds: [first] }) => first as number));
    const expected = new Map<string, number>();
    for (const [a, b] of graph.edges) {
      const [source, target] = [components.groupOf(idOf(a)), components.groupOf(idOf(b))];
      if (source !== target) expected.set(`${source} ${target}`, (expected.get(`${source} ${target}`) ?? 0) + 1);
    }
    const found = [...from].map((source, at) => [`${source} ${to[at]}`, edgeCounts[at] as number] as const);
    assertEquals(new Map(found), expected);
    assertEquals(found.length, expected.size);
    assertEquals([...order].sort((a, b) => a - b), [...components].map(({ group }) => group));
    const place = (group: number | undefined) => order.indexOf(group as number);
    assert([...from].every((source, at) => place(source) < place(to[at])));
    const firsts = [...from].map((source, at) => [nodeIds[source] as number, nodeIds[to[at] as number] as number]);
    assertEquals(firsts, firsts.toSorted(([a = 0, b = 0], [c = 0, d = 0]) => a - c || b - d));
  }));
});

test("of several components that could be next, the condensation's order takes that with the smallest node", () => {
  const { order, nodeIds } = condensation(projectEdges({ from: [4, 5, 9], to: [5, 4, 1], nodeIds: [1, 2, 4, 5, 9] }));
  assertEquals([...order].map((group) => nodeIds[group]), [2, 4, 9, 1]);
});

test("the condensation is a graph for other algorithms", () => {
  const graph = condensation(projectEdges({ from: [1, 2, 2, 1], to: [2, 1, 3, 3] })).project({ weighted: true });
  assertEquals([[...graph.nodeIds], [...graph.out.targets], [...graph.out.weights ?? []]], [[1, 3], [1], [2]]);
});

test("renaming nodes renames the components", () => {
  fc.assert(fc.property(smallGraphs({ least: 6, most: 6 }), (graph) => {
    const names = [3, 5, 0, 2, 1, 4];
    const rename = (groups: NodeGroups) =>
      lists(groups).map((ids) => ids.map((id) => idOf(names[(id - 10) / 3] as number)).sort((a, b) => a - b))
        .sort(([a = 0], [b = 0]) => a - b);
    for (const algorithm of [weakComponents, strongComponents]) {
      const moved = lists(algorithm(projected(renamed(graph, names)))).sort(([a = 0], [b = 0]) => a - b);
      assertEquals(moved, rename(algorithm(projected(graph))));
    }
  }));
});

test("a graph without nodes has no components, and each isolated node is one", () => {
  for (const undirected of [false, true]) {
    const nothing = projectEdges({ from: [], to: [], undirected });
    const lonely = projectEdges({ from: [], to: [], nodeIds: [8, 5], undirected });
    for (const algorithm of [weakComponents, strongComponents]) {
      assertEquals(lists(algorithm(nothing)), []);
      assertEquals(lists(algorithm(lonely)), [[5], [8]]);
    }
  }
});

test("components of long chains and rings are found without a deep stack", () => {
  const nodeCount = 300_000;
  const line = chain({ nodes: nodeCount });
  assertEquals(strongComponents(line.project()).count, nodeCount);
  assertEquals(weakComponents(line.project()).count, 1);
  assertEquals(strongComponents(line.project({ undirected: true })).count, 1);
  assertEquals(weakComponents(line.project({ undirected: true })).count, 1);
});

test("components take no parameters, and condensations no undirected projections", () => {
  const graph = projectEdges({ from: [1], to: [2], undirected: true });
  const params = { size: 1 };
  assertThrows(() => weakComponents(graph, params), InvalidArgumentError, "is no parameter");
  assertThrows(() => strongComponents(graph, params), InvalidArgumentError, "is no parameter");
  assertThrows(() => condensation(graph), InvalidArgumentError, "defined on directed graphs");
});
