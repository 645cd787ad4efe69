/**
 * One open database: its file, pages, log, newest state, and the transaction that is running. Everything is decided here in one
 * order: append to the log, sync, publish the new state.
 */

import { CorruptionError, IoError } from "../backend/errors.ts";
import type { Durability } from "../backend/care.ts";
import { writeCatalog } from "./catalog.ts";
import type { FileSystem, OpenFile } from "./file_system.ts";
import { CONTROL, FRAME_SHIFT, type SharedMemory } from "../snapshot/mod.ts";
import type { FreePages } from "./free_pages.ts";
import { GraphWriter, type WriterMark } from "./graph_writer.ts";
import type { Header, RetentionLimits } from "./header.ts";
import type { HeaderFile } from "./header_file.ts";
import { KeptCommits } from "./kept_commits.ts";
import { LogBuffer } from "./log_buffer.ts";
import { LogFile } from "./log_file.ts";
import { PAGE_SIZE } from "./page.ts";
import { Pager } from "./pager.ts";
import type { TreeRoot } from "./pages.ts";
import { RECORD_TYPE } from "./record_type.ts";
import type { CacheFrames } from "./page_cache.ts";
import { Sharing } from "./sharing.ts";
import { EMPTY_STATE, type GraphState } from "./state.ts";
import { StringTable } from "./string_table.ts";
import type { VectorFinder, VectorLinking } from "../vector/vector_engine.ts";
import type { VectorCommit, VectorSink } from "./vector_sink.ts";
import { WriteTrees } from "./write_trees.ts";

/** A transaction with more log than this commits by a checkpoint: writing it twice takes longer than the syncs. */
export const BIG_LOG_BYTES: number = 8 * 1024 * 1024;
/** So does one with more changed pages than this, which are many where few records changed here and there. */
export const BIG_CHANGE_BYTES: number = 32 * 1024 * 1024;
/** LSNs that a header reserves. */
export const LSN_BLOCK: number = 1 << 20;
/** Ids that a header reserves at least. */
export const ID_BLOCK: number = 1 << 16;
/** With durability `off`, frames wait in memory until there are so many bytes. */
const UNWRITTEN_BYTES = 256 * 1024;

/** How an engine works. */
export interface EngineOptions {
  readonly fileSystem: FileSystem;
  /** Real path of the file. */
  readonly path: string;
  readonly durability: Durability;
  readonly clock: () => number;
  readonly cacheBytes: number;
  /** Size of the log that leads to a checkpoint. */
  readonly logLimitBytes: number;
  readonly sortMemoryBytes: number;
  readonly kvCheckpointBytes: number;
  readonly retention: RetentionLimits;
  /** No log is written: the database is gone when it is closed, or it is only read. */
  readonly isVolatile: boolean;
  /** Whether the file is only read. */
  readonly isReadOnly: boolean;
  /** Memory where other threads of this process read the states. */
  readonly shared?: SharedMemory | undefined;
}

/** Most commits of one group. */
export const MAX_GROUP: number = 1 << 16;

/** A commit of a group that has ended, but is not durable yet. */
interface Member {
  readonly state: GraphState;
  /** Where its frames end in the buffer. */
  readonly bufferEnd: number;
  /** Pages that it freed, each followed by its birth. */
  readonly freed: readonly number[];
  /** What it changed of vectors, if somebody wants to know. */
  readonly vectors: VectorCommit | undefined;
}

/** Where a savepoint began. */
interface Savepoint {
  readonly roots: readonly TreeRoot[];
  readonly mark: WriterMark;
  readonly bufferMark: number;
}

