import { assert, assertEquals } from "@std/assert";
import type { KeyValue } from "../../lib/backend/key_value.ts";
import { MemoryFileSystem } from "../../lib/v3/memory_file_system.ts";
import { V3Backend, type V3Database } from "../../lib/v3/mod.ts";
import { test } from "../support/test.ts";
import {
  FormatGraph,
  type FormatIndex,
  type FormatVector,
  hex,
  readHistory,
  readTags,
  textKey,
  valueText,
} from "./format_graph.ts";
import { readCopy, readLog, RedoneGraph } from "./format_log.ts";
import { FormatPages, type Root } from "./format_pages.ts";
import { cellOf, columnOf, type Table, tableOf, TABLES } from "./format_tables.ts";

const PATH = "/test.graph";
const START_MS = 1_700_000_000_000;
const UTF8 = new TextEncoder();

/** A database on files in memory, whose clock moves on with every call. */
function openAt(fileSystem: MemoryFileSystem): V3Database {
  let nowMs = START_MS;
  return V3Backend.open(PATH, { fileSystem, cacheBytes: 4 * 1024 * 1024, clock: () => nowMs++ });
}

function bytesOf(fileSystem: MemoryFileSystem, path: string): Uint8Array {
  const file = fileSystem.open(path, "read");
  const bytes = new Uint8Array(file.size());
  file.read(bytes, 0);
  file.close();
  return bytes;
}

/** Nodes, edges and key-values of every form that the document knows. */
function fill(db: V3Database): void {
  db.transaction((tx) => {
    const nodes: number[] = [];
    for (let index = 0; index < 600; index++) {
      const data = { text: "x".repeat(index % 3 === 0 ? 800 : index % 40) };
      nodes.push(tx.insertNode({ kind: `Kind${index % 3}`, name: `name ${index}`, data }));
    }
    const [first, second, third] = nodes as [number, number, number];
    for (let index = 0; index < 2_500; index++) {
      const from = index % 3 === 0 ? first : nodes[(index * 7) % 600] as number;
      const to = nodes[(index * 13) % 600] as number;
      tx.insertEdge({ from, to, type: `TYPE${index % 5}`, data: index % 11 === 0 ? { index } : {} });
    }
    tx.insertEdge({ from: second, to: third, type: "LONG", data: { text: "y".repeat(5_000) } });
    for (const node of nodes.slice(100, 110)) tx.deleteNode(node);
  });
  db.insertNode({
    kind: "Odd",
    name: "",
    filePath: "a/b.ts",
    labels: ["Zeta", "Alpha"],
    data: { list: [1, "ü", null] },
  });
  db.insertNode({ kind: "k".repeat(1_500), name: "long data", data: { text: "z".repeat(9_000) } });
  db.insertNode({ kind: "Odd", name: "n".repeat(700), filePath: "p".repeat(900), labels: ["Alpha"] });
  fillKeys(db);
  fillVectors(db);
}

/** An index that was dropped, and two with vectors of one and of some parts. */
function fillVectors(db: V3Database): void {
  db.createVectorIndex("dropped", { dimension: 2 });
  db.dropVectorIndex("dropped");
  db.createVectorIndex("small", { dimension: 3, metric: "dot", m: 5, efConstruction: 70, efSearch: 9, seed: 2 ** 31 });
  db.createVectorIndex("größer", { dimension: 600, metric: "manhattan", storage: "i8" });
  for (const nodeId of [...db.nodeIds()].slice(0, 50)) {
    db.setVector("small", nodeId, [nodeId, -0.5, 9e16]);
    db.setVector("größer", nodeId, Float32Array.from({ length: 600 }, (_, at) => nodeId + at / 3));
  }
}

const METRICS = ["cosine", "euclidean", "dot", "manhattan"];
const STORAGES = ["f32", "f16", "i8"];

/** What was read of vectors has to be what the database answers. */
function assertVectors(indexes: readonly FormatIndex[], vectors: readonly FormatVector[], db: V3Database): void {
  const info = ({ number: _, metric, storage, engine, count, ...rest }: FormatIndex): unknown => ({
    ...rest,
    metric: METRICS[metric],
    storage: STORAGES[storage],
    engine: engine === 0 ? "hnsw" : "hnswlib",
    count,
  });
  const names = new Map(indexes.map(({ number, name }) => [number, name]));
  assertEquals<unknown[]>(indexes.map(info), db.vectorIndexes());
  const found = vectors.map(({ index, node, numbers }) => [names.get(index), node, ...numbers]);
  const expected = indexes.flatMap(({ name }) =>
    Array.from(db.vectorIndex(name).vectors(), ({ nodeId, vector }) => [name, nodeId, ...vector])
  );
  assertEquals<unknown[]>(found, expected);
  assert(vectors.every(({ lsn }) => lsn > 0 && lsn <= db.lsn), "a vector of no commit");
}

