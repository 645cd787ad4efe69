/** Vectors for tests of the kernel, and what a search must find among them. */

import type { VectorMetric } from "../../../lib/backend/vector.ts";
import { distanceBy } from "../../../lib/vector/distance.ts";
import type { SlotSet, VectorHits, VectorMemory, VectorMemoryOptions } from "../../../lib/vector/memory.ts";
import { createVectorMemory } from "../../../lib/vector/shared_vectors.ts";

/** Numbers from 0 to 1 (xorshift32). */
export function randomOf(seed: number): () => number {
  let state = (seed * 2 + 1) | 0;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Vectors around some centres. */
export function clusteredVectors(count: number, dimension: number, seed: number, centres = 20): Float32Array[] {
  const random = randomOf(seed);
  const middle = Array.from(
    { length: centres },
    () => Float32Array.from({ length: dimension }, () => random() * 2 - 1),
  );
  return Array.from({ length: count }, () => {
    const centre = middle[Math.floor(random() * centres)] as Float32Array;
    return centre.map((value) => value + (random() + random() + random() - 1.5) * 0.4);
  });
}

/** Options for a small index. */
export function optionsOf(given: Partial<VectorMemoryOptions> = {}): VectorMemoryOptions {
  return {
    dimension: 16,
    metric: "euclidean",
    storage: "f32",
    m: 16,
    efConstruction: 100,
    seed: 7,
    capacity: 20_000,
    ...given,
  };
}

/** An index of vectors whose node ids count from 1 on, in the order of slots, born at LSN 1 and linked. */
export function indexOf(vectors: readonly Float32Array[], given: Partial<VectorMemoryOptions> = {}): VectorMemory {
  const memory = createVectorMemory(optionsOf({ dimension: vectors[0]?.length ?? 1, ...given }));
  using writer = memory.writer();
  vectors.forEach((vector, at) => writer.addPending(at + 1, vector, 1, 1));
  writer.linkPending(vectors.length);
  return memory;
}

/** What is compared with a search: by ascending distance, then id. */
export function bruteForce(
  entries: Iterable<readonly [id: number, vector: Float32Array]>,
  metric: VectorMetric,
  query: Float32Array,
): { readonly id: number; readonly distance: number }[] {
  const distance = distanceBy(metric);
  return Array.from(entries, ([id, vector]) => ({ id, distance: distance(query, vector) }))
    .sort((a, b) => a.distance - b.distance || a.id - b.id);
}

/** Vectors with the ids that `indexOf` gives them. */
export function numbered(vectors: readonly Float32Array[]): [number, Float32Array][] {
  return vectors.map((vector, at) => [at + 1, vector]);
}

/** Share of the k nearest that searches find. */
export function recallOf(
  queries: readonly Float32Array[],
  entries: readonly (readonly [number, Float32Array])[],
  metric: VectorMetric,
  search: (query: Float32Array) => VectorHits,
  k = 10,
): number {
  let found = 0;
  let wanted = 0;
  for (const query of queries) {
    const nearest = new Set(bruteForce(entries, metric, query).slice(0, k).map(({ id }) => id));
    wanted += nearest.size;
    for (const id of search(query).nodeIds) if (nearest.has(id)) found++;
  }
  return found / wanted;
}

/** The slots in a list. */
export function slotSetOf(slots: Iterable<number>, size: number): SlotSet {
  const bits = new Uint32Array((size + 31) >>> 5);
  let count = 0;
  for (const slot of slots) {
    bits[slot >>> 5] = (bits[slot >>> 5] as number) | (1 << (slot & 31));
    count++;
  }
  return { bits, count };
}

/** Slots that links of layer 0 lead to from the first entry. */
export function reachable(memory: VectorMemory): Set<number> {
  using writer = memory.writer();
  const [entry] = writer.entryPoints();
  const seen = new Set(entry === undefined ? [] : [entry]);
  for (const slot of seen) for (const next of memory.links(slot)[0] ?? []) seen.add(next);
  return seen;
}
