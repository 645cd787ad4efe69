/** Opens a database with the engine that its file is of. */

import type { Durability } from "../backend/care.ts";
import { InvalidArgumentError, UnsupportedError } from "../backend/errors.ts";
import type { GraphBackend } from "../backend/graph_backend.ts";
import type { AnySchema, Schema } from "../backend/schema.ts";
import { checkText, show } from "../backend/validate.ts";
import { SqliteBackend } from "../sqlite/mod.ts";
import { type Retention, V3Backend } from "../v3/mod.ts";
import { type EngineName, engineOfFile } from "./file_engine.ts";

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

const ENGINES: readonly unknown[] = ["v3", "sqlite"];
const V3_ONLY = ["retention", "cacheBytes", "immutable"] as const;

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
  checkText(path, "open", "path");
  const { backend, ...rest } = options;
  if (backend !== undefined && !ENGINES.includes(backend)) {
    throw new InvalidArgumentError(`open: backend is ${show(backend)}; give "v3" or "sqlite", or leave it out`, {
      code: "invalid-argument",
      field: "backend",
      value: backend,
    });
  }
  const found = path === ":memory:" ? undefined : engineOfFile(path);
  if (found !== undefined && backend !== undefined && found !== backend) throw wrongBackend(path, found, backend);
  const engine = found ?? backend ?? "v3";
  if (engine === "v3") return V3Backend.open<S>(path, rest);
  for (const option of V3_ONLY) {
    if (rest[option] !== undefined) throw onlyV3(path, option, rest[option]);
  }
  return SqliteBackend.open<S>(path, rest);
}

const NAMES: Readonly<Record<EngineName, string>> = { v3: "a V3 database", sqlite: "a SQLite database" };

function wrongBackend(path: string, found: EngineName, backend: EngineName): InvalidArgumentError {
  return new InvalidArgumentError(
    `open: backend is "${backend}", but ${path} is ${NAMES[found]}; leave backend out, or give another path`,
    { code: "wrong-backend", field: "backend", value: backend },
  );
}

function onlyV3(path: string, option: typeof V3_ONLY[number], value: unknown): UnsupportedError {
  return new UnsupportedError(
    `open: ${option} is given, but ${path} is ${NAMES.sqlite}, which has no such option; leave it out`,
    { code: "option-not-supported", field: option, value },
  );
}
