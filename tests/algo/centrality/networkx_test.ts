/** Answers of networkx for a generated graph; see `tests/fixtures/algo/README.md`. */

import { readFileSync } from "node:fs";
import {
  betweennessCentrality,
  closenessCentrality,
  degreeCentrality,
  edgeBetweenness,
  eigenvectorCentrality,
  harmonicCentrality,
  hits,
  katzCentrality,
  pageRank,
} from "../../../lib/algo/centrality/mod.ts";
import { kronecker } from "../../../lib/algo/generate/mod.ts";
import { test } from "../../support/test.ts";
import { assertNear } from "./oracle.ts";

const FILE = new URL("../../fixtures/algo/centrality_kronecker.json", import.meta.url);
const answers = JSON.parse(readFileSync(FILE, "utf8")) as Record<string, Record<string, number[]>>;
const graph = kronecker({ scale: 6, edgeFactor: 4, seed: 7 }).withWeights({ max: 9 });

for (const name of ["directed", "undirected"]) {
  const expected = answers[name] as Record<string, number[]>;
  const projection = graph.project({ undirected: name === "undirected", simple: true });
  const exact = { tolerance: 1e-13, maxIterations: 10_000 };
  const check = (found: { readonly values: ArrayLike<number> }, member: string, by = 1e-8): void =>
    assertNear(found.values, expected[member] as number[], by);

  test(`distances in a generated ${name} graph are those of networkx`, () => {
    check(betweennessCentrality(projection), "betweenness");
    check(betweennessCentrality(projection, { weighted: true, normalized: false }), "weightedBetweenness");
    check({ values: edgeBetweenness(projection).scores }, "edgeBetweenness");
    check(closenessCentrality(projection), "closeness");
    check(closenessCentrality(projection, { corrected: false }), "plainCloseness");
    check(closenessCentrality(projection, { weighted: true }), "weightedCloseness");
    check(harmonicCentrality(projection), "harmonic");
    check(degreeCentrality(projection), "degree");
  });

  test(`scores in a generated ${name} graph are those of networkx`, () => {
    check(pageRank(projection, exact), "pageRank");
    check(pageRank(projection, { ...exact, weighted: true }), "weightedPageRank");
    check(pageRank(projection, { ...exact, starts: [3, 5], startWeights: [1, 3] }), "personalPageRank");
    check(eigenvectorCentrality(projection, exact), "eigenvector");
    check(eigenvectorCentrality(projection, { ...exact, weighted: true }), "weightedEigenvector");
    check(katzCentrality(projection, { ...exact, alpha: 0.02 }), "katz");
    const { hubs, authorities } = hits(projection, { ...exact, weighted: true });
    check(hubs, "hubs", 1e-7);
    check(authorities, "authorities", 1e-7);
  });
}
