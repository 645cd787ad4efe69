/** Looks at the bytes of a file without opening it as a database: both copies of the header, and what every page is. */

import { crc32 } from "node:zlib";
import type { LongCallOptions } from "../backend/care.ts";
import { CorruptionError, NotFoundError } from "../backend/errors.ts";
import { fileError } from "../backend/line_file.ts";
import { kvCheckpointPath, logPath } from "./engine.ts";
import type { FileSystem, OpenFile } from "./file_system.ts";
import { chooseHeader, decodeHeader, FORMAT_VERSION, type Header, HEADER_SLOT_SIZE } from "./header.ts";
import { PAGE_CHECKSUM_AT, PAGE_SIZE, PAGE_TYPE, PAGE_TYPE_AT, pageOffset, V3_HEADER_SIZE } from "./page.ts";
import { realFileSystem } from "./real_file_system.ts";

/** A copy of the header. */
export interface HeaderSlotInspection {
  /** Whether it can be read. */
  readonly isSound: boolean;
  /** Whether it is the one that counts. */
  readonly isChosen: boolean;
  /** How often a header was written; undefined when it cannot be read. */
  readonly counter: number | undefined;
  /** Commit that it shows; likewise. */
  readonly lsn: number | undefined;
}

/** Pages of one type. */
export interface PageTypeCount {
  /** Name of the type; `damaged` for pages whose checksum or type is wrong. Free pages keep what they were. */
  readonly type: keyof typeof PAGE_TYPE | "unused" | "damaged";
  /** How many. */
  readonly pages: number;
}

/** What `inspectV3` found. */
export interface V3Inspection {
  /** The file. */
  readonly path: string;
  /** Its size. */
  readonly sizeBytes: number;
  /** Version of the format. */
  readonly formatVersion: number;
  /** Both copies of the header. */
  readonly slots: readonly HeaderSlotInspection[];
  /** The header that counts, as of the last checkpoint. */
  readonly header: Omit<Header, "fileId">;
  /** Pages that the file has, by its size. */
  readonly pageCount: number;
  /** What the pages are; types without pages are left out. */
  readonly pages: readonly PageTypeCount[];
  /** Size of the log beside it; 0 without one. */
  readonly logBytes: number;
  /** Size of the copy of the key-values beside it; 0 without one. */
  readonly keyValueCopyBytes: number;
}

/** Pages that are read at once. */
const CHUNK_PAGES = 256;

const TYPE_NAMES: readonly (keyof typeof PAGE_TYPE | undefined)[] = typeNames();
/** Index of pages that were never written, and of damaged ones, behind those of the types. */
const UNUSED = TYPE_NAMES.length;
const DAMAGED = UNUSED + 1;

/**
 * Looks at a file. Nothing is changed, and no lock is taken: while somebody writes the file, pages can look damaged that are not.
 *
 * @throws {NotFoundError} when there is no file
 * @throws {CorruptionError} when it is none of this format, or both copies of its header are damaged
 * @throws {UnsupportedError} for another version of the format
 * @throws {IoError} when it cannot be read
 */
export function inspectV3(
  path: string,
  options: LongCallOptions = {},
  fileSystem: FileSystem = realFileSystem,
): V3Inspection {
  if (fileSystem.stat(path)?.type !== "file") {
    throw new NotFoundError(`inspect: there is no file ${path}; check the path`, {
      code: "file-not-found",
      field: "path",
      value: path,
    });
  }
  try {
    const realPath = fileSystem.realPath(path);
    const file = fileSystem.open(realPath, "read");
    try {
      const beside = (sidecar: string): number => fileSystem.stat(sidecar)?.sizeBytes ?? 0;
      return {
        ...inspectFile(file, path, options),
        logBytes: beside(logPath(realPath)),
        keyValueCopyBytes: beside(kvCheckpointPath(realPath)),
      };
    } finally {
      file.close();
    }
  } catch (error) {
    throw fileError("read", path, error);
  }
}

function inspectFile(
  file: OpenFile,
  path: string,
  options: LongCallOptions,
): Omit<V3Inspection, "logBytes" | "keyValueCopyBytes"> {
  const start = new Uint8Array(V3_HEADER_SIZE);
  const head = start.subarray(0, file.read(start, 0));
  const chosen = chooseHeader(head, path);
  const slots = [0, 1].map((slot): HeaderSlotInspection => {
    const header = decodeHeader(head.subarray(slot * HEADER_SLOT_SIZE));
    const isChosen = slot === chosen.slot;
    return { isSound: header !== undefined, isChosen, counter: header?.counter, lsn: header?.lsn };
  });
  const { fileId: _fileId, ...header } = chosen.header;
  const sizeBytes = file.size();
  const pageCount = Math.max(0, Math.ceil((sizeBytes - V3_HEADER_SIZE) / PAGE_SIZE));
  const counts = countPages(file, pageCount, header.fileSeed, options);
  const pages: PageTypeCount[] = [];
  counts.forEach((count, index) => {
    const type = index === UNUSED ? "unused" : index === DAMAGED ? "damaged" : TYPE_NAMES[index];
    if (count > 0 && type !== undefined) pages.push({ type, pages: count });
  });
  return { path, sizeBytes, formatVersion: FORMAT_VERSION, slots, header, pageCount, pages };
}

function countPages(
  file: OpenFile,
  pageCount: number,
  fileSeed: number,
  { onProgress, signal }: LongCallOptions,
): number[] {
  const counts = new Array<number>(DAMAGED + 1).fill(0);
  const chunk = new Uint8Array(CHUNK_PAGES * PAGE_SIZE);
  for (let first = 1; first <= pageCount; first += CHUNK_PAGES) {
    const length = file.read(chunk, pageOffset(first));
    if (length === 0) throw new CorruptionError("the file became shorter while it was read", { code: "file-changed" });
    for (let at = 0; at < length; at += PAGE_SIZE) {
      const kind = kindOf(chunk.subarray(at, Math.min(at + PAGE_SIZE, length)), first + at / PAGE_SIZE, fileSeed);
      (counts[kind] as number)++;
    }
    onProgress?.({ phase: "inspect", done: Math.min(first + CHUNK_PAGES - 1, pageCount), total: pageCount });
    signal?.throwIfAborted();
  }
  return counts;
}

function kindOf(page: Uint8Array, pageId: number, fileSeed: number): number {
  if (page.every((byte) => byte === 0)) return UNUSED;
  if (page.length < PAGE_SIZE) return DAMAGED;
  const stored = new DataView(page.buffer, page.byteOffset, PAGE_SIZE).getUint32(PAGE_CHECKSUM_AT, true);
  if (crc32(page.subarray(PAGE_CHECKSUM_AT + 4), (pageId ^ fileSeed) >>> 0) !== stored) return DAMAGED;
  const type = page[PAGE_TYPE_AT] as number;
  return TYPE_NAMES[type] === undefined ? DAMAGED : type;
}

function typeNames(): (keyof typeof PAGE_TYPE | undefined)[] {
  const names: (keyof typeof PAGE_TYPE | undefined)[] = [undefined];
  for (const [name, type] of Object.entries(PAGE_TYPE)) names[type] = name as keyof typeof PAGE_TYPE;
  return names;
}
