/** Edges in files that versions, crashes and defects of the reference left behind. */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { clustersOf } from "../support/reference_writer.ts";
import { clusterBytes, edgeKey, packedPage, PAGE_SIZE } from "../support/reference_writer_pages.ts";
import { edgeMetaBytes, logBytes } from "../support/reference_writer_sidecars.ts";
import { test } from "../support/test.ts";
import { addEdges, edgeNames, edgesOf, fileOf, importCrafted, nodesOf, setEdgeTree } from "./crafted.ts";

test("plain, packed and chained lists of one file come over together", () => {
  const file = fileOf(nodesOf(1, 2, 3, 4));
  const many = Array.from({ length: 500 }, (_, index) => `3>${1 + index % 4} relation ${index % 7}`);
  const texts = ["1>2 calls", "1>3", "2>2 self", ...many];
  const clusters = clustersOf(edgesOf(...texts));
  const [plain, packed] = [clusters.slice(0, 3), clusters.slice(3)];
  const entries = [...plain.map((cluster) => file.plainCluster(cluster)), ...file.packedClusters(packed)];
  setEdgeTree(file, entries, texts.length);
  const { edges, report } = importCrafted(file);
  assertEquals(edges, edgeNames(...texts));
  assertEquals(report.losses, []);
});

test("lists of every version of their layout come over", () => {
  for (const version of [0, 1, 2, 3] as const) {
    const file = fileOf(nodesOf(1, 2, 3));
    const texts = ["1>2 calls", "1>3", "3>1 a type", "2>2 self", "1>2 calls"];
    setEdgeTree(file, clustersOf(edgesOf(...texts)).map((cluster) => file.plainCluster(cluster, version)), 5);
    const { edges, report } = importCrafted(file);
    assertEquals(edges, edgeNames(...texts));
    assertEquals(report.losses, [], `version ${version}`);
  }
});

test("old and weighted records of one list come over, also a type of 128 bytes", () => {
  const file = fileOf(nodesOf(1, 2));
  const long = "t".repeat(128);
  const list = [
    { neighbor: 2, type: long, form: "plain" },
    { neighbor: 2, type: long, form: "weighted" },
    { neighbor: 2, type: "", form: "weighted" },
    { neighbor: 2, type: "old", form: "plain" },
    { neighbor: 2, type: "heavy", form: "weighted", weight: 2.5 },
  ] as const;
  const entries = file.packedClusters([
    { node: 1, direction: "out", edges: list },
    { node: 2, direction: "in", edges: list.map((edge) => ({ ...edge, neighbor: 1 })) },
  ]);
  setEdgeTree(file, entries, list.length);
  const { edges } = importCrafted(file);
  const heavy = `${edgeNames("1>2 heavy")[0]} {"weight":2.5}`;
  assertEquals(edges, [...edgeNames(`1>2 ${long}`, `1>2 ${long}`, "1>2", "1>2 old"), heavy].sort());
});

test("an edge that one side lost comes over from the other", () => {
  for (const lost of ["out", "in"] as const) {
    const file = fileOf(nodesOf(1, 2, 3));
    const texts = ["1>2 a", "1>2 a", "1>3 b", "2>3 a"];
    // A later flush wrote the lists of node 1 and 3 again with the last edge alone.
    const clusters = clustersOf(edgesOf(...texts)).map((cluster) =>
      cluster.direction === lost ? { ...cluster, edges: cluster.edges.slice(-1) } : cluster
    );
    setEdgeTree(file, clusters.map((cluster) => file.plainCluster(cluster)), texts.length);
    const { edges, losses } = importCrafted(file);
    assertEquals(edges, edgeNames(...texts));
    assertEquals(losses("edge-count"), []);
  }
});

test("random lists that lost edges on either side complete each other", () => {
  const lost = fc.array(fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }), fc.nat(2)), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(lost, fc.boolean(), (rows, isPacked) => {
      const file = fileOf(nodesOf(...Array.from({ length: 12 }, (_, index) => index + 1)));
      // One edge of each pair at most: of parallel ones the longer list counts.
      const sides = new Map(rows.map(([from, to, side]) => [`${from}>${to} t`, side]));
      const without = (side: number) => [...sides].filter(([, lostOn]) => lostOn !== side).map(([text]) => text);
      const clusters = [
        ...clustersOf(edgesOf(...without(1))).filter(({ direction }) => direction === "out"),
        ...clustersOf(edgesOf(...without(2))).filter(({ direction }) => direction === "in"),
      ];
      const entries = isPacked ? file.packedClusters(clusters) : clusters.map((cluster) => file.plainCluster(cluster));
      setEdgeTree(file, entries, sides.size);
      const { edges, report } = importCrafted(file);
      assertEquals([edges, report.losses], [edgeNames(...sides.keys()), []]);
    }),
    { numRuns: 60 },
  );
});

