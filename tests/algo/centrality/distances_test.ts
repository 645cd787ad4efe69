/** Betweenness, closeness, harmonic and degree centrality, against their definitions. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvalidArgumentError } from "../../../lib/backend/errors.ts";
import {
  betweennessCentrality,
  closenessCentrality,
  degreeCentrality,
  edgeBetweenness,
  harmonicCentrality,
} from "../../../lib/algo/centrality/mod.ts";
import { sampledNodes } from "../../../lib/algo/centrality/sampled_nodes.ts";
import { chain, grid, kronecker } from "../../../lib/algo/generate/mod.ts";
import { projectEdges, type Projection } from "../../../lib/projection/mod.ts";
import { test } from "../../support/test.ts";
import { idOf, projected, renamed, type SmallGraph, smallGraphs } from "../support/random_graphs.ts";
import { karateClub } from "../support/known_graphs.ts";
import { assertNear, betweennessOf, cell, distancesOf, edgeBetweennessOf, heavier, linksOf } from "./oracle.ts";

const graphs = smallGraphs({ least: 1, most: 8 }).map(heavier);

/** A generated graph as a small one. */
function generated(undirected: boolean): { readonly graph: SmallGraph; readonly projection: Projection } {
  const made = kronecker({ scale: 7, edgeFactor: 5, seed: 3 }).withWeights({ max: 6 });
  const edges = Array.from(
    { length: made.edgeCount },
    (_, edge) => [made.from[edge] as number, made.to[edge] as number, made.weights?.[edge] as number] as const,
  );
  const graph = { size: made.nodeCount, isUndirected: undirected, edges };
  return { graph, projection: made.project({ undirected }) };
}

function checkBetweenness(graph: SmallGraph, projection: Projection): void {
  const { size, isUndirected } = graph;
  for (const weighted of [false, true]) {
    const expected = betweennessOf(graph, weighted).map((sum) => isUndirected ? sum / 2 : sum);
    assertNear(betweennessCentrality(projection, { weighted, normalized: false }).values, expected);
    const pairs = (size - 1) * (size - 2) / (isUndirected ? 2 : 1);
    if (size > 2) {
      assertNear(betweennessCentrality(projection, { weighted }).values, expected.map((sum) => sum / pairs));
    }
  }
}

function checkNearness(graph: SmallGraph, projection: Projection): void {
  const { size } = graph;
  const nodes = Array.from({ length: size }, (_, node) => node);
  for (const weighted of [false, true]) {
    const distances = distancesOf(graph, weighted);
    for (const direction of ["in", "out"] as const) {
      const others = (node: number) =>
        nodes.filter((other) => other !== node)
          .map((other) => direction === "in" ? cell(distances, other, node) : cell(distances, node, other))
          .filter((distance) => distance < Infinity);
      const mean = (node: number) => others(node).reduce((sum, one) => sum + one, 0) / others(node).length;
      const plain = nodes.map((node) => others(node).length === 0 ? 0 : 1 / mean(node));
      const corrected = nodes.map((node) =>
        others(node).length === 0 ? 0 : (plain[node] as number) * others(node).length / (size - 1)
      );
      const harmonic = nodes.map((node) => others(node).reduce((sum, one) => sum + 1 / one, 0));
      assertNear(closenessCentrality(projection, { weighted, direction, corrected: false }).values, plain);
      assertNear(closenessCentrality(projection, { weighted, direction }).values, corrected);
      assertNear(harmonicCentrality(projection, { weighted, direction }).values, harmonic);
      const parts = harmonic.map((sum) => sum / Math.max(1, size - 1));
      assertNear(harmonicCentrality(projection, { weighted, direction, normalized: true }).values, parts);
    }
  }
}

test("betweenness is the part of the shortest paths through a node", () => {
  fc.assert(fc.property(graphs, (graph) => checkBetweenness(graph, projected(graph))));
  for (const undirected of [true, false]) {
    const { graph, projection } = generated(undirected);
    checkBetweenness(graph, projection);
  }
});

