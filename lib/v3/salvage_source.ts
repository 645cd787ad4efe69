/** A damaged file to read: its header if there is one, its seed, its pages through a cache. */

import { crc32 } from "node:zlib";
import { CorruptionError, UnsupportedError } from "../backend/errors.ts";
import type { LongCallOptions } from "../backend/care.ts";
import { fileError } from "../backend/line_file.ts";
import { readCheckpointFile } from "../kv/mod.ts";
import { PageCopies } from "./check_copies.ts";
import { checkPage } from "./check_page.ts";
import { kvCheckpointPath, logPath } from "./engine.ts";
import type { FileSystem, OpenFile } from "./file_system.ts";
import { chooseHeader, decodeHeader, type Header, HEADER_SLOT_SIZE } from "./header.ts";
import { decodeLogHeader, isLogHeader, LOG_HEADER_SIZE, type LogHeader } from "./log_frame.ts";
import { PAGE_BIRTH_AT, PAGE_CHECKSUM_AT, PAGE_SIZE, pageOffset, V3_HEADER_SIZE } from "./page.ts";
import { PageCache } from "./page_cache.ts";
import type { Pages } from "./pages.ts";
import { type Losses, reasonOf } from "./salvage_losses.ts";
import { SeedVotes } from "./salvage_seed.ts";

const CACHE_BYTES = 128 * 1024 * 1024;
/** Pages that are read at once. */
const CHUNK_PAGES = 256;

/** Takes a sound page, which lies at address 0 of `pages`; the pages that it refers to can be fetched from the source. */
export type PageVisitor = (pages: Pages, pageId: number, bornAt: number) => void;

/** A damaged file. */
export class SalvageSource {
  readonly fileSystem: FileSystem;
  /** Real path of the file. */
  readonly path: string;
  readonly losses: Losses;
  /** Its header: the copy that counts of those that can be read. */
  readonly header: Header | undefined;
  /** Header of its log, if there is one with a sound header. */
  readonly logHeader: LogHeader | undefined;
  /** Part of every checksum. */
  readonly fileSeed: number;
  /** Pages that the file has, by its size. */
  readonly pageCount: number;
  /** Its pages. */
  readonly pages: PageCache;
  readonly #file: OpenFile;
  readonly #options: LongCallOptions;

  /**
   * Opens the file.
   *
   * @throws {CorruptionError} when nothing tells that it ever was a database
   * @throws {UnsupportedError} when it is one of another version
   */
  constructor(fileSystem: FileSystem, path: string, losses: Losses, options: LongCallOptions) {
    this.fileSystem = fileSystem;
    this.path = path;
    this.losses = losses;
    this.#options = options;
    this.#file = openFile(fileSystem, path);
    try {
      this.pageCount = Math.max(0, Math.ceil((this.#file.size() - V3_HEADER_SIZE) / PAGE_SIZE));
      const start = this.#readStart();
      this.header = this.#readHeader(start);
      this.logHeader = this.#readLogHeader();
      this.fileSeed = this.header?.fileSeed ?? this.#findSeed(start);
      this.pages = new PageCache({ file: this.#file, name: path, fileSeed: this.fileSeed }, CACHE_BYTES);
    } catch (error) {
      this.#file.close();
      throw fileError("read", path, error);
    }
  }

  /** The first bytes of the file; zeroes where the file system cannot read. */
  #readStart(): Uint8Array {
    const start = new Uint8Array(V3_HEADER_SIZE);
    for (const at of [0, HEADER_SLOT_SIZE]) {
      try {
        this.#file.read(start.subarray(at, at + HEADER_SLOT_SIZE), at);
      } catch (error) {
        reasonOf(fileError("read", this.path, error));
      }
    }
    return start;
  }

  #readHeader(start: Uint8Array): Header | undefined {
    const [first, second] = [0, 1].map((slot) => decodeHeader(start.subarray(slot * HEADER_SLOT_SIZE)));
    const header = first !== undefined && (second === undefined || first.counter >= second.counter) ? first : second;
    if (header === undefined) return undefined;
    if (first === undefined || second === undefined) {
      const damaged = first === undefined ? 1 : 2;
      this.losses.add("header", `copy ${damaged}`, "this copy of the header is damaged; the other one was used");
    }
    if (header.pageCount > this.pageCount) {
      this.losses.add(
        "page",
        `pages ${this.pageCount + 1} to ${header.pageCount}`,
        "the file was cut: these pages are behind its end",
      );
    }
    return header;
  }

  #readLogHeader(): LogHeader | undefined {
    const path = logPath(this.path);
    if (this.fileSystem.stat(path)?.type !== "file") return undefined;
    const file = this.fileSystem.open(path, "read");
    try {
      const bytes = new Uint8Array(LOG_HEADER_SIZE);
      if (file.read(bytes, 0) < LOG_HEADER_SIZE || !isLogHeader(bytes)) return undefined;
      const header = decodeLogHeader(bytes);
      return this.header === undefined || header.fileSeed === this.header.fileSeed ? header : undefined;
    } catch (error) {
      // What is wrong with the log is noted when it is read.
      if (!(error instanceof UnsupportedError)) reasonOf(fileError("read", path, error));
      return undefined;
    } finally {
      file.close();
    }
  }

  /** The seed of a file without a header: as its pages say, else as the files beside it say. */
  #findSeed(start: Uint8Array): number {
    const votes = new SeedVotes();
    this.#eachPage("header", (page, pageId) => page !== undefined && votes.add(page, pageId));
    const seed = votes.seed ?? this.logHeader?.fileSeed ?? this.#seedOfCopy();
    // What is no database tells so by its first bytes.
    if (seed === undefined) chooseHeader(start, this.path);
    if (seed === undefined) {
      throw new CorruptionError(`${this.path}: holds nothing that can be recognized`, {
        code: "nothing-to-salvage",
        value: this.path,
      });
    }
    this.losses.add(
      "header",
      "both copies",
      "both copies of the header are damaged: what the database holds was found out from its pages; tags, kept commits and the retention are lost",
    );
    return seed;
  }

  #seedOfCopy(): number | undefined {
    try {
      return readCheckpointFile(this.fileSystem, kvCheckpointPath(this.path))?.fileSeed;
    } catch (error) {
      reasonOf(error);
      return undefined;
    }
  }

