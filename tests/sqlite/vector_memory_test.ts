/** Vector indexes in memory over SQLite: loaded with their links, followed by commits of everybody, stored again. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { once } from "node:events";
import { copyFileSync, existsSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { UnsupportedError } from "../../lib/backend/errors.ts";
import type { GraphReader } from "../../lib/backend/graph_reader.ts";
import type { GraphBackend } from "../../lib/backend/graph_backend.ts";
import type { VectorNews } from "../../lib/backend/state_source.ts";
import type { StoredVectorIndex } from "../../lib/backend/vector_store.ts";
import { SqliteBackend } from "../../lib/sqlite/mod.ts";
import type { SqliteReadStore } from "../../lib/sqlite/read_store.ts";
import { serveSqlite } from "../../lib/sqlite/served.ts";
import { attachSqlite } from "../../lib/sqlite/shared_source.ts";
import { VectorHorizon } from "../../lib/sqlite/vector_horizon.ts";
import { Rng } from "../crash/rng.ts";
import { openRaw } from "../support/raw_sqlite.ts";
import { copyReference, expectedAnswers } from "../support/reference_fixture.ts";
import { type TempDir, tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";
import { type OpenOptions } from "./reference.ts";
import { writeFlatIndex } from "./flat_index.ts";

const DIMENSION = 8;

function open(folder: TempDir, options: OpenOptions = {}, name = "a.db"): GraphBackend {
  return SqliteBackend.open(folder.path(name), { durability: "off", ...options });
}

function randomVector(rng: Rng, dimension = DIMENSION): number[] {
  return Array.from({ length: dimension }, () => rng.between(-1000, 1000) / 64);
}

/** An index "e" with nodes 1 to `count`. */
function fill(db: GraphBackend, count: number, rng: Rng): void {
  db.createVectorIndex("e", { dimension: DIMENSION, metric: "euclidean", m: 8, efConstruction: 60 });
  const ids = db.insertNodes(Array.from({ length: count }, (_, at) => ({ kind: "N", name: `${at}` })));
  db.setVectors("e", ids.map((nodeId) => ({ nodeId, vector: randomVector(rng) })));
}

/** Share of the true nearest ones that searches find. */
function recall(db: GraphReader, name: string, rng: Rng, dimension = DIMENSION, ef = 50): number {
  let found = 0;
  let wanted = 0;
  for (let round = 0; round < 40; round++) {
    const query = randomVector(rng, dimension);
    const key = ({ nodeId, vectorId }: { nodeId: number; vectorId?: number }) => vectorId ?? -nodeId;
    const exact = new Set(db.searchVectors(name, query, { k: 10, exact: true }).map(key));
    found += db.searchVectors(name, query, { k: 10, ef }).filter((match) => exact.has(key(match))).length;
    wanted += exact.size;
  }
  return found / wanted;
}

function stats(db: GraphReader, name = "e"): [string, number, number] {
  const { searches, linked, pending } = db.vectorIndex(name).stats();
  return [searches, linked, pending];
}

test("links are there after reopening, also those of vectors that were replaced", () => {
  using folder = tempDir();
  const rng = new Rng(1);
  {
    using db = open(folder);
    fill(db, 1500, rng);
    for (let id = 1; id <= 40; id++) db.setVector("e", id, randomVector(rng));
    for (let id = 41; id <= 60; id++) db.deleteVector("e", id);
    assertEquals(stats(db), ["memory", 1480, 0]);
  }
  for (const readonly of [true, false]) {
    using db = open(folder, { readonly });
    assertEquals(db.check().findings, []);
    db.searchVectors("e", randomVector(rng));
    assertEquals(stats(db), ["memory", 1480, 0]);
    assert(recall(db, "e", rng) > 0.9);
  }
});

test("a file as a crash leaves it has all vectors, and most of their links", () => {
  using folder = tempDir();
  const rng = new Rng(2);
  using db = open(folder);
  fill(db, 1000, rng);
  for (let id = 1; id <= 300; id++) db.setVector("e", id, randomVector(rng));
  for (const end of ["", "-wal"]) {
    if (existsSync(folder.path(`a.db${end}`))) copyFileSync(folder.path(`a.db${end}`), folder.path(`b.db${end}`));
  }
  {
    using raw = openRaw(folder.path("b.db"));
    const lists = Number(
      raw.value("SELECT count(*) FROM hnsw_layers WHERE node_id + 1 IN (SELECT id FROM hnsw_vectors)"),
    );
    assert(lists >= 1000 - 256, `${lists} of 1000 have links`);
  }
  using again = open(folder, {}, "b.db");
  assertEquals(again.check().findings, []);
  assertEquals(stats(again), ["memory", 1000, 0]);
  assert(recall(again, "e", rng) > 0.9);
  again.checkpoint();
  using raw = openRaw(folder.path("b.db"), { readonly: true });
  assertEquals(raw.value("SELECT count(*) FROM hnsw_layers"), 1000n);
});

