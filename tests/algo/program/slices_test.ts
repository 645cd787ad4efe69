/** Slices and call graphs. */

import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvalidArgumentError, NotFoundError } from "../../../lib/backend/errors.ts";
import {
  backwardSlice,
  callGraphCondensation,
  controlDependenceGraph,
  forwardSlice,
} from "../../../lib/algo/program/mod.ts";
import { projectEdges } from "../../../lib/projection/mod.ts";
import { test } from "../../support/test.ts";
import { idOf, projected, reached, type SmallGraph } from "../support/random_graphs.ts";
import { flowGraphs, nodesOf, reversed } from "./flow_model.ts";

/** Number of steps from the given nodes to each node that can be reached. */
function stepsFrom(edges: readonly (readonly [number, number, ...unknown[]])[], starts: readonly number[]) {
  const steps = new Map(starts.map((node) => [node, 0]));
  for (let step = 1;; step++) {
    const next = edges.filter(([from, to]) => steps.get(from) === step - 1 && !steps.has(to));
    if (next.length === 0) return steps;
    for (const [, to] of next) steps.set(to, step);
  }
}

const bySteps = (steps: Map<number, number>): number[] =>
  [...steps].sort((a, b) => a[1] - b[1] || a[0] - b[0]).map(([node]) => idOf(node));
const ascending = (nodes: Iterable<number>): number[] => [...new Set(nodes)].sort((a, b) => a - b).map(idOf);

test("a slice is what data edges and control dependences reach, nearest first", () => {
  fc.assert(fc.property(
    flowGraphs,
    fc.array(fc.tuple(fc.nat(8), fc.nat(8)), { maxLength: 10 }),
    fc.uniqueArray(fc.nat(8), { maxLength: 3 }),
    (graph, links, chosen) => {
      const inside = (node: number): boolean => node < graph.size;
      const flowEdges = links.filter((link) => link.every(inside));
      const criterion = chosen.filter(inside);
      const flow: SmallGraph = { ...graph, edges: flowEdges.map(([from, to]) => [from, to, 1]) };
      const control = controlDependenceGraph(projected(flow));
      const decides = nodesOf(graph).flatMap((a) =>
        nodesOf(graph).filter((b) => control.dependencies.has(idOf(b), idOf(a))).map((b) => [a, b] as const)
      );
      const data = graph.edges.map(([from, to]) => [from, to] as const);
      const turned = (pairs: readonly (readonly [number, number])[]) => pairs.map(([a, b]) => [b, a] as const);
      const params = { nodes: criterion.map(idOf), control };
      for (const direction of ["forward", "backward"] as const) {
        const slice = (direction === "forward" ? forwardSlice : backwardSlice)(projected(graph), params);
        const [byData, byControl] = direction === "forward" ? [data, decides] : [turned(data), turned(decides)];
        const steps = stepsFrom([...byData, ...byControl], criterion);
        assertEquals(slice.nodes, bySteps(steps));
        assertEquals(slice.criterion, ascending(criterion));
        assertEquals(slice.dataNodes, ascending(byData.filter(([from]) => steps.has(from)).map(([, to]) => to)));
        assertEquals(slice.controlNodes, ascending(byControl.filter(([from]) => steps.has(from)).map(([, to]) => to)));
      }
    },
  ));
});

test("a slice leaves out what merely runs before", () => {
  // 1: read n; 2: i = 0; 3: while (i < n) { 4: i++ }; 5: print n; 6: print i. Weiser's point: 5 does not matter to 6.
  const data = projectEdges({
    nodeIds: [1, 2, 3, 4, 5, 6],
    from: [1, 2, 4, 1, 2, 4, 2, 4],
    to: [3, 3, 3, 5, 6, 6, 4, 4],
  });
  const flow = projectEdges({ from: [1, 2, 3, 4, 3, 5], to: [2, 3, 4, 3, 5, 6] });
  const control = controlDependenceGraph(flow, { exit: 6 });
  assertEquals(backwardSlice(data, { nodes: [6], control }).nodes, [6, 2, 4, 3, 1]);
  assertEquals(backwardSlice(data, { nodes: [6] }).nodes, [6, 2, 4]);
  // What a clone of the control dependences has left is enough.
  assertEquals(backwardSlice(data, { nodes: [6], control: structuredClone(control) }).nodes, [6, 2, 4, 3, 1]);
});

test("control dependences of nodes that are not in the projection are left out", () => {
  const flow = projectEdges({ from: [1, 1, 2, 3], to: [2, 3, 4, 4] });
  const data = projectEdges({ nodeIds: [2, 3, 4], from: [2], to: [4] });
  const control = controlDependenceGraph(flow);
  assertEquals(backwardSlice(data, { nodes: [4], control }), {
    criterion: [4],
    nodes: [4, 2],
    dataNodes: [2],
    controlNodes: [],
  });
});

test("bad nodes and control dependences are refused", () => {
  const data = projectEdges({ from: [1], to: [2] });
  assertThrows(() => backwardSlice(data, { nodes: [3] }), NotFoundError, "there is no node 3");
  assertThrows(() => forwardSlice(data, { nodes: [1], control: {} as never }), InvalidArgumentError, "control");
  assertThrows(() => forwardSlice(data, { nodes: [1], depth: 2 } as never), InvalidArgumentError, "depth");
});

test("groups of a call graph come callees first, by level and smallest id", () => {
  fc.assert(fc.property(flowGraphs, (graph) => {
    const { groups, recursive, levels, calls } = callGraphCondensation(projected(graph));
    const isTogether = (a: number, b: number): boolean =>
      reached(graph, a).has(b) && reached(reversed(graph), a).has(b);
    const firstOf = (node: number): number => nodesOf(graph).find((other) => isTogether(node, other)) as number;
    const firsts = nodesOf(graph).filter((node) => firstOf(node) === node);
    const links = graph.edges.map(([from, to]) => [firstOf(from), firstOf(to)] as const).filter(([a, b]) => a !== b);
    const levelOf = (first: number): number =>
      Math.max(0, ...links.filter(([from]) => from === first).map(([, to]) => levelOf(to) + 1));
    const members = (first: number): number[] => nodesOf(graph).filter((node) => firstOf(node) === first).map(idOf);
    const sorted = [...firsts].sort((a, b) => levelOf(a) - levelOf(b) || a - b);
    assertEquals([...groups], sorted.map(members));
    const isRecursive = (first: number): boolean =>
      members(first).length > 1 || graph.edges.some(([from, to]) => from === first && to === first);
    assertEquals([...recursive], sorted.filter(isRecursive).map(members));
    for (const node of nodesOf(graph)) {
      assertEquals(levels.get(idOf(node)), levelOf(firstOf(node)));
      const called = links.filter(([from]) => from === node).map(([, to]) => to);
      assertEquals(calls.of(idOf(node)), ascending(called));
    }
  }));
});

test("a call graph without functions has no groups", () => {
  const { groups, recursive, calls } = callGraphCondensation(projectEdges({ from: [], to: [] }));
  assertEquals([groups.count, recursive.count, calls.size], [0, 0, 0]);
});
