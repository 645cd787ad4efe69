/** `hnswlib-node`, the native library that vector searches are compared with. It is not installed with the package. */

import { createRequire } from "node:module";
import { BUILD } from "./vector_build_options.ts";
import { DIMENSION, K } from "./vector_data.ts";
import type { PlaceSearch } from "./vector_recall.ts";

/** What is used of it. */
interface Library {
  readonly HierarchicalNSW: new (space: "l2", dimension: number) => LibraryIndex;
}

interface LibraryIndex {
  initIndex(capacity: number, m: number, efConstruction: number, seed: number): void;
  addPoint(vector: readonly number[], label: number): void;
  setEf(ef: number): void;
  searchKnn(query: readonly number[], k: number): { readonly neighbors: number[] };
}

/** An index of the library. It takes arrays of numbers only: they are made off the clock. */
export class PeerIndex {
  readonly #index: LibraryIndex;

  constructor({ HierarchicalNSW }: Library, capacity: number) {
    this.#index = new HierarchicalNSW("l2", DIMENSION);
    this.#index.initIndex(capacity, BUILD.m, BUILD.efConstruction, BUILD.seed);
  }

  /** Adds vectors from a place on; the time that it took, in milliseconds. */
  add(vectors: readonly Float32Array[], from: number): number {
    const lists = vectors.map((vector) => Array.from(vector));
    const start = performance.now();
    lists.forEach((list, at) => this.#index.addPoint(list, from + at));
    return performance.now() - start;
  }

  /** Searches for these queries, by their places. */
  searchFor(queries: readonly Float32Array[]): PlaceSearch {
    const lists = queries.map((query) => Array.from(query));
    return (_, ef, at) => {
      this.#index.setEf(ef);
      return this.#index.searchKnn(lists[at] as number[], K).neighbors;
    };
  }
}

/** The library, or undefined: then it is printed how to install it. */
export function peerLibrary(): Library | undefined {
  const load = createRequire(new URL("./peers/package.json", import.meta.url));
  try {
    return load("hnswlib-node") as Library;
  } catch (error) {
    const { message } = error as Error;
    console.log(`  hnswlib-node is not there (${message.split("\n")[0]}): cd bench/peers && npm install`);
    return undefined;
  }
}