test("what others write is seen at once", () => {
  using folder = tempDir();
  using db = open(folder);
  db.createVectorIndex("e", { dimension: 2, metric: "euclidean" });
  for (let id = 1; id <= 9; id++) db.setVector("e", db.insertNode({ kind: "N", name: `${id}` }), [id, 0]);
  const nearest = (reader: GraphReader) => {
    return reader.searchVectors("e", [5, 0], { k: 1 }).map(({ nodeId, vectorId }) => vectorId ?? -nodeId);
  };
  assertEquals(nearest(db), [-5]);
  using snapshot = db.snapshot();
  {
    using other = open(folder);
    assertEquals(nearest(other), [-5]);
    other.deleteNode(5);
    other.setVector("e", 7, [5, 0.5]);
    assertEquals(nearest(other), [-7]);
    assertEquals(nearest(db), [-7]);
    db.setVector("e", 2, [5, 0.25]);
    assertEquals([nearest(db), nearest(other)], [[-2], [-2]]);
    db.transaction((tx) => {
      assertEquals(nearest(tx), [-2]);
      tx.deleteVector("e", 2);
      assertEquals(nearest(tx), [-7]);
    });
    // Between two searches of one of them both commit.
    assertEquals(nearest(other), [-7]);
    other.setVector("e", 3, [5, 0.125]);
    db.setVector("e", 4, [9, 9]);
    assertEquals([nearest(db), nearest(other)], [[-3], [-3]]);
    db.deleteVector("e", 3);
  }
  const lsn = db.lsn;
  {
    // A program that counts no commits.
    using raw = openRaw(folder.path("a.db"));
    raw.exec("INSERT INTO hnsw_vectors VALUES (90, 1, x'0000A04000000000', NULL, 1, 1)");
  }
  assertEquals([db.lsn, nearest(db)], [lsn, [90]]);
  {
    using raw = openRaw(folder.path("a.db"));
    raw.exec("DELETE FROM hnsw_vectors WHERE id = 90");
    raw.exec("UPDATE sqlitegraph_vector_owners SET node_id = -7 WHERE node_id = 7");
  }
  assertEquals(stats(db), ["memory", 6, 0]);
  assertEquals(nearest(db), [10]);
  assertEquals(nearest(snapshot), [-5]);
});

for (const path of ["a file", ":memory:"]) {
  test(`snapshots of ${path} find what they hold while vectors come and go`, () => {
    using folder = tempDir();
    using db = path === ":memory:" ? SqliteBackend.open(path) : open(folder);
    const rng = new Rng(4);
    fill(db, 300, rng);
    const held: { readonly snapshot: GraphReader & Disposable; readonly lsn: number }[] = [];
    for (let round = 0; round < 12; round++) {
      for (let turn = 0; turn < 60; turn++) {
        const id = rng.between(1, 300);
        if (turn % 3 === 0) db.deleteVector("e", id);
        else db.setVector("e", id, randomVector(rng));
      }
      held.push({ snapshot: db.snapshot(), lsn: db.lsn });
      if (round % 3 === 2) held.splice(rng.between(0, held.length - 1), 1)[0]?.snapshot[Symbol.dispose]();
      const query = randomVector(rng);
      for (const { snapshot } of held) {
        const vectors = new Map([...snapshot.vectorIndex("e").vectors()].map(({ nodeId, vector }) => [nodeId, vector]));
        const far = (vector: Float32Array) => Math.hypot(...vector.map((number, at) => number - (query[at] as number)));
        const expected = [...vectors].sort((a, b) => far(a[1]) - far(b[1])).slice(0, 5).map(([nodeId]) => nodeId);
        const found = snapshot.searchVectors("e", query, { k: 5, ef: 1000 }).map(({ nodeId }) => nodeId);
        assertEquals(found, expected);
        assertEquals(snapshot.vectorIndex("e").stats().searches, "memory");
      }
    }
    assertEquals(db.vectorIndex("e").stats().searches, "memory");
    for (const { snapshot } of held) snapshot[Symbol.dispose]();
  });
}

