/** Files in memory, for databases that live as long as their handle, and for tests. Behaves as a POSIX file system does. */

import { posix } from "node:path";
import type { FileLock, FileSystem, OpenFile } from "./file_system.ts";

/** Files are kept in pieces of this size, so that growing copies nothing and holes cost nothing. */
const CHUNK_BYTES = 64 * 1024;

const MESSAGES = {
  EBADF: "bad file descriptor",
  EEXIST: "file already exists",
  EINVAL: "invalid argument",
  EISDIR: "illegal operation on a directory",
  ENOENT: "no such file or directory",
  ENOTDIR: "not a directory",
} as const;

/**
 * A file system of its own, with an empty root folder `/`. Paths are POSIX paths; relative ones start at the root. It belongs to
 * the thread that made it, and so do its locks.
 */
export class MemoryFileSystem implements FileSystem {
  /** Absolute path → file, or undefined for a folder. */
  readonly #entries = new Map<string, Content | undefined>([["/", undefined]]);
  readonly #locks = new Set<string>();

  open(path: string, mode: "read" | "write" | "create"): OpenFile {
    const full = this.#locate(path, "open");
    let content = this.#entries.get(full);
    if (mode === "create") {
      if (this.#entries.has(full)) throw systemError("EEXIST", "open", path);
      content = new Content();
      this.#entries.set(full, content);
    } else if (content === undefined) {
      throw systemError(this.#entries.has(full) ? "EISDIR" : "ENOENT", "open", path);
    }
    return new MemoryFile(content, path, mode !== "read");
  }

  stat(path: string): { readonly type: "file" | "folder" | "other"; readonly sizeBytes: number } | undefined {
    const full = absolute(path);
    if (!this.#entries.has(full)) return undefined;
    const content = this.#entries.get(full);
    return content === undefined ? { type: "folder", sizeBytes: 0 } : { type: "file", sizeBytes: content.sizeBytes };
  }

  rename(from: string, to: string): void {
    const source = this.#locate(from, "rename");
    const target = this.#locate(to, "rename");
    if (!this.#entries.has(source)) throw systemError("ENOENT", "rename", from);
    const content = this.#entries.get(source);
    if (content === undefined) throw systemError("EISDIR", "rename", from);
    if (this.#entries.has(target) && this.#entries.get(target) === undefined) throw systemError("EISDIR", "rename", to);
    this.#entries.delete(source);
    this.#entries.set(target, content);
  }

  remove(path: string): void {
    const full = absolute(path);
    const parent = posix.dirname(full);
    if (this.#entries.get(parent) !== undefined) throw systemError("ENOTDIR", "unlink", path);
    if (!this.#entries.has(full)) return;
    if (this.#entries.get(full) === undefined) throw systemError("EISDIR", "unlink", path);
    this.#entries.delete(full);
  }

  makeFolder(path: string): void {
    const full = this.#locate(path, "mkdir");
    if (this.#entries.get(full) !== undefined) throw systemError("EEXIST", "mkdir", path);
    this.#entries.set(full, undefined);
  }

  removeFolder(path: string): void {
    const full = absolute(path);
    if (this.#entries.get(full) !== undefined) throw systemError("ENOTDIR", "rmdir", path);
    if (full !== "/" && this.list(full).length === 0) this.#entries.delete(full);
  }

  list(folder: string): string[] {
    const full = absolute(folder);
    if (this.#entries.get(full) !== undefined) throw systemError("ENOTDIR", "scandir", folder);
    const names: string[] = [];
    for (const path of this.#entries.keys()) {
      if (path !== "/" && posix.dirname(path) === full) names.push(posix.basename(path));
    }
    return names;
  }

  syncFolder(folder: string): void {
    const full = this.#locate(folder, "open");
    if (!this.#entries.has(full)) throw systemError("ENOENT", "open", folder);
  }

  realPath(path: string): string {
    return this.#locate(path, "realpath");
  }

  lock(path: string): FileLock | undefined {
    const full = this.#locate(path, "lock");
    if (this.#locks.has(full)) return undefined;
    if (!this.#entries.has(full)) this.open(full, "create").close();
    this.#locks.add(full);
    let isHeld = true;
    return {
      release: () => {
        if (isHeld) this.#locks.delete(full);
        isHeld = false;
      },
    };
  }

  /** Absolute path of something whose folder must exist. */
  #locate(path: string, call: string): string {
    const full = absolute(path);
    const parent = posix.dirname(full);
    if (!this.#entries.has(parent)) {
      // Like the system's: a file in the place of any folder above is reported as such.
      let above = parent;
      while (!this.#entries.has(above)) above = posix.dirname(above);
      throw systemError(this.#entries.get(above) === undefined ? "ENOENT" : "ENOTDIR", call, path);
    }
    if (full !== "/" && this.#entries.get(parent) !== undefined) throw systemError("ENOTDIR", call, path);
    return full;
  }
}

/** Bytes of a file, which open handles keep when its name is removed or given to another file. */
class Content {
  sizeBytes = 0;
  readonly #chunks: (Uint8Array | undefined)[] = [];

  read(buffer: Uint8Array, position: number): number {
    const length = Math.max(0, Math.min(buffer.length, this.sizeBytes - position));
    for (let done = 0; done < length;) {
      const within = (position + done) % CHUNK_BYTES;
      const part = Math.min(length - done, CHUNK_BYTES - within);
      const chunk = this.#chunks[Math.floor((position + done) / CHUNK_BYTES)];
      if (chunk === undefined) buffer.fill(0, done, done + part);
      else buffer.set(chunk.subarray(within, within + part), done);
      done += part;
    }
    return length;
  }

  write(buffer: Uint8Array, position: number): void {
    for (let done = 0; done < buffer.length;) {
      const at = Math.floor((position + done) / CHUNK_BYTES);
      const within = (position + done) % CHUNK_BYTES;
      const part = Math.min(buffer.length - done, CHUNK_BYTES - within);
      const chunk = this.#chunks[at] ??= new Uint8Array(CHUNK_BYTES);
      chunk.set(buffer.subarray(done, done + part), within);
      done += part;
    }
    if (buffer.length > 0) this.sizeBytes = Math.max(this.sizeBytes, position + buffer.length);
  }

  truncate(sizeBytes: number): void {
    if (sizeBytes < this.sizeBytes) {
      const kept = Math.ceil(sizeBytes / CHUNK_BYTES);
      if (this.#chunks.length > kept) this.#chunks.length = kept;
      // What lies behind the end must read as zeroes when the file grows again.
      if (sizeBytes % CHUNK_BYTES > 0) this.#chunks[kept - 1]?.fill(0, sizeBytes % CHUNK_BYTES);
    }
    this.sizeBytes = sizeBytes;
  }
}

class MemoryFile implements OpenFile {
  readonly #content: Content;
  readonly #path: string;
  readonly #isWritable: boolean;
  #isOpen = true;

  constructor(content: Content, path: string, isWritable: boolean) {
    this.#content = content;
    this.#path = path;
    this.#isWritable = isWritable;
  }

  read(buffer: Uint8Array, position: number): number {
    this.#require(this.#isOpen, "EBADF", "read");
    this.#require(isPosition(position), "EINVAL", "read");
    return this.#content.read(buffer, position);
  }

  write(buffer: Uint8Array, position: number): void {
    this.#require(this.#isOpen && this.#isWritable, "EBADF", "write");
    this.#require(isPosition(position), "EINVAL", "write");
    this.#content.write(buffer, position);
  }

  sync(): void {
    this.#require(this.#isOpen, "EBADF", "fdatasync");
  }

  truncate(sizeBytes: number): void {
    this.#require(this.#isOpen, "EBADF", "ftruncate");
    this.#require(this.#isWritable && isPosition(sizeBytes), "EINVAL", "ftruncate");
    this.#content.truncate(sizeBytes);
  }

  size(): number {
    this.#require(this.#isOpen, "EBADF", "fstat");
    return this.#content.sizeBytes;
  }

  close(): void {
    this.#isOpen = false;
  }

  #require(condition: boolean, code: keyof typeof MESSAGES, call: string): void {
    if (!condition) throw systemError(code, call, this.#path);
  }
}

function absolute(path: string): string {
  const full = posix.join("/", path);
  return full.length > 1 && full.endsWith("/") ? full.slice(0, -1) : full;
}

function isPosition(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/** An error as Node's file calls throw it. */
function systemError(code: keyof typeof MESSAGES, syscall: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${MESSAGES[code]}, ${syscall} '${path}'`), { code, syscall, path });
}
