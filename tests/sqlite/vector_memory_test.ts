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
  for (let turn = 0; turn < 1200; turn++) db.setVector("e", 1 + turn % 1000, randomVector(rng));
  for (const end of ["", "-wal"]) {
    if (existsSync(folder.path(`a.db${end}`))) copyFileSync(folder.path(`a.db${end}`), folder.path(`b.db${end}`));
  }
  {
    using raw = openRaw(folder.path("b.db"));
    const lists = Number(
      raw.value("SELECT count(*) FROM hnsw_layers WHERE node_id + 1 IN (SELECT id FROM hnsw_vectors)"),
    );
    assert(lists >= 1000 - 200, `${lists} of 1000 have links`);
  }
  using again = open(folder, {}, "b.db");
  assertEquals(again.check().findings, []);
  assertEquals(stats(again), ["memory", 1000, 0]);
  assert(recall(again, "e", rng) > 0.9);
  again.checkpoint();
  using raw = openRaw(folder.path("b.db"), { readonly: true });
  assertEquals(raw.value("SELECT count(*) FROM hnsw_layers"), 1000n);
});

test("a commit stores links of few vectors besides its own", () => {
  using folder = tempDir();
  const rng = new Rng(12);
  using db = open(folder);
  db.createVectorIndex("e", { dimension: DIMENSION, metric: "euclidean", m: 4, efConstruction: 16 });
  const ids = db.insertNodes(Array.from({ length: 1100 }, (_, at) => ({ kind: "N", name: `${at}` })));
  const stored: number[] = [];
  for (const nodeId of ids) {
    db.setVector("e", nodeId, randomVector(rng));
    if (nodeId < 990) continue;
    using raw = openRaw(folder.path("a.db"), { readonly: true });
    stored.push(Number(raw.value("SELECT count(*) FROM hnsw_layers")));
  }
  assertEquals(stored[0], 0);
  const most = stored.reduce((steps, count, at) => Math.max(steps, count - (stored[at - 1] ?? 0)), 0);
  assert(most > 0 && most <= 96, `${most} at once`);
  assert((stored.at(-1) as number) >= 1000, `${stored.at(-1)} after all`);
});

