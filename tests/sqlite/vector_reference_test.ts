/** Vector indexes that the Rust program wrote are searched, listed and changed. */

import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { NotFoundError } from "../../lib/backend/errors.ts";
import type { GraphBackend } from "../../lib/backend/graph_backend.ts";
import type { VectorMetric } from "../../lib/backend/vector.ts";
import { openRaw } from "../support/raw_sqlite.ts";
import { copyReference, expectedAnswers, parseExactly } from "../support/reference_fixture.ts";
import { type TempDir, tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";
import { DRIVERS, openAt, sha256 } from "./reference.ts";

/** What the program answered about an index; `exact_by_brute_force` is right in any case. */
interface ExpectedIndex {
  readonly searches: readonly {
    readonly query: readonly number[];
    readonly k: number;
    readonly exact_by_brute_force: readonly (readonly [id: number, distance: number])[];
  }[];
  readonly vectors: readonly { readonly id: number; readonly vector: readonly number[]; readonly metadata: unknown }[];
}

const METRICS: Readonly<Record<string, VectorMetric>> = { churn8: "dot", cos8: "cosine", euclid8: "euclidean" };
const FILES = ["sqlite-3.2.5", "sqlite-3.9.0"] as const;

function expectedIndex(file: string, index: string): ExpectedIndex {
  const { hnsw_before_close: answers } = expectedAnswers(file) as unknown as {
    readonly hnsw_before_close: Readonly<Record<string, ExpectedIndex>>;
  };
  return answers[index] as ExpectedIndex;
}

/** Declares the same test for every file, adapter and way to open it. */
function readTest(what: string, body: (db: GraphBackend, file: string) => void): void {
  for (const file of FILES) {
    for (const driver of DRIVERS) {
      for (const readonly of [false, true]) {
        test(`vectors of ${file} by ${driver}${readonly ? ", read-only" : ""}: ${what}`, () => {
          using folder = tempDir();
          const path = copyReference(file, folder);
          const hash = sha256(path);
          using db = openAt(path, { driver, readonly });
          body(db, file);
          assert(db.check().ok);
          assertEquals(db.check().findings.filter(({ code }) => code.includes("vector")), []);
          db.close();
          if (readonly) assertEquals(sha256(path), hash);
        });
      }
    }
  }
}

readTest("indexes with their parameters, and true counts", (db) => {
  assertEquals(
    db.vectorIndexes(),
    Object.entries(METRICS).map(([name, metric]) => ({
      name,
      dimension: 8,
      metric,
      m: 8,
      efConstruction: 64,
      efSearch: 64,
      storage: "f32",
      seed: 0,
      engine: "hnsw",
      count: name === "churn8" ? 6 : 20,
    })),
  );
  assertEquals([db.stats().vectorIndexes, db.stats().vectors], [3, 46]);
});

readTest("each search finds what comparing all vectors finds", (db, file) => {
  for (const name of Object.keys(METRICS)) {
    const { searches } = expectedIndex(file, name);
    assert(searches.length > 10);
    for (const { query, k, exact_by_brute_force: expected } of searches) {
      const found = db.searchVectors(name, query, { k, exact: true });
      assertEquals(found.map(({ vectorId }) => vectorId), expected.map(([id]) => id));
      found.forEach(({ nodeId, distance }, at) => {
        assertEquals(nodeId, 0);
        // The program halves cosine distances: 0 to 1 instead of 0 to 2.
        const scale = name === "cos8" ? 2 : 1;
        assertAlmostEquals(distance, scale * ((expected[at] as readonly number[])[1] as number), 1e-6);
      });
    }
  }
});

readTest("each vector with its number and metadata", (db, file) => {
  for (const name of Object.keys(METRICS)) {
    const { vectors } = expectedIndex(file, name);
    const found = [...db.vectorIndex(name).vectors()];
    assertEquals(
      found.map(({ nodeId, vectorId, vector }) => [nodeId, vectorId, [...vector]]),
      vectors.map(({ id, vector }) => [0, id, [...vector]]),
    );
    assertEquals(
      found.map(({ metadata }) => metadata === undefined ? null : parseExactly(metadata)),
      vectors.map(({ metadata }) => metadata as never),
    );
    assertEquals(db.getVector(name, vectors[0]?.id as number), undefined, "a number is no node");
  }
});

readTest("a filter lets no vector of no node pass", (db) => {
  assertEquals(db.searchVectors("cos8", [1, 2, 3, 4, 5, 6, 7, 8], { filter: {} }), []);
});

function rowsOf(folder: TempDir, file: string, change: (db: GraphBackend) => void) {
  const path = copyReference(file, folder);
  using db = openAt(path);
  change(db);
  assertEquals(db.check().findings.filter(({ code }) => code.includes("vector")), []);
  db.close();
  using raw = openRaw(path);
  return {
    path,
    counts: raw.rows("SELECT name, vector_count FROM hnsw_indexes ORDER BY id"),
    vectors: raw.table("hnsw_vectors"),
    layers: raw.table("hnsw_layers"),
    entryPoints: raw.table("hnsw_entry_points"),
  };
}

for (const file of FILES) {
  test(`vectors of ${file} stand beside those of nodes, which come first`, () => {
    using folder = tempDir();
    const one = [1, 0, 0, 0, 0, 0, 0, 0];
    const { counts, vectors } = rowsOf(folder, file, (db) => {
      db.setVector("euclid8", 2, one);
      db.setVector("euclid8", 1, [2, ...one.slice(1)]);
      const index = db.vectorIndex("euclid8");
      assertEquals(index.info.count, 22);
      assertEquals([...index.vectors()].map(({ nodeId, vectorId }) => vectorId ?? -nodeId), [
        -1,
        -2,
        ...Array.from({ length: 20 }, (_, at) => at + 1),
      ]);
      assertEquals(db.searchVectors("euclid8", one, { k: 2 }), [{ nodeId: 2, distance: 0 }, {
        nodeId: 1,
        distance: 1,
      }]);
      assertEquals(db.searchVectors("euclid8", one, { k: 100 }).length, 22);
      assertEquals(db.searchVectors("euclid8", one, { filter: { nodeIds: [1, 7] } }).length, 1);
      assert(db.deleteVector("euclid8", 1));
      assertEquals(index.info.count, 21);
    });
    assertEquals(counts[0], ["euclid8", 21n]);
    assertEquals(vectors.length, 47);
    const { id, index_id, vector_data, metadata } = vectors.at(-1) as Record<string, unknown>;
    assertEquals([id, index_id, metadata], [49n, 1n, '{"node_id":2}']);
    assertEquals(vector_data, new Uint8Array(Float32Array.from(one).buffer));
  });

  test(`an index of ${file} is dropped with all of its rows, and its number is not given again`, () => {
    using folder = tempDir();
    const { counts, vectors, layers, entryPoints } = rowsOf(folder, file, (db) => {
      assert(db.dropVectorIndex("churn8"));
      assertThrows(() => db.vectorIndex("churn8"), NotFoundError);
      db.createVectorIndex("churn8", { dimension: 8 });
    });
    assertEquals(counts, [["euclid8", 0n], ["cos8", 0n], ["churn8", 0n]]);
    assertEquals(vectors.length, 40);
    assertEquals(layers.length, 40);
    assertEquals(entryPoints.map((row) => row["index_id"]), [1n, 2n]);
    using raw = openRaw(folder.path(`${file}.db`));
    assertEquals(raw.value("SELECT max(id) FROM hnsw_indexes"), 4n);
  });
}

test("files of before vectors could be stored list their empty indexes", () => {
  for (const name of ["sqlite-2.0.7", "sqlite-2.2.3"]) {
    for (const readonly of [true, false]) {
      using folder = tempDir();
      using db = openAt(copyReference(name, folder), { readonly });
      assertEquals(db.vectorIndexes().map((info) => [info.name, info.count]), [["churn8", 0], ["cos8", 0], [
        "euclid8",
        0,
      ]]);
      assertEquals(db.searchVectors("cos8", [1, 2, 3, 4, 5, 6, 7, 8]), []);
    }
  }
  for (const readonly of [true, false]) {
    using folder = tempDir();
    using db = openAt(copyReference("nomigrations-3.2.5", folder), { readonly });
    assertEquals([db.vectorIndexes(), db.stats().vectors], [[], 0]);
    assertThrows(() => db.vectorIndex("bio"), NotFoundError);
    if (!readonly) assertEquals(db.createVectorIndex("bio", { dimension: 2 }).count, 0);
  }
});
