/** Copies what is readable of a damaged file into a new one. */

import { dirname } from "node:path";
import type { LongCallOptions } from "../backend/care.ts";
import { ConflictError, DatabaseLockedError, IoError, NotFoundError } from "../backend/errors.ts";
import { fileError } from "../backend/line_file.ts";
import { ID_BLOCK, kvCheckpointPath, logPath, LSN_BLOCK } from "./engine.ts";
import type { FileSystem, OpenFile } from "./file_system.ts";
import type { RetentionLimits } from "./header.ts";
import { realFileSystem } from "./real_file_system.ts";
import { ReportingFileSystem } from "./reporting_files.ts";
import { SalvageContent } from "./salvage_content.ts";
import { salvageLog } from "./salvage_log.ts";
import { Losses, type SalvageLoss } from "./salvage_losses.ts";
import { RecordSalvage } from "./salvage_records.ts";
import { SalvageSource } from "./salvage_source.ts";
import { SalvageTarget } from "./salvage_target.ts";
import type { Counts } from "./state.ts";
import { acquireWriterLock, type WriterLock } from "./writer_lock.ts";

export type { SalvageLoss } from "./salvage_losses.ts";

/** What came over, and what did not. */
export interface SalvageReport {
  /** The new file, as given. */
  readonly path: string;
  /** Nodes in the new file. */
  readonly nodes: number;
  /** Edges in the new file. */
  readonly edges: number;
  /** Labels in the new file, without kinds. */
  readonly labels: number;
  /** Keys in the new file, with expired ones. */
  readonly keyValues: number;
  /** Vector indexes in the new file. */
  readonly vectorIndexes: number;
  /** Vectors in them. */
  readonly vectors: number;
  /** Newest commit of the damaged file that was found. */
  readonly foundLsn: number;
  /** The one commit of the new file: no commit of the damaged one had its number. */
  readonly lsn: number;
  /** Commits that came from the log beside the file. */
  readonly logCommits: number;
  /** Everything that did not come over, or not as it was. */
  readonly losses: readonly SalvageLoss[];
}

/** How to salvage. */
export interface SalvageOptions extends LongCallOptions {
  /** Where the files are. Default: those of the system. */
  readonly fileSystem?: FileSystem | undefined;
  /** Clock for the time of the new file and its commit, in milliseconds since 1970. Default `Date.now`. */
  readonly clock?: (() => number) | undefined;
}

/**
 * Copies what is readable of a damaged file into a new one: nodes, edges whose ends are there, labels, key-values with their
 * expiries, vectors, all with their ids; then what the log beside it tells. The damaged file is only read. Where its trees no longer lead
 * to a leaf, the leaf is looked for among all pages. The past (tags, kept commits) is not copied.
 *
 * @throws {NotFoundError} when there is no damaged file
 * @throws {ConflictError} when the new file, or one that would belong to it, exists
 * @throws {DatabaseLockedError} while somebody writes the damaged file
 * @throws {CorruptionError} when nothing tells that the file ever was a database
 * @throws {UnsupportedError} when it is one of another format version
 * @throws {IoError} when the new file cannot be written; nothing is left behind
 */
export function salvage(fromPath: string, toPath: string, options: SalvageOptions = {}): SalvageReport {
  const { fileSystem: files = realFileSystem, clock = Date.now } = options;
  const fileSystem = new ReportingFileSystem(files);
  options.signal?.throwIfAborted();
  if (fileSystem.stat(fromPath)?.type !== "file") {
    throw new NotFoundError(`salvage: there is no file ${fromPath}; check the path`, {
      code: "file-not-found",
      field: "fromPath",
      value: fromPath,
    });
  }
  refuseExisting(fileSystem, toPath);
  const lock = lockIfPossible(fileSystem, fromPath);
  try {
    const losses = new Losses();
    const source = new SalvageSource(fileSystem, fileSystem.realPath(fromPath), losses, options);
    try {
      return writeNewFile(fileSystem, toPath, (file, path) => copyAll(source, fileSystem, file, path, toPath, clock()));
    } finally {
      source.close();
    }
  } finally {
    lock?.release();
  }
}

function refuseExisting(fileSystem: FileSystem, toPath: string): void {
  for (const path of [toPath, logPath(toPath), kvCheckpointPath(toPath)]) {
    if (fileSystem.stat(path) === undefined) continue;
    throw new ConflictError(`salvage: there is a file ${path} already; remove it, or give another path`, {
      code: "file-exists",
      field: "toPath",
      value: toPath,
    });
  }
}

