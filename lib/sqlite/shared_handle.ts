/** What the thread that writes a database tells the threads that read it. */

import { ClosedError } from "../backend/errors.ts";
import type { ConnectionOptions } from "./connection.ts";
import type { HorizonHandle } from "./vector_horizon.ts";

/** What other threads need to read a database. */
export interface SqliteHandle {
  /** Storage engine. */
  readonly backend: "sqlite";
  /** The file that connections open. */
  readonly file: string;
  /** The database as its user named it. */
  readonly name: string;
  /** The folder that is removed with the database: that of a database "in memory". */
  readonly temporaryFolder: string | undefined;
  /** How they open it. */
  readonly options: ConnectionOptions;
  /** Which states the vector indexes in memory answer for. */
  readonly horizon: HorizonHandle;
  /** One word: not 0 when the database was closed or the thread that wrote it ended (`DEAD`). */
  readonly dead: Int32Array<SharedArrayBuffer>;
}

/** Why nothing can be read any more. */
const DEAD = { closed: 1, died: 2 } as const;

/** Describes an open database. */
export function handleOf(
  file: string,
  name: string,
  options: Omit<ConnectionOptions, "readonly">,
  horizon: HorizonHandle,
  temporaryFolder?: string,
): SqliteHandle {
  return {
    backend: "sqlite",
    file,
    name,
    temporaryFolder,
    options: { ...options, readonly: true },
    horizon,
    dead: new Int32Array(new SharedArrayBuffer(4)),
  };
}

/** Ends all states of a database, on all threads: its next calls throw `ClosedError`. For whoever sees that its thread ended. */
export function markDead(handle: unknown, how: keyof typeof DEAD = "died"): void {
  Atomics.compareExchange((handle as SqliteHandle).dead, 0, 0, DEAD[how]);
}

/** Whether the database was closed or the thread that wrote it ended. */
export function isDead(handle: SqliteHandle): boolean {
  return Atomics.load(handle.dead, 0) !== 0;
}

/** The error for a call on a database that is not open any more. */
export function databaseClosed(call: string, { dead, name }: SqliteHandle): ClosedError {
  return Atomics.load(dead, 0) === DEAD.died
    ? new ClosedError(`${call}: the engine of ${name} has ended unexpectedly; open the graph again`, {
      code: "engine-died",
    })
    : new ClosedError(`${call}: the graph ${name} is closed; open it again`, { code: "database-closed" });
}
