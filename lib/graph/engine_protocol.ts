/** What the caller's thread and the engine's say to each other. */

import type { MessagePort } from "node:worker_threads";
import type {
  BackupResult,
  CheckpointResult,
  CheckResult,
  CommitInfo,
  DatabaseStats,
  Difference,
  Durability,
  Progress,
  TagInfo,
  TransferResult,
} from "../backend/care.ts";
import type { Change } from "../backend/change.ts";
import type { IdLease } from "../backend/served_engine.ts";
import type { VectorNews } from "../backend/state_source.ts";
import type { CompactResult, Retention } from "../v3/mod.ts";
import type { EngineName } from "./file_engine.ts";
import type { ChunkReport, EngineIngestOptions } from "./ingest_engine.ts";
import type { MailboxMemory } from "./mailbox.ts";

/** The options of a database that travel to the engine's thread. */
export interface EngineOptions {
  readonly create?: boolean | undefined;
  readonly durability?: Durability | undefined;
  readonly busyTimeoutMs?: number | undefined;
  readonly retention?: Retention | undefined;
  readonly cacheBytes?: number | undefined;
  readonly temporaryFolder?: string | undefined;
}

/** What the engine's thread is started with. */
export interface EngineStart {
  readonly path: string;
  readonly engine: EngineName;
  readonly options: EngineOptions;
  readonly port: MessagePort;
  readonly memory: MailboxMemory;
  /** Ids that the caller wants at the start, of nodes and of edges each. */
  readonly firstLease: number;
}

/** First message of the engine: the database is open, or cannot be opened. */
export type EngineOpening =
  | { readonly kind: "opened"; readonly handle: unknown; readonly lease: IdLease }
  | { readonly kind: "refused" | "died"; readonly error: unknown };

/** The calls that the engine answers one by one: the arguments are those of the graph's, without options of this thread. */
export interface EngineCalls {
  flush(): void;
  checkpoint(): CheckpointResult;
  backup(folder: string): BackupResult;
  exportSnapshot(path: string): TransferResult;
  importSnapshot(path: string, options: { readonly replace?: boolean | undefined }): TransferResult;
  compact(toPath: string, options: { readonly history?: boolean | undefined }): CompactResult;
  stats(): DatabaseStats;
  check(): CheckResult;
  tag(name: string): TagInfo;
  untag(name: string): boolean;
  tags(): TagInfo[];
  commits(): CommitInfo[];
  /** Begins a comparison and gives its number. */
  beginDiff(fromLsn: number, toLsn: number): number;
  /** The next differences; none at the end. */
  nextDiff(diff: number): Difference[];
  /** Ends a comparison before its end. */
  endDiff(diff: number): void;
  /** Puts a vector index into memory. */
  loadVectorIndex(index: number): void;
  /** Begins or ends to send changes. */
  observe(isObserved: boolean): void;
  /** Closes the database; the last call. */
  close(): void;
}

/** Message of the caller. */
export type ToEngine =
  /** Transactions (`batch_codec.ts`). */
  | { readonly kind: "batches"; readonly bytes: ArrayBuffer }
  /** More ids, please. */
  | { readonly kind: "lease"; readonly nodes: number; readonly edges: number }
  | {
    readonly kind: "call";
    readonly id: number;
    readonly name: keyof EngineCalls;
    readonly args: readonly unknown[];
    /** Becomes 1 when the call is to end. */
    readonly cancel: Int32Array<SharedArrayBuffer> | undefined;
    readonly wantsProgress: boolean;
  }
  /** Begins an ingest; `id` is that of its end. */
  | { readonly kind: "ingest"; readonly id: number; readonly options: EngineIngestOptions }
  /** For the ingest that runs: rows, their end, or that it is to be undone. */
  | { readonly kind: "rows"; readonly chunk: ArrayBuffer }
  | { readonly kind: "endOfRows" }
  | { readonly kind: "abortIngest" };

/** Answer of the engine. */
export type FromEngine =
  /** Transactions that were committed (number of the batch and its commit; 0 when it changed nothing), flat. */
  | { readonly kind: "committed"; readonly results: readonly number[] }
  /** A transaction that came too late. */
  | { readonly kind: "conflict"; readonly id: number; readonly message: string }
  /** A transaction or call that failed. */
  | { readonly kind: "failed"; readonly id: number; readonly error: unknown }
  | { readonly kind: "answer"; readonly id: number; readonly value: unknown }
  /** A call that its `cancel` word ended. */
  | { readonly kind: "aborted"; readonly id: number }
  | { readonly kind: "progress"; readonly id: number; readonly progress: Progress }
  /** Ids lie in the mailbox's memory. */
  | { readonly kind: "granted" }
  | { readonly kind: "leaseFailed"; readonly error: unknown }
  | { readonly kind: "changes"; readonly changes: readonly Change[] }
  /** Vector indexes that are in memory from now on, and those that are not any more. */
  | ({ readonly kind: "vectorIndexes" } & VectorNews)
  /** What became of rows of the ingest that runs. */
  | { readonly kind: "rowsTaken"; readonly report: ChunkReport }
  /** The engine cannot go on. The last message. */
  | { readonly kind: "died"; readonly error: unknown };
