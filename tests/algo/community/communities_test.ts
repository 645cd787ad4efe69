/** Communities and what is said of them, against definitions. */

import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvalidArgumentError, NotFoundError } from "../../../lib/backend/errors.ts";
import { conductance, labelPropagation, leiden, louvain, modularity } from "../../../lib/algo/community/mod.ts";
import type { NodeGroups } from "../../../lib/algo/define.ts";
import { contractLeaves } from "../../../lib/algo/community/contract_leaves.ts";
import { aggregate, firstLevel, type LevelGraph, membersByLabel } from "../../../lib/algo/community/level_graph.ts";
import { modularityOf } from "../../../lib/algo/community/modularity.ts";
import { moveNodes } from "../../../lib/algo/community/move_nodes.ts";
import { kronecker, stochasticBlock } from "../../../lib/algo/generate/mod.ts";
import { Random } from "../../../lib/algo/random.ts";
import { ALONE, projectEdges } from "../../../lib/projection/mod.ts";
import { test } from "../../support/test.ts";
import { idOf, nodeOf, projected, type SmallGraph, smallGraphs } from "../support/random_graphs.ts";
import { karateClub } from "../support/known_graphs.ts";

const undirected = smallGraphs({ least: 1, most: 9, undirected: fc.constant(true) });

/** Weights from each node to each; of an undirected graph in both directions, and of a self-loop twice. */
function matrixOf({ size, isUndirected, edges }: SmallGraph): number[][] {
  const matrix = Array.from({ length: size }, () => Array<number>(size).fill(0));
  for (const [a, b, weight] of edges) {
    (matrix[a] as number[])[b] = (matrix[a]?.[b] ?? 0) + weight;
    if (isUndirected) (matrix[b] as number[])[a] = (matrix[b]?.[a] ?? 0) + weight;
  }
  return matrix;
}

/** Modularity by its definition: a sum over all pairs of nodes. */
function modularityByPairs(graph: SmallGraph, labels: ArrayLike<number>, resolution = 1): number {
  const matrix = matrixOf(graph);
  const out = matrix.map((row) => row.reduce((sum, one) => sum + one, 0));
  const entering = matrix.map((_, node) => matrix.reduce((sum, row) => sum + (row[node] ?? 0), 0));
  const total = out.reduce((sum, one) => sum + one, 0);
  if (total === 0) return 0;
  let sum = 0;
  for (let a = 0; a < graph.size; a++) {
    for (let b = 0; b < graph.size; b++) {
      if (labels[a] !== labels[b]) continue;
      sum += (matrix[a]?.[b] ?? 0) - resolution * (out[a] ?? 0) * (entering[b] ?? 0) / total;
    }
  }
  return sum / total;
}

function groupsOf(labels: readonly number[]): number[][] {
  const groups = new Map<number, number[]>();
  for (const [node, label] of labels.entries()) groups.set(label, [...(groups.get(label) ?? []), idOf(node)]);
  return [...groups.values()];
}

const withLabels = fc.tuple(smallGraphs({ least: 1, most: 8 }), fc.array(fc.nat(3), { minLength: 8, maxLength: 8 }));

test("modularity is what its definition says", () => {
  fc.assert(fc.property(withLabels, fc.constantFrom(1, 0.5, 2), ([graph, drawn], resolution) => {
    const labels = drawn.slice(0, graph.size);
    const projection = projected(graph);
    const found = modularity(projection, { communities: groupsOf(labels), resolution });
    assertAlmostEquals(found, modularityByPairs(graph, labels, resolution), 1e-12);
  }));
});

