/** Partitions: sizes, cuts, and what is known of some graphs. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvalidArgumentError, NotFoundError } from "../../../lib/backend/errors.ts";
import { bfsPartition, kWayPartition, type Partition, refinePartition } from "../../../lib/algo/community/mod.ts";
import { coarsen } from "../../../lib/algo/community/coarsen.ts";
import { firstLevel } from "../../../lib/algo/community/level_graph.ts";
import { chain, complete, grid, kronecker, star } from "../../../lib/algo/generate/mod.ts";
import { Random } from "../../../lib/algo/random.ts";
import { ALONE, projectEdges } from "../../../lib/projection/mod.ts";
import { test } from "../../support/test.ts";
import { idOf, projected, type SmallGraph, smallGraphs } from "../support/random_graphs.ts";

const undirected = smallGraphs({ least: 1, most: 9, undirected: fc.constant(true) });

/** That sizes are within bounds, all nodes are in a part, and the cut is the right one. */
function assertSound(graph: SmallGraph, { parts, cut, balance }: Partition, count: number, maxSize: number): void {
  assertEquals(parts.groups.length, graph.size);
  assert(parts.groups.every((group) => group >= 0 && group < count));
  assert(parts.sizes.every((size) => size <= maxSize), `${parts.sizes}`);
  assertEquals(balance, (parts.sizes[0] as number) * count / graph.size);
  const between = graph.edges.filter(([a, b]) => parts.groups[a] !== parts.groups[b]);
  assertEquals(cut, between.reduce((sum, [, , weight]) => sum + weight, 0));
}

test("parts are as even as asked, and the cut is counted", () => {
  const imbalances = fc.constantFrom(0, 0.03, 0.5);
  fc.assert(
    fc.property(undirected, fc.integer({ min: 1, max: 4 }), imbalances, fc.nat(4), (graph, parts, imbalance, seed) => {
      const maxSize = Math.max(Math.ceil(graph.size / parts), Math.floor((1 + imbalance) * graph.size / parts));
      const found = kWayPartition(projected(graph), { parts, imbalance, seed });
      assertSound(graph, found, parts, maxSize);
      const quick = bfsPartition(projected(graph), { parts });
      assertSound(graph, quick, parts, Math.ceil(graph.size / parts));
      const better = refinePartition(projected(graph), { communities: quick.parts, imbalance });
      assert(better.cut <= quick.cut);
    }),
  );
});

test("two halves of small graphs are cut almost as well as can be", () => {
  let excess = 0;
  fc.assert(
    fc.property(undirected, (graph) => {
      let best = Infinity;
      const half = Math.ceil(graph.size / 2);
      for (let set = 0; set < 2 ** graph.size; set++) {
        const size = set.toString(2).replaceAll("0", "").length;
        if (size > half || graph.size - size > half) continue;
        const cut = graph.edges.filter(([a, b]) => (set >> a & 1) !== (set >> b & 1))
          .reduce((sum, [, , weight]) => sum + weight, 0);
        best = Math.min(best, cut);
      }
      const { cut } = kWayPartition(projected(graph), { imbalance: 0 });
      assert(cut >= best);
      excess += cut - best;
    }),
    { seed: 11, numRuns: 200 },
  );
  assert(excess <= 200, `${excess}`);
});

test("graphs that fall apart into equal parts are cut nowhere, grids along a line", () => {
  const cliques = complete({ nodes: 12 });
  const [from, to]: [number[], number[]] = [[], []];
  for (let copy = 0; copy < 4; copy++) {
    for (let at = 0; at < cliques.edgeCount; at++) {
      from.push(1 + 12 * copy + (cliques.from[at] as number));
      to.push(1 + 12 * copy + (cliques.to[at] as number));
    }
  }
  const apart = kWayPartition(projectEdges({ from, to, undirected: true }), { parts: 4, imbalance: 0 });
  assertEquals([apart.cut, apart.balance, [...apart.parts.sizes]], [0, 1, [12, 12, 12, 12]]);
  const square = grid({ rows: 32, columns: 32 }).project({ undirected: true });
  assert(kWayPartition(square, { parts: 2 }).cut <= 40);
  assert(kWayPartition(square, { parts: 4 }).cut <= 84);
  const line = kWayPartition(chain({ nodes: 5_000 }).project({ undirected: true }), { parts: 10 });
  assert(line.cut <= 20 && line.balance <= 1.03, `${line.cut} ${line.balance}`);
});

