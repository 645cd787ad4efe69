/** The indexes that the writer's thread has in memory, as another thread searches them. */

import type { VectorNews } from "../backend/state_source.ts";
import type { StoredVectorIndex } from "../backend/vector_store.ts";
import { attachHnswlib } from "./hnswlib/search.ts";
import type { VectorMemoryHandle } from "./memory.ts";
import { MemorySearch } from "./memory_search.ts";
import { attachVectorMemory } from "./shared_vectors.ts";
import type { IndexHandle, IndexSearch, VectorFinder } from "./vector_engine.ts";

/** What a thread knows of indexes in memory. It attaches to one when it first searches it. */
export class AttachedVectors implements VectorFinder {
  readonly #handles = new Map<number, IndexHandle>();
  readonly #searches = new Map<number, IndexSearch>();
  /** Called once for each index that was asked for and is not in memory, as far as this thread knows. */
  onMissing: (index: number) => void = () => {};
  readonly #missing = new Set<number>();

  /** What further threads attach to. */
  get handles(): readonly IndexHandle[] {
    return [...this.#handles.values()];
  }

  /** Indexes that were put into memory. */
  add(handles: readonly IndexHandle[]): void {
    for (const handle of handles) {
      const known = this.#handles.get(handle.number);
      if (known?.knownFrom === handle.knownFrom) continue;
      if (known !== undefined) this.remove(handle.number);
      this.#handles.set(handle.number, handle);
    }
  }

  /** An index that is no longer in memory. */
  remove(number: number): void {
    this.#handles.delete(number);
    this.#searches.get(number)?.release();
    this.#searches.delete(number);
  }

  find(index: StoredVectorIndex, lsn: number): IndexSearch | undefined {
    const handle = this.#handles.get(index.number);
    if (handle === undefined) {
      this.#noteMissing(index.number);
      return undefined;
    }
    if (handle.knownFrom > lsn) return undefined;
    let search = this.#searches.get(index.number);
    if (search === undefined) this.#searches.set(index.number, search = attach(handle));
    return search;
  }

  #noteMissing(number: number): void {
    if (this.#missing.has(number)) return;
    this.#missing.add(number);
    this.onMissing(number);
  }

  /** What threads attach to of an index, if this one knows that it is in memory. */
  handleOf(number: number): IndexHandle | undefined {
    return this.#handles.get(number);
  }

  /** Takes note of what became of indexes. */
  note({ added, removed }: VectorNews): void {
    for (const number of removed) this.remove(number);
    this.add(added as readonly IndexHandle[]);
  }

  /** Gives everything back. */
  release(): void {
    for (const number of [...this.#handles.keys()]) this.remove(number);
  }
}

function attach(handle: IndexHandle): IndexSearch {
  const { definition, knownFrom, shared } = handle;
  if (definition.engine === "hnswlib") return attachHnswlib(handle);
  return new MemorySearch(definition, attachVectorMemory(shared as VectorMemoryHandle), knownFrom);
}
