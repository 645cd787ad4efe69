/** Vectors through logs, checkpoints, groups, history and damage: what only this engine does with them. */

import { assert, assertEquals, assertGreater, assertThrows } from "@std/assert";
import { NotFoundError } from "../../lib/backend/errors.ts";
import type { GraphReader } from "../../lib/backend/graph_reader.ts";
import { ByteTree } from "../../lib/v3/byte_tree.ts";
import { V3Backend, type V3Database, type V3Options } from "../../lib/v3/mod.ts";
import { TREE } from "../../lib/v3/state.ts";
import { contentOf } from "../crash/content.ts";
import { FaultFileSystem } from "../crash/fault_file_system.ts";
import { Rng } from "../crash/rng.ts";
import { SimulatedDisk } from "../crash/simulated_disk.ts";
import { test } from "../support/test.ts";
import { TestDatabase } from "./test_database.ts";

const PATH = "/data.graph";

function disk(): FaultFileSystem {
  return new FaultFileSystem(new SimulatedDisk(), new Rng(1));
}

function open(fileSystem: FaultFileSystem, options: V3Options = {}): V3Database {
  return V3Backend.open(PATH, { fileSystem, cacheBytes: 1024 * 1024, ...options });
}

function assertSound(db: V3Database): void {
  assertEquals(db.check().findings, []);
}

/** A vector of so many numbers that begins with one. */
function vectorOf(dimension: number, first: number): number[] {
  return Array.from({ length: dimension }, (_, at) => at === 0 ? first : at / 8 - first);
}

/** Indexes of one, one and some parts, with vectors of 40 nodes. */
function fill(db: V3Database): number[] {
  const ids = db.insertNodes(Array.from({ length: 40 }, (_, n) => ({ kind: "N", name: `n${n}` })));
  for (const [name, dimension] of [["one", 1], ["whole", 200], ["parts", 1000]] as const) {
    db.createVectorIndex(name, { dimension, metric: "euclidean" });
    db.setVectors(name, ids.map((nodeId) => ({ nodeId, vector: vectorOf(dimension, nodeId) })));
  }
  return ids;
}

const countsOf = (graph: GraphReader): (readonly [string, number])[] =>
  graph.vectorIndexes().map(({ name, count }) => [name, count] as const);

test("a database without vectors has a catalog as before there were any, and can have some later", () => {
  using db = new TestDatabase();
  db.commit((store) => store.insertNode({ kind: "N", name: "a", filePath: null, labels: [], data: "{}" }));
  db.checkpoint();
  const catalog = new ByteTree(db.engine.pager, db.state.catalog);
  const has = (name: string): boolean => catalog.has(new TextEncoder().encode(`tree/${name}`));
  assertEquals(["nodes", "vectorIndexes", "vectors", "vectorLinks"].map(has), [true, false, false, false]);
  db.reopen();
  assertEquals([TREE.vectorIndexes, TREE.vectors].map((tree) => db.state.roots[tree]?.pageId), [0, 0]);
  db.commit((store) => {
    store.createVectorIndex({
      name: "v",
      dimension: 2,
      metric: "dot",
      m: 16,
      efConstruction: 200,
      efSearch: 64,
      storage: "f32",
      seed: 0,
      engine: "hnsw",
    });
    store.setVector(store.vectorIndex("v")!, 1, Float32Array.of(1, 2));
  });
  db.reopen();
  assertGreater(db.state.roots[TREE.vectors]!.pageId, 0);
});

