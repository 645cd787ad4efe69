/** Vectors of a draft: searches, pages and counts over the held state with its own changes. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import type { GraphBackend, GraphTransaction } from "../../lib/backend/graph_backend.ts";
import type { HeldState } from "../../lib/backend/state_source.ts";
import type { StoredVector, VectorMetric } from "../../lib/backend/vector.ts";
import { Footprint } from "../../lib/graph/footprint.ts";
import { OverlayStore } from "../../lib/graph/overlay_store.ts";
import { TransactionDraft } from "../../lib/graph/transaction_draft.ts";
import { SqliteBackend } from "../../lib/sqlite/mod.ts";
import { V3Backend } from "../../lib/v3/mod.ts";
import { VectorModel } from "../contract/vector_model.ts";
import { test } from "../support/test.ts";
import { commitLog, holdState, NextIds, recorders } from "./draft_backend.ts";

const CACHE_BYTES = 8 * 1024 * 1024;

/** Runs a test on both engines. */
function onEachEngine(name: string, body: (db: GraphBackend) => void): void {
  test(`v3: ${name}`, () => {
    using db = V3Backend.open(":memory:", { cacheBytes: CACHE_BYTES });
    body(db);
  });
  test(`sqlite: ${name}`, () => {
    using db = SqliteBackend.open(":memory:");
    body(db);
  });
}

/** Runs a function as a draft, and commits its log. */
function runDraft(db: GraphBackend, run: (tx: GraphTransaction) => void): void {
  const ids = new NextIds();
  ids.follow(db);
  const state = holdState(db);
  const draft = new TransactionDraft(state, ids, recorders(), Date.now);
  try {
    run(draft.tx);
  } finally {
    draft.end();
    state.release();
  }
  if (!draft.operations.isEmpty) commitLog(db, draft.operations.finish());
}

function filled(db: GraphBackend, count: number): void {
  db.createVectorIndex("e", { dimension: 1, metric: "euclidean" });
  const ids = db.insertNodes(Array.from({ length: count }, (_, at) => ({ kind: "N", name: `${at}` })));
  db.setVectors("e", ids.map((nodeId) => ({ nodeId, vector: [nodeId] })));
}

const idsOf = (vectors: Iterable<StoredVector>): number[] => Array.from(vectors, ({ nodeId }) => nodeId);

onEachEngine("changed vectors are found in their order, however many they are", (db) => {
  const COUNT = 700;
  filled(db, COUNT);
  runDraft(db, (tx) => {
    // At first few, then more than may be compared one by one.
    for (let id = 1; id <= COUNT; id++) {
      if (id % 3 === 0) tx.deleteVector("e", id);
      else tx.setVector("e", id, [-id]);
      if (id % 100 !== 0) continue;
      const expected = Array.from({ length: COUNT }, (_, at) => at + 1)
        .filter((other) => other > id || other % 3 !== 0)
        .map((nodeId) => ({ nodeId, distance: Math.abs(-50.25 - (nodeId > id ? nodeId : -nodeId)) }))
        .sort((one, other) => one.distance - other.distance);
      assertEquals(tx.searchVectors("e", [-50.25], { k: 12 }), expected.slice(0, 12));
      assertEquals(tx.searchVectors("e", [-50.25], { k: 12, exact: true }), expected.slice(0, 12));
      assertEquals(tx.vectorIndex("e").range([-50.25], 9), expected.filter(({ distance }) => distance <= 9));
      assertEquals(tx.vectorIndex("e").info.count, expected.length);
      assertEquals(tx.vectorIndex("e").stats().count, expected.length);
      assertEquals(idsOf(tx.vectorIndex("e").vectors()), expected.map(({ nodeId }) => nodeId).sort((a, b) => a - b));
    }
  });
  assertEquals(db.vectorIndex("e").info.count, COUNT - Math.floor(COUNT / 3));
});

