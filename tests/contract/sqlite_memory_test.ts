/** The contract, on SQLite databases in memory with the runtime's own driver. */

import { assertEquals } from "@std/assert";
import { SqliteBackend } from "../../lib/sqlite/mod.ts";
import { test } from "../support/test.ts";
import { contract } from "./contract.ts";

contract({
  name: "sqlite in memory",
  backend: "sqlite",
  history: false,
  inMemory: true,
  isVariant: true,
  open: (path, options) => SqliteBackend.open(path, options),
  synchronize: () => {},
});

test("two databases in memory share nothing", () => {
  using one = SqliteBackend.open(":memory:");
  using other = SqliteBackend.open(":memory:");
  one.insertNode({ kind: "N", name: "n" });
  assertEquals([one.path, one.countNodes(), other.countNodes()], [":memory:", 1, 0]);
});
