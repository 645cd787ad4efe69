/** What a process that is going to be killed writes, round by round, and what a database holds after so many rounds. */

import { assertEquals } from "@std/assert";
import type { GraphTransaction } from "../../lib/backend/graph_backend.ts";
import type { GraphReader } from "../../lib/backend/graph_reader.ts";

/** Rounds that are committed together now and then. */
export const GROUP_ROUNDS = 3;

/** How many rounds stay in the database. */
const KEPT_ROUNDS = 4;

/** Ids of a round, as its process reports them once its commit has returned. */
export interface Report {
  readonly round: number;
  readonly lsn: number;
  readonly nodes: readonly number[];
  readonly edges: readonly number[];
}

/** Rounds that have been written; 0 for a new database. */
export function roundsOf(graph: GraphReader): number {
  return Number(graph.kv.get("rounds") ?? 0);
}

/** Writes a round into a transaction. */
export function writeRound(tx: GraphTransaction, round: number): Omit<Report, "lsn"> {
  const nodes = tx.insertNodes(namesOf(round).map((name, at) => ({ kind: "Round", name, data: dataOf(round, at) })));
  const edges = tx.insertEdges(nodes.map((from, at) => ({ from, to: nodes[0] as number, type: "TO", data: { at } })));
  for (const name of namesOf(round - KEPT_ROUNDS)) {
    const [old] = tx.nodeIds({ name });
    if (old !== undefined) tx.deleteNode(old);
  }
  tx.kv.set("rounds", round);
  tx.kv.set(`key ${round % 7}`, "v".repeat(round * 37 % 6_000));
  return { round, nodes, edges };
}

/** Checks that a database holds exactly so many rounds. */
export function assertRounds(graph: GraphReader, rounds: number): void {
  const kept = Array.from({ length: KEPT_ROUNDS }, (_, at) => rounds - KEPT_ROUNDS + 1 + at).filter((round) =>
    round > 0
  );
  const expected = kept.flatMap((round) => namesOf(round).map((name, at) => ({ name, data: dataOf(round, at) })));
  assertEquals(
    Array.from(graph.nodes(), ({ name, data }) => ({ name, data })),
    expected,
    `nodes after ${rounds} rounds`,
  );
  const edges = Array.from(
    graph.edges(),
    ({ from, to, data }) => [graph.nodeName(from), graph.nodeName(to), data["at"]],
  );
  assertEquals(edges, kept.flatMap((round) => namesOf(round).map((name, at) => [name, `${round}.0`, at])), "edges");
  const keys = [...graph.kv.scan({ prefix: "key " })].map(({ key, value }) => [key, String(value).length]);
  const last = Array.from({ length: 7 }, (_, at) => rounds - at).filter((round) => round > 0);
  assertEquals(keys, last.map((round) => [`key ${round % 7}`, round * 37 % 6_000]).sort(), "keys");
}

/** Names of a round's nodes: now and then many, so that a kill meets a long transaction. */
function namesOf(round: number): string[] {
  if (round < 1) return [];
  return Array.from({ length: round % 9 === 0 ? 200 : 3 }, (_, at) => `${round}.${at}`);
}

function dataOf(round: number, at: number): { readonly round: number; readonly text: string } {
  return { round, text: `${round}.${at} `.repeat(at % 5 === 0 ? 200 : 2) };
}
