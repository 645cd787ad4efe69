/** Threads that die while they link vectors: what they were linking is linked by others. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { GraphError } from "../../lib/backend/errors.ts";
import type { HeldState } from "../../lib/backend/state_source.ts";
import { GraphVectorSearch } from "../../lib/graph/graph_vectors.ts";
import type { LinkWork } from "../../lib/graph/link_task.ts";
import { workerDied } from "../../lib/graph/pool.ts";
import { TaskRunner } from "../../lib/graph/task_runner.ts";
import { attachVectorMemory, createVectorMemory } from "../../lib/vector/shared_vectors.ts";
import { test } from "../support/test.ts";
import { stop } from "../vector/kernel/stopped.ts";
import { clusteredVectors, numbered, optionsOf, recallOf } from "../vector/kernel/support.ts";

/** What a thread does with its work; it dies when that throws. */
type Thread = (work: LinkWork) => void;

function dieLinking({ handle, place }: LinkWork): void {
  const memory = attachVectorMemory(handle);
  const linker = memory.linkerAt(place);
  linker.linkPending(300);
  stop(memory, linker, { replaces: 7 * place, isAtTop: place % 2 === 0 });
  throw workerDied(undefined);
}

function linkAll({ handle, place }: LinkWork): void {
  attachVectorMemory(handle).linkerAt(place).linkPending(10_000);
}

test("when threads die while they link, the next ones link everything", async () => {
  const vectors = clusteredVectors(2000, 16, 91);
  const memory = createVectorMemory(optionsOf());
  using writer = memory.writer();
  vectors.forEach((vector, at) => writer.addPending(at + 1, vector, 1, 1));
  const definition = { name: "e", dimension: 16, engine: "hnsw" };
  const state = {
    ...{ lsn: 1, timeMs: 0, isPast: false },
    store: {
      vectorIndex: () => ({ definition, number: 1, count: vectors.length }),
      vectorStats: () => memory.stats(),
    },
    release: () => {},
    share: () => Promise.resolve("shared"),
  } as unknown as HeldState;
  const threads: Thread[] = [dieLinking, dieLinking, dieLinking, linkAll];
  const run = async (job: unknown): Promise<unknown> => {
    await Promise.resolve();
    threads.shift()?.((job as { readonly params: LinkWork }).params);
    return { value: undefined };
  };
  const pool = { size: 3, run, close: () => Promise.resolve() };
  const runner = new TaskRunner(undefined, { threads: 3, open: () => Promise.resolve(pool) });
  const handle = { number: 1, definition, knownFrom: 1, shared: memory.handle };
  const search = new GraphVectorSearch(() => state, runner, () => Promise.resolve(handle), "a.graph");

  const error = await assertRejects(() => search.link("e", {}), GraphError);
  assertEquals(error.code, "worker-died");
  // Those of the first three that did not begin are what the call after it may meet.
  while (threads.length > 1) await search.link("e", {}).catch(() => {});
  assert(memory.stats().pending > 0);
  await search.link("e", {});
  assertEquals(memory.stats().pending, 0);
  for (let slot = 0; slot < vectors.length; slot++) assert((memory.links(slot)[0]?.length ?? 0) > 0);
  using reader = memory.reader();
  const found = recallOf(
    vectors.slice(0, 50),
    numbered(vectors),
    "euclidean",
    (query) => reader.search({ query, k: 10, ef: 60, lsn: 1 }),
  );
  assert(found > 0.98, `recall ${found}`);
});
