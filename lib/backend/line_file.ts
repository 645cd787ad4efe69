/** Writing files whole or not at all, reading their first bytes, and errors of the file system. Synchronous. */

import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, openSync, readSync, renameSync, rmSync, writeSync } from "node:fs";
import { GraphError, IoError } from "./errors.ts";

const CHUNK_BYTES = 256 * 1024;

/** How Deno's errors end for which it has no code, such as that of a file which is larger than its process may make one. */
const OS_ERROR = /\(os error \d+\)$/;

/** Codes of the system for a disk, or a user's share of it, that is full. */
const NO_ROOM: readonly unknown[] = ["ENOSPC", "EDQUOT"];

/** An error of the file system as this package's; anything else as it is. */
export function fileError(what: string, path: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof GraphError) return error;
  if (typeof (error as { code?: unknown }).code !== "string" && !isRefusal(error) && !OS_ERROR.test(error.message)) {
    return error;
  }
  const remedy = NO_ROOM.includes((error as { code?: unknown }).code)
    ? "free some space and try again"
    : "check that file and folder can be read and written";
  return new IoError(`cannot ${what} ${path}: ${error.message}; ${remedy}`, {
    code: "io-error",
    value: path,
    cause: error,
  });
}

/** A name beside `path` that nobody else uses. */
export function temporaryName(path: string): string {
  return `${path}.new-${randomBytes(6).toString("hex")}`;
}

/**
 * First bytes of a file, at most `length`. Not for a file that this process may have open as a SQLite database: closing it
 * would drop the database's locks.
 *
 * @throws {IoError} when the file cannot be read
 */
export function readStart(path: string, length: number): Uint8Array {
  try {
    const file = openSync(path, "r");
    try {
      const bytes = new Uint8Array(length);
      return bytes.subarray(0, readSync(file, bytes, 0, length, 0));
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw fileError("read", path, error);
  }
}

/** Whether Deno refused an access that its permissions do not cover. */
export function isRefusal(error: Error): boolean {
  return error.name === "NotCapable" || error.name === "PermissionDenied";
}

/**
 * Writes lines to a file: under another name, synced, then renamed, so that the file is whole or not there.
 *
 * @returns its size in bytes
 * @throws {IoError} when the file cannot be written
 */
export function writeLines(path: string, lines: Iterable<string>): number {
  const temporary = temporaryName(path);
  let size = 0;
  let file: number;
  try {
    file = openSync(temporary, "wx");
  } catch (error) {
    throw fileError("write", path, error);
  }
  try {
    try {
      let pending = "";
      const flush = (): void => {
        const bytes = new TextEncoder().encode(pending);
        for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
        size += bytes.length;
        pending = "";
      };
      for (const line of lines) {
        pending += `${line}\n`;
        if (pending.length >= CHUNK_BYTES) flush();
      }
      flush();
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
    return size;
  } catch (error) {
    throw fileError("write", path, error);
  } finally {
    rmSync(temporary, { force: true });
  }
}
