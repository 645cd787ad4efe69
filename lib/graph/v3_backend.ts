/** The V3 engine as its users see it: the ways to open a database of it, without the class behind them. */

import type { AnySchema, Schema } from "../backend/schema.ts";
import { V3Backend as Engine, type V3Database, type V3Options } from "../v3/mod.ts";

/** The ways to open a V3 database. */
export interface V3Opener {
  /**
   * Opens a database file, creating it when it is missing; `:memory:` is a private database in memory.
   *
   * @throws {NotFoundError} when the file is missing and must not be created
   * @throws {InvalidArgumentError} for a folder, or bad options
   * @throws {CorruptionError} for a file that is no (whole) database of this format
   * @throws {UnsupportedError} for a file of another format version
   * @throws {DatabaseLockedError} when another opener writes it
   * @throws {IoError} when the file or its folder cannot be read or written
   */
  open<S extends Schema = AnySchema>(path: string, options?: V3Options): V3Database<S>;
  /**
   * Makes a new database file and opens it.
   *
   * @throws {ConflictError} when there is a file already
   */
  create<S extends Schema = AnySchema>(path: string, options?: V3Options): V3Database<S>;
  /** Opens an existing database file to read: beside a writer, what its last checkpoint left. */
  openReadOnly<S extends Schema = AnySchema>(
    path: string,
    options?: Omit<V3Options, "readonly" | "create">,
  ): V3Database<S>;
  /** Whether a database is one of this engine: `db instanceof V3Backend`. */
  [Symbol.hasInstance](value: unknown): value is V3Database;
}

/**
 * Our own storage engine, for what it has besides the contract of all backends. `open` is for everything else.
 *
 * @example
 * ```ts
 * import { V3Backend } from "@sqlitegraph/sqlitegraph";
 *
 * using db = V3Backend.open("fleet.graph", { retention: { commits: 100 } });
 * const [first] = db.transactionGroup([
 *   (tx) => tx.insertNode({ kind: "Ship", name: "Beagle" }),
 *   (tx) => tx.insertNode({ kind: "Ship", name: "Endeavour" }),
 * ]);
 * console.log(first); // { lsn: 1, value: 1 }
 * ```
 */
export const V3Backend: V3Opener = Engine as unknown as V3Opener; // what `instanceof` means is not in a class's type
