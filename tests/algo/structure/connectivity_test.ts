/** What splits graphs, against removing edges and nodes one by one. */

import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvalidArgumentError } from "../../../lib/backend/errors.ts";
import { chain } from "../../../lib/algo/generate/mod.ts";
import { articulationPoints, biconnectedComponents, bridges } from "../../../lib/algo/structure/mod.ts";
import { projectEdges } from "../../../lib/projection/mod.ts";
import { test } from "../../support/test.ts";
import { idOf, projected, reached, type SmallGraph, smallGraphs } from "../support/random_graphs.ts";
import { karateClub } from "../support/known_graphs.ts";

const graphs = smallGraphs({ least: 1, most: 7, undirected: fc.constant(true) });

function withoutEdge(graph: SmallGraph, edge: number): SmallGraph {
  return { ...graph, edges: graph.edges.filter((_, at) => at !== edge) };
}

/** Whether the nodes of a set stay connected with each other when one of them is lost, whichever it is. */
function isBlock(graph: SmallGraph, set: number): boolean {
  const nodes = Array.from({ length: graph.size }, (_, node) => node).filter((node) => set >> node & 1);
  const outside = ~set;
  const isConnected = (without: number) => {
    const left = nodes.filter((node) => node !== without);
    const lost = outside | (without < 0 ? 0 : 1 << without);
    return left.length === 0 || left.every((node) => reached(graph, left[0] as number, lost).has(node));
  };
  return nodes.length > 1 && isConnected(-1) && nodes.every(isConnected);
}

test("bridges are the edges whose loss parts their ends", () => {
  fc.assert(fc.property(graphs, (graph) => {
    const expected = graph.edges.flatMap(([a, b], at) => {
      if (reached(withoutEdge(graph, at), a).has(b)) return [];
      return [{ from: idOf(Math.min(a, b)), to: idOf(Math.max(a, b)), edgeId: at + 1 }];
    });
    assertEquals(bridges(projected(graph)), expected.sort((a, b) => a.from - b.from || a.to - b.to));
  }));
});

test("bridges have no ids where the projection does not know them", () => {
  assertEquals(bridges(projectEdges({ from: [2], to: [1], undirected: true })), [{ from: 1, to: 2 }]);
});

test("articulation points are the nodes whose loss parts others", () => {
  fc.assert(fc.property(graphs, (graph) => {
    const nodes = Array.from({ length: graph.size }, (_, node) => node);
    const expected = nodes.filter((lost) =>
      nodes.some((node) =>
        node !== lost && [...reached(graph, node)].some((other) => {
          return other !== lost && !reached(graph, node, 1 << lost).has(other);
        })
      )
    );
    assertEquals(articulationPoints(projected(graph)), expected.map(idOf));
  }));
});

test("biconnected components are the largest sets that no node splits", () => {
  fc.assert(fc.property(graphs, (graph) => {
    const sets = Array.from({ length: 2 ** graph.size }, (_, set) => set).filter((set) => isBlock(graph, set));
    const largest = sets.filter((set) => !sets.some((other) => other !== set && (other & set) === set));
    const expected = largest.map((set) =>
      Array.from({ length: graph.size }, (_, node) => node).filter((node) => set >> node & 1).map(idOf)
    );
    expected.sort(([a = 0, b = 0], [c = 0, d = 0]) => a - c || b - d);
    assertEquals([...biconnectedComponents(projected(graph))], expected);
  }));
});

test("the karate club has one bridge, one articulation point and three blocks", () => {
  // networkx 3.6.1: bridges, articulation_points, biconnected_components.
  const club = karateClub();
  assertEquals(bridges(club), [{ from: 1, to: 12 }]);
  assertEquals(articulationPoints(club), [1]);
  assertEquals([...biconnectedComponents(club)].map((nodes) => nodes.length), [28, 6, 2]);
});

test("long chains are split everywhere, and need no deep stack", () => {
  const line = chain({ nodes: 200_000 }).project({ undirected: true });
  assertEquals(bridges(line).length, 199_999);
  assertEquals(articulationPoints(line).length, 199_998);
  assertEquals(biconnectedComponents(line).list(199_998), [199_999, 200_000]);
});

test("graphs without edges have nothing that splits them", () => {
  for (const nodeIds of [[], [7]]) {
    const graph = projectEdges({ from: [], to: [], nodeIds, undirected: true });
    assertEquals([bridges(graph), articulationPoints(graph), [...biconnectedComponents(graph)]], [[], [], []]);
  }
});

test("directed projections are refused", () => {
  const graph = projectEdges({ from: [1], to: [2] });
  for (const algorithm of [bridges, articulationPoints, biconnectedComponents]) {
    assertThrows(() => algorithm(graph), InvalidArgumentError, "{ undirected: true }");
  }
});