const VALUES: readonly KeyValue[] = [
  null,
  7,
  -(2n ** 60n),
  1.5,
  "text",
  true,
  Uint8Array.of(1, 0, 255),
  { a: [1, { b: "c" }] },
  "v".repeat(20_000),
];

function fillKeys(db: V3Database): void {
  VALUES.forEach((value, index) => db.kv.set(`value:${index}`, value));
  db.transaction((tx) => {
    for (let index = 0; index < 600; index++) {
      tx.kv.set(`${index % 2 === 0 ? "shared" : ""}${"k".repeat(index)}:${index}`, index);
    }
  });
  db.kv.set(Uint8Array.of(0, 255, 128), "bytes as key");
  db.kv.set("soon", 1, { ttlSeconds: 5_000 });
  db.kv.set("later", 2, { ttlSeconds: 9_000 });
  db.kv.delete("value:1");
}

/** What the database says of a key's value, in the words of `valueText`. */
function wordsFor(value: KeyValue): string {
  if (value instanceof Uint8Array) return `bytes ${hex(value)}`;
  if (typeof value === "bigint" || Number.isSafeInteger(value)) return `integer ${value}`;
  if (typeof value === "number") return `float ${value}`;
  if (typeof value === "string" || typeof value === "boolean") return `${typeof value} ${value}`;
  return value === null ? "null" : `json ${JSON.stringify(value)}`;
}

interface Content {
  readonly nodes: FormatGraph["nodes"] extends () => infer T ? T : never;
  readonly edges: FormatGraph["edges"] extends () => infer T ? T : never;
  readonly keyValues: FormatGraph["keyValues"] extends () => infer T ? T : never;
}

/** What was read has to be what the database answers. */
function assertContent({ nodes, edges, keyValues }: Content, db: V3Database): void {
  const expectedNodes = [...db.nodes()].map(({ id, kind, name, filePath, labels, data }) => {
    return { id, kind, name, filePath, labels: labels ?? [], data };
  });
  assertEquals(nodes.map((node) => ({ ...node, data: JSON.parse(node.data) })), expectedNodes);
  const expectedEdges = [...db.edges()].map(({ id, type, from, to, data }) => ({ id, type, from, to, data }));
  assertEquals(edges.map((edge) => ({ ...edge, data: JSON.parse(edge.data) })), expectedEdges);
  const expectedKeys = [...db.kv.scan()].map(({ key, value, expiresAt }) => {
    return [typeof key === "string" ? textKey(key) : hex(key), wordsFor(value), expiresAt ?? 0];
  });
  assertEquals(keyValues.map((value) => [value.key, valueText(value), value.expires]), expectedKeys);
}

test("a reader written from the document finds every node, edge and key of a file", () => {
  const fileSystem = new MemoryFileSystem();
  using db = openAt(fileSystem);
  fill(db);
  db.flush();
  const pages = new FormatPages(bytesOf(fileSystem, PATH));
  const { header } = pages;
  const graph = new FormatGraph(pages, header.catalog);
  const content = { nodes: graph.nodes(), edges: graph.edges(), keyValues: graph.keyValues() };
  assertContent(content, db);
  assertEquals([graph.lsn, header.lsn], [db.lsn, db.lsn]);
  const counts = [content.nodes.length, content.edges.length, content.keyValues.length];
  assertEquals([graph.counts, [header.nodeCount, header.edgeCount, header.keyCount]], [counts, counts]);
  assertEquals([header.nextNodeId, header.nextEdgeId, header.nextLsn], [604, 2_502, db.lsn + 1]);
  assertVectors(graph.vectorIndexes(), graph.vectors().sort(byIndexName(graph.vectorIndexes())), db);
  assertEquals(graph.nextIndex(), 4);
  // Link records belong to the index in memory: there are some once it was searched.
  const names = columnOf(tableOf("Tree names", "entries"), "name");
  assertEquals([...new Set([...graph.treeNames, "vectorLinks"])].sort(), names.sort());
});

/** Order of vectors by the names of their indexes, then by node. */
function byIndexName(indexes: readonly FormatIndex[]): (one: FormatVector, other: FormatVector) => number {
  const place = new Map(indexes.map(({ number }, at) => [number, at]));
  return (one, other) => place.get(one.index)! - place.get(other.index)! || one.node - other.node;
}

