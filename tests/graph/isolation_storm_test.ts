/** Everything at once, for a moment. `npm run simulate:graph` does the same for longer and with other seeds. */

import { assert } from "@std/assert";
import { tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";
import { storm, type StormOptions } from "./isolation_storm.ts";

const MIB = 1024 * 1024;

async function stormFor(options: Omit<StormOptions, "path" | "seed">): Promise<void> {
  using dir = tempDir();
  const counts = await storm({ ...options, path: dir.path("bank.graph"), seed: 1 });
  for (const what of [["transfer", "slow"], ["read", "lent", "read together"], ["checkpoint"]]) {
    assert(what.some((name) => counts.has(name)), `no ${what.join(", ")} was done`);
  }
}

test("V3: writers, readers in threads, ingests, dying threads and checkpoints leave every state whole", () =>
  stormFor({ backend: "v3", forMs: 500, accounts: 100, ballast: 0, writers: 16 }));

test("V3: the same with a database that is several times the cache", () =>
  stormFor({ backend: "v3", forMs: 800, accounts: 300, ballast: 2_500, writers: 16, graph: { cacheBytes: 2 * MIB } }));

test("SQLite: writers, readers in threads, ingests, dying threads and checkpoints leave every state whole", () =>
  stormFor({ backend: "sqlite", forMs: 500, accounts: 100, ballast: 0, writers: 16 }));