test("indexes and vectors are there after the process was killed, as the log tells them", () => {
  const files = disk();
  const db = open(files);
  const ids = fill(db);
  db.transaction((tx) => {
    tx.deleteNode(ids[3]!);
    tx.deleteVector("parts", ids[4]!);
    tx.setVector("parts", ids[5]!, vectorOf(1000, -5));
    tx.createVectorIndex("dropped", { dimension: 2 });
    tx.setVector("dropped", ids[5]!, [1, 2]);
    tx.dropVectorIndex("dropped");
    tx.dropVectorIndex("one");
    tx.createVectorIndex("one", { dimension: 2, metric: "dot", m: 7, seed: 9, storage: "i8" });
    tx.setVector("one", ids[6]!, [3, 4]);
  });
  const content = contentOf(db);
  const infos = db.vectorIndexes();
  assertEquals(countsOf(db), [["one", 1], ["parts", 38], ["whole", 39]]);
  for (let again = files.afterKill(), round = 0; round < 2; round++) {
    using replayed = open(again);
    assertEquals(replayed.openReport.replayedCommits, round === 0 ? db.lsn : 0);
    assertEquals(replayed.vectorIndexes(), infos);
    assertEquals(contentOf(replayed), content);
    assertSound(replayed);
  }
});

test("numbers of dropped indexes are not given again, not even after a reopen or when everything is replaced", () => {
  const numbers: number[] = [];
  using db = new TestDatabase();
  const definition = {
    name: "v",
    dimension: 2,
    metric: "dot",
    m: 16,
    efConstruction: 200,
    efSearch: 64,
    storage: "f32",
    seed: 0,
    engine: "hnsw",
  } as const;
  const make = (): void => {
    db.commit((store) => {
      store.createVectorIndex(definition);
      numbers.push(store.vectorIndex("v")!.number);
    });
  };
  make();
  db.commit((store) => store.dropVectorIndex(store.vectorIndex("v")!));
  make();
  db.commit((store) => store.dropVectorIndex(store.vectorIndex("v")!));
  db.reopen();
  make();
  db.commit((store) => store.clear());
  make();
  assertEquals(numbers, [1, 2, 3, 4]);
});

test("a transaction of vectors that is too big for the log commits by a checkpoint", () => {
  const files = disk();
  const db = open(files);
  const ids = db.insertNodes(Array.from({ length: 540 }, (_, n) => ({ kind: "N", name: `n${n}` })));
  db.createVectorIndex("v", { dimension: 4096, metric: "euclidean" });
  const vector = new Float32Array(4096).fill(1);
  db.setVectors(
    "v",
    (function* () {
      for (const nodeId of ids) {
        vector[0] = nodeId;
        yield { nodeId, vector };
      }
    })(),
  );
  using again = open(files.afterKill());
  assertEquals(again.openReport.replayedCommits, 0);
  assertEquals(countsOf(again), [["v", 540]]);
  assertEquals(again.getVector("v", ids[539]!)?.[0], ids[539]);
  assertSound(again);
});

test("each member of a group has its own vectors, and one that throws leaves none", () => {
  const files = disk();
  const retention = { commits: 10 };
  const db = open(files, { retention });
  const [a, b] = db.insertNodes([{ kind: "N", name: "a" }, { kind: "N", name: "b" }]) as [number, number];
  db.createVectorIndex("v", { dimension: 1, metric: "euclidean" });
  const results = db.transactionGroup<void>([
    (tx) => tx.setVector("v", a, [1]),
    (tx) => {
      tx.setVector("v", b, [2]);
      tx.createVectorIndex("w", { dimension: 1 });
      throw new Error("no");
    },
    (tx) => {
      assertEquals(tx.getVector("v", a), Float32Array.of(1));
      assertEquals(tx.getVector("v", b), undefined);
      tx.setVector("v", a, [3]);
      tx.setVector("v", b, [4]);
    },
  ]);
  const lsns = results.map((result) => "lsn" in result ? result.lsn : undefined);
  using first = db.snapshot({ lsn: lsns[0]! });
  assertEquals([...first.getVector("v", a)!, first.vectorIndex("v").info.count], [1, 1]);
  assertEquals([...db.getVector("v", a)!, ...db.getVector("v", b)!], [3, 4]);
  using again = open(files.afterKill(), { retention });
  assertEquals(contentOf(again).vectors, [{ key: `v ${a}`, vector: [3] }, { key: `v ${b}`, vector: [4] }]);
  using past = again.snapshot({ lsn: lsns[0]! });
  assertEquals(contentOf(past).vectors, [{ key: `v ${a}`, vector: [1] }]);
  assertSound(again);
});

