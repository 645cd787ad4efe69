/**
 * Pages of a file that another thread writes, read where they lie in shared memory, without locks.
 *
 * Every frame has a version that changes with its content. A read notes the versions of the frames that it meets and compares
 * them at its end (optimistic latches, as in V. Leis et al., LeanStore: In-Memory Data Management Beyond Main Memory, 2018);
 * when one changed, the read begins again. Pages that no frame holds are read from the file into frames that readers own.
 */

import process from "node:process";
import { crc32 } from "node:zlib";
import { ClosedError, CorruptionError, IoError } from "../backend/errors.ts";
import {
  CONTROL,
  FRAME,
  FRAME_SHIFT,
  SEGMENT_SHIFT,
  SET_FRAMES,
  type SharedMemory,
} from "../snapshot/shared_memory.ts";
import { checkPage } from "./check_page.ts";
import type { OpenFile } from "./file_system.ts";
import { watchGarbage } from "./garbage.ts";
import { PAGE_BIRTH_AT, PAGE_CHECKSUM_AT, PAGE_SIZE, pageOffset } from "./page.ts";
import { type Pages, StaleRead } from "./pages.ts";

/** Frames that a read remembers: an address is valid for so many calls of `fetch`. */
const REMEMBERED = 64;
/** Looks for a page that is neither in a frame nor whole in the file, before that counts as damage. */
const MAX_LOOKS = 8;
/** Looks for a frame that no other thread fills at the moment. */
const MAX_CLAIMS = 1000;
/** Times that a read begins again before it gives up: something must be wrong then. */
const MAX_ATTEMPTS = 10_000;
/** Bits of a reader's frame that are its place in its segment. Not spelled out where it is used: V8 computes powers, 20 ns each. */
const SEGMENT_MASK: number = (1 << SEGMENT_SHIFT) - 1;
/** So many pages with ids side by side, as a power of two, share a set: what is known of their frames is one line of a cache. */
const NEIGHBORS_SHIFT = 2;
const GOLDEN = 0x9e3779b1;
/** Processors that may show the loads of one thread to itself in another order need fences; those of x64 do not. */
const NEEDS_FENCE: boolean = process.arch !== "x64";

/** What is read. */
export interface SharedFile {
  /** The file; none for a database in memory, all of whose pages are in the writer's frames. */
  readonly file: OpenFile | undefined;
  /** Its path as the user knows it, for error messages. */
  readonly name: string;
  /** Part of every checksum. */
  readonly fileSeed: number;
}

/** The pages as one thread reads them. */
export class SharedPages implements Pages {
  bytes: Uint8Array;
  view: DataView;
  u32: Uint32Array;
  f64: Float64Array;
  readonly #memory: SharedMemory;
  readonly #source: SharedFile;
  /** Words of the frames. */
  readonly #info: Int32Array;
  readonly #hints: Int32Array;
  readonly #hintMask: number;
  readonly #tableShift: number;
  readonly #tableMask: number;
  readonly #writerFrames: number;
  readonly #sets: number;
  readonly #segments: readonly Segment[];
  /** Segment that the views show. */
  #segment = 0;
  readonly #frames = new Int32Array(REMEMBERED);
  readonly #noted = new Int32Array(REMEMBERED);
  /** Frames noted since the read began. */
  #count = 0;
  #hand = 0;
  readonly #fence = new Int32Array(1);

  constructor(memory: SharedMemory, source: SharedFile) {
    watchGarbage();
    this.#memory = memory;
    this.#source = source;
    this.#info = memory.frames;
    this.#hints = memory.hints;
    this.#hintMask = memory.hints.length - 1;
    this.#tableShift = 32 - Math.log2(memory.table.length);
    this.#tableMask = memory.table.length - 1;
    this.#writerFrames = memory.writerFrameCount;
    this.#sets = (memory.frameCount - memory.writerFrameCount) / SET_FRAMES;
    this.#segments = [memory.handle.writerFrames, ...memory.handle.readerFrames].map(segmentOf);
    const { bytes, view, u32, f64 } = this.#segments[0] as Segment;
    this.bytes = bytes;
    this.view = view;
    this.u32 = u32;
    this.f64 = f64;
  }

  fetch(pageId: number, birth: number): number {
    const frame = this.#hints[pageId & this.#hintMask] as number;
    // The version first: who fills a frame changes it before everything else, and again after everything else.
    const info = this.#info;
    const at = frame << FRAME_SHIFT;
    const version = NEEDS_FENCE ? Atomics.load(info, at + FRAME.version) : info[at + FRAME.version] as number;
    if (info[at] !== (pageId | 0) || (version & 1) !== 0 || info[at + FRAME.birth] !== (birth | 0)) {
      return this.#search(pageId, birth);
    }
    this.#note(frame, version);
    return this.#enter(frame);
  }

