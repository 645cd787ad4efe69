/** Nodes that separate two others, and paths that have nothing in common. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { edgeDisjointPaths, minVertexCut, nodeDisjointPaths } from "../../../lib/algo/flow/mod.ts";
import { erdosRenyi, grid } from "../../../lib/algo/generate/mod.ts";
import { InvalidArgumentError, NotFoundError } from "../../../lib/backend/errors.ts";
import { projectEdges } from "../../../lib/projection/mod.ts";
import { test } from "../../support/test.ts";
import {
  idOf,
  nodeOf,
  projected,
  reached,
  sizeOf,
  smallestCut,
  type SmallGraph,
  smallGraphs,
} from "../support/random_graphs.ts";

const TERMINALS = { source: idOf(0), sink: idOf(1) };

function isAdjacent({ edges, isUndirected }: SmallGraph): boolean {
  return edges.some(([from, to]) => from === 0 && to === 1 || isUndirected && from === 1 && to === 0);
}

/** Sets of nodes without which the sink is not reached, the smallest of them. */
function separators(graph: SmallGraph): number[] {
  let best: number[] = [];
  for (let set = 0; set < 2 ** graph.size; set += 4) {
    if (reached(graph, 0, set).has(1)) continue;
    const size = best.length === 0 ? Infinity : sizeOf(best[0] as number);
    if (sizeOf(set) < size) best = [set];
    else if (sizeOf(set) === size) best.push(set);
  }
  return best;
}

function setOf(ids: Iterable<number>): number {
  let set = 0;
  for (const id of ids) set |= 1 << nodeOf(id);
  return set;
}

test("a separator is one of the smallest sets without which there is no way", () => {
  fc.assert(
    fc.property(smallGraphs().filter((graph) => !isAdjacent(graph)), (graph) => {
      const { separator, sourceSide, sinkSide } = minVertexCut(projected(graph), TERMINALS);
      assert(separators(graph).includes(setOf(separator)));
      assertEquals([...separator, ...sourceSide, ...sinkSide].sort((a, b) => a - b), [...projected(graph).nodeIds]);
      assert(sourceSide.includes(TERMINALS.source) && sinkSide.includes(TERMINALS.sink));
      const [sources, sinks] = [setOf(sourceSide), setOf(sinkSide)];
      for (const [from, to] of graph.edges) {
        assert((sources >> from & 1) === 0 || (sinks >> to & 1) === 0);
        if (graph.isUndirected) assert((sources >> to & 1) === 0 || (sinks >> from & 1) === 0);
      }
    }),
    { numRuns: 400 },
  );
});

test("adjacent nodes have no separator", () => {
  const projection = projectEdges({ from: [1, 1], to: [2, 3] });
  assertThrows(
    () => minVertexCut(projection, { source: 1, sink: 2 }),
    InvalidArgumentError,
    "an edge leads from 1 to 2",
  );
  // The other way there is no edge, and nothing to cut.
  assertEquals([...minVertexCut(projection, { source: 2, sink: 1 }).separator], []);
});

test("there are as many paths without a common edge as edges must be cut", () => {
  fc.assert(
    fc.property(smallGraphs(), (graph) => {
      const paths = [...edgeDisjointPaths(projected(graph), TERMINALS)];
      assertEquals(paths.length, smallestCut(graph, 0, 1, () => 1));
      const left = graph.edges.map(([from, to]) => [from, to]);
      for (const path of paths) {
        assertEquals([path[0], path.at(-1)], [TERMINALS.source, TERMINALS.sink]);
        assertEquals(new Set(path).size, path.length);
        for (let at = 1; at < path.length; at++) {
          const [from, to] = [nodeOf(path[at - 1] as number), nodeOf(path[at] as number)];
          const edge = left.findIndex(([one, other]) =>
            one === from && other === to || graph.isUndirected && one === to && other === from
          );
          assert(edge >= 0);
          left.splice(edge, 1);
        }
      }
    }),
    { numRuns: 400 },
  );
});

test("there are as many paths without a common node as nodes must be cut", () => {
  fc.assert(
    fc.property(smallGraphs(), (graph) => {
      const projection = projected(graph);
      const paths = [...nodeDisjointPaths(projection, TERMINALS)];
      const rest = {
        ...graph,
        edges: graph.edges.filter(([from, to]) =>
          !(from === 0 && to === 1 || graph.isUndirected && from === 1 && to === 0)
        ),
      };
      assertEquals(paths.length, sizeOf(separators(rest)[0] as number) + (isAdjacent(graph) ? 1 : 0));
      const between = paths.flatMap((path) => path.slice(1, -1));
      assertEquals(new Set([...between, TERMINALS.source, TERMINALS.sink]).size, between.length + 2);
      for (const path of paths) {
        assertEquals([path[0], path.at(-1)], [TERMINALS.source, TERMINALS.sink]);
        for (let at = 1; at < path.length; at++) {
          const [from, to] = [projection.indexOf(path[at - 1] as number), projection.indexOf(path[at] as number)];
          const { offsets, targets } = projection.out;
          assert(targets.subarray(offsets[from], offsets[from + 1]).includes(to));
        }
      }
    }),
    { numRuns: 400 },
  );
});

test("shorter paths are first, equally long ones by their ids", () => {
  const projection = projectEdges({ from: [1, 3, 1, 4, 1, 2, 5], to: [3, 9, 4, 9, 2, 5, 9] });
  const paths = [[1, 3, 9], [1, 4, 9], [1, 2, 5, 9]];
  assertEquals([...nodeDisjointPaths(projection, { source: 1, sink: 9 })], paths);
  assertEquals([...edgeDisjointPaths(projection, { source: 1, sink: 9 })], paths);
});

test("cuts and paths agree on larger graphs", () => {
  const graphs = [
    erdosRenyi({ nodes: 400, edges: 1_600, directed: true }).project(),
    erdosRenyi({ nodes: 300, edges: 1_200 }).project({ undirected: true }),
    grid({ rows: 40, columns: 40 }).project({ undirected: true }),
  ];
  for (const projection of graphs) {
    for (const [source, sink] of [[3, 250], [111, 280]] as const) {
      const params = { source, sink };
      const { separator } = minVertexCut(projection, params);
      assertEquals(nodeDisjointPaths(projection, params).count, separator.length);
      assert(edgeDisjointPaths(projection, params).count >= separator.length);
    }
  }
});

test("bad parameters are refused", () => {
  const projection = projectEdges({ from: [1], to: [2] });
  for (const algorithm of [minVertexCut, edgeDisjointPaths, nodeDisjointPaths]) {
    assertThrows(() => algorithm(projection, { source: 1, sink: 1 }), InvalidArgumentError);
    assertThrows(() => algorithm(projection, { source: 7, sink: 1 }), NotFoundError);
    assertThrows(() => algorithm(projection, { source: 1, sink: 2, k: 3 } as never), InvalidArgumentError);
  }
});
