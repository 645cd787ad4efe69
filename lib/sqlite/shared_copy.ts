/**
 * Copies of a state for threads that came too late for it.
 *
 * SQLite lets no connection begin a transaction on another one's state, unless it is the newest. So a thread that is to read a
 * state begins with the newest one, and when that is another, it asks the thread that holds the state for a copy:
 *
 *     borrower                                            holder
 *     phase: NOTHING -> WANTED, notify; waits      ...    asked, as soon as its event loop runs
 *                                                         writes the copy: a file beside the database
 *     opens the copy                               <---   phase: WANTED -> READY, notify
 *     ...                                                 releases the state: phase -> RELEASED, removes the file
 *
 * There is one copy of a state, however many threads read it. The holder reads the copy too, for as long as it holds the
 * state: that lock, which ends with the process, tells a copy in use from one that a crash left behind.
 */

import { readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { randomBytes } from "node:crypto";
import { ClosedError, DatabaseLockedError, IoError } from "../backend/errors.ts";
import { fileError } from "../backend/line_file.ts";
import { openDriver } from "./driver.ts";
import { databaseClosed, isDead, type SqliteHandle } from "./shared_handle.ts";
import type { ReadTransaction, SharedReaders } from "./shared_readers.ts";

const NOTHING = 0;
const WANTED = 1;
const READY = 2;
const FAILED = 3;
const RELEASED = 4;

const PHASE = 0;
const MESSAGE_BYTES = 1;
/** What is kept of the reason why there is no copy. */
const MAX_MESSAGE_BYTES = 2048;
/** How often somebody who waits for a copy looks whether it still makes sense. */
const WAIT_MS = 50;
/** Younger files may be copies whose maker has not locked them yet. */
const LEFT_AFTER_MS = 60_000;

/** Where a copy is, or will be once somebody asks for it. Cloneable; the words are shared. */
export interface CopyRequest {
  /** The file. */
  readonly path: string;
  /** Phase, and length of the message. */
  readonly words: Int32Array<SharedArrayBuffer>;
  /** Why there is no copy, in UTF-8. */
  readonly message: Uint8Array<SharedArrayBuffer>;
}

/** The holder's side: copies a state when somebody asks. */
export class CopyOnRequest {
  /** What borrowers get. */
  readonly request: CopyRequest;
  readonly #readers: SharedReaders;
  readonly #transaction: ReadTransaction;
  #lock: ReadTransaction | undefined;

  constructor(file: string, readers: SharedReaders, transaction: ReadTransaction) {
    this.request = {
      path: `${file}.copy-${randomBytes(6).toString("hex")}`,
      words: new Int32Array(new SharedArrayBuffer(8)),
      message: new Uint8Array(new SharedArrayBuffer(MAX_MESSAGE_BYTES)),
    };
    this.#readers = readers;
    this.#transaction = transaction;
    void this.#serve();
  }

  async #serve(): Promise<void> {
    const { words, message } = this.request;
    const wait = Atomics.waitAsync(words, PHASE, NOTHING);
    if (wait.async) await wait.value;
    if (Atomics.load(words, PHASE) !== WANTED) return;
    let phase = READY;
    try {
      this.#copy();
    } catch (error) {
      phase = FAILED;
      const bytes = new TextEncoder().encode(error instanceof Error ? error.message : String(error));
      message.set(bytes.subarray(0, MAX_MESSAGE_BYTES));
      words[MESSAGE_BYTES] = Math.min(bytes.length, MAX_MESSAGE_BYTES);
    }
    Atomics.store(words, PHASE, phase);
    Atomics.notify(words, PHASE);
  }

  /** Through memory: `VACUUM INTO` cannot run inside a transaction, and only there is the state. */
  #copy(): void {
    const { path } = this.request;
    const bytes = this.#transaction.store.connection.driver.serialize();
    // The copy has no log: it is read under plain file locks.
    bytes[18] = bytes[19] = 1;
    try {
      writeFileSync(path, bytes, { flag: "wx" });
      this.#lock = this.#readers.beginCopy(path);
    } catch (error) {
      if ((error as { code?: unknown }).code !== "EEXIST") removeFile(path);
      throw fileError("write", path, error);
    }
  }

  /** The state is given up: removes the copy. */
  close(): void {
    const { words, path } = this.request;
    const phase = Atomics.exchange(words, PHASE, RELEASED);
    Atomics.notify(words, PHASE);
    if (phase !== READY) return;
    this.#lock?.end();
    removeFile(path);
  }
}

/**
 * The borrower's side: begins to read the copy, after asking for it when there is none. Blocks until the holder's event loop
 * has made it: not for the holder's own thread.
 *
 * @throws {ClosedError} when the state was given up meanwhile
 * @throws {IoError} when it cannot be copied
 */
export function beginOnCopy(
  handle: SqliteHandle,
  readers: SharedReaders,
  request: CopyRequest,
  isRevoked: () => boolean,
): ReadTransaction {
  const { path, words } = request;
  if (Atomics.compareExchange(words, PHASE, NOTHING, WANTED) === NOTHING) Atomics.notify(words, PHASE);
  while (Atomics.load(words, PHASE) === WANTED) {
    if (isRevoked()) throw stateReleased();
    if (isDead(handle)) throw databaseClosed("borrow", handle);
    Atomics.wait(words, PHASE, WANTED, WAIT_MS);
  }
  if (Atomics.load(words, PHASE) === FAILED) throw copyFailed(handle.name, request);
  try {
    if (Atomics.load(words, PHASE) === READY) return readers.beginCopy(path);
  } catch (error) {
    // It was removed under our hands.
    if (Atomics.load(words, PHASE) !== RELEASED) throw error;
  }
  throw stateReleased();
}

/** The error for a state whose holder gave it up. */
export function stateReleased(): ClosedError {
  return new ClosedError("the snapshot was released or its database closed; take a new one", {
    code: "snapshot-released",
  });
}

function copyFailed(name: string, { words, message }: CopyRequest): IoError {
  // A decoder takes no shared bytes.
  const reason = new TextDecoder().decode(message.slice(0, words[MESSAGE_BYTES]));
  return new IoError(
    `the snapshot of ${name} is not the newest state and could not be copied for a thread: ${reason}`,
    {
      code: "copy-failed",
    },
  );
}

/** Removes the copies that crashed processes left beside a database. */
export function removeLeftCopies(file: string, driver: "bun" | "node" | undefined): void {
  const start = `${basename(file)}.copy-`;
  for (const name of namesIn(dirname(file))) {
    if (!name.startsWith(start) || !/^[0-9a-f]{12}$/.test(name.slice(start.length))) continue;
    const path = join(dirname(file), name);
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined || !stats.isFile() || Date.now() - stats.mtimeMs < LEFT_AFTER_MS) continue;
    if (!isInUse(path, driver)) removeFile(path);
  }
}

/** Names in a folder; none where it may not be listed. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isInUse(path: string, driver: "bun" | "node" | undefined): boolean {
  try {
    const copy = openDriver(path, { readonly: false, driver });
    try {
      copy.exec("PRAGMA busy_timeout = 0");
      copy.exec("BEGIN EXCLUSIVE");
      copy.exec("ROLLBACK");
      return false;
    } finally {
      copy.close();
    }
  } catch (error) {
    // A copy that was not written to its end is nobody's.
    return error instanceof DatabaseLockedError;
  }
}

/** Where open files cannot be removed, the next opening of the database removes it. */
function removeFile(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch (error) {
    if ((error as { code?: unknown }).code === undefined) throw error;
  }
}
