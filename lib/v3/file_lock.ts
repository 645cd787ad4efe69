/**
 * A lock between processes that the kernel frees when its holder dies, without native code of our own: a connection of the
 * runtime's SQLite that began an exclusive transaction on a file that holds nothing.
 *
 * **Nothing else may ever open that file**, not even to read it: POSIX drops all locks that a process has on a file when it
 * closes any descriptor of it. (SQLite itself knows this and keeps descriptors open; asking for the file's size, renaming and
 * removing it open nothing.)
 */

import process from "node:process";
import { UnsupportedError } from "../backend/errors.ts";
import type { FileLock } from "./file_system.ts";

const BUSY = 5;

interface Database {
  exec(sql: string): void;
  close(): void;
}

interface NodeSqlite {
  readonly DatabaseSync: new (path: string, options: { readonly timeout: number }) => Database;
}

/**
 * Path → connection of each lock that this thread holds. A connection that nothing refers to would be closed by the garbage
 * collector, and the lock with it. It also refuses a second lock when somebody has removed the locked file.
 */
const held = new Map<string, Database>();

/**
 * Takes the lock, without waiting. The file is made when it is missing, and stays empty. Locks exclude each other between
 * processes, runtimes, threads and handles. The end of a thread frees its locks as well, on Deno a moment after `terminate()`.
 *
 * @param path without links: the same file must always have the same path
 * @returns undefined when somebody else has it, or is trying to get it in this moment
 * @throws the error of SQLite when the file cannot be opened for writing
 */
export function lockFile(path: string): FileLock | undefined {
  if (held.has(path)) return undefined;
  const sqlite = process.getBuiltinModule("node:sqlite") as unknown as NodeSqlite | undefined;
  if (sqlite === undefined) {
    throw new UnsupportedError("this runtime has no node:sqlite; use Bun 1.4, Deno 2.9 or Node 22 and newer", {
      code: "driver-missing",
    });
  }
  const database = new sqlite.DatabaseSync(path, { timeout: 0 });
  try {
    // Nothing is written beside the file, and nothing into it before a commit, which never comes. The change is there because
    // SQLite begins a transaction without any lock on a file that it may only read, and says so at the first change only.
    database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE; PRAGMA user_version = 1");
  } catch (error) {
    database.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
  held.set(path, database);
  let isHeld = true;
  return {
    release: () => {
      if (!isHeld) return;
      isHeld = false;
      held.delete(path);
      database.close();
    },
  };
}

/** Deno reports no result code, only the text that belongs to it. */
function isBusy(error: unknown): boolean {
  const { errcode, message } = error as { readonly errcode?: unknown; readonly message?: unknown };
  return typeof errcode === "number" ? (errcode & 0xff) === BUSY : message === "database is locked";
}
