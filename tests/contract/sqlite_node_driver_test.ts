/** The contract, on SQLite files with `node:sqlite`, which exists on Bun, too. On Deno it is the runtime's own driver. */

import { SqliteBackend } from "../../lib/sqlite/mod.ts";
import { RUNTIME } from "../support/test.ts";
import { contract } from "./contract.ts";

if (RUNTIME === "bun") {
  contract({
    name: "sqlite by node:sqlite",
    backend: "sqlite",
    history: false,
    inMemory: false,
    open: (path, options) => SqliteBackend.open(path, { ...options, driver: "node" }),
  });
}
