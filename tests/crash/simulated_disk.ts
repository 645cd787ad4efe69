/** The disk of a simulated machine: files, folders and locks that several simulated processes share, and what a power cut leaves.
 *
 * A folder's entries are on the medium after a sync of that folder only: until then, each operation on them (a file's creation,
 * a rename, a removal) may be lost by itself, but one operation is never half done, and none survives that came after a lost
 * one on the same name. A file whose name is lost is gone, whatever was synced in it.
 */

import { posix } from "node:path";
import type { Rng } from "./rng.ts";
import { BLOCK_SIZE, type PowerCut, SimulatedFile } from "./simulated_file.ts";

/** What has a name: a file, or a folder. */
export type Entry = SimulatedFile | "folder";

/** One operation: all of its names change together. Undefined removes a name. */
interface FolderOperation {
  readonly operation: number;
  readonly changes: readonly { readonly path: string; readonly entry: Entry | undefined }[];
}

/** Absolute path without `..` and the like; relative paths start at the root. */
export function absolute(path: string): string {
  const full = posix.join("/", path);
  return full.length > 1 && full.endsWith("/") ? full.slice(0, -1) : full;
}

/** Everything that outlives a process. Begins with the folders `/` and `/db`. */
export class SimulatedDisk {
  /** How much the files may take together; what they take already stays. */
  capacityBytes: number = Infinity;
  /** What programs see. */
  readonly #entries = new Map<string, Entry>([["/", "folder"], ["/db", "folder"]]);
  /** What is on the medium for certain. */
  readonly #durable = new Map<string, Entry>(this.#entries);
  #unsynced: FolderOperation[] = [];
  #operations = 0;
  #isOff = false;
  /** Lock file → its holder, a process or one of its handles. */
  readonly #locks = new Map<SimulatedFile, { readonly process: object }>();
  readonly #lockFiles = new Set<SimulatedFile>();

  /** Whether the machine lost its power: no call works any more. */
  get isOff(): boolean {
    return this.#isOff;
  }

  /** What is at an absolute path. */
  entry(path: string): Entry | undefined {
    return this.#entries.get(path);
  }

  /** The file at a path. */
  file(path: string): SimulatedFile {
    const entry = this.#entries.get(path);
    if (entry === undefined || entry === "folder") throw new Error(`there is no file ${path}`);
    return entry;
  }

