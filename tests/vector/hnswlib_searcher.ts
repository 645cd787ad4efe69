/** A thread of hnswlib_thread_test.ts: searches an index that another thread opened. */

import { parentPort, workerData } from "node:worker_threads";
import { attachHnswlib } from "../../lib/vector/hnswlib/search.ts";
import type { IndexHandle } from "../../lib/vector/vector_engine.ts";
import { bruteForce, randomVectors, readFrom, recallOf, searchOf, type Vectors } from "./hnswlib_index.ts";

const { handle, vectors, seed, searches } = workerData as {
  readonly handle: IndexHandle;
  readonly vectors: Vectors;
  readonly seed: number;
  readonly searches: number;
};

const search = attachHnswlib(handle);
const next = randomVectors(seed, handle.definition.dimension);
let recall = 0;
let stale = 0;
for (let turn = 0; turn < searches; turn++) {
  const wanted = searchOf(next());
  try {
    const found = search.search(wanted, Number.MAX_SAFE_INTEGER, readFrom(vectors));
    recall += recallOf(found, bruteForce(handle.definition, vectors, wanted)) / searches;
  } catch {
    stale++;
  }
}
search.release();
parentPort?.postMessage({ recall, stale });
