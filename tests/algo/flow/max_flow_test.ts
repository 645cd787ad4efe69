/** Flows and cuts between two nodes. */

import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type Flow, maxFlow, minCut } from "../../../lib/algo/flow/mod.ts";
import { erdosRenyi, grid, kronecker } from "../../../lib/algo/generate/mod.ts";
import { InvalidArgumentError, NotFoundError } from "../../../lib/backend/errors.ts";
import { projectEdges } from "../../../lib/projection/mod.ts";
import { test } from "../../support/test.ts";
import { cutOf, idOf, nodeOf, projected, smallestCut, type SmallGraph, smallGraphs } from "../support/random_graphs.ts";

const TERMINALS = { source: idOf(0), sink: idOf(1) };

/** What leaves each node minus what comes to it. */
function balances({ edges }: Flow): Map<number, number> {
  const sums = new Map<number, number>();
  for (const { from, to, value } of edges) {
    sums.set(from, (sums.get(from) ?? 0) + value);
    sums.set(to, (sums.get(to) ?? 0) - value);
  }
  return sums;
}

/** Checks that a flow is one, of a size. */
function assertFlow(graph: SmallGraph, flow: Flow, value: number): void {
  assertEquals(flow.value, value);
  for (const [node, balance] of balances(flow)) {
    assertEquals(balance, node === TERMINALS.source ? value : node === TERMINALS.sink ? -value : 0);
  }
  const used = new Set<number>();
  for (const { from, to, edgeId, value: amount } of flow.edges) {
    const [source, target, weight] = graph.edges[(edgeId as number) - 1] as [number, number, number];
    assert(amount > 0 && amount <= weight);
    assert(from === idOf(source) && to === idOf(target) || graph.isUndirected && from === idOf(target));
    assert(!used.has(edgeId as number));
    used.add(edgeId as number);
  }
}

test("the largest flow is as large as the smallest cut", () => {
  fc.assert(
    fc.property(smallGraphs(), (graph) => {
      assertFlow(graph, maxFlow(projected(graph), TERMINALS), smallestCut(graph, 0, 1));
    }),
    { numRuns: 400 },
  );
});

test("without weights each edge has the capacity 1", () => {
  fc.assert(fc.property(smallGraphs(), (graph) => {
    const ones = { ...graph, edges: graph.edges.map(([from, to]) => [from, to, 1] as const) };
    const value = smallestCut(ones, 0, 1);
    assertFlow(ones, maxFlow(projected(graph, false), TERMINALS), value);
    assertFlow(ones, maxFlow(projected(graph), { ...TERMINALS, capacity: "one" }), value);
  }));
});

test("a cut separates, and of the smallest ones has the fewest nodes at the sink", () => {
  fc.assert(
    fc.property(smallGraphs(), (graph) => {
      const cut = minCut(projected(graph), TERMINALS);
      const smallest = smallestCut(graph, 0, 1);
      assertEquals(cut.value, smallest);
      assertEquals([...cut.sourceSide, ...cut.sinkSide].sort((a, b) => a - b), [...projected(graph).nodeIds]);
      const set = Array.from(cut.sourceSide, nodeOf).reduce((bits, node) => bits | 1 << node, 0);
      assertEquals(cutOf(graph, set), smallest);
      for (let other = 0; other < 2 ** graph.size; other++) {
        const isCut = (other & 1) === 1 && (other & 2) === 0 && cutOf(graph, other) === smallest;
        assert(!isCut || (other & set) === other);
      }
      const crossing = graph.edges.flatMap(([from, to], at) =>
        (set >> from & 1) > (set >> to & 1) || graph.isUndirected && (set >> to & 1) > (set >> from & 1) ? [at + 1] : []
      );
      assertEquals([...cut.edges.edgeIds ?? []].sort((a, b) => a - b), crossing);
      const sum = cut.edges.values.reduce((total, capacity) => total + capacity, 0);
      assertEquals(sum, smallest);
      for (const { from, to } of cut.edges) assert(cut.sourceSide.includes(from) && cut.sinkSide.includes(to));
    }),
    { numRuns: 400 },
  );
});

test("capacities need not be integers", () => {
  fc.assert(fc.property(smallGraphs(), (graph) => {
    const thirds = { ...graph, edges: graph.edges.map(([from, to, weight]) => [from, to, weight / 3] as const) };
    const flow = maxFlow(projected(thirds), TERMINALS);
    assertAlmostEquals(flow.value, smallestCut(thirds, 0, 1), 1e-12);
    for (const [node, balance] of balances(flow)) {
      assertAlmostEquals(
        balance,
        node === TERMINALS.source ? flow.value : node === TERMINALS.sink ? -flow.value : 0,
        1e-12,
      );
    }
  }));
});

