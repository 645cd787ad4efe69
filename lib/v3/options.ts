/** Options of this engine, their checks and defaults. */

import type { Durability } from "../backend/care.ts";
import { InvalidArgumentError } from "../backend/errors.ts";
import { checkCount, checkObject, checkText, show } from "../backend/validate.ts";
import type { FileSystem } from "./file_system.ts";
import type { RetentionLimits } from "./header.ts";
import type { OpenRequest } from "./open_database.ts";
import { MAX_CACHE_BYTES, MIN_CACHE_BYTES } from "./page_cache.ts";
import { realFileSystem } from "./real_file_system.ts";
import { ReportingFileSystem } from "./reporting_files.ts";

/** Which past commits stay readable; each given limit holds. */
export interface Retention {
  /** At most this many of the newest commits. */
  readonly commits?: number | undefined;
  /** Those of the last so many milliseconds. */
  readonly ageMs?: number | undefined;
  /** As many as their pages take about so many bytes. */
  readonly bytes?: number | undefined;
}

/** How to open a database. */
export interface V3Options {
  /** Refuse writes; the file must exist. Default false. */
  readonly readonly?: boolean | undefined;
  /** Create the file when it is missing. Default true. */
  readonly create?: boolean | undefined;
  /** When a commit is safe: after a power cut (`full`, the default), after a process crash (`normal`), neither (`off`). */
  readonly durability?: Durability | undefined;
  /** How long to wait for another writer to close, in milliseconds. Default 0: not at all. */
  readonly busyTimeoutMs?: number | undefined;
  /** Clock for expiries and commit times, in milliseconds since 1970. Default `Date.now`. */
  readonly clock?: (() => number) | undefined;
  /** Memory for pages, in bytes: 1 MiB to 2 GiB, default 256 MiB. */
  readonly cacheBytes?: number | undefined;
  /** Size of the log that leads to a checkpoint, in bytes. Default 64 MiB. */
  readonly logLimitBytes?: number | undefined;
  /** Memory that a transaction may take to sort its entries, in bytes. Default 256 MiB. */
  readonly sortMemoryBytes?: number | undefined;
  /** Largest copy of the key-values beside the file, in bytes; 0 writes none. Default 16 MiB. */
  readonly kvCheckpointBytes?: number | undefined;
  /** Past commits that stay readable; kept in the file. Default: as before, at first none. */
  readonly retention?: Retention | undefined;
  /** For reading where nobody writes while the database is open (also in a folder that cannot be written). Default false. */
  readonly immutable?: boolean | undefined;
  /** Where the files are. Default: those of the system. */
  readonly fileSystem?: FileSystem | undefined;
}

const DURABILITIES: readonly unknown[] = ["full", "normal", "off"];
/** Memory for pages, unless told otherwise. */
export const DEFAULT_CACHE_BYTES: number = 256 * 1024 * 1024;
const DEFAULT_LOG_LIMIT_BYTES = 64 * 1024 * 1024;
const DEFAULT_SORT_MEMORY_BYTES = 256 * 1024 * 1024;
const DEFAULT_KV_CHECKPOINT_BYTES = 16 * 1024 * 1024;

/**
 * The options with their defaults.
 *
 * @param maxCacheBytes largest cache; the smallest is that of the writer
 */
export function checkOptions(
  path: string,
  options: V3Options,
  minCacheBytes: number = MIN_CACHE_BYTES,
  maxCacheBytes: number = MAX_CACHE_BYTES,
): OpenRequest {
  checkText(path, "open", "path");
  if (path === "") throw invalid("open", "path", path, "a path or :memory:");
  const { durability = "full", readonly = false, create = true, clock = Date.now, immutable = false } = options;
  if (!DURABILITIES.includes(durability)) {
    throw invalid("open", "durability", durability, '"full", "normal" or "off"');
  }
  if (path === ":memory:" && readonly) {
    throw invalid("open", "readonly", readonly, "false for :memory:, which begins empty");
  }
  if (immutable && !readonly) throw invalid("open", "immutable", immutable, "it together with { readonly: true }");
  const size = (
    field: "cacheBytes" | "logLimitBytes" | "sortMemoryBytes" | "kvCheckpointBytes",
    fallback: number,
  ): number => checkCount(options[field], fallback, "open", field);
  const cacheBytes = size("cacheBytes", DEFAULT_CACHE_BYTES);
  if (cacheBytes < minCacheBytes || cacheBytes > maxCacheBytes) {
    throw invalid("open", "cacheBytes", cacheBytes, `${minCacheBytes} to ${maxCacheBytes} bytes`);
  }
  return {
    fileSystem: new ReportingFileSystem(options.fileSystem ?? realFileSystem),
    path,
    durability,
    clock,
    cacheBytes,
    logLimitBytes: size("logLimitBytes", DEFAULT_LOG_LIMIT_BYTES),
    sortMemoryBytes: size("sortMemoryBytes", DEFAULT_SORT_MEMORY_BYTES),
    kvCheckpointBytes: size("kvCheckpointBytes", DEFAULT_KV_CHECKPOINT_BYTES),
    retention: checkRetention(options.retention),
    readonly,
    create,
    busyTimeoutMs: checkCount(options.busyTimeoutMs, 0, "open", "busyTimeoutMs"),
    immutable,
  };
}

function checkRetention(retention: Retention | undefined): RetentionLimits | undefined {
  if (retention === undefined) return undefined;
  checkObject(retention, "open", "retention");
  return {
    commits: checkCount(retention.commits, 0, "open", "retention.commits"),
    ageMs: checkCount(retention.ageMs, 0, "open", "retention.ageMs"),
    bytes: checkCount(retention.bytes, 0, "open", "retention.bytes"),
  };
}

function invalid(call: string, field: string, value: unknown, expected: string): InvalidArgumentError {
  return new InvalidArgumentError(`${call}: ${field} is ${show(value)}; give ${expected}`, {
    code: "invalid-argument",
    field,
    value,
  });
}
