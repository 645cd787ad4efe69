/** Backup: a verified copy of the whole file, with a manifest. */

import { createHash } from "node:crypto";
import { closeSync, existsSync, mkdirSync, openSync, readSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { BackupResult, LongCallOptions } from "../backend/care.ts";
import { CorruptionError } from "../backend/errors.ts";
import { fileError, temporaryName, writeLines } from "../backend/line_file.ts";
import { Connection } from "./connection.ts";
import { countEdges } from "./edge_rows.ts";
import { readLsn } from "./commit_counter.ts";
import { countValues } from "./kv_rows.ts";
import { sizeOf } from "./file_size.ts";
import { syncFile, syncFolder } from "./open_file.ts";
import type { Session } from "./session.ts";
import { countAllNodes } from "./stats.ts";

const CHUNK_BYTES = 1024 * 1024;

/** Copies the database into a folder: copy, sync, verify, hash, then rename, so that a file with a backup's name is whole. */
export function backup(session: Session, folder: string, options: LongCallOptions = {}): BackupResult {
  session.refuseInTransaction("backup");
  session.connection("backup");
  const startedAt = performance.now();
  const timeMs = session.now();
  const progress = (phase: string, done: number, total: number): void => {
    options.onProgress?.({ phase, done, total });
    options.signal?.throwIfAborted();
  };
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw fileError("create the folder", folder, error);
  }
  const temporary = temporaryName(join(folder, "backup"));
  try {
    progress("copy", 0, 1);
    session.copyTo(temporary);
    syncFile(temporary);
    progress("verify", 0, 1);
    const content = verify(temporary, timeMs);
    const sizeBytes = sizeOf(temporary) ?? 0;
    const sha256 = hashFile(temporary, sizeBytes, (done) => progress("hash", done, sizeBytes));
    const path = freeName(folder, timeMs, content.lsn);
    renameSync(temporary, path);
    const manifestPath = `${path.slice(0, -".db".length)}.json`;
    const durationMs = Math.round(performance.now() - startedAt);
    const result: BackupResult = { path, manifestPath, sizeBytes, sha256, ...content, timeMs, durationMs };
    writeLines(manifestPath, [JSON.stringify(result, undefined, 2)]);
    syncFolder(path);
    return result;
  } catch (error) {
    throw fileError("back up to", folder, error);
  } finally {
    for (const suffix of ["", "-journal", "-wal", "-shm"]) rmSync(`${temporary}${suffix}`, { force: true });
  }
}

/** Opens the copy, checks every page and counts what is in it. */
function verify(path: string, now: number): Pick<BackupResult, "lsn" | "nodes" | "edges" | "keyValues"> {
  const copy = Connection.open(path, { readonly: true, durability: "full", busyTimeoutMs: 0 });
  try {
    const problem = copy.statement("PRAGMA integrity_check(1)").get()?.[0];
    if (problem !== "ok") {
      throw new CorruptionError(`backup: the copy does not pass its check: ${String(problem)}; check the database`, {
        code: "backup-corrupt",
      });
    }
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

function hashFile(path: string, sizeBytes: number, onProgress: (done: number) => void): string {
  const hash = createHash("sha256");
  const chunk = new Uint8Array(CHUNK_BYTES);
  const file = openSync(path, "r");
  try {
    for (let done = 0; done < sizeBytes;) {
      onProgress(done);
      const length = readSync(file, chunk, 0, CHUNK_BYTES, done);
      if (length === 0) break;
      hash.update(chunk.subarray(0, length));
      done += length;
    }
  } finally {
    closeSync(file);
  }
  return hash.digest("hex");
}

/** `backup-<UTC time>-lsn<commit>.db`, with a number where that exists. */
function freeName(folder: string, timeMs: number, lsn: number): string {
  const time = new Date(timeMs).toISOString().replace(/[-:.]/g, "");
  const stem = join(folder, `backup-${time}-lsn${lsn}`);
  for (let copy = 1;; copy++) {
    const path = copy === 1 ? `${stem}.db` : `${stem}-${copy}.db`;
    if (!existsSync(path)) return path;
  }
}
