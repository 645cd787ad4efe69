/** A V3 database whose states other threads of the process read: what the engine's thread opens. */

import type { GraphBackend } from "../backend/graph_backend.ts";
import type { ImportTarget } from "../backend/restore_rows.ts";
import type { GroupResult, IdLease, ServedEngine, ServedVectors } from "../backend/served_engine.ts";
import { SharedMemory } from "../snapshot/mod.ts";
import { V3Backend } from "./backend.ts";
import { Database } from "./database.ts";
import { watchGarbage } from "./garbage.ts";
import { openMemory } from "./memory_database.ts";
import { checkOptions, DEFAULT_CACHE_BYTES, type V3Options } from "./options.ts";
import { MAX_CACHE_BYTES, MIN_CACHE_BYTES } from "./page_cache.ts";
import { markDead, type V3Handle } from "./shared_handle.ts";
import { V3ImportTarget } from "./transfer.ts";
import type { VectorsInMemory } from "./vector_memory.ts";
import type { V3WriteStore } from "./write_store.ts";

/** Smallest and largest cache that threads share, in bytes: the writer's half is one buffer of at most 1 GiB. */
export const MIN_SHARED_CACHE_BYTES: number = 2 * MIN_CACHE_BYTES;
export const MAX_SHARED_CACHE_BYTES: number = 64 * 2 ** 30;
const MAX_WRITER_BYTES = 2 ** 30;
/** A database in memory has no other place for its pages; what is not used takes no memory. */
const DEFAULT_MEMORY_BYTES = 4 * DEFAULT_CACHE_BYTES;

/** Opens a database for a thread that alone writes it, while others read. */
export function serveV3(path: string, options: V3Options): ServedEngine {
  const isMemory = path === ":memory:";
  const defaultBytes = isMemory ? DEFAULT_MEMORY_BYTES : DEFAULT_CACHE_BYTES;
  const request = checkOptions(
    path,
    { ...options, cacheBytes: options.cacheBytes ?? defaultBytes },
    MIN_SHARED_CACHE_BYTES,
    isMemory ? MAX_CACHE_BYTES : MAX_SHARED_CACHE_BYTES,
  );
  const { cacheBytes } = request;
  const writerBytes = isMemory ? cacheBytes : Math.min(cacheBytes / 2, MAX_WRITER_BYTES);
  watchGarbage();
  const shared = SharedMemory.allocate(writerBytes, isMemory ? 0 : cacheBytes - writerBytes);
  const served = { ...request, shared };
  return new ServedV3(isMemory ? openMemory(served) : Database.open(served), shared, isMemory);
}

class ServedV3 implements ServedEngine {
  readonly backend: GraphBackend;
  readonly handle: V3Handle;
  readonly vectors: ServedVectors;
  readonly #database: Database;

  constructor(database: Database, shared: SharedMemory, isMemory: boolean) {
    const engine = database.engine("open");
    this.#database = database;
    this.backend = V3Backend.over(database);
    this.handle = {
      backend: "v3",
      name: database.name,
      path: isMemory ? undefined : engine.path,
      fileSeed: engine.fileSeed,
      memory: shared.handle,
    };
    this.vectors = (engine.vectors as VectorsInMemory).served();
    engine.sharing?.publish();
  }

  group<R>(runs: readonly ((target: ImportTarget) => R)[]): GroupResult<R>[] {
    const { session } = this.#database;
    return session.transactionGroup(runs.map((run) => (): R => {
      const engine = this.#database.engine("transaction");
      const store = session.store("transaction") as V3WriteStore;
      return run(new V3ImportTarget(engine, store, session, session.isObserved, session.now()));
    }));
  }

  lease(nodeIds: number, edgeIds: number): IdLease {
    const engine = this.#database.engine("lease");
    const { writer } = engine;
    const firstNodeId = writer.nextNodeId;
    const firstEdgeId = writer.nextEdgeId;
    writer.nextNodeId += nodeIds;
    writer.nextEdgeId += edgeIds;
    engine.reserveIds(writer.nextNodeId - 1, writer.nextEdgeId - 1);
    return { firstNodeId, endNodeId: writer.nextNodeId, firstEdgeId, endEdgeId: writer.nextEdgeId };
  }

  close(): void {
    markDead(this.handle, "closed");
    this.backend.close();
  }
}
