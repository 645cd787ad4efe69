/** The second, independent copy of the key-values beside the file, written at checkpoints when they changed. */

import {
  type CheckpointEntry,
  encodeCheckpoint,
  readCheckpointFile,
  removeStaleTemporaries,
  setAsideCorrupt,
  writeCheckpointFile,
} from "../kv/mod.ts";
import { CorruptionError } from "../backend/errors.ts";
import { ByteCursor } from "./byte_cursor.ts";
import { ByteTree } from "./byte_tree.ts";
import { type Engine, kvCheckpointPath } from "./engine.ts";
import type { Pages, TreeRoot } from "./pages.ts";
import { type GraphState, TREE } from "./state.ts";

/** Writes the copy when it is due. */
export class KeyValueCopy {
  readonly #engine: Engine;
  /** Root of the key-values that the copy holds, if it is known. */
  #copied: TreeRoot | undefined;
  /** Number of keys that were too many for the copy; it is not tried again before there are fewer. */
  #tooMany = Infinity;

  /** @param wasUnclean whether the state is newer than what a checkpoint left */
  constructor(engine: Engine, wasUnclean: boolean) {
    this.#engine = engine;
    this.#copied = wasUnclean ? undefined : rootOf(engine.state);
  }

  /**
   * Looks at the copy when the database is opened.
   *
   * @returns where a damaged copy was put
   */
  open(): string | undefined {
    const { fileSystem, path, fileSeed } = this.#engine;
    const copyPath = kvCheckpointPath(path);
    try {
      removeStaleTemporaries(fileSystem, copyPath);
      const copy = readCheckpointFile(fileSystem, copyPath, fileSeed);
      if (copy === undefined && this.#engine.state.keyCount > 0) this.#copied = undefined;
      return undefined;
    } catch (error) {
      if (!(error instanceof CorruptionError)) throw error;
      this.#copied = undefined;
      return setAsideCorrupt(fileSystem, copyPath);
    }
  }

  /** Writes the copy of a state when its key-values are others than in the copy. */
  write(state: GraphState): void {
    const root = rootOf(state);
    const copied = this.#copied;
    if (copied !== undefined && root.pageId === copied.pageId && root.birth === copied.birth) return;
    if (state.keyCount >= this.#tooMany) return;
    const { fileSystem, path, fileSeed, options, pager } = this.#engine;
    const { lsn, timeMs } = state;
    const bytes = state.keyCount === 0
      ? undefined
      : encodeCheckpoint({ fileSeed, lsn, timeMs }, entries(pager, root), options.kvCheckpointBytes);
    this.#tooMany = bytes === undefined && state.keyCount > 0 ? state.keyCount : Infinity;
    // An outdated copy would bring back keys that were deleted since.
    if (bytes === undefined) fileSystem.remove(kvCheckpointPath(path));
    else writeCheckpointFile(fileSystem, kvCheckpointPath(path), bytes);
    this.#copied = root;
  }
}

function rootOf(state: GraphState): TreeRoot {
  return state.roots[TREE.keyValues] as TreeRoot;
}

function* entries(pages: Pages, root: TreeRoot): Generator<CheckpointEntry> {
  const cursor = new ByteCursor(new ByteTree(pages, root));
  for (cursor.seek(new Uint8Array(0)); cursor.next();) yield { key: cursor.key(), record: cursor.value() };
}
