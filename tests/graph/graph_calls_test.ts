/** What a graph with threads does besides transactions: care, history, changes, ingest, tasks. */

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { existsSync } from "node:fs";
import type { Change } from "../../lib/backend/change.ts";
import {
  ClosedError,
  ConflictError,
  InvalidArgumentError,
  IoError,
  NotFoundError,
  NotRetainedError,
  UnsupportedError,
} from "../../lib/backend/errors.ts";
import type { Graph } from "../../lib/graph/graph.ts";
import { open } from "../../lib/graph/open.ts";
import { openGraph } from "../../lib/graph/open_graph.ts";
import { tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";
import { BACKENDS, testGraph, turn } from "./graph_subject.ts";

async function fill(graph: Graph, count: number): Promise<void> {
  await graph.insertNodes(Array.from({ length: count }, (_, n) => ({ kind: "K", name: `n${n}` })));
}

testGraph("looks after its file: stats, check, flush, checkpoint, backup", async ({ graph, dir, backend, path }) => {
  await fill(graph, 10);
  const stats = await graph.stats();
  assertEquals([stats.nodes, stats.backend, stats.path], [10, backend, path]);
  await graph.flush();
  assertEquals((await graph.checkpoint()).expiredKeys, 0);
  assertEquals((await graph.check()).ok, true);
  const phases: string[] = [];
  const backup = await graph.backup(dir.path("backups"), { onProgress: ({ phase }) => phases.push(phase) });
  assertEquals([backup.nodes, backup.lsn], [10, graph.lsn]);
  assertEquals([...new Set(phases)], ["copy", "verify", "hash"]);
  using copy = open(backup.path);
  assertEquals(copy.countNodes(), 10);
});

testGraph("exports and imports, and who read before an import meets a conflict", async ({ graph, dir, backend }) => {
  await fill(graph, 3);
  const exported = await graph.exportSnapshot(dir.path("all.jsonl"));
  assertEquals(exported.nodes, 3);
  await assertRejects(() => graph.importSnapshot(dir.path("all.jsonl")), ConflictError, "holds 3 nodes");
  const counts: number[] = [];
  await graph.transaction(async (tx) => {
    counts.push(tx.countNodes());
    if (counts.length === 1) await graph.importSnapshot(dir.path("all.jsonl"), { replace: true });
    tx.insertNode({ kind: "K", name: "later" });
  });
  assertEquals(counts, [3, 3]);
  await assertRejects(() => graph.exportSnapshot(dir.path("none", "all.jsonl")), IoError);
  await assertRejects(() => graph.importSnapshot(dir.path("missing.jsonl"), { replace: true }), NotFoundError);
  if (backend === "sqlite") await assertRejects(() => graph.compact(dir.path("c.graph")), UnsupportedError);
  else assertEquals((await graph.compact(dir.path("c.graph"))).nodes, 4);
});

testGraph("a long call ends when its signal does, and leaves nothing behind", async ({ graph, dir }) => {
  await fill(graph, 1000);
  const reason = new Error("enough");
  const control = new AbortController();
  control.abort(reason);
  assertEquals(await graph.backup(dir.path("b"), { signal: control.signal }).catch((error) => error), reason);
  // The call waits its turn behind a commit: it is aborted before it begins.
  const later = new AbortController();
  const commit = graph.insertNode({ kind: "K", name: "n" });
  const exporting = graph.exportSnapshot(dir.path("all.jsonl"), { signal: later.signal }).catch((error) => error);
  later.abort(reason);
  await commit;
  assertEquals(await exporting, reason);
  assertEquals(existsSync(dir.path("all.jsonl")), false);
  const failing = graph.backup(dir.path("b"), {
    onProgress: () => {
      throw reason;
    },
  });
  assertEquals(await failing.catch((error) => error), reason);
});

testGraph("arguments that cannot be sent are refused, with the call's name", async ({ graph }) => {
  await assertRejects(() => graph.backup((() => {}) as never), InvalidArgumentError, "backup");
  await assertRejects(() => graph.backup(7 as never), InvalidArgumentError, "folder");
  assertEquals((await graph.check()).ok, true);
});

testGraph("past states, tags and differences", async ({ graph }) => {
  const ada = await graph.insertNode({ kind: "K", name: "Ada" });
  const tagged = await graph.tag("first");
  await graph.updateNode(ada, { name: "Ada Lovelace" });
  await fill(graph, 3000);
  assertEquals(await graph.tags(), [tagged]);
  using past = graph.snapshot({ tag: "first" });
  assertEquals([past.nodeName(ada), past.countNodes(), past.lsn], ["Ada", 1, tagged.lsn]);
  const last = graph.lsn;
  assertEquals((await graph.commits()).map(({ lsn }) => lsn), [tagged.lsn, last]);
  const changes = [];
  for await (const change of graph.diff(tagged.lsn, last)) changes.push(change);
  assertEquals(changes.length, 3001);
  assertEquals(changes[0], { type: "node", operation: "update", id: ada });
  for await (const _ of graph.diff(tagged.lsn, last)) break;
  await assertRejects(() => graph.diff(tagged.lsn, 99_999).next(), NotRetainedError);
  assertThrows(() => graph.snapshot({ lsn: 99_999 }), NotRetainedError);
  past.release();
  assertEquals(await graph.untag("first"), true);
  assertEquals(await graph.untag("first"), false);
}, { on: "v3" });

testGraph("has no past states on SQLite", async ({ graph }) => {
  await assertRejects(() => graph.tag("t"), UnsupportedError);
  await assertRejects(() => graph.commits(), UnsupportedError);
  await assertRejects(() => graph.diff(1, 2).next(), UnsupportedError);
  assertThrows(() => graph.snapshot({ tag: "t" }), UnsupportedError);
}, { on: "sqlite" });

testGraph("a snapshot stays what it was, until it is released", async ({ graph }) => {
  await fill(graph, 2);
  const snapshot = graph.snapshot();
  await fill(graph, 2);
  await graph.checkpoint();
  assertEquals([...snapshot.nodes()].length, 2);
  snapshot.release();
  assertThrows(() => snapshot.countNodes(), ClosedError);
});

testGraph("changes arrive in commit order and whole, before the promise of their commit", async ({ graph }) => {
  await graph.insertNode({ kind: "K", name: "before" });
  const seen: Change[] = [];
  const subscription = graph.subscribe({}, (change) => seen.push(change));
  const stream = graph.changes({ commits: true });
  const [a, b] = await Promise.all([
    graph.insertNode({ kind: "K", name: "a" }),
    graph.transaction((tx) => {
      const id = tx.insertNode({ kind: "K", name: "b" });
      tx.kv.set("key", 1);
      return id;
    }),
  ]);
  const lsn = graph.lsn;
  assertEquals(seen, [
    { type: "node", operation: "insert", id: a, lsn: lsn - 1 },
    { type: "commit", lsn: lsn - 1, counts: { nodes: 1, edges: 0, keyValues: 0 } },
    { type: "node", operation: "insert", id: b, lsn },
    { type: "kv", operation: "insert", key: "key", lsn },
    { type: "commit", lsn, counts: { nodes: 1, edges: 0, keyValues: 1 } },
  ]);
  assertEquals((await stream.next()).value?.lsn, lsn - 1);
  assertEquals(subscription.unsubscribe(), true);
  await stream.return?.();
  await graph.insertNode({ kind: "K", name: "unheard" });
  await turn();
  assertEquals(seen.length, 5);
  const again: Change[] = [];
  using _ = graph.subscribe({ commits: true }, (change) => again.push(change));
  await graph.insertNode({ kind: "K", name: "heard" });
  assertEquals(again.length, 1);
});

testGraph("a commit of more than 65,536 changes is one bulk change", async ({ graph }) => {
  const seen: Change[] = [];
  using _ = graph.subscribe({}, (change) => seen.push(change));
  await fill(graph, 65_537);
  assertEquals(seen, [{ type: "bulk", lsn: graph.lsn, counts: { nodes: 65_537, edges: 0, keyValues: 0 } }]);
});

testGraph("ingests rows in one transaction, and other transactions wait for it", async ({ graph }) => {
  async function* rows() {
    yield { node: { kind: "K", name: "a" }, ref: "a" };
    await turn();
    yield { node: { kind: "K", name: "b" }, ref: "b" };
    yield { edge: { type: "T", from: { ref: "a" }, to: { ref: "b" } } };
    yield { kv: { key: "k", value: 1 } };
  }
  const [result, id] = await Promise.all([graph.ingest(rows()), graph.insertNode({ kind: "K", name: "c" })]);
  assertEquals(result, { nodes: 2, edges: 1, keyValues: 1, skipped: 0 });
  using snapshot = graph.snapshot();
  assertEquals([snapshot.countNodes(), snapshot.countEdges(), snapshot.kv.get("k")], [3, 1, 1]);
  assertEquals(snapshot.nodeName(id), "c");
});

testGraph("an ingest that fails leaves nothing; in batches it leaves what was committed", async ({ graph }) => {
  const rows = Array.from({ length: 1000 }, (_, n) => ({ node: { kind: n === 700 ? "" : "K", name: "n" } }));
  await assertRejects(() => graph.ingest(rows), InvalidArgumentError, "row 701");
  assertEquals((await graph.stats()).nodes, 0);
  await assertRejects(() => graph.ingest(rows, { batchRows: 500 }), InvalidArgumentError, "row 701");
  using snapshot = graph.snapshot();
  assertEquals(snapshot.countNodes(), 500);
  const skipped: number[] = [];
  await graph.ingest(rows, { onSkip: ({ row }) => skipped.push(row) });
  assertEquals(skipped, [701]);
});

testGraph("an aborted ingest is undone, and inserts that need ids meanwhile do not hang", async ({ graph }) => {
  const reason = new Error("enough");
  const control = new AbortController();
  let isReading = false;
  async function* endless() {
    for (;;) {
      yield { node: { kind: "K", name: "n" } };
      isReading = true;
      await turn();
    }
  }
  const ingesting = graph.ingest(endless(), { signal: control.signal }).catch((error) => error);
  while (!isReading) await turn();
  const inserting = graph.transaction((tx) => {
    for (let n = 0; n < 10_000; n++) tx.insertNode({ kind: "K", name: "n" });
  });
  await turn();
  control.abort(reason);
  assertEquals(await ingesting, reason);
  await inserting;
  using snapshot = graph.snapshot();
  assertEquals(snapshot.countNodes(), 10_000);
});

for (const backend of BACKENDS) {
  test(`${backend}: a graph in memory has everything, and is gone with its end`, async () => {
    using dir = tempDir();
    const folder = backend === "sqlite" ? { temporaryFolder: dir.root } : {};
    await using graph = await openGraph(":memory:", { backend, ...folder });
    const id = await graph.insertNode({ kind: "K", name: "n" });
    await graph.ingest([{ edge: { type: "T", from: id, to: id } }]);
    assertEquals([graph.path, (await graph.stats()).edges], [":memory:", 1]);
    assertEquals((await graph.check()).findings, []);
  });

  test(`${backend}: what was committed is there after reopening, and no id is given twice`, async () => {
    using dir = tempDir();
    const path = dir.path("a.graph");
    const ids: number[] = [];
    for (let round = 0; round < 3; round++) {
      await using graph = await openGraph(path, { backend });
      ids.push(await graph.insertNode({ kind: "K", name: `${round}` }));
    }
    using db = open(path);
    assertEquals(ids.map((id) => db.nodeName(id)), ["0", "1", "2"]);
    ids.push(db.insertNode({ kind: "K", name: "3" }));
    assert(ids.every((id, at) => at === 0 || id > (ids[at - 1] as number)), `${ids}`);
  });
}
