/** Real files that wait for no disk: for tests that open thousands of databases and never cut the power. */

import type { FileSystem } from "../../lib/v3/file_system.ts";
import { realFileSystem } from "../../lib/v3/real_file_system.ts";
import type { OpenOptions } from "./subject.ts";

const unsyncedFiles: FileSystem = {
  ...realFileSystem,
  open: (path, mode) => Object.assign(realFileSystem.open(path, mode), { sync: () => {} }),
  syncFolder: () => {},
};

/** The file system of a V3 database that is opened with these options: checkpoints sync even with durability `off`. */
export function filesFor({ durability }: OpenOptions): { readonly fileSystem?: FileSystem } {
  return durability === "off" ? { fileSystem: unsyncedFiles } : {};
}