test("conductance is the part of the edges of the smaller side that leave", () => {
  fc.assert(fc.property(withLabels, ([graph, drawn]) => {
    const labels = drawn.slice(0, graph.size);
    const matrix = matrixOf(graph);
    const { communities, values, cuts, average } = conductance(projected(graph), { communities: groupsOf(labels) });
    const volume = (isIn: (node: number) => boolean) =>
      matrix.flatMap((row, node) => isIn(node) ? row : []).reduce((sum, one) => sum + one, 0);
    for (const { group, nodeIds } of communities) {
      const inside = new Set(nodeIds.map(nodeOf));
      const cut = matrix.flatMap((row, a) => row.filter((_, b) => inside.has(a) && !inside.has(b)))
        .reduce((sum, one) => sum + one, 0);
      const smaller = Math.min(volume((node) => inside.has(node)), volume((node) => !inside.has(node)));
      assertEquals(cuts[group], cut);
      assertAlmostEquals(values[group] as number, smaller === 0 ? 0 : cut / smaller, 1e-12);
    }
    assertAlmostEquals(average, values.reduce((sum, one) => sum + one, 0) / values.length, 1e-12);
  }));
});

/** Modularity of the best partition that two communities put together make. */
function bestMerged(graph: SmallGraph, { count, groups }: NodeGroups, resolution: number): number {
  let best = -Infinity;
  for (let a = 0; a < count; a++) {
    for (let b = 0; b < a; b++) {
      const merged = groups.map((group) => group === a ? b : group);
      best = Math.max(best, modularityByPairs(graph, merged, resolution));
    }
  }
  return best;
}

function isConnected({ edges }: SmallGraph, nodes: readonly number[]): boolean {
  const inside = new Set(nodes);
  const found = new Set(nodes.slice(0, 1));
  for (let round = 0; round < nodes.length; round++) {
    for (const [a, b, weight] of edges) {
      if (weight === 0 || !inside.has(a) || !inside.has(b)) continue;
      if (found.has(a)) found.add(b);
      if (found.has(b)) found.add(a);
    }
  }
  return found.size === inside.size;
}

test("no two communities of Louvain or Leiden are better put together, and modularity is told", () => {
  const resolutions = fc.constantFrom(1, 0.6, 1.7);
  const seeds = fc.constantFrom(undefined, 1, 2);
  fc.assert(fc.property(undirected, resolutions, seeds, (graph, resolution, seed) => {
    for (const algorithm of [louvain, leiden]) {
      const found = algorithm(projected(graph), { resolution, tolerance: 0, seed });
      assertAlmostEquals(found.modularity, modularityByPairs(graph, found.communities.groups, resolution), 1e-12);
      assert(bestMerged(graph, found.communities, resolution) <= found.modularity + 1e-9);
      const alone = modularityByPairs(graph, [...Array(graph.size).keys()], resolution);
      assert(found.modularity >= alone - 1e-9);
    }
  }));
});

test("communities of Leiden are connected", () => {
  fc.assert(fc.property(undirected, fc.constantFrom(1, 0.3), fc.constantFrom(1, 3), (graph, resolution, iterations) => {
    const { communities } = leiden(projected(graph), { resolution, iterations });
    for (const { nodeIds } of communities) assert(isConnected(graph, nodeIds.map(nodeOf)), `${nodeIds}`);
  }));
});

test("communities of Leiden are connected in a graph where those of Louvain need not be", () => {
  const graph = stochasticBlock({
    sizes: [200, 200, 200],
    probabilities: [[0.02, 0.004, 0.004], [0.004, 0.02, 0.004], [0.004, 0.004, 0.02]],
    seed: 2,
  });
  const projection = graph.project({ undirected: true, simple: true });
  for (let seed = 1; seed <= 5; seed++) {
    const { communities } = leiden(projection, { seed });
    const edges = Array.from(graph.from, (from, at) => [from, graph.to[at] as number, 1] as const);
    const small = { size: graph.nodeCount, isUndirected: true, edges };
    for (const { nodeIds } of communities) assert(isConnected(small, nodeIds.map((id) => id - 1)));
  }
});

