/** The contract, on V3 databases in memory. */

import { assertEquals } from "@std/assert";
import { V3Backend } from "../../lib/v3/mod.ts";
import { test } from "../support/test.ts";
import { contract } from "./contract.ts";

/** Enough for the largest test, little enough for thousands of databases. */
const CACHE_BYTES = 3 * 1024 * 1024;

contract({
  name: "v3 in memory",
  backend: "v3",
  history: true,
  inMemory: true,
  isVariant: true,
  open: (path, options) => V3Backend.open(path, { cacheBytes: CACHE_BYTES, ...options }),
  synchronize: () => {},
});

test("two databases in memory share nothing", () => {
  using one = V3Backend.open(":memory:", { cacheBytes: CACHE_BYTES });
  using other = V3Backend.open(":memory:", { cacheBytes: CACHE_BYTES });
  one.insertNode({ kind: "N", name: "n" });
  assertEquals([one.path, one.countNodes(), other.countNodes()], [":memory:", 1, 0]);
});