onEachEngine("vectors at the edges of pages are listed once, changed or not", (db) => {
  const COUNT = 2_100;
  filled(db, COUNT);
  runDraft(db, (tx) => {
    for (let at = 0; at < 12; at++) {
      const changed = 1 + at * 190;
      tx.setVector("e", changed, [0]);
      const added = tx.insertNode({ kind: "N", name: "new" });
      tx.setVector("e", added, [0]);
      const vectors = [...tx.vectorIndex("e").vectors()];
      assertEquals(idsOf(vectors), Array.from({ length: COUNT + at + 1 }, (_, index) => index + 1));
      assertEquals(vectors.filter(({ vector }) => vector[0] === 0).length, 2 * at + 2);
    }
  });
});

onEachEngine(
  "an index of the transaction has its own vectors alone, and takes the name of one that was dropped",
  (db) => {
    filled(db, 5);
    runDraft(db, (tx) => {
      assert(tx.dropVectorIndex("e"));
      assertEquals(tx.vectorIndexes(), []);
      tx.createVectorIndex("e", { dimension: 2, metric: "manhattan" });
      tx.createVectorIndex("a", { dimension: 1 });
      assertEquals(tx.getVector("e", 1), undefined);
      assertEquals(tx.searchVectors("e", [0, 0]), []);
      tx.setVector("e", 3, [1, 2]);
      tx.setVector("e", 2, [1, 1]);
      assertEquals(tx.searchVectors("e", [0, 0]), [{ nodeId: 2, distance: 2 }, { nodeId: 3, distance: 3 }]);
      assertEquals(tx.searchVectors("e", [0, 0], { filter: { nodeIds: [3, 4] } }), [{ nodeId: 3, distance: 3 }]);
      assertEquals(tx.vectorIndexes().map(({ name, count }) => [name, count]), [["a", 0], ["e", 2]]);
      const { count, searches } = tx.vectorIndex("e").stats();
      assertEquals([count, searches], [2, "stored"]);
      assertThrows(
        () =>
          tx.transaction((inner) => {
            inner.dropVectorIndex("e");
            inner.createVectorIndex("e", { dimension: 1 });
            inner.setVector("e", 4, [1]);
            assertEquals(idsOf(inner.vectorIndex("e").vectors()), [4]);
            throw new Error("rolled back");
          }),
        Error,
        "rolled back",
      );
      assertEquals(idsOf(tx.vectorIndex("e").vectors()), [2, 3]);
      tx.deleteNode(3);
    });
    assertEquals([...db.vectorIndex("e").vectors()], [{ nodeId: 2, vector: Float32Array.of(1, 1) }]);
    assertEquals(db.vectorIndexes().map(({ name, count }) => [name, count]), [["a", 0], ["e", 1]]);
  },
);

onEachEngine("what a draft returns and what it was given is the user's own", (db) => {
  filled(db, 2);
  runDraft(db, (tx) => {
    const given = Float32Array.of(7);
    tx.setVector("e", 1, given);
    given[0] = 8;
    for (const own of [tx.getVector("e", 1), [...tx.vectorIndex("e").vectors()][0]?.vector]) {
      assertEquals(own, Float32Array.of(7));
      (own as Float32Array)[0] = 9;
    }
    assertEquals(tx.getVector("e", 1), Float32Array.of(7));
  });
  assertEquals(db.getVector("e", 1), Float32Array.of(7));
});

const METRICS: readonly VectorMetric[] = ["cosine", "euclidean", "dot", "manhattan"];
const vector = fc.tuple(fc.constantFrom(-1, -0.5, 0.5, 1), fc.constantFrom(-2, 0, 0.25, 1)).map((pair) => [...pair]);
const nodeId = fc.integer({ min: 1, max: 9 });
const change = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant("set" as const), nodeId, vector }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("delete" as const), nodeId }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("deleteNode" as const), nodeId }) },
);
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

const parts = fc.array(fc.record({ changes: fc.array(change, { maxLength: 5 }), fails: fc.boolean() }), {
  maxLength: 5,
});

function apply(tx: GraphTransaction, model: VectorModel, changes: readonly Change[]): void {
  for (const step of changes) {
    if (step.do === "delete") assertEquals(tx.deleteVector("e", step.nodeId), model.delete(step.nodeId));
    else if (!tx.hasNode(step.nodeId)) continue;
    else if (step.do === "set") {
      tx.setVector("e", step.nodeId, step.vector);
      model.set(step.nodeId, step.vector);
    } else {
      tx.deleteNode(step.nodeId);
      model.delete(step.nodeId);
    }
    const query = [0.5, 0.25];
    model.assertFound(tx.searchVectors("e", query, { k: 4 }), query, 4);
    model.assertStored(tx);
  }
}

