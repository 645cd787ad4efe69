/** One SQLite connection with its pragmas set and its prepared statements kept. */

import type { Durability } from "../backend/care.ts";
import { CorruptionError, UnsupportedError } from "../backend/errors.ts";
import { sizeOf } from "./file_size.ts";
import { openDriver, type SqlDriver, type SqlStatement } from "./driver.ts";
import { type FileSchema, prepareFile, prepareReadonly, refuseForeignFile } from "./schema.ts";

/** How to open a connection. */
export interface ConnectionOptions {
  /** Refuse writes. */
  readonly readonly: boolean;
  /** When commits are safe. */
  readonly durability: Durability;
  /** How long to wait for another connection's lock. */
  readonly busyTimeoutMs: number;
  /** Which adapter; default the runtime's own. */
  readonly driver?: "bun" | "node" | undefined;
}

const SYNCHRONOUS: Record<Durability, string> = { full: "FULL", normal: "NORMAL", off: "OFF" };

/** Page cache per connection, in KiB. Not mapped memory: an I/O error there kills the process. */
const CACHE_KIB = 64 * 1024;
/** The log is cut to this size after a checkpoint. */
const LOG_LIMIT_BYTES = 64 * 1024 * 1024;

/** A connection: its driver, schema and statements by their SQL. */
export class Connection {
  /** The runtime's SQLite. */
  readonly driver: SqlDriver;
  /** What the file's tables look like. */
  readonly schema: FileSchema;
  readonly #statements = new Map<string, SqlStatement>();
  readonly #bigintStatements = new Map<string, SqlStatement>();
  readonly #sets: object[] = [];

  private constructor(driver: SqlDriver, schema: FileSchema) {
    this.driver = driver;
    this.schema = schema;
  }

  /** Opens an existing file (or memory), migrates it when it may be written, and sets every pragma. */
  static open(path: string, options: ConnectionOptions): Connection {
    const driver = openDriver(path, options);
    try {
      driver.exec(`PRAGMA busy_timeout = ${options.busyTimeoutMs}`);
      refuseForeignFile(driver, path);
      refuseCutFile(driver, path);
      if (!options.readonly) useLog(driver, path);
      driver.exec(`
        PRAGMA synchronous = ${SYNCHRONOUS[options.durability]};
        PRAGMA foreign_keys = ON;
        PRAGMA cache_size = -${CACHE_KIB};
        PRAGMA temp_store = MEMORY;
        PRAGMA mmap_size = 0;
        PRAGMA journal_size_limit = ${LOG_LIMIT_BYTES};
        PRAGMA wal_autocheckpoint = 1000;
        PRAGMA trusted_schema = OFF;
        PRAGMA recursive_triggers = OFF;`);
      return new Connection(driver, options.readonly ? prepareReadonly(driver, path) : prepareFile(driver, path));
    } catch (error) {
      driver.close();
      throw error;
    }
  }

  /** An independent copy of a database in memory. */
  copyOfMemory(): Connection {
    return new Connection(this.driver.copyOfMemory(), this.schema);
  }

  /** The prepared statement of this SQL; prepared at its first use. */
  statement(sql: string): SqlStatement {
    return this.#cached(this.#statements, sql, false);
  }

  /** The same with integers as bigint, for integers of any size. */
  bigintStatement(sql: string): SqlStatement {
    return this.#cached(this.#bigintStatements, sql, true);
  }

  #cached(statements: Map<string, SqlStatement>, sql: string, bigints: boolean): SqlStatement {
    let statement = statements.get(sql);
    if (statement === undefined) {
      statement = this.driver.prepare(sql, { bigints });
      statements.set(sql, statement);
    }
    return statement;
  }

  /** A set of statements that is prepared once: quicker to reach than by SQL. There are few: a list is searched. */
  prepared<T extends object>(statements: new (connection: Connection) => T): T {
    for (const set of this.#sets) if (set instanceof statements) return set;
    const set = new statements(this);
    this.#sets.push(set);
    return set;
  }

  /** Closes the connection. */
  close(): void {
    this.#statements.clear();
    this.#bigintStatements.clear();
    this.#sets.length = 0;
    this.driver.close();
  }
}

/** SQLite reads a last page that is not whole as if zeros followed. With a log that holds the rest, it is no damage. */
function refuseCutFile(driver: SqlDriver, path: string): void {
  if (path === ":memory:") return;
  const pageBytes = Number(driver.prepare("PRAGMA page_size").get()?.[0]);
  const excess = (sizeOf(path) ?? 0) % pageBytes;
  if (excess === 0 || (sizeOf(`${path}-wal`) ?? 0) > 0) return;
  throw new CorruptionError(`${path} was cut: its last page has ${excess} of ${pageBytes} bytes; restore a backup`, {
    code: "file-cut",
    value: path,
  });
}

function useLog(driver: SqlDriver, path: string): void {
  const mode = driver.prepare("PRAGMA journal_mode = WAL").get()?.[0];
  if (mode === "wal" || mode === "memory") return;
  throw new UnsupportedError(
    `${path} cannot use a write-ahead log (journal mode ${
      String(mode)
    }): its file system has no shared memory; move the file`,
    { code: "no-write-ahead-log", value: mode },
  );
}
