/**
 * Entry of threads whose engine dies: `?at=before&batches=30` ends it when it is about to commit the 30th transaction, `within`
 * between two transactions of one group, `after` when they are committed and nobody was told, `error` by an error that
 * nobody expects.
 */

import process from "node:process";
import { BatchCommitter } from "../../lib/graph/batch_committer.ts";
import { ConflictIndex } from "../../lib/graph/conflict_index.ts";
import "./isolation_tasks.ts";

const { searchParams } = new URL(import.meta.url);
const at = searchParams.get("at");
let left = Number(searchParams.get("batches"));

const { commit } = BatchCommitter.prototype;
BatchCommitter.prototype.commit = function (batches) {
  left -= batches.length;
  if (left <= 0 && at === "before") process.exit(1);
  if (left <= 0 && at === "error") throw new RangeError("unexpected");
  const results = commit.call(this, batches);
  if (left <= 0 && at === "after") process.exit(1);
  return results;
};

// Asked once by each transaction, in the middle of the group.
const { conflict } = ConflictIndex.prototype;
let asked = 0;
ConflictIndex.prototype.conflict = function (keys, snapshotLsn) {
  if (left <= 0 && at === "within" && ++asked === 3) process.exit(1);
  return conflict.call(this, keys, snapshotLsn);
};

await import("../../workers/worker.ts");
