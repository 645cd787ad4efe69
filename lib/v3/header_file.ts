/** The two header slots of an open file. */

import type { OpenFile } from "./file_system.ts";
import { chooseHeader, encodeHeader, type Header, HEADER_SLOT_SIZE } from "./header.ts";
import { V3_HEADER_SIZE } from "./page.ts";

/** Reads and writes the header. */
export class HeaderFile {
  readonly #file: OpenFile;
  #header: Header;
  #slot: 0 | 1;
  /** Whether one of the slots was damaged when the file was opened; the next write repairs it. */
  readonly wasDamaged: boolean;

  /**
   * Reads the header of a file.
   *
   * @throws {UnsupportedError} for a version that this release does not open
   * @throws {CorruptionError} for a file without a readable header
   */
  constructor(file: OpenFile, path: string) {
    this.#file = file;
    const bytes = new Uint8Array(V3_HEADER_SIZE);
    const length = file.read(bytes, 0);
    const { header, slot, isOtherDamaged } = chooseHeader(bytes.subarray(0, length), path);
    this.#header = header;
    this.#slot = slot;
    this.wasDamaged = isOtherDamaged;
  }

  /** What counts now. */
  get header(): Header {
    return this.#header;
  }

  /**
   * Makes another header the one that counts: the other slot first, then, once that is on the medium, this one. After an error
   * it is unknown which one counts.
   */
  write(header: Omit<Header, "counter">): void {
    const next: Header = { ...header, counter: this.#header.counter + 1 };
    const bytes = encodeHeader(next);
    const other = this.#slot === 0 ? 1 : 0;
    this.#file.write(bytes, other * HEADER_SLOT_SIZE);
    this.#file.sync();
    this.#header = next;
    const slot = this.#slot;
    this.#slot = other;
    this.#file.write(bytes, slot * HEADER_SLOT_SIZE);
    this.#file.sync();
  }
}

/** Writes both slots of a new file. */
export function writeFirstHeader(file: OpenFile, header: Header): void {
  const bytes = encodeHeader(header);
  file.write(bytes, 0);
  file.write(bytes, HEADER_SLOT_SIZE);
}
