/** Numbers under byte keys, as many as the disk holds, in bounded memory; gone when their owner is. */

import { randomUUID } from "node:crypto";
import { ByteTreeWriter } from "./byte_writer.ts";
import type { FileSystem, OpenFile } from "./file_system.ts";
import { FreePages } from "./free_pages.ts";
import { KeyNumbers } from "./key_numbers.ts";
import { Pager } from "./pager.ts";
import { EMPTY_ROOT } from "./pages.ts";
import { ReportingFileSystem } from "./reporting_files.ts";

/** Keys that are collected in memory before they are merged into the file. */
const MAX_KEYS = 2 ** 20;
/** Bytes of these keys and their numbers. */
const MAX_BYTES = 32 * 1024 * 1024;
/** Cache of the file's pages. */
const CACHE_BYTES = 32 * 1024 * 1024;

/** Where a temporary tree may have a file, and how much it keeps in memory. */
export interface TemporaryPlace {
  /** The files of the system, or others. */
  readonly files: FileSystem;
  /** What the file's name begins with. It gets a suffix that no other has. */
  readonly path: string;
  /** Keys that are collected in memory. Default: about a million. */
  readonly maxKeys?: number;
}

/**
 * Keys that are only ever added. New ones lie in memory; when they are many, they are sorted and merged into a byte tree in a
 * file of its own, which belongs to no database and to no transaction. The file is removed as soon as it is open (or, where
 * the system does not allow that, when it is closed): a crash leaves nothing behind.
 */
export class TemporaryTree {
  readonly #place: TemporaryPlace;
  readonly #recent: KeyNumbers;
  #merged: MergedKeys | undefined;

  /** An empty tree, without a file. */
  constructor(place: TemporaryPlace) {
    this.#place = place;
    this.#recent = new KeyNumbers(place.maxKeys ?? MAX_KEYS, MAX_BYTES);
  }

  /** Number of the key `bytes[start]` to `bytes[end - 1]`, or undefined. O(log n); hot for keys in memory. */
  get(bytes: Uint8Array, start: number, end: number): number | undefined {
    return this.#recent.get(bytes, start, end) ?? this.#merged?.get(bytes.subarray(start, end));
  }

  /**
   * Adds a key that the tree does not have.
   *
   * @throws {IoError} when the file cannot be written
   */
  add(bytes: Uint8Array, start: number, end: number, number: number): void {
    if (this.#recent.isFullFor(end - start)) {
      this.#merged ??= new MergedKeys(this.#place);
      this.#merged.put(this.#recent);
      this.#recent.clear();
    }
    this.#recent.add(bytes, start, end, number);
  }

  /** Removes the file. May be called again; nothing else may be called any more. */
  close(): void {
    this.#recent.clear();
    this.#merged?.close();
    this.#merged = undefined;
  }
}

/** A byte tree whose pages are the only ones of a file. */
class MergedKeys {
  readonly #files: FileSystem;
  readonly #path: string;
  readonly #file: OpenFile;
  readonly #pager: Pager;
  readonly #tree: ByteTreeWriter;
  readonly #isRemoved: boolean;

  constructor({ files, path }: TemporaryPlace) {
    this.#files = new ReportingFileSystem(files);
    this.#path = `${path}.${randomUUID()}`;
    this.#file = this.#files.open(this.#path, "create");
    this.#isRemoved = this.#remove();
    this.#pager = new Pager({ file: this.#file, name: this.#path, fileSeed: 0 }, CACHE_BYTES, new FreePages(0));
    // One transaction that never ends: pages are changed in place.
    this.#pager.begin(1);
    this.#tree = new ByteTreeWriter(this.#pager, EMPTY_ROOT);
  }

  #remove(): boolean {
    try {
      this.#files.remove(this.#path);
      return true;
    } catch {
      // Some systems keep a file that is open from being removed.
      return false;
    }
  }

  put(keys: KeyNumbers): void {
    this.#tree.putSorted(keys.sorted());
  }

  get(key: Uint8Array): number | undefined {
    const value = this.#tree.get(key);
    return value === undefined ? undefined : new DataView(value.buffer, value.byteOffset).getFloat64(0, true);
  }

  close(): void {
    this.#file.close();
    this.#pager.giveUp();
    if (!this.#isRemoved) this.#remove();
  }
}
