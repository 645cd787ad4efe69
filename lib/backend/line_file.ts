/** Text files by lines, streaming and synchronous: for exports and imports of any size. */

import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, openSync, readSync, renameSync, rmSync, writeSync } from "node:fs";
import { GraphError, InvalidArgumentError, IoError, NotFoundError } from "./errors.ts";

const CHUNK_BYTES = 256 * 1024;

/** An error of the file system as this package's; anything else as it is. */
export function fileError(what: string, path: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof GraphError) return error;
  const { code } = error as { code?: unknown };
  if (typeof code !== "string") return error;
  if (code === "ENOENT" && what === "read") {
    return new NotFoundError(`there is no file ${path}; check the path`, {
      code: "file-not-found",
      value: path,
      cause: error,
    });
  }
  return new IoError(`cannot ${what} ${path}: ${error.message}; check that file and folder can be read and written`, {
    code: "io-error",
    value: path,
    cause: error,
  });
}

/** A line of a file and where it ends. */
export interface Line {
  /** Its text without the line break. */
  readonly text: string;
  /** Its number, from 1. */
  readonly number: number;
  /** Bytes of the file up to the chunk that it was read with, for progress. */
  readonly bytesRead: number;
}

/**
 * The lines of a UTF-8 file. A line break is LF or CRLF; an empty last line is left out.
 *
 * @throws {IoError} when the file cannot be read
 */
export function* readLines(path: string): Generator<Line> {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    throw fileError("read", path, error);
  }
  try {
    const chunk = new Uint8Array(CHUNK_BYTES);
    const decoder = new TextDecoder("utf-8", { fatal: true });
    const decode = (bytes: Uint8Array, isLast: boolean): string => {
      try {
        return decoder.decode(bytes, { stream: !isLast });
      } catch (error) {
        throw new InvalidArgumentError(`${path} is no UTF-8 (after line ${number}); convert it first`, {
          code: "not-utf8",
          value: path,
          cause: error,
        });
      }
    };
    let rest = "";
    let number = 0;
    let bytesRead = 0;
    for (;;) {
      const length = readSync(file, chunk, 0, CHUNK_BYTES, null);
      bytesRead += length;
      const texts = (rest + decode(chunk.subarray(0, length), length === 0)).split("\n");
      rest = texts.pop() as string;
      for (const text of texts) {
        yield { text: text.endsWith("\r") ? text.slice(0, -1) : text, number: ++number, bytesRead };
      }
      if (length === 0) break;
    }
    if (rest !== "") yield { text: rest, number: number + 1, bytesRead };
  } catch (error) {
    throw fileError("read", path, error);
  } finally {
    closeSync(file);
  }
}

/**
 * Writes lines to a file: under another name, synced, then renamed, so that the file is whole or not there.
 *
 * @returns its size in bytes
 * @throws {IoError} when the file cannot be written
 */
export function writeLines(path: string, lines: Iterable<string>): number {
  const temporary = `${path}.new-${randomBytes(6).toString("hex")}`;
  let size = 0;
  try {
    const file = openSync(temporary, "wx");
    try {
      let pending = "";
      const flush = (): void => {
        const bytes = new TextEncoder().encode(pending);
        for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
        size += bytes.length;
        pending = "";
      };
      for (const line of lines) {
        pending += `${line}\n`;
        if (pending.length >= CHUNK_BYTES) flush();
      }
      flush();
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
    return size;
  } catch (error) {
    throw fileError("write", path, error);
  } finally {
    rmSync(temporary, { force: true });
  }
}
