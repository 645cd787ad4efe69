/** Database files of the benchmarks, all of them in one folder on the disk that is measured. */

import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Where the files are. */
export const FOLDER: string = fileURLToPath(new URL("../.tmp/bench", import.meta.url));

const V3_SUFFIXES = ["", ".v3wal", ".v3checkpoint", ".lock", ".lock.pid", ".readers"];
const SQLITE_SUFFIXES = ["-wal", "-shm", "-journal"];

/** A path that no file has. */
export function newPath(): string {
  mkdirSync(FOLDER, { recursive: true });
  return `${FOLDER}/${randomBytes(6).toString("hex")}.graph`;
}

/** Removes a database of any engine with everything beside it. */
export function removeFiles(path: string): void {
  for (const suffix of [...V3_SUFFIXES, ...SQLITE_SUFFIXES]) {
    rmSync(`${path}${suffix}`, { recursive: true, force: true });
  }
}

/** A path that no file has; what is made there is removed at the end of the block. */
export function temporaryPath(): { readonly path: string } & Disposable {
  const path = newPath();
  return { path, [Symbol.dispose]: () => removeFiles(path) };
}

/** Size of a file in bytes. */
export function sizeOf(path: string): number {
  return statSync(path).size;
}