test("the reader finds in the indexes what the records say", () => {
  const fileSystem = new MemoryFileSystem();
  using db = openAt(fileSystem);
  fill(db);
  db.flush();
  const pages = new FormatPages(bytesOf(fileSystem, PATH));
  const graph = new FormatGraph(pages, pages.header.catalog);
  const [nodes, edges] = [graph.nodes(), graph.edges()];
  const terms: string[] = [];
  for (const [term, ids] of graph.terms()) for (const id of ids) terms.push(`${term} ${id}`);
  const expectedTerms = nodes.flatMap(({ id, kind, labels }) => [
    `kind ${kind} ${id}`,
    ...labels.map((label) => `label ${label} ${id}`),
  ]);
  assertEquals(terms.sort(), expectedTerms.sort());
  const ascending = (one: { readonly id: number }, other: { readonly id: number }): number => one.id - other.id;
  assertEquals(
    graph.names().sort(ascending),
    nodes.map(({ id, kind, name }) => ({ name: hex(UTF8.encode(name).subarray(0, 128)), kind, id })),
  );
  const number = new Map([...graph.strings].map(([number, text]) => [text, number]));
  assertEquals(graph.texts(), new Map([...number].sort()));
  assertEquals(graph.nextString, number.size + 1);
  const links = (tree: string): number[][] =>
    graph.links(tree).map(({ a, b, c, type }) => [c, a, b, type]).sort(([one = 0], [other = 0]) => one - other);
  assertEquals(links("outgoing"), edges.map(({ id, from, to, type }) => [id, from, to, number.get(type) as number]));
  assertEquals(links("incoming"), edges.map(({ id, from, to, type }) => [id, to, from, number.get(type) as number]));
  const expiring = graph.keyValues().filter(({ expires }) => expires > 0).map(({ expires, key }) => ({ expires, key }));
  assertEquals(graph.expiries(), expiring.sort((one, other) => one.expires - other.expires));
});

test("every page of a file is reached once, is free, or is dead and reached by a kept commit", () => {
  const fileSystem = new MemoryFileSystem();
  using db = openAt(fileSystem);
  fill(db);
  db.tag("full");
  for (let round = 0; round < 5; round++) {
    for (const node of [...db.nodeIds()].slice(0, 60)) db.deleteNode(node);
    db.kv.set(`round ${round}`, "r".repeat(3_000));
    db.checkpoint();
    if (round === 2) db.tag("half");
  }
  const pages = new FormatPages(bytesOf(fileSystem, PATH));
  const { header } = pages;
  const visitAll = (catalog: Root): Content => {
    const graph = new FormatGraph(pages, catalog);
    const content = { nodes: graph.nodes(), edges: graph.edges(), keyValues: graph.keyValues() };
    for (const tree of ["outgoing", "incoming", "terms"]) graph.links(tree);
    graph.names();
    graph.texts();
    graph.expiries();
    graph.vectorIndexes();
    graph.vectors();
    return content;
  };
  const history = readHistory(pages);
  const tags = readTags(pages);
  const dead = [...pages.links(header.dead)];
  const free = pages.freePages();
  visitAll(header.catalog);
  assert([...pages.visited.values()].every((times) => times === 1), "a page of the newest state is reached twice");
  const newest = new Set(pages.visited.keys());
  assertEquals(tags, new Map(db.tags().map(({ name, lsn }) => [name, lsn])));
  assertEquals(history.map(({ lsn }) => lsn), [...tags.values()].sort((one, other) => one - other));
  for (const { lsn, timeMs, nodeCount, edgeCount, catalog, deadPages, isRetained } of history) {
    using snapshot = db.snapshot({ lsn });
    const content = visitAll(catalog);
    assertEquals(content.nodes.map(({ id }) => id), [...snapshot.nodeIds()]);
    assertEquals([nodeCount, edgeCount], [content.nodes.length, content.edges.length]);
    assertEquals([timeMs, isRetained], [[...db.commits()].find((commit) => commit.lsn === lsn)?.timeMs, false]);
    assertEquals(deadPages, dead.filter(({ a }) => a === lsn).length);
  }
  const ofThePast = new Set(dead.map(({ c }) => c));
  assertEquals(ofThePast.size, dead.length);
  for (let page = 1; page <= header.pageCount; page++) {
    const kinds = [newest.has(page), free.has(page), ofThePast.has(page)].filter((is) => is).length;
    assertEquals(kinds, 1, `page ${page} of ${header.pageCount}`);
    if (ofThePast.has(page)) assert(pages.visited.has(page), `dead page ${page} is reached by no kept commit`);
  }
});

