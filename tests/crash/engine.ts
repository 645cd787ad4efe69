/** What the simulator needs of a storage engine. */

import type { Durability } from "../../lib/backend/care.ts";
import type { GraphBackend, GraphTransaction } from "../../lib/backend/graph_backend.ts";
import type { FileSystem } from "../../lib/v3/file_system.ts";

/** How one function of a group ended; without a change there is no commit. */
export type GroupResult<R> = { readonly lsn: number | undefined; readonly value: R } | { readonly error: unknown };

/** The engine, and what it has beyond the contract of all backends. */
export interface Engine extends GraphBackend {
  /** Runs several transactions with one log write and one sync. */
  transactionGroup<R>(runs: readonly ((tx: GraphTransaction) => R)[]): readonly GroupResult<R>[];
  /** Writes a dense copy. */
  compact(toPath: string): unknown;
  /** Read-only: moves on to what the writer has made visible. */
  refresh(): unknown;
}

/** How the simulator opens a database. */
export interface EngineOptions {
  readonly fileSystem: FileSystem;
  readonly clock: () => number;
  readonly readonly?: boolean;
  readonly create?: boolean;
  readonly durability?: Durability;
  readonly cacheBytes?: number;
  readonly logLimitBytes?: number;
  readonly sortMemoryBytes?: number;
  readonly kvCheckpointBytes?: number;
  readonly retention?: { readonly commits?: number };
}

/** Opens a database. */
export type OpenEngine = (path: string, options: EngineOptions) => Engine;
