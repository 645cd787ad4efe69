/** The contract, on SQLite files with `node:sqlite`, which exists on Bun, too. On Deno it is the runtime's own driver. */

import { assertEquals, assertThrows } from "@std/assert";
import { UnsupportedError } from "../../lib/backend/errors.ts";
import { SqliteBackend } from "../../lib/sqlite/mod.ts";
import { tempDir } from "../support/temp_dir.ts";
import { RUNTIME, test } from "../support/test.ts";
import { contract } from "./contract.ts";

if (RUNTIME === "bun") {
  contract({
    name: "sqlite by node:sqlite",
    backend: "sqlite",
    history: false,
    inMemory: false,
    isVariant: true,
    open: (path, options) => SqliteBackend.open(path, { ...options, driver: "node" }),
    synchronize: () => {},
  });
}

test("both drivers open the same file, and one that the runtime lacks is refused", () => {
  using folder = tempDir();
  const path = folder.path("both.graph");
  for (const driver of ["node", "bun"] as const) {
    if (driver === "bun" && RUNTIME !== "bun") {
      assertThrows(() => SqliteBackend.open(path, { driver }), UnsupportedError, "bun:sqlite");
      continue;
    }
    using db = SqliteBackend.open(path, { driver });
    db.insertNode({ kind: "N", name: driver });
  }
  using db = SqliteBackend.open(path);
  assertEquals(Array.from(db.nodes(), (node) => node.name), RUNTIME === "bun" ? ["node", "bun"] : ["node"]);
});
