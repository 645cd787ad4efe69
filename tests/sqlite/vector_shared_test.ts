/** Vectors of a served SQLite database, as other threads read them. */

import { assertEquals } from "@std/assert";
import type { ReadStore } from "../../lib/backend/store.ts";
import type { StoredVectorIndex } from "../../lib/backend/vector_store.ts";
import { serveSqlite } from "../../lib/sqlite/served.ts";
import { attachSqlite, borrowSqlite } from "../../lib/sqlite/shared_source.ts";
import { tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";

function nearest(store: ReadStore, query: number): unknown {
  const index = store.vectorIndex("e");
  if (index === undefined) return undefined;
  const search = { k: 9, ef: 0, maxDistance: Infinity, isExact: true, allowed: undefined, signal: undefined };
  return store.searchVectors(index, { ...search, query: Float32Array.of(query) }).map(({ nodeId, distance }) => [
    nodeId,
    distance,
  ]);
}

for (const place of ["file", "memory"] as const) {
  test(`a held state in a ${place} keeps its vectors, also lent to another thread`, async () => {
    using dir = tempDir();
    const engine = serveSqlite(place === "file" ? dir.path("a.db") : ":memory:", {
      durability: "off",
      temporaryFolder: dir.root,
    });
    const { backend } = engine;
    const source = attachSqlite(engine.handle);
    const borrower = borrowSqlite(engine.handle);
    const empty = source.hold(undefined, "test");
    backend.createVectorIndex("e", { dimension: 1, metric: "euclidean" });
    const [a, b] = backend.insertNodes([{ kind: "N", name: "a" }, { kind: "N", name: "b" }]) as [number, number];
    backend.setVectors("e", [{ nodeId: a, vector: [1] }, { nodeId: b, vector: [3] }]);
    const held = source.hold(undefined, "test");
    const lent = borrower.borrow(await held.share(), () => false);
    const index = (): StoredVectorIndex => held.store.vectorIndex("e") ?? never();
    engine.group([
      ({ store }) => store.setVector(index(), b, Float32Array.of(7)),
      ({ store }) => store.deleteNode(a),
    ]);
    for (const { store } of [held, lent]) {
      assertEquals(nearest(store, 1), [[a, 0], [b, 2]]);
      assertEquals(store.vectorIndexes().map(({ count }) => count), [2]);
      assertEquals(store.readVector(index(), b), Float32Array.of(3));
    }
    assertEquals(nearest(empty.store, 1), undefined);
    const newest = source.hold(undefined, "test");
    assertEquals(nearest(newest.store, 1), [[b, 6]]);
    for (const state of [empty, lent, held, newest]) state.release();
    borrower.close();
    source.close();
    engine.close();
  });
}

function never(): never {
  throw new Error("there is no index");
}
