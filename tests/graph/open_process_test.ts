/** Opening a file that this process has open already must not cost the open database its locks. */

import { assertEquals } from "@std/assert";
import { open } from "../../mod.ts";
import { runtimeOf, startAction, valueOf } from "../sqlite/processes.ts";
import { tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";

test("a file that is opened twice, looked at and closed once keeps its log when other processes come and go", async () => {
  using folder = tempDir();
  const path = folder.path("shared.graph");
  using db = open(path);
  db.insertNode({ kind: "N", name: "first" });
  {
    using again = open(path);
    again.stats();
    again.backup(folder.path("backups"));
    again.exportSnapshot(folder.path("all.jsonl"));
  }
  for (const at of [0, 1]) {
    // Whoever closes a database and believes to be the last one removes its log.
    await valueOf(startAction({ runtime: runtimeOf(at) }, "open", path));
    db.insertNode({ kind: "N", name: `after process ${at}` });
  }
  const seen = await valueOf<{ nodes: number }>(startAction({}, "open", path));
  assertEquals([seen.nodes, db.countNodes()], [3, 3]);
});
