/** The commit counter (LSN) in `sqlitegraph_state`. */

import type { Connection } from "./connection.ts";

/** Number of the last commit. */
export function readLsn(connection: Connection): number {
  return Number(connection.statement("SELECT lsn FROM sqlitegraph_state").get()?.[0] ?? 0);
}

/** Number and time (in milliseconds since 1970) of the last commit. */
export function readCommit(connection: Connection): { readonly lsn: number; readonly timeMs: number } {
  const row = connection.statement("SELECT lsn, committed_ms FROM sqlitegraph_state").get();
  return { lsn: Number(row?.[0] ?? 0), timeMs: Number(row?.[1] ?? 0) };
}

/** A number of this connection that changes when another one commits. */
export function readDataVersion(connection: Connection): number {
  return Number(connection.statement("PRAGMA data_version").get()?.[0]);
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
