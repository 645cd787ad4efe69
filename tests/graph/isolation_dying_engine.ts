/**
 * Entry of threads whose engine dies: `?at=after&batches=30` ends it when the 30th transaction is committed and nobody was
 * told, `within` before that, between two transactions of one group, `error` by an error that nobody expects.
 */

import process from "node:process";
import { workerData } from "node:worker_threads";
import { BatchCommitter } from "../../lib/graph/batch_committer.ts";
import { ConflictIndex } from "../../lib/graph/conflict_index.ts";
import "./isolation_tasks.ts";

// Bun leaves the query out of a module's own URL. Threads that read have no entry here, and do not die.
const { searchParams } = new URL((workerData as { entry?: string }).entry ?? import.meta.url);
const at = searchParams.get("at");
let left = Number(searchParams.get("batches"));

const { commit } = BatchCommitter.prototype;
BatchCommitter.prototype.commit = function (batches) {
  left -= batches.length;
  if (left <= 0 && at === "error") throw new RangeError("unexpected");
  const results = commit.call(this, batches);
  if (left <= 0 && at === "after") process.exit(1);
  return results;
};

// Asked by each transaction in the middle of its group: of what was committed, and of those before it in the group.
const { conflict } = ConflictIndex.prototype;
let asked = 0;
ConflictIndex.prototype.conflict = function (keys, snapshotLsn) {
  if (left <= 0 && at === "within" && ++asked === 3) process.exit(1);
  return conflict.call(this, keys, snapshotLsn);
};

await import("../../workers/worker.ts");
