/** Threads of our own: start, messages, end. */

import { assertEquals, assertRejects } from "@std/assert";
import { existsSync } from "node:fs";
import { MessageChannel } from "node:worker_threads";
import { isInExecutable } from "../../lib/backend/executable.ts";
import { isOwnThread, refuseInThread } from "../../lib/graph/thread_start.ts";
import { entryOf, startThread, type WorkerThread } from "../../lib/graph/worker_thread.ts";
import { test } from "../support/test.ts";

const WORKER = new URL("./worker_thread_entry.ts", import.meta.url);

/** Sends a message and waits for the next one. */
function ask(thread: WorkerThread, message: unknown): Promise<unknown> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  thread.onMessage = resolve;
  thread.post(message);
  return held(thread, promise);
}

/** The process must not end while the test waits. */
async function held<R>(thread: WorkerThread, promise: Promise<R>): Promise<R> {
  thread.ref();
  try {
    return await promise;
  } finally {
    thread.unref();
  }
}

function ended(thread: WorkerThread): Promise<unknown> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  thread.onExit = resolve;
  return held(thread, promise);
}

test("a thread of either role has what it was started with, shared memory included", async () => {
  for (const role of ["engine", "reader"] as const) {
    const words = new Int32Array(new SharedArrayBuffer(4));
    const thread = await startThread(role, { words }, { worker: WORKER });
    const start = await ask(thread, "start") as { role: string; data: { words: Int32Array } };
    words[0] = 5;
    assertEquals([start.role, start.data.words[0]], [role, 5]);
    await thread.terminate();
  }
});

test("objects move to a thread when it starts and with messages", async () => {
  const { port1, port2 } = new MessageChannel();
  const thread = await startThread("reader", port2, { worker: WORKER, transfer: [port2] });
  const bytes = new Uint8Array([1, 2, 3]);
  thread.onMessage = () => {};
  thread.post(bytes, [bytes.buffer]);
  assertEquals(bytes.length, 0);
  port1.close();
  await thread.terminate();
});

test("a message from before the start was over is not lost", async () => {
  const thread = await startThread("engine", "early", { worker: WORKER });
  const { promise, resolve } = Promise.withResolvers<unknown>();
  thread.onMessage = resolve;
  assertEquals(await held(thread, promise), "before it was ready");
  await thread.terminate();
});

test("an entry that cannot be loaded rejects with its error", async () => {
  const bad = new URL("./worker_thread_bad_entry.ts", import.meta.url);
  const error = await assertRejects(
    () => startThread("reader", 1, { worker: bad }),
    Error,
    "this entry cannot be loaded",
  );
  assertEquals(error.name, "TypeError");
  await assertRejects(
    () => startThread("engine", 1, { worker: new URL("./missing_entry.ts", import.meta.url) }),
    Error,
  );
});

test("the end of a thread is told once, with the error that ended it", async () => {
  for (const [message, text] of [["end", undefined], ["fail", "failed in a timer"]] as const) {
    const thread = await startThread("reader", 1, { worker: WORKER });
    const end = ended(thread);
    thread.post(message);
    const error = await end as Error | undefined;
    assertEquals(error?.message.includes(text ?? "") ?? text, text === undefined ? undefined : true);
  }
  const thread = await startThread("reader", 1, { worker: WORKER });
  const end = ended(thread);
  await thread.terminate();
  assertEquals(await end, undefined);
});

test("our threads refuse to open a graph, other threads do not", async () => {
  const thread = await startThread("reader", 1, { worker: WORKER });
  assertEquals(await ask(thread, "refusal"), "inside-worker");
  await thread.terminate();
  refuseInThread("openGraph");
  assertEquals(isOwnThread(), false);
});

test("both roles have an entry beside this package's modules", () => {
  for (const role of ["engine", "reader"] as const) assertEquals(existsSync(entryOf(role)), true);
});

test("modules of a compiled program are told by their URL", () => {
  assertEquals(isInExecutable("file:///$bunfs/root/main"), true);
  assertEquals(isInExecutable("file:///B:/~BUN/root/main.exe"), true);
  assertEquals(isInExecutable(import.meta.url), false);
  assertEquals(isInExecutable("https://jsr.io/@sqlitegraph/sqlitegraph/0.1.0/mod.ts"), false);
});
