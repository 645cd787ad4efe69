/** Orders and cycles, against enumeration. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvalidArgumentError } from "../../../lib/backend/errors.ts";
import { chain, cycle, kronecker } from "../../../lib/algo/generate/mod.ts";
import { cycleBasis, findCycles, hasCycle, topologicalSort } from "../../../lib/algo/structure/mod.ts";
import { projectEdges } from "../../../lib/projection/mod.ts";
import { test } from "../../support/test.ts";
import { idOf, nodeOf, projected, reached, type SmallGraph, smallGraphs } from "../support/random_graphs.ts";

const directed = smallGraphs({ least: 1, most: 6, undirected: fc.constant(false) });
const undirected = smallGraphs({ least: 1, most: 7, undirected: fc.constant(true) });

/** All cycles that pass no node twice, from their smallest nodes on, in order. */
function allCycles({ size, edges }: SmallGraph): number[][] {
  const found: number[][] = [];
  const next = (node: number) => [...new Set(edges.filter(([from]) => from === node).map(([, to]) => to))].sort();
  const walk = (path: number[]): void => {
    for (const node of next(path.at(-1) as number)) {
      if (node === path[0]) found.push(path.map(idOf));
      else if (node > (path[0] as number) && !path.includes(node)) walk([...path, node]);
    }
  };
  for (let node = 0; node < size; node++) walk([node]);
  return found;
}

/** Whether each node of a ring leads to the next. */
function isRing({ isUndirected, edges }: SmallGraph, ring: readonly number[]): boolean {
  return ring.every((id, at) => {
    const [a, b] = [nodeOf(id), nodeOf(ring[(at + 1) % ring.length] as number)];
    return edges.some(([from, to]) => from === a && to === b || isUndirected && from === b && to === a);
  });
}

/** Number of independent rows, modulo 2. */
function rank(rows: readonly bigint[]): number {
  const basis: bigint[] = [];
  for (let row of rows) {
    for (const other of basis) if ((row ^ other) < row) row ^= other;
    if (row !== 0n) basis.push(row);
    basis.sort((a, b) => a < b ? 1 : -1);
  }
  return basis.length;
}

/** The pairs of nodes that a ring follows, as bits. */
function bitsOf({ size, isUndirected }: SmallGraph, ring: readonly number[]): bigint {
  return ring.reduce((bits, id, at) => {
    let [a, b] = [nodeOf(id), nodeOf(ring[(at + 1) % ring.length] as number)];
    if (isUndirected && a > b) [a, b] = [b, a];
    return bits ^ 1n << BigInt(a * size + b);
  }, 0n);
}

function components(graph: SmallGraph, isTogether: (a: number, b: number) => boolean): number[][] {
  const groups: number[][] = [];
  for (let node = 0; node < graph.size; node++) {
    const group = groups.find(([first]) => isTogether(first as number, node));
    if (group === undefined) groups.push([node]);
    else group.push(node);
  }
  return groups;
}

test("a topological order follows all edges and takes the smallest node that is free, or there is a cycle", () => {
  fc.assert(fc.property(directed, (graph) => {
    const { isAcyclic, order, cycle } = topologicalSort(projected(graph));
    assertEquals(isAcyclic, allCycles(graph).length === 0);
    if (cycle !== undefined) {
      assert(isRing(graph, cycle) && new Set(cycle).size === cycle.length);
      assertEquals(cycle[0], Math.min(...cycle));
      return;
    }
    const left = new Set(Array.from({ length: graph.size }, (_, node) => node));
    for (const id of order) {
      const free = [...left].find((node) => graph.edges.every(([from, to]) => to !== node || !left.has(from)));
      assertEquals(nodeOf(id), free);
      left.delete(free as number);
    }
    assertEquals(left.size, 0);
  }));
});

test("there is a cycle exactly when one can be found", () => {
  fc.assert(fc.property(directed, (graph) => {
    assertEquals(hasCycle(projected(graph)), allCycles(graph).length > 0);
  }));
  fc.assert(fc.property(undirected, (graph) => {
    // Some edge is not needed to connect its ends.
    const isSpare = graph.edges.some(([from, to], at) =>
      reached({ ...graph, edges: graph.edges.filter((_, other) => other !== at) }, from).has(to)
    );
    assertEquals(hasCycle(projected(graph)), isSpare);
  }));
});

test("all cycles are found, each once and in order", () => {
  fc.assert(fc.property(directed, (graph) => {
    const { cycles, isCut } = findCycles(projected(graph), { maxCycles: 100_000 });
    assertEquals([[...cycles], isCut], [allCycles(graph), false]);
  }));
});

test("cycles are limited in number and length", () => {
  fc.assert(
    fc.property(directed, fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 6 }), (graph, most, length) => {
      const short = allCycles(graph).filter((ring) => ring.length <= length);
      const { cycles, isCut } = findCycles(projected(graph), { maxCycles: most, maxLength: length });
      assertEquals([[...cycles], isCut], [short.slice(0, most), short.length > most]);
      const any = findCycles(projected(graph), { maxCycles: most });
      assertEquals([[...any.cycles], any.isCut], [allCycles(graph).slice(0, most), allCycles(graph).length > most]);
    }),
  );
});

test("dense graphs have as many cycles as combinatorics says", () => {
  // Of the complete graph of n nodes: the sum over k of (n choose k) (k - 1)!.
  const ids = [1, 2, 3, 4, 5, 6, 7];
  const pairs = ids.flatMap((a) => ids.filter((b) => b !== a).map((b) => [a, b] as const));
  const complete = projectEdges({ from: pairs.map(([a]) => a), to: pairs.map(([, b]) => b) });
  assertEquals(findCycles(complete, { maxCycles: 100_000 }).cycles.count, 2365);
});

