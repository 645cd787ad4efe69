/** The thread of the engine `hnswlib`: its start, calls of several threads, its end. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { ClosedError, UnsupportedError } from "../../lib/backend/errors.ts";
import { hnswlibMemory } from "../../lib/vector/hnswlib/mailbox.ts";
import { attachHnswlib } from "../../lib/vector/hnswlib/search.ts";
import { startHnswlib } from "../../lib/vector/hnswlib/thread.ts";
import type { IndexHandle, VectorEngine } from "../../lib/vector/vector_engine.ts";
import { test } from "../support/test.ts";
import { definitionOf, manyVectors, openIndex, put, readFrom, searchOf, withIndex } from "./hnswlib_index.ts";

function handleOf(index: VectorEngine): IndexHandle {
  return { number: 1, definition: index.definition, knownFrom: index.knownFrom, shared: index.shared };
}

test("threads search at once, also while commits are applied", async () => {
  const vectors = manyVectors(500, 8);
  const index = openIndex(definitionOf(), vectors, 1);
  const workers = [1, 2].map((seed) =>
    new Worker(new URL("./hnswlib_searcher.ts", import.meta.url), {
      workerData: { handle: handleOf(index), vectors, seed, searches: 150 },
    })
  );
  try {
    const answers = workers.map((worker) => once(worker, "message") as Promise<[{ recall: number; stale: number }]>);
    // Commits that change vectors far from all the others: what the threads find stays the same.
    for (let lsn = 2; lsn < 40; lsn++) {
      const far = new Float32Array(8).fill(50 + lsn);
      index.reserve([put(1000 + lsn, far)], 1);
      index.apply([put(1000 + lsn, far)], lsn, 1);
      assertEquals(index.search(searchOf(far, { k: 1 }), lsn, () => far), [{ nodeId: 1000 + lsn, distance: 0 }]);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    for (const [{ recall, stale }] of await Promise.all(answers)) {
      assert(recall >= 0.97, String(recall));
      assertEquals(stale, 0);
    }
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
    index.release();
  }
});

test("searches after the index was closed are refused, in its thread and in others; closing twice does nothing", () => {
  const vectors = manyVectors(5, 8);
  const index = openIndex(definitionOf(), vectors, 1);
  const attached = attachHnswlib(handleOf(index));
  const search = searchOf(vectors.get(1) as Float32Array);
  assertEquals(attached.search(search, 1, readFrom(vectors)), index.search(search, 1, readFrom(vectors)));
  index.release();
  assertThrows(() => attached.search(search, 1, readFrom(vectors)), ClosedError);
  assertThrows(() => index.search(search, 1, readFrom(vectors)), ClosedError);
  attached.release();
  index.release();
});

test("places of threads that are done are given to others", () => {
  const vectors = manyVectors(5, 8);
  withIndex(definitionOf(), vectors, (index) => {
    const searches = Array.from({ length: 31 }, () => attachHnswlib(handleOf(index)));
    const error = assertThrows(() => attachHnswlib(handleOf(index)), UnsupportedError);
    assertEquals(error.code, "too-many-vector-readers");
    searches[4]?.release();
    const again = attachHnswlib(handleOf(index));
    assertEquals(again.search(searchOf(vectors.get(2) as Float32Array, { k: 1 }), 1, readFrom(vectors))[0]?.nodeId, 2);
  });
});

test("a thread that cannot start says why", () => {
  const memory = hnswlibMemory();
  const missing = new URL("./missing_entry.ts", import.meta.url);
  const error = assertThrows(() => startHnswlib({ memory, definition: definitionOf() }, missing), UnsupportedError);
  assertEquals(error.code, "engine-hnswlib-unavailable");
  assert(error.message.includes("missing_entry"), error.message);
});