test("edges that both sides lost are told as a count", () => {
  const file = fileOf(nodesOf(1, 2, 3));
  addEdges(file, edgesOf("1>2 a", "2>3 b"));
  file.header.edgeCount = 6;
  const { edges, losses } = importCrafted(file);
  assertEquals(edges, edgeNames("1>2 a", "2>3 b"));
  assertEquals(losses("edge-count").map(({ count }) => count), [4]);
});

test("a list under another node's key is not that node's", () => {
  const file = fileOf(nodesOf(1, 2, 3, 4));
  const entries = clustersOf(edgesOf("1>2 a", "3>4 b")).map((cluster) => file.plainCluster(cluster));
  // The list of node 3 overwrote that of node 1 in its page.
  const [one, , three] = entries;
  if (one === undefined || three === undefined) throw new Error("two lists");
  file.writeAt(file.edgeOffsetOf(one[1]), file.slice(file.edgeOffsetOf(three[1]), 40));
  setEdgeTree(file, entries, 2);
  const { edges, losses } = importCrafted(file);
  assertEquals(edges, edgeNames("1>2 a", "3>4 b"));
  assertEquals(losses("cluster-foreign").map(({ page }) => page), [one[1]]);
});

test("a plain list over a shared page hides the page's other lists, which the other sides bring back", () => {
  const file = fileOf(nodesOf(1, 2, 3));
  const [out, ...rest] = clustersOf(edgesOf("1>2 a", "1>3 b"));
  if (out === undefined) throw new Error("a list");
  const entries = [...file.packedClusters([out]), ...file.packedClusters(rest)];
  const page = entries[0]?.[1] as number;
  const foreign = clustersOf(edgesOf("3>3 new"))[0];
  if (foreign === undefined) throw new Error("a list");
  file.writeAt(file.edgeOffsetOf(page), clusterBytes(foreign, 3, "plain"));
  setEdgeTree(file, [...entries, [edgeKey(3, "out"), page]], 3);
  const { edges, losses } = importCrafted(file);
  assertEquals(edges, edgeNames("1>2 a", "1>3 b", "3>3 new"));
  assert(losses("cluster-foreign").length > 0);
});

test("a list that ran over its page comes back from the other sides", () => {
  const texts = Array.from({ length: 400 }, (_, index) => `1>${2 + index % 20} relation`);
  const file = fileOf(nodesOf(...Array.from({ length: 21 }, (_, index) => index + 1)));
  const [out, ...rest] = clustersOf(edgesOf(...texts));
  if (out === undefined) throw new Error("a list");
  // Written first: the next pages overwrite what ran over.
  const entries = [file.plainCluster(out), ...rest.map((cluster) => file.plainCluster(cluster))];
  setEdgeTree(file, entries, texts.length);
  const { edges, report } = importCrafted(file);
  assertEquals(edges, edgeNames(...texts));
  assert(report.losses.every(({ code }) => code === "cluster-cut"), report.losses.map(({ code }) => code).join());
});

test("a list whose second page nobody overwrote is read to its end", () => {
  const texts = Array.from({ length: 400 }, (_, index) => `1>${1 + index % 2} relation`);
  const file = fileOf(nodesOf(1, 2));
  const [out] = clustersOf(edgesOf(...texts));
  if (out === undefined) throw new Error("a list");
  const entry = file.plainCluster(out);
  file.allocate(2);
  setEdgeTree(file, [entry], texts.length);
  const { edges } = importCrafted(file);
  assertEquals(edges, edgeNames(...texts));
});

test("a list that lies about its number of edges costs no memory and is named", () => {
  for (const count of [0xffffffff, 1000]) {
    const file = addEdges(fileOf(nodesOf(1, 2, 3)), edgesOf("1>2 a", "2>3 b"));
    const page = 2 + 2;
    assertEquals(file.slice(file.edgeOffsetOf(page), 1)[0], 3);
    file.writeAt(file.edgeOffsetOf(page) + 10, Uint8Array.of(count >>> 24, count >>> 16, count >>> 8, count));
    const { edges, report } = importCrafted(file);
    assertEquals(edges, edgeNames("1>2 a", "2>3 b"));
    assert(report.losses.some(({ page: place }) => place === page));
  }
});

