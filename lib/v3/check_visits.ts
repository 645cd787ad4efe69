/**
 * Visits of pages by a check: each page is read through the cache and, where the file must hold it, from the file itself; pages
 * that several states share are walked once; a page that one state reaches twice is found.
 */

import { crc32 } from "node:zlib";
import type { LongCallOptions } from "../backend/care.ts";
import { CorruptionError } from "../backend/errors.ts";
import { fileError } from "../backend/line_file.ts";
import type { Findings } from "./check_findings.ts";
import { checkPage } from "./check_page.ts";
import { PageSet } from "./check_page_set.ts";
import type { Engine } from "./engine.ts";
import {
  PAGE_BIRTH_AT,
  PAGE_CHECKSUM_AT,
  PAGE_COUNT_AT,
  PAGE_FIRST_AT,
  PAGE_LEVEL_AT,
  PAGE_SECOND_AT,
  PAGE_SIZE,
  PAGE_TYPE,
  PAGE_TYPE_AT,
  pageOffset,
} from "./page.ts";
import type { Pages } from "./pages.ts";

/** Pages between two reports of progress. */
const PROGRESS_PAGES = 256;
/** So many marks of a state are taken back one by one; with more, the whole bitmap is cleared. */
const MAX_MARKS = 1 << 16;

/** Visits of one check. */
export class PageVisits {
  /** Every page that was visited. */
  readonly all: PageSet;
  /** What is wrong. */
  readonly findings: Findings;
  /** The pages. */
  readonly pages: Pages;
  /** Whether `enter` met a page that was walked with an earlier state. */
  isKnown = false;
  /** Number of errors in chains: they cost a record its data, and leave the tree walkable. */
  chainErrors = 0;
  readonly #engine: Engine;
  readonly #pageCount: number;
  readonly #options: LongCallOptions;
  readonly #scratch: Uint8Array = new Uint8Array(PAGE_SIZE);
  readonly #scratchView: DataView = new DataView(this.#scratch.buffer);
  /** Pages that the state being walked reaches; not used for the first one. */
  readonly #current: PageSet;
  readonly #marks: Uint32Array = new Uint32Array(MAX_MARKS);
  #markCount = 0;
  #isFirst = true;
  #lsn = 0;
  #where = "";
  #visited = 0;

