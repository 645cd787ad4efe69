/** One test or more for each defect S-1 to S-18 of the reference's SQLite backend: what is right here. */

import { assert, assertEquals, assertGreater, assertLess, assertThrows } from "@std/assert";
import { readFileSync, statSync } from "node:fs";
import process from "node:process";
import type { Change } from "../../lib/backend/change.ts";
import {
  ConflictError,
  DatabaseLockedError,
  GraphError,
  InvalidArgumentError,
  QueueOverflowError,
} from "../../lib/backend/errors.ts";
import type { GraphBackend, GraphTransaction } from "../../lib/backend/graph_backend.ts";
import { openRaw } from "../support/raw_sqlite.ts";
import { READ_MS } from "../support/reference_fixture.ts";
import { type TempDir, tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";
import { DRIVERS, listing, openAt, openReference, sha256 } from "./reference.ts";

/** Opens a new database in a folder. */
function openNew(folder: TempDir, options: Parameters<typeof openAt>[1] = {}): GraphBackend {
  return openAt(folder.path("test.db"), options);
}

test("features S-1: the id of a new edge is its own, with labels, triggers and other inserts in between", () => {
  using folder = tempDir();
  using db = openNew(folder);
  using other = openNew(folder);
  {
    // A trigger that inserts elsewhere moves SQLite's last row id.
    using raw = openRaw(db.path);
    raw.exec(`CREATE TABLE audit (id INTEGER PRIMARY KEY AUTOINCREMENT, what TEXT);
      INSERT INTO audit (id, what) VALUES (5000, 'begin');
      CREATE TRIGGER audit_edge AFTER INSERT ON graph_edges BEGIN INSERT INTO audit (what) VALUES ('edge'); END;
      CREATE TRIGGER audit_node AFTER INSERT ON graph_entities BEGIN INSERT INTO audit (what) VALUES ('node'); END;`);
  }
  const a = db.insertNode({ kind: "K", name: "a", labels: ["x", "y", "z"] });
  const b = other.insertNode({ kind: "K", name: "b", labels: ["x"] });
  assertEquals([a, b], [1, 2]);
  const edges = [
    db.insertEdge({ from: a, to: b, type: "T", data: { n: 0 } }),
    other.insertEdge({ from: b, to: a, type: "T", data: { n: 1 } }),
    ...db.insertEdges([{ from: a, to: a, type: "T", data: { n: 2 } }, { from: b, to: b, type: "T", data: { n: 3 } }]),
    db.mergeEdge({ from: a, to: b, type: "U", data: { n: 4 } }).id,
  ];
  assertEquals(edges.map((id) => db.requireEdge(id).data), [0, 1, 2, 3, 4].map((n) => ({ n })));
  assertEquals(db.mergeNode({ kind: "K", name: "c" }), { id: 3, created: true });
});

test("features S-2: a delete takes edges, labels and properties along in one commit, and a rollback brings all back", () => {
  using folder = tempDir();
  using db = openReference("sqlite-3.2.5", folder);
  using other = openAt(db.path);
  const counts = () => {
    using raw = openRaw(db.path, { readonly: true });
    return ["graph_entities", "graph_edges", "graph_labels", "graph_properties", "kv_store"].map((table) =>
      Number(raw.value(`SELECT count(*) FROM ${table}`))
    );
  };
  const before = counts();
  const lsn = db.lsn;
  assertThrows(() =>
    db.transaction((tx) => {
      tx.deleteNode(1);
      assertEquals(tx.hasNode(1), false);
      assertEquals([other.hasNode(1), other.degree(1, { direction: "both" })], [true, 8], "not seen outside");
      throw new ConflictError("stop", { code: "stop" });
    }), ConflictError);
  assertEquals(counts(), before);
  assertEquals(db.lsn, lsn);
  db.deleteNode(1);
  assertEquals(db.lsn, lsn + 1, "one commit");
  const [nodes, edges, labels, properties, keys] = counts() as [number, number, number, number, number];
  assertEquals([nodes, edges, labels, properties], [before[0]! - 1, before[1]! - 8, before[2]! - 2, before[3]! - 3]);
  assertEquals(keys, before[4], "key-values are no part of a node");
  assertEquals(other.hasNode(1), false);
});

test("features S-3: many edges at once: self-loops and repeats are kept, one id each, one commit for all", () => {
  using folder = tempDir();
  using db = openNew(folder);
  const [a, b] = db.insertNodes([{ kind: "K", name: "a" }, { kind: "K", name: "b" }]) as [number, number];
  const lsn = db.lsn;
  const rows = Array.from({ length: 2_500 }, (_, at) => ({ from: a, to: at % 5 ? b : a, type: "T" }));
  const ids = db.insertEdges(rows);
  assertEquals([ids.length, new Set(ids).size, db.countEdges(), db.lsn], [2500, 2500, 2500, lsn + 1]);
  assertEquals(db.neighbors(a, { distinct: false }).filter((id) => id === a).length, 500);
  assertThrows(() => db.insertEdges([...rows, { from: a, to: 3, type: "T" }]), GraphError);
  assertEquals([db.countEdges(), db.lsn], [2500, lsn + 1]);
});

test("features S-4: nodes that were inserted together are found by kind, label and pattern like single ones", () => {
  using folder = tempDir();
  using db = openNew(folder);
  const ids = db.insertNodes([{ kind: "A", name: "a" }, { kind: "B", name: "b", labels: ["A"] }, {
    kind: "A",
    name: "c",
  }]);
  db.insertEdge({ from: ids[0]!, to: ids[1]!, type: "T" });
  assertEquals([...db.nodeIds({ label: "A" })], ids);
  assertEquals([...db.nodeIds({ kind: "A" })], [ids[0]!, ids[2]!]);
  assertEquals(db.matchPattern({ root: { kind: "A" }, legs: [{ types: ["T"], node: { kind: "B" } }] }), [[
    ids[0]!,
    ids[1]!,
  ]]);
  using raw = openRaw(db.path);
  assertEquals(raw.value("SELECT count(*) FROM graph_labels WHERE label = 'A'"), 3n);
});

test("features S-5: key-values: scan by prefix, stored null, renewed times to live, no expired rows", () => {
  using folder = tempDir();
  const clock = { ms: READ_MS };
  using db = openNew(folder, { clock: () => clock.ms });
  db.kv.set("a:null", null);
  db.kv.set("a:renewed", 1, { ttlSeconds: 10 });
  db.kv.set("a:expired", 1, { ttlSeconds: 5 });
  db.kv.set("b", 1);
  clock.ms += 6_000;
  db.kv.set("a:renewed", 2, { ttlSeconds: 10 });
  clock.ms += 6_000;
  assertEquals([...db.kv.scan({ prefix: "a:" })], [
    { key: "a:null", value: null },
    { key: "a:renewed", value: 2, expiresAt: READ_MS + 16_000 },
  ]);
  assertEquals([db.kv.get("a:null"), db.kv.has("a:null"), db.kv.get("a:expired")], [null, true, undefined]);
  db.kv.set("a:renewed", 3);
  assertEquals(db.kv.entry("a:renewed"), { key: "a:renewed", value: 3 }, "a write without one clears the time to live");
});

test("features S-6: a snapshot is a copy of the graph, not of what was read before", () => {
  for (const path of ["file", ":memory:"]) {
    using folder = tempDir();
    using db = openAt(path === "file" ? folder.path("test.db") : path);
    const [a, b] = db.insertNodes([{ kind: "K", name: "a" }, { kind: "K", name: "b" }]) as [number, number];
    db.insertEdge({ from: a, to: b, type: "T" });
    assertEquals(db.neighbors(a), [b], "one list is read, the other not");
    using snapshot = db.snapshot();
    db.insertEdge({ from: b, to: a, type: "T" });
    db.deleteNode(a);
    assertEquals([snapshot.countNodes(), snapshot.countEdges(), snapshot.neighbors(a)], [2, 1, [b]], path);
    assertEquals(snapshot.neighbors(b), []);
    assertEquals(snapshot.getNode(a)?.name, "a");
    assertEquals([db.countNodes(), db.countEdges()], [1, 0]);
  }
});

test("features S-7: many different questions take no memory that stays", () => {
  using folder = tempDir();
  using db = openNew(folder);
  const hub = db.insertNode({ kind: "K", name: "hub" });
  const ids = db.insertNodes(Array.from({ length: 2_000 }, (_, at) => ({ kind: "K", name: `n${at}` })));
  db.insertEdges(ids.map((to) => ({ from: hub, to, type: "T" })));
  const ask = (from: number, to: number) => {
    for (let at = from; at < to; at++) assertEquals(db.neighbors(hub, { types: ["T", `X${at}`] }).length, 2_000);
  };
  // Six thousand kept answers of 2,000 ids each would take 48 to 96 MB, their statements more, in every batch. A garbage
  // collector that lets its heap grow does so in some, unless it can be told to work now.
  const { Bun } = globalThis as { readonly Bun?: { gc(isSynchronous: boolean): void } };
  const usedBytes = (): number => {
    Bun?.gc(true);
    return process.memoryUsage().rss;
  };
  let smallestGrowth = Infinity;
  for (let batch = 0; batch < 5 && smallestGrowth >= 40 * 1024 * 1024; batch++) {
    const before = usedBytes();
    ask(batch * 6_000, (batch + 1) * 6_000);
    smallestGrowth = Math.min(smallestGrowth, usedBytes() - before);
  }
  assertLess(smallestGrowth, 40 * 1024 * 1024);
});

test("features S-7: no answer is old after a write, whichever node it concerns", () => {
  using folder = tempDir();
  using db = openNew(folder);
  const ids = db.insertNodes(Array.from({ length: 30 }, (_, at) => ({ kind: "K", name: `n${at}` })));
  const first = ids[0]!;
  const next = new Map<number, Set<number>>(ids.map((id) => [id, new Set()]));
  for (let round = 0; round < 300; round++) {
    const [from, to] = [ids[(round * 7) % 30]!, ids[(round * 11 + 3) % 30]!];
    if (round % 3 === 2) {
      for (const edge of db.edgesBetween(from, to)) db.deleteEdge(edge.id);
      next.get(from)!.delete(to);
    } else {
      db.mergeEdge({ from, to, type: "T" });
      next.get(from)!.add(to);
    }
    assertEquals(db.neighbors(from), [...next.get(from)!].sort((a, b) => a - b));
    const reached = new Set([first]);
    for (const id of reached) for (const other of next.get(id)!) reached.add(other);
    assertEquals(new Set(db.bfs(first)), reached);
    assertEquals(db.shortestPath(first, to) !== undefined, reached.has(to));
  }
});

test("features S-8: options are kept, whichever connection a call uses, and a bad one is an error", () => {
  for (const driver of DRIVERS) {
    for (const durability of ["full", "normal", "off"] as const) {
      using folder = tempDir();
      using db = openNew(folder, { driver, durability, busyTimeoutMs: 10 });
      assertEquals(db.stats().durability, durability);
      using raw = openRaw(db.path);
      assertEquals(raw.value("PRAGMA journal_mode"), "wal");
      raw.exec("BEGIN IMMEDIATE");
      const start = performance.now();
      assertThrows(() => db.insertNode({ kind: "K", name: "n" }), DatabaseLockedError);
      assertLess(performance.now() - start, 3_000, "the given time-out, not the driver's five seconds");
      raw.exec("ROLLBACK");
    }
    assertThrows(() => openAt(":memory:", { driver, durability: "some" as never }), InvalidArgumentError);
    assertThrows(() => openAt(":memory:", { driver, busyTimeoutMs: NaN }), InvalidArgumentError);
  }
});

test("features S-9: sizes are known for a file, and the log is found beside it", () => {
  using folder = tempDir();
  using db = openAt(folder.path("with space & ü.db"));
  db.insertNodes(Array.from({ length: 1000 }, () => ({ kind: "K", name: "n".repeat(100) })));
  const stats = db.stats();
  assertEquals([stats.fileBytes, stats.logBytes], [statSync(db.path).size, statSync(`${db.path}-wal`).size]);
  assertGreater(Math.min(stats.fileBytes, stats.logBytes), 4095);
  const ids = [...db.nodeIds()];
  for (const id of ids) if (id > 10) db.deleteNode(id);
  db.checkpoint();
  assertGreater(db.stats().freeBytes, 50_000);
  using memory = openAt(":memory:");
  assertEquals([memory.stats().path, memory.stats().logBytes], [":memory:", 0]);
  assertGreater(memory.stats().fileBytes, 0);
});

test("features S-10: vectors of an opened file are stored in it and survive writes, backup and reopening", () => {
  for (const name of ["sqlite-3.2.5", "sqlite-3.9.0"]) {
    using folder = tempDir();
    using db = openReference(name, folder);
    db.deleteNode(1);
    db.insertNode({ kind: "K", name: "n" });
    const backup = db.backup(folder.path("backups"));
    db.close();
    openAt(db.path).close();
    for (const path of [db.path, backup.path]) {
      using raw = openRaw(path);
      assertEquals(
        raw.rows(
          "SELECT name, count(*), sum(length(vector_data)) FROM hnsw_indexes JOIN hnsw_vectors ON index_id = hnsw_indexes.id GROUP BY 1",
        ),
        [["churn8", 6n, 192n], ["cos8", 20n, 640n], ["euclid8", 20n, 640n]],
        path,
      );
    }
  }
});

test("features S-11: an update of the kind moves the label, edges can be updated, and both are announced", () => {
  using folder = tempDir();
  using db = openNew(folder);
  const id = db.insertNode({ kind: "Old", name: "n" });
  const edge = db.insertEdge({ from: id, to: id, type: "T", data: { a: 1 } });
  const seen: Change[] = [];
  using _ = db.subscribe({}, (change) => seen.push(change));
  db.updateNode(id, { kind: "New" });
  assertEquals([[...db.nodeIds({ label: "Old" })], [...db.nodeIds({ label: "New" })]], [[], [id]]);
  assertEquals(db.updateEdge(edge, { type: "U" }), { id: edge, from: id, to: id, type: "U", data: { a: 1 } });
  assertEquals(db.patchEdge(edge, { a: undefined, b: 2n ** 60n }).data, { b: 2n ** 60n });
  assertEquals(
    seen.filter(({ type }) => type !== "commit").map((
      change,
    ) => [change.type, "operation" in change && change.operation]),
    [["node", "update"], ["edge", "update"], ["edge", "update"]],
  );
});

test("features S-12: parallel edges each have their own id, and a pattern names each sequence of nodes once", () => {
  using folder = tempDir();
  using db = openNew(folder);
  const [a, b] = db.insertNodes([{ kind: "K", name: "a" }, { kind: "K", name: "b" }]) as [number, number];
  const ids = db.insertEdges([1, 2, 3].map((n) => ({ from: a, to: b, type: "T", data: { n } })));
  assertEquals(db.edgesBetween(a, b).map(({ id }) => id), ids);
  assertEquals(db.edgesOf(a).map(({ id, data }) => [id, data["n"]]), ids.map((id, at) => [id, at + 1]));
  assertEquals(db.neighbors(a, { distinct: false }), [b, b, b]);
  assertEquals(db.matchPattern({ legs: [{ types: ["T"] }] }), [[a, b]]);
});

test("features S-13: every write is announced after its commit, in order, with its number", () => {
  using folder = tempDir();
  using db = openNew(folder);
  const seen: unknown[] = [];
  using _ = db.subscribe({}, (change) => {
    const { type, lsn } = change;
    seen.push(
      type === "commit"
        ? [type, lsn]
        : type === "bulk"
        ? type
        : [type, change.operation, type === "kv" ? change.key : change.id, lsn],
    );
    assertEquals(db.lsn >= lsn, true, "delivered after the commit");
  });
  const lsn = db.lsn;
  const a = db.insertNode({ kind: "K", name: "a" });
  db.updateNode(a, { name: "b" });
  db.kv.set("k", 1);
  db.kv.set("k", 2);
  db.kv.delete("k");
  db.transaction((tx) => {
    const b = tx.insertNode({ kind: "K", name: "b" });
    tx.insertEdge({ from: a, to: b, type: "T" });
  });
  assertThrows(() =>
    db.transaction((tx) => {
      tx.kv.set("rolled back", 1);
      throw new GraphError("stop", { code: "stop" });
    }), GraphError);
  db.deleteNode(a);
  const expected = [
    [["node", "insert", a]],
    [["node", "update", a]],
    [["kv", "insert", "k"]],
    [["kv", "update", "k"]],
    [["kv", "delete", "k"]],
    [["node", "insert", a + 1], ["edge", "insert", 1]],
    [["edge", "delete", 1], ["node", "delete", a]],
  ].flatMap((changes, at) => [...changes.map((change) => [...change, lsn + 1 + at]), ["commit", lsn + 1 + at]]);
  const sorted = (list: unknown[]) => list.map((entry) => JSON.stringify(entry)).sort();
  assertEquals(sorted(seen), sorted(expected));
  assertEquals(seen.filter((entry) => (entry as unknown[])[0] === "commit").length, 7);
});

test("features S-13: a reader that falls behind is told what it missed, and memory is bounded", async () => {
  using folder = tempDir();
  using db = openNew(folder);
  const stream = db.changes({ queueSize: 10 });
  const lsn = db.lsn;
  for (let at = 0; at < 50; at++) db.kv.set("k", at);
  let error: unknown;
  let delivered = 0;
  try {
    for await (const _ of stream) delivered++;
  } catch (thrown) {
    error = thrown;
  }
  assert(error instanceof QueueOverflowError, String(error));
  assertLess(delivered, 12);
  assertGreater(error.firstLostLsn, lsn);
  assertLess(error.firstLostLsn, lsn + 12);
});

test("features S-14: transactions are for users: nested, rolled back on a throw, unusable afterwards", () => {
  using folder = tempDir();
  using db = openNew(folder);
  let kept: GraphTransaction | undefined;
  const id = db.transaction((tx) => {
    kept = tx;
    const outer = tx.insertNode({ kind: "K", name: "outer" });
    assertThrows(
      () =>
        tx.transaction((inner) => {
          inner.insertNode({ kind: "K", name: "inner" });
          inner.kv.set("inner", 1);
          throw new GraphError("stop", { code: "stop" });
        }),
      GraphError,
      "stop",
    );
    assertEquals([tx.countNodes(), db.countNodes(), tx.kv.has("inner")], [1, 1, false]);
    return outer;
  });
  assertEquals([...db.nodes()].map((node) => node.name), ["outer"]);
  assertThrows(() => kept?.insertNode({ kind: "K", name: "late" }), GraphError);
  assertEquals(db.hasNode(id), true);
});

test("features S-15: every writing call waits for a lock as long as it was told, and then says what is locked", () => {
  for (const driver of DRIVERS) {
    using folder = tempDir();
    using db = openNew(folder, { driver, busyTimeoutMs: 60 });
    const id = db.insertNode({ kind: "K", name: "n" });
    const edge = db.insertEdge({ from: id, to: id, type: "T" });
    db.exportSnapshot(folder.path("out.jsonl"));
    using raw = openRaw(db.path);
    raw.exec("BEGIN IMMEDIATE");
    const calls: readonly (readonly [string, () => unknown])[] = [
      ["insertNode", () => db.insertNode({ kind: "K", name: "n" })],
      ["insertNodes", () => db.insertNodes([{ kind: "K", name: "n" }])],
      ["mergeNode", () => db.mergeNode({ kind: "K", name: "new" })],
      ["updateNode", () => db.updateNode(id, { name: "m" })],
      ["deleteNode", () => db.deleteNode(id)],
      ["addLabel", () => db.addLabel(id, "l")],
      ["insertEdge", () => db.insertEdge({ from: id, to: id, type: "T" })],
      ["deleteEdge", () => db.deleteEdge(edge)],
      ["kv.set", () => db.kv.set("k", 1)],
      ["transaction", () => db.transaction((tx) => tx.insertNode({ kind: "K", name: "n" }))],
      ["importSnapshot", () => db.importSnapshot(folder.path("out.jsonl"), { replace: true })],
    ];
    for (const [what, call] of calls) {
      const start = performance.now();
      assertThrows(call, DatabaseLockedError, db.path, what);
      const waited = performance.now() - start;
      assert(waited > 40 && waited < 3_000, `${what} by ${driver} waited ${waited} ms`);
    }
    assertEquals([db.countNodes(), db.countEdges(), db.getNode(id)?.name], [1, 1, "n"], "reading goes on");
    raw.exec("ROLLBACK");
    assertEquals(db.insertNode({ kind: "K", name: "n" }), 2);
  }
});

test("features S-16: backup, export and import report real sums and counts, and never collide", () => {
  using folder = tempDir();
  using db = openReference("sqlite-3.2.5", folder);
  const backups = [1, 2, 3].map(() => db.backup(folder.path("backups")));
  assertEquals(new Set(backups.map(({ path }) => path)).size, 3);
  assertEquals(listing(folder.path("backups")).length, 6);
  for (const backup of backups) {
    assertEquals(backup.sha256, sha256(backup.path));
    assertEquals([backup.nodes, backup.edges, backup.keyValues, backup.sizeBytes], [
      41,
      79,
      36,
      statSync(backup.path).size,
    ]);
    assertEquals(JSON.parse(readFileSync(backup.manifestPath, "utf8")).sha256, backup.sha256);
    assertEquals([backup.timeMs, backup.lsn], [READ_MS, db.lsn]);
    assert(Number.isFinite(backup.durationMs) && backup.durationMs >= 0);
  }
  const exported = db.exportSnapshot(folder.path("out.jsonl"));
  assertEquals([exported.nodes, exported.edges, exported.keyValues], [41, 79, 36]);
  db.insertNodes(Array.from({ length: 100 }, () => ({ kind: "K", name: "n" })));
  const imported = db.importSnapshot(folder.path("out.jsonl"), { replace: true });
  assertEquals(imported, exported);
  assertEquals([db.countNodes(), db.countEdges(), db.kv.count()], [41, 79, 36]);
});

test("features S-17: several handles of one process write in turns, each with its own iterators and snapshots", () => {
  using folder = tempDir();
  const handles = Array.from({ length: 5 }, () => openNew(folder));
  const snapshots = handles.map((db) => db.snapshot());
  for (let round = 0; round < 20; round++) {
    for (const [at, db] of handles.entries()) {
      const iterator = db.nodes();
      iterator.next();
      db.insertNode({ kind: "K", name: `${at} ${round}` });
      assertEquals(
        [...iterator].length,
        Math.max(0, round * 5 + at - 1),
        "an iterator shows the state at its first step",
      );
    }
  }
  for (const db of handles) assertEquals(db.countNodes(), 100);
  for (const snapshot of snapshots) assertEquals(snapshot.countNodes(), 0);
  for (const db of handles) db.close();
  assertEquals(listing(folder.root), ["test.db"]);
});

test("features S-18: data that is nested too deep is refused by every write, and nothing is stored", () => {
  using folder = tempDir();
  using db = openNew(folder);
  const id = db.insertNode({ kind: "K", name: "n", data: { ok: true } });
  const edge = db.insertEdge({ from: id, to: id, type: "T" });
  let deep: unknown = 1;
  for (let level = 0; level < 128; level++) deep = [deep];
  const data = deep as never;
  const writes = [
    () => db.insertNode({ kind: "K", name: "n", data }),
    () => db.insertNodes([{ kind: "K", name: "n" }, { kind: "K", name: "n", data }]),
    () => db.mergeNode({ kind: "K", name: "other", data }),
    () => db.updateNode(id, { data }),
    () => db.patchNode(id, { deep: data }),
    () => db.insertEdge({ from: id, to: id, type: "T", data }),
    () => db.insertEdges([{ from: id, to: id, type: "T", data }]),
    () => db.mergeEdge({ from: id, to: id, type: "U", data }),
    () => db.updateEdge(edge, { data }),
    () => db.patchEdge(edge, { deep: data }),
    () => db.kv.set("k", data),
  ];
  for (const write of writes) assertThrows(write, InvalidArgumentError, "127", String(write));
  assertEquals([db.countNodes(), db.countEdges(), db.kv.count()], [1, 1, 0]);
  assertEquals(db.getNode(id)?.data, { ok: true });
  assertEquals(db.exportSnapshot(folder.path("out.jsonl")).nodes, 1);
});

test("flush beside a snapshot makes commits safe, or says that it cannot", () => {
  for (const durability of ["full", "normal", "off"] as const) {
    using folder = tempDir();
    using db = openAt(folder.path("test.db"), { durability, busyTimeoutMs: 0 });
    db.kv.set("moved", 1);
    db.checkpoint();
    db.kv.set("kept in the log", 2);
    const snapshot = db.snapshot();
    db.kv.set("after", 3);
    // Without a complete checkpoint SQLite never syncs the file, into which others were made without a sync.
    if (durability === "off") assertThrows(() => db.flush(), DatabaseLockedError, "release snapshots");
    else db.flush();
    assertEquals([snapshot.kv.count(), db.kv.count(), db.lsn], [2, 3, 3]);
    snapshot.release();
    db.flush();
    assertEquals(db.checkpoint().complete, true);
  }
});
