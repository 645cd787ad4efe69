/** `GraphBackend` on our own file format. */

import { writeBackup } from "../backend/backup.ts";
import type {
  BackupResult,
  CheckpointResult,
  CheckResult,
  CommitInfo,
  DatabaseStats,
  Difference,
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
import { ConflictError, InvalidArgumentError } from "../backend/errors.ts";
import { exportSnapshot } from "../backend/export_snapshot.ts";
import type { GraphBackend, GraphTransaction, Snapshot } from "../backend/graph_backend.ts";
import type { GroupResult } from "../backend/served_engine.ts";
import type { ImportRecord } from "../backend/import_record.ts";
import { importRecords } from "../backend/import_records.ts";
import { importSnapshot } from "../backend/import_snapshot.ts";
import type { AnySchema, Schema } from "../backend/schema.ts";
import { checkObject, checkTerm, checkText, show } from "../backend/validate.ts";
import { backupSource } from "./backup.ts";
import { checkDatabase } from "./check.ts";
import { compact, type CompactOptions, type CompactResult } from "./compact.ts";
import { Database } from "./database.ts";
import { MAX_GROUP } from "./engine.ts";
import { commitInfos, difference, findCommit } from "./kept_states.ts";
import { openMemory } from "./memory_database.ts";
import type { OpenReport } from "./open_database.ts";
import { checkOptions, type V3Options } from "./options.ts";
import type { PinnedView, Session } from "./session.ts";
import { readStats } from "./stats.ts";
import { V3ExportSource, V3ImportTarget } from "./transfer.ts";
import type { V3WriteStore } from "./write_store.ts";

/** An open database of this engine: what every backend has, and what only this one has. */
export interface V3Database<S extends Schema = AnySchema> extends GraphBackend<S> {
  /** What opening found out: replayed commits, damaged copies. */
  readonly openReport: OpenReport;
  /**
   * Runs functions as one transaction each and makes all of them durable together: one write and one sync of the log. One that
   * throws is rolled back alone. At most 65,536.
   *
   * @returns one result per function, in order
   */
  transactionGroup<R>(runs: readonly ((tx: GraphTransaction<S>) => R)[]): GroupResult<R>[];
  /**
   * Of a database that was opened read-only: goes to the newest state that its writer, in another process, has put into the
   * file by a checkpoint. Snapshots stay where they are.
   *
   * @returns whether there was a newer state
   */
  refresh(): boolean;
  /**
   * Writes a new, defragmented file with the newest state (with `history` also tags and kept commits). LSN, ids and times stay.
   *
   * @throws {ConflictError} when the file exists
   */
  compact(toPath: string, options?: CompactOptions): CompactResult;
}

/** A graph database in a file of its own format, with history. One process writes, any number of others may read. */
export class V3Backend extends CheckedWriter {
  /** Storage engine. */
  readonly backend = "v3";
  readonly #database: Database;
  readonly #session: Session;

  private constructor(database: Database) {
    super(database.session);
    this.#database = database;
    this.#session = database.session;
  }

  /**
   * Opens a database file, creating it when it is missing; `:memory:` is a private database in memory.
   *
   * @throws {NotFoundError} when the file is missing and must not be created
   * @throws {InvalidArgumentError} for a folder, or bad options
   * @throws {CorruptionError} for a file that is no (whole) database
   * @throws {UnsupportedError} for a file of another format version
   * @throws {DatabaseLockedError} when another opener writes it
   * @throws {IoError} when the file or its folder cannot be read or written
   */
  static open<S extends Schema = AnySchema>(path: string, options: V3Options = {}): V3Database<S> {
    const request = checkOptions(path, options);
    const database = path === ":memory:" ? openMemory(request) : Database.open(request);
    return V3Backend.over<S>(database);
  }

  /** The interface of a database that is open. */
  static over<S extends Schema = AnySchema>(database: Database): V3Database<S> {
    // The class answers for any schema; a schema's types cost nothing at run time, so they are put on here.
    return new V3Backend(database) as unknown as V3Database<S>;
  }

  /**
   * Makes a new database file and opens it.
   *
   * @throws {ConflictError} when there is a file already
   */
  static create<S extends Schema = AnySchema>(path: string, options: V3Options = {}): V3Database<S> {
    const { fileSystem } = checkOptions(path, options);
    if (path !== ":memory:" && fileSystem.stat(path) !== undefined) {
      throw new ConflictError(`create: there is a file ${path} already; open it, or give another path`, {
        code: "file-exists",
        field: "path",
        value: path,
      });
    }
    return V3Backend.open<S>(path, { ...options, create: true });
  }

  /** Opens an existing database file to read: beside a writer, what its last checkpoint left. */
  static openReadOnly<S extends Schema = AnySchema>(
    path: string,
    options: Omit<V3Options, "readonly" | "create"> = {},
  ): V3Database<S> {
    return V3Backend.open<S>(path, { ...options, readonly: true });
  }

  get path(): string {
    return this.#session.path;
  }

  get readonly(): boolean {
    return this.#session.readonly;
  }

  get closed(): boolean {
    return this.#session.isClosed;
  }

  /** What opening found out: replayed commits, damaged copies. */
  get openReport(): OpenReport {
    return this.#database.report;
  }

  /** Runs functions as one transaction each and makes them durable together. One that throws is rolled back alone. */
  transactionGroup<R>(runs: readonly ((tx: GraphTransaction) => R)[]): GroupResult<R>[] {
    if (!Array.isArray(runs) || runs.some((run) => typeof run !== "function")) {
      throw invalid("transactionGroup", "runs", runs, "an array of functions");
    }
    if (runs.length > MAX_GROUP) {
      throw invalid("transactionGroup", "runs", runs.length, `at most ${MAX_GROUP} functions`);
    }
    return this.#session.transactionGroup(
      runs.map((run) => (access) => run(new CheckedWriter(access) as unknown as GraphTransaction)),
    );
  }

  snapshot(at?: SnapshotAt): Snapshot {
    const session = this.#session;
    session.engine("snapshot");
    session.refuseInTransaction("snapshot");
    const commit = at === undefined ? undefined : findCommit(this.#database, at, "snapshot");
    const view = session.view("snapshot", commit) as PinnedView;
    // Who names a state wants it as it was, also while it is the newest one.
    const isPast = at !== undefined && !("lsn" in at && at.lsn === 0);
    const snapshot = new CheckedSnapshot(view, isPast ? view.state.timeMs : session.now());
    session.releaseWithHolder(snapshot, view);
    return snapshot as unknown as Snapshot;
  }

  tag(name: string): TagInfo {
    const maintenance = this.#database.maintenance("tag");
    this.#session.refuseInTransaction("tag");
    return maintenance.tag(checkTerm(name, "tag", "name"));
  }

  tags(): TagInfo[] {
    this.#session.engine("tags");
    const names = new TextEncoder();
    return [...this.#database.tags].map(([name, lsn]) => ({ name, lsn })).sort((one, other) =>
      compareBytes(names.encode(one.name), names.encode(other.name))
    );
  }

  untag(name: string): boolean {
    const maintenance = this.#database.maintenance("untag");
    this.#session.refuseInTransaction("untag");
    return maintenance.untag(checkText(name, "untag", "name"));
  }

  commits(): IterableIterator<CommitInfo> {
    return commitInfos(this.#database);
  }

  diff(fromLsn: number, toLsn: number): IterableIterator<Difference> {
    return difference(this.#database, fromLsn, toLsn);
  }

  changes(options?: ChangesOptions): AsyncIterableIterator<Change> {
    this.#session.engine("changes");
    return this.#session.hub.changes(options);
  }

  subscribe(filter: ChangeFilter, listener: (change: Change) => void): Subscription {
    this.#session.engine("subscribe");
    if (typeof listener !== "function") throw invalid("subscribe", "listener", listener, "a function");
    return this.#session.hub.subscribe(filter, listener);
  }

  flush(): void {
    const session = this.#session;
    session.engine("flush");
    session.refuseInTransaction("flush");
    if (!session.readonly) this.#database.maintenance("flush").run(false);
  }

  checkpoint(): CheckpointResult {
    this.#session.engine("checkpoint");
    this.#session.refuseInTransaction("checkpoint");
    return this.#database.maintenance("checkpoint").checkpoint();
  }

  /** Goes to the newest state that a writer in another process has put into the file; true when there was a newer one. */
  refresh(): boolean {
    this.#session.refuseInTransaction("refresh");
    return this.#database.refresh();
  }

  backup(folder: string, options?: LongCallOptions): BackupResult {
    const session = this.#session;
    const engine = session.engine("backup");
    session.refuseInTransaction("backup");
    checkText(folder, "backup", "folder");
    if (!session.readonly) this.#database.maintenance("backup").run(engine.options.isVolatile);
    return writeBackup(backupSource(this.#database), folder, session.now(), options);
  }

  /**
   * Writes a new, defragmented file with the newest state (with `history` also tags and kept commits). LSN, ids and times stay.
   *
   * @throws {ConflictError} when the file exists
   */
  compact(toPath: string, options: CompactOptions = {}): CompactResult {
    const engine = this.#session.engine("compact");
    this.#session.refuseInTransaction("compact");
    return compact(engine, checkText(toPath, "compact", "toPath"), checkObject(options, "compact", "options"));
  }

  exportSnapshot(path: string, options?: LongCallOptions): TransferResult {
    const session = this.#session;
    const store = session.store("exportSnapshot");
    const { writer } = session.engine("exportSnapshot");
    writer.flush();
    const source = new V3ExportSource(store, writer.nextNodeId, writer.nextEdgeId);
    return exportSnapshot(session, checkText(path, "exportSnapshot", "path"), source, options);
  }

  importSnapshot(path: string, options?: ImportOptions): TransferResult {
    const session = this.#session;
    const begin = () => this.#importTarget("importSnapshot");
    return importSnapshot(session, checkText(path, "importSnapshot", "path"), session.path, begin, options);
  }

  importRecords(records: Iterable<ImportRecord>, options?: ImportRecordsOptions): ImportCounts {
    const session = this.#session;
    return importRecords(session, records, session.path, () => this.#importTarget("importRecords"), options);
  }

  #importTarget(call: string): V3ImportTarget {
    const session = this.#session;
    const store = session.store(call) as V3WriteStore;
    return new V3ImportTarget(session.engine(call), store, session, session.isObserved, session.now());
  }

  stats(): DatabaseStats {
    const session = this.#session;
    return readStats(session.engine("stats"), session.store("stats"), session.path, session.now());
  }

  check(options?: LongCallOptions): CheckResult {
    const engine = this.#session.engine("check");
    engine.writer.flush();
    return checkDatabase(engine, options);
  }

  close(): void {
    this.#database.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function compareBytes(one: Uint8Array, other: Uint8Array): number {
  for (let at = 0; at < one.length && at < other.length; at++) {
    if (one[at] !== other[at]) return (one[at] as number) - (other[at] as number);
  }
  return one.length - other.length;
}

function invalid(call: string, field: string, value: unknown, expected: string): InvalidArgumentError {
  return new InvalidArgumentError(`${call}: ${field} is ${show(value)}; give ${expected}`, {
    code: "invalid-argument",
    field,
    value,
  });
}
