/** Answers of networkx for a generated graph; see `tests/fixtures/algo/README.md`. */

import { assertEquals } from "@std/assert";
import { readFileSync } from "node:fs";
import { kronecker } from "../../../lib/algo/generate/mod.ts";
import {
  articulationPoints,
  biconnectedComponents,
  bridges,
  condensation,
  cycleBasis,
  kCore,
  kTruss,
  spanningForest,
  strongComponents,
  transitiveClosure,
  transitiveReduction,
  weakComponents,
} from "../../../lib/algo/structure/mod.ts";
import { test } from "../../support/test.ts";

const FILE = new URL("../../fixtures/algo/structure_kronecker.json", import.meta.url);
const expected = JSON.parse(readFileSync(FILE, "utf8")) as Record<string, unknown>;
const graph = kronecker({ scale: 10, edgeFactor: 4, seed: 7 }).withWeights();

/** How often each number comes, by ascending numbers. */
function histogram(numbers: Iterable<number>): [number, number][] {
  const counts = new Map<number, number>();
  for (const number of numbers) counts.set(number, (counts.get(number) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => a - b);
}

test("components and reachability of a generated graph are those of networkx", () => {
  const projection = graph.project();
  const strong = strongComponents(projection);
  assertEquals(histogram(weakComponents(projection).sizes), expected["weakSizes"]);
  assertEquals(histogram(strong.sizes), expected["strongSizes"]);
  assertEquals(condensation(projection).linkCount, expected["condensationLinks"]);
  assertEquals(transitiveClosure(projection).pairCount, expected["closurePairs"]);
  const { count, from, to } = transitiveReduction(projection);
  let between = 0;
  for (let at = 0; at < count; at++) {
    if (strong.groupOf(from[at] as number) !== strong.groupOf(to[at] as number)) between++;
  }
  assertEquals(between, expected["reductionLinksBetweenComponents"]);
});

test("cores, trusses, blocks and cycles of a generated graph are those of networkx", () => {
  const projection = graph.project({ undirected: true, simple: true });
  assertEquals(histogram(kCore(projection).values), expected["coreNumbers"]);
  assertEquals(histogram(kTruss(projection).truss), expected["trussNumbers"]);
  assertEquals(bridges(projection).length, expected["bridges"]);
  assertEquals(articulationPoints(projection).length, expected["articulationPoints"]);
  assertEquals(histogram([...biconnectedComponents(projection)].map(({ length }) => length)), expected["blockSizes"]);
  assertEquals(cycleBasis(projection).dimension, expected["cycleDimension"]);
});

test("spanning forests of a generated graph weigh what those of networkx weigh", () => {
  const projection = graph.project({ undirected: true });
  assertEquals(spanningForest(projection).totalWeight, expected["spanningWeight"]);
  assertEquals(spanningForest(projection, { maximum: true }).totalWeight, expected["maximumSpanningWeight"]);
});