for (const file of ["sqlite-3.2.5", "sqlite-3.9.0"]) {
  for (const readonly of [true, false]) {
    test(`searches of ${file}${readonly ? ", read-only," : ""} walk over its own links`, () => {
      using folder = tempDir();
      using db = SqliteBackend.open(copyReference(file, folder), { readonly });
      const { hnsw_before_close: answers } = expectedAnswers(file) as unknown as {
        readonly hnsw_before_close: Record<
          string,
          { readonly searches: readonly { query: number[]; k: number; exact_by_brute_force: [number, number][] }[] }
        >;
      };
      for (const name of ["euclid8", "cos8", "churn8"]) {
        const { searches } = answers[name] as (typeof answers)[string];
        let found = 0;
        let wanted = 0;
        for (const { query, k, exact_by_brute_force: expected } of searches) {
          const ids = new Set(db.searchVectors(name, query, { k, ef: 50 }).map(({ vectorId }) => vectorId));
          wanted += expected.length;
          found += expected.filter(([id]) => ids.has(id)).length;
        }
        assert(found >= 0.95 * wanted, `${name}: ${found} of ${wanted}`);
        assertEquals(stats(db, name), ["memory", name === "churn8" ? 6 : 20, 0]);
      }
    });
  }
}

test("a file that does not count changes of vectors is watched while it is read", () => {
  using folder = tempDir();
  const path = copyReference("sqlite-3.2.5", folder);
  using db = SqliteBackend.open(path, { readonly: true });
  const query = [1, 2, 3, 4, 5, 6, 7, 8];
  const ids = () => db.searchVectors("euclid8", query, { k: 3 }).map(({ vectorId }) => vectorId);
  const [first, second, third] = ids();
  assertEquals(stats(db, "euclid8"), ["memory", 20, 0]);
  {
    using raw = openRaw(path);
    raw.exec(`DELETE FROM hnsw_vectors WHERE id = ${first}`);
  }
  assertEquals(ids().slice(0, 2), [second, third]);
  assertEquals(stats(db, "euclid8")[0], "memory");
});

test("an index of one layer with long lists is searched at once", () => {
  using folder = tempDir();
  writeFlatIndex(folder.path("a.db"), 2000, 16, new Rng(6));
  using db = open(folder);
  const rng = new Rng(7);
  assert(recall(db, "flat", rng, 16) >= 0.95);
  assertEquals(stats(db, "flat"), ["memory", 2000, 0]);
});

test("links that cannot be right are made anew and stored", () => {
  using folder = tempDir();
  const rng = new Rng(8);
  {
    using db = open(folder);
    fill(db, 400, rng);
  }
  {
    using raw = openRaw(folder.path("a.db"));
    raw.exec("INSERT INTO hnsw_layers (index_id, layer_level, node_id, connections) VALUES (1, 1, 3, x'')");
  }
  {
    using db = open(folder);
    assertEquals(db.check().findings.map(({ code }) => code), ["vector-links"]);
    assertEquals(stats(db), ["memory", 400, 0]);
    assert(recall(db, "e", rng) > 0.9);
  }
  using db = open(folder);
  assertEquals(db.check().findings, []);
  assertEquals(stats(db), ["memory", 400, 0]);
});

test("the engine hnswlib finds vectors of nodes and of none, also after reopening, and refuses older states", () => {
  using folder = tempDir();
  {
    using db = open(folder);
    db.createVectorIndex("e", { dimension: 2, metric: "euclidean", engine: "hnswlib" });
    for (let id = 1; id <= 5; id++) db.setVector("e", db.insertNode({ kind: "N", name: `${id}` }), [id, 0]);
    assertEquals(db.searchVectors("e", [3, 0], { k: 1 }), [{ nodeId: 3, distance: 0 }]);
  }
  {
    using raw = openRaw(folder.path("a.db"));
    raw.exec("INSERT INTO hnsw_vectors VALUES (90, 1, x'0000A04000000000', NULL, 1, 1)");
  }
  using db = open(folder);
  const found = db.searchVectors("e", [5, 0], { k: 2 });
  assertEquals(found, [{ nodeId: 0, distance: 0, vectorId: 90 }, { nodeId: 5, distance: 0 }]);
  assertEquals(stats(db), ["memory", 6, 0]);
  using snapshot = db.snapshot();
  db.setVector("e", 5, [9, 9]);
  assertThrows(() => snapshot.searchVectors("e", [5, 0]), UnsupportedError, "newest state");
  db.transaction((tx) => {
    tx.deleteVector("e", 4);
    tx.setVector("e", 1, [4, 1]);
    assertEquals(tx.searchVectors("e", [4, 0.6], { k: 1 }).map(({ nodeId }) => nodeId), [1]);
  });
  assertEquals(db.searchVectors("e", [4, 0.6], { k: 1 }).map(({ nodeId }) => nodeId), [1]);
});

