/** The engine's thread dies: everybody is told, and what was acknowledged is there when the graph is opened again. */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Worker } from "node:worker_threads";
import { ClosedError } from "../../lib/backend/errors.ts";
import type { Graph } from "../../lib/graph/graph.ts";
import { open } from "../../lib/graph/open.ts";
import { type GraphOptions, openGraph } from "../../lib/graph/open_graph.ts";
import { Rng } from "../crash/rng.ts";
import { tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";
import { transfer } from "../v3/shared_bank.ts";
import { audit, loadRows, makeBank } from "./isolation_bank.ts";
import { readOnTask } from "./isolation_tasks.ts";

const ACCOUNTS = 60;
const WRITERS = 20;
/** An engine that lives longer than this does not die at all. */
const PATIENCE_MS = 30_000;
const BACKENDS = ["v3", "sqlite"] as const;

/** Opens a graph whose engine dies. */
function openDying(path: string, at: string, batches: number): Promise<Graph> {
  const worker = new URL(`./isolation_dying_engine.ts?at=${at}&batches=${batches}`, import.meta.url);
  return openGraph(path, { threads: 2, worker });
}

/** Opens a graph; the second result is the thread of its engine. */
async function openWithThread(path: string, options: GraphOptions): Promise<[Graph, Worker]> {
  const { unref } = Worker.prototype;
  let thread: Worker | undefined;
  Worker.prototype.unref = function (this: Worker) {
    thread ??= this;
    return unref.call(this);
  };
  try {
    const graph = await openGraph(path, options);
    return [graph, thread as Worker];
  } finally {
    Worker.prototype.unref = unref;
  }
}

/** Works with a graph until its engine dies, and looks at what is left. */
async function workUntilDeath(path: string, graph: Graph, seed: number, kill: () => void = () => {}): Promise<void> {
  const rng = new Rng(seed);
  const acknowledged = new Map<string, number>();
  const errors: unknown[] = [];
  const held = graph.snapshot();
  const before = audit(held, ACCOUNTS);
  const words = new Int32Array(new SharedArrayBuffer(4));
  const until = (work: Promise<unknown>) => work.catch((error) => errors.push(error));
  let isOver = false;
  const deadline = performance.now() + PATIENCE_MS;

  const works = Array.from({ length: WRITERS }, async (_, at) => {
    const writer = `w${at}`;
    for (let number = 1; !isOver; number++) {
      assert(performance.now() < deadline, "the engine did not die");
      const from = rng.between(1, ACCOUNTS - 1);
      const isSlow = rng.chance(0.1);
      await until(
        graph.transaction(async (tx) => {
          tx.kv.set(writer, number);
          transfer(tx, from, from + 1, 1);
          if (isSlow) await new Promise((resolve) => setTimeout(resolve, 1));
        }, { retries: 1_000 }).then(() => acknowledged.set(writer, number), (error) => {
          isOver = true;
          throw error;
        }),
      );
    }
  });
  works.push(until(graph.run(readOnTask, { words })).then(() => {}));
  works.push(
    until((async () => {
      for await (const _ of graph.changes());
    })()).then(() => {}),
  );
  works.push(
    until((async () => {
      for (let load = 1;; load++) {
        await graph.ingest(loadRows(load, 5, 20, ACCOUNTS));
        acknowledged.set(`load:${load}`, graph.kv.get(`load:${load}`) as number);
      }
    })()).then(() => {}),
  );
  kill();
  await Promise.all(works);

  assert(errors.length >= 3, `${errors.length} errors`);
  for (const error of errors) assert(error instanceof ClosedError, String(error));
  assertEquals(graph.closed, true);
  assertEquals(assertThrows(() => held.getNode(1), ClosedError).code, "engine-died");
  assertEquals(assertThrows(() => graph.snapshot(), ClosedError).code, "engine-died");
  assertEquals((await assertRejects(() => graph.stats(), ClosedError)).code, "engine-died");
  assertEquals(
    (await assertRejects(() => graph.insertNode({ kind: "N", name: "n" }), ClosedError)).code,
    "engine-died",
  );
  held.release();
  await graph.close();

  // The thread that died may still be giving the file up.
  using db = open(path, { busyTimeoutMs: 30_000 });
  assert(db.lsn >= before.lsn);
  assertEquals(audit(db, ACCOUNTS).fault, undefined);
  for (const [key, number] of acknowledged) {
    const found = Number(db.kv.get(key));
    // Of a writer one more may have been committed that nobody was told of, of a load there is all or nothing.
    const isRight = key.startsWith("load:") ? found === number : found === number || found === number + 1;
    assert(isRight, `${key} has ${found}, acknowledged was ${number}`);
  }
  assertEquals(db.check().findings, []);
  db.transaction((tx) => transfer(tx, 1, 2, 1));
}

for (const backend of BACKENDS) {
  for (const at of ["within", "after", "error"]) {
    test(`${backend}: the engine dies (${at} a commit): all is rejected, and nothing acknowledged is lost`, async () => {
      using dir = tempDir();
      const path = dir.path("bank.graph");
      makeBank(path, backend, ACCOUNTS);
      await workUntilDeath(path, await openDying(path, at, 30), 1);
    });
  }

  test(`${backend}: the engine's thread is terminated at any time: all is rejected, and nothing acknowledged is lost`, async () => {
    using dir = tempDir();
    const path = dir.path("bank.graph");
    makeBank(path, backend, ACCOUNTS);
    const [graph, thread] = await openWithThread(path, { threads: 2 });
    await workUntilDeath(path, graph, 1, () => setTimeout(() => void thread.terminate(), 100));
  });
}
