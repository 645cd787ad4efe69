/** Turns what a driver throws into this package's errors. */

import { isRefusal } from "../backend/line_file.ts";
import { CorruptionError, DatabaseLockedError, GraphError, IoError, UnsupportedError } from "../backend/errors.ts";

const BUSY = 5;
const LOCKED = 6;
const READONLY = 8;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const TOOBIG = 18;
const NOTADB = 26;

/** The error to throw for a failure of SQLite on the file at `path`. The driver's own error becomes the cause. */
export function translateSqliteError(error: unknown, path: string): unknown {
  if (error instanceof GraphError || !(error instanceof Error)) return error;
  const { errcode, errno } = error as { errcode?: unknown; errno?: unknown };
  const text = error.message;
  const extended = typeof errcode === "number" ? errcode : typeof errno === "number" ? errno : codeOf(error);
  if (extended === undefined) {
    // node:sqlite reports an unsafe integer and a refused permission without a result code.
    if (/unable to open database file/.test(text) || isRefusal(error)) return cannotOpen(error, path);
    if (/too large to be represented/.test(text)) {
      return new UnsupportedError(`${path} holds an integer beyond 2^53 where an id or a count is expected: ${text}`, {
        code: "integer-too-large",
        cause: error,
      });
    }
    return error;
  }
  switch (extended & 0xff) {
    case BUSY:
    case LOCKED:
      return new DatabaseLockedError(
        `another connection holds the lock on ${path}; try again, or raise busyTimeoutMs`,
        { code: "database-locked", cause: error },
      );
    case READONLY:
      return new UnsupportedError(`${path} cannot be written: ${text}; check the permissions of file and folder`, {
        code: "read-only",
        cause: error,
      });
    case CORRUPT:
      return new CorruptionError(`${path} is damaged: ${text}; restore a backup`, { code: "corrupt", cause: error });
    case NOTADB:
      return new CorruptionError(`${path} is no database: ${text}; check the path`, {
        code: "not-a-database",
        cause: error,
      });
    case FULL:
      return new IoError(`no space is left for ${path}; free some and try again, nothing was changed`, {
        code: "disk-full",
        cause: error,
      });
    case CANTOPEN:
      return cannotOpen(error, path);
    case TOOBIG:
      return new UnsupportedError(`a value is larger than SQLite can store in ${path}: ${text}`, {
        code: "value-too-large",
        cause: error,
      });
    case IOERR:
      return new IoError(`reading or writing ${path} failed: ${text}`, { code: "io-error", cause: error });
    default:
      return new IoError(`SQLite refused a statement on ${path}: ${text}`, { code: "sqlite-error", cause: error });
  }
}

/** SQLite's own texts of the codes that are told apart. */
const TEXTS: ReadonlyMap<string, number> = new Map([
  ["database is locked", BUSY],
  ["database table is locked", LOCKED],
  ["attempt to write a readonly database", READONLY],
  ["disk I/O error", IOERR],
  ["database disk image is malformed", CORRUPT],
  ["database or disk is full", FULL],
  ["unable to open database file", CANTOPEN],
  ["string or blob too big", TOOBIG],
  ["file is not a database", NOTADB],
]);

/** Result code by the text: Deno's `exec` gives none. Undefined for what SQLite did not throw. */
function codeOf(error: Error): number | undefined {
  const known = TEXTS.get(error.message);
  if (known !== undefined) return known;
  return (error as { code?: unknown }).code === "ERR_SQLITE_ERROR" ? 1 : undefined;
}

function cannotOpen(error: Error, path: string): IoError {
  return new IoError(`${path} cannot be opened: ${error.message}; check that file and folder can be read and written`, {
    code: "cannot-open",
    cause: error,
  });
}
