/** Files and folders made safe against a power cut. */

import { closeSync, fsyncSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { fileError } from "./line_file.ts";

/** Makes a file's content safe against a power cut. */
export function syncFile(path: string): void {
  withFile(path, "r+", fsyncSync);
}

/** Makes changes of the folder that a file is in (the file is new, renamed or removed) safe against a power cut. */
export function syncFolder(path: string): void {
  withFile(dirname(path), "r", fsyncSync);
}

/** Opens a file (or folder) for as long as it is used. */
export function withFile<R>(path: string, flags: string, use: (file: number) => R): R {
  let file: number;
  try {
    file = openSync(path, flags);
  } catch (error) {
    throw fileError("open", path, error);
  }
  try {
    return use(file);
  } catch (error) {
    throw fileError("use", path, error);
  } finally {
    closeSync(file);
  }
}
