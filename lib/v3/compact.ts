/** Writing a database again into another file, without gaps. */

import { dirname } from "node:path";
import type { LongCallOptions } from "../backend/care.ts";
import { ConflictError } from "../backend/errors.ts";
import { fileError } from "../backend/line_file.ts";
import { applyDifference } from "./apply_difference.ts";
import { readCatalog } from "./catalog.ts";
import { isRecorded, writeCheckpoint } from "./checkpoint.ts";
import { copyState } from "./copy_state.ts";
import { type Engine, logPath } from "./engine.ts";
import type { FileSystem, OpenFile } from "./file_system.ts";
import type { RetentionLimits } from "./header.ts";
import { HeaderFile, writeFirstHeader } from "./header_file.ts";
import { readTags } from "./history.ts";
import type { KeptCommit } from "./kept_commits.ts";
import { firstHeader, loadEngine } from "./open_database.ts";
import type { TreeRoot } from "./pages.ts";
import { V3ReadStore } from "./read_store.ts";
import { realFileSystem } from "./real_file_system.ts";
import type { GraphState } from "./state.ts";
import { readTrees } from "./trees.ts";

/** How to compact. */
export interface CompactOptions extends LongCallOptions {
  /** True copies tags and retained commits as well; otherwise the copy holds the newest commit only. Default false. */
  readonly history?: boolean | undefined;
}

/** What `compact` wrote. */
export interface CompactResult {
  /** The new file, as given. */
  readonly path: string;
  /** Its size in bytes. */
  readonly sizeBytes: number;
  /** Nodes. */
  readonly nodes: number;
  /** Edges. */
  readonly edges: number;
  /** Keys that have not expired. */
  readonly keyValues: number;
  /** Vector indexes. */
  readonly vectorIndexes: number;
  /** Vectors in them. */
  readonly vectors: number;
  /** Newest commit. */
  readonly lsn: number;
}

/** Memory for pages of the new file: they are written once and hardly read. */
const CACHE_BYTES = 64 * 1024 * 1024;
/** Records between two reports of progress. */
const PROGRESS_RECORDS = 1000;

const KEEP_NONE: RetentionLimits = { commits: 0, ageMs: 0, bytes: 0 };
const KEEP_ALL: RetentionLimits = { commits: Number.MAX_SAFE_INTEGER, ageMs: 0, bytes: 0 };

/** A commit that is copied. It is pinned meanwhile. */
interface CopiedCommit {
  readonly commit: KeptCommit;
  readonly state: GraphState;
  readonly isRetained: boolean;
}

/**
 * Writes the newest state, with `history` also the kept ones, into a new file with full pages. LSNs, times, ids, the next ids
 * and the retention stay what they are; the file is another database. It is built under another name beside `toPath` and renamed
 * when it is safe. To be called outside of transactions; writes meanwhile (by `onProgress`) are not copied.
 *
 * @throws {ConflictError} when there is a file, or the log of a former one
 * @throws {IoError} when the file cannot be written; nothing is left behind
 */
export function compact(engine: Engine, toPath: string, options: CompactOptions = {}): CompactResult {
  options.signal?.throwIfAborted();
  // A database in memory has files of its own; what is written from it is to outlive it.
  const fileSystem = isInMemory(engine) ? realFileSystem : engine.fileSystem;
  refuseExisting(fileSystem, toPath);
  const commits = pinCommits(engine, options.history === true);
  let written = `${toPath}.new`;
  try {
    fileSystem.remove(written);
    const file = fileSystem.open(written, "create");
    let result: Omit<CompactResult, "path">;
    try {
      result = writeCopy(engine, fileSystem, file, toPath, commits, options);
    } finally {
      file.close();
    }
    refuseExisting(fileSystem, toPath);
    fileSystem.rename(written, toPath);
    written = toPath;
    fileSystem.syncFolder(dirname(toPath));
    return { path: toPath, ...result };
  } catch (error) {
    removeQuietly(fileSystem, written);
    throw fileError("compact to", toPath, error);
  } finally {
    for (const { commit } of commits) {
      commit.pins--;
      engine.kept.dropUnneeded(commit);
    }
  }
}

function isInMemory({ options, name }: Engine): boolean {
  return options.isVolatile && name === ":memory:";
}

function refuseExisting(fileSystem: FileSystem, toPath: string): void {
  for (const path of [toPath, logPath(toPath)]) {
    if (fileSystem.stat(path) === undefined) continue;
    throw new ConflictError(`compact: there is a file ${path} already; remove it, or give another path`, {
      code: "file-exists",
      field: "toPath",
      value: toPath,
    });
  }
}

function removeQuietly(fileSystem: FileSystem, path: string): void {
  try {
    fileSystem.remove(path);
  } catch {
    // What failed first is the reason.
  }
}

