/** Dominance frontiers and control dependence, against their definitions. */

import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvalidArgumentError } from "../../../lib/backend/errors.ts";
import {
  controlDependenceGraph,
  dominanceFrontiers,
  iteratedDominanceFrontier,
  type NodeRelation,
} from "../../../lib/algo/program/mod.ts";
import { projectEdges } from "../../../lib/projection/mod.ts";
import { test } from "../../support/test.ts";
import { idOf, nodeOf, projected } from "../support/random_graphs.ts";
import { endsOf, flowGraphs, frontierPairs, isDominator, nodesOf, reversed, withVirtualExit } from "./flow_model.ts";

function pairsOf(relation: NodeRelation): string[] {
  return [...relation].flatMap(({ nodeId, related }) => related.map((other) => `${nodeOf(nodeId)} ${nodeOf(other)}`))
    .sort();
}

test("the frontier of a node is where its strict dominance ends", () => {
  fc.assert(fc.property(flowGraphs, (graph) => {
    const frontiers = dominanceFrontiers(projected(graph), { entry: idOf(0) });
    const expected = frontierPairs(graph, 0);
    assertEquals(pairsOf(frontiers), expected);
    assertEquals(frontiers.size, expected.length);
    for (const a of nodesOf(graph)) {
      const row = frontiers.of(idOf(a));
      assertEquals(row, [...row].sort((x, y) => x - y));
      assertEquals(frontiers.count(idOf(a)), row.length);
      for (const b of nodesOf(graph)) {
        assertEquals(frontiers.has(idOf(a), idOf(b)), expected.includes(`${a} ${b}`));
      }
    }
    const turned = pairsOf(frontiers.inverse()).map((pair) => pair.split(" ").reverse().join(" "));
    assertEquals(turned.sort(), expected);
  }));
});

test("the iterated frontier adds the frontiers of what is in it until nothing is new", () => {
  fc.assert(fc.property(flowGraphs, fc.uniqueArray(fc.nat(8), { maxLength: 4 }), (graph, chosen) => {
    const nodes = chosen.filter((node) => node < graph.size);
    const pairs = frontierPairs(graph, 0).map((pair) => pair.split(" ").map(Number) as [number, number]);
    const found = new Set<number>();
    for (let round = 0; round <= graph.size; round++) {
      for (const [node, member] of pairs) if (nodes.includes(node) || found.has(node)) found.add(member);
    }
    const result = iteratedDominanceFrontier(projected(graph), { entry: idOf(0), nodes: nodes.map(idOf) });
    assertEquals(result, [...found].sort((a, b) => a - b).map(idOf));
  }));
});

test("a node depends on another one that has a way on which it must come and one on which it need not", () => {
  fc.assert(fc.property(flowGraphs, fc.boolean(), (graph, isExitGiven) => {
    const extended = isExitGiven ? graph : withVirtualExit(graph);
    const exit = isExitGiven ? 0 : graph.size;
    const back = reversed(extended);
    const expected = new Set<string>();
    for (const [a, next] of extended.edges) {
      for (const b of nodesOf(graph)) {
        if (!isDominator(back, exit, b, next) || !isDominator(back, exit, a, a)) continue;
        if (b === a || !isDominator(back, exit, b, a)) expected.add(`${b} ${a}`);
      }
    }
    const { dependencies, controls, exits } = controlDependenceGraph(
      projected(graph),
      isExitGiven ? { exit: idOf(0) } : {},
    );
    assertEquals(exits, (isExitGiven ? [0] : endsOf(graph)).map(idOf));
    assertEquals(pairsOf(dependencies), [...expected].sort());
    assertEquals(pairsOf(controls), [...expected].map((pair) => pair.split(" ").reverse().join(" ")).sort());
  }));
});

test("straight-line code depends on nothing", () => {
  const line = projectEdges({ from: [1, 2, 3], to: [2, 3, 4] });
  assertEquals(pairsOf(controlDependenceGraph(line).dependencies), []);
});

test("branches depend on their condition, a loop on its head", () => {
  // 1 decides between 2 and 3; 4 is a loop over 5; 6 is the end.
  const flow = projectEdges({ from: [1, 1, 2, 3, 4, 5, 4], to: [2, 3, 4, 4, 5, 4, 6] });
  const { dependencies, controls } = controlDependenceGraph(flow, { exit: 6 });
  assertEquals([2, 3, 4, 5, 6].map((node) => dependencies.of(node)), [[1], [1], [4], [4], []]);
  assertEquals(controls.of(1), [2, 3]);
});

test("what runs inside an endless loop depends on its branch", () => {
  // 1 leads into a loop without an end: 2 decides between 3 and 4, which both lead back to 2.
  const flow = projectEdges({ from: [1, 2, 2, 3, 4], to: [2, 3, 4, 2, 2] });
  const { dependencies, exits } = controlDependenceGraph(flow);
  assertEquals(exits, [2]);
  assertEquals([1, 2, 3, 4].map((node) => dependencies.of(node)), [[], [2], [2], [2]]);
});

test("the example of Cytron and others", () => {
  // Figures 6 to 8 of "Efficiently Computing Static Single Assignment Form ...", 1991: nodes 1 to 12, Entry 13, Exit 14.
  const edges = "13-1 13-14 1-2 2-3 2-7 3-4 3-5 4-6 5-6 6-8 7-8 8-9 9-10 9-11 10-11 11-9 11-12 12-2 12-14".split(" ");
  const ends = edges.map((edge) => edge.split("-").map(Number) as [number, number]);
  const flow = projectEdges({ from: ends.map(([from]) => from), to: ends.map(([, to]) => to) });
  const frontiers = dominanceFrontiers(flow, { entry: 13 });
  const rows = [13, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14].map((node) => frontiers.of(node).join("+"));
  assertEquals(rows.join(" "), " 14 2+14 8 6 6 8 8 2+14 2+9+14 11 2+9+14 2+14 ");
});

test("unreachable rings end, and take no part", () => {
  const flow = projectEdges({ from: [1, 7, 8, 8, 1], to: [2, 8, 7, 2, 3] });
  assertEquals(pairsOf(dominanceFrontiers(flow, { entry: 1 })), []);
  assertEquals(iteratedDominanceFrontier(flow, { entry: 1, nodes: [7, 8] }), []);
});

test("undirected projections are refused", () => {
  const both = projectEdges({ from: [1], to: [2], undirected: true });
  assertThrows(() => dominanceFrontiers(both, { entry: 1 }), InvalidArgumentError, "undirected");
  assertThrows(() => controlDependenceGraph(both), InvalidArgumentError, "undirected");
  assertThrows(() => iteratedDominanceFrontier(both, { entry: 1, nodes: [] }), InvalidArgumentError, "undirected");
});
