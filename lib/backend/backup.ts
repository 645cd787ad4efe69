/** Backup: a verified copy of the whole file, with a manifest. */

import { createHash } from "node:crypto";
import { closeSync, existsSync, mkdirSync, openSync, readSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { BackupResult, LongCallOptions } from "./care.ts";
import { CorruptionError } from "./errors.ts";
import { fileError, temporaryName, writeLines } from "./line_file.ts";
import { syncFile, syncFolder } from "./sync_file.ts";

/** What a backup asks of an engine. */
export interface BackupSource {
  /** Writes the last commit to a new file. */
  copyTo(path: string): void;
  /**
   * Opens the copy, checks every page and counts what is in it (keys: those that have not expired at `now`).
   *
   * @throws {CorruptionError} `failedCheck`, when the copy does not pass
   */
  verify(path: string, now: number): BackupContent;
  /** Endings of the files that may lie beside the copy meanwhile; they are removed. */
  readonly sidecarEndings: readonly string[];
}

/** What a copy holds. */
export type BackupContent = Pick<BackupResult, "lsn" | "nodes" | "edges" | "keyValues">;

/** The copy of a backup does not pass its check. */
export function failedCheck(problem: string): CorruptionError {
  return new CorruptionError(`backup: the copy does not pass its check: ${problem}; check the database`, {
    code: "backup-corrupt",
  });
}

const CHUNK_BYTES = 1024 * 1024;

/** Copies the database into a folder: copy, sync, verify, hash, then rename, so that a file with a backup's name is whole. */
export function writeBackup(
  source: BackupSource,
  folder: string,
  timeMs: number,
  options: LongCallOptions = {},
): BackupResult {
  const startedAt = performance.now();
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
    source.copyTo(temporary);
    syncFile(temporary);
    progress("verify", 0, 1);
    const content = source.verify(temporary, timeMs);
    const sizeBytes = statSync(temporary).size;
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
    for (const ending of ["", ...source.sidecarEndings]) rmSync(`${temporary}${ending}`, { force: true });
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
