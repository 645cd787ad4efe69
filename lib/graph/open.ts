/** Opens a database with the engine that its file is of. */

import type { Durability } from "../backend/care.ts";
import { CorruptionError, InvalidArgumentError, UnsupportedError } from "../backend/errors.ts";
import type { GraphBackend } from "../backend/graph_backend.ts";
import type { AnySchema, Schema } from "../backend/schema.ts";
import { readStart } from "../backend/line_file.ts";
import { show } from "../backend/validate.ts";
import { SqliteBackend } from "../sqlite/mod.ts";

/** How to open a database. */
export interface OpenOptions {
  /** Refuse writes; the file must exist. Default false. */
  readonly readonly?: boolean | undefined;
  /** Create the file when it is missing. Default true. */
  readonly create?: boolean | undefined;
  /** Storage engine of a new file; an existing file tells its own. Default, and so far the only one: `sqlite`. */
  readonly backend?: "sqlite" | undefined;
  /** When a commit is safe: after a power cut (`full`, the default), after a process crash (`normal`), neither (`off`). */
  readonly durability?: Durability | undefined;
  /** How long to wait for another process's lock, in milliseconds. Default 5,000. */
  readonly busyTimeoutMs?: number | undefined;
}

/** First bytes of a file of the reference's own format. */
const V3_MAGIC = "SQLTGF";

/**
 * Opens a database file, creating it when it is missing. `:memory:` is a private database in memory.
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
 * @throws {InvalidArgumentError} for a directory, another program's database, or bad options
 * @throws {CorruptionError} for a file that is no (whole) database, also an empty one
 * @throws {UnsupportedError} for a file of a format that this release does not open
 * @throws {DatabaseLockedError} when another process holds the lock for longer than `busyTimeoutMs`
 * @throws {IoError} when the file or its folder cannot be read or written
 */
export function open<S extends Schema = AnySchema>(path: string, options: OpenOptions = {}): GraphBackend<S> {
  const { backend, ...rest } = options;
  if (backend !== undefined && backend !== "sqlite") {
    throw new InvalidArgumentError(`open: backend is ${show(backend)}; this release has "sqlite" only`, {
      code: "invalid-argument",
      field: "backend",
      value: backend,
    });
  }
  try {
    return SqliteBackend.open<S>(path, rest);
  } catch (error) {
    // Looked at only now: a file that is no SQLite database has no locks that closing it could drop.
    if (!(error instanceof CorruptionError) || error.code !== "not-a-database" || !isV3File(path)) throw error;
    throw new UnsupportedError(`open: ${path} is of the V3 format, which this release does not open yet`, {
      code: "format-not-supported",
      field: "path",
      value: path,
    });
  }
}

function isV3File(path: string): boolean {
  return new TextDecoder().decode(readStart(path, V3_MAGIC.length)) === V3_MAGIC;
}