  /** Lets the views show the segment of a frame; returns the frame's address. */
  #enter(frame: number): number {
    if (frame < this.#writerFrames) {
      if (this.#segment !== 0) this.#show(0);
      return frame * PAGE_SIZE;
    }
    const used = (frame << FRAME_SHIFT) + FRAME.used;
    if (this.#info[used] === 0) this.#info[used] = 1;
    const own = frame - this.#writerFrames;
    const segment = (own >>> SEGMENT_SHIFT) + 1;
    if (this.#segment !== segment) this.#show(segment);
    return (own & SEGMENT_MASK) * PAGE_SIZE;
  }

  #show(index: number): void {
    const { bytes, view, u32, f64 } = this.#segments[index] as Segment;
    this.#segment = index;
    this.bytes = bytes;
    this.view = view;
    this.u32 = u32;
    this.f64 = f64;
  }

  #note(frame: number, version: number): void {
    const count = this.#count;
    const at = count & (REMEMBERED - 1);
    if (count >= REMEMBERED && this.#isChanged(at)) throw new StaleRead();
    this.#frames[at] = frame;
    this.#noted[at] = version;
    this.#count = count + 1;
  }

  #isChanged(at: number): boolean {
    return this.#info[((this.#frames[at] as number) << FRAME_SHIFT) + FRAME.version] !== this.#noted[at];
  }

  isCurrent(): boolean {
    // A load that no compiler moves others across; on some processors a full fence as well.
    if (NEEDS_FENCE) Atomics.add(this.#fence, 0, 1);
    else Atomics.load(this.#fence, 0);
    const noted = this.#count < REMEMBERED ? this.#count : REMEMBERED;
    for (let at = 0; at < noted; at++) if (this.#isChanged(at)) return false;
    return true;
  }

  isSettled(): boolean {
    if (this.#count === 0) return true;
    const isCurrent = this.isCurrent();
    this.#count = 0;
    return isCurrent;
  }

  /** Forgets what was read: the read begins again. */
  restart(): void {
    this.#count = 0;
  }

  /** Finds a page where no hint led to, or reads it from the file. */
  #search(pageId: number, birth: number): number {
    for (let look = 1;; look++) {
      const found = this.#findAnywhere(pageId, birth);
      if (found >= 0) return found;
      // From a page that was replaced meanwhile any number may have been read: only what is true leads to the file.
      if (!this.isCurrent()) throw new StaleRead();
      try {
        return this.#load(pageId, birth);
      } catch (error) {
        if (!(error instanceof CorruptionError) || look === MAX_LOOKS) throw error;
        this.#refuseDead();
      }
    }
  }

  #refuseDead(): void {
    if (this.#memory.control[CONTROL.dead] === 0) return;
    throw new ClosedError(`the graph ${this.#source.name} was closed, or its engine ended`, {
      code: "database-closed",
    });
  }

  /** Address of a page that some frame holds, or -1. */
  #findAnywhere(pageId: number, birth: number): number {
    const frame = this.#findWritten(pageId);
    if (frame >= 0) {
      const address = this.#take(frame, pageId, birth);
      if (address >= 0) return address;
    }
    if (this.#sets === 0) return -1;
    const first = this.#firstOfSet(pageId);
    for (let other = first; other < first + SET_FRAMES; other++) {
      const address = this.#take(other, pageId, birth);
      if (address >= 0) return address;
    }
    return -1;
  }

  /** Takes a page in a frame, when the frame really holds it; its address, or -1. */
  #take(frame: number, pageId: number, birth: number): number {
    const info = this.#info;
    const at = frame << FRAME_SHIFT;
    if (info[at] !== (pageId | 0)) return -1;
    const version = Atomics.load(info, at + FRAME.version);
    if ((version & 1) !== 0 || info[at] !== (pageId | 0) || info[at + FRAME.birth] !== (birth | 0)) return -1;
    this.#hints[pageId & this.#hintMask] = frame;
    this.#note(frame, version);
    return this.#enter(frame);
  }

  /** The writer's frame of a page, or -1. */
  #findWritten(pageId: number): number {
    const { control, table } = this.#memory;
    for (;;) {
      const before = Atomics.load(control, CONTROL.tableVersion);
      let slot = Math.imul(pageId, GOLDEN) >>> this.#tableShift;
      // Entries may move while they are looked at: the way is bounded.
      for (let step = 0; step <= this.#tableMask; step++) {
        const frame = (table[slot] as number) - 1;
        if (frame < 0) break;
        if (this.#info[frame << FRAME_SHIFT] === (pageId | 0)) return frame;
        slot = (slot + 1) & this.#tableMask;
      }
      if ((before & 1) === 0 && Atomics.load(control, CONTROL.tableVersion) === before) return -1;
      this.#refuseDead();
    }
  }

  #firstOfSet(pageId: number): number {
    return this.#writerFrames + (pageId >>> NEIGHBORS_SHIFT) % this.#sets * SET_FRAMES;
  }

  #load(pageId: number, birth: number): number {
    const { file, name } = this.#source;
    if (file === undefined || this.#sets === 0) {
      throw new CorruptionError(`${name}: page ${pageId} is missing`, { code: "page-missing", value: pageId });
    }
    const frame = this.#claim(pageId);
    const info = this.#info;
    const at = frame << FRAME_SHIFT;
    try {
      const address = this.#enter(frame);
      this.#read(file, pageId, birth, address);
      info[at] = pageId;
      info[at + FRAME.birth] = birth;
      const version = Atomics.add(info, at + FRAME.version, 1) + 1 | 0;
      this.#hints[pageId & this.#hintMask] = frame;
      this.#note(frame, version);
      return address;
    } catch (error) {
      if ((Atomics.load(info, at + FRAME.version) & 1) === 1) Atomics.add(info, at + FRAME.version, 1);
      throw error;
    }
  }

