/** What tests of history ask of past states, and graphs in which every read finds something. */

import type { SnapshotAt } from "../../lib/backend/care.ts";
import type { GraphBackend } from "../../lib/backend/graph_backend.ts";
import type { GraphReader } from "../../lib/backend/graph_reader.ts";
import { contentOf, graphOf } from "./graph_of.ts";
import { drain, fingerprint } from "./refusal.ts";
import { READS } from "./snapshot.ts";

/** Answers of every read, for graphs that have node 1 and edge 1. */
export function answersOf(graph: GraphReader): unknown {
  return { content: contentOf(graph), print: fingerprint(graph), reads: READS.map((read) => drain(read(graph))) };
}

/** What a past state answers. */
export function answersAt(db: GraphBackend, at: SnapshotAt): unknown {
  using snapshot = db.snapshot(at);
  return answersOf(snapshot);
}

/** A graph in which every read finds something. */
export function fillGraph(db: GraphBackend): void {
  db.transaction((tx) => {
    const { nodes: { a } } = graphOf(tx, "a->a, a->b, b->c, c-OTHER->a");
    tx.addLabel(a, "L");
    tx.updateNode(a, { data: { text: "x".repeat(3_000) } });
    tx.kv.set("k", "v".repeat(2_000));
  });
}

/** Changes everything that `fillGraph` made. */
export function changeAll(db: GraphBackend): void {
  db.transaction((tx) => {
    for (const id of [...tx.nodeIds()]) tx.updateNode(id, { kind: "Changed", name: `changed ${id}`, data: [id] });
    for (const { id } of [...tx.edges()]) tx.updateEdge(id, { type: "CHANGED", data: id });
    tx.kv.set("k", null);
    graphOf(tx, "new->newer");
  });
  if (db.hasNode(2)) db.deleteNode(2);
}

/** The commits that are listed, oldest first. */
export function lsnsOf(db: GraphBackend): number[] {
  return Array.from(db.commits(), ({ lsn }) => lsn);
}
