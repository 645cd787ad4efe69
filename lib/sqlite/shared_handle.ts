/** What the thread that writes a database tells the threads that read it. */

import { ClosedError } from "../backend/errors.ts";
import type { ConnectionOptions } from "./connection.ts";

/** What other threads need to read a database. */
export interface SqliteHandle {
  /** Storage engine. */
  readonly backend: "sqlite";
  /** The file that connections open. */
  readonly file: string;
  /** The database as its user named it. */
  readonly name: string;
  /** How they open it. */
  readonly options: ConnectionOptions;
  /** One word: not 0 when the database was closed or the thread that wrote it ended. */
  readonly dead: Int32Array<SharedArrayBuffer>;
}

/** Describes an open database. */
export function handleOf(file: string, name: string, options: Omit<ConnectionOptions, "readonly">): SqliteHandle {
  return {
    backend: "sqlite",
    file,
    name,
    options: { ...options, readonly: true },
    dead: new Int32Array(new SharedArrayBuffer(4)),
  };
}

/** Ends all states of a database, on all threads: its next calls throw `ClosedError`. For whoever sees that its thread ended. */
export function markDead(handle: unknown): void {
  Atomics.store((handle as SqliteHandle).dead, 0, 1);
}

/** Whether the database was closed or the thread that wrote it ended. */
export function isDead(handle: SqliteHandle): boolean {
  return Atomics.load(handle.dead, 0) !== 0;
}

/** The error for a call on a database that is not open any more. */
export function databaseClosed(call: string, name: string): ClosedError {
  return new ClosedError(`${call}: the database ${name} was closed, or the thread that wrote it ended; open it again`, {
    code: "database-closed",
  });
}
