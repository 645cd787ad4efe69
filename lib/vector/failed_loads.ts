/** Indexes that there was no room for in memory. */

import process from "node:process";
import { UnsupportedError } from "../backend/errors.ts";
import type { StoredVectorIndex } from "../backend/vector_store.ts";

/** Searches until it is tried again: trying may read all vectors. */
const SEARCHES_UNTIL_NEXT = 64;

/** Says once that searches of an index compare all stored vectors, which finds the same and takes longer. */
export class FailedLoads {
  readonly #database: string;
  /** Searches until the next try, by the number of the index. */
  readonly #left = new Map<number, number>();

  /** @param database what its user calls it */
  constructor(database: string) {
    this.#database = database;
  }

  /** The index in memory; undefined when there is no room for it, or was none lately. */
  attempt<T>(index: StoredVectorIndex, load: () => T): T | undefined {
    if (!this.mayTry(index.number)) return undefined;
    try {
      const loaded = load();
      this.#left.delete(index.number);
      return loaded;
    } catch (error) {
      this.note(index, error);
      return undefined;
    }
  }

  /** Whether another try is due. */
  mayTry(number: number): boolean {
    const left = this.#left.get(number) ?? 0;
    if (left > 0) this.#left.set(number, left - 1);
    return left === 0;
  }

  /** Takes note of why a load failed. Throws the error when it is not for want of room: a search would meet it too. */
  note({ number, definition: { name, engine } }: StoredVectorIndex, error: unknown): void {
    // The other engine is asked for by name: whoever wants it is told that it cannot answer.
    if (!(error instanceof UnsupportedError) || engine !== "hnsw") throw error;
    if (!this.#left.has(number)) {
      process.emitWarning(
        `vector index ${JSON.stringify(name)} of ${this.#database} is searched without memory, ` +
          `each search compares all vectors: ${error.message}`,
        { type: "SqlitegraphWarning", code: "vector-memory" },
      );
    }
    this.#left.set(number, SEARCHES_UNTIL_NEXT);
  }
}
