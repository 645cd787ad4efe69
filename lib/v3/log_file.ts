/** The file of the write-ahead log, as its one writer has it. */

import { strict as assert } from "node:assert";
import { randomBytes } from "node:crypto";
import { dirname } from "node:path";
import { IoError } from "../backend/errors.ts";
import type { FileSystem, OpenFile } from "./file_system.ts";
import { encodeLogHeader, LOG_HEADER_SIZE } from "./log_frame.ts";

/** The file grows by steps of this size. */
export const LOG_STEP_BYTES: number = 4 * 1024 * 1024;

/** What a new log is told. */
export interface LogFileOptions {
  /** LSN before the log's first transaction. */
  readonly baseLsn: number;
  /** No LSN from here on has been given. */
  readonly lsnCeiling: number;
  /** File seed of the database. */
  readonly fileSeed: number;
  /** Random u32, for tests that must repeat; drawn otherwise. */
  readonly salt?: number;
}

/** What files grow by and failed appends are overwritten with, piece by piece. */
const ZEROES = new Uint8Array(256 * 1024);

/**
 * A log that is being written. It is made new, never opened again: a log that is found is read by `scanLog`, checkpointed and
 * removed. The file always ends in zeroes that were written and synced before, so that an append and its sync change neither the
 * file's size nor the places of its blocks.
 *
 * A failed append leaves nothing behind: its place is zeroed and synced, at the latest before the next append is written. Were it
 * only overwritten, then behind a shorter append the rest of the failed one could count after a crash.
 */
export class LogFile {
  /** LSN before the log's first transaction. */
  readonly baseLsn: number;
  /** No LSN from here on has been given when the log was made. */
  readonly ceiling: number;
  /** Seed of the checksums of this log's frames. */
  readonly salt: number;
  readonly #file: OpenFile;
  readonly #path: string;
  #end = LOG_HEADER_SIZE;
  /** Up to here the file was zeroed and synced. */
  #capacity = 0;
  /** Up to here the file was zeroed, perhaps by a step that failed later. */
  #zeroed = LOG_HEADER_SIZE;
  /** Up to here a failed append may have left bytes. */
  #dirtyEnd = 0;
  #hasSyncFailed = false;

  private constructor(file: OpenFile, path: string, options: LogFileOptions) {
    this.#file = file;
    this.#path = path;
    this.baseLsn = options.baseLsn;
    this.ceiling = options.lsnCeiling;
    this.salt = options.salt ?? randomBytes(4).readUInt32LE(0);
  }

  /**
   * Makes a log under a name that no file has: the header and zeroes, synced, and its folder synced. Whatever a crash leaves of
   * this is a log without transactions. When it fails, the file is removed.
   */
  static create(fileSystem: FileSystem, path: string, options: LogFileOptions): LogFile {
    const log = new LogFile(fileSystem.open(path, "create"), path, options);
    try {
      const { salt, baseLsn, ceiling: lsnCeiling } = log;
      log.#file.write(encodeLogHeader({ salt, fileSeed: options.fileSeed, baseLsn, lsnCeiling }), 0);
      log.#growTo(LOG_STEP_BYTES);
      fileSystem.syncFolder(dirname(path));
      return log;
    } catch (error) {
      abandon(fileSystem, path, log);
      throw error;
    }
  }

  /** Position of the next append. */
  get endPosition(): number {
    return this.#end;
  }

  /** Bytes of header and frames, without the zeroes behind them. */
  get sizeBytes(): number {
    return this.#end;
  }

  /** Bytes of the file. */
  get capacityBytes(): number {
    return this.#capacity;
  }

  /**
   * Whether a sync has failed, in `sync` or within `append`. What is on the medium is then unknown, and asking again would not
   * tell (systems forget what they could not write): the log takes nothing more.
   */
  get hasSyncFailed(): boolean {
    return this.#hasSyncFailed;
  }

  /**
   * Writes whole, sealed frames at the end. When it throws, the end is where it was and the log can be used on, unless
   * `hasSyncFailed`.
   *
   * @param bytes memory that holds them
   * @param start where they begin
   * @param end where they end
   */
  append(bytes: Uint8Array, start: number, end: number): void {
    this.#requireSyncs();
    const length = end - start;
    assert(length >= 0 && length % 8 === 0 && end <= bytes.length, "appends are whole frames");
    const newEnd = this.#end + length;
    if (this.#dirtyEnd > this.#end) this.#clean();
    if (newEnd > this.#capacity) this.#growTo(Math.ceil(newEnd / LOG_STEP_BYTES) * LOG_STEP_BYTES);
    this.#dirtyEnd = newEnd;
    try {
      this.#file.write(bytes.subarray(start, end), this.#end);
    } catch (error) {
      try {
        this.#clean();
      } catch {
        // The error that matters is the first. What is left is zeroed before the next append.
      }
      throw error;
    }
    this.#end = newEnd;
  }

  /** Returns once everything that was appended is on the medium. */
  sync(): void {
    this.#requireSyncs();
    try {
      this.#file.sync();
    } catch (error) {
      this.#hasSyncFailed = true;
      throw error;
    }
  }

  /** Closes the file. May be called again. */
  close(): void {
    this.#file.close();
  }

  /** Zeroes what a failed append may have left. */
  #clean(): void {
    this.#writeZeroes(this.#end, this.#dirtyEnd);
    this.sync();
    this.#dirtyEnd = this.#end;
  }

  /** Extends the file by synced zeroes. Goes on where an attempt that failed had come to. */
  #growTo(sizeBytes: number): void {
    while (this.#zeroed < sizeBytes) {
      const next = Math.min(sizeBytes, this.#zeroed - this.#zeroed % ZEROES.length + ZEROES.length);
      this.#writeZeroes(this.#zeroed, next);
      this.#zeroed = next;
    }
    this.sync();
    this.#capacity = sizeBytes;
  }

  #writeZeroes(start: number, end: number): void {
    for (let at = start; at < end; at += ZEROES.length) {
      this.#file.write(ZEROES.subarray(0, Math.min(ZEROES.length, end - at)), at);
    }
  }

  #requireSyncs(): void {
    if (this.#hasSyncFailed) {
      throw new IoError(`${this.#path}: an earlier sync failed, so nothing more is written; reopen the database`, {
        code: "log-sync-failed",
        value: this.#path,
      });
    }
  }
}

/** Gets rid of a log that could not be made. */
function abandon(fileSystem: FileSystem, path: string, log: LogFile): void {
  try {
    log.close();
    fileSystem.remove(path);
  } catch {
    // The error that matters is the one before. What is left is an unused log.
  }
}
