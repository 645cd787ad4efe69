/** The vector indexes in memory of a database that other threads read. */

import type { ServedVectors } from "../backend/served_engine.ts";
import type { VectorNews } from "../backend/state_source.ts";
import type { ResidentVectors } from "./resident_vectors.ts";
import type { IndexHandle, VectorEngine } from "./vector_engine.ts";

/** Loads indexes when they are asked for, and tells which there are. */
export class ServedVectorIndexes implements ServedVectors {
  readonly #residents: ResidentVectors;
  /** What other threads were told of. */
  readonly #told = new Map<number, VectorEngine>();

  constructor(residents: ResidentVectors) {
    this.#residents = residents;
  }

  load(number: number): void {
    this.#residents.loadNumber(number);
  }

  takeNews(): VectorNews | undefined {
    const added: IndexHandle[] = [];
    for (const [number, engine] of this.#residents.loaded()) {
      if (this.#told.get(number) === engine) continue;
      this.#told.set(number, engine);
      const { definition, knownFrom, shared } = engine;
      added.push({ number, definition, knownFrom, shared });
    }
    const removed = [...this.#told.keys()].filter((number) => !this.#residents.has(number));
    for (const number of removed) this.#told.delete(number);
    return added.length === 0 && removed.length === 0 ? undefined : { added, removed };
  }

  get hasWork(): boolean {
    return this.#residents.hasWork;
  }

  work(isEnough: () => boolean): void {
    this.#residents.work(isEnough);
  }
}
