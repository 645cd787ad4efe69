/** Opens a database with the engine that its file is of. */

import type { Durability } from "../backend/care.ts";
import type { GraphBackend } from "../backend/graph_backend.ts";
import type { AnySchema, Schema } from "../backend/schema.ts";
import { SqliteBackend } from "../sqlite/mod.ts";
import { type Retention, V3Backend } from "../v3/mod.ts";
import { chooseEngine } from "./choose_engine.ts";

/** How to open a database. */
export interface OpenOptions {
  /** Refuse writes; the file must exist. Default false. */
  readonly readonly?: boolean | undefined;
  /** Create the file when it is missing. Default true. */
  readonly create?: boolean | undefined;
  /**
   * Storage engine of a new database: our own file format with history (`v3`, the default) or SQLite. An existing file tells
   * its own; asking for the other one is an error.
   */
  readonly backend?: "v3" | "sqlite" | undefined;
  /** When a commit is safe: after a power cut (`full`, the default), after a process crash (`normal`), neither (`off`). */
  readonly durability?: Durability | undefined;
  /** How long to wait for another process's lock, in milliseconds. Default 0 (V3: at once) or 5,000 (SQLite). */
  readonly busyTimeoutMs?: number | undefined;
  /** Clock for expiries and commit times, in milliseconds since 1970. Default `Date.now`. */
  readonly clock?: (() => number) | undefined;
  /** V3 only: past commits that stay readable; kept in the file. Default: as before, at first none. */
  readonly retention?: Retention | undefined;
  /** V3 only: memory for pages, in bytes: 1 MiB to 2 GiB. Default 256 MiB. */
  readonly cacheBytes?: number | undefined;
  /** V3 only: for reading where nobody writes meanwhile, also in a folder that cannot be written. Default false. */
  readonly immutable?: boolean | undefined;
}

/**
 * Opens a database file, creating it when it is missing. `:memory:` is a private database in memory.
 *
 * One process writes a V3 file at a time; others may open it with `{ readonly: true }` meanwhile.
 *
 * @example
 * ```ts
 * import { open } from "@sqlitegraph/sqlitegraph";
 *
 * using db = open(":memory:");
 * const ada = db.insertNode({ kind: "Person", name: "Ada", data: { born: 1815 } });
 * const charles = db.insertNode({ kind: "Person", name: "Charles" });
 * db.insertEdge({ from: ada, to: charles, type: "KNOWS", data: { since: 1833 } });
 * console.log(db.neighbors(ada)); // [ 2 ]
 * ```
 *
 * @throws {NotFoundError} when the file is missing and must not be created
 * @throws {InvalidArgumentError} for a directory, another program's database, a file of the other backend, or bad options
 * @throws {CorruptionError} for a file that is no (whole) database, also an empty one
 * @throws {UnsupportedError} for a file of a format that this release does not open, and for V3's options with SQLite
 * @throws {DatabaseLockedError} when another process holds the lock for longer than `busyTimeoutMs`
 * @throws {IoError} when the file or its folder cannot be read or written
 */
export function open<S extends Schema = AnySchema>(path: string, options: OpenOptions = {}): GraphBackend<S> {
  const engine = chooseEngine(path, options, "open");
  const { backend: _, ...rest } = options;
  return engine === "v3" ? V3Backend.open<S>(path, rest) : SqliteBackend.open<S>(path, rest);
}
