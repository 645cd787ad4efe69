/** What a backup asks of SQLite: the copy and its check. */

import { type BackupContent, type BackupSource, failedCheck } from "../backend/backup.ts";
import { readLsn } from "./commit_counter.ts";
import { Connection } from "./connection.ts";
import { countEdges } from "./edge_rows.ts";
import { countValues } from "./kv_rows.ts";
import type { Session } from "./session.ts";
import { countAllNodes } from "./stats.ts";

/** The database of a session as the source of a backup. */
export class SqliteBackupSource implements BackupSource {
  readonly sidecarEndings: readonly string[] = ["-journal", "-wal", "-shm"];
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  copyTo(path: string): void {
    this.#session.copyTo(path);
  }

  verify(path: string, now: number): BackupContent {
    const copy = Connection.open(path, { readonly: true, durability: "full", busyTimeoutMs: 0 });
    try {
      const problem = copy.statement("PRAGMA integrity_check(1)").get()?.[0];
      if (problem !== "ok") throw failedCheck(String(problem));
      return {
        lsn: readLsn(copy),
        nodes: countAllNodes(copy),
        edges: countEdges(copy, undefined),
        keyValues: countValues(copy, now),
      };
    } finally {
      copy.close();
    }
  }
}
