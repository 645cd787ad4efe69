/** The contract, on SQLite databases in memory with the runtime's own driver. */

import { SqliteBackend } from "../../lib/sqlite/mod.ts";
import { contract } from "./contract.ts";

contract({
  name: "sqlite in memory",
  backend: "sqlite",
  history: false,
  inMemory: true,
  open: (path, options) => SqliteBackend.open(path, options),
});
