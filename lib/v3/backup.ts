/** What a backup asks of this engine: a copy of the file as its header shows it, and the check of that copy. */

import { type BackupContent, type BackupSource, failedCheck } from "../backend/backup.ts";
import { fileError } from "../backend/line_file.ts";
import { checkDatabase } from "./check.ts";
import { compact } from "./compact.ts";
import { Database } from "./database.ts";
import type { Engine } from "./engine.ts";
import { encodeHeader, HEADER_SLOT_SIZE } from "./header.ts";
import { pageOffset, V3_HEADER_SIZE } from "./page.ts";
import { realFileSystem } from "./real_file_system.ts";

const CHUNK_BYTES = 1024 * 1024;

/** The source of a backup of a database whose newest state is in its file. */
export function backupSource(database: Database): BackupSource {
  return {
    copyTo: (path) => copyTo(database.engine("backup"), path),
    verify: (path, now) => verifyCopy(database, path, now),
    sidecarEndings: [],
  };
}

function verifyCopy(database: Database, path: string, now: number): BackupContent {
  // The memory that threads share is the original's alone.
  const own = { ...database.request, shared: undefined };
  const request = { ...own, path, fileSystem: realFileSystem, readonly: true, immutable: true };
  const copy = Database.open(request);
  try {
    const engine = copy.engine("backup");
    const { ok, findings } = checkDatabase(engine);
    if (!ok) throw failedCheck(findings[0]?.message ?? "unknown");
    const { lsn, nodeCount: nodes, edgeCount: edges } = engine.state;
    return { lsn, nodes, edges, keyValues: copy.session.store("backup").countValues(now) };
  } finally {
    copy.close();
  }
}

function copyTo(engine: Engine, path: string): void {
  // A reader that replayed a log has a state that the file does not show.
  if (engine.state.lsn === engine.header.lsn) copyFile(engine, path);
  else compact(engine, path);
}

/** Copies the header that counts and every page that it may reach. */
function copyFile(engine: Engine, path: string): void {
  try {
    const copy = realFileSystem.open(path, "create");
    try {
      const slot = encodeHeader(engine.header);
      copy.write(slot, 0);
      copy.write(slot, HEADER_SLOT_SIZE);
      const end = pageOffset(engine.header.pageCount + 1);
      const chunk = new Uint8Array(CHUNK_BYTES);
      for (let at = V3_HEADER_SIZE; at < end;) {
        const length = engine.file.read(chunk.subarray(0, Math.min(CHUNK_BYTES, end - at)), at);
        if (length === 0) break;
        copy.write(chunk.subarray(0, length), at);
        at += length;
      }
    } finally {
      copy.close();
    }
  } catch (error) {
    throw fileError("copy to", path, error);
  }
}
