/** Checkpoint and flush. */

import type { CheckpointResult, Durability } from "../backend/care.ts";
import { UnsupportedError } from "../backend/errors.ts";
import { deleteValue, readExpiredKeys } from "./kv_rows.ts";
import type { Session } from "./session.ts";

/** Expired keys that one commit removes. */
const EXPIRE_BATCH = 10_000;

/** Removes expired keys by ordinary commits, then moves the log into the file and cuts it. */
export function checkpoint(session: Session): CheckpointResult {
  session.refuseInTransaction("checkpoint");
  const connection = session.connection("checkpoint");
  if (session.readonly) {
    throw new UnsupportedError(`checkpoint: ${session.path} was opened read-only; open it without { readonly: true }`, {
      code: "read-only",
    });
  }
  const expiredKeys = removeExpired(session);
  // Columns: whether somebody was in the way, frames in the log, frames moved.
  const row = connection.statement("PRAGMA wal_checkpoint(TRUNCATE)").get();
  return { complete: row?.[0] === 0, expiredKeys };
}

function removeExpired(session: Session): number {
  let removed = 0;
  const now = session.now();
  for (let batch = EXPIRE_BATCH; batch === EXPIRE_BATCH;) {
    batch = session.writeMany("checkpoint", (connection) => {
      const keys = readExpiredKeys(connection, now, EXPIRE_BATCH);
      for (const key of keys) {
        deleteValue(connection, key);
        session.noteKey(() => "expire", key);
      }
      return keys.length;
    });
    removed += batch;
  }
  return removed;
}

/** Makes every commit so far safe against a power cut: with `full` it is already. */
export function flush(session: Session, durability: Durability): void {
  session.refuseInTransaction("flush");
  const connection = session.connection("flush");
  if (session.readonly || durability === "full") return;
  // A checkpoint syncs the log before it copies pages, and the file after.
  connection.driver.exec("PRAGMA synchronous = FULL");
  try {
    connection.statement("PRAGMA wal_checkpoint(FULL)").get();
  } finally {
    connection.driver.exec(`PRAGMA synchronous = ${durability.toUpperCase()}`);
  }
}
