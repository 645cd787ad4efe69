/**
 * What tells the writer which pages readers in other processes still need. Each reader has two files in the folder
 * `a.graph.readers/`, both empty:
 *
 *   ID.lock     a lock file (see `file_lock.ts`) that the reader holds as long as it lives: who can take it knows that it died
 *   ID.pin-LSN  its pin: it reads the commit LSN, with 0 any commit
 *
 * A reader holds its lock before it puts up its first pin, and pins everything before it reads the header of the file. So the
 * pins of a reader are, one after the other, `{3} {3, 0} {0} {5}` when it goes on from commit 3 to 5. The writer lists the folder
 * while such steps go on; the system may then leave out what is made, renamed or removed meanwhile. It holds that
 *
 * - a reader whose `pin-0` went up after the listing began reads the header that the writer has written before: it needs nothing
 *   of what the writer frees;
 * - a reader whose `pin-0` was up before and is not in the listing has renamed it meanwhile, and removed the older pin before
 *   that. So a pin that is listed alone and still there after the listing is the pin that counts. Anything else pins everything.
 *
 * The writer removes what the dead leave. It may take a starting reader for dead that has made its lock file and not locked it
 * yet; such a reader notices when it has its pin, and starts again under another id. For that, nobody locks a lock file that is
 * not there but its own reader.
 */

import { randomBytes } from "node:crypto";
import { ClosedError, IoError } from "../backend/errors.ts";
import type { FileLock, FileSystem } from "./file_system.ts";

const ID_BYTES = 8;
const FILE_NAME = /^([0-9a-f]{16})\.(?:lock|pin-(0|[1-9]\d*))$/;

/** How often a reader starts again when the writer or another reader was in its way. */
const TRIES = 20;

/** A reader that the writers of other processes know of. It counts until it is released or its process ends. */
export interface ReaderRegistration {
  /** Pins every commit, besides what was pinned before. To be called before the header of the file is read. */
  pinAll(): void;
  /** Pins this commit instead of every one and of the one before. To be called after `pinAll`. */
  settle(lsn: number): void;
  /** Gives up the pins. May be called again. */
  release(): void;
}

/**
 * Makes a reader known. At first it pins every commit: read the header, then call `settle`.
 *
 * @throws the error of the file system, when it cannot write to the folder
 */
export function registerReader(fileSystem: FileSystem, databasePath: string): ReaderRegistration {
  const folder = folderOf(fileSystem, databasePath);
  for (let tries = 1;; tries++) {
    try {
      const registration = tryRegister(fileSystem, folder);
      if (registration !== undefined) return registration;
      if (tries === TRIES) {
        throw new IoError(`cannot register a reader in ${folder}: its files are removed again and again`, {
          code: "io-error",
          value: folder,
        });
      }
    } catch (error) {
      // The last reader to leave removes the folder, and may have done so meanwhile.
      if (tries === TRIES) throw error;
    }
  }
}

/** Undefined when the writer took the new reader for dead. */
function tryRegister(fileSystem: FileSystem, folder: string): ReaderRegistration | undefined {
  fileSystem.makeFolder(folder);
  const id = randomBytes(ID_BYTES).toString("hex");
  const lock = fileSystem.lock(lockPath(folder, id));
  if (lock === undefined) return undefined;
  let isRegistered = false;
  try {
    makeEmpty(fileSystem, pinPath(folder, id, 0));
    isRegistered = fileSystem.stat(lockPath(folder, id)) !== undefined;
  } finally {
    if (!isRegistered) removeReader(fileSystem, folder, id, lock);
  }
  return isRegistered ? new Registration(fileSystem, folder, id, lock) : undefined;
}

/**
 * Commits that living readers need, in ascending order and each once; 0 stands for every commit. Removes what dead readers left.
 * Only the writer of the database may call it, after it wrote the header and before it reuses pages.
 */
export function livePins(fileSystem: FileSystem, databasePath: string): number[] {
  const folder = folderOf(fileSystem, databasePath);
  const readers = new Map<string, number[]>();
  for (const name of fileSystem.list(folder)) {
    const [, id, lsn] = FILE_NAME.exec(name) ?? [];
    if (id === undefined) continue;
    const pins = readers.get(id) ?? [];
    if (lsn !== undefined) pins.push(Number(lsn));
    readers.set(id, pins);
  }
  const live = new Set<number>();
  let hasRemoved = false;
  for (const [id, pins] of readers) {
    if (!removeIfDead(fileSystem, folder, id)) live.add(effectivePin(fileSystem, folder, id, pins));
    else hasRemoved = true;
  }
  if (hasRemoved) quietly(() => fileSystem.removeFolder(folder));
  return [...live].sort((a, b) => a - b);
}

