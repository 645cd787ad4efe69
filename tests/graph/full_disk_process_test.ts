/** Graphs that have no room to grow. */

import { assertEquals } from "@std/assert";
import process from "node:process";
import { open } from "../../lib/graph/open.ts";
import { runScript } from "../support/script.ts";
import { tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";
import { BACKENDS } from "./graph_subject.ts";

const SCRIPT = new URL("./full_disk_script.ts", import.meta.url);
const MAX_FILE_BYTES = 6 * 1024 * 1024;

for (const backend of BACKENDS) {
  test(`${backend}: without room an ingest or a commit fails as a whole, and the graph goes on`, async () => {
    // There is no such limit.
    if (process.platform === "win32") return;
    using dir = tempDir();
    const path = dir.path("a.graph");
    const result = await runScript(SCRIPT, { args: [path, backend], maxFileBytes: MAX_FILE_BYTES });
    assertEquals(result.stdout.split("\n"), [
      "one transaction: IoError",
      "nodes: 1",
      "batches: IoError",
      "whole batches: true",
      "large value: IoError",
      "deletion: ok",
      "seen: true",
      "findings: 0",
      "closed: true",
      "",
    ]);
    assertEquals([result.code, result.stderr], [0, ""]);
    using db = open(path);
    assertEquals([db.countNodes({ kind: "Before" }), db.countNodes() % 500, db.check().ok], [0, 0, true]);
  });
}
