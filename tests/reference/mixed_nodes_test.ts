/** Nodes in files that versions, crashes and defects of the reference left behind. */

import { assert, assertEquals } from "@std/assert";
import { ReferenceFile } from "../support/reference_writer_file.ts";
import { leafPage, nodePayload } from "../support/reference_writer_pages.ts";
import { indexBytes } from "../support/reference_writer_sidecars.ts";
import { test } from "../support/test.ts";
import { addEdges, edgeNames, edgesOf, fileOf, importCrafted, nodesOf, setNodeTree, textsOf } from "./crafted.ts";

const encode = (text: string) => new TextEncoder().encode(text);

test("an empty database comes over as nothing, without losses", () => {
  const { nodes, edges, report } = importCrafted(new ReferenceFile());
  assertEquals([nodes, edges, report.losses, report.lossCount], [[], [], [], 0]);
});

test("gaps in the ids and more nodes than the header counts come over", () => {
  const file = fileOf(nodesOf(1, 7, 300, 70_000, 5_000_000_000));
  file.header.nodeCount = 3;
  const { nodes } = importCrafted(file);
  assertEquals(nodes, textsOf(1, 7, 300, 70_000, 5_000_000_000));
});

test("fewer nodes than the header counts are told as a count", () => {
  const file = fileOf(nodesOf(1, 2));
  file.header.nodeCount = 5;
  const { nodes, losses } = importCrafted(file);
  assertEquals(nodes, textsOf(1, 2));
  assertEquals(losses("node-count").map(({ count }) => count), [3]);
});

test("negative ids come over under other ids, with their edges", () => {
  const file = fileOf([...nodesOf(-5), ...nodesOf(1, 2)]);
  addEdges(file, edgesOf("-5>1 a", "2>-5 b", "-5>-5 c"));
  const { nodes, edges, losses } = importCrafted(file);
  const renumbered = losses("node-renumbered");
  assertEquals(renumbered.map(({ node }) => node), [-5]);
  const found = nodes.find((text) => text.endsWith(' N n-5 {"i":-5}'));
  assert(found !== undefined, nodes.join());
  const id = Number.parseInt(found);
  assert(id > 2 && (renumbered[0]?.message ?? "").includes(String(id)));
  assertEquals(edges, edgeNames(`${id}>1 a`, `2>${id} b`, `${id}>${id} c`));
});

test("ids beyond 2^53 come over under other ids", () => {
  const { nodes, losses } = importCrafted(fileOf([...nodesOf(1), ...nodesOf((1n << 53n) + 1n)]));
  assertEquals(nodes.length, 2);
  assertEquals(losses("node-renumbered").map(({ node }) => node), [(1n << 53n) + 1n]);
});

test("a key whose page has no such record is named, and the others come over", () => {
  const file = new ReferenceFile();
  const entries = file.nodes(nodesOf(1, 2, 4));
  const page = entries[0]?.[1] as number;
  setNodeTree(file, [...entries, [3n, page]]);
  const { nodes, losses } = importCrafted(file);
  assertEquals(nodes, textsOf(1, 2, 4));
  assertEquals(losses("node-missing").map(({ node }) => node), [3]);
});

test("a key without a record comes back from the property sidecar, unless it is deleted there", () => {
  const file = new ReferenceFile();
  const entries = file.nodes(nodesOf(1, 2));
  const page = entries[0]?.[1] as number;
  setNodeTree(file, [...entries, [3n, page], [4n, page]]);
  const [three, four] = nodesOf(3, 4);
  if (three === undefined || four === undefined) throw new Error("two nodes");
  const rows = [...nodesOf(1, 2), three, { ...four, deletedVersion: 9 }];
  const { nodes, losses } = importCrafted(file, { properties: { nodes: rows } });
  assertEquals(nodes, textsOf(1, 2, 3));
  assertEquals(losses("node-missing").map(({ node }) => node), [4]);
});

test("a row of the property sidecar without a key is not a node: it is named", () => {
  const { nodes, losses } = importCrafted(fileOf(nodesOf(1)), { properties: { nodes: nodesOf(1, 8) } });
  assertEquals(nodes, textsOf(1));
  assertEquals(losses("node-not-restored").map(({ node }) => node), [8]);
});

test("a key that leads to a page of another sort is named, and the others come over", () => {
  const file = new ReferenceFile();
  const entries = file.nodes(nodesOf(1, 2));
  const payload = file.allocate();
  file.writeAt(file.offsetOf(payload), nodePayload("K", "n", `"${"x".repeat(3000)}"`));
  const leaf = file.allocate();
  file.writePage(leaf, leafPage(leaf, [[3n, 2]], 0, true));
  setNodeTree(file, [...entries, [3n, payload], [4n, leaf], [5n, 999], [6n, 0], [7n, 1]]);
  const { nodes, report } = importCrafted(file);
  assertEquals(nodes, textsOf(1, 2));
  for (const id of [3, 4, 5, 6, 7]) assert(report.losses.some(({ node }) => node === id), `node ${id}`);
});

