/** How graphs with threads are opened and how they end. */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { readdirSync, writeFileSync } from "node:fs";
import {
  ClosedError,
  CorruptionError,
  DatabaseLockedError,
  InvalidArgumentError,
  NotFoundError,
  UnsupportedError,
} from "../../lib/backend/errors.ts";
import type { GraphTransaction } from "../../lib/backend/graph_backend.ts";
import type { Graph } from "../../lib/graph/graph.ts";
import { open } from "../../lib/graph/open.ts";
import { openGraph } from "../../lib/graph/open_graph.ts";
import { tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";
import { BACKENDS, testGraph, turn } from "./graph_subject.ts";

test("bad options are refused before a thread starts", async () => {
  using dir = tempDir();
  const path = dir.path("a.graph");
  const worker = new URL("./none.ts", import.meta.url); // starting a thread would fail because of it
  for (
    const options of [
      { backend: "mysql" },
      { durability: "some" },
      { busyTimeoutMs: -1 },
      { cacheBytes: 5 },
      { threads: 0 },
      { threads: 1.5 },
      { worker: "./worker.ts" },
      { retention: { commits: -1 } },
    ]
  ) {
    const [option] = Object.keys(options);
    await assertRejects(() => openGraph(path, { worker, ...options } as never), InvalidArgumentError, option);
  }
  await assertRejects(() => openGraph(7 as never, { worker }), InvalidArgumentError, "path");
  await assertRejects(() => openGraph("", { worker }), InvalidArgumentError, "path");
  await assertRejects(() => openGraph(path, 7 as never), InvalidArgumentError, "options");
  for (const options of [{ readonly: true }, { clock: () => 0 }, { fileSystem: {} }, { immutable: true }]) {
    await assertRejects(
      () => openGraph(path, { worker, ...options } as never),
      UnsupportedError,
      Object.keys(options)[0],
    );
  }
  const sqlite = { worker, backend: "sqlite", cacheBytes: 4_000_000 } as const;
  await assertRejects(() => openGraph(path, sqlite), UnsupportedError, "cacheBytes");
});

test("what opening a file throws arrives with its class", async () => {
  using dir = tempDir();
  await assertRejects(() => openGraph(dir.path("none.graph"), { create: false }), NotFoundError, "none.graph");
  writeFileSync(dir.path("empty.graph"), "");
  await assertRejects(() => openGraph(dir.path("empty.graph")), CorruptionError);
  using _ = open(dir.path("s.graph"), { backend: "sqlite" });
  await assertRejects(() => openGraph(dir.path("s.graph"), { backend: "v3" }), InvalidArgumentError, "SQLite");
});

test("a module that is no thread's entry is said so", async () => {
  using dir = tempDir();
  const worker = new URL("./no_such_entry.ts", import.meta.url);
  await assertRejects(() => openGraph(dir.path("a.graph"), { worker }), Error, "no_such_entry");
});

test("a V3 file that is open for writing is locked for others, also in this process", async () => {
  using dir = tempDir();
  const path = dir.path("a.graph");
  {
    await using _ = await openGraph(path);
    await assertRejects(() => openGraph(path), DatabaseLockedError);
    assertThrows(() => open(path), DatabaseLockedError);
  }
  await using again = await openGraph(path);
  assertEquals(again.closed, false);
});

test("many graphs are open at once", async () => {
  using dir = tempDir();
  const graphs = await Promise.all(Array.from({ length: 4 }, (_, n) => openGraph(dir.path(`${n}.graph`))));
  const ids = await Promise.all(graphs.map((graph) => graph.insertNode({ kind: "K", name: "n" })));
  assertEquals(ids, [1, 1, 1, 1]);
  await Promise.all(graphs.map((graph) => graph.close()));
});

testGraph("close finishes what is on its way and rejects what still runs", async ({ graph, path }) => {
  let tx: GraphTransaction | undefined;
  const running = graph.transaction((given) => {
    tx = given;
    given.insertNode({ kind: "K", name: "lost" });
    return new Promise<void>(() => {});
  });
  const rejected = assertRejects(() => running, ClosedError, "closed");
  const committing = graph.insertNode({ kind: "K", name: "kept" });
  const checking = graph.check();
  await turn();
  const late = graph.insertNode({ kind: "K", name: "late" });
  const closing = graph.close();
  assertEquals(graph.close(), closing);
  assertEquals(graph.closed, true);
  await rejected;
  await committing;
  await late;
  assertEquals((await checking).ok, true);
  await closing;
  assertThrows(() => tx?.insertNode({ kind: "K", name: "late" }), ClosedError);
  using db = open(path);
  assertEquals([...db.nodes()].map(({ name }) => name), ["kept", "late"]);
});

testGraph("after close every call is refused, and snapshots and streams end", async ({ graph }) => {
  await graph.insertNode({ kind: "K", name: "n" });
  const snapshot = graph.snapshot();
  const stream = graph.changes();
  const next = stream.next();
  await graph.close();
  assertThrows(() => snapshot.countNodes(), ClosedError);
  assertEquals(await next, { done: true, value: undefined });
  assertThrows(() => graph.snapshot(), ClosedError);
  assertThrows(() => graph.lsn, ClosedError);
  assertThrows(() => graph.kv.get("k"), ClosedError);
  assertThrows(() => graph.changes(), ClosedError);
  assertThrows(() => graph.subscribe({}, () => {}), ClosedError);
  assertThrows(() => graph.diff(0, 0), ClosedError);
  for (
    const call of [
      () => graph.insertNode({ kind: "K", name: "n" }),
      () => graph.transaction(() => {}),
      () => graph.check(),
      () => graph.ingest([]),
      () => graph.checkpoint(),
    ]
  ) {
    await assertRejects(call, ClosedError, "closed");
  }
  await graph.close();
});

testGraph("close ends an ingest that waits for rows", async ({ graph, path }) => {
  async function* rows() {
    yield { node: { kind: "K", name: "n" } };
    await new Promise(() => {});
  }
  const ingesting = assertRejects(() => graph.ingest(rows()), ClosedError, "closed");
  await turn();
  await graph.close();
  await ingesting;
  using db = open(path);
  assertEquals(db.countNodes(), 0);
});

testGraph(
  "close settles everything that runs at that moment, and leaves one file",
  async ({ graph, dir, path, backend }) => {
    function* rows() {
      for (;;) yield { node: { kind: "Row", name: "row" } };
    }
    const snapshot = graph.snapshot();
    const running = [
      graph.ingest(rows()),
      graph.ingest(rows(), { batchRows: 10 }),
      graph.backup(dir.path("backups")),
      graph.exportSnapshot(dir.path("rows.jsonl")),
      graph.check(),
      graph.changes().next(),
      ...Array.from({ length: 20 }, (_, at) =>
        graph.transaction(async (tx) => {
          tx.insertNode({ kind: "Node", name: `${at}` });
          if (at % 2 === 0) await new Promise(() => {});
        })),
    ];
    const settled = Promise.allSettled<unknown>(running);
    await turn();
    await graph.close();
    for (const result of await settled) {
      if (result.status === "rejected") assert(result.reason instanceof ClosedError, String(result.reason));
    }
    assertThrows(() => snapshot.countNodes(), ClosedError);
    const left = readdirSync(dir.root).filter((name) => name.startsWith("test.graph"));
    assertEquals(left, backend === "v3" ? ["test.graph", "test.graph.lock"] : ["test.graph"]);
    using db = open(path);
    assertEquals([db.countNodes({ kind: "Row" }), db.check().ok], [0, true]);
  },
);

/** Opens a graph whose engine's thread ends, by an error or by leaving, when a file `die` lies beside the database. */
function openMortal(path: string, backend: "v3" | "sqlite", how: "throw" | "exit"): Promise<Graph> {
  return openGraph(path, { backend, worker: new URL(`./mortal_worker.ts?${how}`, import.meta.url) });
}

for (const backend of BACKENDS) {
  for (const how of ["throw", "exit"] as const) {
    test(`${backend}: when the engine's thread dies (${how}), everybody is told and the file opens again`, async () => {
      using dir = tempDir();
      const path = dir.path("a.graph");
      const graph = await openMortal(path, backend, how);
      const id = await graph.insertNode({ kind: "K", name: "kept" });
      const snapshot = graph.snapshot();
      const stream = graph.changes();
      await graph.insertNode({ kind: "K", name: "kept too" });
      await stream.next();
      await stream.next();
      const next = stream.next();
      const running = graph.transaction(() => new Promise<void>(() => {}));
      writeFileSync(`${path}.die`, "");
      // Whether this one is committed nobody can know. It may also come before the news of the death.
      const inDoubt = graph.insertNode({ kind: "K", name: "in doubt" });
      for (const promise of [running, next, inDoubt]) {
        const error = await assertRejects<ClosedError>(
          () => promise as Promise<unknown>,
          ClosedError,
          "ended unexpectedly",
        );
        assertEquals(error.code, "engine-died");
        if (how === "throw" && promise !== inDoubt) assert(error.message.includes("mortal"), error.message);
      }
      assertEquals(graph.closed, true);
      assertThrows(() => snapshot.nodeName(id), ClosedError);
      assertThrows(() => graph.snapshot(), ClosedError, "ended unexpectedly");
      await assertRejects(() => graph.check(), ClosedError, "ended unexpectedly");
      await graph.close();
      await using again = await openGraph(path);
      using newer = again.snapshot();
      assertEquals(newer.nodeName(id), "kept");
      assertEquals((await again.check()).ok, true);
    });
  }
}
