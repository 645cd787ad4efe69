/** Opening a SQLite file that this process has open already must not cost the open database its locks. */

import { assertEquals, assertThrows } from "@std/assert";
import { writeFileSync } from "node:fs";
import { DatabaseLockedError, InvalidArgumentError, open } from "../../mod.ts";
import { runtimeOf, startAction, valueOf } from "../sqlite/processes.ts";
import { openRaw } from "../support/raw_sqlite.ts";
import { runScript } from "../support/script.ts";
import { tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";

test("a file that is opened twice, looked at and closed once keeps its log when other processes come and go", async () => {
  using folder = tempDir();
  const path = folder.path("shared.graph");
  using db = open(path, { backend: "sqlite" });
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

for (const hasLockFile of [false, true]) {
  const beside = hasLockFile ? " with another program's lock file beside it" : "";
  test(`a SQLite file${beside} that this process has locked stays locked when its engine is looked for`, async () => {
    using folder = tempDir();
    const path = folder.path("locked.graph");
    open(path, { backend: "sqlite" }).close();
    // An empty file of this name is what V3 leaves beside its own files.
    if (hasLockFile) writeFileSync(`${path}.lock`, "");
    using holder = openRaw(path);
    holder.exec("PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE");
    for (let round = 0; round < 2; round++) {
      assertThrows(() => open(path, { busyTimeoutMs: 0 }), DatabaseLockedError);
      assertThrows(() => open(path, { backend: "v3" }), InvalidArgumentError);
      const { stdout } = await runScript(new URL("./take_over_script.ts", import.meta.url), { args: [path] });
      assertEquals(stdout, "database is locked\n");
    }
  });
}
