/** A file that is only read: what is written to it stays in memory. For a log that is replayed without being its owner. */

import type { OpenFile } from "./file_system.ts";
import { PAGE_SIZE, V3_HEADER_SIZE } from "./page.ts";

/** Pages over a file. Writes are whole pages. */
export class OverlayFile implements OpenFile {
  readonly #file: OpenFile;
  readonly #pages = new Map<number, Uint8Array>();

  constructor(file: OpenFile) {
    this.#file = file;
  }

  read(buffer: Uint8Array, position: number): number {
    const page = this.#pages.get(position);
    if (page === undefined) return this.#file.read(buffer, position);
    buffer.set(page.subarray(0, buffer.length));
    return Math.min(buffer.length, PAGE_SIZE);
  }

  write(buffer: Uint8Array, position: number): void {
    for (let at = 0; at < buffer.length; at += PAGE_SIZE) {
      if ((position + at - V3_HEADER_SIZE) % PAGE_SIZE !== 0) {
        throw new RangeError(`write of part of a page at ${position}`);
      }
      this.#pages.set(position + at, buffer.slice(at, at + PAGE_SIZE));
    }
  }

  sync(): void {}

  truncate(_sizeBytes: number): void {}

  size(): number {
    return this.#file.size();
  }

  close(): void {
    this.#pages.clear();
    this.#file.close();
  }
}