/** An open database. */
export class Engine {
  readonly options: EngineOptions;
  /** The file as the user named it. */
  readonly name: string;
  readonly fileSystem: FileSystem;
  readonly path: string;
  readonly file: OpenFile;
  readonly fileSeed: number;
  readonly headerFile: HeaderFile;
  readonly pager: Pager;
  readonly kept: KeptCommits;
  readonly trees: WriteTrees;
  readonly strings: StringTable;
  readonly buffer: LogBuffer = new LogBuffer();
  readonly writer: GraphWriter;
  /** Publishes states to other threads, if there are any. */
  readonly sharing: Sharing | undefined;
  retention: RetentionLimits;
  /** The newest state. */
  state: GraphState;
  /** LSN that the next commit gets. */
  nextLsn: number;
  /** The log, once something was committed since it was last removed. */
  log: LogFile | undefined;
  /** Highest LSN that is known to be on the medium. */
  syncedLsn: number;
  /** LSN of the header that the database was opened with. */
  readonly openedLsn: number;
  /** Commits a transaction that is too big for the log. Set by whoever runs checkpoints. */
  commitByCheckpoint: (state: GraphState, freed: readonly number[]) => void = () => {};
  #quarantined: FreePages | undefined;
  #quarantineEnd = 0;
  /** Why nothing can be written any more. */
  #poison: unknown;
  /** Vector indexes in memory, for searches of the newest states. Set by whoever opens the database. */
  vectors: (VectorFinder & VectorLinking & { close(): void }) | undefined;
  #vectorSink: VectorSink | undefined;
  /** Changes of vectors that the sink has prepared for. */
  #preparedVectors: readonly VectorCommit[] = [];
  readonly #savepoints: Savepoint[] = [];
  #members: Member[] = [];
  #isBig = false;
  /** LSN that the running transaction's first commit gets. */
  #firstLsn = 0;
  /** Where the running transaction's frames begin in the buffer. */
  #bufferStart = 0;

  /**
   * An engine without a state: `load` gives it one.
   *
   * @param name the file as the user named it, for error messages
   */
  constructor(options: EngineOptions, name: string, file: OpenFile, headerFile: HeaderFile, free: FreePages) {
    const { header } = headerFile;
    const state = EMPTY_STATE;
    this.name = name;
    this.options = options;
    this.fileSystem = options.fileSystem;
    this.path = options.path;
    this.file = file;
    this.fileSeed = header.fileSeed;
    this.headerFile = headerFile;
    this.retention = options.retention;
    const { shared } = options;
    this.pager = new Pager(this, options.cacheBytes, free, shared && cacheFramesOf(shared));
    this.sharing = shared && new Sharing(this, shared);
    this.kept = new KeptCommits((pageId) => this.reclaim(pageId));
    this.trees = new WriteTrees(this.pager, state.roots);
    this.strings = new StringTable(this.pager, this.trees);
    this.writer = new GraphWriter({
      pager: this.pager,
      trees: this.trees,
      strings: this.strings,
      buffer: this.buffer,
      sortMemoryBytes: options.sortMemoryBytes,
    });
    this.writer.onRecord = () => this.#limitBuffer();
    this.state = state;
    this.writer.nextNodeId = header.nextNodeId;
    this.writer.nextEdgeId = header.nextEdgeId;
    this.nextLsn = header.nextLsn;
    this.syncedLsn = this.openedLsn = header.lsn;
  }

  /** Goes to a state. */
  load(state: GraphState): void {
    this.state = state;
    this.trees.reset(state.roots);
    this.writer.reset(state);
  }

  /**
   * Keeps every page that the file has now from being used again for as long as readers of before live: what they reach is not
   * known. New pages come from the end of the file.
   *
   * @param free pages that nobody else needs
   */
  quarantine(free: FreePages, pageCount: number): void {
    this.#quarantined = free;
    this.#quarantineEnd = pageCount;
    this.pager.freePages.reserve(pageCount);
  }

