import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The only folder that in-process tests may write to (`os.tmpdir` would need permission to read the environment). */
export const TEMP_ROOT: string = fileURLToPath(new URL("../../.tmp", import.meta.url));

/** A folder that is removed with everything in it when the block ends. */
export interface TempDir extends Disposable {
  /** Absolute path of the folder. */
  readonly root: string;
  /** Absolute path of a file or folder inside it, which need not exist. */
  path(...names: string[]): string;
}

/** Makes an empty folder under `.tmp/` of the repository: `using dir = tempDir();`, then `dir.path("social.graph")`. */
export function tempDir(): TempDir {
  mkdirSync(TEMP_ROOT, { recursive: true });
  const root = mkdtempSync(join(TEMP_ROOT, "test-"));
  return {
    root,
    path: (...names) => join(root, ...names),
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
}
