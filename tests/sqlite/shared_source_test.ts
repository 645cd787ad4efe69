/** The states of a served SQLite database: held by this thread, borrowed by others. */

import { assert, assertEquals, assertFalse, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { readdirSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { SnapshotAt } from "../../lib/backend/care.ts";
import { CheckedSnapshot } from "../../lib/backend/checked_snapshot.ts";
import { ClosedError, InvalidArgumentError, UnsupportedError } from "../../lib/backend/errors.ts";
import type { GraphReader } from "../../lib/backend/graph_reader.ts";
import type { ServedEngine } from "../../lib/backend/served_engine.ts";
import type { HeldState, StateSource } from "../../lib/backend/state_source.ts";
import { serveSqlite, type SqliteServeOptions } from "../../lib/sqlite/served.ts";
import { markDead } from "../../lib/sqlite/shared_handle.ts";
import { attachSqlite, borrowSqlite } from "../../lib/sqlite/shared_source.ts";
import { type Content, contentOf, graphOf } from "../contract/graph_of.ts";
import { READS } from "../contract/snapshot.ts";
import { tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";
import type { Order } from "./shared_source_worker.ts";

/** An engine with the source of this thread. */
interface Served extends Disposable {
  readonly engine: ServedEngine;
  readonly source: StateSource;
  readonly folder: string;
}

function serve(options: SqliteServeOptions = {}): Served {
  const dir = tempDir();
  const engine = serveSqlite(dir.path("g.db"), { durability: "off", busyTimeoutMs: 200, ...options });
  const source = attachSqlite(engine.handle);
  return {
    engine,
    source,
    folder: dir.root,
    [Symbol.dispose]() {
      source.close();
      engine.close();
      dir[Symbol.dispose]();
    },
  };
}

function readerOf(state: HeldState): GraphReader {
  return new CheckedSnapshot(state, 0) as unknown as GraphReader;
}

function contentsOf(state: HeldState): Content {
  return contentOf(readerOf(state));
}

function hold(source: StateSource, at?: SnapshotAt): HeldState {
  return source.hold(at, "snapshot");
}

/** Files beside the database that are not its own. */
function copiesIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.includes("copy"));
}

test("a held state answers every read as the database did when it was taken", () => {
  using served = serve();
  const { engine, source } = served;
  graphOf(engine.backend, "a->b, b-KNOWS->a, a->a, c");
  engine.backend.addLabel(1, "L");
  engine.backend.kv.set("k", { a: 1 });
  const state = hold(source);
  const plain = (value: unknown) =>
    typeof value === "object" && value !== null && "next" in value ? [...value as []] : value;
  const expected = READS.map((read) => plain(read(engine.backend)));
  engine.backend.deleteNode(1);
  engine.backend.kv.delete("k");
  const reader = readerOf(state);
  READS.forEach((read, index) => assertEquals(plain(read(reader)), expected[index], String(read)));
  state.release();
});

test("many states are held at once while the engine commits and checkpoints, and each stays as it was", () => {
  using served = serve();
  const { engine, source } = served;
  const held: { state: HeldState; content: Content; lsn: number }[] = [];
  for (let round = 0; round < 12; round++) {
    graphOf(engine.backend, "a->b, b->c");
    if (round > 2) engine.backend.deleteNode(round * 3);
    engine.backend.kv.set(`key ${round}`, round);
    if (round % 3 === 0) engine.backend.checkpoint();
    held.push({ state: hold(source), content: contentOf(engine.backend), lsn: engine.backend.lsn });
  }
  engine.backend.checkpoint();
  for (const { state, content, lsn } of held) {
    assertEquals(state.lsn, lsn);
    assertEquals(contentsOf(state), content);
  }
  for (const { state } of held) state.release();
  assert(engine.backend.checkpoint().complete);
});

test("a state that is taken after a group shows its commit, its number and its time", () => {
  const clock = { ms: 1_000_000 };
  using served = serve({ clock: () => clock.ms });
  const { engine, source } = served;
  const { firstNodeId: id } = engine.lease(1, 0);
  const before = hold(source);
  clock.ms = 2_000_000;
  engine.group([
    (target) => target.restoreNode({ id, kind: "N", name: "n", filePath: undefined, labels: [], dataText: "{}" }),
  ]);
  const after = hold(source);
  assertEquals([before.lsn, after.lsn, source.lsn], [0, 1, 1]);
  assertEquals([before.timeMs, after.timeMs], [0, 2_000_000]);
  assertEquals([before.store.nodeExists(id), after.store.nodeExists(id)], [false, true]);
  before.release();
  after.release();
});

test("states of one commit share a transaction, which ends with the last of them", () => {
  // A checkpoint that waited for states would wait until this test is given up.
  using served = serve({ busyTimeoutMs: 10 * 60_000 });
  const { engine, source } = served;
  graphOf(engine.backend, "a");
  const one = hold(source);
  const other = hold(source);
  assertStrictEquals(one.store, other.store);
  one.release();
  one.release();
  assertThrows(() => one.store, ClosedError);
  graphOf(engine.backend, "b");
  assertFalse(engine.backend.checkpoint().complete);
  assertEquals(contentsOf(other).nodes.length, 1);
  const newest = hold(source);
  assertEquals(contentsOf(newest).nodes.length, 2);
  other.release();
  newest.release();
  assert(engine.backend.checkpoint().complete);
});

test("a database that is closed after its readers is one file", () => {
  using served = serve();
  const { engine, source, folder } = served;
  graphOf(engine.backend, "a->b");
  const borrowing = borrowSqlite(engine.handle);
  hold(source);
  borrowing.borrow({ lsn: engine.backend.lsn, isPast: false, vectorTime: 0, vectors: [] }, () => false);
  source.close();
  borrowing.close();
  engine.close();
  assertEquals(readdirSync(folder), ["g.db"]);
});

test("only the newest state can be asked for by its number", () => {
  using served = serve();
  const { engine, source } = served;
  graphOf(engine.backend, "a");
  graphOf(engine.backend, "b");
  for (const [at, isPast] of [[undefined, false], [{ lsn: 0 }, false], [{ lsn: 2 }, true]] as const) {
    const state = hold(source, at);
    assertEquals([state.lsn, state.isPast], [2, isPast]);
    state.release();
  }
  for (const at of [{ lsn: 1 }, { lsn: 3 }, { time: new Date() }, { tag: "t" }]) {
    const error = assertThrows(() => hold(source, at), UnsupportedError);
    assertEquals(error.code, "no-history");
  }
  assertThrows(() => hold(source, { lsn: -1 }), InvalidArgumentError);
  assert(engine.backend.checkpoint().complete);
});

test("states end when the engine dies, when it closes, and when their source closes", () => {
  for (const end of ["dies", "closes", "source"] as const) {
    using served = serve();
    const { engine, source } = served;
    graphOf(engine.backend, "a");
    const state = hold(source);
    const reader = readerOf(state);
    if (end === "dies") markDead(engine.handle);
    else if (end === "closes") engine.close();
    else source.close();
    const code = end === "dies" ? "engine-died" : "database-closed";
    for (const call of [() => reader.getNode(1), () => state.store, () => hold(source), () => source.lsn]) {
      assertEquals(assertThrows(call, ClosedError).code, code);
    }
    state.release();
  }
});

/** A thread that borrows. */
class Borrower {
  readonly revoked = new Int32Array(new SharedArrayBuffer(4));
  readonly #worker: Worker;

  constructor(handle: unknown) {
    this.#worker = new Worker(new URL("./shared_source_worker.ts", import.meta.url), { workerData: handle });
  }

  /** Begins to read a state. */
  async borrow(state: HeldState): Promise<unknown> {
    return await this.#ask({ call: "borrow", shared: await state.share(), revoked: this.revoked });
  }

  async #ask(order: Order): Promise<unknown> {
    const answered = once(this.#worker, "message");
    this.#worker.postMessage(order);
    const [{ value, code, message }] = await answered as [{ value?: unknown; code?: string; message?: string }];
    if (message !== undefined) throw new Error(`${code}: ${message}`);
    return value;
  }

  /** What the thread reads in the state. */
  async read(): Promise<unknown> {
    return await this.#ask({ call: "read" });
  }

  /** Gives the state back. */
  async release(): Promise<void> {
    await this.#ask({ call: "release" });
  }

  /** Ends the thread. */
  async end(): Promise<void> {
    await this.#ask({ call: "close" });
    await this.#worker.terminate();
  }
}

test("another thread reads the newest state without a copy, also after later commits and checkpoints", async () => {
  using served = serve();
  const { engine, source, folder } = served;
  graphOf(engine.backend, "a->b");
  const borrower = new Borrower(engine.handle);
  for (let round = 0; round < 3; round++) {
    const state = hold(source);
    const content = contentsOf(state);
    assertEquals(await borrower.borrow(state), {
      lsn: state.lsn,
      timeMs: state.timeMs,
      isPast: false,
      isReleased: false,
    });
    graphOf(engine.backend, "c->d");
    engine.backend.deleteNode(round + 1);
    engine.backend.checkpoint();
    assertEquals(await borrower.read(), content);
    assertEquals(copiesIn(folder), []);
    await borrower.release();
    state.release();
  }
  await borrower.end();
});

test("threads that come after the next commit read one copy of the state, which is removed with it", async () => {
  using served = serve();
  const { engine, source, folder } = served;
  graphOf(engine.backend, "a->b, b->c");
  engine.backend.kv.set("k", 1);
  const state = hold(source, { lsn: engine.backend.lsn });
  const content = contentsOf(state);
  graphOf(engine.backend, "d->e");
  engine.backend.deleteNode(1);
  const borrowers = [1, 2, 3].map(() => new Borrower(engine.handle));
  const found = await Promise.all(borrowers.map((borrower) => borrower.borrow(state)));
  for (const one of found) {
    assertEquals(one, { lsn: state.lsn, timeMs: state.timeMs, isPast: true, isReleased: false });
  }
  assertEquals(copiesIn(folder).length, 1);
  engine.backend.checkpoint();
  for (const borrower of borrowers) assertEquals(await borrower.read(), content);
  assertEquals(contentsOf(state), content);
  await borrowers[0]?.release();
  assertEquals(await borrowers[1]?.read(), content);
  for (const borrower of borrowers) await borrower.release();
  state.release();
  assertEquals(copiesIn(folder), []);
  for (const borrower of borrowers) await borrower.end();
});

test("a borrowed state ends when it is revoked, and cannot be borrowed once it was released", async () => {
  using served = serve();
  const { engine, source } = served;
  graphOf(engine.backend, "a->b");
  const state = hold(source);
  graphOf(engine.backend, "c");
  const borrower = new Borrower(engine.handle);
  await borrower.borrow(state);
  assertEquals((await borrower.read() as Content).nodes.length, 2);
  Atomics.store(borrower.revoked, 0, 1);
  await assertRejects(() => borrower.read(), Error, "snapshot-released");
  await assertRejects(() => borrower.borrow(state), Error, "snapshot-released");
  Atomics.store(borrower.revoked, 0, 0);
  const shared = { share: () => sharing } as unknown as HeldState;
  const sharing = state.share();
  await sharing;
  state.release();
  await assertRejects(() => borrower.borrow(shared), Error, "snapshot-released");
  await assertRejects(() => state.share(), ClosedError);
  await borrower.end();
});

test("a borrowed state ends when the engine dies", async () => {
  using served = serve();
  const { engine, source } = served;
  graphOf(engine.backend, "a->b");
  const state = hold(source);
  const borrower = new Borrower(engine.handle);
  await borrower.borrow(state);
  markDead(engine.handle);
  await assertRejects(() => borrower.read(), Error, "engine-died");
  await assertRejects(
    () => borrower.borrow({ share: () => Promise.resolve({}) } as unknown as HeldState),
    Error,
    "engine-died",
  );
  await borrower.end();
});

/** Begins to borrow a state that can only be read as a copy, which nobody makes; resolves once the thread waits for it. */
async function beginToWait(borrower: Borrower, state: HeldState): Promise<{ readonly borrowing: Promise<unknown> }> {
  const { copy, ...rest } = await state.share() as { copy: object };
  const words = new Int32Array(new SharedArrayBuffer(8));
  const shared = { ...rest, copy: { ...copy, words } };
  const borrowing = borrower.borrow({ share: () => Promise.resolve(shared) } as unknown as HeldState);
  while (Atomics.load(words, 0) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  return { borrowing };
}

test("a thread that waits for a copy is not left waiting when the state is revoked or the engine ends", async () => {
  for (
    const [how, code] of [["revoked", "snapshot-released"], ["died", "engine-died"], ["closed", "database-closed"]]
  ) {
    using served = serve();
    const { engine, source } = served;
    graphOf(engine.backend, "a->b");
    const state = hold(source);
    graphOf(engine.backend, "c");
    const borrower = new Borrower(engine.handle);
    const { borrowing } = await beginToWait(borrower, state);
    if (how === "revoked") Atomics.store(borrower.revoked, 0, 1);
    else if (how === "died") markDead(engine.handle);
    else engine.close();
    await assertRejects(() => borrowing, Error, code);
    await borrower.end();
  }
});

test("a state whose engine has ended cannot be shared any more", async () => {
  using served = serve();
  const { engine, source } = served;
  const state = hold(source);
  markDead(engine.handle);
  await assertRejects(() => state.share(), ClosedError);
});

test("a thread that needs a copy is told why there is none", async () => {
  using served = serve();
  const { engine, source, folder } = served;
  graphOf(engine.backend, "a->b");
  const state = hold(source);
  graphOf(engine.backend, "c");
  const borrower = new Borrower(engine.handle);
  const { copy, ...rest } = await state.share() as { copy: { path: string } };
  assert(copy.path.startsWith(folder));
  // Somebody else has put a file where the copy is to be.
  writeFileSync(copy.path, "occupied");
  const shared = { share: () => Promise.resolve({ ...rest, copy }) } as unknown as HeldState;
  await assertRejects(() => borrower.borrow(shared), Error, "copy-failed");
  await borrower.end();
  state.release();
  assertEquals(copiesIn(folder).length, 1);
});

test("a source that was closed lends nothing", () => {
  using served = serve();
  const borrowing = borrowSqlite(served.engine.handle);
  borrowing.close();
  borrowing.close();
  assertThrows(() => borrowing.borrow({}, () => false), ClosedError);
});
