/** Several processes, of both runtimes, on one file. */

import { assert, assertEquals, assertGreater } from "@std/assert";
import { setTimeout as delay } from "node:timers/promises";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { openRaw } from "../support/raw_sqlite.ts";
import { tempDir } from "../support/temp_dir.ts";
import { RUNTIME, test } from "../support/test.ts";
import { runtimeOf, startAction, valueOf } from "./processes.ts";
import { listing, openAt } from "./reference.ts";
import { countsOf } from "./rounds.ts";

test("one process writes while others read: every state that they see is whole, and none is older than the last", async () => {
  using folder = tempDir();
  const path = folder.path("shared.db");
  const stop = folder.path("stop");
  openAt(path).close();
  const writer = startAction({}, "write", path, stop);
  await writer.printed("ready");
  const readers = Array.from(
    { length: 3 },
    (_, at) => startAction({ runtime: runtimeOf(at) }, "read", path, stop, at === 2 ? "readonly" : ""),
  );
  for (const reader of readers) await reader.printed("ready");
  using db = openAt(path);
  const roundsNow = () => {
    // An open snapshot would keep the writer's checkpoint waiting.
    using snapshot = db.snapshot();
    return countsOf(snapshot).rounds;
  };
  const before = roundsNow();
  await delay(1_500);
  writeFileSync(stop, "");
  const rounds = await valueOf<number>(writer);
  assertGreater(rounds, before + 10);
  for (const reader of readers) {
    const seen = await valueOf<{ states: number; rounds: number }>(reader);
    assertGreater(seen.states, 3);
    assertGreater(seen.rounds, 0);
  }
  assertEquals(roundsNow(), rounds, "what others wrote is seen without reopening");
  assert(db.check().ok);
});

test("processes that write at the same time wait for each other and lose nothing", async () => {
  using folder = tempDir();
  const path = folder.path("shared.db");
  const go = folder.path("go");
  openAt(path).close();
  const writers = Array.from(
    { length: 4 },
    (_, at) => startAction({ runtime: runtimeOf(at) }, "count", path, go, "100"),
  );
  for (const writer of writers) await writer.printed("ready");
  writeFileSync(go, "");
  const lsns = await Promise.all(writers.map((writer) => valueOf<number>(writer)));
  using db = openAt(path);
  assertEquals([db.kv.get("counter"), db.countNodes({ kind: "Counted" })], [400, 400]);
  assertEquals(Math.max(...lsns), db.lsn);
  assertEquals(new Set([...db.nodes()].map(({ name }) => name)).size, 400);
  assert(db.check().ok);
});

test("a writer that waits too long for another process says so, and reading goes on", async () => {
  using folder = tempDir();
  const path = folder.path("shared.db");
  const release = folder.path("release");
  for (const runtime of ["bun", "deno"] as const) {
    using db = openAt(path, { busyTimeoutMs: 150 });
    const before = db.countNodes();
    const holder = startAction({ runtime }, "hold", path, release);
    await holder.printed("held");
    const start = performance.now();
    let error: unknown;
    try {
      db.insertNode({ kind: "K", name: "n" });
    } catch (thrown) {
      error = thrown;
    }
    const waited = performance.now() - start;
    assertEquals((error as Error | undefined)?.name, "DatabaseLockedError");
    assert(waited > 100 && waited < 3_000, `waited ${waited} ms`);
    assertEquals(db.countNodes(), before, "nothing of the other's transaction is seen");
    using second = openAt(path, { busyTimeoutMs: 150 });
    assertEquals(second.countNodes(), before, "another handle can be opened meanwhile");
    writeFileSync(release, "");
    const held = await valueOf<number>(holder);
    assertEquals([db.countNodes(), db.nodeKind(held)], [before + 1, "Held"]);
    assertEquals(db.insertNode({ kind: "K", name: "n" }), held + 1);
    rmSync(release);
  }
});

test("processes that create the same new file at once all succeed, on one database", async () => {
  for (let round = 0; round < 4; round++) {
    using folder = tempDir();
    const path = folder.path("new.db");
    const go = folder.path("go");
    const openers = Array.from(
      { length: 4 },
      (_, at) => startAction({ runtime: runtimeOf(at) }, "openTogether", path, go, `${at}`),
    );
    for (const opener of openers) await opener.printed("ready");
    writeFileSync(go, "");
    const ids = (await Promise.all(openers.map((opener) => valueOf<{ id: number }>(opener)))).map(({ id }) => id);
    assertEquals(ids.sort((a, b) => a - b), [1, 2, 3, 4]);
    // When two processes close at the same moment, neither is the last one, and SQLite's log stays for the next.
    assertEquals(listing(folder.root).filter((name) => !/-(wal|shm)$/.test(name)), ["go", "new.db"]);
    using db = openAt(path);
    assertEquals([...db.nodes()].map(({ name }) => name).sort(), ["0", "1", "2", "3"]);
    assert(db.check().ok);
    db.close();
    assertEquals(listing(folder.root), ["go", "new.db"], "nothing is left behind");
    using raw = openRaw(path);
    assertEquals(raw.rows("SELECT version FROM graph_meta_history"), [[2n], [3n], [4n], [5n], [6n]]);
  }
});

test("a process that is killed in the middle of transactions loses nothing that it had committed, and tears nothing", async () => {
  using folder = tempDir();
  const path = folder.path("killed.db");
  const log = folder.path("log");
  let last = 0;
  for (let round = 0; round < 8; round++) {
    writeFileSync(log, "");
    const writer = startAction(
      { runtime: round < 6 ? RUNTIME : runtimeOf(round) },
      "write",
      path,
      folder.path("never"),
      log,
    );
    await writer.printed("ready");
    await delay(60 + round * 37);
    writer.kill();
    assertGreater((await writer.finished).code, 0);
    // A slow machine may kill it before its first commit.
    const noted = Number(readFileSync(log, "utf8").trimEnd().split("\n").at(-1)) || last;
    using db = openAt(path);
    const { rounds } = countsOf(db);
    assert(rounds === noted || rounds === noted + 1, `round ${noted} was committed, the file has round ${rounds}`);
    last = rounds;
    const { ok, findings } = db.check();
    assert(ok, JSON.stringify(findings));
    db.close();
    assertEquals(listing(folder.root), ["killed.db", "log"], "the log of the killed process is taken in");
  }
  assertGreater(last, 0);
});

test("a process that is killed while it holds a transaction does not keep others out", async () => {
  using folder = tempDir();
  const path = folder.path("held.db");
  const holder = startAction({}, "hold", path, folder.path("never"));
  await holder.printed("held");
  using db = openAt(path, { busyTimeoutMs: 2_000 });
  holder.kill();
  await holder.finished;
  assertEquals(db.insertNode({ kind: "K", name: "n" }), 1, "what it had not committed is gone");
  assertEquals(db.countNodes(), 1);
});
