/** The engine `hnswlib`: the library in a thread of its own, behind the calls of an index. */

import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { GraphError, UnsupportedError } from "../../lib/backend/errors.ts";
import { NodeIdSet } from "../../lib/backend/node_id_set.ts";
import type { VectorMetric } from "../../lib/backend/vector.ts";
import { open } from "../../lib/graph/open.ts";
import type { VectorEngine } from "../../lib/vector/vector_engine.ts";
import { test } from "../support/test.ts";
import {
  bruteForce,
  definitionOf,
  manyVectors,
  openIndex,
  put,
  randomVectors,
  readFrom,
  recallOf,
  searchOf,
  type Vectors,
  withIndex,
} from "./hnswlib_index.ts";

/** Mean recall of searches for random vectors. */
function meanRecall(index: VectorEngine, vectors: Vectors, lsn: number, allowed?: NodeIdSet): number {
  const next = randomVectors(99, index.definition.dimension);
  let sum = 0;
  for (let turn = 0; turn < 30; turn++) {
    const search = searchOf(next(), { allowed });
    sum += recallOf(
      index.search(search, lsn, readFrom(vectors)),
      bruteForce(index.definition, vectors, search),
    );
  }
  return sum / 30;
}

for (const metric of ["euclidean", "cosine", "dot"] as const satisfies readonly VectorMetric[]) {
  test(`searches by ${metric} find nearly all of the nearest, with the distances of the metric, in order`, () => {
    const definition = definitionOf({ metric });
    const vectors = manyVectors(500, 8);
    withIndex(definition, vectors, (index) => {
      assert(meanRecall(index, vectors, 1) >= 0.97);
      const search = searchOf(randomVectors(5, 8)());
      const expected = new Map(
        bruteForce(definition, vectors, { ...search, k: 500 }).map((match) => [match.nodeId, match.distance]),
      );
      const found = index.search(search, 1, readFrom(vectors));
      assertEquals(found.length, 10);
      for (const { nodeId, distance } of found) assertEquals(distance, expected.get(nodeId));
      assertEquals(
        found.map((match) => match.distance),
        found.map((match) => match.distance).toSorted((a, b) => a - b),
      );
    });
  });
}

test("equal distances come in the order of node ids", () => {
  const vectors: Vectors = new Map([9, 3, 7, 1].map((nodeId) => [nodeId, new Float32Array([1, 2])]));
  withIndex(definitionOf({ dimension: 2 }), vectors, (index) => {
    const found = index.search(searchOf(new Float32Array([1, 0])), 1, readFrom(vectors));
    assertEquals(found, [1, 3, 7, 9].map((nodeId) => ({ nodeId, distance: 2 })));
  });
});

test("an exact search and one that wants more than there are return everything there is", () => {
  const vectors = manyVectors(300, 8);
  const definition = definitionOf();
  withIndex(definition, vectors, (index) => {
    const query = randomVectors(6, 8)();
    const exact = searchOf(query, { isExact: true });
    assertEquals(index.search(exact, 1, readFrom(vectors)), bruteForce(definition, vectors, exact));
    const all = searchOf(query, { k: 10_000 });
    assertEquals(index.search(all, 1, readFrom(vectors)), bruteForce(definition, vectors, all));
  });
});

test("a search within a distance, and a range search, return what is near enough", () => {
  const vectors = manyVectors(400, 4);
  const definition = definitionOf({ dimension: 4 });
  withIndex(definition, vectors, (index) => {
    const query = new Float32Array(4);
    for (const maxDistance of [0.3, 0.8, 5]) {
      const range = searchOf(query, { k: Infinity, ef: 16, maxDistance });
      const expected = bruteForce(definition, vectors, range);
      assert(recallOf(index.search(range, 1, readFrom(vectors)), expected) >= 0.98, String(maxDistance));
      const few = searchOf(query, { k: 5, maxDistance });
      assertEquals(index.search(few, 1, readFrom(vectors)), bruteForce(definition, vectors, few));
    }
  });
});

