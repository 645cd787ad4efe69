/** The contract, on SQLite files with the runtime's own driver. */

import { assertEquals } from "@std/assert";
import { readdirSync } from "node:fs";
import { SqliteBackend } from "../../lib/sqlite/mod.ts";
import { tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";
import { contract } from "./contract.ts";

contract({
  name: "sqlite",
  backend: "sqlite",
  history: false,
  inMemory: false,
  open: (path, options) => SqliteBackend.open(path, options),
  synchronize: () => {},
});

test("a closed database is one file", () => {
  using folder = tempDir();
  {
    using db = SqliteBackend.open(folder.path("one.graph"));
    db.insertNode({ kind: "N", name: "n" });
    for (const _node of db.nodes()) db.snapshot();
  }
  assertEquals(readdirSync(folder.root), ["one.graph"]);
});
