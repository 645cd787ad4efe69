/** Opening of a database: making a new file, locking, recovery after an unclean end, read-only opening beside a writer. */

import { randomBytes } from "node:crypto";
import { basename, dirname } from "node:path";
import {
  ConflictError,
  CorruptionError,
  DatabaseLockedError,
  InvalidArgumentError,
  IoError,
  NotFoundError,
} from "../backend/errors.ts";
import { readCatalog } from "./catalog.ts";
import { Engine, type EngineOptions, ID_BLOCK, logPath, LSN_BLOCK } from "./engine.ts";
import type { FileSystem, OpenFile } from "./file_system.ts";
import { readFreeList } from "./free_list.ts";
import { FreePages } from "./free_pages.ts";
import { FLAG_PINNED_DEAD, type Header, type RetentionLimits } from "./header.ts";
import { HeaderFile, writeFirstHeader } from "./header_file.ts";
import { readHistory, readTags } from "./history.ts";
import { LinkCursor } from "./link_tree.ts";
import { type LogScan, scanLog } from "./log_scan.ts";
import { OverlayFile } from "./overlay_file.ts";
import { PAGE_SIZE, pageOffset, V3_HEADER_SIZE } from "./page.ts";
import { EMPTY_ROOT, type Pages } from "./pages.ts";
import { livePins, type ReaderRegistration, registerReader } from "./reader_registry.ts";
import { Replay } from "./recovery.ts";
import { EMPTY_STATE, type GraphState } from "./state.ts";
import { acquireWriterLock, isWriterAlive, type WriterLock } from "./writer_lock.ts";

/** What opening found out. */
export interface OpenReport {
  /** Commits that were taken from a log after an unclean end. */
  readonly replayedCommits: number;
  /** Bytes at the end of that log that were no whole commit. */
  readonly tornBytes: number;
  /** Whether one of the two copies of the header was damaged; the next checkpoint repairs it. */
  readonly wasHeaderDamaged: boolean;
  /** Where a damaged copy of the key-values was put. */
  readonly damagedCopy: string | undefined;
}

/** How to open. */
export interface OpenRequest extends Omit<EngineOptions, "isVolatile" | "isReadOnly" | "retention" | "path"> {
  /** Path as the user gave it. */
  readonly path: string;
  readonly readonly: boolean;
  readonly create: boolean;
  /** How long to wait for another writer. */
  readonly busyTimeoutMs: number;
  /** Whether nobody can write the file while it is open, so that a reader need not register. */
  readonly immutable: boolean;
  /** Undefined: as the file says. */
  readonly retention: RetentionLimits | undefined;
}

/** An open database, before anybody works with it. */
export interface OpenedDatabase {
  readonly engine: Engine;
  readonly tags: Map<string, number>;
  /** Whether a log was replayed, so that a checkpoint is due. */
  readonly wasUnclean: boolean;
  readonly report: OpenReport;
  readonly lock: WriterLock | undefined;
  readonly registration: ReaderRegistration | undefined;
}

const NO_RETENTION: RetentionLimits = { commits: 0, ageMs: 0, bytes: 0 };

/** Opens for writing, or to read. */
export function openDatabase(request: OpenRequest): OpenedDatabase {
  const { fileSystem, path } = request;
  const stat = statOf(fileSystem, path);
  if (stat === undefined) {
    if (request.readonly || !request.create) throw missingFile(path);
    refuseLink(request);
  } else refuseForeign(fileSystem, path);
  return request.readonly ? openToRead(request) : openToWrite(request, stat === undefined);
}

function statOf(fileSystem: FileSystem, path: string): ReturnType<FileSystem["stat"]> {
  const stat = fileSystem.stat(path);
  if (stat?.type === "folder") {
    throw new InvalidArgumentError(`open: ${path} is a folder; give the path of a file`, {
      code: "is-a-folder",
      field: "path",
      value: path,
    });
  }
  return stat;
}