test("an empty index finds nothing, and takes vectors", () => {
  withIndex(definitionOf({ dimension: 2 }), new Map(), (index) => {
    const search = searchOf(new Float32Array([1, 0]));
    assertEquals(index.search(search, 1, readFrom(new Map())), []);
    assertEquals(index.search({ ...search, isExact: true }, 1, readFrom(new Map())), []);
    const vectors: Vectors = new Map([[4, new Float32Array([1, 1])]]);
    index.reserve([put(4, vectors.get(4))], 1);
    index.apply([put(4, vectors.get(4))], 2, 1);
    assertEquals(index.search(search, 2, readFrom(vectors)), [{ nodeId: 4, distance: 1 }]);
  });
});

test("each commit changes what is found: of several changes of a node the last one", () => {
  withIndex(definitionOf({ dimension: 2 }), manyVectors(3, 2), (index) => {
    const vectors: Vectors = new Map([[2, new Float32Array([5, 5])], [8, new Float32Array([6, 6])]]);
    index.apply(
      [
        put(1, undefined),
        put(2, new Float32Array([1, 1])),
        put(2, vectors.get(2)),
        put(3, new Float32Array([1, 1])),
        put(3, undefined),
        put(8, undefined),
        put(8, vectors.get(8)),
        put(77, undefined),
      ],
      2,
      1,
    );
    const found = index.search(searchOf(new Float32Array([5, 5])), 2, readFrom(vectors));
    assertEquals(found.map((match) => match.nodeId), [2, 8]);
    index.apply([put(2, undefined), put(8, undefined)], 3, 1);
    assertEquals(index.search(searchOf(new Float32Array([5, 5])), 3, readFrom(vectors)), []);
  });
});

test("after any commits exact searches equal a model, and others find only what is there", () => {
  const definition = definitionOf({ dimension: 2 });
  const change = fc.record({
    nodeId: fc.integer({ min: 1, max: 12 }),
    value: fc.option(fc.integer({ min: -9, max: 9 })),
  });
  fc.assert(
    fc.property(fc.array(fc.array(change, { maxLength: 8 }), { maxLength: 12 }), (commits) => {
      const vectors = manyVectors(3, 2);
      withIndex(definition, vectors, (index) => {
        commits.forEach((commit, at) => {
          const changes = commit.map(({ nodeId, value }) => {
            const vector = value === null ? undefined : new Float32Array([value, 1]);
            if (vector === undefined) vectors.delete(nodeId);
            else vectors.set(nodeId, vector);
            return put(nodeId, vector);
          });
          index.reserve(changes, 1);
          index.apply(changes, at + 2, 1);
          const search = searchOf(new Float32Array([1, 1]), { k: 12 });
          const expected = bruteForce(definition, vectors, search);
          assertEquals(index.search({ ...search, isExact: true }, at + 2, readFrom(vectors)), expected);
          assertEquals(index.search(search, at + 2, readFrom(vectors)), expected);
        });
      });
    }),
    { numRuns: 6 },
  );
});

test("after half of the vectors were replaced or deleted and inserted anew, searches find as much, in as much room", () => {
  const vectors = manyVectors(400, 8);
  const next = randomVectors(31, 8);
  withIndex(definitionOf(), vectors, (index) => {
    for (let lsn = 2; lsn < 5; lsn++) {
      const ids = [...vectors.keys()].filter((id) => id % 2 === lsn % 2);
      const updated = ids.slice(0, 60);
      const deleted = ids.slice(60);
      for (const id of deleted) vectors.delete(id);
      for (const id of updated) vectors.set(id, next());
      index.apply(
        [...deleted.map((id) => put(id, undefined)), ...updated.map((id) => put(id, vectors.get(id)))],
        lsn,
        1,
      );
      const inserted = deleted.map((id) => id + 400);
      for (const id of inserted) vectors.set(id, next());
      index.apply(inserted.map((id) => put(id, vectors.get(id))), lsn, 1);
      assert(meanRecall(index, vectors, lsn) >= 0.97);
    }
    const { linked, pending, deleted, searches } = index.stats();
    assertEquals([linked, pending, searches], [vectors.size, 0, "memory"]);
    assert(deleted <= 140, String(deleted));
  });
});

