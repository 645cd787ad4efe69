/** Dominators and post-dominators, against searches that leave a node out. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvalidArgumentError, NotFoundError } from "../../../lib/backend/errors.ts";
import { dominators, type DominatorTree, postDominators } from "../../../lib/algo/program/mod.ts";
import { projectEdges } from "../../../lib/projection/mod.ts";
import { test } from "../../support/test.ts";
import { idOf, projected, reached, renamed } from "../support/random_graphs.ts";
import { endsOf, flowGraphs, idomOf, isDominator, nodesOf, reversed, withVirtualExit } from "./flow_model.ts";

/** The immediate dominator of each node of the tree. */
function pairsOf(tree: DominatorTree): [number, number | null][] {
  return [...tree].map(({ nodeId, dominator }) => [nodeId, dominator]);
}

test("a node dominates another one when that cannot be reached without it", () => {
  fc.assert(fc.property(flowGraphs, (graph) => {
    const tree = dominators(projected(graph), { entry: idOf(0) });
    assertEquals(tree.root, idOf(0));
    assertEquals(tree.size, reached(graph, 0).size);
    for (const b of nodesOf(graph)) {
      assertEquals(tree.has(idOf(b)), reached(graph, 0).has(b));
      for (const a of nodesOf(graph)) {
        assertEquals(tree.dominates(idOf(a), idOf(b)), isDominator(graph, 0, a, b), `${a} dominates ${b}`);
      }
    }
  }));
});

test("the tree agrees with itself: immediate dominators, their lists, children and counts", () => {
  fc.assert(fc.property(flowGraphs, (graph) => {
    const tree = dominators(projected(graph), { entry: idOf(0) });
    for (const node of nodesOf(graph)) {
      const expected = reached(graph, 0).has(node) ? idomOf(graph, 0, node) : undefined;
      assertEquals(tree.immediateDominator(idOf(node)), expected === undefined ? null : idOf(expected));
      const above = nodesOf(graph).filter((other) => isDominator(graph, 0, other, node));
      assertEquals(tree.dominators(idOf(node)).sort((a, b) => a - b), above.map(idOf));
      const below = nodesOf(graph).filter((other) => isDominator(graph, 0, node, other));
      assertEquals(tree.count(idOf(node)), below.length);
      const children = nodesOf(graph).filter((other) =>
        reached(graph, 0).has(other) && idomOf(graph, 0, other) === node
      );
      assertEquals(tree.children(idOf(node)), children.map(idOf));
    }
    assertEquals(tree.children(null), []);
  }));
});

test("post-dominators of a given exit are the dominators of the reversed graph", () => {
  fc.assert(fc.property(flowGraphs, (graph) => {
    const tree = postDominators(projected(graph), { exit: idOf(0) });
    for (const node of nodesOf(graph)) {
      const reaches = reached(graph, node).has(0);
      assertEquals(tree.has(idOf(node)), reaches);
      const expected = reaches ? idomOf(reversed(graph), 0, node) : undefined;
      assertEquals(tree.immediateDominator(idOf(node)), expected === undefined ? null : idOf(expected));
    }
  }));
});

test("without an exit, post-dominators are those of a graph in which all ends lead to one more node", () => {
  fc.assert(fc.property(flowGraphs, (graph) => {
    const tree = postDominators(projected(graph));
    const ends = endsOf(graph);
    const exit = graph.size;
    const augmented = reversed(withVirtualExit(graph));
    assertEquals(tree.size, graph.size);
    assertEquals(tree.root, ends.length === 1 ? idOf(ends[0] as number) : null);
    for (const node of nodesOf(graph)) {
      const expected = idomOf(augmented, exit, node) as number;
      assertEquals(tree.immediateDominator(idOf(node)), expected === exit ? null : idOf(expected));
    }
    const top = nodesOf(graph).filter((node) => idomOf(augmented, exit, node) === exit);
    assertEquals(tree.children(null), ends.length === 1 ? [] : top.map(idOf));
  }));
});

