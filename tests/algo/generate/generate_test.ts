/** Generated graphs. */

import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  barabasiAlbert,
  chain,
  complete,
  cycle,
  erdosRenyi,
  type GeneratedGraph,
  grid,
  kronecker,
  star,
  stochasticBlock,
  tree,
  wattsStrogatz,
} from "../../../lib/algo/generate/mod.ts";
import { PairSet } from "../../../lib/algo/generate/pair_set.ts";
import { ln } from "../../../lib/algo/generate/skips.ts";
import { Random } from "../../../lib/algo/random.ts";
import { InvalidArgumentError } from "../../../lib/backend/errors.ts";
import { ingestRows } from "../../../lib/graph/ingest.ts";
import { SqliteBackend } from "../../../lib/sqlite/mod.ts";
import "../../../lib/projection/install.ts";
import { test } from "../../support/test.ts";

function edgesOf({ from, to }: GeneratedGraph): [number, number][] {
  return Array.from(from, (source, at) => [source, to[at] as number]);
}

/** A number that edges in another order, or others, do not have. */
function fingerprint({ from, to, weights }: GeneratedGraph): number {
  let mixed = 0;
  for (let at = 0; at < from.length; at++) {
    mixed = Math.imul(mixed ^ (from[at] as number), 0x01000193);
    mixed = Math.imul(mixed ^ (to[at] as number), 0x01000193);
    mixed = Math.imul(mixed ^ (weights?.[at] ?? 0), 0x01000193);
  }
  return mixed >>> 0;
}

function isSimple(graph: GeneratedGraph): boolean {
  const projection = graph.project({ undirected: true });
  return projection.edgeCount === graph.project({ undirected: true, simple: true }).edgeCount;
}

function degreesOf(graph: GeneratedGraph): number[] {
  const { offsets } = graph.project({ undirected: true }).out;
  return Array.from(offsets.subarray(1), (end, node) => end - (offsets[node] as number));
}

test("equal parameters give the same graph on every runtime", () => {
  assertEquals(
    [
      kronecker({ scale: 10 }),
      kronecker({ scale: 10, seed: 2 ** 40 }).withWeights({ seed: 3 }),
      kronecker({ scale: 5, permuted: false, a: 0.25, b: 0.25, c: 0.25 }),
      erdosRenyi({ nodes: 1_000, edges: 5_000 }),
      erdosRenyi({ nodes: 100, edges: 4_000 }),
      erdosRenyi({ nodes: 1_000, probability: 0.01, seed: 7 }),
      barabasiAlbert({ nodes: 1_000, edgesPerNode: 4 }),
      wattsStrogatz({ nodes: 1_000, neighbors: 6, probability: 0.1 }),
      stochasticBlock({ sizes: [100, 200], probabilities: [[0.2, 0.01], [0.01, 0.1]] }),
    ].map(fingerprint),
    [705453374, 3913807101, 2631926769, 3446929436, 2205507044, 3968540671, 394397877, 1207316604, 1188470908],
  );
});

test("bulk random numbers are the same as single ones", () => {
  const [single, bulk] = [new Random(9), new Random(9)];
  const block = new Uint32Array(77);
  bulk.fill(block);
  assertEquals([...block], Array.from({ length: 77 }, () => single.uint32()));
  assertEquals(bulk.uint32(), single.uint32());
});

test("the logarithm is one", () => {
  for (const x of [1, 0.5, 0.999999, 1e-9, 2 ** -53, 0.3, 1.5, 100]) assertAlmostEquals(ln(x), Math.log(x), 1e-14);
});

test("a set of pairs does what a set does", () => {
  const steps = fc.array(fc.tuple(fc.boolean(), fc.nat(4), fc.nat(4)), { maxLength: 60 });
  fc.assert(fc.property(steps, (list) => {
    const pairs = new PairSet(25);
    const model = new Set<string>();
    for (const [isAdded, first, second] of list) {
      const key = `${first},${second}`;
      assertEquals(pairs.has(first, second), model.has(key));
      if (isAdded) assertEquals(pairs.add(first, second), !model.has(key));
      else pairs.delete(first, second);
      if (isAdded) model.add(key);
      else model.delete(key);
    }
  }));
});