test("a search of an older state than the newest is refused, one of a later commit that changed nothing is not", () => {
  const vectors = manyVectors(20, 8);
  withIndex(definitionOf(), vectors, (index) => {
    const search = searchOf(randomVectors(1, 8)());
    const before = index.search(search, 9, readFrom(vectors));
    assertEquals(before, index.search(search, 1, readFrom(vectors)));
    index.apply([put(1, undefined)], 10, 1);
    vectors.delete(1);
    for (const isExact of [false, true]) {
      const error = assertThrows(() => index.search({ ...search, isExact }, 9, readFrom(vectors)), UnsupportedError);
      assertEquals(error.code, "engine-hnswlib-state");
    }
    assert(index.search(search, 10, readFrom(vectors)).length > 0);
  });
});

test("a filter is kept on the way: at every selectivity nearly all of the nearest that it lets pass are found", () => {
  const vectors = manyVectors(1500, 8);
  withIndex(definitionOf(), vectors, (index) => {
    for (const step of [1, 2, 5, 20, 200]) {
      // Ids without vectors are among them.
      const allowed = NodeIdSet.of(Array.from({ length: 2000 / step }, (_, at) => 1 + at * step));
      const search = searchOf(randomVectors(step, 8)(), { allowed });
      for (const { nodeId } of index.search(search, 1, readFrom(vectors))) assert(allowed.has(nodeId));
      assert(meanRecall(index, vectors, 1, allowed) >= 0.97, String(step));
    }
    const none = searchOf(randomVectors(1, 8)(), { allowed: NodeIdSet.of([5000]) });
    assertEquals(index.search(none, 1, readFrom(vectors)), []);
  });
});

test("a filter that was sent before a commit lets the commit's vectors pass", () => {
  const vectors = manyVectors(400, 2);
  const definition = definitionOf({ dimension: 2 });
  withIndex(definition, vectors, (index) => {
    const allowed = NodeIdSet.of([1, 2, 401]);
    const exact = searchOf(new Float32Array([0, 0]), { allowed, isExact: true });
    assertEquals(index.search(exact, 1, readFrom(vectors)).length, 2);
    vectors.delete(1);
    vectors.set(401, new Float32Array([0, 0]));
    index.apply([put(1, undefined), put(401, vectors.get(401))], 2, 1);
    for (const search of [exact, { ...exact, isExact: false }]) {
      assertEquals(index.search(search, 2, readFrom(vectors)), bruteForce(definition, vectors, exact));
    }
    const other = { ...exact, allowed: NodeIdSet.of([3]) };
    assertEquals(index.search(other, 2, readFrom(vectors)), bruteForce(definition, vectors, other));
    assertEquals(index.search(exact, 2, readFrom(vectors)), bruteForce(definition, vectors, exact));
  });
});

test("node ids beyond 32 bits are told apart, and vectors of no node come with their number", () => {
  const ids = [1, 2 ** 32 + 1, 2 ** 53 - 1, -6];
  const vectors: Vectors = new Map(ids.map((id, at) => [id, new Float32Array([at, 0])]));
  withIndex(definitionOf({ dimension: 2 }), vectors, (index) => {
    const found = index.search(searchOf(new Float32Array([0, 0])), 1, readFrom(vectors));
    assertEquals(found, [
      { nodeId: 1, distance: 0 },
      { nodeId: 2 ** 32 + 1, distance: 1 },
      { nodeId: 2 ** 53 - 1, distance: 2 },
      { nodeId: 0, distance: 3, vectorId: 6 },
    ]);
    index.apply([put(2 ** 32 + 1, undefined)], 2, 1);
    assertEquals(index.search(searchOf(new Float32Array([0, 0]), { k: 1 }), 2, readFrom(vectors))[0]?.nodeId, 1);
  });
});

test("results and filters that do not fit into a message come in several", () => {
  const vectors = manyVectors(9000, 2);
  const definition = definitionOf({ dimension: 2, m: 4, efConstruction: 8 });
  withIndex(definition, vectors, (index) => {
    const query = new Float32Array([0.1, 0.2]);
    const all = searchOf(query, { k: 10_000, isExact: true });
    assertEquals(index.search(all, 1, readFrom(vectors)), bruteForce(definition, vectors, all));
    const allowed = NodeIdSet.of([...vectors.keys()].filter((id) => id > 300));
    const some = { ...all, allowed };
    assertEquals(index.search(some, 1, readFrom(vectors)), bruteForce(definition, vectors, some));
    const found = index.search(searchOf(query, { allowed, ef: 200 }), 1, readFrom(vectors));
    assert(recallOf(found, bruteForce(definition, vectors, searchOf(query, { allowed }))) >= 0.9);
  });
});

