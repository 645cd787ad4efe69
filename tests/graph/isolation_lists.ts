/** Many transactions at once that append to lists and read others, and what each of them saw. */

import { ConflictError } from "../../lib/backend/errors.ts";
import type { GraphTransaction } from "../../lib/backend/graph_backend.ts";
import type { GraphReader } from "../../lib/backend/graph_reader.ts";
import type { Graph } from "../../lib/graph/graph.ts";
import { defineTask, type Task } from "../../lib/task/task.ts";
import type { Isolation } from "../../lib/graph/transaction_batch.ts";
import { Rng } from "../crash/rng.ts";
import { anomalyOf, type ListOperation, type Ran } from "./isolation_history.ts";

/** Lists that are in use at a time: few, so that transactions meet. */
const ACTIVE_LISTS = 6;
/** Appends before the next list comes into use and the oldest is left alone. */
const APPENDS_PER_LIST = 12;

/** What ran. */
export interface ListRun {
  readonly history: readonly Ran[];
  readonly finalLists: readonly (readonly number[])[];
  readonly conflicts: number;
  /** What cannot have happened. */
  readonly anomaly: string | undefined;
}

/** Lists are members of nodes, 1 and on, and every other one a key. */
function readList(graph: GraphReader, list: number): number[] {
  if (list % 2 === 1) return [...graph.kv.get(`list:${list}`) as number[]];
  return [...(graph.requireNode(list / 2 + 1).data as { values: number[] }).values];
}

function appendToList(tx: GraphTransaction, list: number, value: number): void {
  const values = [...readList(tx, list), value];
  if (list % 2 === 1) tx.kv.set(`list:${list}`, values);
  else tx.patchNode(list / 2 + 1, { values });
}

/** What several lists hold. */
export const readListsTask: Task<{ lists: number[] }, number[][]> = defineTask(
  import.meta.url,
  "readLists",
  (snapshot, { lists }: { lists: number[] }) => lists.map((list) => readList(snapshot, list)),
);

/** Runs so many transactions on an empty graph, some of them at a time. */
export async function runLists(
  graph: Graph,
  { seed, transactions, atOnce, isolation }: {
    readonly seed: number;
    readonly transactions: number;
    readonly atOnce: number;
    readonly isolation: Isolation;
  },
): Promise<ListRun> {
  const rng = new Rng(seed);
  const history: Ran[] = [];
  let now = 0;
  let value = 0;
  let conflicts = 0;
  let begun = 0;
  // Each transaction appends at most this often; runs that meet conflicts count as well, so there is some room.
  const lists = ACTIVE_LISTS + Math.ceil(40 * transactions / APPENDS_PER_LIST / 4);
  await graph.transaction((tx) => {
    for (let list = 0; list < lists; list++) {
      if (list % 2 === 1) tx.kv.set(`list:${list}`, []);
      else tx.insertNode({ kind: "List", name: `${list}`, data: { values: [] } });
    }
  });
  const activeLists = () => {
    const first = Math.min(lists - ACTIVE_LISTS, Math.floor(value / APPENDS_PER_LIST));
    return Array.from({ length: rng.between(1, 4) }, () => first + rng.between(0, ACTIVE_LISTS - 1));
  };

  /** A transaction; each of its runs that failed is one that failed. */
  async function write(): Promise<void> {
    const willFail = rng.chance(0.1);
    let begin = ++now;
    let operations: ListOperation[] | undefined;
    const conclude = (isCommitted: boolean) => {
      if (operations === undefined) return;
      history.push({ begin, end: ++now, isCommitted, operations });
      begin = ++now;
      operations = undefined;
    };
    try {
      await graph.transaction(async (tx) => {
        if (operations !== undefined) conflicts++;
        conclude(false);
        const done: ListOperation[] = operations = [];
        for (const list of activeLists()) {
          if (rng.chance(0.5)) done.push({ read: readList(tx, list), list });
          if (rng.chance(0.5)) {
            // Noted first: it may have been appended when the call throws.
            done.push({ append: ++value, list });
            appendToList(tx, list, value);
          }
          if (rng.chance(0.3)) await new Promise((resolve) => setTimeout(resolve, rng.between(0, 3)));
          else if (rng.chance(0.5)) await Promise.resolve();
        }
        if (willFail) throw new Failure();
      }, { isolation, retries: rng.between(0, 20) });
      conclude(true);
    } catch (error) {
      if (!(error instanceof Failure || error instanceof ConflictError)) throw error;
      conclude(false);
    }
  }

  /** A snapshot, on this thread or another. */
  async function read(): Promise<void> {
    const chosen = activeLists();
    const begin = ++now;
    let read: number[][];
    if (rng.chance(0.5)) {
      using snapshot = graph.snapshot();
      read = chosen.map((list) => readList(snapshot, list));
    } else read = await graph.run(readListsTask, { lists: chosen });
    const operations = read.map((values, at) => ({ read: values, list: chosen[at] as number }));
    history.push({ begin, end: ++now, isCommitted: true, operations });
  }

  await Promise.all(Array.from({ length: atOnce }, async () => {
    while (begun++ < transactions) await (rng.chance(0.2) ? read() : write());
  }));
  using snapshot = graph.snapshot();
  const finalLists = Array.from({ length: lists }, (_, list) => readList(snapshot, list));
  return { history, finalLists, conflicts, anomaly: anomalyOf(history, finalLists, isolation) };
}

class Failure extends Error {}
