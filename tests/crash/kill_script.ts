/** `kill_script.ts PATH`: writes rounds for ever and prints each after its commit has returned. */

import process from "node:process";
import type { GraphBackend, GraphTransaction } from "../../lib/backend/graph_backend.ts";
import { V3Backend } from "../../lib/v3/mod.ts";
import { GROUP_ROUNDS, type Report, roundsOf, writeRound } from "./kill_rounds.ts";

const db: GraphBackend & Pick<V3Backend, "transactionGroup"> = V3Backend.open(process.argv[2] as string);
console.log("ready");
for (let round = roundsOf(db) + 1;;) {
  for (const report of writeNext(round)) {
    console.log(JSON.stringify(report));
    round = report.round + 1;
  }
  if (round % 11 === 0) db.checkpoint();
}

/** One commit, or now and then a group of them. */
function writeNext(round: number): Report[] {
  if (round % 5 !== 0) return [{ ...db.transaction((tx) => writeRound(tx, round)), lsn: db.lsn }];
  const runs = Array.from({ length: GROUP_ROUNDS }, (_, at) => (tx: GraphTransaction) => writeRound(tx, round + at));
  return db.transactionGroup(runs).map((result) => {
    if ("error" in result) throw result.error;
    return { ...result.value, lsn: result.lsn as number };
  });
}
