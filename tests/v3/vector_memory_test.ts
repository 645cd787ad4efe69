/** Vector indexes in memory of a V3 database: loaded from stored links, after closing and after crashes. */

import { assert, assertEquals } from "@std/assert";
import type { GraphBackend } from "../../lib/backend/graph_backend.ts";
import { MemoryFileSystem } from "../../lib/v3/memory_file_system.ts";
import { V3Backend } from "../../lib/v3/mod.ts";
import { Rng } from "../crash/rng.ts";
import { test } from "../support/test.ts";

const PATH = "/data.graph";
const DIMENSION = 8;
/** So many that a search walks over links. */
const COUNT = 3000;

function randomVector(rng: Rng): number[] {
  return Array.from({ length: DIMENSION }, () => rng.between(-1000, 1000) / 64);
}

function open(fileSystem: MemoryFileSystem, readonly = false): GraphBackend {
  return V3Backend.open(PATH, { fileSystem, readonly, logLimitBytes: 2 ** 30 }) as unknown as GraphBackend;
}

function fill(db: GraphBackend, rng: Rng): number[] {
  db.createVectorIndex("e", { dimension: DIMENSION, metric: "euclidean", m: 8, efConstruction: 80, efSearch: 40 });
  const ids = db.insertNodes(
    Array.from({ length: COUNT }, (_, at) => ({ kind: at % 2 ? "Odd" : "Even", name: `${at}` })),
  );
  db.setVectors("e", ids.map((nodeId) => ({ nodeId, vector: randomVector(rng) })));
  return ids;
}

/** Replaces and deletes vectors, and nodes. */
function churn(db: GraphBackend, ids: number[], rng: Rng, changes: number): void {
  db.transaction((tx) => {
    for (let change = 0; change < changes; change++) {
      const nodeId = rng.pick(ids);
      if (!tx.hasNode(nodeId)) continue;
      const choice = rng.between(1, 10);
      if (choice <= 2) tx.deleteNode(nodeId);
      else if (choice <= 4) tx.deleteVector("e", nodeId);
      else tx.setVector("e", nodeId, randomVector(rng));
    }
  });
}

/** What share of the nearest a search finds; what it finds must be stored. */
function recallOf(db: GraphBackend, rng: Rng): number {
  let found = 0;
  for (let round = 0; round < 50; round++) {
    const query = randomVector(rng);
    const exact = new Set(db.searchVectors("e", query, { exact: true }).map(({ nodeId }) => nodeId));
    const matches = db.searchVectors("e", query);
    assertEquals(matches.length, 10);
    for (const { nodeId } of matches) {
      assert(db.getVector("e", nodeId) !== undefined, `node ${nodeId} has no vector`);
      if (exact.has(nodeId)) found++;
    }
  }
  return found / 500;
}

/** The files as a crash leaves them. */
function crashed(fileSystem: MemoryFileSystem): MemoryFileSystem {
  const copy = new MemoryFileSystem();
  for (const path of [PATH, `${PATH}.v3wal`]) {
    if (fileSystem.stat(path) === undefined) continue;
    const source = fileSystem.open(path, "read");
    const target = copy.open(path, "create");
    const bytes = new Uint8Array(source.size());
    source.read(bytes, 0);
    target.write(bytes, 0);
  }
  return copy;
}

test("links are stored when the database is closed, and nothing is linked anew when it is opened", () => {
  const rng = new Rng(1);
  const fileSystem = new MemoryFileSystem();
  {
    using db = open(fileSystem);
    const ids = fill(db, rng);
    churn(db, ids, rng, 600);
    assert(recallOf(db, rng) > 0.95);
    assertEquals(db.vectorIndex("e").stats().pending, 0);
  }
  for (const readonly of [false, true]) {
    using db = open(fileSystem, readonly);
    const { linked, pending, count, deleted } = db.vectorIndex("e").stats();
    assertEquals([linked, pending, deleted], [count, 0, 0]);
    assert(recallOf(db, rng) > 0.95);
    assert(db.check().ok);
  }
});

test("a crash costs no vector: links of the last checkpoint and what came after are one index", () => {
  const rng = new Rng(2);
  const fileSystem = new MemoryFileSystem();
  using db = open(fileSystem);
  const ids = fill(db, rng);
  db.checkpoint();
  for (let round = 0; round < 4; round++) churn(db, ids, rng, 400);
  const expected = [...db.vectorIndex("e").vectors()];
  using again = open(crashed(fileSystem));
  assertEquals([...again.vectorIndex("e").vectors()], expected);
  const { linked, pending, count } = again.vectorIndex("e").stats();
  assertEquals([linked, pending], [count, 0]);
  assert(recallOf(again, rng) > 0.95, "recall after a crash");
  assert(again.check().ok);
});

test("half of the vectors are deleted and come back, and the index is as good as a new one", () => {
  const rng = new Rng(3);
  using db = open(new MemoryFileSystem());
  const ids = fill(db, rng);
  const fresh = recallOf(db, rng);
  const half = ids.filter((_, at) => at % 2 === 0);
  for (let round = 0; round < 2; round++) {
    db.transaction((tx) => half.forEach((nodeId) => tx.deleteVector("e", nodeId)));
    assertEquals(db.vectorIndex("e").info.count, COUNT / 2);
    assert(recallOf(db, rng) > 0.95, "recall of the other half");
    db.setVectors("e", half.map((nodeId) => ({ nodeId, vector: randomVector(rng) })));
    assert(recallOf(db, rng) > fresh - 0.02, "recall after they came back");
  }
});

test("places of deleted vectors are used again once nobody sees them", () => {
  const rng = new Rng(4);
  using db = open(new MemoryFileSystem());
  const ids = fill(db, rng);
  const { memoryBytes } = db.vectorIndex("e").stats();
  for (let round = 0; round < 12; round++) {
    db.setVectors("e", ids.slice(0, 1000).map((nodeId) => ({ nodeId, vector: randomVector(rng) })));
  }
  const after = db.vectorIndex("e").stats();
  assert(after.deleted < 2500, `${after.deleted} dead places are left`);
  assert(after.memoryBytes < 2.5 * memoryBytes, `${after.memoryBytes} of ${memoryBytes} bytes`);
});

test("many vectors of an earlier process are linked when they are asked to be", () => {
  const rng = new Rng(5);
  const fileSystem = new MemoryFileSystem();
  {
    using db = open(fileSystem);
    db.createVectorIndex("e", { dimension: DIMENSION, metric: "euclidean", m: 8, efConstruction: 80, efSearch: 40 });
    db.insertNodes(Array.from({ length: COUNT }, (_, at) => ({ kind: "N", name: `${at}` })));
  }
  {
    using db = open(fileSystem);
    // Commits of so few that the index is not loaded for them.
    for (let at = 1; at <= COUNT; at += 200) {
      db.setVectors("e", Array.from({ length: 200 }, (_, of) => ({ nodeId: at + of, vector: randomVector(rng) })));
    }
  }
  using db = open(fileSystem);
  const index = db.vectorIndex("e");
  assertEquals([index.stats().pending, index.stats().linked], [COUNT, 0]);
  assert(recallOf(db, rng) === 1);
  const told: number[] = [];
  index.link({ onProgress: ({ done }) => told.push(done) });
  assertEquals(told.at(-1), COUNT);
  assertEquals([index.stats().pending, index.stats().linked], [0, COUNT]);
  assert(recallOf(db, rng) > 0.95);
});
