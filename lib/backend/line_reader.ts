/** Lines of a text file, read synchronously in blocks: constant memory, whatever the file's size. */

import { Buffer } from "node:buffer";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { InvalidArgumentError, IoError, NotFoundError } from "./errors.ts";

const BLOCK_BYTES = 256 * 1024;

/** Longest line or CSV record, in bytes: room for the longest `data`, within the length that a text can have. */
export const MAX_LINE_BYTES: number = 384 * 1024 * 1024;

const NEWLINE = 0x0a;

/** Reads the lines of one file. The text of a line has no line feed at its end; a carriage return before it stays. */
export class LineReader {
  /** The file, as it was given. */
  readonly file: string;
  /** Size of the file when it was opened, in bytes. */
  readonly sizeBytes: number;
  /** Bytes of the lines that were read so far. */
  bytesRead = 0;
  /** Number of the last line, from 1. */
  line = 0;
  readonly #fd: number;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

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
    if (status.isDirectory()) {
      closeSync(this.#fd);
      throw new IoError(`${file} is a folder; give a file`, { code: "not-a-file", field: "file", value: file });
    }
  }

  /**
   * The lines, once; the file is closed at the end.
   *
   * @throws {InvalidArgumentError} for bytes that are no UTF-8 and for a line that is too long, with its number
   * @throws {IoError} when reading fails
   */
  *lines(): Generator<string, void, undefined> {
    try {
      yield* this.#read();
    } finally {
      closeSync(this.#fd);
    }
  }

  *#read(): Generator<string, void, undefined> {
    const block = Buffer.allocUnsafe(BLOCK_BYTES);
    let rest: Buffer[] = [];
    let restBytes = 0;
    for (;;) {
      const size = this.#fill(block);
      if (size === 0) break;
      const bytes = block.subarray(0, size);
      const last = bytes.lastIndexOf(NEWLINE);
      if (last >= 0) {
        const whole = restBytes === 0
          ? bytes.subarray(0, last + 1)
          : Buffer.concat([...rest, bytes.subarray(0, last + 1)]);
        yield* this.#split(whole);
        rest = [];
        restBytes = 0;
      }
      if (last + 1 < size) {
        rest.push(Buffer.from(bytes.subarray(last + 1)));
        restBytes += size - last - 1;
        if (restBytes > MAX_LINE_BYTES) {
          throw new InvalidArgumentError(`${this.file} line ${this.line + 1} is longer than ${MAX_LINE_BYTES} bytes`, {
            code: "line-too-long",
            field: "file",
            value: this.file,
          });
        }
      }
    }
    if (restBytes > 0) yield* this.#split(Buffer.concat(rest));
  }

  #fill(block: Buffer): number {
    try {
      return readSync(this.#fd, block);
    } catch (error) {
      throw new IoError(`${this.file} cannot be read: ${(error as Error).message}`, {
        code: "read-failed",
        cause: error,
      });
    }
  }

  /** Hot. One decode for many lines: a decode for each line took twice the time of the whole reading. */
  *#split(bytes: Buffer): Generator<string, void, undefined> {
    const text = this.#decode(bytes);
    // Where every character is one byte, text positions are byte positions.
    const isAscii = text !== undefined && text.length === bytes.length;
    if (text === undefined) return yield* this.#splitBytes(bytes);
    let start = 0;
    while (start < text.length) {
      let end = text.indexOf("\n", start);
      if (end < 0) end = text.length;
      const line = text.slice(start, end);
      this.line++;
      this.#count((isAscii ? line.length : Buffer.byteLength(line)) + 1);
      yield this.line === 1 && line.startsWith("\ufeff") ? line.slice(1) : line;
      start = end + 1;
    }
  }

  /** Bytes that hold something else than UTF-8: the lines before the bad one, then the error with its number. */
  *#splitBytes(bytes: Buffer): Generator<string, void, undefined> {
    let start = 0;
    while (start < bytes.length) {
      let end = bytes.indexOf(NEWLINE, start);
      if (end < 0) end = bytes.length;
      this.line++;
      this.#count(end - start + 1);
      const line = this.#decode(bytes.subarray(start, end));
      if (line === undefined) {
        throw new InvalidArgumentError(`${this.file} line ${this.line} is no UTF-8; convert the file first`, {
          code: "not-utf-8",
          field: "file",
          value: this.file,
        });
      }
      yield this.line === 1 && line.startsWith("\ufeff") ? line.slice(1) : line;
      start = end + 1;
    }
  }

  /** The last line may have no line feed. */
  #count(lineBytes: number): void {
    this.bytesRead = Math.min(this.bytesRead + lineBytes, this.sizeBytes);
  }

  #decode(bytes: Buffer): string | undefined {
    try {
      return this.#decoder.decode(bytes);
    } catch {
      return undefined;
    }
  }
}

/** The error of a file that cannot be opened. */
export function openError(file: string, error: unknown): NotFoundError | IoError {
  const options = { field: "file", value: file, cause: error };
  if ((error as { code?: string }).code === "ENOENT") {
    return new NotFoundError(`there is no file ${file}`, { ...options, code: "file-not-found" });
  }
  return new IoError(`${file} cannot be opened: ${(error as Error).message}`, { ...options, code: "open-failed" });
}