test("the karate club has four communities of modularity 0.4198 at best", () => {
  // Brandes and others, On modularity clustering, 2008: 0.4198 is the maximum.
  const best = [undefined, 1, 2, 3, 4, 5].map((seed) => louvain(karateClub(), { seed }).modularity);
  assert(Math.max(...best) <= 0.41979 && Math.min(...best) > 0.4, `${best}`);
  const { communities, modularity: found } = leiden(karateClub(), { seed: 1 });
  assertAlmostEquals(found, 0.41978961, 1e-6);
  assertEquals([...communities.sizes], [12, 11, 6, 5]);
  assertAlmostEquals(modularity(karateClub(), { communities }), found, 1e-12);
  const lists = [...communities].map(({ nodeIds }) => nodeIds);
  assertAlmostEquals(modularity(karateClub(), { communities: lists }), found, 1e-12);
});

test("planted communities are found", () => {
  const chances = Array.from({ length: 5 }, (_, a) => Array.from({ length: 5 }, (_, b) => a === b ? 0.3 : 0.005));
  const projection = stochasticBlock({ sizes: [60, 50, 40, 30, 20], probabilities: chances, seed: 3 }).project({
    undirected: true,
  });
  for (const algorithm of [louvain, leiden]) {
    for (const seed of [undefined, 7]) {
      assertEquals([...algorithm(projection, { seed }).communities.sizes], [60, 50, 40, 30, 20]);
    }
  }
  assertEquals(labelPropagation(projection, { seed: 1 }).communities.count, 5);
});

test("a higher resolution gives more communities, and none gives one for each component", () => {
  assertEquals(louvain(karateClub(), { resolution: 0 }).communities.count, 1);
  assertEquals(leiden(karateClub(), { resolution: 0 }).communities.count, 1);
  assert(louvain(karateClub(), { resolution: 3 }).communities.count > 6);
  assertEquals(leiden(karateClub(), { resolution: 100 }).communities.count, 34);
});

test("a node without edges is one more community and changes nothing else", () => {
  fc.assert(fc.property(undirected, (graph) => {
    const larger = projected({ ...graph, size: graph.size + 1 });
    for (const algorithm of [louvain, leiden, labelPropagation]) {
      const before = algorithm(projected(graph), {}).communities;
      const after = algorithm(larger, {}).communities;
      assertEquals([...after.groups.subarray(0, graph.size)], [...before.groups]);
      assertEquals(after.count, before.count + 1);
    }
  }));
});

test("when labels have settled, each node has a label of most of its neighbors", () => {
  fc.assert(fc.property(undirected, fc.nat(5), (graph, seed) => {
    const { communities, hasConverged, iterations } = labelPropagation(projected(graph), { seed });
    assert(hasConverged && iterations < 100);
    const matrix = matrixOf(graph);
    for (let node = 0; node < graph.size; node++) {
      const sums = new Map<number, number>();
      for (let other = 0; other < graph.size; other++) {
        const group = communities.groups[other] as number;
        if (other !== node) sums.set(group, (sums.get(group) ?? 0) + (matrix[node]?.[other] ?? 0));
      }
      const own = sums.get(communities.groups[node] as number) ?? 0;
      assert(own >= Math.max(0, ...sums.values()));
    }
  }));
  const none = labelPropagation(karateClub(), { maxIterations: 0 });
  assertEquals([none.communities.count, none.hasConverged], [34, false]);
});

test("a graph without nodes or edges has trivial communities", () => {
  const nothing = projectEdges({ from: [], to: [], undirected: true });
  const dots = projectEdges({ nodeIds: [3, 5], from: [], to: [], undirected: true });
  const loop = projectEdges({ from: [4], to: [4], undirected: true });
  for (const algorithm of [louvain, leiden]) {
    assertEquals(algorithm(nothing).communities.count, 0);
    assertEquals([algorithm(dots).communities.count, algorithm(dots).modularity], [2, 0]);
    assertEquals([algorithm(loop).communities.count, algorithm(loop).modularity], [1, 0]);
  }
  assertEquals(labelPropagation(nothing).communities.count, 0);
  assertEquals(modularity(nothing, { communities: [] }), 0);
  assertEquals(conductance(nothing, { communities: [] }).average, 0);
});