test("a basis of an undirected graph has m - n + c cycles, none of which is a sum of others", () => {
  fc.assert(fc.property(undirected, (graph) => {
    const { cycles, dimension, skipped } = cycleBasis(projected(graph));
    const parts = components(graph, (a, b) => reached(graph, a).has(b)).length;
    assertEquals(dimension, graph.edges.length - graph.size + parts);
    assertEquals([cycles.count, skipped], [dimension, 0]);
    for (const ring of cycles) {
      assert(isRing(graph, ring) && new Set(ring).size === ring.length);
      assertEquals(ring[0], Math.min(...ring));
      assert(ring.length < 3 || (ring[1] as number) < (ring.at(-1) as number));
    }
    // Parallel edges close cycles that their nodes do not tell apart: these are counted, the others are added.
    const keys = graph.edges.map(([a, b]) => a < b ? `${a} ${b}` : `${b} ${a}`);
    const loops = graph.edges.filter(([a, b]) => a === b).length;
    const spare = graph.edges.length - loops -
      new Set(keys.filter((_, at) => graph.edges[at]?.[0] !== graph.edges[at]?.[1])).size;
    assertEquals([...cycles].filter(({ length }) => length === 1).length, loops);
    assertEquals([...cycles].filter(({ length }) => length === 2).length, spare);
    const long = [...cycles].filter(({ length }) => length > 2);
    assertEquals(rank(long.map((ring) => bitsOf(graph, ring))), long.length);
  }));
});

test("a basis of a directed graph has m - n + 1 cycles along edges for each strong component", () => {
  fc.assert(fc.property(directed, (graph) => {
    const simple = {
      ...graph,
      edges: [...new Map(graph.edges.map((edge) => [`${edge[0]} ${edge[1]}`, edge])).values()],
    };
    const strong = components(graph, (a, b) => reached(graph, a).has(b) && reached(graph, b).has(a));
    for (const one of [graph, simple]) {
      const { cycles, dimension, skipped } = cycleBasis(projected(one));
      const inside = one.edges.filter(([a, b]) => strong.some((part) => part.includes(a) && part.includes(b)));
      const expected = inside.length - one.size + strong.length;
      assertEquals([dimension, cycles.count, skipped], [expected, expected, 0]);
      for (const ring of cycles) assert(isRing(one, ring) && new Set(ring).size === ring.length);
      if (one === simple) assertEquals(rank([...cycles].map((ring) => bitsOf(one, ring))), expected);
    }
  }));
});

test("long cycles and cycles beyond a limit are skipped and counted", () => {
  for (const isUndirected of [true, false]) {
    // Rings of 3 and of 4 nodes that share node 1, and a self-loop.
    const graph = projectEdges({
      from: [1, 2, 3, 1, 4, 5, 6, 6],
      to: [2, 3, 1, 4, 5, 6, 1, 6],
      undirected: isUndirected,
    });
    const all = [...cycleBasis(graph).cycles].sort((a, b) => a.length - b.length);
    assertEquals(all, [[6], [1, 2, 3], [1, 4, 5, 6]]);
    const short = cycleBasis(graph, { maxLength: 3 });
    assertEquals([short.cycles.count, short.dimension, short.skipped], [2, 3, 1]);
    const few = cycleBasis(graph, { maxCycles: 1 });
    assertEquals([few.cycles.count, few.dimension, few.skipped], [1, 3, 2]);
  }
});

test("long chains and rings need no deep stack", () => {
  const nodeCount = 200_000;
  assertEquals(topologicalSort(chain({ nodes: nodeCount }).project()).order?.at(-1), nodeCount);
  const ring = cycle({ nodes: nodeCount }).project();
  assertEquals(topologicalSort(ring).cycle?.length, nodeCount);
  assertEquals(findCycles(ring).cycles.nodeIds.length, nodeCount);
  assertEquals(cycleBasis(ring).cycles.nodeIds.length, nodeCount);
});

test("a limited search for cycles ends soon in a large graph", () => {
  const graph = kronecker({ scale: 10, edgeFactor: 8 }).project();
  const { cycles, isCut } = findCycles(graph, { maxCycles: 500 });
  assertEquals([cycles.count, isCut], [500, true]);
  assertEquals(new Set([...cycles].map(String)).size, 500);
});

test("graphs without edges have no cycles", () => {
  for (const nodeIds of [[], [4]]) {
    const graph = projectEdges({ from: [], to: [], nodeIds });
    assertEquals([hasCycle(graph), findCycles(graph).cycles.count, cycleBasis(graph).dimension], [false, 0, 0]);
    assertEquals([...topologicalSort(graph).order ?? [0]], nodeIds);
  }
});

test("orders and cycles refuse undirected projections and bad limits", () => {
  const graph = projectEdges({ from: [1], to: [2], undirected: true });
  assertThrows(() => topologicalSort(graph), InvalidArgumentError, "directed graphs");
  assertThrows(() => findCycles(graph), InvalidArgumentError, "directed graphs");
  for (const params of [{ maxCycles: -1 }, { maxLength: 0 }, { maxCycles: 1.5 }]) {
    assertThrows(() => cycleBasis(graph, params), InvalidArgumentError);
    assertThrows(() => findCycles(graph, params), InvalidArgumentError);
  }
});
