/** What the file system says of a path before SQLite sees it, and the atomic creation of a new database file. */

import { linkSync, lstatSync, renameSync, rmSync } from "node:fs";
import { CorruptionError, NotFoundError } from "../backend/errors.ts";
import { fileError, temporaryName } from "../backend/line_file.ts";
import { syncFile, syncFolder, withFile } from "../backend/sync_file.ts";
import { sizeOf } from "./file_size.ts";
import { Connection, type ConnectionOptions } from "./connection.ts";

/** Smallest page, and so file, of SQLite; it takes a smaller file for a new database. */
const SMALLEST_PAGE = 512;

/** How a path is opened. */
export interface OpenFileOptions extends ConnectionOptions {
  /** Whether to create the file when it is missing. */
  readonly create: boolean;
}

/**
 * Makes sure that a database file is at the path: an existing one that can be ours, or a new one.
 *
 * @throws {NotFoundError} when it is missing and must not be created
 * @throws {InvalidArgumentError} for a directory
 * @throws {CorruptionError} for an empty file
 */
export function ensureFile(path: string, options: OpenFileOptions): void {
  // Only asked for its size: closing a file that this process has open as a database would drop the database's locks.
  const size = sizeOf(path);
  if (size === undefined) {
    if (options.readonly || !options.create) {
      throw new NotFoundError(
        `open: there is no file ${path}; check the path, or open it with { create: true } for writing`,
        {
          code: "file-not-found",
          field: "path",
          value: path,
        },
      );
    }
    if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) {
      throw new NotFoundError(`open: ${path} is a link to a file that does not exist; remove it or create the file`, {
        code: "file-not-found",
        field: "path",
        value: path,
      });
    }
    createFile(path, options);
  } else if (size === 0) {
    throw new CorruptionError(
      `${path} is empty, so its content was lost (a new database is never empty); restore a backup or delete it`,
      { code: "empty-file", value: path },
    );
  } else if (size < SMALLEST_PAGE) {
    throw new CorruptionError(`${path} is no database: it has only ${size} bytes; check the path`, {
      code: "not-a-database",
      value: path,
    });
  }
}

/** Builds the database under another name and links it to its own: other processes see all of it or nothing. */
function createFile(path: string, options: OpenFileOptions): void {
  const temporary = temporaryName(path);
  withFile(temporary, "wx", () => undefined);
  try {
    const connection = Connection.open(temporary, { ...options, durability: "full" });
    connection.statement("PRAGMA wal_checkpoint(TRUNCATE)").get();
    connection.close();
    syncFile(temporary);
    try {
      linkSync(temporary, path);
    } catch (error) {
      const { code } = error as { code?: string };
      // Another process was first: its file is as good. File systems without links can only rename.
      if (code !== "EEXIST") {
        if (code !== "EPERM" && code !== "ENOTSUP" && code !== "ENOSYS") throw fileError("create", path, error);
        if (lstatSync(path, { throwIfNoEntry: false }) === undefined) renameSync(temporary, path);
      }
    }
    syncFolder(path);
  } finally {
    for (const suffix of ["", "-wal", "-shm"]) rmSync(`${temporary}${suffix}`, { force: true });
  }
}
