/** Graphs of the literature. */

import { projectEdges, type Projection } from "../../../lib/projection/mod.ts";

/** Friends in a karate club, by the smaller number: those of member i + 1 are in row i. */
const KARATE_CLUB: readonly (readonly number[])[] = [
  [2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 18, 20, 22, 32],
  [3, 4, 8, 14, 18, 20, 22, 31],
  [4, 8, 9, 10, 14, 28, 29, 33],
  [8, 13, 14],
  [7, 11],
  [7, 11, 17],
  [17],
  [],
  [31, 33, 34],
  [34],
  [],
  [],
  [],
  [34],
  [33, 34],
  [33, 34],
  [],
  [],
  [33, 34],
  [34],
  [33, 34],
  [],
  [33, 34],
  [26, 28, 30, 33, 34],
  [26, 28, 32],
  [32],
  [30, 34],
  [34],
  [32, 34],
  [33, 34],
  [33, 34],
  [33, 34],
  [34],
];

/**
 * Zachary's karate club: 34 members, 78 friendships. W. W. Zachary, An information flow model for conflict and fission in small
 * groups, Journal of Anthropological Research 33, 1977. Members have their numbers there as ids; 1 is the instructor, 34 the officer.
 */
export function karateClub({ undirected = true }: { readonly undirected?: boolean } = {}): Projection {
  const edges = KARATE_CLUB.flatMap((friends, row) => friends.map((friend) => [row + 1, friend] as const));
  return projectEdges({ from: edges.map(([from]) => from), to: edges.map(([, to]) => to), undirected });
}