test("a flow that must be taken back is taken back", () => {
  // The shortest way uses the edge in the middle, the two others must go round it.
  const edges = { from: [1, 1, 2, 2, 3, 4, 5], to: [2, 3, 5, 4, 4, 6, 6] };
  assertEquals(maxFlow(projectEdges(edges), { source: 1, sink: 6 }).value, 2);
  const cut = minCut(projectEdges(edges), { source: 1, sink: 6 });
  assertEquals([cut.value, cut.edges.count], [2, 2]);
});

test("the network of Ford and Fulkerson's book lets 23 through", () => {
  // Cormen, Leiserson, Rivest, Stein, Introduction to Algorithms, 3rd edition, figure 26.1 and 26.6.
  const projection = projectEdges({
    from: [1, 1, 2, 3, 3, 4, 4, 5, 5],
    to: [2, 3, 4, 2, 5, 3, 6, 4, 6],
    weights: [16, 13, 12, 4, 14, 9, 20, 7, 4],
  });
  assertEquals(maxFlow(projection, { source: 1, sink: 6 }).value, 23);
  const { sinkSide, edges } = minCut(projection, { source: 1, sink: 6 });
  assertEquals([...sinkSide], [4, 6]);
  assertEquals([...edges].map(({ from, to }) => [from, to]), [[2, 4], [5, 4], [5, 6]]);
});

test("flow and cut agree on larger graphs, and labels are made anew there", () => {
  const graphs = [
    kronecker({ scale: 9 }).withWeights().project({ undirected: true, simple: true }),
    kronecker({ scale: 9 }).withWeights().project(),
    erdosRenyi({ nodes: 600, edges: 3_000, directed: true }).withWeights({ max: 1_000 }).project(),
    grid({ rows: 30, columns: 30 }).withWeights({ max: 9 }).project({ undirected: true }),
  ];
  for (const projection of graphs) {
    for (const [source, sink] of [[1, projection.nodeCount], [17, 200], [300, 4]] as const) {
      const flow = maxFlow(projection, { source, sink });
      const cut = minCut(projection, { source, sink });
      assertEquals(flow.value, cut.value);
      for (const [node, balance] of balances(flow)) {
        assertEquals(balance, node === source ? flow.value : node === sink ? -flow.value : 0);
      }
    }
  }
});

test("a node without edges changes nothing", () => {
  fc.assert(fc.property(smallGraphs(), (graph) => {
    const more = { ...graph, size: graph.size + 1 };
    assertEquals(maxFlow(projected(more), TERMINALS), maxFlow(projected(graph), TERMINALS));
  }));
});

test("what makes no sense is refused", () => {
  const projection = projectEdges({ from: [1, 2], to: [2, 3], weights: [1, -1] });
  const bare = projectEdges({ from: [1], to: [2] });
  for (const algorithm of [maxFlow, minCut]) {
    assertThrows(() => algorithm(projection, { source: 1, sink: 3 }), InvalidArgumentError, "negative");
    assertEquals(algorithm(projection, { source: 1, sink: 3, capacity: "one" }).value, 1);
    assertThrows(() => algorithm(bare, { source: 1, sink: 1 }), InvalidArgumentError, "source too");
    assertThrows(() => algorithm(bare, { source: 1, sink: 2, capacity: "weight" }), InvalidArgumentError, "no weights");
    assertThrows(() => algorithm(bare, { source: 1, sink: 9 }), NotFoundError);
    assertThrows(() => algorithm(bare, { source: 1 } as never), InvalidArgumentError, "sink");
  }
});

test("a flow that is cancelled ends", () => {
  const projection = kronecker({ scale: 12 }).project();
  const { offsets } = projection.out;
  let source = 0;
  for (let node = 0; node < 4_096; node++) {
    const [best, own] = [source, node].map((at) => (offsets[at + 1] as number) - (offsets[at] as number));
    if ((own as number) > (best as number)) source = node;
  }
  const reason = new Error("enough");
  const signal = AbortSignal.abort(reason);
  const params = { source: projection.nodeId(source), sink: projection.nodeId(source === 0 ? 1 : 0) };
  assertThrows(() => maxFlow(projection, params, { signal }), Error, "enough");
});
