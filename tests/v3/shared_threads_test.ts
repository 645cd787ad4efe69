/** Threads that read from shared memory what another one writes: every state that they see must be one that was committed. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { CheckedSnapshot } from "../../lib/backend/checked_snapshot.ts";
import { ClosedError, IoError, UnsupportedError } from "../../lib/backend/errors.ts";
import type { GraphReader } from "../../lib/backend/graph_reader.ts";
import type { HeldState, StateSource } from "../../lib/backend/state_source.ts";
import { MAX_PINS } from "../../lib/snapshot/mod.ts";
import { serveV3 } from "../../lib/v3/served.ts";
import { borrowV3 } from "../../lib/v3/borrowed_source.ts";
import { markDead } from "../../lib/v3/shared_handle.ts";
import { attachV3 } from "../../lib/v3/shared_source.ts";
import { tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";
import { faultOf, openAccounts, transfer } from "./shared_bank.ts";

const MIB = 1024 * 1024;

function snapshotOf(held: HeldState): CheckedSnapshot {
  return new CheckedSnapshot(held, held.isPast ? held.timeMs : Date.now());
}

function soundAt(held: HeldState, accounts: number): void {
  assertEquals(faultOf(snapshotOf(held) as unknown as GraphReader, accounts), undefined);
}

/** Commits transfers until the readers have checked so many states. */
async function readWhileWriting(accounts: number, cacheBytes: number, readers: number, states: number): Promise<void> {
  using dir = tempDir();
  const served = serveV3(dir.path("bank.graph"), { cacheBytes, durability: "off", logLimitBytes: 4 * MIB });
  const db = served.backend;
  openAccounts(db, accounts);
  const words = Array.from({ length: readers }, () => new Int32Array(new SharedArrayBuffer(16)));
  const workers = words.map((own) =>
    new Worker(new URL("./shared_reader_worker.ts", import.meta.url), {
      workerData: { handle: served.handle, accounts, words: own },
    })
  );
  const answers = workers.map((worker) => once(worker, "message").then(([answer]) => answer as string));
  let seed = 1;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return Math.floor(seed / 2 ** 32 * below);
  };
  const source = attachV3(served.handle);
  const old: HeldState[] = [];
  let ended = 0;
  for (const answer of answers) answer.then(() => ended++);
  for (let round = 0; ended === 0 && words.some((own) => (own[1] as number) < states); round++) {
    for (let commit = 0; commit < 20; commit++) {
      db.transaction((tx) => transfer(tx, 1 + random(accounts), 1 + random(accounts), random(10)));
    }
    // States that are held for long, while their pages are given up by later ones and the log goes into the file.
    if (round % 16 === 0) {
      old.push(source.hold(undefined, "snapshot"));
      if (old.length > 3) {
        const oldest = old.shift() as HeldState;
        soundAt(oldest, accounts);
        oldest.release();
      }
    }
    if (round % 64 === 63) db.checkpoint();
    if (round % 4 === 0) await new Promise((resolve) => setTimeout(resolve));
  }
  for (const own of words) Atomics.store(own, 0, 1);
  assertEquals(await Promise.all(answers), words.map(() => "sound"));
  await Promise.all(workers.map((worker) => worker.terminate()));
  for (const held of old) {
    soundAt(held, accounts);
    held.release();
  }
  assert(words.every((own) => (own[2] as number) > 1), "the readers saw states of after the beginning");
  const { ok, findings } = db.check();
  assert(ok, JSON.stringify(findings));
  source.close();
  served.close();
}

test("readers in four threads see balanced books while one thread writes", () =>
  readWhileWriting(300, 16 * MIB, 4, 12));

test("the same with a cache that is far smaller than the database", () => readWhileWriting(6_000, 2 * MIB, 2, 4));

