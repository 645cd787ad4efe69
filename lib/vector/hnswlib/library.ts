/// <reference path="./hnswlib_wasm.d.ts" />
/** Loads `hnswlib-wasm` and says what of it is used. Nothing but the library's own thread imports this module. */

import { UnsupportedError } from "../../backend/errors.ts";

/** An index of the library. Its errors have no readable text on every runtime: ask for nothing that it refuses. */
export interface LibraryIndex {
  /** Makes it empty, with room for so many vectors. */
  initIndex(capacity: number, m: number, efConstruction: number, seed: number): void;
  /** Makes room for more. */
  resizeIndex(capacity: number): void;
  /**
   * Adds vectors under labels that were never given before, in the places of deleted ones if `replaceDeleted`. Refuses unless
   * the count, deleted ones included, and the new ones together are within the room: also when they replace others.
   */
  addPoints(vectors: readonly Float32Array[], labels: readonly number[], replaceDeleted: boolean): void;
  /** Keeps labels out of results. Refuses those that are not in it, or out already. */
  markDeleteItems(labels: readonly number[]): void;
  /** At most `k` labels, nearest first; `k` is within the room. The filter is called for every vector that it passes by. */
  searchKnn(
    query: Float32Array,
    k: number,
    filter: ((label: number) => boolean) | undefined,
  ): { readonly neighbors: readonly number[] };
  /** Room. */
  getMaxElements(): number;
  /** Vectors, deleted ones included. */
  getCurrentCount(): number;
  /** Candidates of the next searches. */
  setEfSearch(ef: number): void;
  /** Frees its memory. */
  delete(): void;
}

/** The distances that the library knows: squared differences, and one minus the product. */
export type LibrarySpace = "l2" | "ip";

/** The library: its module with a memory of its own. */
export interface Library {
  readonly HierarchicalNSW: new (space: LibrarySpace, dimension: number, autoSaveFile: string) => LibraryIndex;
  /** The memory. Replaced when it grows. */
  readonly HEAPU8: Uint8Array;
}

/**
 * Loads the library into this thread.
 *
 * @throws {UnsupportedError} when it is not installed
 */
export async function loadLibrary(): Promise<Library> {
  // It is made for browsers: it looks whether there is a window, and prints warnings.
  (globalThis as { window?: unknown }).window ??= {};
  let load: (options: object) => Promise<unknown>;
  try {
    ({ default: load } = await import("hnswlib-wasm/lib/hnswlib.mjs"));
  } catch (error) {
    throw new UnsupportedError("the package hnswlib-wasm cannot be loaded: install it, or use the engine hnsw", {
      code: "engine-hnswlib-unavailable",
      cause: error,
    });
  }
  return await load({ print: () => {}, printErr: () => {} }) as Library;
}
