/** Whether a search pays for putting an index into memory. */

import type { StoredVectorIndex } from "../backend/vector_store.ts";

/**
 * The first searches of an index compare all stored vectors: that takes a fraction of the time that it takes to load it, most of
 * which the system needs to find memory. A process that searches once never loads it.
 */
const SEARCHES_BEFORE_LOADING = 2;

/** Smaller indexes are loaded at once. */
const FEW_VECTORS = 2000;

/** Counts the searches of indexes that are not in memory. */
export class FirstSearches {
  readonly #searches = new Map<number, number>();

  /** Whether a search compares all vectors once more. The other engine answers itself, or says that it cannot. */
  isOneOfThem({ number, count, definition }: StoredVectorIndex): boolean {
    if (count <= FEW_VECTORS || definition.engine !== "hnsw") return false;
    const searches = (this.#searches.get(number) ?? 0) + 1;
    this.#searches.set(number, searches);
    return searches <= SEARCHES_BEFORE_LOADING;
  }
}
