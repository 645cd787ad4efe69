/** Checkpoint and flush. */

import type { CheckpointResult, Durability } from "../backend/care.ts";
import { DatabaseLockedError, UnsupportedError } from "../backend/errors.ts";
import { deleteValue, readExpiredKeys } from "./kv_rows.ts";
import type { Session } from "./session.ts";

/** Expired keys that one commit removes. */
const EXPIRE_BATCH = 10_000;

/** Removes expired keys by ordinary commits, then moves the log into the file and cuts it. */
export function checkpoint(session: Session): CheckpointResult {
  session.refuseInTransaction("checkpoint");
  session.connection("checkpoint");
  if (session.readonly) {
    throw new UnsupportedError(`checkpoint: ${session.name} was opened read-only; open it without { readonly: true }`, {
      code: "read-only",
    });
  }
  const expiredKeys = removeExpired(session);
  session.vectorMemory.writeLinks();
  return { complete: runCheckpoint(session, "TRUNCATE"), expiredKeys };
}

function removeExpired(session: Session): number {
  let removed = 0;
  const now = session.now();
  let batch: number;
  do {
    batch = session.writeMany("checkpoint", ({ connection }) => {
      const keys = readExpiredKeys(connection, now, EXPIRE_BATCH);
      for (const key of keys) {
        deleteValue(connection, key);
        session.noteKey(() => "expire", key);
      }
      return keys.length;
    });
    removed += batch;
  } while (batch === EXPIRE_BATCH);
  return removed;
}

/** Makes every commit so far safe against a power cut: with `full` it is already. */
export function flush(session: Session, durability: Durability): void {
  session.refuseInTransaction("flush");
  const connection = session.connection("flush");
  if (session.readonly || session.isTemporary) return;
  session.vectorMemory.writeLinks();
  if (durability === "full") return;
  connection.driver.exec("PRAGMA synchronous = FULL");
  try {
    // A commit syncs the whole log, also where readers keep a checkpoint from moving it.
    connection.statement("BEGIN IMMEDIATE").run();
    connection.statement("UPDATE sqlitegraph_state SET committed_ms = committed_ms").run();
    connection.statement("COMMIT").run();
    if (durability === "normal") return;
    // With `off`, pages that earlier checkpoints moved into the file may not be on the disk: a complete one syncs the file.
    if (!runCheckpoint(session, "FULL")) {
      throw new DatabaseLockedError(
        `flush: a reader keeps a part of the log of ${session.name} in use; release snapshots and call it again`,
        { code: "database-locked" },
      );
    }
  } finally {
    connection.driver.exec(`PRAGMA synchronous = ${durability.toUpperCase()}`);
  }
}

/** Moves the log into the file; false when somebody was in the way. Waits for other processes, but not for this database's own views. */
function runCheckpoint(session: Session, mode: "FULL" | "TRUNCATE"): boolean {
  const connection = session.connection("checkpoint");
  if (session.mayHaveViews) connection.driver.exec("PRAGMA busy_timeout = 0");
  try {
    // Columns: whether somebody was in the way, frames in the log, frames moved.
    return connection.statement(`PRAGMA wal_checkpoint(${mode})`).get()?.[0] === 0;
  } finally {
    connection.driver.exec(`PRAGMA busy_timeout = ${session.busyTimeoutMs}`);
  }
}