test("vectors whose links a crash took are compared one by one until they are linked, and the rest keeps its links", () => {
  using folder = tempDir();
  const rng = new Rng(3);
  const links = "SELECT count(*), sum(length(connections)), max(id) FROM hnsw_layers WHERE node_id % 2 = 1";
  {
    using db = open(folder);
    db.createVectorIndex("e", { dimension: DIMENSION, metric: "euclidean", m: 8, efConstruction: 40 });
    const ids = db.insertNodes(Array.from({ length: 5000 }, (_, at) => ({ kind: "N", name: `${at}` })));
    db.setVectors("e", ids.map((nodeId) => ({ nodeId, vector: randomVector(rng) })));
  }
  let stored: unknown;
  {
    using raw = openRaw(folder.path("a.db"));
    raw.exec("DELETE FROM hnsw_layers WHERE node_id % 2 = 0");
    stored = raw.rows(links);
  }
  {
    using db = open(folder);
    assertEquals(db.check().findings, []);
    assertEquals(stats(db), ["memory", 2500, 2500]);
    for (let round = 0; round < 20; round++) {
      const query = randomVector(rng);
      const exact = db.searchVectors("e", query, { k: 10, exact: true });
      const found = db.searchVectors("e", query, { k: 10, ef: 100 });
      assertEquals(new Set(found.map(({ nodeId }) => nodeId)).size, 10);
      // Every second node has a vector without links, and is never missed.
      const pending = exact.filter(({ nodeId }) => nodeId % 2 === 1);
      assertEquals(pending.filter((match) => found.some(({ nodeId }) => nodeId === match.nodeId)), pending);
    }
    assertEquals(stats(db), ["memory", 2500, 2500]);
  }
  {
    using raw = openRaw(folder.path("a.db"), { readonly: true });
    assertEquals(raw.rows(links), stored, "closing changed links that were there");
  }
  using db = open(folder);
  db.vectorIndex("e").link();
  assertEquals(stats(db), ["memory", 5000, 0]);
  assert(recall(db, "e", rng) > 0.9);
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

test("what another program changes is taken over, and the rest of the index stays in memory", () => {
  using folder = tempDir();
  const rng = new Rng(9);
  using db = open(folder);
  fill(db, 500, rng);
  using other = open(folder);
  other.deleteVector("e", 5);
  other.deleteNode(6);
  other.setVector("e", 7, randomVector(rng));
  other.setVector("e", other.insertNode({ kind: "N", name: "new" }), randomVector(rng));
  const { searches, count, linked, pending, deleted } = db.vectorIndex("e").stats();
  // Of an index that was loaded anew nothing would be deleted.
  assertEquals([searches, count, linked, pending, deleted], ["memory", 499, 499, 0, 3]);
  // Much is loaded, with the links that the other one stored.
  other.setVectors("e", Array.from({ length: 300 }, (_, at) => ({ nodeId: at + 8, vector: randomVector(rng) })));
  db.searchVectors("e", randomVector(rng));
  assertEquals([...stats(db), db.vectorIndex("e").stats().deleted], ["memory", 499, 0, 0]);
});

test("two programs and SQL that write in turns see the same, and as much as whoever opens the file then", () => {
  using folder = tempDir();
  const rng = new Rng(10);
  using one = open(folder);
  using two = open(folder);
  for (const name of ["e", "f"]) one.createVectorIndex(name, { dimension: 2, metric: "euclidean" });
  const vector = () => [rng.between(-99, 99), rng.between(-99, 99)];
  const ids = one.insertNodes(Array.from({ length: 60 }, (_, at) => ({ kind: "N", name: `${at}` })));
  for (const name of ["e", "f"]) one.setVectors(name, ids.map((nodeId) => ({ nodeId, vector: vector() })));
  const anyId = () => ids[rng.between(0, ids.length - 1)] as number;
  const sql = () => {
    using raw = openRaw(folder.path("a.db"));
    const any = "(SELECT id FROM hnsw_vectors ORDER BY id DESC LIMIT 1 OFFSET " + rng.between(0, 40) + ")";
    const bytes = "x'" + Buffer.from(Float32Array.from(vector()).buffer).toString("hex") + "'";
    const e = "(SELECT id FROM hnsw_indexes WHERE name = 'e')";
    const insert = `INSERT INTO hnsw_vectors (id, index_id, vector_data, created_at, updated_at) SELECT`;
    raw.exec("PRAGMA foreign_keys = ON");
    raw.exec(rng.pick([
      `DELETE FROM hnsw_vectors WHERE id = ${any}`,
      `UPDATE hnsw_vectors SET vector_data = ${bytes} WHERE id = ${any}`,
      `UPDATE OR IGNORE sqlitegraph_vector_owners SET node_id = -node_id WHERE node_id > 0 AND vector_id = ${any}`,
      `DELETE FROM graph_entities WHERE id = ${anyId()}`,
      `${insert} NULL, ${e}, ${bytes}, 1, 1`,
      // A number that was given before, and one that leaves out some.
      `${insert} max(id) + 1, ${e}, ${bytes}, 1, 1 FROM hnsw_vectors`,
      `${insert} min(id) - 1, ${e}, ${bytes}, 1, 1 FROM hnsw_vectors HAVING min(id) > 1`,
      `${insert} (SELECT seq FROM sqlite_sequence WHERE name = 'hnsw_vectors') + 9, ${e}, ${bytes}, 1, 1`,
    ]));
  };
  const act = (db: GraphBackend) => {
    const name = rng.pick(["e", "f"]);
    const nodeId = anyId();
    const kind = rng.between(0, 19);
    if (kind === 0) {
      db.dropVectorIndex(name);
      db.createVectorIndex(name, { dimension: 2, metric: "euclidean" });
    } else if (kind === 1) {
      const many = ids.filter((id) => db.hasNode(id));
      db.setVectors(name, many.map((id) => ({ nodeId: id, vector: vector() })));
    } else if (kind < 7) ids.push(db.insertNode({ kind: "N", name: "n" }));
    else if (!db.hasNode(nodeId)) return;
    else if (kind < 9) db.deleteNode(nodeId);
    else if (kind < 12) db.deleteVector(name, nodeId);
    else db.setVector(name, nodeId, vector());
  };
  const held: { readonly snapshot: GraphReader & Disposable; readonly seen: unknown }[] = [];
  const everything = (db: GraphReader) => {
    return ["e", "f"].map((name) => db.searchVectors(name, [0, 0], { k: 500, ef: 1000 }));
  };
  for (let round = 0; round < 400; round++) {
    const kind = rng.between(0, 9);
    if (kind < 3) act(one);
    else if (kind < 6) act(two);
    else if (kind < 7) sql();
    else if (kind < 8) {
      assertThrows(
        () =>
          one.transaction((tx) => {
            act(tx as GraphBackend);
            throw new Error("no");
          }),
        Error,
        "no",
      );
    } else if (kind < 9) {
      const db = rng.pick([one, two]);
      held.push({
        snapshot: db.snapshot(),
        seen: [...db.vectorIndex("e").vectors()].map(({ vector }) => [...vector]).sort(),
      });
      if (held.length > 3) held.shift()?.snapshot[Symbol.dispose]();
    } else {
      using fresh = open(folder, { readonly: true });
      const expected = everything(fresh);
      assertEquals(everything(one), expected);
      assertEquals(everything(two), expected);
      assertEquals(stats(one, "e")[0], "memory");
      for (const { snapshot, seen } of held) {
        const found = snapshot.searchVectors("e", [0, 0], { k: 500, ef: 1000 });
        assertEquals(found.length, (seen as unknown[]).length);
        assertEquals(found, snapshot.searchVectors("e", [0, 0], { k: 500, exact: true }));
      }
    }
  }
  assert(one.check().ok);
  for (const { snapshot } of held) snapshot[Symbol.dispose]();
});

test("links that two programs store in turns serve whoever opens the file then", () => {
  using folder = tempDir();
  const rng = new Rng(11);
  {
    using one = open(folder);
    fill(one, 600, rng);
    using two = open(folder);
    for (let round = 0; round < 40; round++) {
      for (const db of [one, two]) {
        const ids = db.insertNodes(Array.from({ length: 15 }, () => ({ kind: "N", name: "n" })));
        db.setVectors("e", ids.map((nodeId) => ({ nodeId, vector: randomVector(rng) })));
        db.setVector("e", rng.between(1, 600), randomVector(rng));
      }
    }
    assertEquals([stats(one), stats(two)], [["memory", 1800, 0], ["memory", 1800, 0]]);
    for (const db of [one, two]) assert(recall(db, "e", rng) > 0.95);
  }
  {
    using raw = openRaw(folder.path("a.db"), { readonly: true });
    assertEquals(raw.value("SELECT count(*) FROM hnsw_layers"), 1800n);
  }
  using db = open(folder);
  assertEquals(db.check().findings, []);
  assert(recall(db, "e", rng) > 0.95);
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
  // Another program writes, and the engine takes it over when it is asked, or with its next commit.
  const meddle = (sql: string) => {
    using raw = openRaw(folder.path("a.db"));
    raw.exec(sql);
  };
  const before = source.hold(undefined, "test");
  meddle("INSERT INTO hnsw_vectors VALUES (90, 1, x'0000803F', NULL, 1, 1)");
  const between = source.hold(undefined, "test");
  assertEquals([searches(), searches(), asked.splice(0)], ["stored", "stored", [1]]);
  meddle("UPDATE hnsw_vectors SET vector_data = x'00000040' WHERE id = 90");
  engine.vectors.load(1);
  assertEquals([searches(), asked.splice(0), engine.vectors.takeNews()], ["memory", [], undefined]);
  for (const [state, found] of [[before, [node]], [between, [0, node]]] as const) {
    const store = state.store as SqliteReadStore;
    const index = store.vectorIndex("e") as StoredVectorIndex;
    assertEquals(store.vectorStats(index).searches, "stored");
    const search = { k: 9, ef: 9, maxDistance: Infinity, isExact: false, allowed: undefined, signal: undefined };
    const nearest = store.searchVectors(index, { ...search, query: Float32Array.of(1) });
    assertEquals(nearest.map(({ nodeId, distance }) => [nodeId, distance]), found.map((id) => [id, 0]));
    state.release();
  }
  // So much has happened that it starts anew: what was lent before is of no use.
  meddle("UPDATE sqlitegraph_state SET vector_time = vector_time + 1000000");
  asked.length = 0;
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
