/** Reading of a log that was found: its whole transactions in order, and the judgement of what follows them. */

import { crc32 } from "node:zlib";
import { CorruptionError } from "../backend/errors.ts";
import type { FileSystem, OpenFile } from "./file_system.ts";
import { noteGarbage } from "./garbage.ts";
import {
  decodeLogHeader,
  isLogHeader,
  LOG_FRAME,
  LOG_FRAME_SIZE,
  LOG_HEADER_SIZE,
  logFrameChecksum,
  logFrameSeed,
  logFrameSize,
  type LogHeader,
  MAX_LOG_FRAME_TYPE,
} from "./log_frame.ts";
import { RECORD_TYPE } from "./record_type.ts";

/**
 * Takes one frame. The payload lies in `bytes` from `start` to before `end`, and only until the function returns: the memory is
 * used again.
 */
export type LogFrameHandler = (type: number, lsn: number, bytes: Uint8Array, start: number, end: number) => void;

/** How a log is read. */
export interface LogScanOptions {
  /** For salvage: damage is counted instead of thrown, and whole transactions behind it are handed out, too. Default: false. */
  readonly tolerant?: boolean;
}

/** What was found. */
export interface LogScan {
  /** LSN of the last transaction that was handed out; without one, the LSN before the first that was due. */
  readonly lastLsn: number;
  /** Number of transactions that were handed out. */
  readonly transactions: number;
  /** Bytes behind the last whole transaction, up to the last word that is not zero: what a crash cut off. */
  readonly tornBytes: number;
  /** No LSN from here on had been given when the log was made; 0 for an unused log. */
  readonly ceiling: number;
  /** LSN before the log's first transaction; 0 for an unused log. */
  readonly baseLsn: number;
  /** False when there is no file, or one whose making was cut off: it holds nothing. */
  readonly isUsed: boolean;
  /** Bytes before the end of the last whole transaction that were passed over. Only when tolerant, else 0. */
  readonly skippedBytes: number;
  /** LSNs before the last one that no transaction was handed out for. Only when tolerant, else 0. */
  readonly missingTransactions: number;
}

/** What reading and replaying a frame leaves. */
const FRAME_GARBAGE = 512;

/** The file is read in pieces of this size. */
const CHUNK_BYTES = 1024 * 1024;

/** The memory for a transaction grows by doubling, but by no more than this beyond what is needed. */
const MAX_GROWTH_BYTES = 256 * 1024 * 1024;

/**
 * A search computes checksums over at most so many times the bytes of the file. Bytes that merely look like frames are rare,
 * unless somebody stored them to make a search long: the file is then as good as damaged.
 */
const MAX_SEARCH_FACTOR = 16;

/**
 * Reads a log and hands out the frames of its whole transactions in order. Transactions up to the LSN of the database's header
 * are passed over; then each must have the LSN after the one before. Whatever is not so ends the log: it is a tail that a crash
 * tore, unless a frame behind it says that the transaction that was due, or a later one, was durable.
 *
 * Memory is that of the largest transaction, time is linear.
 *
 * @param fileSeed file seed of the database
 * @param headerLsn LSN of the state that the log is replayed on
 * @throws {CorruptionError} (`log-corrupt`, the position as `value`) when something durable is damaged: what was handed out
 * before is not all; (`log-foreign`) when the log belongs to another database
 * @throws {UnsupportedError} when another version wrote the log
 */
export function scanLog(
  fileSystem: FileSystem,
  path: string,
  fileSeed: number,
  headerLsn: number,
  onFrame: LogFrameHandler,
  options: LogScanOptions = {},
): LogScan {
  if (fileSystem.stat(path) === undefined) return unusedLog(headerLsn);
  const file = fileSystem.open(path, "read");
  try {
    return new Scanner(file, path, headerLsn, onFrame, options.tolerant ?? false).scan(fileSeed);
  } finally {
    file.close();
  }
}

function unusedLog(headerLsn: number): LogScan {
  return {
    lastLsn: headerLsn,
    transactions: 0,
    tornBytes: 0,
    ceiling: 0,
    baseLsn: 0,
    isUsed: false,
    skippedBytes: 0,
    missingTransactions: 0,
  };
}