test("betweenness of edges is the part of the shortest paths along them", () => {
  fc.assert(fc.property(graphs, (graph) => {
    for (const weighted of [false, true]) {
      const expected = edgeBetweennessOf(graph, weighted);
      const pairs = graph.size * (graph.size - 1);
      for (const normalized of [false, true]) {
        const scale = normalized && graph.size > 1 ? pairs : graph.isUndirected ? 2 : 1;
        const { count, from, to, edgeIds, scores } = edgeBetweenness(projected(graph), { weighted, normalized });
        assertEquals(count, graph.edges.length);
        const edges = Array.from({ length: count }, (_, at) => (edgeIds?.[at] as number) - 1);
        assertNear(scores, edges.map((edge) => (expected[edge] as number) / scale));
        const ends = edges.map((edge) =>
          graph.edges[edge]?.slice(0, 2).map((node) => idOf(node as number)) as number[]
        );
        if (graph.isUndirected) { for (const pair of ends) pair.sort((a, b) => a - b); }
        assertEquals(Array.from(from), ends.map(([one]) => one));
        assertEquals(Array.from(to), ends.map(([, other]) => other));
        const keys = edges.map((edge, at) => [from[at], to[at], edge] as number[]);
        assertEquals(
          keys,
          [...keys].sort((a, b) =>
            cell([a], 0, 0) - cell([b], 0, 0) || cell([a], 0, 1) - cell([b], 0, 1) || cell([a], 0, 2) - cell([b], 0, 2)
          ),
        );
      }
    }
  }));
});

test("closeness and harmonic centrality are what distances say", () => {
  fc.assert(fc.property(graphs, (graph) => checkNearness(graph, projected(graph))));
  for (const undirected of [true, false]) {
    const { graph, projection } = generated(undirected);
    checkNearness(graph, projection);
  }
});

test("long graphs have the distances of long graphs", () => {
  const nodes = 300;
  const line = chain({ nodes }).project({ undirected: true });
  const sumTo = (length: number) => length * (length + 1) / 2;
  const expected = Array.from({ length: nodes }, (_, node) => (nodes - 1) / (sumTo(node) + sumTo(nodes - 1 - node)));
  assertNear(closenessCentrality(line).values, expected);
  const between = Array.from({ length: nodes }, (_, node) => node * (nodes - 1 - node));
  assertNear(betweennessCentrality(line, { normalized: false }).values, between);
  const square = grid({ rows: 9, columns: 13 }).project({ undirected: true });
  const corner = Array.from({ length: 9 * 13 }, (_, at) => Math.floor(at / 13) + at % 13).reduce((sum, one) =>
    sum + one
  );
  assertNear([closenessCentrality(square).get(1) as number], [(9 * 13 - 1) / corner]);
});

test("numbers of paths may pass all numbers", () => {
  // A chain of diamonds: each doubles the number of paths.
  const diamonds = 1_050;
  const from: number[] = [];
  const to: number[] = [];
  for (let at = 0; at < diamonds; at++) {
    const junction = 3 * at + 1;
    from.push(junction, junction, junction + 1, junction + 2);
    to.push(junction + 1, junction + 2, junction + 3, junction + 3);
  }
  const projection = projectEdges({ from, to, weights: from.map(() => 2) });
  const n = projection.nodeCount;
  for (const weighted of [false, true]) {
    const values = betweennessCentrality(projection, { weighted, normalized: false });
    for (const at of [0, 1, diamonds >> 1, diamonds - 1]) {
      const left = 3 * at + 1;
      assertNear([values.get(left + 1) as number], [left * (n - left - 2) / 2]);
      assertNear([values.get(left) as number], [(left - 1) * (n - left)]);
    }
  }
});

test("a length that is lost beside another one makes no way back", () => {
  const graph = projectEdges({ from: [1, 2], to: [2, 3], weights: [1, 1e17], undirected: true });
  assertEquals(Array.from(betweennessCentrality(graph, { weighted: true }).values), [0, 1, 0]);
});

test("samples are as many nodes as were asked for", () => {
  const projection = chain({ nodes: 30 }).project();
  for (let samples = 1; samples <= 40; samples++) {
    const nodes = Array.from(sampledNodes(projection, samples, samples));
    assertEquals(nodes.length, Math.min(samples, 30));
    assertEquals(nodes, [...new Set(nodes)].sort((a, b) => a - b));
    assert(nodes.every((node) => node >= 0 && node < 30));
  }
});

test("degrees are numbers of edges, or sums of weights, in parts of the other nodes", () => {
  fc.assert(fc.property(graphs, (graph) => {
    for (const weighted of [false, true]) {
      for (const direction of ["in", "out", "both"] as const) {
        const expected = Array.from({ length: graph.size }, (_, node) => {
          let sum = 0;
          for (const [from, to, weight] of graph.edges) {
            const part = weighted ? weight : 1;
            if (from === node && (graph.isUndirected || direction !== "in")) sum += part;
            if (to === node && (graph.isUndirected || direction !== "out")) sum += part;
          }
          return sum;
        });
        const projection = projected(graph);
        assertNear(degreeCentrality(projection, { weighted, direction, normalized: false }).values, expected);
        const parts = expected.map((sum) => sum / Math.max(1, graph.size - 1));
        assertNear(degreeCentrality(projection, { weighted, direction }).values, parts);
      }
    }
  }));
});

