/** Engines that are served to the thread that they run on: for what needs an engine but no threads. */

import type { GraphBackend } from "../../lib/backend/graph_backend.ts";
import type { ImportTarget } from "../../lib/backend/restore_rows.ts";
import type { GroupResult, IdLease, ServedEngine, ServedVectors } from "../../lib/backend/served_engine.ts";
import type { HeldState, StateSource } from "../../lib/backend/state_source.ts";
import { serveSqlite } from "../../lib/sqlite/served.ts";
import { attachSqlite } from "../../lib/sqlite/shared_source.ts";
import { serveV3 } from "../../lib/v3/served.ts";
import { attachV3 } from "../../lib/v3/shared_source.ts";

/** Time of every write and commit. */
export const NOW_MS = 1_700_000_000_000;

/** Enough for the largest test. */
const CACHE_BYTES = 64 * 1024 * 1024;

/** A database in memory, with its states. */
export class ServedHere implements ServedEngine, Disposable {
  readonly backend: GraphBackend;
  readonly handle: unknown;
  readonly vectors: ServedVectors;
  readonly #engine: ServedEngine;
  readonly #source: StateSource;

  private constructor(engine: ServedEngine, attach: (handle: unknown) => StateSource) {
    this.backend = engine.backend;
    this.handle = engine.handle;
    this.vectors = engine.vectors;
    this.#engine = engine;
    this.#source = attach(engine.handle);
  }

  /** V3. */
  static v3(): ServedHere {
    return new ServedHere(serveV3(":memory:", { clock: () => NOW_MS, cacheBytes: CACHE_BYTES }), attachV3);
  }

  /** SQLite, whose memory is a file in a folder. */
  static sqlite(temporaryFolder: string): ServedHere {
    return new ServedHere(serveSqlite(":memory:", { clock: () => NOW_MS, temporaryFolder }), attachSqlite);
  }

  /** Holds the newest state. */
  hold(): HeldState {
    return this.#source.hold(undefined, "hold");
  }

  group<R>(runs: readonly ((target: ImportTarget) => R)[]): GroupResult<R>[] {
    return this.#engine.group(runs);
  }

  lease(nodeIds: number, edgeIds: number): IdLease {
    return this.#engine.lease(nodeIds, edgeIds);
  }

  close(): void {
    this.#source.close();
    this.#engine.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
