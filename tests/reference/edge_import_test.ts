/** Edges whose lists were damaged at both ends, and edges of nodes that get other ids. */

import { assert, assertEquals } from "@std/assert";
import { clustersOf } from "../support/reference_writer.ts";
import { test } from "../support/test.ts";
import { edgeNames, edgesOf, fileOf, importCrafted, nodesOf, setEdgeTree } from "./crafted.ts";

test("edges of which only the ends are left in a cut list are named one by one", () => {
  const texts = Array.from({ length: 600 }, () => "1>2 relation");
  const file = fileOf(nodesOf(1, 2, 3));
  const incoming = clustersOf(edgesOf(...texts)).filter(({ direction }) => direction === "in");
  const entries = [...incoming, ...clustersOf(edgesOf("3>3 other"))].map((cluster) => file.plainCluster(cluster));
  setEdgeTree(file, entries, 601);
  const { edges, losses } = importCrafted(file);
  const named = losses("cluster-cut").filter(({ edge }) => edge !== undefined);
  assert(named.every(({ edge }) => edge?.from === 1 && edge.to === 2 && edge.type === undefined));
  assertEquals([edges.length - 1 + named.length, losses("edge-count")], [600, []]);
  assert(edges.length > 100 && named.length > 100, `${edges.length} and ${named.length}`);
});

test("edges that only the other ends' lists have come in the order of their sources", () => {
  const file = fileOf(nodesOf(-5, -1, 1, 2, 3, 4));
  const texts = ["1>2 a", "3>1 b", "-5>1 c", "-1>2 d", "4>-5 e", "2>2 f"];
  const clusters = clustersOf(edgesOf(...texts)).filter(({ node, direction }) =>
    direction === "in" || node === 2 || node === -1
  );
  setEdgeTree(file, clusters.map((cluster) => file.plainCluster(cluster)), texts.length);
  const { edges, losses } = importCrafted(file);
  const ids = new Map(
    losses("node-renumbered").map(({ node, message }) => [node, Number(/as node (\d+)/.exec(message)?.[1] ?? 0)]),
  );
  const [one, five] = [ids.get(-1), ids.get(-5)];
  assertEquals(edges, edgeNames("1>2 a", "3>1 b", `${five}>1 c`, `${one}>2 d`, `4>${five} e`, "2>2 f"));
  assertEquals([losses("edge-count"), losses("edge-end-missing")], [[], []]);
});

test("an edge that one list has more often than the other comes over as often", () => {
  const file = fileOf(nodesOf(1, 2));
  const [out, into] = [clustersOf(edgesOf("1>2 a", "1>2 b")), clustersOf(edgesOf("1>2 a", "1>2 a", "1>2 a"))];
  const clusters = [
    ...out.filter(({ direction }) => direction === "out"),
    ...into.filter(({ direction }) => direction === "in"),
  ];
  setEdgeTree(file, clusters.map((cluster) => file.plainCluster(cluster)), 4);
  assertEquals(importCrafted(file).edges, edgeNames("1>2 a", "1>2 a", "1>2 a", "1>2 b"));
});
