/**
 * One writer a database, across processes and runtimes. Beside the database's file:
 *
 *   a.graph.lock      the lock file (see `file_lock.ts`): empty, opened by nobody but the lock
 *   a.graph.lock.pid  process id of the owner as text, for the message that the next one gets; says nothing about who is alive
 */

import { Buffer } from "node:buffer";
import process from "node:process";
import { DatabaseLockedError } from "../backend/errors.ts";
import type { FileLock, FileSystem } from "./file_system.ts";

/** Two who try at the same moment can both be refused, and `isWriterAlive` holds the lock for a moment: so try some times. */
const TRIES = 8;
const LONGEST_PAUSE_MS = 3;

const PID_BYTES = 16;

/** The right to write a database. */
export interface WriterLock {
  /** Gives the right up. May be called again. */
  release(): void;
}

/**
 * Becomes the writer of a database, whose file need not exist yet. Does not wait for another writer.
 *
 * @throws {DatabaseLockedError} when somebody else is its writer, also in this process
 */
export function acquireWriterLock(fileSystem: FileSystem, databasePath: string): WriterLock {
  const path = fileSystem.realPath(databasePath);
  const lock = tryLock(fileSystem, lockPath(path));
  if (lock === undefined) throw lockedError(fileSystem, path);
  try {
    writePid(fileSystem, pidPath(path));
  } catch (error) {
    lock.release();
    throw error;
  }
  let isHeld = true;
  return {
    release: () => {
      if (!isHeld) return;
      isHeld = false;
      try {
        fileSystem.remove(pidPath(path));
      } finally {
        // The lock file stays: somebody may have opened it and be about to lock it. With the file removed, he would hold a lock
        // that nobody else sees, and the next one would make another file and lock that.
        lock.release();
      }
    },
  };
}

/**
 * Whether a database has a writer in this moment, in any process. It does not when a crash left its log behind. To be called
 * by those who only read: it takes the lock for a moment, which a writer that opens in this moment waits for.
 */
export function isWriterAlive(fileSystem: FileSystem, databasePath: string): boolean {
  const path = lockPath(fileSystem.realPath(databasePath));
  if (fileSystem.stat(path) === undefined) return false;
  const lock = tryLock(fileSystem, path);
  lock?.release();
  return lock === undefined;
}

function lockPath(path: string): string {
  return `${path}.lock`;
}

function pidPath(path: string): string {
  return `${path}.lock.pid`;
}

function tryLock(fileSystem: FileSystem, path: string): FileLock | undefined {
  for (let tries = 1;; tries++) {
    const lock = fileSystem.lock(path);
    if (lock !== undefined || tries === TRIES) return lock;
    // Of random length, so that two do not go on in step.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Math.random() * LONGEST_PAUSE_MS);
  }
}

function writePid(fileSystem: FileSystem, path: string): void {
  fileSystem.remove(path);
  const file = fileSystem.open(path, "create");
  try {
    file.write(Buffer.from(`${process.pid}\n`), 0);
  } finally {
    file.close();
  }
}

/** Process id of the owner, if it can be read. */
function readPid(fileSystem: FileSystem, path: string): number | undefined {
  try {
    const file = fileSystem.open(path, "read");
    try {
      const bytes = Buffer.alloc(PID_BYTES);
      const text = bytes.toString("latin1", 0, file.read(bytes, 0));
      return /^[1-9]\d*\n$/.test(text) ? Number(text) : undefined;
    } finally {
      file.close();
    }
  } catch {
    return undefined;
  }
}

function lockedError(fileSystem: FileSystem, path: string): DatabaseLockedError {
  const pid = readPid(fileSystem, pidPath(path));
  const owner = pid === undefined
    ? "another process or handle"
    : pid === process.pid
    ? `another handle of this process (${pid})`
    : `process ${pid}`;
  return new DatabaseLockedError(
    `${path} cannot be opened for writing: ${owner} writes it; close it there, or open it with { readonly: true } here`,
    { code: "database-locked", field: "path", value: path },
  );
}