  /** Absolute paths of all files, sorted. */
  files(): string[] {
    return [...this.#entries].filter(([, entry]) => entry !== "folder").map(([path]) => path).sort();
  }

  /** Names in a folder. */
  list(folder: string): string[] {
    const paths = [...this.#entries.keys()].filter((path) => path !== "/" && posix.dirname(path) === folder);
    return paths.map((path) => posix.basename(path));
  }

  /** The number of the next operation. */
  nextOperation(): number {
    return ++this.#operations;
  }

  /** How many blocks are left. */
  freeBlocks(): number {
    if (this.capacityBytes === Infinity) return Infinity;
    return Math.max(0, Math.floor(this.capacityBytes / BLOCK_SIZE) - this.usedBlocks());
  }

  /** How many blocks the files take. */
  usedBlocks(): number {
    let used = 0;
    for (const entry of this.#entries.values()) if (entry !== "folder") used += entry.blockCount;
    return used;
  }

  /** Changes names, all of them at once. */
  change(changes: FolderOperation["changes"]): void {
    for (const { path, entry } of changes) {
      if (entry === undefined) this.#entries.delete(path);
      else this.#entries.set(path, entry);
    }
    this.#unsynced.push({ operation: this.nextOperation(), changes });
  }

  /** The folder's entries are on the medium now, with every earlier operation that these depend on. */
  syncFolder(folder: string): void {
    const names = new Set<string>();
    const kept: FolderOperation[] = [];
    const done: FolderOperation[] = [];
    for (const operation of this.#unsynced.toReversed()) {
      const isDone = operation.changes.some(({ path }) => posix.dirname(path) === folder || names.has(path));
      for (const { path } of isDone ? operation.changes : []) names.add(path);
      (isDone ? done : kept).unshift(operation);
    }
    for (const { changes } of done) apply(changes, this.#durable);
    this.#unsynced = kept;
  }

  /** Takes the lock that a file stands for; false when anybody has it. */
  lock(file: SimulatedFile, holder: { readonly process: object }): boolean {
    this.#lockFiles.add(file);
    if (this.#locks.has(file)) return false;
    this.#locks.set(file, holder);
    return true;
  }

  /** Gives a lock up. */
  unlock(file: SimulatedFile, holder: { readonly process: object }): void {
    if (this.#locks.get(file) === holder) this.#locks.delete(file);
  }

  /** Whether the file was ever locked: then nothing may open it, because closing it again would drop the lock. */
  isLockFile(file: SimulatedFile): boolean {
    return this.#lockFiles.has(file);
  }

  /** Frees the locks of a process that has ended. */
  unlockAll(process: object): void {
    for (const [file, holder] of this.#locks) if (holder.process === process) this.#locks.delete(file);
  }

  /** The machine loses its power. What it finds afterwards is another disk; asking again gives another possible one. */
  afterPowerCut(rng: Rng): SimulatedDisk {
    this.#isOff = true;
    return this.#after(powerCut(rng, this.#operations));
  }

  /** Another disk with the same content, all of it on the medium. */
  copy(): SimulatedDisk {
    return this.#after({ version: (_numbers, _low, high) => high, part: (high) => high });
  }

  #after(cut: PowerCut): SimulatedDisk {
    const entries = new Map(this.#durable);
    const lostNames = new Set<string>();
    for (const { operation, changes } of this.#unsynced) {
      const isKept = !changes.some(({ path }) => lostNames.has(path)) && cut.version([-1, operation], 0, 1) === 1;
      if (isKept) apply(changes, entries);
      else for (const { path } of changes) lostNames.add(path);
    }
    const disk = new SimulatedDisk();
    disk.capacityBytes = this.capacityBytes;
    const files = new Map<SimulatedFile, SimulatedFile>();
    for (const [path, entry] of [...entries].sort(([a], [b]) => a < b ? -1 : 1)) {
      if (disk.#entries.get(posix.dirname(path)) !== "folder") continue;
      let found = entry;
      if (entry !== "folder") {
        found = files.get(entry) ?? entry.afterPowerCut(cut);
        files.set(entry, found as SimulatedFile);
      }
      disk.#entries.set(path, found);
      disk.#durable.set(path, found);
    }
    return disk;
  }
}

function apply(changes: FolderOperation["changes"], entries: Map<string, Entry>): void {
  for (const { path, entry } of changes) {
    if (entry === undefined) entries.delete(path);
    else entries.set(path, entry);
  }
}

/**
 * One way for a power cut to go. Independent chance finds what depends on order; but a long row of writes that all got there
 * but one is what chance hardly ever gives, so there are these other ways.
 */
export function powerCut(rng: Rng, operations: number): PowerCut {
  const way = rng.weighted({ nothing: 1, everything: 1, inOrder: 3, allButFew: 2, few: 1, any: 2 });
  const last = rng.chance(0.5) ? rng.between(0, operations) : operations - rng.skewed(1, 20) + 1;
  const keepNewest = { nothing: 0, everything: 1, inOrder: 0, allButFew: 0.95, few: 0.05, any: 0.5 }[way];
  return {
    version(numbers, low, high) {
      if (way === "inOrder") {
        // The operation that was under way is torn.
        const from = rng.chance(0.5) ? last : last - 1;
        return Math.max(low, Math.min(high, numbers.findLastIndex((number) => number <= from)));
      }
      if (rng.chance(keepNewest)) return high;
      return way === "nothing" || rng.chance(0.5) ? low : rng.between(low, high);
    },
    part(high) {
      if (rng.chance(keepNewest)) return high;
      return way === "nothing" || rng.chance(0.5) ? 0 : rng.between(0, high);
    },
  };
}
