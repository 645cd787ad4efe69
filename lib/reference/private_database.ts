/** A SQLite file read without touching it: nothing is written into it, and no file appears beside it. */

import { closeSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import process from "node:process";
import { CorruptionError, IoError, UnsupportedError } from "../backend/errors.ts";
import { fileError } from "../backend/line_file.ts";
import { translateSqliteError } from "../sqlite/sqlite_error.ts";
import { isHotJournal, rollBack } from "./rollback_journal.ts";

/** A value of a result row; integers are bigint. */
export type PrivateValue = null | bigint | number | string | Uint8Array;

/** A result row, by position. */
export type PrivateRow = readonly PrivateValue[];

/** A larger file is not copied into memory, but opened where it is, which needs a file that was closed cleanly. */
const MAX_COPIED_BYTES = 256 * 1024 * 1024;
/** A larger file with a journal is not read. */
const MAX_ROLLED_BACK_BYTES = 2 ** 30;
/** Where the header has the versions that need a write-ahead log (2) or do not (1). */
const WRITE_VERSION_AT = 18;
const READ_VERSION_AT = 19;
const ROLLBACK_VERSION = 1;

interface NodeStatement {
  all(...parameters: unknown[]): PrivateRow[];
  iterate(...parameters: unknown[]): IterableIterator<PrivateRow>;
  setReadBigInts(on: boolean): void;
  setReturnArrays(on: boolean): void;
}

interface NodeDatabase {
  exec(sql: string): void;
  prepare(sql: string): NodeStatement;
  deserialize(bytes: Uint8Array): void;
  close(): void;
}

interface NodeSqlite {
  readonly DatabaseSync: new (path: string, options?: Record<string, unknown>) => NodeDatabase;
}

/** An open copy. Both runtimes have `node:sqlite`, which alone can iterate and read bytes. */
export class PrivateDatabase implements Disposable {
  readonly #path: string;
  readonly #database: NodeDatabase;

  /**
   * Opens a file, with the transaction undone that a journal beside it tells of.
   *
   * @param path the SQLite file
   * @param maxCopiedBytes a larger file that was closed cleanly is read where it is
   * @throws {CorruptionError} when it is no database or its tables cannot be read
   * @throws {UnsupportedError} when it is larger than 1 GiB and was not closed cleanly
   * @throws {IoError} when it cannot be read
   */
  constructor(path: string, maxCopiedBytes: number = MAX_COPIED_BYTES) {
    this.#path = path;
    this.#database = openPrivately(path, maxCopiedBytes);
    try {
      this.#database.exec(
        "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY; PRAGMA query_only = ON",
      );
      const [row] = this.all("PRAGMA encoding");
      if (row?.[0] !== "UTF-8") {
        throw new CorruptionError(`${path} has texts in ${String(row?.[0])} instead of UTF-8`, {
          code: "reference-properties",
          value: path,
        });
      }
    } catch (error) {
      this.#database.close();
      throw readingError(error, path);
    }
  }

  /** All rows of a query. */
  all(sql: string, ...parameters: PrivateValue[]): PrivateRow[] {
    try {
      return this.#prepare(sql).all(...parameters);
    } catch (error) {
      throw readingError(error, this.#path);
    }
  }

  /** The rows of a query one by one. */
  *iterate(sql: string, ...parameters: PrivateValue[]): Generator<PrivateRow, undefined, undefined> {
    try {
      yield* this.#prepare(sql).iterate(...parameters);
    } catch (error) {
      throw readingError(error, this.#path);
    }
  }

  /** A query to be run again and again: its rows for parameters. */
  query(sql: string): (...parameters: PrivateValue[]) => PrivateRow[] {
    let statement: NodeStatement | undefined;
    return (...parameters) => {
      try {
        statement ??= this.#prepare(sql);
        return statement.all(...parameters);
      } catch (error) {
        throw readingError(error, this.#path);
      }
    };
  }

  #prepare(sql: string): NodeStatement {
    const statement = this.#database.prepare(sql);
    statement.setReturnArrays(true);
    statement.setReadBigInts(true);
    return statement;
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}

function openPrivately(path: string, maxCopiedBytes: number): NodeDatabase {
  const { DatabaseSync } = process.getBuiltinModule("node:sqlite") as unknown as NodeSqlite;
  try {
    const { size } = statSync(path);
    const journal = readJournal(path);
    const isClean = journal === undefined && isRollbackFile(path) && !exists(`${path}-wal`);
    // Such a file SQLite reads without writing anything anywhere.
    if (size > maxCopiedBytes && isClean) return new DatabaseSync(path, { readOnly: true });
    if (size > MAX_ROLLED_BACK_BYTES) {
      throw new UnsupportedError(
        `${path} has ${size} bytes and was not closed cleanly; open a copy of it with the sqlite3 program once, and import the copy`,
        { code: "sidecar-too-large", value: path },
      );
    }
    return openBytes(DatabaseSync, journal === undefined ? readFileSync(path) : rollBack(readFileSync(path), journal));
  } catch (error) {
    throw readingError(fileError("read", path, error), path);
  }
}

/** What SQLite refuses although every statement here is right is a damaged schema. */
function readingError(error: unknown, path: string): unknown {
  const translated = translateSqliteError(error, path);
  if (!(translated instanceof IoError) || translated.code !== "sqlite-error") return translated;
  return new CorruptionError(`the tables of ${path} cannot be read: ${(error as Error).message}`, {
    code: "reference-properties",
    value: path,
    cause: error,
  });
}

function openBytes(DatabaseSync: NodeSqlite["DatabaseSync"], bytes: Uint8Array): NodeDatabase {
  // A database in memory has no write-ahead log: what one would hold of this file is not read.
  if (bytes.length > READ_VERSION_AT) bytes[WRITE_VERSION_AT] = bytes[READ_VERSION_AT] = ROLLBACK_VERSION;
  const database = new DatabaseSync(":memory:");
  try {
    if (bytes.length > 0) database.deserialize(bytes);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function readJournal(path: string): Uint8Array | undefined {
  const journal = `${path}-journal`;
  const size = statSync(journal, { throwIfNoEntry: false })?.size ?? 0;
  if (size === 0) return undefined;
  if (size > MAX_ROLLED_BACK_BYTES) {
    throw new UnsupportedError(`${journal} has ${size} bytes; at most ${MAX_ROLLED_BACK_BYTES} are read`, {
      code: "sidecar-too-large",
      value: journal,
    });
  }
  const bytes = readFileSync(journal);
  return isHotJournal(bytes) ? bytes : undefined;
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function isRollbackFile(path: string): boolean {
  const file = openSync(path, "r");
  try {
    const bytes = new Uint8Array(READ_VERSION_AT + 1);
    readSync(file, bytes, 0, bytes.length, 0);
    return bytes[WRITE_VERSION_AT] === ROLLBACK_VERSION && bytes[READ_VERSION_AT] === ROLLBACK_VERSION;
  } finally {
    closeSync(file);
  }
}
