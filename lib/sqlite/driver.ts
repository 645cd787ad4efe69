/** What the backend asks of a runtime's SQLite, and the choice between the two adapters. */

import process from "node:process";
import { BunDriver } from "./driver_bun.ts";
import { NodeDriver } from "./driver_node.ts";

/** A value that SQLite stores. Integers are numbers; ids are checked for 2^53 where they are decoded. */
export type SqlValue = null | number | bigint | string | Uint8Array;

/** A result row, by position. Columns of one statement must have different names. */
export type SqlRow = readonly SqlValue[];

/** A prepared statement. It is reset before each call returns. */
export interface SqlStatement {
  /** First row, or undefined. */
  get(...parameters: SqlValue[]): SqlRow | undefined;
  /** All rows. */
  all(...parameters: SqlValue[]): SqlRow[];
  /** Runs it and returns the number of changed rows. */
  run(...parameters: SqlValue[]): number;
  /** Runs an INSERT and returns the rowid of the new row. */
  insert(...parameters: SqlValue[]): number;
}

/** A connection. Every failure is thrown as a `GraphError`. */
export interface SqlDriver {
  /** Which adapter. */
  readonly name: "bun" | "node";
  /** Runs statements without results. */
  exec(sql: string): void;
  /** Prepares one statement; with `bigints` its integer results are bigint, so none is rounded. */
  prepare(sql: string, options?: { readonly bigints?: boolean }): SqlStatement;
  /** SQL that yields a text column without loss: bytes where the driver would cut the text (at NUL). */
  text(column: string): string;
  /** Writes the committed state to a new file. Not for use inside a transaction. */
  copyTo(path: string): void;
  /** The database file as the running transaction sees it, in memory. @throws {UnsupportedError} where that is missing */
  serialize(): Uint8Array;
  /** An independent copy of a database in memory. */
  copyOfMemory(): SqlDriver;
  /** Closes the connection; open statements are finalised. */
  close(): void;
}

/** How to open a file. */
export interface DriverOptions {
  /** Refuse writes. */
  readonly readonly: boolean;
  /** Which adapter; default the runtime's own. */
  readonly driver?: "bun" | "node" | undefined;
}

/** Opens an existing database file, or a private database in memory for `:memory:`. */
export function openDriver(path: string, options: DriverOptions): SqlDriver {
  const driver = options.driver ?? (process.versions["bun"] === undefined ? "node" : "bun");
  // SQLite takes a name that starts with "file:" as a URI.
  const name = path.startsWith("file:") ? `./${path}` : path;
  return driver === "bun" ? new BunDriver(name, options.readonly) : new NodeDriver(name, options.readonly);
}
