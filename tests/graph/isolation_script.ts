/** A process that writes into the bank from many sides at once until somebody kills it: `<path> <accounts> <seed>`. */

import process from "node:process";
import { openGraph } from "../../lib/graph/open_graph.ts";
import { Rng } from "../crash/rng.ts";
import { transfer } from "../v3/shared_bank.ts";
import { loadRows, removeLoad } from "./isolation_bank.ts";
import { auditTask } from "./isolation_tasks.ts";

const [path, accounts, seed] = process.argv.slice(2) as [string, string, string];
const WRITERS = 12;
const account = Number(accounts);
const rng = new Rng(Number(seed));
const graph = await openGraph(path, { threads: 1 });
const loads: number[] = [];

/** Transfers that number what they commit; a pause lets another commit come between. */
async function write(writer: string, rng: Rng): Promise<never> {
  const before = graph.kv.get(writer) as number | undefined ?? 0;
  for (let number = before + 1;; number++) {
    const from = rng.between(1, account - 1);
    const load = rng.chance(0.05) ? loads.shift() : undefined;
    await graph.transaction(async (tx) => {
      tx.kv.set(writer, number);
      transfer(tx, from, from + 1, 1);
      if (load !== undefined) removeLoad(tx, load);
      if (rng.chance(0.1)) await new Promise((resolve) => setTimeout(resolve, 1));
    }, { retries: 1_000 });
    console.log(`${writer} ${number}`);
  }
}

/** Loads as one transaction each, and in batches. */
async function ingest(): Promise<never> {
  const first = (graph.kv.get("loads") as number | undefined ?? 0) + 1;
  // Of the one that was under way some batches may be there.
  await graph.transaction((tx) => removeLoad(tx, first), { retries: 1_000 });
  for (let load = first;; load++) {
    const isBatched = load % 2 === 0;
    const batch = rng.between(10, 60);
    await graph.ingest(loadRows(load, 4, batch, account), isBatched ? { batchRows: batch } : {});
    await graph.kv.set("loads", load);
    console.log(`loads ${load}`);
    loads.push(load);
  }
}

async function read(): Promise<never> {
  for (;;) {
    const { fault } = await graph.run(auditTask, { accounts: account });
    if (fault !== undefined) console.log(`fault ${fault}`);
  }
}

console.log("ready");
await Promise.all([
  ...Array.from({ length: WRITERS }, (_, at) => write(`w${at}`, rng.fork())),
  ingest(),
  read(),
]);
