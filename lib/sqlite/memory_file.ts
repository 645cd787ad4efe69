/** The file that stands in for memory when several threads read a database: memory belongs to one connection. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { IoError } from "../backend/errors.ts";

/** A file in a folder of its own. */
export interface MemoryFile {
  /** Where the database is to be. */
  readonly path: string;
  /** The folder. */
  readonly folder: string;
}

interface DenoFiles {
  makeTempDirSync(options: { readonly prefix: string }): string;
}

const PREFIX = "sqlitegraph-memory-";

/**
 * Makes the folder, in `parent` or where the system keeps temporary files.
 *
 * @throws {IoError} when it cannot be made
 */
export function makeMemoryFile(parent: string | undefined): MemoryFile {
  let folder: string;
  try {
    folder = parent === undefined ? makeSystemFolder() : mkdtempSync(join(parent, PREFIX));
  } catch (error) {
    throw new IoError(
      `:memory: needs a temporary file for its threads, and no folder could be made in ${
        parent ?? "the system's temporary folder"
      }: ${error instanceof Error ? error.message : String(error)}; allow writing there, or name a temporaryFolder`,
      { code: "no-temporary-folder", cause: error },
    );
  }
  return { path: join(folder, "memory.graph"), folder };
}

/** Removes the folder with everything in it, if it is still there. */
export function removeMemoryFile(folder: string): void {
  unclosed.delete(folder);
  rmSync(folder, { recursive: true, force: true });
}

/** Folders of databases that are open. */
const unclosed = new Set<string>();
let isWatching = false;

/** Has the folder removed when this process ends without having closed the database. For the thread that outlives the others. */
export function removeMemoryFileAtExit(folder: string): void {
  unclosed.add(folder);
  if (isWatching) return;
  isWatching = true;
  process.on("exit", () => {
    for (const left of unclosed) {
      try {
        removeMemoryFile(left);
      } catch {
        // Where open files cannot be removed it stays, as after a crash.
      }
    }
  });
}

function makeSystemFolder(): string {
  // Deno's own call finds the folder without permission to read the environment, which `tmpdir` asks for.
  const { Deno } = globalThis as unknown as { readonly Deno?: DenoFiles };
  return Deno === undefined ? mkdtempSync(join(tmpdir(), PREFIX)) : Deno.makeTempDirSync({ prefix: PREFIX });
}
