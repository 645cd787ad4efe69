import { assert, assertEquals } from "@std/assert";
import { ALIVE } from "../../../lib/vector/memory.ts";
import { createVectorMemory } from "../../../lib/vector/shared_vectors.ts";
import { test } from "../../support/test.ts";
import { bruteForce, clusteredVectors, indexOf, numbered, optionsOf, reachable, recallOf } from "./support.ts";

for (const storage of ["f32", "f16", "i8"] as const) {
  test(`an index that is restored from bytes is the same: ${storage}`, () => {
    const vectors = clusteredVectors(2000, 12, 61);
    const memory = indexOf(vectors, { storage, metric: "cosine" });
    const copy = createVectorMemory(optionsOf({ dimension: 12, storage, metric: "cosine" }));
    using writer = copy.writer();
    const bytes = new Uint8Array(memory.maxLinkBytes(16) + 1);
    const floats = new Uint8Array(12 * 4 + 3);
    for (const slot of [...vectors.keys()].reverse()) {
      const end = memory.writeLinks(slot, bytes, 1);
      assert(end - 1 <= memory.maxLinkBytes(memory.slot(slot).level));
      floats.set(new Uint8Array((vectors[slot] as Float32Array).buffer), 3);
      writer.restoreBytes(slot, slot + 1, 1, floats, 3, bytes, 1);
    }
    writer.finishRestore();
    writer.takeDirty();
    assertEquals(writer.entryPoints().length, 1);
    assertEquals(copy.stats(), memory.stats());
    using one = memory.reader();
    using other = copy.reader();
    for (let slot = 0; slot < vectors.length; slot++) {
      assertEquals(copy.slot(slot), memory.slot(slot));
      assertEquals(copy.links(slot), memory.links(slot));
    }
    for (const query of vectors.slice(0, 30)) {
      const ask = { query, k: 10, ef: 40, lsn: 1 };
      assertEquals(other.search(ask), one.search(ask));
    }
    assert(!writer.isDirty);
  });
}

test("slots that are not restored are free, and slots without links are pending", () => {
  const vectors = clusteredVectors(100, 8, 62);
  const memory = indexOf(vectors);
  const copy = createVectorMemory(optionsOf({ dimension: 8 }));
  using writer = copy.writer();
  for (let slot = 0; slot < 100; slot += 3) {
    writer.restoreSlot(
      slot,
      slot + 1,
      5,
      vectors[slot] as Float32Array,
      slot % 2 === 0 ? memory.links(slot) : undefined,
    );
  }
  writer.finishRestore();
  assertEquals(copy.stats().free, 66);
  assertEquals(copy.stats().pending, 17);
  assertEquals(copy.slot(0), { state: "linked", nodeId: 1, birthLsn: 5, deadLsn: ALIVE, level: memory.slot(0).level });
  assertEquals(copy.slot(3).state, "pending");
  assertEquals(copy.slot(1).state, "free");
  assertEquals(writer.addPending(500, vectors[1] as Float32Array, 6, 5), 1);
  using reader = copy.reader();
  const nearest = Array.from(reader.search({ query: vectors[3] as Float32Array, k: 1, ef: 10, lsn: 6 }).nodeIds);
  assertEquals(nearest, [4]);
  writer.linkPending(100);
  assertEquals(copy.stats().pending, 0);
});

