/** Write skew: two transactions that each would be right alone. Serializable ones never commit both, those of snapshot do. */

import { assertEquals } from "@std/assert";
import type { GraphTransaction } from "../../lib/backend/graph_backend.ts";
import type { GraphReader } from "../../lib/backend/graph_reader.ts";
import type { Graph } from "../../lib/graph/graph.ts";
import { openGraph } from "../../lib/graph/open_graph.ts";
import type { Isolation } from "../../lib/graph/transaction_batch.ts";
import { tempDir } from "../support/temp_dir.ts";
import { test } from "../support/test.ts";

/** Two doctors on call in a ward, of whom one must stay. */
interface Ids {
  readonly doctors: readonly number[];
  readonly ward: number;
}

/** How to find out how many are on call, and how to leave. */
interface Question {
  readonly count: (graph: GraphReader, ids: Ids) => number;
  readonly leave: (tx: GraphTransaction, doctor: number, ids: Ids) => void;
}

const keyOf = (doctor: number) => `on call:${doctor}`;
const nameOf = (place: number) => `doctor ${place}`;

function deleteEdges(tx: GraphTransaction, doctor: number, { ward }: Ids): void {
  for (const { id } of tx.edgesBetween(doctor, ward)) tx.deleteEdge(id);
}

/** Different questions: what is read by one transaction and written by the other are different records in most of them. */
const QUESTIONS: Readonly<Record<string, Question>> = {
  "data of both nodes": {
    count: (graph, { doctors }) => doctors.filter((id) => graph.requireNode(id).data["onCall"] === true).length,
    leave: (tx, doctor) => tx.patchNode(doctor, { onCall: false }),
  },
  "nodes with a label": {
    count: (graph) => [...graph.nodeIds({ label: "OnCall" })].length,
    leave: (tx, doctor) => tx.removeLabel(doctor, "OnCall"),
  },
  "number of nodes with a label": {
    count: (graph) => graph.countNodes({ label: "OnCall" }),
    leave: (tx, doctor) => tx.removeLabel(doctor, "OnCall"),
  },
  "nodes of a kind": {
    count: (graph) => [...graph.nodes({ kind: "Doctor", data: false })].length,
    leave: (tx, doctor) => tx.deleteNode(doctor),
  },
  "nodes with a name": {
    count: (graph) => [0, 1].filter((place) => graph.countNodes({ kind: "Doctor", name: nameOf(place) }) > 0).length,
    leave: (tx, doctor) => tx.updateNode(doctor, { name: "away" }),
  },
  "edges into a node": {
    count: (graph, { ward }) => graph.degree(ward, { direction: "in", types: ["ON_CALL"] }),
    leave: deleteEdges,
  },
  "neighbours of a node": {
    count: (graph, { ward }) => graph.neighbors(ward, { direction: "in" }).length,
    leave: (tx, doctor) => tx.deleteNode(doctor),
  },
  "edges of a type": {
    count: (graph) => graph.countEdges({ type: "ON_CALL" }),
    leave: deleteEdges,
  },
  "keys with a prefix": {
    count: (graph) => [...graph.kv.scan({ prefix: keyOf(0).slice(0, -1) })].length,
    leave: (tx, doctor) => tx.kv.delete(keyOf(doctor)),
  },
  "number of all keys": {
    count: (graph) => graph.kv.count(),
    leave: (tx, doctor) => tx.kv.delete(keyOf(doctor)),
  },
};

/** Empties the graph and makes a ward. */
function makeWard(graph: Graph): Promise<Ids> {
  return graph.transaction((tx) => {
    for (const id of [...tx.nodeIds()]) tx.deleteNode(id);
    for (const { key } of [...tx.kv.scan()]) tx.kv.delete(key);
    const doctors = [0, 1].map((place) =>
      tx.insertNode({ kind: "Doctor", name: nameOf(place), labels: ["OnCall"], data: { onCall: true } })
    );
    const ward = tx.insertNode({ kind: "Ward", name: "ward" });
    for (const doctor of doctors) {
      tx.kv.set(keyOf(doctor), true);
      tx.insertEdge({ from: doctor, to: ward, type: "ON_CALL" });
    }
    return { doctors, ward };
  });
}

/** Both doctors look before either has left. Returns how many are left, and how often the functions ran. */
async function leaveBoth(graph: Graph, { count, leave }: Question, isolation: Isolation): Promise<number[]> {
  const ids = await makeWard(graph);
  const looked = Promise.withResolvers<void>();
  let runs = 0;
  await Promise.all(ids.doctors.map((doctor) =>
    graph.transaction(async (tx) => {
      const isFree = count(tx, ids) > 1;
      if (++runs === 2) looked.resolve();
      await looked.promise;
      if (isFree) leave(tx, doctor, ids);
    }, { isolation })
  ));
  using snapshot = graph.snapshot();
  return [count(snapshot, ids), runs];
}

for (const backend of ["v3", "sqlite"] as const) {
  test(`${backend}: write skew is a conflict, whatever was asked, unless the isolation is snapshot`, async () => {
    using dir = tempDir();
    await using graph = await openGraph(dir.path("ward.graph"), { backend, durability: "off", threads: 1 });
    for (const [what, question] of Object.entries(QUESTIONS)) {
      assertEquals(await leaveBoth(graph, question, "serializable"), [1, 3], what);
      assertEquals(await leaveBoth(graph, question, "snapshot"), [0, 2], what);
    }
  });
}