class Scanner {
  readonly #window: Window;
  readonly #path: string;
  readonly #headerLsn: number;
  readonly #onFrame: LogFrameHandler;
  readonly #isTolerant: boolean;
  #salt = 0;
  /** LSN of the transaction that must come next. */
  #due = 1;
  #transactions = 0;
  /** Bytes of header and whole transactions, and where the last of these ends. */
  #wholeBytes = LOG_HEADER_SIZE;
  #wholeEnd = LOG_HEADER_SIZE;
  /** End of the last word that is not zero, as far as it was looked at. */
  #usedEnd = LOG_HEADER_SIZE;
  #searchBudget: number;

  constructor(file: OpenFile, path: string, headerLsn: number, onFrame: LogFrameHandler, isTolerant: boolean) {
    this.#window = new Window(file);
    this.#path = path;
    this.#headerLsn = headerLsn;
    this.#onFrame = onFrame;
    this.#isTolerant = isTolerant;
    this.#searchBudget = this.#window.sizeBytes * MAX_SEARCH_FACTOR;
  }

  scan(fileSeed: number): LogScan {
    const header = this.#readHeader(fileSeed);
    if (header === undefined) return unusedLog(this.#headerLsn);
    this.#salt = header.salt;
    const before = Math.max(this.#headerLsn, header.baseLsn);
    this.#due = before + 1;
    let position = this.#walk(LOG_HEADER_SIZE, false);
    if (this.#isTolerant) {
      for (;;) {
        const next = this.#search(position, 0);
        if (next < 0) break;
        position = this.#walk(next, true);
      }
    } else {
      const witness = this.#search(position, this.#due);
      if (witness >= 0) {
        throw this.#damage(
          position,
          `transaction ${this.#due} is not whole, but was durable (byte ${witness} says so)`,
        );
      }
    }
    return {
      lastLsn: this.#due - 1,
      transactions: this.#transactions,
      tornBytes: this.#usedEnd - this.#wholeEnd,
      ceiling: header.lsnCeiling,
      baseLsn: header.baseLsn,
      isUsed: true,
      skippedBytes: this.#wholeEnd - this.#wholeBytes,
      missingTransactions: this.#due - 1 - before - this.#transactions,
    };
  }

  #readHeader(fileSeed: number): LogHeader | undefined {
    const window = this.#window;
    if (window.sizeBytes < LOG_HEADER_SIZE) return undefined;
    window.load(0, LOG_HEADER_SIZE);
    const bytes = window.bytes.slice(0, LOG_HEADER_SIZE);
    const header = decodeLogHeader(bytes);
    const isValid = isLogHeader(bytes);
    if (!isValid) {
      this.#search(LOG_HEADER_SIZE, Infinity);
      if (this.#usedEnd === LOG_HEADER_SIZE) return undefined;
      if (!this.#isTolerant) throw this.#damage(0, "its header is not what was written");
      // Where the damage is elsewhere in the header, the salt still is that of the frames.
      this.#wholeBytes = 0;
    }
    if (header.fileSeed !== fileSeed && (isValid || !this.#isTolerant)) {
      throw new CorruptionError(
        `${this.#path}: the log belongs to another database; put the database's own log in its place, or move it away`,
        { code: "log-foreign", value: header.fileSeed },
      );
    }
    return isValid ? header : { ...header, baseLsn: 0, lsnCeiling: 0 };
  }

  /**
   * Goes from frame to frame as long as they are valid and in order, and hands out whole transactions. Returns the position of
   * the first frame that is not.
   *
   * @param isAfterDamage whether the first frames may belong to a transaction whose first frame was lost
   */
  #walk(from: number, isAfterDamage: boolean): number {
    const window = this.#window;
    const sizeBytes = window.sizeBytes;
    const salt = this.#salt;
    let isPartial = isAfterDamage;
    // LSN of the transaction whose frames are being collected, and where it begins.
    let openLsn = 0;
    let start = from;
    let at = from;
    // Hot: one round per frame.
    while (at + LOG_FRAME_SIZE <= sizeBytes) {
      window.load(start, at + LOG_FRAME_SIZE);
      const word = (at - window.start) / 4;
      const type = window.u32[word + LOG_FRAME.type / 4] as number;
      const lsn = window.f64[(word + LOG_FRAME.lsn / 4) / 2] as number;
      if (type === 0 || type > MAX_LOG_FRAME_TYPE || !this.#isInOrder(lsn, openLsn)) break;
      const length = window.u32[word + LOG_FRAME.length / 4] as number;
      const end = at + logFrameSize(length);
      if (end > sizeBytes) break;
      window.load(start, end);
      const index = at - window.start;
      const checksum = window.u32[(index + LOG_FRAME.checksum) / 4] as number;
      const seed = logFrameSeed(salt, length);
      if (checksum !== logFrameChecksum(window.bytes, index, index + end - at, seed)) break;
      if (openLsn === 0) {
        openLsn = lsn;
        if (type === RECORD_TYPE.TransactionBegin) isPartial = false;
      }
      at = end;
      if (type === RECORD_TYPE.TransactionCommit) {
        if (!isPartial) this.#take(lsn, start, at);
        isPartial = false;
        openLsn = 0;
        start = at;
      }
    }
    this.#usedEnd = Math.max(this.#usedEnd, at);
    return at;
  }

  /** Whether a frame may have an LSN, where `openLsn` is that of the transaction it would belong to, or 0 between two. */
  #isInOrder(lsn: number, openLsn: number): boolean {
    if (openLsn !== 0) return lsn === openLsn;
    if (this.#isTolerant) return Number.isSafeInteger(lsn) && lsn > 0;
    // Once a transaction that was due has come, none of those before it may.
    return lsn === this.#due || (lsn <= this.#headerLsn && lsn > 0 && this.#transactions === 0);
  }

  /** Hands out a whole transaction, if it is one that is wanted. */
  #take(lsn: number, start: number, end: number): void {
    this.#wholeBytes += end - start;
    this.#wholeEnd = end;
    if (lsn < this.#due) return;
    const { bytes, u32, start: windowStart } = this.#window;
    const last = end - windowStart;
    let index = start - windowStart;
    while (index < last) {
      const length = u32[(index + LOG_FRAME.length) / 4] as number;
      const payload = index + LOG_FRAME.payload;
      noteGarbage(FRAME_GARBAGE);
      this.#onFrame(u32[(index + LOG_FRAME.type) / 4] as number, lsn, bytes, payload, payload + length);
      index += logFrameSize(length);
    }
    this.#transactions++;
    this.#due = lsn + 1;
  }

  /**
   * Position of the next frame that is valid by itself and says that `leastSynced` or a later LSN was durable, or -1. Looks at
   * every multiple of 8.
   */
  #search(from: number, leastSynced: number): number {
    const window = this.#window;
    const sizeBytes = window.sizeBytes;
    for (let position = from; position < sizeBytes;) {
      window.load(position, Math.min(sizeBytes, position + LOG_FRAME_SIZE));
      const { u32, f64 } = window;
      const isLast = window.end === sizeBytes;
      // Behind the end of the file the window has zeroes.
      const lastWord = (window.end - window.start - (isLast ? 1 : LOG_FRAME_SIZE)) / 4;
      let usedWord = -1;
      // Hot: one round per 8 bytes. Nearly always the type decides, as in zeroes.
      for (let word = (position - window.start) / 4; word <= lastWord; word += 2) {
        if (((u32[word] as number) | (u32[word + 1] as number)) !== 0) usedWord = word;
        const type = u32[word + LOG_FRAME.type / 4] as number;
        if (type === 0 || type > MAX_LOG_FRAME_TYPE || u32[word + LOG_FRAME.spare2 / 4] !== 0) continue;
        const lsn = f64[(word + LOG_FRAME.lsn / 4) / 2] as number;
        const syncedLsn = f64[(word + LOG_FRAME.syncedLsn / 4) / 2] as number;
        if (!(syncedLsn >= leastSynced && syncedLsn < lsn && Number.isSafeInteger(lsn))) continue;
        const candidate = window.start + word * 4;
        if (this.#isFrame(candidate, word)) return candidate;
      }
      if (usedWord >= 0) this.#usedEnd = Math.min(sizeBytes, window.start + usedWord * 4 + 8);
      position = isLast ? sizeBytes : window.end - LOG_FRAME_SIZE + 8;
    }
    return -1;
  }

  /** Whether a valid frame begins at a position, which is that of a word of the window. Leaves the window as it is. */
  #isFrame(position: number, word: number): boolean {
    const { u32, bytes } = this.#window;
    const length = u32[word + LOG_FRAME.length / 4] as number;
    const end = position + logFrameSize(length);
    if (end > this.#window.sizeBytes) return false;
    this.#searchBudget -= end - position;
    if (this.#searchBudget < 0) {
      if (this.#isTolerant) return false;
      throw this.#damage(position, "too much behind this looks like parts of a log to tell what was durable");
    }
    const seed = logFrameSeed(this.#salt, length);
    const checksum = end <= this.#window.end
      ? logFrameChecksum(bytes, word * 4, word * 4 + end - position, seed)
      : this.#window.checksum(position + LOG_FRAME.lsn, end, seed);
    return checksum === u32[word + LOG_FRAME.checksum / 4];
  }

  #damage(position: number, problem: string): CorruptionError {
    return new CorruptionError(
      `${this.#path}: the log is damaged at byte ${position}: ${problem}; restore a backup, or take what salvage can read`,
      { code: "log-corrupt", value: position },
    );
  }
}

/** A part of the file in memory, which moves forward and grows when more is needed at once. */
class Window {
  readonly sizeBytes: number;
  /** Position of the first byte, a multiple of 8. */
  start = 0;
  /** Position behind the last byte. Behind that of the file follow zeroes for the rest of a frame's header. */
  end = 0;
  bytes: Uint8Array = new Uint8Array(CHUNK_BYTES + LOG_FRAME_SIZE);
  u32: Uint32Array = new Uint32Array(this.bytes.buffer);
  f64: Float64Array = new Float64Array(this.bytes.buffer);
  readonly #file: OpenFile;

  constructor(file: OpenFile) {
    this.#file = file;
    this.sizeBytes = file.size();
  }

  /** Makes the bytes of two positions, and what is between, present; those before may go. Both are within the file. */
  load(from: number, to: number): void {
    if (to <= this.end && from >= this.start) return;
    this.#move(from, to);
  }

  /** Running crc32 over any part of the file, without moving. */
  checksum(from: number, to: number, seed: number): number {
    const piece = new Uint8Array(Math.min(CHUNK_BYTES, to - from));
    let value = seed;
    for (let at = from; at < to; at += piece.length) {
      const part = piece.subarray(0, Math.min(piece.length, to - at));
      this.#read(part, at);
      value = crc32(part, value);
    }
    return value;
  }

  #move(from: number, to: number): void {
    const isKept = from >= this.start && from < this.end;
    const kept = this.bytes.subarray(isKept ? from - this.start : 0, isKept ? this.end - this.start : 0);
    const room = this.bytes.length - LOG_FRAME_SIZE;
    if (to - from > room) {
      const grown = Math.max(to - from, Math.min(room * 2, room + MAX_GROWTH_BYTES));
      this.bytes = new Uint8Array(Math.ceil(grown / 8) * 8 + LOG_FRAME_SIZE);
      this.u32 = new Uint32Array(this.bytes.buffer);
      this.f64 = new Float64Array(this.bytes.buffer);
    }
    this.bytes.set(kept);
    const filled = Math.min(this.sizeBytes - from, this.bytes.length - LOG_FRAME_SIZE);
    this.#read(this.bytes.subarray(kept.length, filled), from + kept.length);
    this.bytes.fill(0, filled, filled + LOG_FRAME_SIZE);
    this.start = from;
    this.end = from + filled;
  }

  #read(buffer: Uint8Array, position: number): void {
    const count = this.#file.read(buffer, position);
    // Only this process may change the file, so this is an accident; zeroes are what a missing end would be.
    if (count < buffer.length) buffer.fill(0, count);
  }
}