test("a chain of pages that runs in a circle or leaves the file ends, and is named", () => {
  for (const next of [0, 1, 4, 1 << 30]) {
    const file = fileOf(nodesOf(1, 2));
    const texts = Array.from({ length: 900 }, (_, index) => `1>${1 + index % 2} relation`);
    const [out] = clustersOf(edgesOf(...texts));
    if (out === undefined) throw new Error("a list");
    const entry = file.chain(out);
    const field = new DataView(new ArrayBuffer(8));
    field.setBigUint64(0, BigInt(next === 4 ? entry[1] : next));
    file.writeAt(file.edgeOffsetOf(entry[1]) + 8, new Uint8Array(field.buffer));
    setEdgeTree(file, [entry], texts.length);
    const { report } = importCrafted(file);
    assert(report.losses.some(({ code }) => code.startsWith("cluster-")), `next page ${next}`);
  }
});

test("an edge whose end does not exist is named with ends and type", () => {
  const file = addEdges(fileOf(nodesOf(1, 2)), edgesOf("1>2 a", "1>9 b", "9>2 c", "8>9 d"));
  const { edges, losses } = importCrafted(file);
  assertEquals(edges, edgeNames("1>2 a"));
  const named = losses("edge-end-missing").map(({ edge }) => `${edge?.from}>${edge?.to} ${edge?.type}`);
  assertEquals(named.sort(), ["1>9 b", "8>9 d", "9>2 c"]);
});

test("untyped edges and types with NUL come over and are counted as unusual", () => {
  const file = addEdges(fileOf(nodesOf(1, 2)), edgesOf("1>2", "1>2  ", "2>1 a\0b"));
  const { edges, report } = importCrafted(file);
  assertEquals(edges, edgeNames("1>2", "1>2  ", "2>1 a\0b"));
  assertEquals([report.unusual.blankTerms, report.unusual.nulTexts], [2, 1]);
});

test("properties come to every edge of their ends and type, and a weight where there are none", () => {
  const file = fileOf(nodesOf(1, 2));
  const written = [
    { from: 1, to: 2, type: "a", weight: 0.5 },
    { from: 1, to: 2, type: "a", weight: 0.5 },
    { from: 1, to: 2, type: "b", weight: 0.25 },
  ];
  setEdgeTree(file, file.packedClusters(clustersOf(written)), 3);
  const rows = [{ from: 1, to: 2, type: "a", data: '{"weight":0.5,"note":"x"}' }];
  const { edges } = importCrafted(file, { properties: { nodes: nodesOf(1, 2), edges: rows } });
  const a = `${edgeNames("1>2 a")[0]} {"note":"x","weight":0.5}`;
  assertEquals(edges, [a, a, `${edgeNames("1>2 b")[0]} {"weight":0.25}`]);
});

test("edges of the property sidecar come back while the header counts more than the file has", () => {
  const rows = edgesOf("1>2 a", "2>1 b", "1>9 c");
  const file = addEdges(fileOf(nodesOf(1, 2)), edgesOf("1>2 a"));
  file.header.edgeCount = 3;
  const { edges, losses } = importCrafted(file, { properties: { nodes: nodesOf(1, 2), edges: rows } });
  assertEquals(edges, edgeNames("1>2 a", "2>1 b"));
  const named = [...losses("edge-end-missing"), ...losses("edge-only-in-properties")];
  assert(named.some(({ edge }) => edge?.from === 1 && edge.to === 9));
});

test("edges of a stale property sidecar are named and do not come back", () => {
  const file = addEdges(fileOf(nodesOf(1, 2)), edgesOf("1>2 a"));
  const rows = edgesOf("1>2 a", "2>1 old");
  const { edges, losses } = importCrafted(file, { properties: { nodes: nodesOf(1, 2), edges: rows } });
  assertEquals(edges, edgeNames("1>2 a"));
  assertEquals(losses("edge-only-in-properties").map(({ edge }) => edge?.type), ["old"]);
});

