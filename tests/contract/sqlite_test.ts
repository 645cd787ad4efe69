/** The contract, on SQLite files with the runtime's own driver. */

import { SqliteBackend } from "../../lib/sqlite/mod.ts";
import { contract } from "./contract.ts";

contract({
  name: "sqlite",
  backend: "sqlite",
  history: false,
  inMemory: false,
  open: (path, options) => SqliteBackend.open(path, options),
});
