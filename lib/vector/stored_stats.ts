/** What is told of an index without one in memory. */

import type { VectorIndexStats } from "../backend/vector.ts";
import type { StoredVectorIndex } from "../backend/vector_store.ts";

/** Size and state of an index of a state that no memory knows: each search compares all vectors, whichever have stored links. */
export function storedStats({ definition, count }: Pick<StoredVectorIndex, "definition" | "count">): VectorIndexStats {
  const nothing = { linked: 0, deleted: 0, layers: 0, memoryBytes: 0 };
  return { ...definition, count, searches: "stored", pending: count, ...nothing };
}