const NO_RETENTION: RetentionLimits = { commits: 0, ageMs: 0, bytes: 0 };

/** Keeps writers away. A folder that cannot be written is no obstacle, as no writer can work there either. */
function lockIfPossible(fileSystem: FileSystem, path: string): WriterLock | undefined {
  try {
    return acquireWriterLock(fileSystem, path);
  } catch (error) {
    if (error instanceof DatabaseLockedError) throw error;
    // Only what the system below refuses; anything else is a mistake of ours.
    if (!(error instanceof IoError)) throw error;
    return undefined;
  }
}

/** Builds a file under another name and gives it its own when it is safe. */
function writeNewFile<R>(fileSystem: FileSystem, toPath: string, write: (file: OpenFile, path: string) => R): R {
  let written = `${toPath}.new`;
  try {
    fileSystem.remove(written);
    const file = fileSystem.open(written, "create");
    let result: R;
    try {
      result = write(file, written);
    } finally {
      file.close();
    }
    fileSystem.rename(written, toPath);
    written = toPath;
    fileSystem.syncFolder(dirname(toPath));
    return result;
  } catch (error) {
    try {
      fileSystem.remove(written);
    } catch {
      // What failed first is the reason.
    }
    throw fileError("salvage to", toPath, error);
  }
}

function copyAll(
  source: SalvageSource,
  fileSystem: FileSystem,
  file: OpenFile,
  path: string,
  toPath: string,
  nowMs: number,
): SalvageReport {
  const { header, logHeader, losses } = source;
  const content = new SalvageContent(source);
  const known = Math.max(header?.nextLsn ?? 1, content.lsn + 1, logHeader?.lsnCeiling ?? 1);
  const timeMs = Math.max(nowMs, header?.timeMs ?? content.state?.timeMs ?? 0);
  const target = new SalvageTarget(fileSystem, file, path, {
    createdMs: header?.createdMs ?? nowMs,
    timeMs,
    lsn: known,
  });
  const { engine } = target;
  const { writer, trees } = engine;
  const records = new RecordSalvage(source, target);
  records.copy(content);
  noteMissing(losses, content.state ?? header, writer);
  const log = salvageLog(source, target, records, content.lsn);
  // As after any unclean end, nothing that somebody may have seen is given again.
  const isUnclean = log.isUsed || header === undefined;
  const spare = header === undefined ? { lsn: LSN_BLOCK, id: ID_BLOCK } : { lsn: 0, id: 0 };
  const lsn = Math.max(known, log.ceiling, log.lastLsn + 1, isUnclean ? header?.lsnCeiling ?? 0 : 0) + spare.lsn;
  writer.nextNodeId = nextId(writer.nextNodeId + spare.id, header?.nextNodeId, isUnclean ? header?.nodeIdCeiling : 0);
  writer.nextEdgeId = nextId(writer.nextEdgeId + spare.id, header?.nextEdgeId, isUnclean ? header?.edgeIdCeiling : 0);
  if (header !== undefined && (header.history.pageId !== 0 || header.tags.pageId !== 0)) {
    losses.add("history", "tags and kept commits", "the past is not copied: the new file holds the newest state only");
  }
  target.finish(header?.retention ?? NO_RETENTION, lsn, lsn + 1);
  const { nodeCount: nodes, edgeCount: edges, keyCount: keyValues } = engine.state;
  const indexes = writer.vectors.indexes();
  // Every node is in the index once by its kind, and once by each label.
  const labels = trees.terms.countAll() - nodes;
  return {
    path: toPath,
    nodes,
    edges,
    labels,
    keyValues,
    vectorIndexes: indexes.length,
    vectors: indexes.reduce((sum, { count }) => sum + count, 0),
    foundLsn: log.lastLsn,
    lsn,
    logCommits: log.transactions,
    losses: losses.list(),
  };
}

/** Compares what came over with what the file says that it held. */
function noteMissing(losses: Losses, expected: Counts | undefined, found: Counts): void {
  if (expected === undefined) return;
  const compare = (what: "node" | "edge" | "key", stored: number, copied: number): void => {
    if (stored === copied) return;
    losses.add(what, "in all", `the file held ${stored} ${what}s at its last checkpoint, and ${copied} came over`);
  };
  compare("node", expected.nodeCount, found.nodeCount);
  compare("edge", expected.edgeCount, found.edgeCount);
  compare("key", expected.keyCount, found.keyCount);
}

function nextId(...candidates: readonly (number | undefined)[]): number {
  return Math.min(Number.MAX_SAFE_INTEGER, Math.max(...candidates.map((candidate) => candidate ?? 0)));
}
