/** An open database as a whole: engine, session, lock or registration, checkpoints; closing and refreshing. */

import type { FileLock } from "./file_system.ts";
import type { Engine } from "./engine.ts";
import { KeyValueCopy } from "./kv_copy.ts";
import { Maintenance } from "./maintenance.ts";
import { openDatabase, type OpenedDatabase, type OpenReport, type OpenRequest } from "./open_database.ts";
import { Session } from "./session.ts";
import { VectorsInMemory } from "./vector_memory.ts";

/** A database that is open. */
export class Database {
  readonly session: Session;
  readonly request: OpenRequest;
  readonly name: string;
  #opened: OpenedDatabase;
  #report: OpenReport;
  #maintenance: Maintenance | undefined;
  /** States that snapshots of before a refresh still read. */
  #retired: OpenedDatabase[] = [];

  constructor(request: OpenRequest, opened: OpenedDatabase, name: string) {
    this.request = request;
    this.name = name;
    this.#opened = opened;
    this.#report = opened.report;
    this.session = new Session(opened.engine, name, request.readonly, request.clock);
  }

  /** Opens a database file. */
  static open(request: OpenRequest): Database {
    const opened = openDatabase(request);
    const database = new Database(request, opened, request.path);
    try {
      database.#begin();
    } catch (error) {
      closeFiles(opened);
      throw error;
    }
    return database;
  }

  #begin(): void {
    const { engine, tags, wasUnclean, lock } = this.#opened;
    const vectors = keepVectors(engine);
    if (this.request.readonly) return;
    engine.vectorSink = vectors;
    engine.applyRetention();
    const copy = new KeyValueCopy(engine, wasUnclean);
    this.#maintenance = new Maintenance(engine, this.session, tags, copy);
    if (lock === undefined) return;
    this.#report = { ...this.#report, damagedCopy: copy.open() };
    // A recovered log is never written again: its content goes into the file, and the next commit begins another log.
    if (wasUnclean) this.#maintenance.run(true);
    else {
      engine.dropLog();
      // Writing the header writes both copies of it.
      if (this.#report.wasHeaderDamaged) engine.keepIds();
    }
  }

  /** Takes over a database that has no file (in memory). */
  static volatile(request: OpenRequest, opened: OpenedDatabase, name: string): Database {
    const database = new Database(request, opened, name);
    database.#begin();
    return database;
  }

  /** What opening found out. */
  get report(): OpenReport {
    return this.#report;
  }

  /** The engine; throws `ClosedError` once the database is closed. */
  engine(call: string): Engine {
    return this.session.engine(call);
  }

  /** Checkpoints; throws on a database that was opened read-only. */
  maintenance(call: string): Maintenance {
    this.session.engine(call);
    this.session.refuseReadonly(call);
    return this.#maintenance as Maintenance;
  }

  /** Names of kept commits. */
  get tags(): ReadonlyMap<string, number> {
    return this.#maintenance?.tags ?? this.#opened.tags;
  }

  /** Goes to the newest state that the file shows. Snapshots stay where they are. Returns whether there was a newer one. */
  refresh(): boolean {
    const engine = this.session.engine("refresh");
    if (!this.request.readonly) return false;
    const opened = openDatabase(this.request);
    const { lsn } = opened.engine.state;
    const isSame = lsn === engine.state.lsn && opened.engine.header.counter === engine.header.counter;
    // While the next writer brings in what a dead one logged, the file is behind what was read from that log.
    if (isSame || lsn < engine.state.lsn) {
      closeFiles(opened);
      return false;
    }
    this.#retired.push(this.#opened);
    this.#opened = opened;
    keepVectors(opened.engine);
    this.session.replaceEngine(opened.engine);
    this.#closeRetired();
    return true;
  }

  #closeRetired(): void {
    this.#retired = this.#retired.filter((opened) => {
      if (this.session.isViewed(opened.engine)) return true;
      closeFiles(opened);
      return false;
    });
  }

  /** Finishes what is under way and closes everything. May be called again. */
  close(): void {
    if (this.session.isClosed) return;
    this.session.refuseInTransaction("close");
    const failures: unknown[] = [];
    this.#attemptWrite(failures, (maintenance) => maintenance.writeVectorLinks());
    this.session.close();
    this.#attemptWrite(failures, (maintenance) => maintenance.run(false));
    for (const opened of [this.#opened, ...this.#retired.splice(0)]) closeFiles(opened);
    if (failures.length > 0) throw failures[0];
  }

  /** Does something before the files are closed; an error keeps nothing from being closed. */
  #attemptWrite(failures: unknown[], write: (maintenance: Maintenance) => void): void {
    const { engine } = this.#opened;
    if (this.request.readonly || engine.isPoisoned || engine.options.isVolatile || this.#maintenance === undefined) {
      return;
    }
    try {
      write(this.#maintenance);
    } catch (error) {
      failures.push(error);
    }
  }
}

/** Gives an engine memory for its vector indexes. */
function keepVectors(engine: Engine): VectorsInMemory {
  const vectors = new VectorsInMemory(engine);
  engine.vectors = vectors;
  return vectors;
}

/** Closes the files of a database without writing anything. */
function closeFiles({ engine, lock, registration }: OpenedDatabase): void {
  engine.vectors?.close();
  const handles: readonly (FileLock | undefined)[] = [lock, registration];
  try {
    engine.log?.close();
    engine.file.close();
    engine.pager.giveUp();
  } finally {
    for (const handle of handles) handle?.release();
  }
}