/** What a living reader pins, of which these pins were listed. */
function effectivePin(fileSystem: FileSystem, folder: string, id: string, pins: readonly number[]): number {
  const [pin = 0] = pins;
  return pins.length === 1 && fileSystem.stat(pinPath(folder, id, pin)) !== undefined ? pin : 0;
}

/** Removes what a reader left, unless it lives. */
function removeIfDead(fileSystem: FileSystem, folder: string, id: string): boolean {
  const path = lockPath(folder, id);
  // It is the last that a reader removes.
  if (fileSystem.stat(path) === undefined) {
    removePins(fileSystem, folder, id);
    return true;
  }
  let lock: FileLock | undefined;
  try {
    lock = fileSystem.lock(path);
  } catch {
    // A file of another user, for example. It cannot be told, so the reader counts.
    return false;
  }
  if (lock === undefined) return false;
  removeReader(fileSystem, folder, id, lock);
  return true;
}

/** Removes the files of a reader whose lock is held, and gives up the lock. */
function removeReader(fileSystem: FileSystem, folder: string, id: string, lock: FileLock): void {
  try {
    removePins(fileSystem, folder, id);
    quietly(() => fileSystem.remove(lockPath(folder, id)));
  } finally {
    lock.release();
  }
  // Windows does not remove a file that is open.
  quietly(() => fileSystem.remove(lockPath(folder, id)));
}

function removePins(fileSystem: FileSystem, folder: string, id: string): void {
  quietly(() => {
    for (const name of fileSystem.list(folder)) {
      if (name.startsWith(`${id}.pin-`)) quietly(() => fileSystem.remove(`${folder}/${name}`));
    }
  });
}

/** What cannot be removed now is found again by the next who looks. */
function quietly(call: () => void): void {
  try {
    call();
  } catch {
    // Nothing depends on it.
  }
}

class Registration implements ReaderRegistration {
  readonly #fileSystem: FileSystem;
  readonly #folder: string;
  readonly #id: string;
  readonly #lock: FileLock;
  /** Whether `pin-0` is there. */
  #pinsAll = true;
  /** The commit whose pin is there. */
  #lsn: number | undefined;
  #isReleased = false;

  constructor(fileSystem: FileSystem, folder: string, id: string, lock: FileLock) {
    this.#fileSystem = fileSystem;
    this.#folder = folder;
    this.#id = id;
    this.#lock = lock;
  }

  pinAll(): void {
    this.#requireRegistered();
    if (this.#pinsAll) return;
    makeEmpty(this.#fileSystem, this.#path(0));
    this.#pinsAll = true;
  }

  settle(lsn: number): void {
    this.#requireRegistered();
    if (!this.#pinsAll) throw new Error("settle needs pinAll before it");
    if (lsn === this.#lsn) {
      this.#fileSystem.remove(this.#path(0));
      this.#pinsAll = false;
      return;
    }
    // In this order: see above.
    if (this.#lsn !== undefined) this.#fileSystem.remove(this.#path(this.#lsn));
    this.#lsn = undefined;
    if (lsn === 0) return;
    this.#fileSystem.rename(this.#path(0), this.#path(lsn));
    this.#pinsAll = false;
    this.#lsn = lsn;
  }

  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    removeReader(this.#fileSystem, this.#folder, this.#id, this.#lock);
    quietly(() => this.#fileSystem.removeFolder(this.#folder));
  }

  #path(lsn: number): string {
    return pinPath(this.#folder, this.#id, lsn);
  }

  #requireRegistered(): void {
    if (this.#isReleased) throw new ClosedError("the reader was released; register again", { code: "reader-released" });
  }
}

function folderOf(fileSystem: FileSystem, databasePath: string): string {
  return `${fileSystem.realPath(databasePath)}.readers`;
}

function lockPath(folder: string, id: string): string {
  return `${folder}/${id}.lock`;
}

function pinPath(folder: string, id: string, lsn: number): string {
  return `${folder}/${id}.pin-${lsn}`;
}

function makeEmpty(fileSystem: FileSystem, path: string): void {
  fileSystem.open(path, "create").close();
}
