/** Pages for one pass over trees that lie in the file as a whole: read many at a time, and forgotten. */

import type { OpenFile } from "./file_system.ts";
import { MIN_CACHE_BYTES, PageCache } from "./page_cache.ts";
import type { Pager } from "./pager.ts";
import type { Pages } from "./pages.ts";

/** Bytes that are read at once. */
const WINDOW_BYTES = 256 * 1024;

/** What is asked of an engine. */
export interface ScannedEngine {
  readonly file: OpenFile;
  readonly fileSeed: number;
  readonly name: string;
  readonly pager: Pager;
}

/**
 * Pages of the newest state for somebody who reads a lot of them once: fresh memory for each of them, as in the cache, would
 * cost more than reading them. While changed pages wait to be written, these are the cache's.
 */
export function scanPages({ file, fileSeed, name, pager }: ScannedEngine): Pages {
  if (pager.dirtyCount > 0) return pager;
  return new PageCache({ file: new ReadAhead(file), fileSeed, name }, MIN_CACHE_BYTES);
}

/** Reads more than it is asked for, once neighbours are read one after the other. */
class ReadAhead implements OpenFile {
  readonly #file: OpenFile;
  readonly #window = new Uint8Array(WINDOW_BYTES);
  #start = 0;
  #length = 0;
  #expected = -1;

  constructor(file: OpenFile) {
    this.#file = file;
  }

  read(buffer: Uint8Array, position: number): number {
    const { length } = buffer;
    if (position < this.#start || position + length > this.#start + this.#length) {
      if (position !== this.#expected) {
        this.#expected = position + length;
        return this.#file.read(buffer, position);
      }
      this.#start = position;
      this.#length = this.#file.read(this.#window, position);
    }
    this.#expected = position + length;
    const at = position - this.#start;
    const part = this.#window.subarray(at, Math.min(at + length, this.#length));
    buffer.set(part);
    return part.length;
  }

  size(): number {
    return this.#file.size();
  }

  write(): void {
    throw new TypeError("pages of a scan are not written");
  }

  sync(): void {}

  truncate(): void {
    throw new TypeError("pages of a scan are not written");
  }

  close(): void {}
}
