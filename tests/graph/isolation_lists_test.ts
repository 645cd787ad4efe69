/** Histories of real transactions through the engine's thread are what their isolation level allows. */

import { assert, assertEquals } from "@std/assert";
import { openGraph } from "../../lib/graph/open_graph.ts";
import { tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";
import { runLists } from "./isolation_lists.ts";

for (const backend of ["v3", "sqlite"] as const) {
  for (const isolation of ["serializable", "snapshot"] as const) {
    test(`${backend}: concurrent transactions, ${isolation}: no order contradicts itself or the time of the calls`, async () => {
      using dir = tempDir();
      await using graph = await openGraph(dir.path("lists.graph"), { backend, durability: "off", threads: 2 });
      const run = await runLists(graph, { seed: 1, transactions: 300, atOnce: 24, isolation });
      assertEquals(run.anomaly, undefined);
      assert(run.conflicts > 10, `only ${run.conflicts} conflicts`);
    });
  }
}
