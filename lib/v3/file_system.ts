/** The one way to files: real ones, files in memory, and files that fail on purpose (tests). Synchronous. */

/** An open file. Errors are those of the system below, with its `code` (`ENOSPC`, `EIO`, ...). */
export interface OpenFile {
  /** Reads into the buffer from a byte position; returns how many bytes there were (fewer than asked at the end only). */
  read(buffer: Uint8Array, position: number): number;
  /** Writes the whole buffer at a byte position, or throws; what was written before the error is undefined. */
  write(buffer: Uint8Array, position: number): void;
  /** Returns once the content and the size are on the medium. */
  sync(): void;
  /** Cuts or extends (with zeroes) the file. */
  truncate(sizeBytes: number): void;
  /** Size in bytes. */
  size(): number;
  /** Closes the file. May be called again. */
  close(): void;
}

/** A lock that one holder has at a time, across processes; the system frees it when its process dies. */
export interface FileLock {
  /** Gives the lock up. May be called again. */
  release(): void;
}

/** Files and folders. Paths are those of the platform. */
export interface FileSystem {
  /** Opens an existing file (`read`, `write`: read and write), or makes one that must not exist yet (`create`). */
  open(path: string, mode: "read" | "write" | "create"): OpenFile;
  /** What is there: nothing (undefined), a file with its size, a folder, or something else. */
  stat(path: string): { readonly type: "file" | "folder" | "other"; readonly sizeBytes: number } | undefined;
  /** Gives a file another name, replacing what has it. */
  rename(from: string, to: string): void;
  /** Removes a file; a missing one is fine. */
  remove(path: string): void;
  /** Makes a folder (its parent exists); an existing one is fine. */
  makeFolder(path: string): void;
  /** Removes an empty folder; a missing or non-empty one is left alone. */
  removeFolder(path: string): void;
  /** Names in a folder, in no order; a missing folder has none. */
  list(folder: string): string[];
  /** Returns once the folder's entries (created, renamed, removed) are on the medium. */
  syncFolder(folder: string): void;
  /** The path without links; of a missing file: of its folder, with the name added. */
  realPath(path: string): string;
  /** Takes the exclusive lock that a (small, otherwise unused) file stands for; undefined when somebody else has it. */
  lock(path: string): FileLock | undefined;
}