test("the karate club has the centralities of the literature", () => {
  // networkx 3.6.1: betweenness_centrality, closeness_centrality, degree_centrality.
  const karate = karateClub();
  const first = (values: { top(count: number): { nodeId: number; value: number }[] }) =>
    values.top(3).map(({ nodeId, value }) => [nodeId, Number(value.toFixed(6))]);
  assertEquals(first(betweennessCentrality(karate)), [[1, 0.437635], [34, 0.304075], [33, 0.145247]]);
  assertEquals(first(closenessCentrality(karate)), [[1, 0.568966], [3, 0.559322], [34, 0.55]]);
  assertEquals(first(degreeCentrality(karate)), [[34, 0.515152], [1, 0.484848], [33, 0.363636]]);
});

test("samples of all nodes are exact, others estimates that a seed decides", () => {
  const { projection } = generated(true);
  const n = projection.nodeCount;
  for (const algorithm of [betweennessCentrality, closenessCentrality, harmonicCentrality]) {
    const exact = algorithm(projection).values;
    assertEquals(algorithm(projection, { samples: n }).values, exact);
    assertEquals(algorithm(projection, { samples: n + 9 }).values, exact);
    const some = algorithm(projection, { samples: 20, seed: 4 }).values;
    assertEquals(algorithm(projection, { samples: 20, seed: 4 }).values, some);
    assert(some.some((value, at) => value !== algorithm(projection, { samples: 20, seed: 5 }).values[at]));
  }
  // The mean of estimates of all seeds is near the exact value.
  for (const algorithm of [betweennessCentrality, harmonicCentrality]) {
    const top = algorithm(projection).top(1)[0] as { nodeId: number; value: number };
    let sum = 0;
    for (let seed = 0; seed < 200; seed++) sum += algorithm(projection, { samples: 8, seed }).get(top.nodeId) as number;
    assert(Math.abs(sum / 200 - top.value) < 0.1 * top.value, `${sum / 200} is far from ${top.value}`);
  }
  const graph = projectEdges({ from: [1, 2, 3], to: [2, 3, 4], undirected: true });
  assertEquals(edgeBetweenness(graph, { samples: 9 }).scores, edgeBetweenness(graph).scores);
});

test("renumbered nodes have the same scores, and nodes without edges change no others", () => {
  fc.assert(fc.property(smallGraphs({ least: 6, most: 6 }).map(heavier), fc.integer(), (graph, seed) => {
    const names = [0, 1, 2, 3, 4, 5].sort((a, b) => Math.sin(seed + a) - Math.sin(seed + b));
    const other = renamed(graph, names);
    const larger = { ...graph, size: 7 };
    for (const weighted of [false, true]) {
      const before = betweennessCentrality(projected(graph), { weighted, normalized: false }).values;
      const after = betweennessCentrality(projected(other), { weighted, normalized: false }).values;
      assertNear(names.map((name) => after[name] as number), before);
      const more = betweennessCentrality(projected(larger), { weighted, normalized: false }).values;
      assertEquals(Array.from(more), [...before, 0]);
      const near = harmonicCentrality(projected(graph), { weighted }).values;
      assertNear(names.map((name) => harmonicCentrality(projected(other), { weighted }).values[name] as number), near);
      assertEquals(Array.from(harmonicCentrality(projected(larger), { weighted }).values), [...near, 0]);
    }
  }));
});

test("weights that are no lengths, and bad numbers of samples, are refused", () => {
  const nothing = projectEdges({ from: [], to: [] });
  const plain = projectEdges({ from: [1], to: [2] });
  const flat = projectEdges({ from: [1, 2], to: [2, 3], weights: [1, 0] });
  for (const algorithm of [betweennessCentrality, closenessCentrality, edgeBetweenness, harmonicCentrality]) {
    assertThrows(() => algorithm(plain, { weighted: true }), InvalidArgumentError, "has no weights");
    assertThrows(() => algorithm(flat, { weighted: true }), InvalidArgumentError, "above 0");
    assertThrows(() => algorithm(plain, { samples: 0 }), InvalidArgumentError, "from 1");
    algorithm(nothing);
  }
  assertThrows(() => degreeCentrality(plain, { weighted: true }), InvalidArgumentError, "has no weights");
  assertEquals([...degreeCentrality(nothing)], []);
  assertEquals(linksOf({ size: 1, isUndirected: true, edges: [[0, 0, 1]] }).length, 1);
});
