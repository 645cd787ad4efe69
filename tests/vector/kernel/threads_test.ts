import { assert, assertEquals } from "@std/assert";
import { Worker } from "node:worker_threads";
import { createVectorMemory } from "../../../lib/vector/shared_vectors.ts";
import { test } from "../../support/test.ts";
import { bornAt, DIMENSION, NODES, vectorAt } from "./searches.ts";
import { clusteredVectors, numbered, optionsOf, reachable, recallOf } from "./support.ts";
import type { ThreadData } from "./thread.ts";

const BOOTSTRAP = `import(require("node:worker_threads").workerData.entry)`;

/** A thread, and what it answers at its end. */
function startThread(data: ThreadData): Promise<Record<string, unknown>> {
  const entry = new URL("./thread.ts", import.meta.url).href;
  const worker = new Worker(BOOTSTRAP, { eval: true, workerData: { entry, data } });
  return new Promise((resolve, reject) => {
    worker.on("error", reject);
    worker.on("message", (message: Record<string, unknown> | "started") => {
      if (message === "started") return;
      if (message["error"] === undefined) resolve(message);
      else reject(new Error(String(message["error"])));
      void worker.terminate();
    });
  });
}

function control(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(12));
}

/** Lets the event loop and other threads run. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

test("several threads link what another one adds", async () => {
  const vectors = clusteredVectors(6000, 16, 51);
  const memory = createVectorMemory(optionsOf({ efConstruction: 60 }));
  const words = control();
  const threads = [1, 2, 3].map(() => startThread({ handle: memory.handle, task: "link", control: words }));
  using writer = memory.writer();
  for (const [at, vector] of vectors.entries()) {
    writer.addPending(at + 1, vector, 1, 1);
    if (at % 100 === 0) await pause(0);
  }
  while (memory.stats().pending > 0) await pause(5);
  Atomics.store(words, 0, 1);
  const linked = (await Promise.all(threads)).map((answer) => answer["linked"] as number);
  assertEquals(linked.reduce((sum, count) => sum + count, 0), vectors.length);
  for (let slot = 0; slot < vectors.length; slot++) {
    assertEquals(memory.slot(slot).state, "linked");
    for (const [layer, list] of memory.links(slot).entries()) {
      assert(list.length <= (layer === 0 ? 32 : 16));
      assertEquals(new Set(list).size, list.length);
      assert(!list.includes(slot));
    }
  }
  assert(reachable(memory).size > 5990, `${reachable(memory).size} slots can be reached`);
  using reader = memory.reader();
  const recall = recallOf(
    vectors.slice(0, 100),
    numbered(vectors),
    "euclidean",
    (query) => reader.search({ query, k: 10, ef: 60, lsn: 1 }),
  );
  assert(recall > 0.98, `recall ${recall}`);
});

test("searches in other threads see exactly what was there at their LSN while the index changes", async () => {
  const memory = createVectorMemory(optionsOf({ dimension: DIMENSION, efConstruction: 60, capacity: 50_000 }));
  const search = control();
  const link = control();
  using writer = memory.writer();
  const slots = Array.from({ length: NODES }, (_, at) => writer.addPending(at + 1, vectorAt(at + 1, 0), 0, 0));
  writer.linkPending(NODES - 100);
  const threads = [
    startThread({ handle: memory.handle, task: "search", control: search }),
    startThread({ handle: memory.handle, task: "link", control: link }),
  ];
  const deadline = performance.now() + 1500;
  let lsn = 0;
  while (performance.now() < deadline) {
    lsn++;
    // The reader may be at any LSN from the one that it finished last.
    const pin = Atomics.load(search, 2);
    for (let node = 1; node <= NODES; node++) {
      if (bornAt(node, lsn) !== lsn) continue;
      writer.kill(slots[node - 1] as number, lsn);
      slots[node - 1] = writer.addPending(node, vectorAt(node, lsn), lsn, pin);
    }
    if (lsn % 3 === 0) writer.linkPending(20);
    writer.consolidate(pin, lsn, 2000);
    Atomics.store(search, 1, lsn);
    await pause(1);
  }
  Atomics.store(search, 0, 1);
  Atomics.store(link, 0, 1);
  const [searched] = await Promise.all(threads);
  assert((searched?.["searches"] as number) >= 20);
  assert(lsn > 20);
});