test("bad parameters are refused", () => {
  const graph = projectEdges({ from: [1, 2], to: [2, 3], undirected: true });
  const directed = projectEdges({ from: [1], to: [2] });
  const negative = projectEdges({ from: [1], to: [2], weights: [-1], undirected: true });
  for (const algorithm of [louvain, leiden, labelPropagation]) {
    assertThrows(() => algorithm(directed), InvalidArgumentError, "{ undirected: true }");
    assertThrows(() => algorithm(negative), InvalidArgumentError, "negative");
    assertThrows(() => algorithm(graph, { speed: 1 } as never), InvalidArgumentError, "speed");
  }
  assertThrows(() => louvain(graph, { resolution: -1 }), InvalidArgumentError, "resolution");
  assertThrows(() => leiden(graph, { iterations: 0 }), InvalidArgumentError, "iterations");
  for (const algorithm of [modularity, conductance]) {
    const call = (communities: unknown) => () => algorithm(graph, { communities } as never);
    assertThrows(call(undefined), InvalidArgumentError, "communities");
    assertThrows(call([1]), InvalidArgumentError, "communities[0]");
    assertThrows(call([[1, 2], [2]]), InvalidArgumentError, "two communities");
    assertThrows(call([[1, 9]]), NotFoundError, "9");
    assertThrows(call({ groups: [0] }), InvalidArgumentError, "communities");
    assertThrows(call({ groups: [0, 0, 7] }), InvalidArgumentError, "7");
    assertThrows(() => algorithm(negative, { communities: [] }), InvalidArgumentError, "negative");
  }
});

test("what moves of nodes gain is what modularity gains", () => {
  const context = { ...ALONE, isAborted: false };
  // The last one has as many links as threads share.
  for (const [scale, edgeFactor, seed] of [[11, 3, 1], [11, 3, 2], [11, 3, 3], [12, 70, 4]] as const) {
    const random = new Random(seed);
    const generated = kronecker({ scale, edgeFactor, seed });
    for (const projected of [generated, generated.withWeights()]) {
      const projection = projected.project({ undirected: true });
      const { level, strength } = firstLevel(projection, context);
      const labels = Uint32Array.from({ length: level.count }, () => random.below(seed * 50));
      const before = modularityOf(projection, labels, 1, context);
      const gained = moveNodes(level, labels, { scale: 1 / strength, tolerance: 0 }, context);
      assert(gained > 0);
      assertAlmostEquals(modularityOf(projection, labels, 1, context), before + 2 * gained / strength, 1e-9);
    }
  }
});

/** The rows of the graph whose nodes are labels: strength, then links by their ends. */
function merged(level: LevelGraph, labels: Uint32Array, count: number): [number, [number, number][]][] {
  const context = { ...ALONE, isAborted: false };
  const { offsets, targets, weights, strengths } = aggregate(
    level,
    labels,
    count,
    membersByLabel(labels, count),
    context,
  );
  return Array.from(strengths, (strength, label) => {
    const row: [number, number][] = [];
    for (let at = offsets[label] as number; at < (offsets[label + 1] as number); at++) {
      row.push([targets[at] as number, weights?.[at] as number]);
    }
    return [strength, row.sort(([a], [b]) => a - b)];
  });
}

test("a graph without its leaves has the strengths and links of the whole one", () => {
  const context = { ...ALONE, isAborted: false };
  const tails = fc.array(fc.nat(8), { minLength: 4, maxLength: 20 });
  fc.assert(fc.property(undirected, tails, fc.boolean(), (graph, ends, hasWeights) => {
    // Some more nodes with one link each.
    const edges = [...graph.edges, ...ends.map((end, at) => [end % graph.size, graph.size + at, 1 + at] as const)];
    const projection = projected({ ...graph, size: graph.size + ends.length, edges }, hasWeights);
    const core = contractLeaves(projection, context);
    const whole = firstLevel(projection, context);
    if (core === undefined) return;
    assertAlmostEquals(core.strength, whole.strength, 1e-9);
    const sameNodes = Uint32Array.from({ length: core.level.count }, (_, node) => node);
    const found = merged(core.level, sameNodes, core.level.count);
    const expected = merged(whole.level, core.labels, core.level.count);
    assertEquals(found, expected);
  }));
});
