/** Which engine a file belongs to, found out without harm to a SQLite database that this process has open. */

import { closeSync, openSync, readSync, realpathSync, statSync } from "node:fs";
import process from "node:process";

/** A storage engine. */
export type EngineName = "v3" | "sqlite";

/** Smaller files are neither; SQLite would take them for new databases. */
const SMALLEST_FILE = 512;

const V3_MAGIC = "SQLTGF";
/** Where the second copy of V3's header begins: the first may be damaged. */
const SECOND_HEADER_AT = 4096;
const SQLITE_MAGIC = "SQLite format 3\0";

interface NodeSqlite {
  readonly DatabaseSync: new (path: string, options: { readonly readOnly: boolean }) => {
    exec(sql: string): void;
    close(): void;
  };
}

/**
 * The engine of an existing file, by its content. Undefined when there is no file, when it is no database, or when it cannot
 * be looked at: the engine that then opens it says why.
 *
 * POSIX drops all locks that a process has on a file when the process closes any descriptor of it, and SQLite's locks are such
 * locks. So SQLite itself is asked first: it knows its own descriptors. But it is not let near a file of V3, which leaves its
 * lock file beside it: SQLite would bring in a log that a former database of the same name has left.
 */
export function engineOfFile(path: string): EngineName | undefined {
  try {
    const file = statSync(path, { throwIfNoEntry: false });
    if (file === undefined || !file.isFile() || file.size < SMALLEST_FILE) return undefined;
    const realPath = realpathSync(path);
    if (!hasV3Companion(realPath) && opensAsSqlite(realPath)) return "sqlite";
    return engineByContent(realPath);
  } catch {
    return undefined;
  }
}

/** Whether a file lies beside it that V3 leaves there. */
function hasV3Companion(path: string): boolean {
  const lock = statSync(`${path}.lock`, { throwIfNoEntry: false });
  return (lock?.isFile() && lock.size === 0) || statSync(`${path}.v3wal`, { throwIfNoEntry: false }) !== undefined;
}

function opensAsSqlite(path: string): boolean {
  const { DatabaseSync } = process.getBuiltinModule("node:sqlite") as unknown as NodeSqlite;
  try {
    const database = new DatabaseSync(path, { readOnly: true });
    try {
      database.exec("PRAGMA busy_timeout = 0; SELECT 1 FROM sqlite_schema LIMIT 1");
      return true;
    } finally {
      database.close();
    }
  } catch {
    return false;
  }
}

/** Descriptors of SQLite files, which must not be closed, by device and inode. */
const keptOpen = new Map<string, number>();

/** Reads the first bytes. The descriptor of a SQLite file stays open: see above. */
function engineByContent(path: string): EngineName | undefined {
  const { dev, ino } = statSync(path);
  const key = `${dev}:${ino}`;
  const descriptor = keptOpen.get(key) ?? openSync(path, "r");
  keptOpen.set(key, descriptor);
  const bytes = new Uint8Array(SECOND_HEADER_AT + V3_MAGIC.length);
  const text = new TextDecoder("latin1").decode(bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, 0)));
  if (text.startsWith(SQLITE_MAGIC)) return "sqlite";
  keptOpen.delete(key);
  closeSync(descriptor);
  return text.startsWith(V3_MAGIC) || text.startsWith(V3_MAGIC, SECOND_HEADER_AT) ? "v3" : undefined;
}
