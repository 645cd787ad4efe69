import { assert, assertEquals } from "@std/assert";
import { Worker } from "node:worker_threads";
import { COUNTER } from "../../../lib/vector/layout.ts";
import type { VectorLinker, VectorMemory } from "../../../lib/vector/memory.ts";
import { MemoryView } from "../../../lib/vector/memory_view.ts";
import { createVectorMemory } from "../../../lib/vector/shared_vectors.ts";
import { test } from "../../support/test.ts";
import { type Scene, stop } from "./stopped.ts";
import { clusteredVectors, indexOf, numbered, optionsOf, randomOf, reachable, recallOf } from "./support.ts";
import type { ThreadData } from "./thread.ts";

const BOOTSTRAP = `import(require("node:worker_threads").workerData.entry)`;

/** Word that says how many pending slots were claimed (kernel/header.ts). */
const PENDING_CLAIMED = 68;

const VECTORS = clusteredVectors(1500, 16, 81);

function pendingIndex(vectors: readonly Float32Array[]): VectorMemory {
  const memory = createVectorMemory(optionsOf());
  using writer = memory.writer();
  vectors.forEach((vector, at) => writer.addPending(at + 1, vector, 1, 1));
  return memory;
}

function link(memory: VectorMemory, limit: number): number {
  using linker = memory.linker();
  return linker.linkPending(limit);
}

/** A worker that has claimed a slot, and does no more. */
function stopped(memory: VectorMemory, scene: Scene): VectorLinker {
  const linker = memory.linker();
  stop(memory, linker, scene);
  return linker;
}

/** Links what is left, and checks that the index is as good as one that was never disturbed. */
function assertGood(memory: VectorMemory, vectors: readonly Float32Array[]): void {
  link(memory, vectors.length);
  const { pending, slots } = memory.stats();
  assertEquals([pending, slots], [0, vectors.length]);
  for (let slot = 0; slot < slots; slot++) {
    assertEquals(memory.slot(slot).state, "linked");
    for (const [layer, list] of memory.links(slot).entries()) {
      assert(layer > 0 || list.length > 0, `slot ${slot} has no links`);
      assert(list.length <= (layer === 0 ? 32 : 16));
      assertEquals(new Set(list).size, list.length, `slot ${slot} has a link twice`);
      assert(!list.includes(slot), `slot ${slot} leads to itself`);
    }
  }
  const reached = reachable(memory).size;
  assert(reached > slots - 5, `${reached} of ${slots} slots can be reached`);
  const recall = (index: VectorMemory): number => {
    using reader = index.reader();
    const search = (query: Float32Array) => reader.search({ query, k: 10, ef: 40, lsn: 1 });
    return recallOf(vectors.slice(0, 100), numbered(vectors), "euclidean", search);
  };
  const [found, wanted] = [recall(memory), recall(indexOf(vectors))];
  assert(found > wanted - 0.01, `recall ${found}, undisturbed ${wanted}`);
}

test("a worker that ends while it links leaves nothing locked and nothing unlinked", () => {
  for (let seed = 1; seed < 6; seed++) {
    const random = randomOf(seed);
    const memory = pendingIndex(VECTORS);
    if (seed > 1) link(memory, 200 + Math.floor(random() * 1000));
    const ended = Array.from({ length: 6 }, (_, at) => {
      const { pending, slots } = memory.stats();
      const linked = slots - pending;
      const replaces = linked === 0 || at === 3 ? undefined : Math.floor(random() * linked);
      return stopped(memory, { isAtTop: at === 0, replaces });
    });
    for (const linker of ended) linker.release();
    assertGood(memory, VECTORS);
  }
});

test("where nobody says that a worker has ended, its locks are taken over", () => {
  const first = pendingIndex(VECTORS);
  stopped(first, { isAtTop: true });
  assertEquals(link(first, 1), 1);
  const memory = pendingIndex(VECTORS);
  link(memory, 700);
  const { entry } = COUNTER;
  const top = new Uint32Array(memory.handle.memory.buffer)[entry] as number;
  const linker = stopped(memory, { replaces: top });
  link(memory, 700);
  assertEquals(memory.slot(700).state, "pending");
  linker.release();
  assertGood(memory, VECTORS);
});

test("a worker whose calls end anywhere with an error may be released, or go on", () => {
  const memory = pendingIndex(VECTORS);
  const { kernel } = new MemoryView(memory.handle.memory);
  const words = new Uint32Array(memory.handle.memory.buffer);
  let linker = memory.linker();
  const dive = (depth: number): void => {
    if (depth === 0) kernel.linkPending(linker.place, 3);
    else dive(depth - 1);
  };
  /** Calls the kernel with what the stack has left at a depth. */
  const hasEnough = (depth: number): boolean => {
    try {
      dive(depth);
      return true;
    } catch {
      return false;
    }
  };
  let interrupted = 0;
  for (let round = 0; round < 6; round++) {
    let enough = 0;
    for (let step = 2 ** 18; step >= 1; step /= 2) if (hasEnough(enough + step)) enough += step;
    for (let depth = enough - 3; depth < enough + 30; depth++) {
      const before = words[PENDING_CLAIMED];
      if (hasEnough(depth) || words[PENDING_CLAIMED] === before) continue;
      interrupted++;
      if (depth % 2 === 0) continue;
      linker.release();
      linker = memory.linker();
    }
  }
  linker.release();
  assert(interrupted > 0);
  assertGood(memory, VECTORS);
});

test("threads that are terminated while they link do not disturb the others", async () => {
  const memory = createVectorMemory(optionsOf());
  using writer = memory.writer();
  const control = new Int32Array(new SharedArrayBuffer(12));
  const start = (): { readonly worker: Worker; readonly linker: VectorLinker; readonly started: Promise<void> } => {
    const linker = memory.linker();
    const data: ThreadData = { handle: memory.handle, task: "link", control, place: linker.place };
    const entry = new URL("./thread.ts", import.meta.url).href;
    const worker = new Worker(BOOTSTRAP, { eval: true, workerData: { entry, data } });
    const { promise: started, resolve } = Promise.withResolvers<void>();
    worker.once("message", resolve);
    return { worker, linker, started };
  };
  const threads = [start(), start(), start()];
  await Promise.all(threads.map(({ started }) => started));
  const random = randomOf(9);
  for (const [at, vector] of VECTORS.entries()) {
    writer.addPending(at + 1, vector, 1, 1);
    if (at % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    if (random() > 0.002) continue;
    const ended = threads.shift();
    await ended?.worker.terminate();
    ended?.linker.release();
  }
  for (const { worker, linker } of threads) {
    await worker.terminate();
    linker.release();
  }
  // On Deno a thread that computes goes on after its end has been told.
  Atomics.store(control, 0, 1);
  writer.linkPending(VECTORS.length);
  while (memory.stats().pending > 0) await new Promise((resolve) => setTimeout(resolve, 1));
  assertGood(memory, VECTORS);
});