test("a Kronecker graph has the chances of its quadrants at each level", () => {
  const graph = kronecker({ scale: 6, edgeFactor: 2_000, a: 0.5, b: 0.3, c: 0.15, permuted: false });
  assertEquals([graph.nodeCount, graph.edgeCount], [64, 128_000]);
  for (let bit = 0; bit < 6; bit++) {
    const counts = [0, 0, 0, 0];
    for (const [from, to] of edgesOf(graph)) {
      const quadrant = 2 * (from >> bit & 1) + (to >> bit & 1);
      counts[quadrant] = (counts[quadrant] as number) + 1;
    }
    [0.5, 0.3, 0.15, 0.05].forEach((chance, quadrant) => {
      assertAlmostEquals((counts[quadrant] as number) / graph.edgeCount, chance, 0.006);
    });
  }
});

test("renumbering keeps the degrees of a Kronecker graph", () => {
  const plain = degreesOf(kronecker({ scale: 8, permuted: false }));
  const permuted = degreesOf(kronecker({ scale: 8 }));
  assert(plain.join() !== permuted.join());
  const sorted = (list: number[]): number[] => list.toSorted((a, b) => a - b);
  // A self-loop counts once; renumbering keeps self-loops.
  assertEquals(sorted(permuted), sorted(plain));
});

test("G(n, m) has exactly m different edges, sparse or dense", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), fc.nat(), fc.boolean(), fc.nat(), (nodes, draw, directed, seed) => {
      const possible = directed ? nodes * (nodes - 1) : nodes * (nodes - 1) / 2;
      const graph = erdosRenyi({ nodes, edges: draw % (possible + 1), directed, seed });
      assertEquals(graph.edgeCount, draw % (possible + 1));
      const keys = edgesOf(graph).map(([from, to]) => from * nodes + to);
      assertEquals(new Set(keys).size, keys.length);
      assert(edgesOf(graph).every(([from, to]) => directed ? from !== to : from < to));
    }),
  );
});

test("each edge of G(n, p) is as likely", () => {
  for (const directed of [false, true]) {
    const counts = new Map<string, number>();
    for (let seed = 0; seed < 2_000; seed++) {
      const edges = edgesOf(erdosRenyi({ nodes: 5, probability: 0.3, directed, seed }));
      for (const edge of edges) counts.set(edge.join(), (counts.get(edge.join()) ?? 0) + 1);
    }
    assertEquals(counts.size, directed ? 20 : 10);
    for (const count of counts.values()) assertAlmostEquals(count / 2_000, 0.3, 0.05);
  }
  assertEquals(erdosRenyi({ nodes: 9, probability: 0 }).edgeCount, 0);
  assertEquals(erdosRenyi({ nodes: 9, probability: 1 }).edgeCount, 36);
  assertEquals(erdosRenyi({ nodes: 0, probability: 1 }).edgeCount, 0);
  assertAlmostEquals(erdosRenyi({ nodes: 100_000, probability: 2e-6 }).edgeCount, 10_000, 400);
});

test("each new node of a preferential graph has its edges to older nodes", () => {
  const graph = barabasiAlbert({ nodes: 2_000, edgesPerNode: 3 });
  assertEquals(graph.edgeCount, 3 * 1_997);
  assert(isSimple(graph));
  assert(edgesOf(graph).every(([from, to]) => from > to));
  // With equal chances none would have more than about 30.
  assert(Math.max(...degreesOf(graph)) > 60);
});

test("a small world keeps its number of edges and has no parallel ones", () => {
  for (const probability of [0, 0.1, 1]) {
    const graph = wattsStrogatz({ nodes: 500, neighbors: 6, probability });
    assertEquals(graph.edgeCount, 1_500);
    assert(isSimple(graph));
    const moved = edgesOf(graph).filter(([from, to]) => (to - from + 500) % 500 > 3).length;
    assertAlmostEquals(moved / 1_500, probability, 0.04);
  }
  assertEquals(wattsStrogatz({ nodes: 5, neighbors: 4, probability: 1 }).edgeCount, 10);
});

test("blocks have the edges that their chances say", () => {
  const probabilities = [[0.3, 0.02], [0.1, 0.5]];
  const graph = stochasticBlock({ sizes: [200, 100], probabilities, directed: true });
  assert(edgesOf(graph).every(([from, to]) => from !== to));
  assertEquals(new Set(edgesOf(graph).map(String)).size, graph.edgeCount);
  const block = (node: number): number => node < 200 ? 0 : 1;
  for (const [from, to, pairs] of [[0, 0, 39_800], [0, 1, 20_000], [1, 0, 20_000], [1, 1, 9_900]] as const) {
    const count = edgesOf(graph).filter(([source, target]) => block(source) === from && block(target) === to).length;
    assertAlmostEquals(count / pairs, probabilities[from]?.[to] as number, 0.02);
  }
  const undirected = stochasticBlock({ sizes: [50, 0, 50], probabilities: [[1, 1, 0], [1, 1, 1], [0, 1, 1]] });
  assertEquals(undirected.edgeCount, 2 * 50 * 49 / 2);
  assert(isSimple(undirected));
});