test("a damaged root hides the nodes; salvage finds them and says so", () => {
  const file = addEdges(fileOf(nodesOf(1, 2, 3)), edgesOf("1>2 a", "2>3 b"));
  const root = file.header.nodeRoot as number;
  file.slice(file.offsetOf(root) + 40, 1).fill(0x55);
  const plain = importCrafted(file);
  assertEquals([plain.nodes, plain.edges], [[], []]);
  assertEquals(plain.losses("page-unreadable").map(({ page }) => page), [root]);
  assertEquals(plain.losses("edge-end-missing").length, 2);
  const { nodes, edges, report } = importCrafted(file, { salvage: true });
  assertEquals(nodes, textsOf(1, 2, 3));
  assertEquals(edges, edgeNames("1>2 a", "2>3 b"));
  assertEquals(report.salvaged.nodes, 3);
});

test("of two records with one id the one that the tree leads to comes over, and the other is named", () => {
  const file = new ReferenceFile();
  file.nodes([{ id: 1, kind: "Old", name: "first session", data: "{}" }, ...nodesOf(2)]);
  const again = file.nodes([{ id: 1, kind: "New", name: "second session", data: "{}" }]);
  setNodeTree(file, [...again, [2n, 2]]);
  for (const salvage of [false, true]) {
    const { nodes, report } = importCrafted(file, { salvage });
    assertEquals(nodes, ["1 New second session {}", ...textsOf(2)]);
    const named = report.losses.filter(({ code }) => code === "node-duplicate" || code === "node-orphaned");
    assertEquals(named.map(({ node }) => node), [1]);
  }
});

test("of two records with one id in one page the first one comes over, and the other is named", () => {
  const file = new ReferenceFile();
  const page = file.nodePage([
    { id: 1, payload: nodePayload("N", "first", "{}") },
    { id: 2, payload: nodePayload("N", "n2", '{"i":2}') },
    { id: 1, payload: nodePayload("N", "second", "{}") },
  ]);
  setNodeTree(file, [[1n, page], [2n, page]]);
  const { nodes, losses } = importCrafted(file);
  assertEquals(nodes, ["1 N first {}", ...textsOf(2)]);
  assertEquals(losses("node-duplicate").map(({ node }) => node), [1]);
});

test("a record that the tree does not reach comes back with salvage, a deleted one never", () => {
  const file = new ReferenceFile();
  const page = file.nodePage([
    { id: 1, payload: nodePayload("N", "n1", '{"i":1}') },
    { id: 2, flags: 1, payload: nodePayload("N", "n2", '{"i":2}') },
    { id: 3, payload: nodePayload("N", "n3", '{"i":3}') },
  ]);
  setNodeTree(file, [[1n, page]]);
  const plain = importCrafted(file);
  assertEquals(plain.nodes, textsOf(1));
  assertEquals(plain.losses("node-orphaned").map(({ node }) => node), [3]);
  const salvaged = importCrafted(file, { salvage: true });
  assertEquals(salvaged.nodes, textsOf(1, 3));
  assertEquals(salvaged.report.salvaged.nodes, 1);
});

test("kind and name that an update dropped come from a sidecar or are named; the data comes over", () => {
  for (const data of ["{}", "null", '{"upd":1}', `"${"a".repeat(58)}"`, "[1,2,3]"]) {
    const file = new ReferenceFile();
    const page = file.nodePage([
      { id: 1, payload: nodePayload("N", "n1", '{"i":1}') },
      { id: 2, payload: encode(data) },
    ]);
    setNodeTree(file, [[1n, page], [2n, page]]);
    const alone = importCrafted(file);
    assertEquals(alone.losses("node-kind-lost").map(({ node }) => node), [2], data);
    assert(alone.nodes[1]?.endsWith(data), `${data} became ${alone.nodes[1]}`);
    const row = { id: 2, kind: "Kept", name: "kept", data };
    const repaired = importCrafted(file, { properties: { nodes: [...nodesOf(1), row] } });
    assertEquals([repaired.nodes[1], repaired.report.losses], [`2 Kept kept ${data}`, []]);
    const index = indexBytes([...nodesOf(1), { ...row, kind: "Before" }], 2);
    const indexed = importCrafted(file, { sidecars: { v3index: index } });
    assertEquals(indexed.nodes[1], `2 Before kept ${data}`);
    assertEquals(indexed.losses("node-kind-lost").map(({ node }) => node), [2]);
  }
});

test("a payload whose stored length wrapped comes over whole", () => {
  for (const length of [32_768, 40_000, 100_000]) {
    const text = "x".repeat(length - nodePayload("Long", "text", '""').length);
    const long = { id: 1, kind: "Long", name: "text", data: `"${text}"` };
    const { nodes } = importCrafted(fileOf([long, ...nodesOf(2)]));
    assertEquals(nodes[1], textsOf(2)[0]);
    assert(nodes[0] === `1 Long text "${text}"`, `${length}: ${nodes[0]?.slice(0, 40)}`);
  }
});