  /**
   * Takes a frame of the page's set, which nobody else then looks at: an empty one, else of those that were not used lately the
   * next one.
   */
  #claim(pageId: number): number {
    const info = this.#info;
    const first = this.#firstOfSet(pageId);
    for (let step = 0; step < SET_FRAMES; step++) {
      const frame = first + ((pageId + step) & (SET_FRAMES - 1));
      if (info[frame << FRAME_SHIFT] === 0 && this.#close(frame)) return frame;
    }
    for (let step = 0; step < MAX_CLAIMS; step++) {
      const frame = first + (this.#hand++ & (SET_FRAMES - 1));
      const at = frame << FRAME_SHIFT;
      if (step < SET_FRAMES && info[at] !== 0 && info[at + FRAME.used] === 1) {
        info[at + FRAME.used] = 0;
        continue;
      }
      if (this.#close(frame)) return frame;
    }
    throw new IoError(
      `${this.#source.name}: no room for page ${pageId} in the shared cache: threads were ended while they read; open the graph again`,
      { code: "cache-stuck", value: pageId },
    );
  }

  /** Makes the version of a frame odd; false when another thread has done that. */
  #close(frame: number): boolean {
    const info = this.#info;
    const at = frame << FRAME_SHIFT;
    const version = Atomics.load(info, at + FRAME.version);
    if ((version & 1) !== 0) return false;
    if (Atomics.compareExchange(info, at + FRAME.version, version, version + 1 | 0) !== version) return false;
    info[at] = 0;
    return true;
  }

  #read(file: OpenFile, pageId: number, birth: number, address: number): void {
    const { name, fileSeed } = this.#source;
    const page = this.bytes.subarray(address, address + PAGE_SIZE);
    const length = file.read(page, pageOffset(pageId));
    if (length < PAGE_SIZE) {
      throw new CorruptionError(`${name}: page ${pageId} lies behind the end of the file, which was cut`, {
        code: "page-missing",
        value: pageId,
      });
    }
    const found = crc32(page.subarray(PAGE_CHECKSUM_AT + 4), (pageId ^ fileSeed) >>> 0);
    if (found !== this.view.getUint32(address + PAGE_CHECKSUM_AT, true)) {
      throw new CorruptionError(`${name}: page ${pageId} is damaged; run check, and salvage what is readable`, {
        code: "page-corrupt",
        value: pageId,
      });
    }
    if (this.view.getFloat64(address + PAGE_BIRTH_AT, true) >>> 0 !== birth) {
      throw new CorruptionError(
        `${name}: page ${pageId} is not the page that its parent names (expected birth ${birth})`,
        { code: "page-stale", value: pageId },
      );
    }
    checkPage(this, address, pageId);
  }
}

/** Repeats a read until nothing changed under it. */
export function repeatRead<R>(pages: SharedPages, read: () => R): R {
  for (let attempt = 1;; attempt++) {
    let failure: unknown;
    try {
      const result = read();
      if (pages.isSettled()) return result;
    } catch (error) {
      failure = error;
    }
    refuseOrRestart(pages, failure, attempt);
  }
}

/** After a failed attempt to read: returns when the read is to begin again, else throws. */
export function refuseOrRestart(pages: SharedPages, error: unknown, attempt: number): void {
  if (error !== undefined && !(error instanceof StaleRead) && pages.isSettled()) throw error;
  pages.restart();
  if (attempt < MAX_ATTEMPTS) return;
  throw new IoError("a read found its pages replaced again and again; open the graph with more cacheBytes", {
    code: "cache-too-small",
    cause: error,
  });
}

interface Segment {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly u32: Uint32Array;
  readonly f64: Float64Array;
}

function segmentOf(buffer: SharedArrayBuffer): Segment {
  return {
    bytes: new Uint8Array(buffer),
    view: new DataView(buffer),
    u32: new Uint32Array(buffer),
    f64: new Float64Array(buffer),
  };
}
