/** Opens a graph with threads. */

import type { Durability } from "../backend/care.ts";
import { InvalidArgumentError, UnsupportedError } from "../backend/errors.ts";
import type { AnySchema, Schema } from "../backend/schema.ts";
import { checkCount, checkObject, show } from "../backend/validate.ts";
import type { Retention } from "../v3/mod.ts";
import { checkOptions } from "../v3/options.ts";
import { MAX_CACHE_BYTES } from "../v3/page_cache.ts";
import { MAX_SHARED_CACHE_BYTES, MIN_SHARED_CACHE_BYTES } from "../v3/served.ts";
import { chooseEngine } from "./choose_engine.ts";
import { EngineClient } from "./engine_client.ts";
import type { EngineName } from "./file_engine.ts";
import type { Graph } from "./graph.ts";
import { GraphService } from "./graph_service.ts";
import { attachSource } from "./sources.ts";
import { TaskRunner } from "./task_runner.ts";
import { refuseInThread } from "./thread_start.ts";

/** How to open a graph. */
export interface GraphOptions {
  /** Create the file when it is missing. Default true. */
  readonly create?: boolean | undefined;
  /** Storage engine of a new database: `v3` (the default) or `sqlite`. An existing file tells its own. */
  readonly backend?: "v3" | "sqlite" | undefined;
  /** When a commit is safe: after a power cut (`full`, the default), after a process crash (`normal`), neither (`off`). */
  readonly durability?: Durability | undefined;
  /** How long to wait for another process's lock, in milliseconds. Default 0 (V3: at once) or 5,000 (SQLite). */
  readonly busyTimeoutMs?: number | undefined;
  /** V3 only: past commits that stay readable; kept in the file. Default: as before, at first none. */
  readonly retention?: Retention | undefined;
  /** V3 only: memory for pages, which all threads share, in bytes: 2 MiB to 64 GiB. Default 256 MiB. */
  readonly cacheBytes?: number | undefined;
  /**
   * SQLite in `:memory:` only: an existing folder for the temporary file that stands in for memory. Default: where the system
   * keeps such files (`TMPDIR`, `TEMP`), which may be memory itself or a disk. All of it is removed when the graph is closed or
   * its process ends; only a crash leaves it behind.
   */
  readonly temporaryFolder?: string | undefined;
  /** Most threads that run tasks; they start when they are needed. Default: the machine's cores less one, at least one. */
  readonly threads?: number | undefined;
  /**
   * Module of the threads: one that imports `@sqlitegraph/sqlitegraph/worker` and the modules of tasks. Needed in programs that
   * `bun build --compile` makes.
   */
  readonly worker?: URL | undefined;
}

const DURABILITIES: readonly unknown[] = ["full", "normal", "off"];

/** Options of `open` that a graph with threads does not have, and why. */
const NOT_SUPPORTED: Readonly<Record<string, string>> = {
  readonly: "a graph with threads is open for writing; read a file with open(path, { readonly: true })",
  immutable:
    "a graph with threads is open for writing; read a file with open(path, { readonly: true, immutable: true })",
  clock: "a function cannot travel to the engine's thread; leave it out, or use open",
  fileSystem: "functions cannot travel to the engine's thread; leave it out, or use V3Backend.open",
};

/**
 * Opens a database file for many threads, creating it when it is missing: one thread of its own writes, this one and a pool
 * read. `:memory:` is a private database. An open graph does not keep the process alive; a call that waits does.
 *
 * @example
 * ```ts ignore
 * import { openGraph } from "@sqlitegraph/sqlitegraph";
 *
 * await using graph = await openGraph("social.graph");
 * const ada = await graph.insertNode({ kind: "Person", name: "Ada" });
 * using snapshot = graph.snapshot();
 * console.log(snapshot.getNode(ada)?.name); // Ada
 * ```
 *
 * @throws {NotFoundError} when the file is missing and must not be created
 * @throws {InvalidArgumentError} for a directory, another program's database, a file of the other backend, or bad options
 * @throws {CorruptionError} for a file that is no (whole) database, also an empty one
 * @throws {UnsupportedError} inside a thread of a graph, for options of `open` that cannot travel to a thread, for a file of a
 * format that this release does not open, and in a compiled program without `worker`
 * @throws {DatabaseLockedError} when the file is open for writing already, in this process or another, for longer than
 * `busyTimeoutMs`
 * @throws {IoError} when the file or its folder, or the temporary folder, cannot be read or written
 */
export async function openGraph<S extends Schema = AnySchema>(
  path: string,
  options: GraphOptions = {},
): Promise<Graph<S>> {
  refuseInThread("openGraph");
  checkObject(options, "openGraph", "options");
  const { backend, create = true, durability = "full", busyTimeoutMs, threads, worker } = options;
  const { retention, cacheBytes, temporaryFolder } = options;
  for (const [option, why] of Object.entries(NOT_SUPPORTED)) {
    refuse(option, (options as Record<string, unknown>)[option], why);
  }
  if (path === "") throw invalid("path", path, "a path or :memory:");
  const engine = chooseEngine(path, { backend, retention, cacheBytes }, "openGraph");
  if (!DURABILITIES.includes(durability)) throw invalid("durability", durability, '"full", "normal" or "off"');
  if (worker !== undefined && !(worker instanceof URL)) throw invalid("worker", worker, "the URL of a module");
  if (threads === 0 || checkCount(threads, 1, "openGraph", "threads") === Infinity) {
    throw invalid("threads", threads, "an integer from 1");
  }
  checkCount(busyTimeoutMs, 0, "openGraph", "busyTimeoutMs");
  checkTemporaryFolder(temporaryFolder, path, engine);
  const engineOptions = { create, durability, busyTimeoutMs, retention, cacheBytes, temporaryFolder };
  if (engine === "v3") {
    const maxCacheBytes = path === ":memory:" ? MAX_CACHE_BYTES : MAX_SHARED_CACHE_BYTES;
    checkOptions(path, engineOptions, MIN_SHARED_CACHE_BYTES, maxCacheBytes);
  }

  const client = await EngineClient.start({ path, engine, options: engineOptions, worker });
  try {
    const source = await attachSource(client.handle);
    const runner = new TaskRunner(client.handle, { threads, worker });
    // The service answers for any schema; a schema's types cost nothing at run time, so they are put on here.
    return new GraphService({ path, engine, durability, client, source, runner }) as unknown as Graph<S>;
  } catch (error) {
    await client.close();
    throw error;
  }
}

function checkTemporaryFolder(folder: unknown, path: string, engine: EngineName): void {
  if (folder === undefined) return;
  if (typeof folder !== "string" || folder === "") throw invalid("temporaryFolder", folder, "the path of a folder");
  if (engine === "sqlite" && path === ":memory:") return;
  refuse("temporaryFolder", folder, "only :memory: of the SQLite backend has a temporary file; leave it out");
}

function refuse(option: string, value: unknown, why: string): void {
  if (value === undefined || value === false) return;
  throw new UnsupportedError(`openGraph: ${option} is given, but ${why}`, {
    code: "option-not-supported",
    field: option,
    value,
  });
}

function invalid(field: string, value: unknown, expected: string): InvalidArgumentError {
  return new InvalidArgumentError(`openGraph: ${field} is ${show(value)}; give ${expected}`, {
    code: "invalid-argument",
    field,
    value,
  });
}
