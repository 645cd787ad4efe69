/** Files whose errors say what was tried on which file: every error of the system comes out as `IoError`, in one place. */

import { fileError } from "../backend/line_file.ts";
import type { FileLock, FileSystem, OpenFile } from "./file_system.ts";

/** The same files; errors that are no longer the system's own pass through. */
export class ReportingFileSystem implements FileSystem {
  readonly #files: FileSystem;

  constructor(files: FileSystem) {
    this.#files = files;
  }

  open(path: string, mode: "read" | "write" | "create"): OpenFile {
    return new ReportingFile(
      attempt(mode === "create" ? "create" : "open", path, () => this.#files.open(path, mode)),
      path,
    );
  }

  stat(path: string): ReturnType<FileSystem["stat"]> {
    return attempt("look at", path, () => this.#files.stat(path));
  }

  rename(from: string, to: string): void {
    attempt(`rename ${from} to`, to, () => this.#files.rename(from, to));
  }

  remove(path: string): void {
    attempt("remove", path, () => this.#files.remove(path));
  }

  makeFolder(path: string): void {
    attempt("create the folder", path, () => this.#files.makeFolder(path));
  }

  removeFolder(path: string): void {
    attempt("remove the folder", path, () => this.#files.removeFolder(path));
  }

  list(folder: string): string[] {
    return attempt("list", folder, () => this.#files.list(folder));
  }

  syncFolder(folder: string): void {
    attempt("sync the folder", folder, () => this.#files.syncFolder(folder));
  }

  realPath(path: string): string {
    return attempt("resolve", path, () => this.#files.realPath(path));
  }

  lock(path: string): FileLock | undefined {
    return attempt("lock", path, () => this.#files.lock(path));
  }
}

function attempt<R>(what: string, path: string, run: () => R): R {
  try {
    return run();
  } catch (error) {
    throw fileError(what, path, error);
  }
}

/** An open file that does the same. No closures: these calls are made for every page and every commit. */
class ReportingFile implements OpenFile {
  readonly #file: OpenFile;
  readonly #path: string;

  constructor(file: OpenFile, path: string) {
    this.#file = file;
    this.#path = path;
  }

  read(buffer: Uint8Array, position: number): number {
    try {
      return this.#file.read(buffer, position);
    } catch (error) {
      throw fileError("read", this.#path, error);
    }
  }

  write(buffer: Uint8Array, position: number): void {
    try {
      this.#file.write(buffer, position);
    } catch (error) {
      throw fileError("write", this.#path, error);
    }
  }

  sync(): void {
    try {
      this.#file.sync();
    } catch (error) {
      throw fileError("sync", this.#path, error);
    }
  }

  truncate(sizeBytes: number): void {
    try {
      this.#file.truncate(sizeBytes);
    } catch (error) {
      throw fileError("truncate", this.#path, error);
    }
  }

  size(): number {
    try {
      return this.#file.size();
    } catch (error) {
      throw fileError("read the size of", this.#path, error);
    }
  }

  close(): void {
    try {
      this.#file.close();
    } catch (error) {
      throw fileError("close", this.#path, error);
    }
  }
}