  constructor(engine: Engine, findings: Findings, options: LongCallOptions) {
    this.#engine = engine;
    this.findings = findings;
    this.pages = engine.pager;
    this.#pageCount = engine.pager.freePages.pageCount;
    this.#options = options;
    this.all = new PageSet(this.#pageCount);
    this.#current = new PageSet(this.#pageCount);
  }

  /** Begins with a part of the state that is being walked. No page of it may be younger than a commit. */
  part(where: string, lsn: number): void {
    this.#where = where;
    this.#lsn = lsn;
  }

  /** Begins with another state, which may share pages with those before. */
  nextState(): void {
    this.#isFirst = false;
    if (this.#markCount > MAX_MARKS) this.#current.clear();
    else for (let at = 0; at < this.#markCount; at++) this.#current.delete(this.#marks[at] as number);
    this.#markCount = 0;
  }

  /** A place for messages. */
  place(pageId: number): string {
    return `page ${pageId} (${this.#where})`;
  }

  /**
   * Visits a page that another one names. Returns its address, or -1 when it cannot be walked; then that has been noted.
   * `isKnown` tells whether what it refers to has been walked.
   */
  enter(pageId: number, birth: number): number {
    const { findings, all } = this;
    if (pageId === 0 || pageId > this.#pageCount) {
      findings.error("page-outside", "references to pages that the file does not have", this.place(pageId));
      return -1;
    }
    const isKnown = all.has(pageId);
    this.isKnown = isKnown;
    if (this.#isFirst ? isKnown : !this.#mark(pageId)) {
      findings.error("page-used-twice", "pages that one state reaches in two ways", this.place(pageId));
      return -1;
    }
    if (++this.#visited % PROGRESS_PAGES === 0) this.#report(this.#visited);
    all.add(pageId);
    let address: number;
    try {
      address = this.pages.fetch(pageId, birth);
    } catch (error) {
      // A damaged page that states share is one damaged page; another birth than before is another mistake.
      if (!isKnown || (error instanceof CorruptionError && error.code === "page-stale")) this.#caught(error, pageId);
      return -1;
    }
    const bornAt = this.pages.f64[(address + PAGE_BIRTH_AT) >>> 3] as number;
    if (!(bornAt <= this.#lsn)) {
      findings.error(
        "page-too-young",
        "pages that are younger than the state that reaches them",
        `${this.place(pageId)}: of commit ${bornAt}, in commit ${this.#lsn}`,
      );
    }
    return isKnown || this.#verify(pageId, address, bornAt) ? address : -1;
  }

  /** Marks a page as reached by the state; false when it was. */
  #mark(pageId: number): boolean {
    if (!this.#current.add(pageId)) return false;
    if (this.#markCount < MAX_MARKS) this.#marks[this.#markCount] = pageId;
    this.#markCount++;
    return true;
  }

  /** Ends the walk. */
  finish(): void {
    this.#report(this.#pageCount);
  }

  #report(done: number): void {
    const total = this.#pageCount;
    this.#options.onProgress?.({ phase: "pages", done: Math.min(done, total), total });
    this.#options.signal?.throwIfAborted();
  }

  #caught(error: unknown, pageId: number): void {
    this.findings.caught(error, this.place(pageId));
  }

  /** Checks the page by itself, in memory and in the file. Returns whether it can be walked. */
  #verify(pageId: number, address: number, bornAt: number): boolean {
    try {
      checkPage(this.pages, address, pageId);
      // Checkpoints write every page that their header reaches; younger pages may still be in memory only.
      if (bornAt <= this.#engine.header.lsn) this.#verifyFile(pageId, address);
      return true;
    } catch (error) {
      this.#caught(error, pageId);
      return false;
    }
  }

  #verifyFile(pageId: number, address: number): void {
    const { file, fileSeed, name } = this.#engine;
    const scratch = this.#scratch;
    let length: number;
    try {
      length = file.read(scratch, pageOffset(pageId));
    } catch (error) {
      throw fileError("read", name, error);
    }
    if (length < PAGE_SIZE) {
      throw new CorruptionError(`it lies behind the end of the file, which was cut`, {
        code: "page-missing",
        value: pageId,
      });
    }
    const stored = this.#scratchView.getUint32(PAGE_CHECKSUM_AT, true);
    if (crc32(scratch.subarray(PAGE_CHECKSUM_AT + 4), (pageId ^ fileSeed) >>> 0) !== stored) {
      throw new CorruptionError("its checksum does not match its content in the file", {
        code: "page-corrupt",
        value: pageId,
      });
    }
    const { view } = this.pages;
    for (let at = PAGE_TYPE_AT; at < PAGE_FIRST_AT; at += 4) {
      if (this.#scratchView.getUint32(at, true) !== view.getUint32(address + at, true)) {
        throw new CorruptionError("the file holds another page in its place: a write was lost or went astray", {
          code: "page-stale",
          value: pageId,
        });
      }
    }
  }

  /** Whether a page is of a type and level; notes it when it is not. */
  expect(pageId: number, address: number, type: number, level: number): boolean {
    const { bytes } = this.pages;
    if (bytes[address + PAGE_TYPE_AT] === type && bytes[address + PAGE_LEVEL_AT] === level) return true;
    this.findings.error(
      "page-type",
      "pages of another type or level than their parent needs",
      `${this.place(pageId)}: type ${bytes[address + PAGE_TYPE_AT]} and level ${
        bytes[address + PAGE_LEVEL_AT]
      } instead of ${type} and ${level}`,
    );
    return false;
  }

  /**
   * Walks a chain of overflow pages.
   *
   * @param length bytes that it must hold; -1 when that is checked elsewhere
   */
  chain(pageId: number, birth: number, length: number): void {
    const before = this.findings.errors;
    this.#walkChain(pageId, birth, length);
    this.chainErrors += this.findings.errors - before;
  }

  #walkChain(first: number, birth: number, length: number): void {
    const { view } = this.pages;
    let pageId = first;
    let bytes = 0;
    while (pageId !== 0) {
      const address = this.enter(pageId, birth);
      if (address < 0 || !this.expect(pageId, address, PAGE_TYPE.overflow, 0)) return;
      // Chains are never changed: who shares the first page shares all.
      if (this.isKnown) return;
      bytes += view.getUint16(address + PAGE_COUNT_AT, true);
      pageId = view.getUint32(address + PAGE_FIRST_AT, true);
      birth = view.getUint32(address + PAGE_SECOND_AT, true);
    }
    if (length < 0 || bytes === length) return;
    this.findings.error(
      "chain-length",
      "overflow chains of another length than their owner says",
      `${this.place(first)}: ${bytes} bytes instead of ${length}`,
    );
  }
}