test("a state whose commit memory does not know yet is searched without it", () => {
  using folder = tempDir();
  const engine = serveSqlite(folder.path("a.db"), { durability: "off" });
  engine.backend.createVectorIndex("e", { dimension: 1, metric: "euclidean" });
  const node = engine.backend.insertNode({ kind: "N", name: "n" });
  engine.backend.setVector("e", node, [1]);
  const source = attachSqlite(engine.handle);
  const asked: number[] = [];
  source.onMissingVectors = (index) => asked.push(index);
  const searches = () => {
    const state = source.hold(undefined, "test");
    const store = state.store as SqliteReadStore;
    const how = store.vectorStats(store.vectorIndex("e") as StoredVectorIndex).searches;
    state.release();
    return how;
  };
  assertEquals([searches(), searches(), asked.splice(0)], ["stored", "stored", [1]]);
  source.noteVectors(engine.vectors.takeNews() as VectorNews);
  assertEquals([searches(), asked], ["memory", []]);
  const horizon = new VectorHorizon((engine.handle as { readonly horizon: VectorHorizon["handle"] }).horizon);
  const { known } = horizon;
  horizon.known = known - 1;
  assertEquals([searches(), asked.splice(0)], ["stored", [1]]);
  horizon.known = known;
  assertEquals(searches(), "memory");
  // Another program writes, and the engine notices with its next commit: what was lent before is of no use.
  {
    using raw = openRaw(folder.path("a.db"));
    raw.exec("INSERT INTO hnsw_vectors VALUES (90, 1, x'0000803F', NULL, 1, 1)");
  }
  assertEquals([searches(), searches(), asked.splice(0)], ["stored", "stored", [1]]);
  engine.backend.setVector("e", node, [2]);
  assertEquals([searches(), searches(), asked.splice(0)], ["stored", "stored", [1]]);
  assertEquals(source.vectorsOf(1), undefined);
  engine.vectors.load(1);
  source.noteVectors(engine.vectors.takeNews() as VectorNews);
  assertEquals(searches(), "memory");
  source.close();
  engine.close();
});

test("another thread finds in every state what is in it while vectors come and go", async () => {
  using folder = tempDir();
  const engine = serveSqlite(folder.path("a.db"), { durability: "off" });
  const rng = new Rng(5);
  const { backend } = engine;
  backend.createVectorIndex("e", { dimension: 2, metric: "euclidean", m: 4, efConstruction: 40 });
  const ids = backend.insertNodes(Array.from({ length: 200 }, (_, at) => ({ kind: "N", name: `${at}` })));
  const vector = () => [rng.between(0, 6400) / 64, rng.between(0, 6400) / 64];
  backend.setVectors("e", ids.map((nodeId) => ({ nodeId, vector: vector() })));
  engine.vectors.work(() => false);
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL("./vector_memory_worker.ts", import.meta.url), {
    workerData: { handle: engine.handle, news: engine.vectors.takeNews(), stop },
  });
  await once(worker, "message");
  const end = performance.now() + 1500;
  for (let round = 0; performance.now() < end; round++) {
    const nodeId = ids[rng.between(0, ids.length - 1)] as number;
    if (round % 4 === 0) backend.deleteVector("e", nodeId);
    else backend.setVector("e", nodeId, vector());
    if (round % 3 === 0) engine.vectors.work(() => false);
    if (round % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  }
  const result = once(worker, "message");
  Atomics.store(stop, 0, 1);
  const [{ states, searches, inMemory, isOldInMemory, problem }] = await result;
  assertEquals(problem, undefined);
  assert(isOldInMemory, "what a held state sees was given up");
  assert(states > 5 && inMemory > 0.5 * searches, JSON.stringify({ states, searches, inMemory }));
  engine.close();
  await worker.terminate();
});
