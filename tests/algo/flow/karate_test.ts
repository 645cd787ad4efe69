/** The karate club (Zachary, An information flow model for conflict and fission in small groups, 1977). */

import { assert, assertEquals } from "@std/assert";
import {
  dsaturColoring,
  edgeDisjointPaths,
  globalMinCut,
  greedyColoring,
  maxFlow,
  minCut,
  minVertexCut,
  nodeDisjointPaths,
} from "../../../lib/algo/flow/mod.ts";
import { test } from "../../support/test.ts";
import { karateClub } from "../support/known_graphs.ts";

// Answers of networkx 3: edge_connectivity, node_connectivity of the nodes 0 and 33.
const ENDS = { source: 1, sink: 34 };

test("instructor and administrator of the karate club are as far apart as networkx says", () => {
  const club = karateClub();
  assertEquals(maxFlow(club, ENDS).value, 10);
  assertEquals(minCut(club, ENDS).edges.count, 10);
  assertEquals(edgeDisjointPaths(club, ENDS).count, 10);
  assertEquals([nodeDisjointPaths(club, ENDS).count, minVertexCut(club, ENDS).separator.length], [6, 6]);
});

test("member 12 of the karate club has one friend", () => {
  const { value, side } = globalMinCut(karateClub());
  assertEquals([value, [...side]], [1, [12]]);
});

test("the karate club is coloured with five colours, and needs them", () => {
  const club = karateClub();
  assertEquals([dsaturColoring(club).count, greedyColoring(club).count], [5, 5]);
  // The members 1, 2, 3, 4 and 8 are friends of each other.
  const { colors } = dsaturColoring(club);
  assertEquals(new Set([1, 2, 3, 4, 8].map((id) => colors.get(id))).size, 5);
  assert(club.isUndirected);
});
