/** The files of the system, through calls of `node:fs` that both runtimes have. Errors are the runtime's, as they are. */

import {
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmdirSync,
  statSync,
  unlinkSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { lockFile } from "./file_lock.ts";
import type { FileLock, FileSystem, OpenFile } from "./file_system.ts";
import { openRealFile } from "./real_file.ts";

/** The files and folders of the system. Relative paths start at the working folder. */
export const realFileSystem: FileSystem = {
  open(path: string, mode: "read" | "write" | "create"): OpenFile {
    return openRealFile(path, mode);
  },

  stat(path: string): { readonly type: "file" | "folder" | "other"; readonly sizeBytes: number } | undefined {
    const found = unless(["ENOENT", "ENOTDIR"], () => statSync(path, { throwIfNoEntry: false }));
    if (found === undefined) return undefined;
    const type = found.isFile() ? "file" : found.isDirectory() ? "folder" : "other";
    return { type, sizeBytes: found.isFile() ? found.size : 0 };
  },

  rename(from: string, to: string): void {
    renameSync(from, to);
  },

  remove(path: string): void {
    // Deno's `unlink` removes an empty folder as well.
    if (unless(["ENOENT"], () => lstatSync(path, { throwIfNoEntry: false }))?.isDirectory()) {
      throw Object.assign(new Error(`EISDIR: illegal operation on a directory, unlink '${path}'`), { code: "EISDIR" });
    }
    unless(["ENOENT"], () => unlinkSync(path));
  },

  makeFolder(path: string): void {
    try {
      mkdirSync(path);
    } catch (error) {
      if (codeOf(error) !== "EEXIST" || !statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error;
    }
  },

  removeFolder(path: string): void {
    // Systems differ in what they say of a folder that is not empty.
    unless(["ENOENT", "ENOTEMPTY", "EEXIST"], () => rmdirSync(path));
  },

  list(folder: string): string[] {
    return unless(["ENOENT"], () => readdirSync(folder)) ?? [];
  },

  syncFolder(folder: string): void {
    // Where folders cannot be opened or synced (Windows), the system keeps their entries safe by itself.
    unless(["EPERM", "EISDIR", "EINVAL"], () => {
      const descriptor = openSync(folder, "r");
      try {
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
    });
  },

  realPath(path: string): string {
    return unless(["ENOENT"], () => realpathSync(path)) ?? join(realpathSync(dirname(path)), basename(path));
  },

  lock(path: string): FileLock | undefined {
    return lockFile(realFileSystem.realPath(path));
  },
};

/** Result of a call, or undefined when it fails with one of the codes. */
function unless<T>(codes: readonly string[], call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    if (codes.includes(codeOf(error) as string)) return undefined;
    throw error;
  }
}

function codeOf(error: unknown): unknown {
  return (error as { readonly code?: unknown }).code;
}