test("vectors of the largest dimension, and directions of very short and very long ones, are found", () => {
  const wide = manyVectors(10, 4096);
  withIndex(definitionOf({ dimension: 4096 }), wide, (index) => {
    const found = index.search(searchOf(wide.get(7) as Float32Array, { k: 1 }), 1, readFrom(wide));
    assertEquals(found, [{ nodeId: 7, distance: 0 }]);
  });
  const vectors: Vectors = new Map([
    [1, new Float32Array([1e-30, 1e-30])],
    [2, new Float32Array([1e30, -1e30])],
    [3, new Float32Array([-1e-30, 0])],
  ]);
  withIndex(definitionOf({ dimension: 2, metric: "cosine" }), vectors, (index) => {
    const found = index.search(searchOf(new Float32Array([3e30, 2.9e30])), 1, readFrom(vectors));
    assertEquals(found.map((match) => match.nodeId), [1, 2, 3]);
    assertAlmostEquals(found[0]?.distance as number, 0, 0.001);
  });
});

test("room for more vectors than the library's memory has is refused, and the index goes on", () => {
  const vectors = manyVectors(10, 4096);
  withIndex(definitionOf({ dimension: 4096 }), vectors, (index) => {
    const vector = vectors.get(1);
    const changes = Array.from({ length: 300_000 }, (_, at) => put(1000 + at, vector));
    const error = assertThrows(() => index.reserve(changes, 1), UnsupportedError);
    assertEquals(error.code, "vector-index-full");
    index.apply(changes.slice(0, 2), 2, 1);
    vectors.set(1000, vector as Float32Array).set(1001, vector as Float32Array);
    const found = index.search(searchOf(vector as Float32Array, { k: 3 }), 2, readFrom(vectors));
    assertEquals(found.map((match) => match.nodeId), [1, 1000, 1001]);
  });
});

test("an aborted search throws the signal's reason", () => {
  const vectors = manyVectors(5, 8);
  withIndex(definitionOf(), vectors, (index) => {
    const signal = AbortSignal.abort(new Error("enough"));
    assertThrows(
      () => index.search(searchOf(vectors.get(1) as Float32Array, { signal }), 1, readFrom(vectors)),
      Error,
      "enough",
    );
  });
});

test("what the library refuses is told as a GraphError, and the thread goes on", () => {
  const vectors = manyVectors(5, 8);
  withIndex(definitionOf(), vectors, (index) => {
    const query = vectors.get(1) as Float32Array;
    // The library takes no k of 0; nor does any caller give one.
    const error = assertThrows(() => index.search(searchOf(query, { k: 0 }), 1, readFrom(vectors)), GraphError);
    assertEquals(error.code, "engine-hnswlib-failed");
    assertEquals(index.search(searchOf(query, { k: 1 }), 1, readFrom(vectors)), [{ nodeId: 1, distance: 0 }]);
  });
});

test("an index of manhattan or of a storage other than f32 is refused when it is made, and nothing is written", () => {
  using db = open(":memory:");
  const { lsn } = db;
  const refused = [
    [{ dimension: 2, engine: "hnswlib", metric: "manhattan" }, "engine-hnswlib-metric"],
    [{ dimension: 2, engine: "hnswlib", storage: "f16" }, "engine-hnswlib-storage"],
    [{ dimension: 2, engine: "hnswlib", storage: "i8" }, "engine-hnswlib-storage"],
  ] as const;
  for (const [options, code] of refused) {
    const error = assertThrows(() => db.createVectorIndex("bio", options), UnsupportedError);
    assertEquals(error.code, code);
    assertThrows(() => openIndex(definitionOf(options), new Map(), 1), UnsupportedError);
  }
  assertEquals([db.lsn, db.vectorIndexes()], [lsn, []]);
  assertEquals(db.createVectorIndex("bio", { dimension: 2, engine: "hnswlib" }).engine, "hnswlib");
});
