import { assert, assertEquals } from "@std/assert";
import { test } from "../../support/test.ts";
import {
  bruteForce,
  clusteredVectors,
  indexOf,
  numbered,
  optionsOf,
  randomOf,
  recallOf,
  slotSetOf,
} from "./support.ts";
import { createVectorMemory } from "../../../lib/vector/shared_vectors.ts";

const COUNT = 10_000;
const vectors = clusteredVectors(COUNT, 16, 21);
const queries = clusteredVectors(COUNT + 100, 16, 21).slice(COUNT);
const memory = indexOf(vectors, { m: 8, efConstruction: 60 });

for (const share of [1, 0.5, 0.2, 0.1, 0.01, 0.001, 0.0001]) {
  test(`a filter that lets ${share * 100} % of the slots pass keeps recall`, () => {
    const random = randomOf(31);
    const slots = Array.from({ length: COUNT }, (_, slot) => slot).filter((slot) => slot === 5 || random() < share);
    const allowed = slotSetOf(slots, COUNT);
    const entries = slots.map((slot) => [slot + 1, vectors[slot] as Float32Array] as const);
    const set = new Set(slots);
    using reader = memory.reader();
    // With so few candidates even the fifth part is walked to, not compared one by one.
    const recall = recallOf(queries, entries, "euclidean", (query) => {
      const hits = reader.search({ query, k: 10, ef: 25, lsn: 1, allowed });
      assertEquals(hits.slots.length, Math.min(10, slots.length));
      for (const slot of hits.slots) assert(set.has(slot));
      return hits;
    });
    assert(recall >= 0.95, `recall ${recall}`);
  });
}

test("a filter that is far from the query keeps recall", () => {
  const far = [...vectors.keys()].sort((a, b) => (vectors[a]?.[0] as number) - (vectors[b]?.[0] as number)).slice(
    0,
    3000,
  );
  const near = queries.toSorted((a, b) => (b[0] as number) - (a[0] as number)).slice(0, 40);
  const entries = far.map((slot) => [slot + 1, vectors[slot] as Float32Array] as const);
  using reader = memory.reader();
  const allowed = slotSetOf(far, COUNT);
  // An index of only these finds 0.92 with as many candidates.
  const search = (query: Float32Array) => reader.search({ query, k: 10, ef: 40, lsn: 1, allowed });
  const recall = recallOf(near, entries, "euclidean", search);
  assert(recall >= 0.85, `recall ${recall}`);
});

for (const clusters of [20, 50]) {
  test(`a filter that shuts out the ${clusters} clusters of the queries keeps recall`, () => {
    const members = Array.from(
      { length: 2 * clusters },
      (_, cluster) => clusteredVectors(COUNT / clusters / 2 + 2, 16, 100 + cluster, 1),
    );
    const clusterOf = (slot: number): number => slot % members.length;
    const spread = Array.from(
      { length: COUNT },
      (_, slot) => members[clusterOf(slot)]?.[Math.floor(slot / members.length)] as Float32Array,
    );
    const slots = [...spread.keys()].filter((slot) => clusterOf(slot) < clusters);
    const entries = slots.map((slot) => [slot + 1, spread[slot] as Float32Array] as const);
    const allowed = slotSetOf(slots, COUNT);
    const shutOut = members.slice(clusters).flatMap((cluster) => cluster.slice(-2));
    using reader = indexOf(spread, { m: 8, efConstruction: 60 }).reader();
    const search = (query: Float32Array) => reader.search({ query, k: 10, ef: 40, lsn: 1, allowed });
    const recall = recallOf(shutOut, entries, "euclidean", search);
    assert(recall >= 0.95, `recall ${recall}`);
  });
}

test("filters change between searches, and slots that came later are not in them", () => {
  const some = clusteredVectors(4000, 8, 22);
  const index = createVectorMemory(optionsOf({ dimension: 8 }));
  using writer = index.writer();
  some.slice(0, 2000).forEach((vector, at) => writer.addPending(at + 1, vector, 1, 1));
  writer.linkPending(1900); // some stay pending
  const even = index.slotSet((node) => node % 2 === 0);
  const odd = index.slotSet((node) => node % 2 === 1);
  assertEquals([even.count, odd.count], [1000, 1000]);
  using reader = index.reader();
  const query = some[0] as Float32Array;
  const nodes = (allowed: typeof even, isExact = false): number[] =>
    Array.from(reader.search({ query, k: 20, ef: 40, lsn: 9, allowed, isExact }).nodeIds);
  assert(nodes(even).every((id) => id % 2 === 0));
  assert(nodes(odd).every((id) => id % 2 === 1));
  some.slice(2000).forEach((vector, at) => writer.addPending(2001 + at, vector, 1, 1));
  writer.linkPending(4000);
  for (const isExact of [false, true]) {
    assert(nodes(even, isExact).every((id) => id % 2 === 0 && id <= 2000));
    assertEquals(nodes(even, isExact).length, 20);
  }
});

test("a filtered range search finds the allowed vectors within the distance", () => {
  const allowed = slotSetOf([...vectors.keys()].filter((slot) => slot % 3 === 0), COUNT);
  const entries = numbered(vectors).filter(([id]) => (id - 1) % 3 === 0);
  using reader = memory.reader();
  for (const query of queries.slice(0, 10)) {
    const all = bruteForce(entries, "euclidean", query);
    for (const wanted of [5, 100, 2000]) {
      const maxDistance = all[wanted - 1]?.distance as number;
      const ids = new Set(all.slice(0, wanted + 1).map(({ id }) => id));
      const { nodeIds } = reader.range({ query, ef: 64, lsn: 1, maxDistance, allowed });
      assert(nodeIds.length >= 0.95 * (wanted - 1), `${nodeIds.length} of ${wanted}`);
      for (const id of nodeIds) assert(ids.has(id));
    }
  }
});
