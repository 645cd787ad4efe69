/** Standard output and standard error, written synchronously and in large pieces. */

import { Buffer } from "node:buffer";
import { writeSync } from "node:fs";
import process from "node:process";
import type { JsonValue } from "../backend/json.ts";
import { toJsonText } from "./json_text.ts";

const STDOUT = 1;
const STDERR = 2;
const FLUSH_LENGTH = 64 * 1024;

/** Who read our output has gone (`sqlitegraph ... | head`): the command ends quietly. */
export class BrokenPipe extends Error {}

/** Where a command writes its results. */
export class Output {
  #pending: string[] = [];
  #pendingLength = 0;

  /** Writes a line of text. */
  line(text: string): void {
    this.#pending.push(text, "\n");
    this.#pendingLength += text.length + 1;
    if (this.#pendingLength >= FLUSH_LENGTH) this.flush();
  }

  /** Writes a value as one line of JSON. */
  json(value: unknown): void {
    this.line(toJsonText(value as JsonValue));
  }

  /** Writes a line to standard error. */
  errorLine(text: string): void {
    this.flush();
    writeAll(STDERR, `${text}\n`);
  }

  /** Whether standard error is a terminal, so that progress can be shown there. */
  get isErrorTerminal(): boolean {
    return process.stderr.isTTY === true;
  }

  /** Writes what is waiting. @throws {BrokenPipe} when nobody reads it any more. */
  flush(): void {
    const text = this.#pending.join("");
    this.#pending = [];
    this.#pendingLength = 0;
    writeAll(STDOUT, text);
  }
}

function writeAll(fd: number, text: string): void {
  let bytes = Buffer.from(text);
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(fd, bytes));
    } catch (error) {
      const { code } = error as { code?: string };
      if (code === "EPIPE") throw new BrokenPipe();
      if (code !== "EAGAIN") throw error;
      // Another program has made the pipe non-blocking, and it is full.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
    }
  }
}
