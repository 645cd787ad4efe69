/** Transactions beside an ingest: a commit of the ingest is a conflict with what read or wrote the same, and with nothing else. */

import { assertEquals } from "@std/assert";
import type { GraphTransaction } from "../../lib/backend/graph_backend.ts";
import type { Graph } from "../../lib/graph/graph.ts";
import { openGraph } from "../../lib/graph/open_graph.ts";
import type { IngestRow } from "../../lib/graph/row_source.ts";
import { tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";
import { BACKENDS, testGraph } from "./graph_subject.ts";

/** Ids of what is there from the beginning. */
const [LEFT, RIGHT, ALONE] = [1, 2, 3];

/** What an ingest adds each time. Its ids come one after the other. */
const rowsOf = (round: number): IngestRow[] => [
  { node: { kind: "New", name: "new", labels: ["fresh"] }, ref: "new" },
  { edge: { from: LEFT, to: { ref: "new" }, type: "NEW" } },
  { edge: { from: { ref: "new" }, to: RIGHT, type: "NEW" } },
  { kv: { key: "new:1", value: round } },
  { kv: { key: `new:${round}`, value: round } },
];

type Question = (tx: GraphTransaction, lastNode: number, lastEdge: number) => unknown;

/** Questions that have another answer after each ingest. */
const CHANGED: Readonly<Record<string, Question>> = {
  "a node that is not there yet": (tx, lastNode) => tx.getNode(lastNode + 1),
  "an edge that is not there yet": (tx, _, lastEdge) => tx.getEdge(lastEdge + 1),
  "nodes": (tx) => [...tx.nodeIds()],
  "number of nodes": (tx) => tx.countNodes(),
  "nodes of a kind": (tx) => tx.countNodes({ kind: "New" }),
  "nodes with a label": (tx) => [...tx.nodes({ label: "fresh" })],
  "nodes with a name": (tx) => tx.countNodes({ name: "new" }),
  "edges that leave a node": (tx) => tx.degree(LEFT),
  "edges that enter a node": (tx) => tx.neighbors(RIGHT, { direction: "in" }),
  "edges of a type": (tx) => tx.countEdges({ type: "NEW" }),
  "number of edges": (tx) => tx.countEdges(),
  "a key": (tx) => tx.kv.get("new:1"),
  "keys with a prefix": (tx) => [...tx.kv.scan({ prefix: "new:" })],
  "number of keys": (tx) => tx.kv.count(),
};

/** Questions that have the same answer. */
const UNCHANGED: Readonly<Record<string, Question>> = {
  "a node": (tx) => tx.getNode(LEFT),
  "nodes of a kind": (tx) => [...tx.nodes({ kind: "Old" })],
  "edges that leave a node": (tx) => tx.edgesOf(RIGHT),
  "edges that enter a node": (tx) => tx.degree(LEFT, { direction: "in" }),
  "edges of a type": (tx) => tx.countEdges({ type: "OLD" }),
  "a key": (tx) => tx.kv.get("old:1"),
  "keys with a prefix": (tx) => [...tx.kv.scan({ prefix: "old:" })],
};

for (const [name, questions, runs] of [["does", CHANGED, 2], ["does not", UNCHANGED, 1]] as const) {
  testGraph(`a transaction that asked what an ingest ${name} change runs ${runs} times`, async ({ graph }) => {
    await graph.transaction((tx) => {
      for (const name of ["left", "right", "alone"]) tx.insertNode({ kind: "Old", name });
      tx.insertEdge({ from: LEFT, to: RIGHT, type: "OLD" });
      tx.kv.set("old:1", 1);
    });
    let round = 1;
    await graph.ingest(rowsOf(round));
    for (const [what, ask] of Object.entries(questions)) {
      const [lastNode, lastEdge] = lastIds(graph);
      const answers: string[] = [];
      await graph.transaction(async (tx) => {
        answers.push(JSON.stringify(ask(tx, lastNode, lastEdge) ?? null));
        if (answers.length === 1) await graph.ingest(rowsOf(++round));
        tx.patchNode(ALONE, { round });
      });
      assertEquals([what, answers.length, new Set(answers).size], [what, runs, runs]);
    }
  });
}

function lastIds(graph: Graph): [number, number] {
  using snapshot = graph.snapshot();
  return [Math.max(...snapshot.nodeIds()), Math.max(...[...snapshot.edges()].map(({ id }) => id))];
}

testGraph("a counter goes on while an ingest commits batch after batch", async ({ graph }) => {
  const ROW_COUNT = 10_000;
  let isOver = false;
  function* rows(): Generator<IngestRow> {
    for (let row = 0; row < ROW_COUNT; row++) yield { node: { kind: "New", name: `${row}` } };
  }
  const ingest = graph.ingest(rows(), { batchRows: 100 }).finally(() => isOver = true);
  let counted = 0;
  while (!isOver) {
    // No retries: there is nothing that it could conflict with.
    await graph.transaction(async (tx) => {
      const number = tx.kv.get("counter") as number | undefined ?? 0;
      await new Promise((resolve) => setTimeout(resolve, 0));
      tx.kv.set("counter", number + 1);
    }, { retries: 0 });
    counted++;
  }
  await ingest;
  assertEquals(graph.kv.get("counter"), counted);
  using snapshot = graph.snapshot();
  assertEquals(snapshot.countNodes(), ROW_COUNT);
});

for (const backend of BACKENDS) {
  test(`${backend}: transactions that conflict with every batch of an ingest get through between two of them`, async () => {
    using dir = tempDir();
    await using graph = await openGraph(dir.path("test.graph"), { backend, durability: "off" });
    let isOver = false;
    function* rows(): Generator<IngestRow> {
      for (let row = 0; row < 6_000; row++) yield { kv: { key: "shared", value: row } };
    }
    const ingest = graph.ingest(rows(), { batchRows: 20 }).finally(() => isOver = true);
    while (!isOver) {
      await graph.transaction((tx) => tx.kv.set("seen", tx.kv.get("shared") ?? null), { retries: 100 });
    }
    await ingest;
  });
}