test("a graph with one layer and links in one direction is searched from many entry points", () => {
  const vectors = clusteredVectors(5000, 16, 63, 50);
  // As another system may have stored it: the nearest among those before, and links back as far as there is room.
  const lists = vectors.map(() => [] as number[]);
  for (let slot = 1; slot < vectors.length; slot++) {
    const before = numbered(vectors.slice(Math.max(0, slot - 800), slot));
    const offset = Math.max(0, slot - 800) - 1;
    const near = bruteForce(before, "euclidean", vectors[slot] as Float32Array).slice(0, 16).map(({ id }) =>
      id + offset
    );
    lists[slot]?.push(...near);
    for (const other of near) if ((lists[other]?.length ?? 32) < 32) lists[other]?.push(slot);
  }
  const memory = createVectorMemory(optionsOf());
  using writer = memory.writer();
  vectors.forEach((vector, slot) => {
    writer.restoreSlot(slot, slot + 1, 1, vector, [Uint32Array.from(lists[slot] as number[])]);
  });
  writer.finishRestore([0, 17], 256);
  assertEquals(memory.stats().topLayer, 0);
  assertEquals(writer.entryPoints().length, 258);
  using reader = memory.reader();
  const queries = clusteredVectors(5100, 16, 63, 50).slice(5000);
  const search = (query: Float32Array) => reader.search({ query, k: 10, ef: 50, lsn: 1 });
  const recall = recallOf(queries, numbered(vectors), "euclidean", search);
  assert(recall > 0.95, `recall ${recall}`);
  // It goes on as an index of ours.
  const more = clusteredVectors(600, 16, 64, 50);
  more.forEach((vector, at) => writer.addPending(10_000 + at, vector, 2, 1));
  for (let slot = 0; slot < 500; slot++) writer.kill(slot, 2);
  writer.linkPending(1000);
  while (!writer.consolidate(2, 2, 1000).isDone);
  assertEquals(memory.stats().dead, 0);
  assertEquals(reachable(memory).size, 5100);
});

test("only slots that changed are dirty", () => {
  const vectors = clusteredVectors(3000, 8, 65);
  const memory = indexOf(vectors);
  using writer = memory.writer();
  assertEquals(writer.takeDirty(), Uint32Array.from(vectors.keys()));
  assert(!writer.isDirty);
  const links = vectors.map((_, slot) => memory.links(slot));
  const slot = writer.addPending(5000, vectors[0] as Float32Array, 2, 2);
  writer.linkPending(1);
  const dirty = writer.takeDirty();
  assert(dirty.includes(slot));
  assert(dirty.length > 5 && dirty.length < 80, `${dirty.length} slots`);
  links.forEach((before, other) => {
    if (!dirty.includes(other)) assertEquals(memory.links(other), before);
  });
  writer.kill(7, 3);
  assertEquals(writer.takeDirty(), Uint32Array.of(7));
});

test("links to what was not restored, or more of them than fit, are left out", () => {
  const vectors = clusteredVectors(6, 8, 66);
  const memory = createVectorMemory(optionsOf({ dimension: 8, m: 2, capacity: 2_000_000 }));
  using writer = memory.writer();
  const floats = (slot: number) => new Uint8Array((vectors[slot] as Float32Array).buffer);
  const links = [1, ...list([0, 1, 2, 3, 1_999_999, 4]), ...list([2, 5, 0xffff_ffff])];
  for (const slot of [0, 1, 2, 5]) writer.restoreBytes(slot, slot + 1, 1, floats(slot), 0, Uint8Array.from(links), 0);
  writer.restoreBytes(3, 4, 1, floats(3), 0, Uint8Array.from([0, ...list([1_999_999, 0, 1, 2, 0])]), 0);
  writer.finishRestore();
  // The first four of the lowest layer, and the first two of the upper one: two links a slot on that one, and twice as many below.
  assertEquals(memory.links(1).map((list) => [...list]), [[0, 2, 3], [2, 5]]);
  assertEquals(memory.links(3).map((list) => [...list]), [[0, 1, 2]]);
  assertEquals(memory.slot(4).state, "free");
  using reader = memory.reader();
  const found = reader.search({ query: vectors[3] as Float32Array, k: 5, ef: 10, lsn: 1 });
  assertEquals(found.nodeIds.length, 5);
});

/** A list of links as bytes. */
function list(slots: readonly number[]): Uint8Array {
  return Uint8Array.of(slots.length, ...new Uint8Array(Uint32Array.from(slots).buffer));
}
