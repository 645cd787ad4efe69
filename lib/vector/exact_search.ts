/** Search without an index: every stored vector is compared. */

import type { Page } from "../backend/store.ts";
import type { StoredVector, VectorMatch, VectorMetric } from "../backend/vector.ts";
import type { CheckedVectorSearch } from "../backend/vector_input.ts";
import { distanceBy } from "./distance.ts";
import { Nearest } from "./nearest.ts";

/** Vectors that are read at once. The signal is looked at before each page. */
const PAGE_SIZE = 1024;

/** The nearest of all stored vectors. O(vectors · dimension). */
export function searchExactly(
  readPage: (after: number, size: number) => Page<StoredVector, number>,
  metric: VectorMetric,
  search: CheckedVectorSearch,
): VectorMatch[] {
  const { query, allowed, signal } = search;
  const distance = distanceBy(metric);
  const nearest = new Nearest(search.k, search.maxDistance);
  for (let after: number | undefined = 0; after !== undefined;) {
    signal?.throwIfAborted();
    const { items, next }: Page<StoredVector, number> = readPage(after, PAGE_SIZE);
    for (const { nodeId, vector, vectorId } of items) {
      if (allowed !== undefined && !allowed.has(nodeId)) continue;
      const far = distance(query, vector);
      nearest.offer(vectorId === undefined ? { nodeId, distance: far } : { nodeId, distance: far, vectorId });
    }
    after = next;
  }
  return nearest.sorted();
}
