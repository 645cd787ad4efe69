import { assert, assertEquals, assertThrows } from "@std/assert";
import { UnsupportedError } from "../../../lib/backend/errors.ts";
import type { VectorMetric, VectorStorage } from "../../../lib/backend/vector.ts";
import { createVectorMemory } from "../../../lib/vector/shared_vectors.ts";
import { test } from "../../support/test.ts";
import { bruteForce, clusteredVectors, indexOf, numbered, optionsOf, randomOf, recallOf } from "./support.ts";

const METRICS: VectorMetric[] = ["euclidean", "cosine", "dot", "manhattan"];
const STORAGES: VectorStorage[] = ["f32", "f16", "i8"];

for (const metric of METRICS) {
  for (const storage of STORAGES) {
    test(`a search finds the nearest vectors: ${metric}, ${storage}`, () => {
      const vectors = clusteredVectors(2000, 24, 3);
      const queries = clusteredVectors(2050, 24, 3).slice(2000);
      const memory = indexOf(vectors, { metric, storage });
      using reader = memory.reader();
      const vectorOf = (slot: number) => vectors[slot] as Float32Array;
      const search = (query: Float32Array) => reader.search({ query, k: 10, ef: 100, lsn: 1, vectorOf });
      const recall = recallOf(queries, numbered(vectors), metric, search);
      assert(recall > (metric === "dot" ? 0.9 : 0.98), `recall ${recall}`);
      for (const query of queries) {
        const expected = new Map(
          bruteForce(numbered(vectors), metric, query).map(({ id, distance }) => [id, distance]),
        );
        const { nodeIds, distances, slots } = search(query);
        assertEquals(nodeIds.length, 10);
        for (let at = 0; at < nodeIds.length; at++) {
          const exact = expected.get(nodeIds[at] as number) as number;
          const found = distances[at] as number;
          assert(Math.abs(found - exact) <= 2e-6 * Math.max(1, Math.abs(exact)), `${found} is not ${exact}`);
          assertEquals(slots[at], (nodeIds[at] as number) - 1);
          assert(at === 0 || (distances[at - 1] as number) <= found);
        }
      }
    });
  }

  test(`an exact search finds what comparing all vectors finds: ${metric}`, () => {
    const vectors = clusteredVectors(500, 19, 5);
    using reader = indexOf(vectors, { metric }).reader();
    for (const query of clusteredVectors(20, 19, 6)) {
      const expected = bruteForce(numbered(vectors), metric, query).slice(0, 25).map(({ id }) => id);
      assertEquals(Array.from(reader.search({ query, k: 25, ef: 1, lsn: 1, isExact: true }).nodeIds), expected);
    }
  });

  test(`a range search finds all vectors within the distance: ${metric}`, () => {
    const vectors = clusteredVectors(3000, 16, 8);
    using reader = indexOf(vectors, { metric }).reader();
    for (const query of clusteredVectors(10, 16, 9)) {
      const all = bruteForce(numbered(vectors), metric, query);
      for (const wanted of [0, 3, 200, 3000]) {
        const before = all[wanted - 1]?.distance ?? (all[0]?.distance as number) - 2;
        const maxDistance = (before + (all[wanted]?.distance ?? before + 1)) / 2;
        const expected = all.slice(0, wanted).map(({ id }) => id);
        const exact = reader.range({ query, ef: 64, lsn: 1, maxDistance, isExact: true });
        assertEquals(exact.nodeIds.toSorted(), Float64Array.from(expected).sort());
        const found = new Set(reader.range({ query, ef: 64, lsn: 1, maxDistance }).nodeIds);
        assert([...found].every((id) => expected.includes(id)));
        assert(found.size >= 0.95 * wanted, `${found.size} of ${wanted}`);
      }
    }
  });
}

test("vectors at the same distance come in the order of their nodes", () => {
  const vectors = Array.from({ length: 300 }, () => Float32Array.of(1, 2, 3));
  const memory = createVectorMemory(optionsOf({ dimension: 3 }));
  using writer = memory.writer();
  vectors.forEach((vector, at) => writer.addPending(300 - at, vector, 1, 1));
  writer.linkPending(300);
  using reader = memory.reader();
  const first = Array.from({ length: 10 }, (_, at) => at + 1);
  const query = Float32Array.of(1, 2, 4);
  assertEquals(Array.from(reader.search({ query, k: 10, ef: 10, lsn: 1, isExact: true }).nodeIds), first);
  const some = Array.from(reader.search({ query, k: 10, ef: 10, lsn: 1 }).nodeIds);
  assertEquals(some, some.toSorted((a, b) => a - b));
  assertEquals(Array.from(reader.search({ query, k: 300, ef: 10, lsn: 1 }).nodeIds).length, 300);
});

test("dimensions and link counts at their limits work", () => {
  for (const [dimension, m] of [[1, 2], [3, 64], [4096, 3]] as const) {
    for (const storage of STORAGES) {
      const vectors = clusteredVectors(200, dimension, dimension);
      const memory = indexOf(vectors, { m, storage, efConstruction: 64 });
      using reader = memory.reader();
      const vectorOf = (slot: number) => vectors[slot] as Float32Array;
      const recall = recallOf(
        vectors.slice(0, 30),
        numbered(vectors),
        "euclidean",
        (query) => reader.search({ query, k: 1, ef: 60, lsn: 1, vectorOf }),
        1,
      );
      assert(recall >= 0.9, `dimension ${dimension}, ${storage}: ${recall}`);
    }
  }
});