test("a thread that is terminated while it reads harms nobody", async () => {
  using dir = tempDir();
  const served = serveV3(dir.path("bank.graph"), { cacheBytes: 2 * MIB, durability: "off" });
  const db = served.backend;
  openAccounts(db, 3_000);
  const source = attachV3(served.handle);
  for (let round = 0; round < 4; round++) {
    const words = new Int32Array(new SharedArrayBuffer(16));
    const worker = new Worker(new URL("./shared_reader_worker.ts", import.meta.url), {
      workerData: { handle: served.handle, accounts: 3_000, words },
    });
    while (Atomics.load(words, 1) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const end = worker.terminate();
    // A thread that goes on running after its end must not read what is free by now without noticing.
    for (let commit = 0; commit < 50; commit++) db.transaction((tx) => transfer(tx, 1 + commit, 100 + commit, 1));
    db.checkpoint();
    await end;
    Atomics.store(words, 0, 1);
    const held = source.hold(undefined, "snapshot");
    soundAt(held, 3_000);
    held.release();
  }
  assert(db.check().ok);
  source.close();
  served.close();
});

/** A served database with some content, and a source in the same thread. */
function serve(cacheBytes: number, run: (db: ReturnType<typeof serveV3>, source: StateSource) => void): void {
  using dir = tempDir();
  const served = serveV3(dir.path("one.graph"), { cacheBytes, durability: "off" });
  const source = attachV3(served.handle);
  try {
    run(served, source);
  } finally {
    source.close();
    served.close();
  }
}

test("a state that is held keeps its pages, one that was released gives them back", () => {
  serve(4 * MIB, ({ backend: db }, source) => {
    openAccounts(db, 1_000);
    const first = source.hold(undefined, "snapshot");
    const sizes: number[] = [];
    for (let round = 0; round < 6; round++) {
      for (let account = 1; account < 1_000; account++) {
        db.transaction((tx) => transfer(tx, account, account + 1, 1));
      }
      if (round === 2) {
        soundAt(first, 1_000);
        first.release();
      }
      db.checkpoint();
      const { fileBytes, freeBytes } = db.stats();
      sizes.push(fileBytes - freeBytes);
    }
    const [, held = 0, , , , last = 0] = sizes;
    assert(last < 0.8 * held, `with a held state ${held} bytes, in the end ${last}`);
  });
});

test("buffers never pass 1 GiB: a cache of several segments reads like a small one", () => {
  using dir = tempDir();
  const served = serveV3(dir.path("bank.graph"), { cacheBytes: 6 * 1024 * MIB, durability: "off" });
  openAccounts(served.backend, 2_000);
  assert(served.handle !== undefined);
  // Only what the writer no longer has comes into the readers' frames.
  served.backend.close();
  const again = serveV3(dir.path("bank.graph"), { cacheBytes: 6 * 1024 * MIB, durability: "off" });
  const { readerFrames, writerFrames } = (again.handle as { memory: Record<string, unknown> }).memory as {
    readerFrames: SharedArrayBuffer[];
    writerFrames: SharedArrayBuffer;
  };
  assertEquals([writerFrames, ...readerFrames].map(({ byteLength }) => byteLength / MIB), [
    1024,
    1024,
    1024,
    1024,
    1024,
    1024,
  ]);
  const source = attachV3(again.handle);
  const held = source.hold(undefined, "snapshot");
  soundAt(held, 2_000);
  held.release();
  source.close();
  again.close();
});

test("a state that was borrowed ends when its holder gives it up", async () => {
  const served = serveV3(":memory:", { cacheBytes: 4 * MIB });
  openAccounts(served.backend, 10);
  const source = attachV3(served.handle);
  const borrower = borrowV3(served.handle);
  const held = source.hold(undefined, "snapshot");
  let isRevoked = false;
  const borrowed = borrower.borrow(await held.share(), () => isRevoked);
  served.backend.transaction((tx) => transfer(tx, 1, 2, 5));
  soundAt(borrowed, 10);
  assertEquals([borrowed.lsn, snapshotOf(borrowed).kv.get("balance:1")], [held.lsn, 100]);
  isRevoked = true;
  held.release();
  assertEquals(assertThrows(() => borrowed.store, ClosedError).code, "snapshot-released");
  borrower.close();
  source.close();
  served.close();
});

test("when the engine has died every call on a state throws, on every thread", () => {
  serve(4 * MIB, ({ backend: db, handle }, source) => {
    openAccounts(db, 10);
    const held = source.hold(undefined, "snapshot");
    const snapshot = snapshotOf(held);
    markDead(handle);
    for (
      const call of [() => snapshot.getNode(1), () => snapshot.kv.get("k"), () => source.hold(undefined, "snapshot")]
    ) {
      assertEquals(assertThrows(call, ClosedError).code, "engine-died");
    }
  });
});

test("so many different states can be held at once, and no more", () => {
  serve(4 * MIB, ({ backend: db }, source) => {
    const held: HeldState[] = [];
    for (let n = 0; n < MAX_PINS; n++) {
      db.kv.set("n", n);
      held.push(source.hold(undefined, "snapshot"), source.hold(undefined, "snapshot"));
    }
    db.kv.set("n", -1);
    assertEquals(assertThrows(() => source.hold(undefined, "snapshot"), UnsupportedError).code, "too-many-snapshots");
    held.pop()?.release();
    held.pop()?.release();
    held.push(source.hold(undefined, "snapshot"));
    assertEquals(held.map((one) => snapshotOf(one).kv.get("n")).slice(0, 6), [0, 0, 1, 1, 2, 2]);
    for (const one of held) one.release();
  });
});

test("ids that were leased are given by nobody else, not after reopening either", () => {
  using dir = tempDir();
  const path = dir.path("one.graph");
  const seen = new Set<number>();
  for (let round = 0; round < 3; round++) {
    const served = serveV3(path, { cacheBytes: 2 * MIB, durability: "off" });
    const { firstNodeId, endNodeId, firstEdgeId, endEdgeId } = served.lease(100_000, 10);
    assertEquals([endNodeId - firstNodeId, endEdgeId - firstEdgeId], [100_000, 10]);
    for (const id of [firstNodeId, endNodeId - 1, served.backend.insertNode({ kind: "N", name: "n" })]) {
      assert(!seen.has(id) && seen.size < 100, `${id} was given before`);
      seen.add(id);
    }
    served.close();
  }
});

test("a database in memory that is full refuses to grow, and goes on", () => {
  const served = serveV3(":memory:", { cacheBytes: 2 * MIB });
  const { backend: db } = served;
  const source = attachV3(served.handle);
  db.insertNode({ kind: "N", name: "first" });
  const error = assertThrows(() => {
    for (;;) db.insertNode({ kind: "N", name: "n", data: "x".repeat(10_000) });
  }, IoError);
  assertEquals(error.code, "memory-full");
  const held = source.hold(undefined, "snapshot");
  assertEquals(snapshotOf(held).nodeName(1), "first");
  held.release();
  assert(db.check().ok);
  source.close();
  served.close();
});
