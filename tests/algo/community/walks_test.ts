/** Random walks: where they may go, and how often they do. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InvalidArgumentError, NotFoundError, UnsupportedError } from "../../../lib/backend/errors.ts";
import { node2vecWalks, randomWalks } from "../../../lib/algo/community/mod.ts";
import { projectEdges } from "../../../lib/projection/mod.ts";
import { test } from "../../support/test.ts";
import { nodeOf, projected, type SmallGraph, smallGraphs } from "../support/random_graphs.ts";
import { karateClub } from "../support/known_graphs.ts";

function weightsFrom({ isUndirected, edges }: SmallGraph, node: number): Map<number, number> {
  const weights = new Map<number, number>();
  for (const [a, b, weight] of edges) {
    if (a === node) weights.set(b, (weights.get(b) ?? 0) + weight);
    else if (b === node && isUndirected) weights.set(a, (weights.get(a) ?? 0) + weight);
  }
  return weights;
}

test("walks follow links of positive weight, and end where none leaves", () => {
  fc.assert(
    fc.property(smallGraphs({ least: 1, most: 6 }), fc.nat(9), fc.constantFrom(0.25, 1, 4), (graph, seed, p) => {
      const projection = projected(graph);
      for (
        const walks of [
          randomWalks(projection, { walks: 2, length: 7, seed }),
          node2vecWalks(projection, { walks: 2, length: 7, seed, p, q: 1 / p }),
        ]
      ) {
        assertEquals(walks.count, 2 * graph.size);
        for (const [at, walk] of [...walks].entries()) {
          const nodes = walk.map(nodeOf);
          assertEquals(nodes[0], Math.floor(at / 2));
          for (let step = 1; step < nodes.length; step++) {
            assert((weightsFrom(graph, nodes[step - 1] as number).get(nodes[step] as number) ?? 0) > 0);
          }
          const isEnd = [...weightsFrom(graph, nodes.at(-1) as number).values()].every((weight) => weight === 0);
          assert(nodes.length === 8 || isEnd);
        }
      }
    }),
  );
});

test("equal seeds give equal walks, others do not, and a walk depends on its start and number only", () => {
  const all = [...randomWalks(karateClub(), { walks: 3, seed: 4 })];
  assertEquals([...randomWalks(karateClub(), { walks: 3, seed: 4 })], all);
  assert(JSON.stringify([...randomWalks(karateClub(), { walks: 3, seed: 5 })]) !== JSON.stringify(all));
  const some = [...randomWalks(karateClub(), { walks: 2, seed: 4, starts: [34, 5] })];
  assertEquals(some, [all[99], all[100], all[12], all[13]]);
  assertEquals(new Set(all.map((walk) => walk.join())).size, all.length);
  const biased = { walks: 2, seed: 4, p: 0.5, q: 2 };
  assertEquals([...node2vecWalks(karateClub(), biased)], [...node2vecWalks(karateClub(), biased)]);
});

/** How often each node follows on the first two steps of walks. */
function secondSteps(walks: Iterable<number[]>): Map<number, number> {
  const counts = new Map<number, number>();
  for (const [, , third] of walks) if (third !== undefined) counts.set(third, (counts.get(third) ?? 0) + 1);
  return counts;
}

/** Whether a number of hits is within five standard deviations of what its chance gives. */
function isLikely(hits: number, tries: number, chance: number): boolean {
  return Math.abs(hits - tries * chance) <= 5 * Math.sqrt(tries * chance * (1 - chance));
}

test("links are drawn in proportion to their weights", () => {
  const graph = projectEdges({ from: [1, 1, 1, 1], to: [2, 3, 4, 2], weights: [1, 5, 0, 2] });
  const counts = new Map<number, number>();
  for (const walk of randomWalks(graph, { starts: [1], walks: 20_000, length: 1, seed: 2 })) {
    counts.set(walk[1] as number, (counts.get(walk[1] as number) ?? 0) + 1);
  }
  assert(isLikely(counts.get(2) ?? 0, 20_000, 3 / 8) && isLikely(counts.get(3) ?? 0, 20_000, 5 / 8), `${[...counts]}`);
  assertEquals(counts.get(4), undefined);
});

test("a step leads back to the start as often as asked, and from an end", () => {
  const chain = projectEdges({ from: [1, 2, 3, 4], to: [2, 3, 4, 1] });
  let restarts = 0;
  let steps = 0;
  for (const walk of randomWalks(chain, { starts: [2], walks: 300, length: 60, restart: 0.2, seed: 3 })) {
    for (let at = 1; at < walk.length; at++) {
      if (walk[at - 1] === 1) continue;
      steps++;
      if (walk[at] === 2) restarts++;
    }
  }
  assert(isLikely(restarts, steps, 0.2), `${restarts} of ${steps}`);
  const pair = projectEdges({ from: [1], to: [2] });
  assertEquals(randomWalks(pair, { starts: [1], walks: 1, length: 4, restart: 1e-9 }).list(0), [1, 2, 1, 2, 1]);
  assertEquals(randomWalks(pair, { starts: [1], walks: 1, length: 4 }).list(0), [1, 2]);
});

test("steps of the second order are biased as p and q say", () => {
  // From 1 over 2: back to 1, to 3, which 1 is linked with, or away to 4 and 5.
  const graph = projectEdges({
    from: [1, 2, 2, 2, 1],
    to: [2, 3, 4, 5, 3],
    weights: [1, 1, 1, 2, 1],
    undirected: true,
  });
  const biases = [[0.25, 4], [4, 0.25], [1, 1], [1e-6, 1], [1e6, 1e6]] as const;
  for (const [p, q] of biases) {
    const walks = [...node2vecWalks(graph, { starts: [1], walks: 20_000, length: 2, p, q, seed: 6 })]
      .filter(([, second]) => second === 2);
    const counts = secondSteps(walks);
    const total = 1 / p + 1 + 3 / q;
    const chances = [[1, 1 / p], [3, 1], [4, 1 / q], [5, 2 / q]] as const;
    for (const [node, weight] of chances) {
      assert(
        isLikely(counts.get(node) ?? 0, walks.length, weight / total),
        `p ${p} q ${q} node ${node}: ${counts.get(node)}`,
      );
    }
  }
});

test("walks that do not fit and bad parameters are refused", () => {
  const graph = karateClub();
  assertEquals(randomWalks(projectEdges({ from: [], to: [] })).count, 0);
  assertEquals([...randomWalks(graph, { starts: [3], walks: 1, length: 0 })], [[3]]);
  for (const algorithm of [randomWalks, node2vecWalks]) {
    assertThrows(() => algorithm(graph, { walks: 1e6, length: 1e6 }), UnsupportedError, "fewer");
    assertThrows(() => algorithm(graph, { starts: [99] }), NotFoundError, "99");
    assertThrows(() => algorithm(graph, { length: -1 }), InvalidArgumentError, "length");
    const negative = projectEdges({ from: [1], to: [2], weights: [-1] });
    assertThrows(() => algorithm(negative), InvalidArgumentError, "negative");
  }
  assertThrows(() => randomWalks(graph, { restart: 2 }), InvalidArgumentError, "restart");
  assertThrows(() => node2vecWalks(graph, { p: 0 }), InvalidArgumentError, "p");
});
