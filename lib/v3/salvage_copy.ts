/** The copy of the key-values beside a damaged file: asked for what the file itself no longer tells. */

import { Buffer } from "node:buffer";
import { fileError } from "../backend/line_file.ts";
import { type Checkpoint, type CheckpointEntry, readCheckpointFile } from "../kv/mod.ts";
import { kvCheckpointPath } from "./engine.ts";
import { isWithin, type Range } from "./salvage_range.ts";
import { BYTE_SHAPE } from "./salvage_shape.ts";
import type { SalvageSource } from "./salvage_source.ts";

/** The copy. It is read when it is asked for the first time. */
export class SalvageCopy {
  readonly #source: SalvageSource;
  #copy: Checkpoint | undefined;
  #isRead = false;

  constructor(source: SalvageSource) {
    this.#source = source;
  }

  #read(): Checkpoint | undefined {
    if (this.#isRead) return this.#copy;
    this.#isRead = true;
    const { fileSystem, path, fileSeed, losses } = this.#source;
    const copyPath = kvCheckpointPath(path);
    try {
      this.#copy = readCheckpointFile(fileSystem, copyPath, fileSeed);
    } catch (error) {
      losses.caught("key", copyPath, fileError("read", copyPath, error));
    }
    return this.#copy;
  }

  /** Commit whose key-values the copy holds; undefined without a copy. */
  get lsn(): number | undefined {
    return this.#read()?.lsn;
  }

  /** The record of a key, or undefined. */
  record(key: Uint8Array): Uint8Array | undefined {
    const entries = this.#read()?.entries ?? [];
    let low = 0;
    let high = entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const order = Buffer.compare((entries[middle] as CheckpointEntry).key, key);
      if (order === 0) return entries[middle]?.record;
      if (order < 0) low = middle + 1;
      else high = middle;
    }
    return undefined;
  }

  /** The entries of a range. */
  entries(range: Range<Uint8Array>): readonly CheckpointEntry[] {
    return (this.#read()?.entries ?? []).filter(({ key }) => isWithin(key, range, BYTE_SHAPE.compare));
  }
}