  /** Reports progress, and stops when that is asked for. */
  step(phase: string, done: number, total?: number): void {
    this.#options.onProgress?.(total === undefined ? { phase, done } : { phase, done, total });
    this.#options.signal?.throwIfAborted();
  }

  /**
   * Visits every page of the file.
   *
   * @param visit takes those that are sound by themselves
   * @param onDamaged takes the ids of the others, without those that hold nothing but zeroes
   */
  scan(visit: PageVisitor, onDamaged: (pageId: number) => void): void {
    const copies = new PageCopies(this.pages, 1);
    const isSound = (page: Uint8Array, pageId: number): boolean => {
      const stored = new DataView(page.buffer, page.byteOffset).getUint32(PAGE_CHECKSUM_AT, true);
      if (stored !== crc32(page.subarray(PAGE_CHECKSUM_AT + 4), (pageId ^ this.fileSeed) >>> 0)) return false;
      copies.bytes.set(page);
      if (!Number.isSafeInteger(copies.view.getFloat64(PAGE_BIRTH_AT, true))) return false;
      try {
        checkPage(copies, 0, pageId);
        return true;
      } catch (error) {
        reasonOf(error);
        return false;
      }
    };
    this.#eachPage("scan", (page, pageId) => {
      if (page !== undefined && isSound(page, pageId)) {
        visit(copies, pageId, copies.view.getFloat64(PAGE_BIRTH_AT, true));
      } else if (page === undefined || page.some((byte) => byte !== 0)) onDamaged(pageId);
      return false;
    });
  }

  /** Visits the bytes of every page (undefined: unreadable), in the order of the file, until a visit returns true. */
  #eachPage(phase: string, visit: (page: Uint8Array | undefined, pageId: number) => boolean): void {
    const chunk = new Uint8Array(CHUNK_PAGES * PAGE_SIZE);
    for (let first = 1; first <= this.pageCount; first += CHUNK_PAGES) {
      this.step(phase, first - 1, this.pageCount);
      const wanted = Math.min(CHUNK_PAGES, this.pageCount - first + 1);
      const isWhole = this.#readPages(chunk, first, wanted);
      for (let at = 0; at < wanted; at++) {
        const page = chunk.subarray(at * PAGE_SIZE, (at + 1) * PAGE_SIZE);
        // A medium that cannot read one sector can read the others.
        const isReadable = isWhole || this.#readPages(page, first + at, 1);
        if (visit(isReadable ? page : undefined, first + at)) return;
      }
    }
  }

  /** Reads pages, with zeroes behind the end of the file; false when the file system cannot. */
  #readPages(chunk: Uint8Array, first: number, count: number): boolean {
    const wanted = chunk.subarray(0, count * PAGE_SIZE);
    try {
      wanted.fill(0, this.#file.read(wanted, pageOffset(first)));
      return true;
    } catch (error) {
      reasonOf(fileError("read", this.path, error));
      return false;
    }
  }

  /** Closes the file. */
  close(): void {
    this.#file.close();
  }
}

function openFile(fileSystem: FileSystem, path: string): OpenFile {
  try {
    return fileSystem.open(path, "read");
  } catch (error) {
    throw fileError("open", path, error);
  }
}
