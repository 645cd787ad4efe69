/** The graph in memory, against a list of nodes and a list of edges. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Digraph } from "../../../lib/algo/digraph/mod.ts";
import { InvalidArgumentError, NotFoundError } from "../../../lib/backend/errors.ts";
import { test } from "../../support/test.ts";

/** What a digraph is, in plain lists. */
interface Model {
  nodes: { id: number; value: string }[];
  edges: { id: number; from: number; to: number; value: number }[];
  lastNodeId: number;
  lastEdgeId: number;
}

function compare(graph: Digraph<string, number>, model: Model): void {
  const { nodes, edges } = model;
  assertEquals([graph.nodeCount, graph.edgeCount], [nodes.length, edges.length]);
  assertEquals([graph.lastNodeId, graph.lastEdgeId], [model.lastNodeId, model.lastEdgeId]);
  assertEquals([...graph.nodes()], nodes);
  assertEquals([...graph.edges()], edges);
  assertEquals([...graph.nodeIds()], nodes.map(({ id }) => id));
  assertEquals([...graph.edgeIds()], edges.map(({ id }) => id));
  for (let id = 0; id <= model.lastNodeId + 1; id++) {
    const out = edges.filter(({ from }) => from === id);
    const entering = edges.filter(({ to }) => to === id);
    assertEquals(graph.hasNode(id), nodes.some((node) => node.id === id));
    assertEquals([graph.outDegree(id), graph.inDegree(id)], [out.length, entering.length]);
    assertEquals(graph.edgesOf(id), out.map(({ id: edgeId, to: nodeId, value }) => ({ edgeId, nodeId, value })));
    assertEquals(graph.neighbors(id, "in"), entering.map(({ from }) => from));
    const both = [...out.map(({ to }) => to), ...entering.filter(({ from }) => from !== id).map(({ from }) => from)];
    assertEquals(graph.neighbors(id, "both"), both);
    for (let other = 0; other <= model.lastNodeId; other++) {
      assertEquals(graph.findEdge(id, other), out.find(({ to }) => to === other)?.id);
    }
  }
}

type Step = readonly [what: "node" | "edge" | "no node" | "no edge" | "clone", first: number, second: number];

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.tuple(
    fc.constantFrom("node", "node", "edge", "edge", "edge", "no node", "no edge", "clone" as const),
    fc.nat(9),
    fc.nat(9),
  ),
  { maxLength: 40 },
);

test("after any steps the graph holds what was added and not removed, and no id is given twice", () => {
  fc.assert(fc.property(steps, (all) => {
    let graph = new Digraph<string, number>();
    const model: Model = { nodes: [], edges: [], lastNodeId: 0, lastEdgeId: 0 };
    for (const [what, first, second] of all) {
      const [from, to] = [first, second].map((at) => model.nodes[at % Math.max(model.nodes.length, 1)]?.id ?? 0);
      if (what === "node") {
        assertEquals(graph.addNode(`${first}`), model.lastNodeId + 1);
        model.nodes.push({ id: ++model.lastNodeId, value: `${first}` });
      } else if (what === "edge" && model.nodes.length > 0) {
        assertEquals(graph.addEdge(from as number, to as number, second), model.lastEdgeId + 1);
        model.edges.push({ id: ++model.lastEdgeId, from: from as number, to: to as number, value: second });
      } else if (what === "no node") {
        assertEquals(graph.removeNode(from as number), model.nodes.find(({ id }) => id === from)?.value);
        model.nodes = model.nodes.filter(({ id }) => id !== from);
        model.edges = model.edges.filter((edge) => edge.from !== from && edge.to !== from);
      } else if (what === "no edge") {
        const edge = model.edges[first % Math.max(model.edges.length, 1)];
        assertEquals(graph.removeEdge(edge?.id ?? 0), edge?.value);
        model.edges = model.edges.filter((one) => one !== edge);
      } else if (what === "clone") {
        const copy = graph.clone();
        graph.addNode("of the old one only");
        graph = copy;
      }
      compare(graph, model);
    }
  }));
});

test("values can be read and changed, and what is missing is told", () => {
  const graph = new Digraph<string, number>();
  const [a, b] = [graph.addNode("a"), graph.addNode("b")];
  const edge = graph.addEdge(a, b, 1);
  graph.setNodeValue(a, "A");
  graph.setEdgeValue(edge, 2);
  assertEquals([graph.nodeValue(a), graph.edgeValue(edge), graph.requireNode(a), graph.requireEdge(edge)], [
    "A",
    2,
    "A",
    2,
  ]);
  assertEquals(graph.getEdge(edge), { id: edge, from: a, to: b, value: 2 });
  assertEquals([graph.nodeValue(9), graph.edgeValue(9), graph.getEdge(9), graph.hasEdge(9)], [
    undefined,
    undefined,
    undefined,
    false,
  ]);
  for (
    const missing of [
      () => graph.addEdge(a, 9, 1),
      () => graph.addEdge(9, a, 1),
      () => graph.requireNode(9),
      () => graph.requireEdge(9),
      () => graph.setNodeValue(9, ""),
      () => graph.setEdgeValue(9, 1),
      () => graph.depthFirst(9),
    ]
  ) assertThrows(missing, NotFoundError, "9");
  assertEquals(graph.edgeCount, 1);
});