/** Throws for a link to a file that does not exist: a new database would replace the link. */
function refuseLink({ fileSystem, path }: OpenRequest): void {
  const name = basename(path);
  if (!fileSystem.list(dirname(path)).includes(name)) return;
  throw new NotFoundError(`open: ${path} is a link to a file that does not exist; remove it or create the file`, {
    code: "file-not-found",
    field: "path",
    value: path,
  });
}

function missingFile(path: string): NotFoundError {
  return new NotFoundError(
    `open: there is no file ${path}; check the path, or open it with { create: true } for writing`,
    { code: "file-not-found", field: "path", value: path },
  );
}

/** Throws for a file that is no database of this format, before anything is put beside it. */
function refuseForeign(fileSystem: FileSystem, path: string): void {
  const file = openFile(fileSystem, path, "read");
  try {
    if (file.size() === 0) {
      throw new CorruptionError(
        `${path} is empty, so its content was lost (a new database is never empty); restore a backup or delete it`,
        { code: "empty-file", value: path },
      );
    }
    new HeaderFile(file, path);
  } finally {
    file.close();
  }
}

function openFile(fileSystem: FileSystem, path: string, mode: "read" | "write" | "create"): OpenFile {
  return fileSystem.open(path, mode);
}

function openToWrite(request: OpenRequest, isNew: boolean): OpenedDatabase {
  const { fileSystem, path } = request;
  const lock = lockWithin(fileSystem, path, request.busyTimeoutMs);
  let file: OpenFile | undefined;
  try {
    if (isNew && statOf(fileSystem, path) === undefined) {
      refuseStaleLog(fileSystem, path);
      createDatabase(fileSystem, path, request.clock());
    }
    const realPath = realPathOf(fileSystem, path);
    file = openFile(fileSystem, path, "write");
    const headerFile = new HeaderFile(file, path);
    const { header } = headerFile;
    const retention = request.retention ?? header.retention;
    const options: EngineOptions = { ...request, path: realPath, retention, isVolatile: false, isReadOnly: false };
    const { engine, tags } = loadEngine(options, file, headerFile, request.path);
    restoreFreePages(engine);
    const scan = replayLog(engine);
    if (scan.isUsed) skipSeen(engine, header, scan);
    // Who made it may have been killed before its name was on the medium; the name of a log must not get there first.
    else if (header.lsn === 0) fileSystem.syncFolder(dirname(realPath));
    return {
      engine,
      tags,
      wasUnclean: scan.isUsed,
      report: {
        replayedCommits: scan.transactions,
        tornBytes: scan.tornBytes,
        wasHeaderDamaged: headerFile.wasDamaged,
        damagedCopy: undefined,
      },
      lock,
      registration: undefined,
    };
  } catch (error) {
    file?.close();
    lock.release();
    throw error;
  }
}

function realPathOf(fileSystem: FileSystem, path: string): string {
  return fileSystem.realPath(path);
}

/** Takes the writer's lock, waiting for another writer for as long as asked. */
function lockWithin(fileSystem: FileSystem, path: string, busyTimeoutMs: number): WriterLock {
  const deadline = performance.now() + busyTimeoutMs;
  for (;;) {
    try {
      return acquireWriterLock(fileSystem, path);
    } catch (error) {
      if (!(error instanceof DatabaseLockedError)) throw error;
      if (performance.now() >= deadline) throw error;
      Atomics.wait(SLEEPER, 0, 0, 10);
    }
  }
}

const SLEEPER = new Int32Array(new SharedArrayBuffer(4));

/** Throws when there is a log whose database is gone: it may be all that is left of it. */
function refuseStaleLog(fileSystem: FileSystem, path: string): void {
  if (statOf(fileSystem, logPath(path)) === undefined) return;
  throw new ConflictError(
    `open: there is no file ${path}, but the log ${
      logPath(path)
    } of a database that was there; put the file back, or remove the log to begin a new database`,
    { code: "stale-log", field: "path", value: path },
  );
}