  /** Makes a page free that no kept commit reaches. */
  reclaim(pageId: number): void {
    if (this.#quarantined === undefined || pageId > this.#quarantineEnd) this.pager.reclaim(pageId);
    else this.#quarantined.add(pageId);
  }

  /** Free pages that are not used yet, because somebody may still read them. */
  get quarantined(): FreePages | undefined {
    return this.#quarantined;
  }

  /** Uses them again. */
  endQuarantine(): void {
    this.#quarantined?.eachRun((first, length) => {
      for (let pageId = first; pageId < first + length; pageId++) this.pager.reclaim(pageId);
    });
    this.#quarantined = undefined;
  }

  /** What keeps an index in memory, if there is one. */
  get vectorSink(): VectorSink | undefined {
    return this.#vectorSink;
  }

  /** Sets it, outside of a transaction: it is told of every commit from now on. */
  set vectorSink(sink: VectorSink | undefined) {
    this.#vectorSink = sink;
    this.writer.vectors.journal.isWanted = sink !== undefined;
  }

  /** Whether the file is only read. */
  get isReadOnly(): boolean {
    return this.options.isReadOnly;
  }

  /** The header that counts. */
  get header(): Header {
    return this.headerFile.header;
  }

  /** Whether a transaction is running. */
  get inTransaction(): boolean {
    return this.#savepoints.length > 0;
  }

  /** Depth of savepoints, the transaction included. */
  get depth(): number {
    return this.#savepoints.length;
  }

  /** Nothing can be written any more: what is on the medium is unknown. */
  poison(error: unknown): void {
    this.#poison ??= error;
  }

  /** Whether an error made writing impossible. */
  get isPoisoned(): boolean {
    return this.#poison !== undefined;
  }

  /** Throws when writing has become impossible. */
  requireHealthy(call: string): void {
    if (this.#poison === undefined) return;
    throw new IoError(
      `${call}: an earlier write to ${this.path} failed in a way that leaves open what is on the disk; close the database and open it again`,
      { code: "reopen-required", cause: this.#poison },
    );
  }

  /** Begins a transaction. */
  begin(): void {
    this.requireHealthy("transaction");
    this.sharing?.holdNewest();
    this.#isBig = false;
    this.#firstLsn = this.nextLsn;
    this.#bufferStart = this.buffer.mark();
    this.pager.begin(this.nextLsn);
    this.#savepoints.push({ roots: this.state.roots, mark: this.writer.mark(), bufferMark: this.#bufferStart });
  }

  /** Begins a savepoint. */
  savepoint(): void {
    this.pager.savepoint();
    this.#savepoints.push({
      roots: this.trees.roots(),
      mark: this.writer.mark(),
      bufferMark: this.buffer.mark(),
    });
    this.#noteSavepoint();
  }

  #noteSavepoint(): void {
    this.writer.newestSavepoint = this.#savepoints.length > 1 ? this.#savepoints.at(-1)?.mark : undefined;
  }

  /** Ends the newest savepoint and keeps what it did. */
  release(): void {
    this.#savepoints.pop();
    this.#noteSavepoint();
    this.pager.release();
  }

  /** Ends the newest savepoint, or the transaction, and undoes what it did. */
  rollback(): void {
    const { roots, mark, bufferMark } = this.#savepoints.pop() as Savepoint;
    this.#noteSavepoint();
    this.trees.reset(roots);
    this.writer.rollbackTo(mark);
    this.pager.rollback();
    if (!this.inTransaction) {
      this.#members = [];
      this.writer.vectors.journal.clear();
      this.nextLsn = this.#firstLsn;
      this.sharing?.releaseUnpinned();
    }
    if (this.#isBig && this.inTransaction) return;
    this.buffer.rollbackTo(Math.min(bufferMark, this.buffer.mark()));
    if (!this.inTransaction && !this.#isUnwritten()) this.buffer.clear();
  }

  /** Whether the buffer holds frames of committed transactions. */
  #isUnwritten(): boolean {
    return this.#bufferStart > 0;
  }

  /** The running transaction does something that the log has no record for: it commits by a checkpoint. */
  commitWithoutLog(): void {
    this.#isBig = true;
    this.buffer.rollbackTo(this.#bufferStart);
  }

  /** A transaction that outgrows the log needs no records: its pages themselves are written. */
  #limitBuffer(): void {
    const { buffer } = this;
    if (this.#isBig || (this.options.isVolatile && this.inTransaction)) buffer.rollbackTo(this.#bufferStart);
    else if (buffer.length - this.#bufferStart > BIG_LOG_BYTES) {
      this.#isBig = true;
      buffer.rollbackTo(this.#bufferStart);
    }
  }

  /** Whether the running transaction has changed anything. */
  get isDirty(): boolean {
    return this.writer.changes > 0;
  }

  /** The state that the running transaction would leave. */
  #nextState(lsn: number): GraphState {
    const { writer } = this;
    const state = this.#members.at(-1)?.state ?? this.state;
    return {
      lsn,
      timeMs: Math.max(this.options.clock(), state.timeMs),
      nodeCount: writer.nodeCount,
      edgeCount: writer.edgeCount,
      keyCount: writer.keyCount,
      nextString: writer.nextString,
      roots: this.trees.roots(),
      catalog: state.catalog,
      catalogLsn: state.catalogLsn,
    };
  }

  /** Whether every commit is kept. */
  get isRetaining(): boolean {
    const { commits, ageMs, bytes } = this.retention;
    return commits > 0 || ageMs > 0 || bytes > 0;
  }

  /**
   * Commits the running transaction, which has changed something. When it throws, the transaction is still running and is to be
   * rolled back.
   */
  commit(): void {
    this.endMember();
    this.commitGroup();
  }

  /** Ends a member of a group: its changes are a commit of their own. Returns its LSN. */
  endMember(): number {
    this.writer.flush();
    const lsn = this.nextLsn;
    let state = this.#nextState(lsn);
    if (this.isRetaining) state = writeCatalog(this.pager, state);
    this.#members.push({
      state,
      freed: this.pager.takeFreed(),
      bufferEnd: this.#writeCommitRecord(state),
      vectors: this.writer.vectors.journal.endMember(lsn),
    });
    // The next member's records and pages name its own LSN.
    this.nextLsn = lsn + 1;
    this.pager.advance(this.nextLsn);
    if (this.isRetaining) this.pager.freeze();
    return lsn;
  }

  /** Writes the record that ends a commit; returns where the commit's frames end in the buffer. */
  #writeCommitRecord(state: GraphState): number {
    const { buffer, writer } = this;
    if (this.#isBig || this.options.isVolatile) return buffer.length;
    buffer.begin(RECORD_TYPE.TransactionCommit);
    buffer.reserve(8);
    buffer.view.setFloat64(buffer.at, state.timeMs, true);
    buffer.at += 8;
    buffer.writeVarint(writer.nextNodeId);
    buffer.writeVarint(writer.nextEdgeId);
    buffer.end();
    return buffer.length;
  }

  /** Makes the ended members durable together and publishes them. When it throws, all of them are to be rolled back. */
  commitGroup(): void {
    const members = this.#members;
    const last = members.at(-1);
    if (last === undefined) {
      this.rollback();
      return;
    }
    const isBig = this.#isBig || this.pager.allocations * PAGE_SIZE > BIG_CHANGE_BYTES;
    this.#prepareVectors(members);
    if (isBig && !this.options.isVolatile) {
      const freed = members.flatMap((member) => member.freed);
      this.buffer.rollbackTo(this.#bufferStart);
      this.pager.advance(last.state.lsn);
      this.#durably(() => this.commitByCheckpoint(last.state, freed));
    } else {
      if (!this.options.isVolatile) this.#durably(() => this.#log(members));
      this.applyVectors();
      for (const { state, freed } of members) {
        for (let at = 0; at < freed.length; at += 2) this.kept.onFreed(freed[at] as number, freed[at + 1] as number);
        this.publish(state);
      }
      this.pager.commit(this.kept.onFreed);
    }
    this.#members = [];
    this.writer.vectors.journal.clear();
    this.#savepoints.pop();
    this.sharing?.publish();
    if (this.isRetaining) this.#expireRetained(this.state.timeMs);
  }

  /** Asks the index in memory whether it can follow. When it throws, nothing has been made durable. */
  #prepareVectors(members: readonly Member[]): void {
    const sink = this.#vectorSink;
    if (sink === undefined) return;
    const commits = members.flatMap(({ vectors }) => vectors ?? []);
    if (commits.length === 0) return;
    sink.prepare(commits);
    this.#preparedVectors = commits;
  }

  /** Makes commits durable; the index in memory forgets them when that fails. */
  #durably(run: () => void): void {
    try {
      run();
    } catch (error) {
      // What was applied is durable: the error came from something later.
      if (this.#preparedVectors.length > 0) this.#vectorSink?.abandon();
      this.#preparedVectors = [];
      throw error;
    }
  }

  /** Tells the index in memory that what it prepared for is durable. To be called before the state is published. */
  applyVectors(): void {
    const commits = this.#preparedVectors;
    if (commits.length === 0) return;
    this.#preparedVectors = [];
    try {
      this.#vectorSink?.apply(commits);
    } catch (error) {
      // The commits count; an index that lacks them must not answer.
      this.poison(error);
      throw error;
    }
  }

  /** Whether the log has passed its limit, so that a checkpoint is due. */
  get isLogFull(): boolean {
    const { log } = this;
    if (this.sharing?.isFull === true) return true;
    return log !== undefined &&
      (log.sizeBytes > this.options.logLimitBytes || this.nextLsn + MAX_GROUP > log.ceiling);
  }

  /** Makes a state the newest one. */
  publish(state: GraphState): void {
    this.state = state;
    this.nextLsn = state.lsn + 1;
    this.writer.changes = 0;
    if (!this.isRetaining) return;
    const commit = this.kept.keep(state);
    commit.catalog = state.catalog;
    this.kept.retain(commit);
    this.sharing?.noteRetained(commit);
  }

  /** Applies a retention that may be another than the one before. */
  applyRetention(): void {
    if (this.isRetaining) this.#expireRetained(this.options.clock());
    else {
      this.changeHistory(() => {
        while (this.kept.oldestRetained !== undefined) this.kept.releaseOldest();
        this.sharing?.noteOldestRetained();
      });
    }
  }

  /** Lets go of commits that the retention no longer covers. */
  #expireRetained(nowMs: number): void {
    if (!this.#isOverRetention(nowMs)) return;
    this.changeHistory(() => {
      while (this.#isOverRetention(nowMs)) this.kept.releaseOldest();
      this.sharing?.noteOldestRetained();
    });
  }

  /** Whether the oldest commit that the retention keeps is one too many. */
  #isOverRetention(nowMs: number): boolean {
    const { kept } = this;
    const { commits, ageMs, bytes } = this.retention;
    const oldest = kept.oldestRetained;
    if (oldest === undefined || kept.retainedCount < 2) return false;
    return (commits > 0 && kept.retainedCount > commits) || (ageMs > 0 && nowMs - oldest.timeMs > ageMs) ||
      (bytes > 0 && kept.deadPages * PAGE_SIZE > bytes);
  }

  /** Runs what may drop kept commits that other threads can look for. */
  changeHistory<R>(run: () => R): R {
    return this.sharing === undefined ? run() : this.sharing.changeHistory(run);
  }

  /** Writes the members' records and makes them durable as asked. */
  #log(members: readonly Member[]): void {
    const { buffer, options } = this;
    const log = this.#openLog();
    let start = this.#bufferStart;
    for (const { state, bufferEnd } of members) {
      buffer.seal(start, bufferEnd, state.lsn, this.syncedLsn, log.salt);
      start = bufferEnd;
    }
    if (options.durability === "off" && buffer.length < UNWRITTEN_BYTES) return;
    this.#writeLog(log);
    if (options.durability !== "full") return;
    this.#syncLog(log);
    this.syncedLsn = (members.at(-1) as Member).state.lsn;
  }

  #openLog(): LogFile {
    if (this.log !== undefined && this.nextLsn < this.log.ceiling) return this.log;
    if (this.log !== undefined) {
      throw new CorruptionError(
        `the log of ${this.path} has given all its LSNs; close the database and open it again`,
        {
          code: "log-full",
        },
      );
    }
    this.fileSystem.remove(logPath(this.path));
    this.log = LogFile.create(this.fileSystem, logPath(this.path), {
      // Ids may be reserved before the first transaction, when nobody has noted its LSN.
      baseLsn: (this.inTransaction ? this.#firstLsn : this.nextLsn) - 1,
      lsnCeiling: this.header.lsnCeiling,
      fileSeed: this.fileSeed,
    });
    return this.log;
  }

  #writeLog(log: LogFile): void {
    const { buffer } = this;
    try {
      log.append(buffer.bytes, 0, buffer.length);
    } catch (error) {
      if (log.hasSyncFailed) this.poison(error);
      throw error;
    }
    buffer.clear();
    this.#bufferStart = 0;
  }

  #syncLog(log: LogFile): void {
    try {
      log.sync();
    } catch (error) {
      this.poison(error);
      throw error;
    }
  }

  /** Forgets the log: a header shows everything that was in it. */
  dropLog(): void {
    this.buffer.clear();
    this.#bufferStart = 0;
    this.log?.close();
    this.log = undefined;
    this.fileSystem.remove(logPath(this.path));
  }

  /** Notes in the file which ids were given. */
  keepIds(): void {
    const { nextNodeId, nextEdgeId } = this.writer;
    this.#writeHeader({ ...this.header, nextNodeId, nextEdgeId });
  }

  #writeHeader(header: Header): void {
    try {
      this.headerFile.write(header);
    } catch (error) {
      this.poison(error);
      throw error;
    }
  }

  /** Makes sure that ids up to these have been reserved in the file before anybody sees them. */
  reserveIds(nodeId: number, edgeId: number): void {
    if (this.options.isVolatile) return;
    // A log tells that the database was not closed: from then on ids above the reserved ones are not given again.
    if (this.log === undefined) this.#openLog();
    const { header } = this;
    if (nodeId < header.nodeIdCeiling && edgeId < header.edgeIdCeiling) return;
    // Steps grow with the session's appetite: a load of ten million edges rewrites the header a few times only.
    const ceiling = (next: number, first: number, current: number): number =>
      next < current ? current : Math.min(Number.MAX_SAFE_INTEGER, next + Math.max(ID_BLOCK, next - first));
    this.#writeHeader({
      ...header,
      nodeIdCeiling: ceiling(nodeId, header.nextNodeId, header.nodeIdCeiling),
      edgeIdCeiling: ceiling(edgeId, header.nextEdgeId, header.edgeIdCeiling),
    });
  }
}

/** The writer's frames in shared memory. */
function cacheFramesOf({ handle, frames, table, control, writerFrameCount }: SharedMemory): CacheFrames {
  return {
    buffer: handle.writerFrames,
    info: frames.subarray(0, writerFrameCount << FRAME_SHIFT),
    table,
    tableVersion: control.subarray(CONTROL.tableVersion, CONTROL.tableVersion + 1),
    mustStay: handle.readerFrames.length === 0,
  };
}

/** Path of the log. */
export function logPath(path: string): string {
  return `${path}.v3wal`;
}

/** Path of the copy of the key-values. */
export function kvCheckpointPath(path: string): string {
  return `${path}.v3checkpoint`;
}
