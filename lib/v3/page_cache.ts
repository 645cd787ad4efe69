/**
 * Pages of the file in memory: frames of 4096 bytes in one buffer, a hash table from page id to frame, replacement of the
 * page that was not used for longest (of a sample). Changed pages are written when they must make room, or all at once.
 */

import { strict as assert } from "node:assert";
import { crc32 } from "node:zlib";
import { CorruptionError, IoError } from "../backend/errors.ts";
import { checkPage } from "./check_page.ts";
import type { OpenFile } from "./file_system.ts";
import { watchGarbage } from "./garbage.ts";
import { PAGE_BIRTH_AT, PAGE_CHECKSUM_AT, PAGE_SIZE, PAGE_TYPE_AT, pageOffset } from "./page.ts";
import type { Pages } from "./pages.ts";
import { FRAME, FRAME_SHIFT, tableBits } from "../snapshot/mod.ts";
import { forgetTextBuffer } from "./text.ts";

/** Calls of `fetch` (and of what makes pages) for which an address stays valid. */
const ADDRESS_LIFE = 64;
/** Frames that are compared when one must go. */
const SAMPLE = 8;
/** Neighbouring pages that are written with one call. */
const RUN_PAGES = 64;
/** Smallest and largest cache, in bytes. */
export const MIN_CACHE_BYTES: number = 1024 * 1024;
export const MAX_CACHE_BYTES: number = 2 ** 31 - 65_536;
/** From this size on the buffer comes from WebAssembly, which takes memory only where it is touched, on every runtime. */
const LAZY_BYTES = 4 * 1024 * 1024;
const WASM_PAGE_BYTES = 65_536;
const FIRST_STEP_BYTES = 1024 * 1024;
const LARGEST_STEP_BYTES = 64 * 1024 * 1024;

/**
 * Memory of the cache that was released last, until the collector takes it. Fresh memory costs 2 to 10 microseconds a page when
 * it is first touched, and 20 milliseconds to make on Bun.
 */
let spare: WeakRef<ArrayBufferLike> | undefined;

function allocateFrames(sizeBytes: number): ArrayBufferLike {
  if (sizeBytes < LAZY_BYTES) return new SharedArrayBuffer(sizeBytes);
  watchGarbage();
  const left = spare?.deref();
  if (left?.byteLength === sizeBytes) {
    spare = undefined;
    return left;
  }
  const wasmPages = sizeBytes / WASM_PAGE_BYTES;
  return new WebAssembly.Memory({ initial: wasmPages, maximum: wasmPages, shared: true }).buffer;
}

/** Where the frames of a cache are, and what is known of them: readers in other threads may look at it. */
export interface CacheFrames {
  /** Frames of 4096 bytes. */
  readonly buffer: ArrayBufferLike;
  /** What is known of each frame: words as in `FRAME`. */
  readonly info: Int32Array;
  /** Frame + 1 of the page that hashes here, or 0; linear probing. Its size is a power of two. */
  readonly table: Int32Array;
  /** Word 0 is odd while entries of the table move. */
  readonly tableVersion: Int32Array;
  /** Whether readers find pages nowhere else, so that none may leave its frame. */
  readonly mustStay: boolean;
}

/** Frames for one thread. */
function privateFrames(cacheBytes: number): CacheFrames {
  const sizeBytes = Math.ceil(cacheBytes / WASM_PAGE_BYTES) * WASM_PAGE_BYTES;
  const frames = sizeBytes / PAGE_SIZE;
  return {
    buffer: allocateFrames(sizeBytes),
    info: new Int32Array(frames << FRAME_SHIFT),
    table: new Int32Array(2 ** tableBits(frames)),
    tableVersion: new Int32Array(1),
    mustStay: false,
  };
}

/** What a cache reads and writes. */
export interface CachedFile {
  /** The file. */
  readonly file: OpenFile;
  /** Its path as the user knows it, for error messages. */
  readonly name: string;
  /** Part of every checksum. */
  readonly fileSeed: number;
}

