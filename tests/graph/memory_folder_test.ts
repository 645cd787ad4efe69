/** Where a SQLite graph in `:memory:` keeps the file that stands in for memory. */

import { assertEquals, assertRejects } from "@std/assert";
import { readdirSync, writeFileSync } from "node:fs";
import { ClosedError, InvalidArgumentError, IoError, UnsupportedError } from "../../lib/backend/errors.ts";
import { openGraph } from "../../lib/graph/open_graph.ts";
import { tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";
import { countKind } from "./graph_tasks.ts";

test("a SQLite graph in memory leaves nothing of its file in the temporary folder", async () => {
  using dir = tempDir();
  const graph = await openGraph(":memory:", { backend: "sqlite", temporaryFolder: dir.root });
  await graph.ingest([
    { node: { kind: "K", name: "a" }, ref: "a" },
    { edge: { from: { ref: "a" }, to: { ref: "a" }, type: "T" } },
  ]);
  assertEquals(await graph.run(countKind, { kind: "K" }), 1);
  assertEquals([graph.path, (await graph.stats()).path, readdirSync(dir.root).length], [":memory:", ":memory:", 1]);
  const held = graph.snapshot();
  await graph.insertNode({ kind: "K", name: "b" });
  assertEquals(held.countNodes(), 1);
  await graph.close();
  assertEquals(readdirSync(dir.root), []);
});

test("the file goes as well when the engine's thread has died", async () => {
  for (const how of ["throw", "exit"]) {
    using dir = tempDir();
    const worker = new URL(`./mortal_worker.ts?${how}`, import.meta.url);
    const graph = await openGraph(":memory:", { backend: "sqlite", temporaryFolder: dir.root, worker });
    writeFileSync(dir.path("die"), "");
    await assertRejects(async () => {
      for (;;) await graph.insertNode({ kind: "K", name: "a" });
    }, ClosedError);
    await graph.close();
    assertEquals(readdirSync(dir.root), []);
  }
});

test("a temporary folder that is not there is a typed error", async () => {
  using dir = tempDir();
  const opening = openGraph(":memory:", { backend: "sqlite", temporaryFolder: dir.path("missing") });
  assertEquals((await assertRejects<IoError>(() => opening, IoError, "missing")).code, "no-temporary-folder");
});

test("a temporary folder is refused where nothing would lie in it", async () => {
  using dir = tempDir();
  const temporaryFolder = dir.root;
  await assertRejects(() => openGraph(":memory:", { temporaryFolder }), UnsupportedError, "temporaryFolder");
  const path = dir.path("a.graph");
  await assertRejects(() => openGraph(path, { temporaryFolder }), UnsupportedError, "temporaryFolder");
  await assertRejects(() => openGraph(path, { backend: "sqlite", temporaryFolder }), UnsupportedError, "leave it out");
  for (const folder of ["", 7, null]) {
    const options = { backend: "sqlite", temporaryFolder: folder as string } as const;
    await assertRejects(() => openGraph(":memory:", options), InvalidArgumentError, "temporaryFolder");
  }
  assertEquals(readdirSync(dir.root), []);
});
