/** The contract, on files of our own format. */

import { assertEquals } from "@std/assert";
import { readdirSync } from "node:fs";
import { V3Backend } from "../../lib/v3/mod.ts";
import { tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";
import { contract } from "./contract.ts";
import { filesFor } from "./unsynced_files.ts";

/** Enough for the largest test, little enough for thousands of databases. */
const CACHE_BYTES = 3 * 1024 * 1024;

contract({
  name: "v3",
  backend: "v3",
  history: true,
  inMemory: false,
  open: (path, options = {}) => V3Backend.open(path, { cacheBytes: CACHE_BYTES, ...filesFor(options), ...options }),
  synchronize: (writer, reader) => {
    writer.checkpoint();
    (reader as unknown as V3Backend).refresh();
  },
});

test("a closed database leaves its file, the copy of its key-values and the empty lock file", () => {
  using folder = tempDir();
  {
    using db = V3Backend.open(folder.path("one.graph"), { cacheBytes: CACHE_BYTES });
    db.insertNode({ kind: "N", name: "n" });
    db.kv.set("k", 1);
    for (const _node of db.nodes()) db.snapshot();
  }
  assertEquals(readdirSync(folder.root).sort(), ["one.graph", "one.graph.lock", "one.graph.v3checkpoint"]);
});