/** The cache. One thread works with it; others may read its frames, and find out by their versions that they changed. */
export class PageCache implements Pages {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly u32: Uint32Array;
  readonly f64: Float64Array;
  readonly #source: CachedFile;
  readonly #info: Int32Array;
  readonly #frameCount: number;
  /** When each frame was last used, in calls. */
  readonly #usedAt: Float64Array;
  readonly #isDirty: Uint8Array;
  readonly #slots: Int32Array;
  readonly #tableVersion: Int32Array;
  readonly #mustStay: boolean;
  readonly #isPrivate: boolean;
  readonly #slotMask: number;
  readonly #hashShift: number;
  readonly #staging: Uint8Array = new Uint8Array(RUN_PAGES * PAGE_SIZE);
  #tick = ADDRESS_LIFE;
  #isReleased = false;
  #usedFrames = 0;
  readonly #emptyFrames: number[] = [];
  #hand = 0;
  #dirtyCount = 0;
  #fileBytes: number;

  /** @param frames frames that other threads read; without them the cache has its own */
  constructor(source: CachedFile, cacheBytes: number, frames?: CacheFrames) {
    const { buffer, info, table, tableVersion, mustStay } = frames ?? privateFrames(cacheBytes);
    this.#isPrivate = frames === undefined;
    this.bytes = new Uint8Array(buffer);
    this.view = new DataView(buffer);
    this.u32 = new Uint32Array(buffer);
    this.f64 = new Float64Array(buffer);
    this.#source = source;
    this.#fileBytes = source.file.size();
    this.#info = info;
    this.#frameCount = info.length >>> FRAME_SHIFT;
    this.#usedAt = new Float64Array(this.#frameCount);
    this.#isDirty = new Uint8Array(this.#frameCount);
    this.#slots = table;
    this.#tableVersion = tableVersion;
    this.#mustStay = mustStay;
    this.#slotMask = table.length - 1;
    this.#hashShift = 32 - Math.log2(table.length);
  }

  /** Gives up the memory: nothing may be read or changed any more. */
  giveUp(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#slots.fill(0);
    forgetTextBuffer();
    if (this.#isPrivate && this.bytes.length >= LAZY_BYTES) spare = new WeakRef(this.bytes.buffer);
  }

  /** Number of frames. */
  get frameCount(): number {
    return this.#frameCount;
  }

  /** Number of pages that are not in the file as they are here. */
  get dirtyCount(): number {
    return this.#dirtyCount;
  }

  isCurrent(): boolean {
    return true;
  }

  isSettled(): boolean {
    return true;
  }

  fetch(pageId: number, birth: number): number {
    const frame = this.#find(pageId);
    if (frame < 0) return this.#load(pageId, birth);
    this.#usedAt[frame] = ++this.#tick;
    const address = frame * PAGE_SIZE;
    if ((this.f64[(address + PAGE_BIRTH_AT) >>> 3] as number) >>> 0 !== birth) throw this.#staleError(pageId, birth);
    return address;
  }

  /** Page of a frame, or 0. */
  #pageAt(frame: number): number {
    return (this.#info[frame << FRAME_SHIFT] as number) >>> 0;
  }

  /** Frame of a page, or -1. */
  #find(pageId: number): number {
    const info = this.#info;
    const page = pageId | 0;
    const slots = this.#slots;
    const mask = this.#slotMask;
    let slot = Math.imul(pageId, 0x9e3779b1) >>> this.#hashShift;
    for (;;) {
      const frame = (slots[slot] as number) - 1;
      if (frame < 0 || info[frame << FRAME_SHIFT] === page) return frame;
      slot = (slot + 1) & mask;
    }
  }

