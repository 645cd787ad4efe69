/** Rows of bytes of a binary file, read in blocks: constant memory, whatever the file's size. */

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { InvalidArgumentError, IoError } from "../backend/errors.ts";
import { openError } from "../backend/line_reader.ts";

const BLOCK_BYTES = 256 * 1024;

/** A binary file that is read from its beginning to its end. */
export class MatrixFile implements Disposable {
  /** The file, as it was given. */
  readonly file: string;
  /** Its size in bytes when it was opened. */
  readonly sizeBytes: number;
  /** Bytes that were handed out. */
  bytesRead = 0;
  readonly #fd: number;
  #isOpen = true;

  /**
   * Opens the file.
   *
   * @throws {NotFoundError} when there is none
   * @throws {IoError} when it cannot be read
   */
  constructor(file: string) {
    this.file = file;
    try {
      this.#fd = openSync(file, "r");
    } catch (error) {
      throw openError(file, error);
    }
    const status = fstatSync(this.#fd);
    this.sizeBytes = status.size;
    if (!status.isFile()) {
      this[Symbol.dispose]();
      throw new IoError(`${file} is no regular file; give one`, { code: "not-a-file", field: "file", value: file });
    }
  }

  /** The next bytes, which are the caller's. @throws {InvalidArgumentError} when there are not so many. */
  read(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length;) {
      const size = this.#fill(bytes.subarray(at));
      if (size === 0) throw this.problem(`ends after ${this.bytesRead + at} bytes; it is cut off`);
      at += size;
    }
    this.bytesRead += length;
    return bytes;
  }

  /** The rest, as rows of equal length; the file is closed at the end. A row is valid until the next one is taken. */
  *rows(rowBytes: number, rowCount: number): Generator<DataView, void, undefined> {
    const rowsPerBlock = Math.max(1, Math.floor(BLOCK_BYTES / rowBytes));
    try {
      for (let done = 0; done < rowCount;) {
        const count = Math.min(rowsPerBlock, rowCount - done);
        const block = this.read(count * rowBytes);
        for (let row = 0; row < count; row++) yield new DataView(block.buffer, row * rowBytes, rowBytes);
        done += count;
      }
    } finally {
      this[Symbol.dispose]();
    }
  }

  /** An error about the content of the file. */
  problem(text: string): InvalidArgumentError {
    return new InvalidArgumentError(`${this.file} ${text}`, {
      code: "invalid-vector-file",
      field: "file",
      value: this.file,
    });
  }

  /** Closes the file. */
  [Symbol.dispose](): void {
    if (this.#isOpen) closeSync(this.#fd);
    this.#isOpen = false;
  }

  #fill(bytes: Uint8Array): number {
    try {
      return readSync(this.#fd, bytes);
    } catch (error) {
      throw new IoError(`${this.file} cannot be read: ${(error as Error).message}`, {
        code: "read-failed",
        cause: error,
      });
    }
  }
}
