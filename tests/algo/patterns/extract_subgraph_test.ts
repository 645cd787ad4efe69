/** Parts of projections, against the definition. */

import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { NotFoundError } from "../../../lib/backend/errors.ts";
import { extractSubgraph } from "../../../lib/algo/patterns/mod.ts";
import { projectEdges, type Projection } from "../../../lib/projection/mod.ts";
import { testGraph } from "../../graph/graph_subject.ts";
import { test } from "../../support/test.ts";
import { idOf, projected, type SmallGraph, smallGraphs } from "../support/random_graphs.ts";

/** All that can be read of a projection. */
function content(projection: Projection): unknown {
  const { nodeIds, edgeCount, isUndirected, out, in: entering } = projection;
  const links = ({ offsets, targets, edgeIds, weights }: Projection["out"]) =>
    [offsets, targets, edgeIds ?? [], weights ?? []].map((array) => [...array]);
  return [[...nodeIds], edgeCount, isUndirected, links(out), links(entering)];
}

function near(
  { size, edges, isUndirected }: SmallGraph,
  starts: number[],
  hops: number,
  direction: string,
): Set<number> {
  const found = new Set(starts);
  for (let hop = 0; hop < hops; hop++) {
    const before = new Set(found);
    for (const [from, to] of edges) {
      if (before.has(from) && (direction !== "in" || isUndirected)) found.add(to);
      if (before.has(to) && (direction !== "out" || isUndirected)) found.add(from);
    }
  }
  return new Set([...found].filter((node) => node < size));
}

test("a part is the graph without all other nodes", () => {
  const directions = fc.constantFrom("out" as const, "in" as const, "both" as const);
  fc.assert(
    fc.property(smallGraphs(), fc.nat(1), fc.nat(3), directions, fc.boolean(), (graph, start, hops, direction, w) => {
      const part = extractSubgraph(projected(graph, w), { nodes: [idOf(start)], hops, direction });
      const inside = near(graph, [start], hops, direction);
      const kept = [...inside].sort((a, b) => a - b);
      assertEquals([...part.nodeIds], kept.map(idOf));
      // The same edges with the same ids: in place of the others, those of a node that is removed with them.
      const whole = projectEdges({
        nodeIds: kept.map(idOf),
        from: graph.edges.filter(([a, b]) => inside.has(a) && inside.has(b)).map(([a]) => idOf(a)),
        to: graph.edges.filter(([a, b]) => inside.has(a) && inside.has(b)).map(([, b]) => idOf(b)),
        weights: w
          ? graph.edges.filter(([a, b]) => inside.has(a) && inside.has(b)).map(([, , weight]) => weight)
          : undefined,
        undirected: graph.isUndirected,
        edgeIds: true,
      });
      const ids = graph.edges.flatMap(([a, b], at) => inside.has(a) && inside.has(b) ? [at + 1] : []);
      const [nodes, edgeCount, isUndirected, out, entering] = content(whole) as [
        unknown,
        unknown,
        unknown,
        number[][],
        number[][],
      ];
      const renumbered = (links: number[][]) => [links[0], links[1], links[2]?.map((id) => ids[id - 1]), links[3]];
      assertEquals(content(part), [nodes, edgeCount, isUndirected, renumbered(out), renumbered(entering)]);
    }),
  );
});

test("no hops leave the nodes themselves, and missing nodes are told", () => {
  const graph = projectEdges({ from: [1, 1, 2, 3], to: [1, 2, 3, 4] });
  const part = extractSubgraph(graph, { nodes: [1, 2, 1], hops: 0 });
  assertEquals([[...part.nodeIds], part.edgeCount], [[1, 2], 2]);
  assertThrows(() => extractSubgraph(graph, { nodes: [9] }), NotFoundError, "9");
  assertEquals(extractSubgraph(graph, { nodes: [] }).nodeCount, 0);
});

testGraph("a part that the pool made is a projection for other calls", async ({ graph }) => {
  const ids = await graph.transaction((tx) => {
    const nodes = tx.insertNodes(Array.from({ length: 5 }, (_, at) => ({ kind: "N", name: `${at}` })));
    tx.insertEdges(nodes.slice(1).map((to, at) => ({ from: nodes[at] as number, to, type: "T" })));
    return nodes;
  });
  const part = await graph.run(extractSubgraph, { nodes: [ids[2] as number] });
  assertEquals([...part.nodeIds], ids.slice(1, 4));
  const again = await graph.run(extractSubgraph, { nodes: [ids[1] as number] }, { projection: part });
  assertEquals([...again.nodeIds], ids.slice(1, 3));
});
