/** Vectors in a byte tree: keys, parts, and reading them one after the other. */

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { MAX_ID } from "../../lib/backend/limits.ts";
import { VectorCursor } from "../../lib/v3/vector_cursor.ts";
import { indexOfKey, nodeOfKey, partOfKey, vectorKey } from "../../lib/v3/vector_key.ts";
import type { V3WriteStore } from "../../lib/v3/write_store.ts";
import { FaultFileSystem } from "../crash/fault_file_system.ts";
import { Rng } from "../crash/rng.ts";
import { SimulatedDisk } from "../crash/simulated_disk.ts";
import { test } from "../support/test.ts";
import { TestDatabase } from "./test_database.ts";

test("keys of vectors hold index, node and part, and their byte order is the order of these", () => {
  const place = fc.tuple(fc.nat(2 ** 32 - 1), fc.integer({ min: 1, max: MAX_ID }), fc.nat(19));
  fc.assert(fc.property(place, place, (one, other) => {
    const key = vectorKey(...one);
    assertEquals([indexOfKey(key, 0), nodeOfKey(key, 0), partOfKey(key, 0)], one);
    const order = one.map((part, at) => part - other[at]!).find((difference) => difference !== 0) ?? 0;
    const otherKey = vectorKey(...other);
    const at = key.findIndex((byte, index) => byte !== otherKey[index]);
    assertEquals(Math.sign(at < 0 ? 0 : key[at]! - otherKey[at]!), Math.sign(order));
  }));
});

function makeIndex(store: V3WriteStore, name: string, dimension: number): void {
  store.createVectorIndex({
    name,
    dimension,
    metric: "dot",
    m: 16,
    efConstruction: 200,
    efSearch: 64,
    storage: "f32",
    seed: 0,
    engine: "hnsw",
  });
}

test("a cursor reads vectors of any dimension with the commit that wrote each (also after a replay), and passes over those of other indexes", () => {
  for (const dimension of [1, 2, 247, 248, 249, 384, 1000, 4096]) {
    let files = new FaultFileSystem(new SimulatedDisk(), new Rng(1));
    let db = new TestDatabase(undefined, files, "/db.graph", "normal");
    db.commit((store) => {
      for (const name of ["a", "b", "c"]) makeIndex(store, name, name === "b" ? dimension : 3);
      for (let id = 1; id <= 30; id++) {
        store.insertNode({ kind: "N", name: "n", filePath: null, labels: [], data: "{}" });
        for (const name of ["a", "c"]) store.setVector(store.vectorIndex(name)!, id, Float32Array.of(1, 2, 3));
      }
    });
    const vectorOf = (id: number): Float32Array => Float32Array.from({ length: dimension }, (_, at) => id + at / 4);
    const lsns = new Map<number, number>();
    for (const id of [9, 3, 30, 1, 17, 3]) {
      const { lsn } = db.commit((store) => store.setVector(store.vectorIndex("b")!, id, vectorOf(id)));
      lsns.set(id, lsn);
    }
    db.checkpoint();
    for (const id of [5, 6, 7]) {
      const { lsn } = db.commit((store) => store.setVector(store.vectorIndex("b")!, id, vectorOf(id)));
      lsns.set(id, lsn);
    }
    for (const isReplayed of [false, true]) {
      if (isReplayed) {
        files = files.afterKill();
        db = new TestDatabase(undefined, files, "/db.graph", "normal");
      }
      const cursor = new VectorCursor(db.engine.trees.vectors, 2, dimension);
      for (const after of [0, 1, 2, 9, 30]) {
        const found: number[] = [];
        for (cursor.seek(after); cursor.next();) {
          found.push(cursor.nodeId);
          if (cursor.nodeId === 9) continue;
          const numbers = new Float32Array(dimension);
          assertEquals(cursor.read(new Uint8Array(numbers.buffer), 0), lsns.get(cursor.nodeId));
          assertEquals(numbers, vectorOf(cursor.nodeId));
        }
        assertEquals(found, [1, 3, 5, 6, 7, 9, 17, 30].filter((id) => id > after));
      }
    }
    db[Symbol.dispose]();
  }
});
