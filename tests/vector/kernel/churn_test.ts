import { assert, assertEquals, assertThrows } from "@std/assert";
import { UnsupportedError } from "../../../lib/backend/errors.ts";
import type { VectorMemory } from "../../../lib/vector/memory.ts";
import { createVectorMemory } from "../../../lib/vector/shared_vectors.ts";
import { test } from "../../support/test.ts";
import { clusteredVectors, indexOf, optionsOf, randomOf, reachable, recallOf } from "./support.ts";

/** Word that says how many pending slots were claimed (kernel/header.ts). */
const CLAIMED = 68;

/** Sweeps to the end in steps; slots that were unlinked. */
function sweep(memory: VectorMemory, oldestPin: number, lsn: number, budget = 300): number {
  using writer = memory.writer();
  for (let steps = 0; steps < 10_000; steps++) {
    const { isDone, unlinked } = writer.consolidate(oldestPin, lsn, budget);
    if (isDone) return unlinked;
  }
  throw new Error("the sweep does not end");
}

/** Checks what must hold of the links of an index. */
function assertSound(memory: VectorMemory): void {
  const { slots } = memory.stats();
  const reached = reachable(memory);
  for (let slot = 0; slot < slots; slot++) {
    if (memory.slot(slot).state !== "linked") continue;
    assert(reached.has(slot), `slot ${slot} cannot be reached`);
    for (const [layer, list] of memory.links(slot).entries()) {
      assertEquals(new Set(list).size, list.length, `slot ${slot} has a link twice`);
      assert(!list.includes(slot), `slot ${slot} leads to itself`);
      assert(list.length <= (layer === 0 ? 2 : 1) * (memory.options.m));
      for (const other of list) {
        assertEquals(memory.slot(other).state, "linked", `slot ${slot} leads to slot ${other}`);
        assert(memory.slot(other).level >= layer);
      }
    }
  }
}

test("deleted vectors are unlinked, their slots reused, and recall stays", () => {
  const vectors = clusteredVectors(3000, 16, 1);
  const more = clusteredVectors(1500, 16, 2);
  const memory = indexOf(vectors);
  {
    using writer = memory.writer();
    for (let slot = 0; slot < 3000; slot += 2) writer.kill(slot, 2);
  }
  assertEquals(memory.stats().alive, 1500);
  assertEquals(memory.stats().dead, 1500);
  assertEquals(sweep(memory, 2, 5), 1500);
  assertEquals(memory.stats().dead, 0);
  assertEquals(memory.stats().free, 1500);
  assertSound(memory);
  using writer = memory.writer();
  using reader = memory.reader();
  const left = vectors.map((vector, at) => [at + 1, vector] as const).filter(([id]) => id % 2 === 0);
  const queries = clusteredVectors(100, 16, 1).slice(0, 100);
  const search = (lsn: number) => (query: Float32Array) => reader.search({ query, k: 10, ef: 60, lsn });
  const halved = recallOf(queries, left, "euclidean", search(5));
  assert(halved > 0.99, `recall ${halved}`);
  // Readers of LSN 5 may still walk over the free slots: they are not used before all readers are newer.
  assertEquals(writer.addPending(9000, more[0] as Float32Array, 6, 5), 3000);
  const used = new Set<number>();
  more.forEach((vector, at) => used.add(writer.addPending(10_000 + at, vector, 7, 6)));
  assertEquals(used.size, 1500);
  assert([...used].every((slot) => slot < 3000 && slot % 2 === 0));
  writer.linkPending(10_000);
  assertSound(memory);
  const all = [
    ...left,
    [9000, more[0] as Float32Array] as const,
    ...more.map((vector, at) => [10_000 + at, vector] as const),
  ];
  const churned = recallOf(queries, all, "euclidean", search(7));
  const fresh = indexOf(all.map(([, vector]) => vector));
  using freshReader = fresh.reader();
  const renumbered = all.map(([, vector], at) => [at + 1, vector] as const);
  const built = recallOf(
    queries,
    renumbered,
    "euclidean",
    (query) => freshReader.search({ query, k: 10, ef: 60, lsn: 1 }),
  );
  assert(churned > built - 0.005, `recall ${churned} after churn, ${built} when built anew`);
});

test("what an old reader can see stays linked", () => {
  const vectors = clusteredVectors(400, 8, 3);
  const memory = indexOf(vectors);
  using writer = memory.writer();
  for (let slot = 0; slot < 200; slot++) writer.kill(slot, slot < 100 ? 5 : 9);
  assertEquals(sweep(memory, 4, 20), 0);
  assertEquals(sweep(memory, 8, 20), 100);
  using reader = memory.reader();
  const found = reader.search({ query: vectors[150] as Float32Array, k: 1, ef: 50, lsn: 8 });
  assertEquals(Array.from(found.nodeIds), [151]);
  assertEquals(sweep(memory, 9, 20), 100);
  assertSound(memory);
});

test("an index whose vectors all die starts again", () => {
  const vectors = clusteredVectors(300, 8, 4);
  const memory = indexOf(vectors);
  using writer = memory.writer();
  for (let slot = 0; slot < 300; slot++) writer.kill(slot, 2);
  assertEquals(sweep(memory, 2, 3), 300);
  assertEquals(memory.stats().topLayer, -1);
  using reader = memory.reader();
  assertEquals(reader.search({ query: vectors[0] as Float32Array, k: 5, ef: 5, lsn: 3 }).slots.length, 0);
  vectors.forEach((vector, at) => writer.addPending(1000 + at, vector, 5, 4));
  writer.linkPending(1000);
  assertEquals(memory.stats().slots, 300);
  assertSound(memory);
  const entries = vectors.map((vector, at) => [1000 + at, vector] as const);
  const search = (query: Float32Array) => reader.search({ query, k: 10, ef: 60, lsn: 5 });
  assert(recallOf(vectors.slice(0, 50), entries, "euclidean", search) > 0.99);
});

