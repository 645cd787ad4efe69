/** Copies of an open graph: making one leaves the graph and what its threads see as they are. */

import { assertEquals } from "@std/assert";
import { readdirSync } from "node:fs";
import type { Graph } from "../../lib/graph/graph.ts";
import { open } from "../../lib/graph/open.ts";
import { contentOf } from "../contract/graph_of.ts";
import type { GraphReader } from "../../lib/backend/graph_reader.ts";
import { type GraphWorld, testGraph } from "./graph_subject.ts";

const NODES = 4_000;

/** Nodes with an edge to the next one each. */
async function fill(graph: Graph, round: number): Promise<void> {
  await graph.transaction((tx) => {
    const ids = tx.insertNodes(Array.from({ length: NODES }, (_, at) => ({
      kind: `Kind${at % 7}`,
      name: `${round}/${at}`,
      data: { round, text: "some text ".repeat(at % 20) },
    })));
    tx.insertEdges(ids.map((from, at) => ({ from, to: ids[(at + 1) % NODES] as number, type: `T${at % 3}` })));
    for (let key = 0; key < 100; key++) tx.kv.set(`key/${round}/${key}`, key);
  });
}

/** Everything in the newest state. */
function contents(graph: Graph): unknown {
  using snapshot = graph.snapshot();
  return contentOf(snapshot as unknown as GraphReader);
}

const COPIES: Readonly<Record<string, (world: GraphWorld) => Promise<string>>> = {
  backup: async ({ graph, dir }) => (await graph.backup(dir.path("backups"))).path,
  compact: async ({ graph, dir }) => (await graph.compact(dir.path("compact.graph"))).path,
  "compact with history": async ({ graph, dir }) => (await graph.compact(dir.path("h.graph"), { history: true })).path,
};

/** Few pages: what a copy does to the cache shows at once. */
const CACHE_BYTES = 2 * 1024 * 1024;

for (const [name, copy] of Object.entries(COPIES)) {
  testGraph(
    `${name} copies the graph and changes nothing for its threads`,
    async (world) => {
      const { graph, dir, path } = world;
      await fill(graph, 1);
      // Places that the copy does not have.
      for (let id = 1; id < NODES; id += 30) await graph.deleteNode(id);
      const held = graph.snapshot();
      const before = contents(graph);
      const { lsn } = graph;
      const copied = await copy(world);
      assertEquals([graph.lsn, contents(graph)], [lsn, before]);
      await fill(graph, 2);
      const after = contents(graph);
      assertEquals(contentOf(held as unknown as GraphReader), before);
      assertEquals((await graph.check()).findings, []);
      await graph.close();
      using own = open(path);
      assertEquals(contentOf(own), after);
      assertEquals(own.check().findings, []);
      using other = open(copied);
      assertEquals(contentOf(other), before);
      assertEquals(readdirSync(dir.root).filter((file) => file.endsWith(".new")), []);
    },
    { on: "v3", cacheBytes: CACHE_BYTES },
  );
}