test("edges without values need none", () => {
  const graph = new Digraph<string>();
  const node = graph.addNode("a");
  assertEquals(graph.getEdge(graph.addEdge(node, node)), { id: 1, from: node, to: node, value: undefined });
});

test("a projection has the ids of the graph, its weights and its edges", () => {
  const graph = new Digraph<null, { cost: number }>();
  const gone = graph.addNode(null);
  const [a, b] = [graph.addNode(null), graph.addNode(null)];
  graph.removeEdge(graph.addEdge(a, b, { cost: 0 }));
  graph.addEdge(b, a, { cost: 5 });
  graph.addEdge(a, b, { cost: 7 });
  graph.addEdge(a, b, { cost: 6 });
  graph.removeNode(gone);
  const projection = graph.project({ weight: ({ cost }) => cost, edgeIds: true });
  assertEquals([...projection.nodeIds], [a, b]);
  assertEquals([...projection.out.edgeIds ?? []], [3, 4, 2]);
  assertEquals([...projection.out.weights ?? []], [7, 6, 5]);
  assertEquals([...projection.in.edgeIds ?? []], [2, 3, 4]);
  const simple = graph.project({ undirected: true, simple: true, edgeIds: true });
  assertEquals([[...simple.out.edgeIds ?? []], simple.edgeCount], [[2, 2], 1]);
  assertThrows(() => graph.project({ weight: () => NaN }), InvalidArgumentError, "weights");
  assertThrows(() => graph.project({ weight: 5 as never }), InvalidArgumentError, "weight");
  assertEquals(new Digraph().project().nodeCount, 0);
});

test("a topological sort is an order that edges follow, or a cycle whose edges exist", () => {
  const edges = fc.array(fc.tuple(fc.nat(5), fc.nat(5)), { maxLength: 9 });
  fc.assert(fc.property(edges, (pairs) => {
    const graph = new Digraph<number>();
    const ids = Array.from({ length: 6 }, (_, at) => graph.addNode(at));
    for (const [from, to] of pairs) graph.addEdge(ids[from] as number, ids[to] as number);
    const { order, cycle } = graph.topologicalSort();
    assertEquals(graph.hasCycle(), cycle !== undefined);
    if (cycle !== undefined) {
      for (const [at, id] of cycle.entries()) {
        assert(graph.findEdge(id, cycle[(at + 1) % cycle.length] as number) !== undefined);
      }
      assertEquals(new Set(cycle).size, cycle.length);
    } else {
      assertEquals([...order].sort((a, b) => a - b), ids);
      for (const { from, to } of graph.edges()) assert(order.indexOf(from) < order.indexOf(to));
    }
    // Components: edges between them lead to earlier ones, nodes within reach each other.
    const components = graph.strongComponents();
    const place = new Map(components.flatMap((nodes, at) => nodes.map((id) => [id, at] as const)));
    assertEquals([...place.keys()].sort((a, b) => a - b), ids);
    for (const { from, to } of graph.edges()) assert((place.get(to) as number) <= (place.get(from) as number));
    for (const nodes of components) {
      const [first = 0] = nodes;
      assertEquals(nodes, nodes.toSorted((a, b) => a - b));
      for (const id of nodes) {
        assert([...graph.depthFirst(id)].includes(first) && [...graph.depthFirst(first)].includes(id));
      }
    }
  }));
});

test("a walk visits the oldest neighbor first, can go on elsewhere and begin again", () => {
  const graph = new Digraph<string>();
  const [a, b, c, d, e] = ["a", "b", "c", "d", "e"].map((name) => graph.addNode(name)) as [
    number,
    number,
    number,
    number,
    number,
  ];
  for (const [from, to] of [[a, c], [a, b], [c, d], [d, a], [b, d], [e, b]] as const) graph.addEdge(from, to);
  assertEquals([...graph.depthFirst(a)], [a, c, d, b]);
  assertEquals([...graph.depthFirst(b, "in")], [b, a, d, c, e]);
  const walk = graph.depthFirst(a);
  assertEquals([walk.next().value, walk.next().value], [a, c]);
  assertEquals([walk.hasVisited(c), walk.hasVisited(d)], [true, false]);
  graph.removeNode(d);
  assertEquals([...walk], [b]);
  walk.moveTo(e);
  assertEquals([...walk], [e]);
  walk.reset(a);
  assertEquals([...walk], [a, c, b]);
});

test("a long chain overflows no stack", () => {
  const graph = new Digraph<null>();
  const first = graph.addNode(null);
  let last = first;
  for (let at = 1; at < 50_000; at++) {
    const next = graph.addNode(null);
    graph.addEdge(last, next);
    last = next;
  }
  assertEquals([...graph.depthFirst(first)].length, 50_000);
  assertEquals(graph.strongComponents()[0], [last]);
  assertEquals(graph.topologicalSort().order?.length, 50_000);
});
