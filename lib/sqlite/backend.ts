/** `GraphBackend` on the runtime's built-in SQLite. */

import { writeBackup } from "../backend/backup.ts";
import type {
  BackupResult,
  CheckpointResult,
  CheckResult,
  CommitInfo,
  DatabaseStats,
  Difference,
  Durability,
  ImportCounts,
  ImportOptions,
  ImportRecordsOptions,
  LongCallOptions,
  SnapshotAt,
  TagInfo,
  TransferResult,
} from "../backend/care.ts";
import type { Change, ChangeFilter, ChangesOptions, Subscription } from "../backend/change.ts";
import { CheckedSnapshot } from "../backend/checked_snapshot.ts";
import { CheckedWriter } from "../backend/checked_writer.ts";
import { InvalidArgumentError, UnsupportedError } from "../backend/errors.ts";
import { exportSnapshot } from "../backend/export_snapshot.ts";
import type { GraphBackend, Snapshot } from "../backend/graph_backend.ts";
import type { ImportRecord } from "../backend/import_record.ts";
import { importRecords } from "../backend/import_records.ts";
import { importSnapshot } from "../backend/import_snapshot.ts";
import { DEFAULT_BUSY_TIMEOUT_MS } from "../backend/limits.ts";
import type { AnySchema, Schema } from "../backend/schema.ts";
import { checkCount, checkText, show } from "../backend/validate.ts";
import { SqliteBackupSource } from "./backup.ts";
import { checkDatabase } from "./check.ts";
import { checkpoint, flush } from "./checkpoint.ts";
import { ensureFile } from "./open_file.ts";
import { type Serving, Session } from "./session.ts";
import { readStats } from "./stats.ts";
import { SqliteExportSource, SqliteImportTarget } from "./transfer.ts";

/** How to open a SQLite database. */
export interface SqliteOptions {
  /** Refuse writes; the file must exist. Default false. */
  readonly readonly?: boolean | undefined;
  /** Create the file when it is missing. Default true. */
  readonly create?: boolean | undefined;
  /** When a commit is safe: after a power cut (`full`, the default), after a process crash (`normal`), neither (`off`). */
  readonly durability?: Durability | undefined;
  /** How long to wait for another connection's lock, in milliseconds. Default 5,000. */
  readonly busyTimeoutMs?: number | undefined;
  /** Which of the runtime's drivers; default its own (`bun:sqlite` on Bun, else `node:sqlite`). */
  readonly driver?: "bun" | "node" | undefined;
  /** Clock for expiries and commit times, in milliseconds since 1970. Default `Date.now`. */
  readonly clock?: (() => number) | undefined;
}

const DURABILITIES: readonly unknown[] = ["full", "normal", "off"];

/** A graph database in a SQLite file that the Rust system sqlitegraph (3.2.5 and newer) opens as well. */
export class SqliteBackend extends CheckedWriter {
  /** Storage engine. */
  readonly backend = "sqlite";
  readonly #session: Session;
  readonly #durability: Durability;

  private constructor(session: Session, durability: Durability) {
    super(session);
    this.#session = session;
    this.#durability = durability;
  }

  /**
   * Opens a database file, creating it when it is missing; `:memory:` is a private database in memory.
   *
   * @throws {NotFoundError} when the file is missing and must not be created
   * @throws {InvalidArgumentError} for a directory, another program's database, or bad options
   * @throws {CorruptionError} for a file that is no (whole) database
   * @throws {UnsupportedError} for a file of a newer schema version
   * @throws {DatabaseLockedError} when another process holds the lock for longer than `busyTimeoutMs`
   * @throws {IoError} when the file or its folder cannot be read or written
   */
  static open<S extends Schema = AnySchema>(path: string, options: SqliteOptions = {}): GraphBackend<S> {
    // The class answers for any schema; a schema's types cost nothing at run time, so they are put on here.
    return SqliteBackend.over(openSession(path, options), options) as unknown as GraphBackend<S>;
  }

  /** The database of a session, which its maker also uses. @internal */
  static over(session: Session, options: SqliteOptions): SqliteBackend {
    return new SqliteBackend(session, options.durability ?? "full");
  }

  get path(): string {
    return this.#session.name;
  }

  get readonly(): boolean {
    return this.#session.readonly;
  }

  get closed(): boolean {
    return this.#session.isClosed;
  }

