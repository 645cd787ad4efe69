/** Transactions whose parts belong together, so that a torn or lost one shows. */

import { assertEquals } from "@std/assert";
import type { GraphBackend } from "../../lib/backend/graph_backend.ts";
import type { GraphReader } from "../../lib/backend/graph_reader.ts";

/** Nodes that a round inserts: now and then many, so that a kill meets a long transaction. */
export function sizeOfRound(round: number): number {
  return round % 7 === 0 ? 1_500 : 3;
}

/** One transaction: nodes, an edge from each to the first, a label, a counter, and the deletion of the round before the last. */
export function writeRound(db: GraphBackend, round: number): void {
  db.transaction((tx) => {
    const size = sizeOfRound(round);
    const ids = tx.insertNodes(
      Array.from({ length: size }, (_, at) => ({ kind: `Round${round}`, name: `${at}`, labels: ["all"] })),
    );
    tx.insertEdges(ids.map((from) => ({ from, to: ids[0] as number, type: "ROUND", data: { round } })));
    tx.kv.set("rounds", round);
    tx.kv.set(`round:${round}`, { size });
    tx.kv.delete(`round:${round - 2}`);
    const [first] = tx.nodeIds({ kind: `Round${round - 2}` });
    if (first !== undefined) { for (const id of [...tx.nodeIds({ kind: `Round${round - 2}` })]) tx.deleteNode(id); }
  });
}

/** What a state holds. */
export interface Counts {
  /** The last round. */
  readonly rounds: number;
  /** Nodes. */
  readonly nodes: number;
}

/** Reads the counts of one state and checks that every part of its last two rounds is there, and nothing else. */
export function countsOf(graph: GraphReader): Counts {
  const rounds = Number(graph.kv.get("rounds") ?? 0);
  const kept = [rounds - 1, rounds].filter((round) => round > 0);
  const nodes = kept.reduce((sum, round) => sum + sizeOfRound(round), 0);
  const found = {
    nodes: graph.countNodes({ label: "all" }),
    edges: graph.countEdges({ type: "ROUND" }),
    kinds: kept.map((round) => graph.countNodes({ kind: `Round${round}` })),
    keys: [...graph.kv.scan({ prefix: "round:" })].map(({ key, value }) => [key, (value as { size: number }).size])
      .sort(),
  };
  assertEquals(found, {
    nodes,
    edges: nodes,
    kinds: kept.map(sizeOfRound),
    keys: kept.map((round) => [`round:${round}`, sizeOfRound(round)]).sort(),
  });
  return { rounds, nodes };
}