/** Builds a new database under another name and renames it: other processes see all of it or nothing. */
export function createDatabase(fileSystem: FileSystem, path: string, nowMs: number): void {
  const temporary = `${path}.new`;
  fileSystem.remove(temporary);
  const file = fileSystem.open(temporary, "create");
  try {
    writeFirstHeader(file, firstHeader(nowMs));
    file.sync();
  } finally {
    file.close();
  }
  fileSystem.rename(temporary, path);
  fileSystem.syncFolder(dirname(path));
}

/** Header of a database that holds nothing. */
export function firstHeader(nowMs: number): Header {
  const id = randomBytes(20);
  return {
    flags: 0,
    fileSeed: id.readUInt32LE(16),
    fileId: new Uint8Array(id.subarray(0, 16)),
    counter: 1,
    lsn: 0,
    nextLsn: 1,
    lsnCeiling: 1 + LSN_BLOCK,
    timeMs: 0,
    createdMs: nowMs,
    nodeCount: 0,
    edgeCount: 0,
    keyCount: 0,
    nextNodeId: 1,
    nextEdgeId: 1,
    nodeIdCeiling: 1 + ID_BLOCK,
    edgeIdCeiling: 1 + ID_BLOCK,
    pageCount: 0,
    freeListPage: 0,
    freeListBirth: 0,
    freeListBytes: 0,
    catalog: EMPTY_ROOT,
    history: EMPTY_ROOT,
    dead: EMPTY_ROOT,
    tags: EMPTY_ROOT,
    retention: NO_RETENTION,
  };
}

/** The state that a header shows. */
export function headerState(pages: Pages, header: Header): GraphState {
  return header.catalog.pageId === 0 ? EMPTY_STATE : readCatalog(pages, header.catalog);
}

/** An engine with the state of the header, and the names of kept commits. */
export function loadEngine(
  options: EngineOptions,
  file: OpenFile,
  headerFile: HeaderFile,
  name: string,
): { engine: Engine; tags: Map<string, number> } {
  const { header } = headerFile;
  refuseCut(file, header, name);
  const engine = new Engine(options, name, file, headerFile, new FreePages(header.pageCount));
  engine.load(headerState(engine.pager, header));
  const { kept, pager, state } = engine;
  readHistory(pager, header, kept);
  const tags = readTags(pager, header.tags);
  for (const [tag, lsn] of tags) {
    const commit = kept.get(lsn);
    if (commit === undefined) {
      throw new CorruptionError(
        `${name}: the tag ${JSON.stringify(tag)} names commit ${lsn}, which is not in the history`,
        {
          code: "history-corrupt",
          value: lsn,
        },
      );
    }
    commit.tags++;
  }
  const shown = kept.keep(state);
  shown.isHeader = true;
  shown.lastHeader = header.lsn;
  return { engine, tags };
}

/** Throws when pages that the header counts are no longer there. */
function refuseCut(file: OpenFile, { pageCount }: Header, name: string): void {
  const due = pageOffset(pageCount + 1);
  const sizeBytes = file.size();
  if (sizeBytes >= due) return;
  throw new CorruptionError(
    `${name}: has ${sizeBytes} bytes where its header says ${due}: it was cut; restore a backup, or salvage what is left`,
    { code: "file-cut", value: name },
  );
}

/** What was free when the header was written. */
function restoreFreePages(engine: Engine): void {
  const { header, pager, kept } = engine;
  const { freeListPage: pageId, freeListBirth: birth, freeListBytes: sizeBytes } = header;
  const pins = livePins(engine.fileSystem, engine.path);
  if (pins.some((lsn) => lsn < header.lsn)) {
    // A reader may still be in a state of before this header: nothing that it may need is used again while it lives.
    const filePages = Math.floor((engine.file.size() - V3_HEADER_SIZE) / PAGE_SIZE);
    const free = new FreePages(header.pageCount);
    readFreeList(pager, { pageId, birth, sizeBytes }, free);
    for (let page = header.pageCount + 1; page <= filePages; page++) free.add(page);
    engine.quarantine(free, Math.max(filePages, header.pageCount));
  } else readFreeList(pager, { pageId, birth, sizeBytes }, pager.freePages);
  if ((header.flags & FLAG_PINNED_DEAD) === 0) return;
  const cursor = new LinkCursor(pager, header.dead);
  for (let lsn = 0;; lsn = cursor.a + 1) {
    cursor.seekAll(lsn, 0, 0);
    if (!cursor.nextRun()) return;
    if (kept.get(cursor.a) === undefined) kept.orphans.add(cursor.a);
  }
}