test("a reader written from the document redoes a log", () => {
  const fileSystem = new MemoryFileSystem();
  using db = openAt(fileSystem);
  fill(db);
  db.flush();
  const [first, second, third] = [...db.nodeIds({ kind: "Kind0" })] as [number, number, number];
  const edge = db.insertEdge({ from: first, to: second, type: "NEW", data: { at: 1 } });
  db.updateEdge(edge, { type: "NEWER" });
  db.updateEdge(edge, { data: {} });
  db.deleteEdge([...db.edges()].find(({ from, to }) => from !== third && to !== third)?.id as number);
  db.deleteNode(third);
  const node = db.insertNode({ kind: "Kind0", name: "logged", labels: ["B", "ﬀ"], data: { text: "l".repeat(4_000) } });
  db.updateNode(node, { name: "logged again", filePath: "x" });
  db.addLabel(node, "𝒜");
  db.addLabel(node, "A");
  db.removeLabel(node, "B");
  db.transaction((tx) => {
    tx.kv.set("value:0", "other");
    tx.kv.set("value:1", "again", { ttlSeconds: 60 });
    tx.kv.delete("value:2");
    tx.insertNode({ kind: "InTransaction", name: "one" });
    try {
      tx.transaction((inner) => {
        inner.insertNode({ kind: "RolledBack", name: "none" });
        throw new Error("rolled back");
      });
    } catch {
      // Nothing of it may be in the log.
    }
  });
  const [fourth, fifth] = [...db.nodeIds({ kind: "Kind1" })] as [number, number];
  db.setVector("small", node, [1, 2, 3]);
  db.setVector("small", fourth, [4, 5, 6]);
  db.deleteVector("small", fifth);
  db.createVectorIndex("after", { dimension: 300, metric: "euclidean" });
  db.setVector("after", node, new Float32Array(300).fill(7));
  db.dropVectorIndex("größer");
  const pages = new FormatPages(bytesOf(fileSystem, PATH));
  const { header } = pages;
  const before = new FormatGraph(pages, header.catalog);
  const log = readLog(bytesOf(fileSystem, `${PATH}.v3wal`), header.fileSeed, header.lsn);
  assertEquals(log.baseLsn, header.lsn);
  assertEquals(
    log.transactions.map(({ lsn }) => lsn),
    Array.from({ length: db.lsn - header.lsn }, (_, at) => {
      return header.lsn + 1 + at;
    }),
  );
  const graph = new RedoneGraph(
    before.strings,
    before.nodes(),
    before.edges(),
    before.keyValues(),
    before.vectorIndexes(),
    before.vectors(),
  );
  for (const transaction of log.transactions) graph.redo(transaction);
  const byId = (one: { readonly id: number }, other: { readonly id: number }): number => one.id - other.id;
  const byKey = (one: { readonly key: string }, other: { readonly key: string }): number =>
    one.key < other.key ? -1 : 1;
  const content = {
    nodes: [...graph.nodes.values()].sort(byId),
    edges: [...graph.edges.values()].sort(byId),
    keyValues: [...graph.keyValues.values()].sort(byKey),
  };
  assertContent(content, db);
  const redone = [...graph.vectors.values()];
  const counted = [...graph.indexes.values()]
    .map((index) => ({ ...index, count: redone.filter((vector) => vector.index === index.number).length }))
    .sort((one, other) => one.name < other.name ? -1 : 1);
  assertVectors(counted, redone.sort(byIndexName(counted)), db);
  assertEquals([graph.lsn, graph.timeMs], [db.lsn, [...db.commits()].at(-1)?.timeMs]);
  assertEquals([graph.nextNodeId, graph.nextEdgeId], [db.insertNode({ kind: "A", name: "next" }), edge + 1]);
  assert(![...graph.strings.values()].includes("RolledBack"), "a string that was rolled back is in the log");
  const written = tableOf("Log records", "code");
  const types = new Set(log.transactions.flatMap(({ frames }) => frames.map(({ type }) => String(type))));
  for (const code of columnOf(written, "code")) {
    assertEquals(cellOf(written, "code", code, "written") === "yes", types.has(code), `record type ${code}`);
  }
});

test("a reader written from the document reads the copy of the key-values", () => {
  const fileSystem = new MemoryFileSystem();
  using db = openAt(fileSystem);
  fillKeys(db);
  db.flush();
  const { header } = new FormatPages(bytesOf(fileSystem, PATH));
  const { fileSeed, lsn, entries } = readCopy(bytesOf(fileSystem, `${PATH}.v3checkpoint`));
  assertEquals([fileSeed, lsn], [header.fileSeed, db.lsn]);
  assertContent({ nodes: [], edges: [], keyValues: [...entries] }, db);
});

test("beside a database lie only files that the document names", () => {
  const fileSystem = new MemoryFileSystem();
  using db = openAt(fileSystem);
  fillKeys(db);
  db.flush();
  db.kv.set("logged", 1);
  const table = TABLES[0] as Table;
  const names = columnOf(table, "name").map((name) => name.replace("a.graph", PATH.slice(1)));
  const found = fileSystem.list("/");
  assertEquals(found.filter((name) => !names.includes(name)), []);
  assertEquals(found.length, 5);
});