  snapshot(at?: SnapshotAt): Snapshot {
    this.#session.connection("snapshot");
    if (at !== undefined) throw this.#withoutHistory("snapshot", `of ${show(Object.keys(at)[0])}`);
    this.#session.refuseInTransaction("snapshot");
    const view = this.#session.view("snapshot");
    const snapshot = new CheckedSnapshot(view, this.#session.now());
    this.#session.releaseWithHolder(snapshot, view);
    return snapshot as unknown as Snapshot;
  }

  tag(_name: string): TagInfo {
    throw this.#withoutHistory("tag");
  }

  tags(): TagInfo[] {
    throw this.#withoutHistory("tags");
  }

  untag(_name: string): boolean {
    throw this.#withoutHistory("untag");
  }

  commits(): IterableIterator<CommitInfo> {
    throw this.#withoutHistory("commits");
  }

  diff(_fromLsn: number, _toLsn: number): IterableIterator<Difference> {
    throw this.#withoutHistory("diff");
  }

  #withoutHistory(call: string, what = ""): UnsupportedError {
    this.#session.connection(call);
    return new UnsupportedError(
      `${call}${what && ` ${what}`}: a SQLite database keeps no past states; use the V3 engine`,
      {
        code: "no-history",
      },
    );
  }

  changes(options?: ChangesOptions): AsyncIterableIterator<Change> {
    this.#session.connection("changes");
    return this.#session.hub.changes(options);
  }

  subscribe(filter: ChangeFilter, listener: (change: Change) => void): Subscription {
    this.#session.connection("subscribe");
    if (typeof listener !== "function") throw invalidOption("listener", listener, "a function", "subscribe");
    return this.#session.hub.subscribe(filter, listener);
  }

  flush(): void {
    flush(this.#session, this.#durability);
  }

  checkpoint(): CheckpointResult {
    return checkpoint(this.#session);
  }

  backup(folder: string, options?: LongCallOptions): BackupResult {
    const session = this.#session;
    checkText(folder, "backup", "folder");
    session.refuseInTransaction("backup");
    session.store("backup");
    return writeBackup(new SqliteBackupSource(session), folder, session.now(), options);
  }

  exportSnapshot(path: string, options?: LongCallOptions): TransferResult {
    const session = this.#session;
    checkText(path, "exportSnapshot", "path");
    return exportSnapshot(session, path, new SqliteExportSource(session.store("exportSnapshot")), options);
  }

  importSnapshot(path: string, options?: ImportOptions): TransferResult {
    const session = this.#session;
    checkText(path, "importSnapshot", "path");
    return importSnapshot(
      session,
      path,
      session.name,
      () => new SqliteImportTarget(session, "importSnapshot"),
      options,
    );
  }

  importRecords(records: Iterable<ImportRecord>, options?: ImportRecordsOptions): ImportCounts {
    const session = this.#session;
    return importRecords(
      session,
      records,
      session.name,
      () => new SqliteImportTarget(session, "importRecords"),
      options,
    );
  }

  stats(): DatabaseStats {
    return readStats(this.#session, this.#durability);
  }

  check(options?: LongCallOptions): CheckResult {
    return checkDatabase(this.#session, options);
  }

  close(): void {
    this.#session.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Opens the connection that writes (or reads), after checking the options. `serving`: for other threads as well. */
export function openSession(path: string, options: SqliteOptions, serving?: Serving): Session {
  checkText(path, "open", "path");
  const { durability = "full", readonly = false, create = true, driver, clock = Date.now } = options;
  if (driver !== undefined && driver !== "bun" && driver !== "node") {
    throw invalidOption("driver", driver, '"bun" or "node", or leave it out');
  }
  if (path === "") throw invalidOption("path", path, "a path or :memory:");
  if (!DURABILITIES.includes(durability)) throw invalidOption("durability", durability, '"full", "normal" or "off"');
  const busyTimeoutMs = Math.min(
    checkCount(options.busyTimeoutMs, DEFAULT_BUSY_TIMEOUT_MS, "open", "busyTimeoutMs"),
    2 ** 31 - 1,
  );
  const isMemory = path === ":memory:";
  if (isMemory && readonly) throw invalidOption("readonly", readonly, "false for :memory:, which begins empty");
  const connectionOptions = { readonly, create, durability, busyTimeoutMs, driver };
  if (!isMemory) ensureFile(path, connectionOptions);
  return new Session(path, connectionOptions, clock, serving);
}

function invalidOption(field: string, value: unknown, expected: string, call = "open"): InvalidArgumentError {
  return new InvalidArgumentError(`${call}: ${field} is ${show(value)}; give ${expected}`, {
    code: "invalid-argument",
    field,
    value,
  });
}