test("an infinite loop ends where it is entered", () => {
  // 1 leads to 2, which goes round through 3, and to 4 and 5.
  const flow = projectEdges({ from: [1, 2, 3, 1, 4], to: [2, 3, 2, 4, 5] });
  const tree = postDominators(flow);
  assertEquals(tree.root, null);
  assertEquals(pairsOf(tree), [[1, null], [2, null], [3, 2], [4, 5], [5, null]]);
  // A loop that is entered at 2 and at 3 ends at both, though each leads to the other.
  const twoWays = postDominators(projectEdges({ from: [1, 1, 2, 3], to: [2, 3, 3, 2] }));
  assertEquals(pairsOf(twoWays), [[1, null], [2, null], [3, null]]);
  const onlyLoop = projectEdges({ from: [1, 2], to: [2, 1] });
  assertEquals(postDominators(onlyLoop).root, 1);
});

test("renaming the nodes renames the dominators", () => {
  fc.assert(fc.property(flowGraphs, fc.infiniteStream(fc.nat()), (graph, keys) => {
    const order = nodesOf(graph).map((node) => [keys.next().value as number, node] as const);
    const names: number[] = [];
    order.sort((a, b) => a[0] - b[0]).forEach(([, node], place) => names[node] = place);
    const tree = dominators(projected(graph), { entry: idOf(0) });
    const other = dominators(projected(renamed(graph, names)), { entry: idOf(names[0] as number) });
    for (const a of nodesOf(graph)) {
      for (const b of nodesOf(graph)) {
        const renamedAnswer = other.dominates(idOf(names[a] as number), idOf(names[b] as number));
        assertEquals(renamedAnswer, tree.dominates(idOf(a), idOf(b)));
      }
    }
  }));
});

test("the dominators of a published graph", () => {
  // Lengauer and Tarjan, A Fast Algorithm for Finding Dominators in a Flowgraph, 1979, figures 1 and 2.
  const edges = "RA RB RC AD BA BD BE CF CG DL EH FI GI GJ HE HK IK JI KI KR LH".split(" ");
  const ids = edges.map((edge) => [edge.charCodeAt(0), edge.charCodeAt(1)] as const);
  const flow = projectEdges({ from: ids.map(([from]) => from), to: ids.map(([, to]) => to) });
  const tree = dominators(flow, { entry: "R".charCodeAt(0) });
  const parents = pairsOf(tree).map(([node, parent]) =>
    `${String.fromCharCode(node)}:${parent === null ? "-" : String.fromCharCode(parent)}`
  );
  assertEquals(parents.join(" "), "A:R B:R C:R D:R E:R F:C G:C H:R I:R J:G K:R L:D R:-");
});

test("nodes that the entry cannot reach are in no tree, even when they form a ring", () => {
  const flow = projectEdges({ from: [1, 2, 8, 9, 9], to: [2, 3, 9, 8, 3] });
  const tree = dominators(flow, { entry: 1 });
  assertEquals(pairsOf(tree), [[1, null], [2, 1], [3, 2]]);
  assertEquals(tree.dominates(8, 9), false);
  assertEquals(tree.dominators(9), []);
  assertEquals(tree.dominates(1, 77), false);
});

test("a chain of a million nodes overflows nothing", () => {
  const size = 1_000_000;
  const from = Float64Array.from({ length: size - 1 }, (_, at) => at + 1);
  const flow = projectEdges({ from, to: from.map((id) => id + 1) });
  const tree = dominators(flow, { entry: 1 });
  assert(tree.dominates(2, size) && !tree.dominates(size, 2));
  assertEquals(tree.immediateDominator(size), size - 1);
  assertEquals(postDominators(flow).immediateDominator(1), 2);
});

test("an empty graph has empty post-dominators, one node is its own tree", () => {
  assertEquals(pairsOf(postDominators(projectEdges({ from: [], to: [] }))), []);
  const one = projectEdges({ nodeIds: [5], from: [5], to: [5] });
  assertEquals(pairsOf(dominators(one, { entry: 5 })), [[5, null]]);
  assertEquals(pairsOf(postDominators(one)), [[5, null]]);
});

test("bad entries and undirected projections are refused", () => {
  const flow = projectEdges({ from: [1], to: [2] });
  assertThrows(() => dominators(flow, { entry: 3 }), NotFoundError, "there is no node 3");
  assertThrows(() => dominators(flow, {} as { entry: number }), InvalidArgumentError, "entry is missing");
  assertThrows(() => dominators(flow, { entry: 1, exit: 2 } as { entry: number }), InvalidArgumentError, "exit");
  const both = projectEdges({ from: [1], to: [2], undirected: true });
  assertThrows(() => dominators(both, { entry: 1 }), InvalidArgumentError, "undirected");
  assertThrows(() => postDominators(both), InvalidArgumentError, "undirected");
});