function replayLog(engine: Engine): LogScan {
  const replay = new Replay(engine);
  const path = logPath(engine.path);
  const scan = scanLog(engine.fileSystem, path, engine.fileSeed, engine.header.lsn, replay.frame);
  if (scan.isUsed && scan.baseLsn >= engine.header.nextLsn) throw newerLog(engine, scan);
  replay.finish();
  return scan;
}

const NEWER_LOG = "log-newer";

/** The file is an older copy: commits between it and the log are missing. */
function newerLog(engine: Engine, { baseLsn }: LogScan): CorruptionError {
  return new CorruptionError(
    `${
      logPath(engine.path)
    }: begins after commit ${baseLsn}, but the file holds commits up to ${engine.header.lsn} only: was it replaced by an older copy? Put the file back that belongs to the log, or move the log away to go on without it`,
    { code: NEWER_LOG, value: engine.path },
  );
}

/** After an unclean end nothing that somebody may have seen is given again. */
function skipSeen(engine: Engine, header: Header, scan: LogScan): void {
  engine.nextLsn = Math.max(engine.nextLsn, header.lsnCeiling, scan.ceiling);
  engine.writer.nextNodeId = Math.max(engine.writer.nextNodeId, header.nodeIdCeiling);
  engine.writer.nextEdgeId = Math.max(engine.writer.nextEdgeId, header.edgeIdCeiling);
}

/** Times that a reader looks again when a writer went on between its looks at the file and at the log. */
const MAX_LOOKS = 5;

function openToRead(request: OpenRequest): OpenedDatabase {
  for (let look = 1;; look++) {
    try {
      return readOnce(request);
    } catch (error) {
      if (!(error instanceof CorruptionError) || error.code !== NEWER_LOG || look === MAX_LOOKS) throw error;
    }
  }
}

function readOnce(request: OpenRequest): OpenedDatabase {
  const { fileSystem, path } = request;
  const realPath = realPathOf(fileSystem, path);
  const registration = request.immutable ? undefined : register(fileSystem, realPath);
  let file: OpenFile | undefined;
  try {
    // A log that has no living owner belongs to the content; it is replayed in memory only.
    const hasOwner = !request.immutable && isWriterAlive(fileSystem, realPath);
    file = new OverlayFile(openFile(fileSystem, realPath, "read"));
    const headerFile = new HeaderFile(file, path);
    const options: EngineOptions = {
      ...request,
      path: realPath,
      retention: NO_RETENTION,
      isVolatile: true,
      isReadOnly: true,
    };
    const { engine, tags } = loadEngine(options, file, headerFile, path);
    let replayedCommits = 0;
    let tornBytes = 0;
    if (!hasOwner) {
      // Pages that the replay makes lie behind the end of the file, in memory: the list of free ones is not needed.
      const scan = replayLog(engine);
      replayedCommits = scan.transactions;
      tornBytes = scan.tornBytes;
    }
    registration?.settle(headerFile.header.lsn);
    const { wasDamaged: wasHeaderDamaged } = headerFile;
    return {
      engine,
      tags,
      wasUnclean: false,
      report: { replayedCommits, tornBytes, wasHeaderDamaged, damagedCopy: undefined },
      lock: undefined,
      registration,
    };
  } catch (error) {
    file?.close();
    registration?.release();
    throw error;
  }
}

function register(fileSystem: FileSystem, path: string): ReaderRegistration {
  try {
    return registerReader(fileSystem, path);
  } catch (error) {
    if (!(error instanceof IoError)) throw error;
    throw new IoError(
      `${error.message}; a reader registers beside the file, so that a writer leaves its pages alone: where nobody writes meanwhile, open it with { immutable: true }`,
      { code: error.code, value: path, cause: error.cause },
    );
  }
}