test("a search that asks for more than there is gets all", () => {
  const vectors = clusteredVectors(50, 8, 1);
  using reader = indexOf(vectors).reader();
  const query = vectors[0] as Float32Array;
  assertEquals(reader.search({ query, k: 10_000, ef: 10_000, lsn: 1 }).nodeIds.length, 50);
});

test("nothing is found in an empty index", () => {
  const memory = createVectorMemory(optionsOf());
  using reader = memory.reader();
  const query = new Float32Array(16);
  assertEquals(reader.search({ query, k: 10, ef: 10, lsn: 9 }).slots.length, 0);
  assertEquals(reader.range({ query, ef: 10, lsn: 9, maxDistance: 10 }).slots.length, 0);
  assertEquals(memory.stats().topLayer, -1);
});

test("maxDistance leaves out what is farther", () => {
  const vectors = clusteredVectors(500, 8, 2);
  using reader = indexOf(vectors).reader();
  const query = vectors[7] as Float32Array;
  const maxDistance = (bruteForce(numbered(vectors), "euclidean", query)[4]?.distance as number) + 1e-6;
  const { distances } = reader.search({ query, k: 10, ef: 50, lsn: 1, maxDistance });
  assertEquals(distances.length, 5);
});

test("pending vectors are found before they are linked", () => {
  const vectors = clusteredVectors(600, 8, 4);
  const memory = createVectorMemory(optionsOf({ dimension: 8 }));
  using writer = memory.writer();
  using reader = memory.reader();
  vectors.forEach((vector, at) => writer.addPending(at + 1, vector, 1, 1));
  const search = (query: Float32Array) => reader.search({ query, k: 10, ef: 60, lsn: 1 });
  assertEquals(recallOf(vectors.slice(0, 20), numbered(vectors), "euclidean", search), 1);
  assertEquals(writer.linkPending(200), 200);
  assertEquals(memory.stats().pending, 400);
  assertAbove(recallOf(vectors.slice(0, 50), numbered(vectors), "euclidean", search), 0.99);
  assertEquals(writer.linkPending(1000), 400);
  assertEquals(memory.stats().pending, 0);
  assertAbove(recallOf(vectors.slice(0, 50), numbered(vectors), "euclidean", search), 0.99);
});

test("a search sees the vectors of its LSN only", () => {
  const random = randomOf(11);
  const vectors = clusteredVectors(1500, 8, 12);
  const memory = createVectorMemory(optionsOf({ dimension: 8 }));
  using writer = memory.writer();
  using reader = memory.reader();
  const lives: { node: number; vector: Float32Array; birth: number; dead: number; slot: number }[] = [];
  vectors.forEach((vector, at) => {
    const lsn = at + 1;
    const old = lives[Math.floor(random() * lives.length)];
    if (random() < 0.3 && old !== undefined && old.dead === Infinity) {
      writer.kill(old.slot, lsn);
      old.dead = lsn;
    }
    lives.push({ node: lsn, vector, birth: lsn, dead: Infinity, slot: writer.addPending(lsn, vector, lsn, 0) });
    if (random() < 0.5) writer.linkPending(3);
  });
  for (const lsn of [1, 100, 700, 1499, 1500, 5000]) {
    const visible = lives.filter(({ birth, dead }) => birth <= lsn && lsn < dead);
    const entries = visible.map(({ node, vector }) => [node, vector] as const);
    const nodes = new Set(visible.map(({ node }) => node));
    const found = (query: Float32Array, isExact: boolean) => {
      const hits = reader.search({ query, k: 10, ef: 100, lsn, isExact });
      for (const id of hits.nodeIds) assert(nodes.has(id), `${id} is not visible at ${lsn}`);
      return hits;
    };
    assertEquals(recallOf(vectors.slice(0, 20), entries, "euclidean", (query) => found(query, true)), 1);
    assert(recallOf(vectors.slice(0, 50), entries, "euclidean", (query) => found(query, false)) > 0.95);
  }
});

test("one linker makes the same links every time", () => {
  const vectors = clusteredVectors(800, 8, 13);
  const [one, other] = [indexOf(vectors), indexOf(vectors)];
  for (let slot = 0; slot < vectors.length; slot++) assertEquals(one.links(slot), other.links(slot));
});

test("an index that is full says so and changes nothing", () => {
  const memory = createVectorMemory(optionsOf({ dimension: 2, capacity: 3 }));
  using writer = memory.writer();
  for (let node = 1; node <= 3; node++) writer.addPending(node, Float32Array.of(node, 0), 1, 1);
  const before = memory.stats();
  const error = assertThrows(() => writer.addPending(4, Float32Array.of(4, 0), 1, 1), UnsupportedError);
  assertEquals(error.code, "vector-index-full");
  assertThrows(() => writer.reserve(1, 1), UnsupportedError);
  writer.reserve(0, 1);
  assertEquals(memory.stats(), before);
});

test("places are given out once and come back", () => {
  const memory = createVectorMemory(optionsOf({ workers: 2 }));
  const one = memory.reader();
  using _two = memory.writer();
  assertThrows(() => memory.reader(), UnsupportedError);
  one.release();
  memory.reader().release();
});

function assertAbove(value: number, limit: number): void {
  assert(value > limit, `${value} is not above ${limit}`);
}