test("a payload outside the file is named with its node", () => {
  const file = new ReferenceFile();
  const page = file.nodePage([
    { id: 1, payload: nodePayload("N", "n1", '{"i":1}') },
    { id: 2, payload: { offset: 1 << 30, length: 90 } },
    { id: 3, payload: { offset: Number.MAX_SAFE_INTEGER, length: 90 } },
  ]);
  setNodeTree(file, [[1n, page], [2n, page], [3n, page]]);
  const { nodes, losses } = importCrafted(file);
  assertEquals(nodes, textsOf(1));
  assertEquals(losses("node-unreadable").map(({ node }) => node), [2, 3]);
});

test("payloads that share a page, end with the file or fill a record come over", () => {
  const file = new ReferenceFile();
  const place = file.offsetOf(file.allocate());
  const [a, b] = [nodePayload("N", "a", "1"), nodePayload("N", "b", "2")];
  file.writeAt(place, a);
  file.writeAt(place + a.length, b);
  const long = `"${"y".repeat(4051 - nodePayload("N", "c", '""').length)}"`;
  const [first, second] = [
    file.nodePage([
      { id: 1, payload: { offset: place, length: a.length } },
      { id: 2, payload: { offset: place + a.length, length: b.length } },
    ]),
    file.nodePage([{ id: 3, payload: nodePayload("N", "c", long) }]),
  ];
  const last = file.nodes([{ id: 4, kind: "N", name: "d", data: `"${"z".repeat(500)}"` }]);
  setNodeTree(file, [[1n, first], [2n, first], [3n, second], ...last]);
  const { nodes, report } = importCrafted(file);
  assertEquals(nodes.slice(0, 2), ["1 N a 1", "2 N b 2"]);
  assertEquals(nodes.slice(2).map((text) => text.length), [`3 N c ${long}`.length, '4 N d ""'.length + 500]);
  assertEquals(report.losses, []);
});

test("leaves that a stale root has lost are found through the chain of leaves", () => {
  const file = new ReferenceFile();
  const entries = file.nodes(nodesOf(1, 2, 3, 4));
  const [left, right] = [file.allocate(), file.allocate()];
  file.writePage(left, leafPage(left, entries.slice(0, 2), right, true));
  file.writePage(right, leafPage(right, entries.slice(2), 0, false));
  Object.assign(file.header, { nodeRoot: left, nodeTreeHeight: 1, nodeCount: 4 });
  assertEquals(importCrafted(file).nodes, textsOf(1, 2, 3, 4));
});

test("a chain of leaves that runs in a circle, or ends early, does no harm", () => {
  for (const next of ["first", "none"] as const) {
    const file = new ReferenceFile();
    const entries = file.nodes(nodesOf(1, 2, 3, 4));
    const { root } = file.tree(entries, { fanout: 3 });
    const leaf = root - 2;
    file.writePage(leaf, leafPage(leaf, entries.slice(0, 3), next === "none" ? 0 : leaf, false));
    Object.assign(file.header, { nodeRoot: root, nodeTreeHeight: 2, nodeCount: 4 });
    assertEquals(importCrafted(file).nodes, textsOf(1, 2, 3, 4));
  }
});

test("a node tree that is higher than the reference opens comes over", () => {
  const file = new ReferenceFile();
  const ids = Array.from({ length: 300 }, (_, index) => index + 1);
  const { root, height } = file.tree(file.nodes(nodesOf(...ids)), { fanout: 3 });
  assert(height > 4);
  Object.assign(file.header, { nodeRoot: root, nodeTreeHeight: height, nodeCount: 300 });
  assertEquals(importCrafted(file).nodes.length, 300);
});

test("a kind of more than 255 bytes comes over or is named", () => {
  const kind = "k".repeat(300);
  const payload = Uint8Array.of(300 % 256, ...encode(kind), 4, ...encode('name{"a":1}'));
  const file = new ReferenceFile();
  const page = file.nodePage([{ id: 1, payload: file.external(payload) }]);
  setNodeTree(file, [[1n, page]]);
  const { nodes, report } = importCrafted(file);
  assertEquals(nodes.length, 1);
  assert(nodes[0] === `1 ${kind} name {"a":1}` || report.losses.some(({ node }) => node === 1), nodes[0]);
});

test("data that is no JSON is named and becomes an empty object", () => {
  const file = fileOf([{ id: 1, kind: "N", name: "n", data: "{broken" }, ...nodesOf(2)]);
  const { nodes, losses } = importCrafted(file);
  assertEquals(nodes, ["1 N n {}", ...textsOf(2)]);
  assertEquals(losses("node-data-damaged").map(({ node }) => node), [1]);
});