test("an edge that only the log knows is named, its type is not known", () => {
  const file = addEdges(fileOf(nodesOf(1, 2)), edgesOf("1>2 a"));
  file.header.edgeCount = 2;
  const log = logBytes([
    { record: "edge", from: 1, to: 2, direction: "out" },
    { record: "edge", from: 2, to: 1, direction: "in" },
    { record: "edge", from: 2, to: 1, direction: "out" },
    { record: "edge", from: 1, to: 2, direction: "in" },
  ]);
  const { edges, losses } = importCrafted(file, { sidecars: { v3wal: log } });
  assertEquals(edges, edgeNames("1>2 a"));
  const named = losses("edge-only-in-log").map(({ edge }) => [edge?.from, edge?.to, edge?.type]);
  assertEquals(named, [[2, 1, undefined]]);
});

test("lists that the tree does not reach come back with salvage", () => {
  const file = fileOf(nodesOf(1, 2, 3, 4));
  for (const cluster of clustersOf(edgesOf("3>4 orphan"))) file.plainCluster(cluster);
  addEdges(file, edgesOf("1>2 a"));
  file.header.edgeCount = 2;
  const plain = importCrafted(file);
  assertEquals(plain.edges, edgeNames("1>2 a"));
  assert(plain.losses("cluster-orphaned").length > 0);
  const salvaged = importCrafted(file, { salvage: true });
  assertEquals(salvaged.edges, edgeNames("1>2 a", "3>4 orphan"));
  assertEquals(salvaged.report.salvaged.edges, 1);
});

test("old copies of lists in shared pages do not come back as further edges", () => {
  const file = fileOf(nodesOf(1, 2, 3));
  file.packedClusters(clustersOf(edgesOf("1>2 a")));
  setEdgeTree(file, file.packedClusters(clustersOf(edgesOf("1>2 a", "1>3 b"))), 2);
  for (const salvage of [false, true]) {
    assertEquals(importCrafted(file, { salvage }).edges, edgeNames("1>2 a", "1>3 b"));
  }
});

test("a root of the edge tree that leads elsewhere does not hide the edges", () => {
  const file = addEdges(fileOf(nodesOf(1, 2, 3)), edgesOf("1>2 a", "2>3 b"));
  const nodeLeaf = file.header.nodeRoot as number;
  // The sidecar overrides the header in the reference; here it is of another database.
  for (const root of [nodeLeaf, 999, 1n << 63n, 0, (1n << 64n) - 1n]) {
    const sidecars = { v3edgemeta: edgeMetaBytes(root, 1) };
    const plain = importCrafted(file, { sidecars });
    assert(plain.edges.length === 2 || plain.report.losses.length > 0, `root ${root} hides edges`);
    assertEquals(importCrafted(file, { sidecars, salvage: true }).edges, edgeNames("1>2 a", "2>3 b"), `root ${root}`);
  }
});

test("the sidecar's root counts when the header's is that of a version without edges", () => {
  const file = addEdges(fileOf(nodesOf(1, 2)), edgesOf("1>2 a"));
  const root = file.header.edgeRoot;
  Object.assign(file.header, { nodeDataOffset: 112, edgeRoot: 112, totalPages: 0 });
  const { edges } = importCrafted(file, { sidecars: { v3edgemeta: edgeMetaBytes(root, 1) } });
  assertEquals(edges, edgeNames("1>2 a"));
});

test("large pages in the header do not hide lists that were written at places of small ones", () => {
  const file = fileOf(nodesOf(1, 2, 3));
  setEdgeTree(file, file.packedClusters(clustersOf(edgesOf("1>2 a", "2>3 b"))), 2);
  file.header.pageSize = 16384;
  const bytes = new Uint8Array(file.toBytes().length + 4 * PAGE_SIZE);
  bytes.set(file.toBytes());
  for (const salvage of [false, true]) {
    const { edges, report } = importCrafted(bytes, { salvage });
    const isNamed = report.losses.some(({ code }) => code.startsWith("cluster-"));
    assert(salvage ? edges.length === 2 : edges.length === 2 || isNamed, `${edges.length} edges`);
  }
});

test("the first of two slots with one key counts", () => {
  const file = fileOf(nodesOf(1, 2, 3));
  const clusters = [...clustersOf(edgesOf("1>2 a")), ...clustersOf(edgesOf("1>3 b")).slice(0, 1)];
  const page = file.allocateForEdges();
  const slots = clusters.map((cluster) => ({ cluster, bytes: clusterBytes(cluster, 3, "weighted") }));
  file.writeAt(file.edgeOffsetOf(page), packedPage(slots, PAGE_SIZE) as Uint8Array);
  setEdgeTree(file, [[edgeKey(1, "out"), page], [edgeKey(2, "in"), page]], 1);
  assertEquals(importCrafted(file).edges, edgeNames("1>2 a"));
});