test("whole clusters and entry points may die, step by step, while others are added", () => {
  const random = randomOf(5);
  const vectors = clusteredVectors(4000, 12, 6, 40);
  const memory = createVectorMemory(optionsOf({ dimension: 12, m: 8, capacity: 5000 /* 6,000 are added */ }));
  using writer = memory.writer();
  const slots = new Map<number, number>();
  let lsn = 1;
  let next = 0;
  for (let round = 0; round < 60; round++) {
    lsn++;
    for (let i = 0; i < 100; i++) {
      const vector = vectors[next++ % 4000] as Float32Array;
      slots.set(next, writer.addPending(next, vector, lsn, lsn - 1));
    }
    const [entry] = writer.entryPoints();
    for (const [node, slot] of slots) {
      if (slot !== entry && random() > (slots.size > 1000 ? 0.15 : 0.02)) continue;
      writer.kill(slot, lsn);
      slots.delete(node);
    }
    writer.linkPending(70);
    for (let step = 0; step < 8; step++) writer.consolidate(lsn, lsn, 900);
  }
  writer.linkPending(10_000);
  sweep(memory, lsn, lsn);
  sweep(memory, lsn, lsn);
  assertSound(memory);
  assertEquals(memory.stats().alive, slots.size);
  const entries = [...slots.keys()].map((node) => [node, vectors[(node - 1) % 4000] as Float32Array] as const);
  using reader = memory.reader();
  const recall = recallOf(
    vectors.slice(0, 60),
    entries,
    "euclidean",
    (query) => reader.search({ query, k: 10, ef: 100, lsn }),
  );
  assert(recall > 0.98, `recall ${recall}`);
});

test("a list is repaired whose neighbours have more neighbours than are compared at once", () => {
  const count = 3000;
  const vectors = clusteredVectors(count, 8, 7);
  const memory = createVectorMemory(optionsOf({ dimension: 8, m: 64 }));
  using writer = memory.writer();
  // Twenty neighbours of slot 0 go: each has 128 others. The rest stays.
  const lists = vectors.map((_, slot) => {
    if (slot === 0) return Array.from({ length: 128 }, (_, at) => at + 1);
    return slot > 20
      ? [0, slot === count - 1 ? 21 : slot + 1]
      : Array.from({ length: 128 }, (_, at) => 129 + 128 * slot + at);
  });
  vectors.forEach((vector, slot) =>
    writer.restoreSlot(slot, slot + 1, 1, vector, [Uint32Array.from(lists[slot] ?? [])])
  );
  writer.finishRestore();
  for (let slot = 1; slot <= 20; slot++) writer.kill(slot, 2);
  assertEquals(sweep(memory, 2, 3), 20);
  const [repaired] = memory.links(0);
  assert(repaired !== undefined && repaired.length > 4);
  assert(repaired.every((slot) => slot > 20 && slot < count));
  const distance = (slot: number) => {
    return Math.hypot(...(vectors[slot] as Float32Array).map((value, at) => value - (vectors[0]?.[at] as number)));
  };
  assertEquals([...repaired], [...repaired].sort((one, other) => distance(one) - distance(other)));
});

test("however small its steps are, a sweep leaves the same links", () => {
  const vectors = clusteredVectors(1500, 8, 8, 60);
  const swept = (budget: number): VectorMemory => {
    const memory = indexOf(vectors, { m: 4, efConstruction: 20 });
    using writer = memory.writer();
    const random = randomOf(4);
    for (let slot = 0; slot < 1500; slot++) if (random() < 0.8) writer.kill(slot, 2);
    let steps = 0;
    while (!writer.consolidate(2, 3, budget).isDone) steps++;
    assert(budget > 1500 || steps > 1500 / budget);
    return memory;
  };
  const [whole, ...others] = [1_000_000, 100, 1].map(swept) as [VectorMemory, VectorMemory, VectorMemory];
  for (const other of others) {
    for (let slot = 0; slot < 1500; slot++) assertEquals(other.links(slot), whole.links(slot));
  }
  assertSound(whole);
});

test("slots that are used again do not overtake one that is still being linked", () => {
  const vectors = clusteredVectors(8, 8, 9);
  const memory = createVectorMemory(optionsOf({ dimension: 8, capacity: 15 }));
  using writer = memory.writer();
  const words = new Uint32Array(memory.handle.memory.buffer);
  writer.addPending(1, vectors[0] as Float32Array, 1, 1);
  // Another worker has claimed it, and takes its time.
  words[CLAIMED] = (words[CLAIMED] as number) + 1;
  let lsn = 1;
  const turn = (): void => {
    lsn++;
    writer.reserve(3, lsn);
    const slots = [1, 2, 3].map((at) => writer.addPending(lsn * 10 + at, vectors[at] as Float32Array, lsn, lsn));
    writer.linkPending(3);
    for (const slot of slots) writer.kill(slot, lsn);
    while (!writer.consolidate(lsn, lsn - 1, 100).isDone);
  };
  for (let turns = 0; turns < 5; turns++) turn();
  const error = assertThrows(turn, UnsupportedError);
  assertEquals(error.code, "vector-index-full");
  words[CLAIMED] = (words[CLAIMED] as number) - 16;
  writer.linkPending(100);
  for (let turns = 0; turns < 20; turns++) turn();
  assertEquals(memory.stats().alive, 1);
  assertEquals(memory.slot(0).state, "linked");
});