test("a draft's vectors follow a model through savepoints, and so does its log", () => {
  fc.assert(
    fc.property(fc.constantFrom(...METRICS), fc.array(change, { maxLength: 12 }), parts, (metric, base, parts) => {
      using db = V3Backend.open(":memory:", { cacheBytes: 1024 * 1024 });
      db.insertNodes(Array.from({ length: 9 }, (_, at) => ({ kind: "N", name: `${at}` })));
      db.createVectorIndex("e", { dimension: 2, metric });
      const model = new VectorModel(metric);
      db.transaction((tx) => apply(tx as unknown as GraphTransaction, model, base));
      runDraft(db, (tx) => {
        for (const { changes, fails } of parts) {
          const inside = model.copy();
          try {
            tx.transaction((inner) => {
              apply(inner, inside, changes);
              if (fails) throw new RangeError("rolled back");
            });
            model.become(inside);
          } catch (error) {
            if (!(error instanceof RangeError)) throw error;
          }
          model.assertStored(tx);
          assertEquals(tx.vectorIndex("e").info.count, [...tx.vectorIndex("e").vectors()].length);
        }
      });
      model.assertStored(db);
    }),
    { numRuns: 40 },
  );
});

/** Vectors of nodes 2, 4, ... 20, then some that belong to no node, whose positions are negative: as a SQLite file has them. */
function stateWithForeignVectors(): HeldState {
  const definition = {
    ...{ name: "e", dimension: 1, metric: "euclidean", m: 16, efConstruction: 200, efSearch: 64 } as const,
    ...{ storage: "f32", seed: 0, engine: "hnsw" } as const,
  };
  const index = { definition, number: 1, count: 15 };
  const vector = Float32Array.of(1);
  const owned = Array.from({ length: 10 }, (_, at) => ({ nodeId: 2 * at + 2, vector }));
  const foreign = Array.from({ length: 5 }, (_, at) => ({ nodeId: 0, vector, vectorId: at + 1 }));
  const store = {
    vectorIndex: () => index,
    vectorPage(_index: unknown, _wanted: unknown, after: number, size: number) {
      const items: StoredVector[] = after < 0 ? [] : owned.filter(({ nodeId }) => nodeId > after).slice(0, size);
      if (items.length === size) return { items, next: items.at(-1)?.nodeId };
      items.push(...foreign.filter(({ vectorId }) => after >= 0 || vectorId > -after).slice(0, size - items.length));
      return { items, next: items.length < size ? undefined : -(items.at(-1)?.vectorId as number) };
    },
  };
  return {
    lsn: 1,
    timeMs: 0,
    isPast: false,
    isReleased: false,
    store,
    release() {},
    share() {},
  } as unknown as HeldState;
}

test("vectors that belong to no node come once, behind those of nodes, at every size of pages", () => {
  for (let size = 1; size <= 20; size++) {
    const overlay = new OverlayStore(stateWithForeignVectors(), new NextIds(), new Footprint());
    const index = overlay.vectorIndex("e");
    assert(index !== undefined);
    for (const nodeId of [1, 7, 20, 21, 22]) overlay.setVector(index, nodeId, Float32Array.of(2));
    // The base knows no single vectors: only what is listed is looked at here.
    const seen: number[] = [];
    for (let after: number | undefined = 0; after !== undefined;) {
      const page: { readonly items: readonly StoredVector[]; readonly next: number | undefined } = overlay
        .vectorPage<StoredVector>(index, "vector", after, size);
      assert(page.items.length <= size);
      for (const { nodeId, vectorId } of page.items) seen.push(vectorId === undefined ? nodeId : -vectorId);
      after = page.next;
    }
    assertEquals(seen, [1, 2, 4, 6, 7, 8, 10, 12, 14, 16, 18, 20, 21, 22, -1, -2, -3, -4, -5], `pages of ${size}`);
  }
});
