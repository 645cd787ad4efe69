/** Both pools do the same. */

import { assertEquals } from "@std/assert";
import { PiscinaPool } from "../../lib/graph/piscina_pool.ts";
import { defaultPoolSize, openPool } from "../../lib/graph/pool.ts";
import { ThreadPool } from "../../lib/graph/thread_pool.ts";
import { test } from "../support/test.ts";
import { POOL_ENTRY, poolContract } from "./pool_contract.ts";

poolContract("piscina", (size, entry, data) => new PiscinaPool(size, entry, data));
poolContract("our threads", (size, entry, data) => new ThreadPool(size, entry, data));

test("a pool is Piscina's where the package is files, and ours where the user names an entry", async () => {
  const files = await openPool({ size: 1, data: undefined });
  const named = await openPool({ size: 1, data: undefined, worker: POOL_ENTRY });
  assertEquals([files instanceof PiscinaPool, named instanceof ThreadPool], [true, true]);
  assertEquals(await named.run({ do: "echo", value: 1 }), 1);
  await named.close();
});

test("a pool has a thread for each core but one, and at least one", async () => {
  const pool = await openPool({ data: undefined });
  assertEquals(pool.size, defaultPoolSize());
  assertEquals(pool.size >= 1, true);
});