test("tagged states keep their vectors and indexes, over reopening and compacting", () => {
  const files = disk();
  let db = open(files);
  const ids = fill(db);
  db.tag("full");
  const full = contentOf(db);
  db.dropVectorIndex("whole");
  db.deleteNode(ids[0]!);
  db.createVectorIndex("whole", { dimension: 2 });
  db.setVector("parts", ids[1]!, vectorOf(1000, -1));
  db.tag("less");
  const less = contentOf(db);
  db.dropVectorIndex("parts");
  db.close();
  db = open(files);
  db.compact("/copy.graph", { history: true });
  db.compact("/newest.graph");
  using copy = V3Backend.open("/copy.graph", { fileSystem: files });
  using newest = V3Backend.open("/newest.graph", { fileSystem: files });
  for (const graph of [db, copy]) {
    for (const [tag, content] of [["full", full], ["less", less]] as const) {
      using snapshot = graph.snapshot({ tag });
      assertEquals(contentOf(snapshot), content, tag);
    }
    assertEquals(countsOf(graph), [["one", 39], ["whole", 0]]);
    assertSound(graph);
  }
  assertEquals(contentOf(newest), contentOf(db));
  assertSound(newest);
  db.close();
});

test("diff tells of indexes and vectors, and not of a vector that was written again as it was", () => {
  const db = open(disk(), { retention: { commits: 100 } });
  const ids = fill(db);
  const { lsn } = db;
  db.setVector("parts", ids[2]!, vectorOf(1000, ids[2]!));
  assertEquals([...db.diff(lsn, db.lsn)], []);
  db.deleteVector("parts", ids[1]!);
  const last = vectorOf(1000, ids[3]!);
  last[999] = 0;
  db.setVector("parts", ids[3]!, last);
  db.setVector("whole", ids[4]!, vectorOf(200, 0));
  db.createVectorIndex("new", { dimension: 1 });
  db.setVector("new", ids[5]!, [1]);
  const forth = [...db.diff(lsn, db.lsn)];
  assertEquals<unknown>(forth, [
    { type: "vectorIndex", operation: "insert", index: "new" },
    { type: "vector", operation: "update", index: "whole", nodeId: ids[4]! },
    { type: "vector", operation: "delete", index: "parts", nodeId: ids[1]! },
    { type: "vector", operation: "update", index: "parts", nodeId: ids[3]! },
    { type: "vector", operation: "insert", index: "new", nodeId: ids[5]! },
  ]);
  const back = { insert: "delete", delete: "insert", update: "update" } as const;
  assertEquals<unknown>(
    [...db.diff(db.lsn, lsn)],
    forth.map((difference) => ({ ...difference, operation: back[difference.operation] })),
  );
  db.close();
});

test("a reader in another process sees the vectors of the last checkpoint", () => {
  const files = disk();
  using db = open(files);
  const ids = fill(db);
  db.checkpoint();
  using reader = open(files, { readonly: true });
  assertEquals(countsOf(reader), countsOf(db));
  db.setVector("one", ids[0]!, [77]);
  assertEquals(reader.getVector("one", ids[0]!), Float32Array.of(ids[0]!));
  db.checkpoint();
  assert(reader.refresh());
  assertEquals(reader.getVector("one", ids[0]!), Float32Array.of(77));
});

test("an index whose vectors were all deleted is empty, and a dropped one gives its pages back", () => {
  const db = open(disk());
  const ids = fill(db);
  for (const id of ids) db.deleteVector("parts", id);
  assertEquals(countsOf(db), [["one", 40], ["parts", 0], ["whole", 40]]);
  assertEquals(db.searchVectors("parts", vectorOf(1000, 1)), []);
  for (const name of ["parts", "whole", "one"]) assert(db.dropVectorIndex(name));
  assertThrows(() => db.getVector("one", 1), NotFoundError);
  db.checkpoint();
  db.checkpoint();
  assertSound(db);
  const { fileBytes, freeBytes } = db.stats();
  assert(fileBytes - freeBytes < 20 * 4096, `${fileBytes - freeBytes} bytes in use`);
  db.close();
});
