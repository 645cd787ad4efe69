/** Graphs in SQLite files that other connections write as well: no transaction overwrites what it did not see. */

import { assertEquals, assertRejects } from "@std/assert";
import { ConflictError } from "../../lib/backend/errors.ts";
import type { GraphTransaction } from "../../lib/backend/graph_backend.ts";
import type { Graph } from "../../lib/graph/graph.ts";
import { open } from "../../lib/graph/open.ts";
import { openGraph } from "../../lib/graph/open_graph.ts";
import { openDriver } from "../../lib/sqlite/driver.ts";
import { testGraph } from "./graph_subject.ts";

/** Changes a node as a program does that knows nothing of our counter of commits. */
function renameRaw(path: string, id: number, name: string): void {
  const driver = openDriver(path, { readonly: false });
  try {
    driver.exec(`UPDATE graph_entities SET name = '${name}' WHERE id = ${id}`);
  } finally {
    driver.close();
  }
}

/** A transaction that puts a suffix behind a node's name; `meanwhile` runs between its read and its write, the first time. */
function append(suffix: string, id: number, meanwhile: () => void): (tx: GraphTransaction) => void {
  let hasRun = false;
  return (tx) => {
    const name = tx.getNode(id)?.name ?? "";
    if (!hasRun) meanwhile();
    hasRun = true;
    tx.updateNode(id, { name: name + suffix });
  };
}

testGraph("a transaction runs again when another connection changed what it read", async ({ graph, path }) => {
  const id = await graph.insertNode({ kind: "K", name: "a" });
  using other = open(path);
  await graph.transaction(append("c", id, () => other.updateNode(id, { name: "ab" })));
  using snapshot = graph.snapshot();
  assertEquals(snapshot.getNode(id)?.name, "abc");
}, { on: "sqlite" });

testGraph("without another try it is a conflict", async ({ graph, path }) => {
  const id = await graph.insertNode({ kind: "K", name: "a" });
  using other = open(path);
  await assertRejects(
    () => graph.transaction(append("c", id, () => other.updateNode(id, { name: "ab" })), { retries: 0 }),
    ConflictError,
  );
  assertEquals(other.getNode(id)?.name, "ab");
}, { on: "sqlite" });

testGraph("it runs again when a program changed the file that counts no commits", async ({ graph, path }) => {
  const id = await graph.insertNode({ kind: "K", name: "a" });
  await graph.transaction(append("c", id, () => renameRaw(path, id, "ab")));
  using snapshot = graph.snapshot();
  assertEquals(snapshot.getNode(id)?.name, "abc");
}, { on: "sqlite" });

testGraph("two graphs in one file lose no update of each other", async ({ graph, path }) => {
  await using other = await openGraph(path, { durability: "off" });
  const rounds = 20;
  const count = async (on: Graph): Promise<void> => {
    for (let round = 0; round < rounds; round++) {
      await on.transaction((tx) => tx.kv.set("n", (tx.kv.get("n") as number | undefined ?? 0) + 1), { retries: 1000 });
    }
  };
  await Promise.all([count(graph), count(other)]);
  assertEquals([graph.kv.get("n"), other.kv.get("n")], [2 * rounds, 2 * rounds]);
}, { on: "sqlite" });

testGraph(
  "alone on its file no transaction runs again because of what its graph does besides",
  async ({ graph, dir }) => {
    const id = await graph.insertNode({ kind: "K", name: "a" });
    const care: Readonly<Record<string, () => Promise<unknown>>> = {
      checkpoint: () => graph.checkpoint(),
      flush: () => graph.flush(),
      stats: () => graph.stats(),
      check: () => graph.check(),
      backup: () => graph.backup(dir.path("backups")),
      exportSnapshot: () => graph.exportSnapshot(dir.path("rows.jsonl")),
    };
    for (const [name, call] of Object.entries(care)) {
      let runs = 0;
      await graph.transaction(async (tx) => {
        runs++;
        tx.getNode(id);
        await call();
        tx.updateNode(id, { name });
      });
      assertEquals([name, runs], [name, 1]);
    }
  },
);