test("shapes have their edges", () => {
  assertEquals(edgesOf(chain({ nodes: 3 })), [[0, 1], [1, 2]]);
  assertEquals(edgesOf(cycle({ nodes: 3 })), [[0, 1], [1, 2], [2, 0]]);
  assertEquals(edgesOf(star({ nodes: 3 })), [[0, 1], [0, 2]]);
  assertEquals(edgesOf(complete({ nodes: 3 })), [[0, 1], [0, 2], [1, 2]]);
  assertEquals(edgesOf(tree({ nodes: 6 })), [[0, 1], [0, 2], [1, 3], [1, 4], [2, 5]]);
  assertEquals(edgesOf(tree({ nodes: 4, branching: 1 })), edgesOf(chain({ nodes: 4 })));
  assertEquals(edgesOf(grid({ rows: 2, columns: 2 })), [[0, 1], [0, 2], [1, 3], [2, 3]]);
  assertEquals(degreesOf(grid({ rows: 3, columns: 4, torus: true })), Array.from({ length: 12 }, () => 4));
  for (const shape of [chain, cycle, star, complete, tree]) {
    assertEquals([shape({ nodes: 0 }).edgeCount, shape({ nodes: 1 }).nodeCount], [0, 1]);
  }
  assertEquals([grid({ rows: 0, columns: 5 }).edgeCount, grid({ rows: 1, columns: 1 }).edgeCount], [0, 0]);
});

test("weights are integers between their bounds", () => {
  const graph = chain({ nodes: 10_001 }).withWeights({ min: 3, max: 5, seed: 4 });
  assertEquals([...new Set(graph.weights)].toSorted(), [3, 4, 5]);
  assertEquals(graph.project().hasWeights, true);
  assertThrows(() => graph.withWeights({ min: 6, max: 5 }), InvalidArgumentError);
});

test("an ingest of the rows makes the graph in a database", () => {
  using db = SqliteBackend.open(":memory:");
  const graph = kronecker({ scale: 4, edgeFactor: 3 }).withWeights();
  ingestRows(db, graph.rows({ kind: "Spot", type: "ROAD" }));
  const weight = { field: "weight" };
  const stored = db.project({ kinds: ["Spot"], types: ["ROAD"], weight }).out;
  const direct = graph.project().out;
  assertEquals([...stored.offsets], [...direct.offsets]);
  assertEquals([...stored.targets], [...direct.targets]);
  assertEquals([...stored.weights ?? []], [...direct.weights ?? []]);
});

test("bad parameters are refused", () => {
  for (
    const call of [
      () => kronecker({ scale: 29 }),
      () => kronecker({ scale: 28, edgeFactor: 16 }),
      () => kronecker({ scale: 3, a: 0.9 }),
      () => kronecker({ scale: 3, edgefactor: 2 } as never),
      () => erdosRenyi({ nodes: 3 }),
      () => erdosRenyi({ nodes: 3, edges: 2, probability: 0.5 }),
      () => erdosRenyi({ nodes: 3, edges: 4 }),
      () => erdosRenyi({ nodes: 3, probability: 1.5 }),
      () => barabasiAlbert({ nodes: 3, edgesPerNode: 3 }),
      () => wattsStrogatz({ nodes: 9, neighbors: 3, probability: 0 }),
      () => wattsStrogatz({ nodes: 4, neighbors: 4, probability: 0 }),
      () => stochasticBlock({ sizes: [2, 3], probabilities: [[1]] }),
      () => stochasticBlock({ sizes: [2, 3], probabilities: [[1, 0], [1, 1]] }),
      () => stochasticBlock({ sizes: [2.5], probabilities: [[1]] }),
      () => complete({ nodes: 100_000 }),
      () => chain({ nodes: -1 }),
      () => tree({ nodes: 3, branching: 0 }),
      () => grid({ rows: 2 ** 20, columns: 2 ** 20 }),
    ]
  ) assertThrows(call, InvalidArgumentError);
});