  #staleError(pageId: number, birth: number): CorruptionError {
    return new CorruptionError(
      `${this.#source.name}: page ${pageId} is not the page that its parent names (expected birth ${birth})`,
      { code: "page-stale", value: pageId },
    );
  }

  #load(pageId: number, birth: number): number {
    const frame = this.claim(pageId);
    const address = frame * PAGE_SIZE;
    try {
      this.#read(pageId, address);
      if (this.view.getFloat64(address + PAGE_BIRTH_AT, true) >>> 0 !== birth) throw this.#staleError(pageId, birth);
      checkPage(this, address, pageId);
    } catch (error) {
      this.drop(pageId);
      throw error;
    }
    this.showFrame(frame);
    return address;
  }

  #read(pageId: number, address: number): void {
    const { file, name, fileSeed } = this.#source;
    const page = this.bytes.subarray(address, address + PAGE_SIZE);
    const length = file.read(page, pageOffset(pageId));
    if (length < PAGE_SIZE) {
      throw new CorruptionError(`${name}: page ${pageId} lies behind the end of the file, which was cut`, {
        code: "page-missing",
        value: pageId,
      });
    }
    const found = crc32(page.subarray(PAGE_CHECKSUM_AT + 4), (pageId ^ fileSeed) >>> 0);
    const expected = this.view.getUint32(address + PAGE_CHECKSUM_AT, true);
    if (found !== expected) {
      throw new CorruptionError(
        `${name}: page ${pageId} is damaged: its checksum is ${hex(found)}, stored is ${
          hex(expected)
        }; run check, and salvage what is readable`,
        { code: "page-corrupt", value: pageId },
      );
    }
  }

  /** Takes a frame for a page that is not in the cache; its bytes are undefined, and hidden from readers until `showFrame`. */
  protected claim(pageId: number): number {
    if (this.#isReleased) assert.fail(`page ${pageId} of a closed database`);
    const frame = this.#emptyFrames.pop() ??
      (this.#usedFrames < this.#frameCount ? this.#usedFrames++ : this.#evict());
    Atomics.add(this.#info, (frame << FRAME_SHIFT) + FRAME.version, 1);
    this.#info[frame << FRAME_SHIFT] = pageId;
    this.#usedAt[frame] = ++this.#tick;
    let slot = Math.imul(pageId, 0x9e3779b1) >>> this.#hashShift;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & this.#slotMask;
    this.#slots[slot] = frame + 1;
    return frame;
  }

  /** The bytes of a frame are now what its page holds. */
  protected showFrame(frame: number): void {
    const at = frame << FRAME_SHIFT;
    this.#info[at + FRAME.birth] = this.f64[(frame * PAGE_SIZE + PAGE_BIRTH_AT) >>> 3] as number;
    Atomics.add(this.#info, at + FRAME.version, 1);
  }

  /** Frame of a page that may be in the cache, or -1. */
  protected frameOf(pageId: number): number {
    return this.#find(pageId);
  }

  /** Type of a page, in the cache or in the file. Reads no more of it. */
  typeOf(pageId: number): number {
    const frame = this.#find(pageId);
    if (frame >= 0) return this.bytes[frame * PAGE_SIZE + PAGE_TYPE_AT] as number;
    const type = this.#staging.subarray(0, 1);
    type[0] = 0;
    this.#source.file.read(type, pageOffset(pageId) + PAGE_TYPE_AT);
    return type[0] as number;
  }

  /** Page of a frame. */
  protected pageOfFrame(frame: number): number {
    return this.#pageAt(frame);
  }

  /** Notes that the page of a frame is to be written. */
  protected markDirty(frame: number): void {
    if (this.#isDirty[frame] === 1) return;
    this.#isDirty[frame] = 1;
    this.#dirtyCount++;
  }

  /** Called when a frame gets another page. */
  protected forgetFrame(_frame: number): void {}

  /** Takes a page out of the cache without writing it. */
  drop(pageId: number): void {
    const frame = this.#find(pageId);
    if (frame < 0) return;
    this.#unmap(frame);
    this.#emptyFrames.push(frame);
  }

  #unmap(frame: number): void {
    const slots = this.#slots;
    const mask = this.#slotMask;
    // A reader that finds nothing looks again when entries moved meanwhile.
    Atomics.add(this.#tableVersion, 0, 1);
    let hole = Math.imul(this.#pageAt(frame), 0x9e3779b1) >>> this.#hashShift;
    while (slots[hole] !== frame + 1) hole = (hole + 1) & mask;
    // Entries behind the hole move up unless that would put them before their own hash (deletion under linear probing).
    for (let at = hole;;) {
      at = (at + 1) & mask;
      const other = (slots[at] as number) - 1;
      if (other < 0) break;
      const home = Math.imul(this.#pageAt(other), 0x9e3779b1) >>> this.#hashShift;
      if (((at - home) & mask) >= ((at - hole) & mask)) {
        slots[hole] = other + 1;
        hole = at;
      }
    }
    slots[hole] = 0;
    Atomics.add(this.#tableVersion, 0, 1);
    // A page that could not be read was never shown.
    if (((this.#info[(frame << FRAME_SHIFT) + FRAME.version] as number) & 1) === 1) this.showFrame(frame);
    if (this.#isDirty[frame] === 1) {
      this.#isDirty[frame] = 0;
      this.#dirtyCount--;
    }
    this.#info[frame << FRAME_SHIFT] = 0;
    this.forgetFrame(frame);
  }

  /** Makes a frame empty: of a sample, the one that was not used for longest. */
  #evict(): number {
    if (this.#mustStay) throw this.#fullError();
    const frames = this.#frameCount;
    const usedAt = this.#usedAt;
    let victim = -1;
    let oldest = this.#tick - ADDRESS_LIFE;
    for (let seen = 0; seen < SAMPLE || victim < 0; seen++) {
      const frame = this.#hand;
      this.#hand = frame + 1 === frames ? 0 : frame + 1;
      if ((usedAt[frame] as number) < oldest) {
        oldest = usedAt[frame] as number;
        victim = frame;
      }
    }
    if (this.#isDirty[victim] === 1) this.#writeAround(this.#pageAt(victim));
    this.#unmap(victim);
    return victim;
  }

  #fullError(): IoError {
    const sizeBytes = this.bytes.length;
    return new IoError(
      `${this.#source.name}: the database in memory is full (${sizeBytes} bytes); open it with more cacheBytes, or in a file`,
      { code: "memory-full", value: sizeBytes },
    );
  }

  /** Writes a changed page together with changed pages beside it in the file. */
  #writeAround(pageId: number): void {
    let first = pageId;
    while (first > 1 && pageId - first < RUN_PAGES - 1 && this.#isWritable(first - 1)) first--;
    let end = pageId + 1;
    while (end - first < RUN_PAGES && this.#isWritable(end)) end++;
    this.#writeRun(first, end);
  }

  /** Whether a page is changed and will not be changed through an address that somebody holds. */
  #isWritable(pageId: number): boolean {
    const frame = this.#find(pageId);
    return frame >= 0 && this.#isDirty[frame] === 1 && (this.#usedAt[frame] as number) < this.#tick - ADDRESS_LIFE;
  }

  /** Writes the pages `first` to `end` - 1, which are all in the cache. */
  #writeRun(first: number, end: number): void {
    const { file, fileSeed } = this.#source;
    const staging = this.#staging;
    for (let pageId = first; pageId < end; pageId++) {
      const address = this.#find(pageId) * PAGE_SIZE;
      const sum = crc32(
        this.bytes.subarray(address + PAGE_CHECKSUM_AT + 4, address + PAGE_SIZE),
        (pageId ^ fileSeed) >>> 0,
      );
      this.view.setUint32(address + PAGE_CHECKSUM_AT, sum, true);
      staging.set(this.bytes.subarray(address, address + PAGE_SIZE), (pageId - first) * PAGE_SIZE);
    }
    this.#growTo(pageOffset(end));
    file.write(staging.subarray(0, (end - first) * PAGE_SIZE), pageOffset(first));
    for (let pageId = first; pageId < end; pageId++) {
      this.#isDirty[this.#find(pageId)] = 0;
      this.#dirtyCount--;
    }
  }

  /** Makes the file larger in steps: fewer changes of its size on the way. */
  #growTo(sizeBytes: number): void {
    if (sizeBytes <= this.#fileBytes) return;
    const step = Math.min(LARGEST_STEP_BYTES, Math.max(FIRST_STEP_BYTES, this.#fileBytes >>> 3));
    const grown = Math.ceil(sizeBytes / step) * step;
    this.#source.file.truncate(grown);
    this.#fileBytes = grown;
  }

  /** Cuts the file behind a page. */
  cutFile(pageCount: number): void {
    const sizeBytes = pageOffset(pageCount + 1);
    if (sizeBytes === this.#fileBytes) return;
    this.#source.file.truncate(sizeBytes);
    this.#fileBytes = sizeBytes;
  }

  /** Writes every changed page, in the order of the file. */
  writeDirty(): void {
    if (this.#dirtyCount === 0) return;
    const pageIds = new Uint32Array(this.#dirtyCount);
    let count = 0;
    for (let frame = 0; frame < this.#usedFrames; frame++) {
      if (this.#isDirty[frame] === 1) pageIds[count++] = this.#pageAt(frame);
    }
    pageIds.sort();
    for (let at = 0; at < count;) {
      const first = pageIds[at] as number;
      let end = first + 1;
      while (++at < count && pageIds[at] === end && end - first < RUN_PAGES) end++;
      this.#writeRun(first, end);
    }
  }
}

function hex(word: number): string {
  return word.toString(16).padStart(8, "0");
}