test("hubs do not keep a graph from being divided evenly", () => {
  const wheel = kWayPartition(star({ nodes: 3_000 }).project({ undirected: true }), { parts: 3 });
  assert(wheel.balance <= 1.03 && wheel.cut <= 2_000, `${wheel.cut}`);
  const scaleFree = kronecker({ scale: 10, edgeFactor: 8 }).project({ undirected: true, simple: true });
  for (const parts of [2, 7, 32]) {
    const { balance, parts: groups } = kWayPartition(scaleFree, { parts, imbalance: 0.05 });
    assert(balance <= 1.05 + parts / 1024, `${balance}`);
    assertEquals(groups.count, parts);
  }
  const equal = { parts: 5, seed: 9 };
  assertEquals([...kWayPartition(scaleFree, equal).parts.groups], [...kWayPartition(scaleFree, equal).parts.groups]);
});

test("parts of a search are consecutive", () => {
  const line = chain({ nodes: 7 }).project();
  const { parts, cut } = bfsPartition(line, { parts: 3 });
  assertEquals([...parts].map(({ nodeIds }) => nodeIds), [[1, 2, 3], [4, 5], [6, 7]]);
  assertEquals(cut, 2);
  assertEquals(bfsPartition(line, { parts: 2, starts: [5, 2] }).parts.nodeIdsOf(0), [2, 3, 5, 6]);
});

test("given parts are made even and better", () => {
  const square = grid({ rows: 20, columns: 20 }).project({ undirected: true });
  const ids = Array.from({ length: 400 }, (_, at) => at + 1);
  const uneven = refinePartition(square, { communities: [ids.slice(0, 390), ids.slice(390)], imbalance: 0.1 });
  assert((uneven.parts.sizes[0] as number) <= 220);
  const stripes = [0, 1].map((odd) => ids.filter((id) => id % 2 === odd));
  assert(refinePartition(square, { communities: stripes }).cut < 200);
});

test("graphs without nodes, more parts than nodes, and bad parameters", () => {
  const nothing = projectEdges({ from: [], to: [], undirected: true });
  assertEquals([kWayPartition(nothing).cut, kWayPartition(nothing).balance, kWayPartition(nothing).parts.count], [
    0,
    0,
    0,
  ]);
  assertEquals(bfsPartition(nothing, { parts: 3 }).parts.count, 0);
  assertEquals(refinePartition(nothing, { communities: [] }).cut, 0);
  const two = projectEdges({ from: [1], to: [2], undirected: true });
  assertEquals([...kWayPartition(two, { parts: 5 }).parts.sizes], [1, 1]);
  assertThrows(() => kWayPartition(projectEdges({ from: [1], to: [2] })), InvalidArgumentError, "{ undirected: true }");
  assertThrows(() => kWayPartition(two, { parts: 0 }), InvalidArgumentError, "parts");
  assertThrows(() => kWayPartition(two, { imbalance: -1 }), InvalidArgumentError, "imbalance");
  assertThrows(() => bfsPartition(two, { starts: [idOf(3)] }), NotFoundError, "19");
  assertThrows(() => refinePartition(two, { communities: [[1]] }), InvalidArgumentError, "lack node 2");
});

test("a smaller graph has about half of the nodes, and stands for all", () => {
  const context = { ...ALONE, isAborted: false };
  const square = grid({ rows: 20, columns: 20 }).project({ undirected: true });
  const whole = { ...firstLevel(square, context).level, sizes: new Float64Array(400).fill(1) };
  const { level, labels } = coarsen(whole, undefined, 4, new Random(1), context);
  assert(level.count >= 200 && level.count < 250, `${level.count}`);
  assertEquals(level.sizes.reduce((sum, size) => sum + size, 0), 400);
  assert(level.sizes.every((size) => size <= 2));
  assertEquals(new Set(labels).size, level.count);
  const parts = Int32Array.from({ length: 400 }, (_, node) => node % 3);
  const within = coarsen(whole, parts, 4, new Random(1), context);
  for (let a = 0; a < 400; a++) {
    for (let b = 0; b < a; b++) assert(within.labels[a] !== within.labels[b] || parts[a] === parts[b]);
  }
});