/** The commits to copy, oldest first, the newest last. */
function pinCommits(engine: Engine, isWithHistory: boolean): CopiedCommit[] {
  const { kept, pager, state } = engine;
  const newest = kept.keep(state);
  const past = isWithHistory ? kept.all.filter((commit) => commit !== newest && isRecorded(commit)) : [];
  const commits = [...past, newest].map((commit) => ({
    commit,
    state: commit === newest ? state : commit.state ?? readCatalog(pager, commit.catalog as TreeRoot),
    isRetained: commit.isRetained,
  }));
  for (const { commit } of commits) commit.pins++;
  return commits;
}

/** Writes and syncs the file. */
function writeCopy(
  source: Engine,
  fileSystem: FileSystem,
  file: OpenFile,
  toPath: string,
  commits: readonly CopiedCommit[],
  options: CompactOptions,
): Omit<CompactResult, "path"> {
  const tags = options.history === true ? readTags(source.pager, source.header.tags) : new Map<string, number>();
  const time = { ms: 0 };
  writeFirstHeader(file, { ...firstHeader(0), createdMs: source.header.createdMs });
  const targetOptions = {
    ...source.options,
    // Other threads read the original.
    shared: undefined,
    fileSystem,
    path: `${toPath}.new`,
    cacheBytes: Math.min(source.options.cacheBytes, CACHE_BYTES),
    clock: () => time.ms,
    retention: options.history === true ? KEEP_ALL : KEEP_NONE,
    // Without a log: nobody sees the file before it is complete.
    isVolatile: true,
    isReadOnly: false,
  };
  const { engine: target } = loadEngine(targetOptions, file, new HeaderFile(file, toPath), toPath);
  const progress = new ProgressReports(options);
  let previous: GraphState | undefined;
  for (const { state } of commits) {
    time.ms = state.timeMs;
    target.nextLsn = state.lsn;
    target.begin();
    if (previous === undefined) {
      progress.begin("copy", state.nodeCount + state.edgeCount + state.keyCount);
      copyState(source.pager, state, target, (records) => progress.add(records));
      progress.end();
      if (commits.length > 1) progress.begin("history", commits.length - 1);
    } else {
      applyDifference(source.pager, source.strings, previous, state, target, () => progress.add(0));
      progress.add(1);
    }
    target.commit();
    previous = state;
  }
  if (commits.length > 1) progress.end();
  return finish(source, target, commits, tags);
}

/** Writes the header, which makes the content count. */
function finish(
  source: Engine,
  target: Engine,
  commits: readonly CopiedCommit[],
  tags: ReadonlyMap<string, number>,
): Omit<CompactResult, "path"> {
  const { kept, pager, writer, file } = target;
  for (const lsn of tags.values()) (kept.get(lsn) as KeptCommit).tags++;
  // The retention keeps the newest of the commits; those before them have tags.
  const retainedCount = commits.filter((copied) => copied.isRetained).length;
  while (kept.retainedCount > retainedCount) kept.releaseOldest();
  // A database that is only read has no retention of its own.
  target.retention = source.options.isVolatile && !isInMemory(source) ? source.header.retention : source.retention;
  target.nextLsn = source.nextLsn;
  writer.nextNodeId = source.writer.nextNodeId;
  writer.nextEdgeId = source.writer.nextEdgeId;
  pager.begin(target.state.lsn);
  const state = writeCheckpoint(target, { state: target.state, freed: [], tags, areTagsChanged: true });
  // For a checkpoint a file that cannot be cut is good enough, and the cut comes after its last sync.
  pager.cutFile(pager.freePages.pageCount);
  file.sync();
  const { lsn, nodeCount, edgeCount } = state;
  const parts = { pages: pager, trees: readTrees(pager, state.roots), strings: target.strings, counts: state };
  const store = new V3ReadStore(parts, () => lsn);
  const indexes = store.vectorIndexes();
  return {
    sizeBytes: file.size(),
    nodes: nodeCount,
    edges: edgeCount,
    keyValues: store.countValues(source.options.clock()),
    vectorIndexes: indexes.length,
    vectors: indexes.reduce((sum, { count }) => sum + count, 0),
    lsn,
  };
}

/** Tells how far the copy is, and stops it when it is to stop. */
class ProgressReports {
  readonly #options: LongCallOptions;
  #phase = "";
  #total = 0;
  #done = 0;
  #calls = 0;

  constructor(options: LongCallOptions) {
    this.#options = options;
  }

  /** Begins a phase. */
  begin(phase: string, total: number): void {
    this.#phase = phase;
    this.#total = total;
    this.#done = this.#calls = 0;
    this.#report();
  }

  /** Counts units that are done. Reports now and then. */
  add(units: number): void {
    this.#done += units;
    if (++this.#calls % PROGRESS_RECORDS === 0) this.#report();
  }

  /** Ends the phase. */
  end(): void {
    this.#done = this.#total;
    this.#report();
  }

  #report(): void {
    this.#options.onProgress?.({ phase: this.#phase, done: this.#done, total: this.#total });
    this.#options.signal?.throwIfAborted();
  }
}
