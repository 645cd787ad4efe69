/** Durable transactions through the engine's thread, against the backend in process. */

import type { GraphReader, GraphTransaction } from "../lib/backend/mod.ts";
import type { Graph } from "../lib/graph/graph.ts";
import { openGraph } from "../lib/graph/open_graph.ts";
import { V3Backend } from "../lib/v3/mod.ts";
import { type Harness, median } from "./harness.ts";
import { temporaryPath } from "./v3_files.ts";
import { insertRandomGraph } from "./v3_random_graph.ts";
import { randomNumbers } from "./v3_random.ts";
import { sized, type SuiteOptions } from "./v3_suite_options.ts";

const CLIENTS = 256;
/** Transactions of one side before the other side's turn: what one client does that has many to do. */
const BLOCK = 250;
/** The engine's thread sleeps after such a pause. */
const PAUSE_MS = 2;
const ROUNDS = 7;
const US_PER_MS = 1000;
const MS_PER_S = 1000;

/** What 256 clients are to reach: one or the other. */
const ENOUGH_PER_SECOND = 20_000;
const ENOUGH_TIMES_SINGLE = 25;

/** A node and an edge to it from one of the nodes that were there before. */
export function insertFriend(tx: GraphTransaction, from: number): void {
  const id = tx.insertNode({ kind: "Person", name: "Ada Lovelace" });
  tx.insertEdge({ from, to: id, type: "KNOWS" });
}

/** One transaction after the other, and many at once. */
export async function measureGraphCommits(bench: Harness, options: SuiteOptions): Promise<void> {
  using file = temporaryPath();
  using reference = temporaryPath();
  const before = { nodes: 1000, edges: 0 };
  for (const { path } of [file, reference]) {
    using empty = V3Backend.open(path);
    insertRandomGraph(empty, before);
  }
  await using graph = await openGraph(file.path);
  using db = V3Backend.open(reference.path);
  const next = randomNumbers(1);
  const anybody = (): number => 1 + next(before.nodes);
  const inProcess = (): void => db.transaction((tx) => insertFriend(tx, anybody()));
  const throughThread = (): Promise<void> => graph.transaction((tx) => insertFriend(tx, anybody()));

  const singles = sized(options, 1000, 250);
  const paused = sized(options, 100, 10);
  const perClient = sized(options, 100, 10);
  const single: number[] = [];
  const references: number[] = [];
  const rates: number[] = [];
  const inProcessUs: number[] = [];
  const throughThreadUs: number[] = [];
  const afterPauseUs: number[] = [];
  for (let round = -1; round < ROUNDS; round++) {
    inProcessUs.length = 0;
    throughThreadUs.length = 0;
    for (let count = 0; count < singles; count += BLOCK) {
      for (let at = 0; at < BLOCK; at++) {
        const start = performance.now();
        inProcess();
        inProcessUs.push((performance.now() - start) * US_PER_MS);
      }
      for (let at = 0; at < BLOCK; at++) {
        const start = performance.now();
        await throughThread();
        throughThreadUs.push((performance.now() - start) * US_PER_MS);
      }
    }
    for (let count = 0; count < paused; count++) {
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      const start = performance.now();
      await throughThread();
      afterPauseUs.push((performance.now() - start) * US_PER_MS);
    }
    const rate = await rateOf(throughThread, perClient);
    if (round < 0) continue;
    references.push(median(inProcessUs));
    single.push(median(throughThreadUs));
    rates.push(rate);
  }
  requireCounts(graph, db, { singles, others: paused + CLIENTS * perClient });
  bench.value({
    name: "durable transaction of a graph, one after the other / V3Backend in process",
    unit: "us",
    value: median(single),
    reference: median(references),
    atMost: 1.5,
  });
  bench.value({ name: "the same after a pause of 2 ms each", unit: "us", value: median(afterPauseUs) });
  const singleRate = 1e6 / median(single);
  const rate = median(rates);
  bench.value({ name: "transactions one after the other", unit: "1/s", value: singleRate });
  bench.value({ name: `transactions of ${CLIENTS} clients at once`, unit: "1/s", value: rate });
  bench.value({ name: "the same / one after the other", unit: "times", value: rate / singleRate });
  bench.value({
    name: `better of: they / ${ENOUGH_PER_SECOND} a second, they / ${ENOUGH_TIMES_SINGLE} times one after the other`,
    unit: "times",
    value: Math.max(rate / ENOUGH_PER_SECOND, rate / (ENOUGH_TIMES_SINGLE * singleRate)),
    atLeast: 1,
  });
}

/** Transactions a second when each of many clients makes some, one after the other. */
async function rateOf(transaction: () => Promise<void>, perClient: number): Promise<number> {
  const client = async (): Promise<void> => {
    for (let count = 0; count < perClient; count++) await transaction();
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return CLIENTS * perClient / (performance.now() - start) * MS_PER_S;
}

/** Throws unless every transaction has arrived. */
function requireCounts(
  graph: Graph,
  db: GraphReader,
  { singles, others }: { readonly singles: number; readonly others: number },
): void {
  using snapshot = graph.snapshot();
  const found = [db.countEdges(), snapshot.countEdges()].join(" and ");
  const inProcess = (ROUNDS + 1) * singles;
  const expected = `${inProcess} and ${inProcess + (ROUNDS + 1) * others}`;
  if (found !== expected) throw new Error(`there are ${found} edges instead of ${expected}`);
}
