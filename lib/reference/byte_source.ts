/** Positional reads of a file that may be larger than memory. The file is never changed. */

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { InvalidArgumentError, IoError, NotFoundError } from "../backend/errors.ts";

/** Bytes at positions. */
export interface ByteSource {
  /** The file, for messages. */
  readonly path: string;
  /** Number of bytes. */
  readonly size: number;
  /**
   * The bytes from `offset` on: `length` of them, or fewer (also none) where the source ends before. They are valid until the
   * next `read` and must not be changed. Hot.
   *
   * @param offset a non-negative integer, which may be beyond the end
   */
  read(offset: number, length: number): Uint8Array;
}

/** A source over bytes in memory. */
export class MemoryBytes implements ByteSource {
  readonly path: string;
  readonly size: number;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array, path: string) {
    this.path = path;
    this.size = bytes.length;
    this.#bytes = bytes;
  }

  read(offset: number, length: number): Uint8Array {
    return this.#bytes.subarray(offset, offset + length);
  }
}

/** Pages begin after the 112 bytes of the header: segments do so too, so that no page lies in two of them. */
const FIRST_SEGMENT_AT = 112;
/** A multiple of every page size. */
const SEGMENT_BYTES = 16 * 1024;
/** 128 MiB in all: a smaller file is read only once. */
const SLOTS = 8192;

/** A source over a file, with a cache of constant size. Close it, or declare it with `using`. */
export class FileBytes implements ByteSource, Disposable {
  readonly path: string;
  readonly size: number;
  readonly #descriptor: number;
  /** Segment number in each slot; -1: none. A segment can be in one slot only. */
  readonly #segments = new Int32Array(SLOTS).fill(-1);
  readonly #slots: (Uint8Array | undefined)[] = new Array<Uint8Array | undefined>(SLOTS).fill(undefined);

  /**
   * Opens a file to read.
   *
   * @throws {NotFoundError} when there is none
   * @throws {InvalidArgumentError} when it is no file
   * @throws {IoError} when it cannot be opened
   */
  constructor(path: string) {
    this.path = path;
    this.#descriptor = openToRead(path);
    const stat = fstatSync(this.#descriptor);
    if (!stat.isFile()) {
      closeSync(this.#descriptor);
      throw new InvalidArgumentError(`${path} is no file; give the main file of a database`, {
        code: "not-a-file",
        field: "path",
        value: path,
      });
    }
    this.size = stat.size;
  }

  read(offset: number, length: number): Uint8Array {
    const end = Math.min(offset + length, this.size);
    if (offset >= end) return EMPTY;
    if (offset >= FIRST_SEGMENT_AT) {
      const segment = Math.floor((offset - FIRST_SEGMENT_AT) / SEGMENT_BYTES);
      const start = FIRST_SEGMENT_AT + segment * SEGMENT_BYTES;
      if (end <= start + SEGMENT_BYTES) return this.#segment(segment, start).subarray(offset - start, end - start);
    }
    const bytes = new Uint8Array(end - offset);
    this.#fill(bytes, offset);
    return bytes;
  }

  #segment(segment: number, start: number): Uint8Array {
    const slot = segment % SLOTS;
    const found = this.#slots[slot];
    if (found !== undefined && this.#segments[slot] === segment) return found;
    // A short last segment gets a short array: `read` cuts at the end of the file before it comes here.
    const length = Math.min(SEGMENT_BYTES, this.size - start);
    const bytes = found?.length === length ? found : new Uint8Array(length);
    this.#segments[slot] = -1;
    this.#fill(bytes, start);
    this.#slots[slot] = bytes;
    this.#segments[slot] = segment;
    return bytes;
  }

  #fill(bytes: Uint8Array, offset: number): void {
    for (let done = 0; done < bytes.length;) {
      let count: number;
      try {
        count = readSync(this.#descriptor, bytes, done, bytes.length - done, offset + done);
      } catch (cause) {
        throw new IoError(`cannot read ${this.path} at ${offset + done}`, { code: "read-failed", cause });
      }
      if (count === 0) {
        throw new IoError(`${this.path} became shorter while it was read; close the program that writes it`, {
          code: "file-changed",
        });
      }
      done += count;
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
  }
}

const EMPTY = new Uint8Array(0);

function openToRead(path: string): number {
  try {
    return openSync(path, "r");
  } catch (cause) {
    if ((cause as { code?: string }).code === "ENOENT") {
      throw new NotFoundError(`there is no file ${path}`, { code: "file-not-found", field: "path", value: path });
    }
    throw new IoError(`cannot open ${path}`, { code: "open-failed", cause, field: "path", value: path });
  }
}
