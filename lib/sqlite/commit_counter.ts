/** The commit counter (LSN) in `sqlitegraph_state`. */

import type { Connection } from "./connection.ts";

/** Number of the last commit. */
export function readLsn(connection: Connection): number {
  return Number(connection.statement("SELECT lsn FROM sqlitegraph_state").get()?.[0] ?? 0);
}

/** Raises the counters of the file, in the transaction that they count, and returns the commit's number. */
export function raiseLsn(connection: Connection, timeMs: number): number {
  connection.statement(
    "UPDATE sqlitegraph_state SET lsn = lsn + 1, committed_ms = max(committed_ms, ?) WHERE id = 1",
  ).run(timeMs);
  if (connection.schema.hasCommitCounter) {
    connection.statement("UPDATE graph_meta SET authoritative_version = authoritative_version + 1 WHERE id = 1").run();
  }
  return readLsn(connection);
}
