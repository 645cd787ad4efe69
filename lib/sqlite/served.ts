/** A SQLite database whose states other threads read, as the one thread that writes it has it. */

import { UnsupportedError } from "../backend/errors.ts";
import type { GraphBackend } from "../backend/graph_backend.ts";
import { MAX_ID } from "../backend/limits.ts";
import type { ImportTarget } from "../backend/restore_rows.ts";
import type { GroupResult, IdLease, ServedEngine, ServedVectors } from "../backend/served_engine.ts";
import { openSession, SqliteBackend, type SqliteOptions } from "./backend.ts";
import type { Connection } from "./connection.ts";
import { makeMemoryFile, type MemoryFile, removeMemoryFile } from "./memory_file.ts";
import { raiseSequence, type Session } from "./session.ts";
import { removeLeftCopies } from "./shared_copy.ts";
import { handleOf, markDead, type SqliteHandle } from "./shared_handle.ts";
import { ServedSqliteVectors } from "./shared_vectors.ts";
import { SqliteImportTarget } from "./transfer.ts";

/** How to open a SQLite database for several threads. */
export interface SqliteServeOptions extends Omit<SqliteOptions, "readonly"> {
  /** Where `:memory:` keeps its temporary file. Default: where the system keeps such files. */
  readonly temporaryFolder?: string | undefined;
}

/**
 * Opens a database as `SqliteBackend.open` does, for this thread to write and for others to read. `:memory:` is a temporary
 * file that is never synced and is removed by `close`.
 *
 * @throws what `SqliteBackend.open` throws
 * @throws {IoError} when `:memory:` finds no place for its file
 */
export function serveSqlite(path: string, options: SqliteServeOptions = {}): ServedEngine {
  const memory = path === ":memory:" ? makeMemoryFile(options.temporaryFolder) : undefined;
  const file = memory?.path ?? path;
  const { durability = "full", driver } = options;
  try {
    const session = openSession(
      file,
      memory === undefined ? options : { ...options, create: true, durability: "off" },
      {
        name: path,
      },
    );
    removeLeftCopies(file, driver);
    const handle = handleOf(
      file,
      path,
      {
        durability,
        driver,
        busyTimeoutMs: session.busyTimeoutMs,
      },
      session.vectorMemory.horizon.handle,
      memory?.folder,
    );
    return new SqliteServedEngine(session, options, handle, memory);
  } catch (error) {
    if (memory !== undefined) removeMemoryFile(memory.folder);
    throw error;
  }
}

class SqliteServedEngine implements ServedEngine {
  readonly backend: GraphBackend;
  readonly handle: SqliteHandle;
  readonly vectors: ServedVectors;
  readonly #session: Session;
  readonly #memory: MemoryFile | undefined;
  #isClosed = false;

  constructor(session: Session, options: SqliteOptions, handle: SqliteHandle, memory: MemoryFile | undefined) {
    this.backend = SqliteBackend.over(session, options) as unknown as GraphBackend;
    this.handle = handle;
    this.vectors = new ServedSqliteVectors(session.vectorMemory);
    this.#session = session;
    this.#memory = memory;
  }

  group<R>(runs: readonly ((target: ImportTarget) => R)[]): GroupResult<R>[] {
    return this.#session.transactionGroup(new SqliteImportTarget(this.#session, "transactionGroup"), runs);
  }

  lease(nodeIds: number, edgeIds: number): IdLease {
    const session = this.#session;
    session.refuseInTransaction("lease");
    return session.writeMany("lease", ({ connection }) => {
      const firstNodeId = reserve(connection, "graph_entities", nodeIds);
      const firstEdgeId = reserve(connection, "graph_edges", edgeIds);
      return {
        firstNodeId,
        endNodeId: firstNodeId + nodeIds,
        firstEdgeId,
        endEdgeId: firstEdgeId + edgeIds,
      };
    });
  }

  close(): void {
    if (this.#isClosed) return;
    this.backend.close();
    this.#isClosed = true;
    markDead(this.handle, "closed");
    if (this.#memory !== undefined) removeMemoryFile(this.#memory.folder);
  }
}

/** Raises what AUTOINCREMENT counts from, and returns the first of the ids that it leaves out. */
function reserve(connection: Connection, table: "graph_entities" | "graph_edges", count: number): number {
  const row = connection.bigintStatement(
    `SELECT max(0, coalesce((SELECT max(seq) FROM sqlite_sequence WHERE name = ?), 0),
       coalesce((SELECT max(id) FROM ${table}), 0))`,
  ).get(table);
  const last = Number(row?.[0]);
  if (last + count > MAX_ID) {
    throw new UnsupportedError(`the ids of ${table} are used up: ${last} was given, the largest is ${MAX_ID}`, {
      code: "integer-too-large",
      value: last,
    });
  }
  raiseSequence(connection, table, last + count);
  return last + 1;
}
