/** How much of the truth a search finds, and how few candidates it needs for it. */

import { K, type VectorSet } from "./vector_data.ts";

/** Finds places (from 0 on) of the `K` nearest vectors of a query, which is given by its place too. */
export type PlaceSearch = (query: Float32Array, ef: number, queryAt: number) => ArrayLike<number>;

/** Recall that both sides of a comparison must reach. */
export const RECALL = 0.989;

/** Candidates to try. */
const LADDER = [
  ...[10, 12, 14, 16, 18, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 32, 34, 36, 38, 40, 45, 50, 55, 60, 70, 80, 90],
  ...[100, 120, 140, 160, 180, 200, 230, 260, 300, 350, 400, 500, 600],
];

/** How a search is run: with the fewest candidates, and what it finds with them. */
export interface Tuned {
  readonly ef: number;
  readonly recall: number;
}

/** Share of the true nearest ones that are found. */
export function recallOf(set: Pick<VectorSet, "queries" | "truth">, search: PlaceSearch, ef: number): number {
  let hits = 0;
  let possible = 0;
  set.queries.forEach((query, at) => {
    const truth = set.truth[at] as ReadonlySet<number>;
    const found = search(query, ef, at);
    for (let each = 0; each < found.length; each++) if (truth.has(found[each] as number)) hits++;
    possible += Math.min(K, truth.size);
  });
  return hits / possible;
}

/** The first step of the ladder that reaches a recall, or its last one. */
export function fewestCandidates(set: VectorSet, search: PlaceSearch, recall: number = RECALL): Tuned {
  let tuned: Tuned = { ef: 0, recall: 0 };
  for (const ef of LADDER) {
    tuned = { ef, recall: recallOf(set, search, ef) };
    if (tuned.recall >= recall) break;
  }
  return tuned;
}

/** All queries, one after the other. */
export function searchAll({ queries }: VectorSet, search: PlaceSearch, ef: number): void {
  queries.forEach((query, at) => search(query, ef, at));
}

/** As names of measures show it. */
export function described({ ef, recall }: Tuned): string {
  return `ef ${ef}, recall ${recall.toFixed(4)}`;
}
