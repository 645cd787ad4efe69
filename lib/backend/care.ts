/** Options and results of the calls that look after a database: durability, backup, export, checks, history. */

import type { Operation } from "./change.ts";
import type { Key } from "./key_value.ts";
import type { NodeId } from "./schema.ts";

/** When a commit is safe: `full` after a power cut, `normal` after a process crash, `off` neither promised. */
export type Durability = "full" | "normal" | "off";

/** How far a long call has come. */
export interface Progress {
  /** What the call is doing, for example `copy` or `verify`. */
  readonly phase: string;
  /** Units done in this phase. */
  readonly done: number;
  /** Units in all; absent where that is not known. */
  readonly total?: number;
}

/** Progress and cancellation of a long call. */
export interface LongCallOptions {
  /** Called now and then; may abort the signal. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Stops the call: it undoes what it did and throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** What a checkpoint did. */
export interface CheckpointResult {
  /** False when readers kept a part of the log in use; call it again later. */
  readonly complete: boolean;
  /** Keys removed because they had expired. */
  readonly expiredKeys: number;
}

/** A verified copy. Paths as given, sizes in bytes. */
export interface BackupResult {
  /** The copy: a database that opens like the original. */
  readonly path: string;
  /** The manifest: these fields as JSON. */
  readonly manifestPath: string;
  /** Size of the copy in bytes. */
  readonly sizeBytes: number;
  /** SHA-256 of the copy, 64 hexadecimal digits. */
  readonly sha256: string;
  /** Nodes in the copy. */
  readonly nodes: number;
  /** Edges in the copy. */
  readonly edges: number;
  /** Keys in the copy. */
  readonly keyValues: number;
  /** Commit that the copy shows. */
  readonly lsn: number;
  /** When the backup began, in milliseconds since 1970. */
  readonly timeMs: number;
  /** How long it took, in milliseconds. */
  readonly durationMs: number;
}

/** What an export wrote or an import read. */
export interface TransferResult {
  /** The file. */
  readonly path: string;
  /** Its size in bytes. */
  readonly sizeBytes: number;
  /** Nodes. */
  readonly nodes: number;
  /** Edges. */
  readonly edges: number;
  /** Key-values. */
  readonly keyValues: number;
  /** Property rows that the reference system wrote (SQLite files only). */
  readonly properties: number;
  /** Vector indexes. */
  readonly vectorIndexes: number;
  /** Vectors in them. */
  readonly vectors: number;
}

/** How to import. */
export interface ImportOptions extends LongCallOptions {
  /** True removes everything that the database holds first; otherwise it must be empty. */
  readonly replace?: boolean | undefined;
}

/** How to import records. */
export interface ImportRecordsOptions extends ImportOptions {
  /** Smallest id that a new node may get afterwards; smaller than the largest id plus one it has no effect. */
  readonly nextNodeId?: number | undefined;
  /** Smallest id that a new edge may get afterwards; likewise. */
  readonly nextEdgeId?: number | undefined;
}

/** How many records an import wrote. */
export interface ImportCounts {
  /** Nodes. */
  readonly nodes: number;
  /** Edges. */
  readonly edges: number;
  /** Key-values. */
  readonly keyValues: number;
  /** Vector indexes. */
  readonly vectorIndexes: number;
  /** Vectors in them. */
  readonly vectors: number;
}

/** A kind, type or label and how often it occurs. */
export interface NamedCount {
  /** The name. */
  readonly name: string;
  /** How often. */
  readonly count: number;
}

/** Size and content of a database. */
export interface DatabaseStats {
  /** Storage engine. */
  readonly backend: "sqlite" | "v3";
  /** The file, or `:memory:`. */
  readonly path: string;
  /** Last commit. */
  readonly lsn: number;
  /** Number of nodes. */
  readonly nodes: number;
  /** Number of edges. */
  readonly edges: number;
  /** Number of keys that have not expired. */
  readonly keyValues: number;
  /** Number of vector indexes. */
  readonly vectorIndexes: number;
  /** Number of vectors in them. */
  readonly vectors: number;
  /** Nodes per kind, by name in byte order. */
  readonly kinds: readonly NamedCount[];
  /** Edges per type, by name in byte order. */
  readonly edgeTypes: readonly NamedCount[];
  /** Nodes per label (without kinds), by name in byte order. */
  readonly labels: readonly NamedCount[];
  /** Bytes of the database file; of the memory in use for `:memory:`. */
  readonly fileBytes: number;
  /** Bytes of the log beside it. */
  readonly logBytes: number;
  /** Bytes inside the file that hold nothing. */
  readonly freeBytes: number;
  /** When commits are safe. */
  readonly durability: Durability;
  /** Version of the file's schema or format. */
  readonly formatVersion: number;
}

/** One thing that `check` found. */
export interface Finding {
  /** `error`: an answer may be wrong; `warning`: harmless, but worth cleaning. */
  readonly severity: "error" | "warning";
  /** Stable reason such as `dangling-edge`. */
  readonly code: string;
  /** What and where. */
  readonly message: string;
  /** How many records it concerns. */
  readonly count: number;
}

/** Result of `check`. */
export interface CheckResult {
  /** True when no finding is an error. */
  readonly ok: boolean;
  /** Findings, errors first. */
  readonly findings: readonly Finding[];
}

/** Which past state a snapshot shows; without one: the current one. */
export type SnapshotAt = { readonly lsn: number } | { readonly time: Date } | { readonly tag: string };

/** A kept commit. */
export interface CommitInfo {
  /** Its number. */
  readonly lsn: number;
  /** When, in milliseconds since 1970. */
  readonly timeMs: number;
  /** Nodes after it. */
  readonly nodes: number;
  /** Edges after it. */
  readonly edges: number;
}

/** A named commit. */
export interface TagInfo {
  /** The name. */
  readonly name: string;
  /** The commit. */
  readonly lsn: number;
}

/** One difference between two commits. */
export type Difference =
  | { readonly type: "node" | "edge"; readonly operation: Exclude<Operation, "expire">; readonly id: number }
  | { readonly type: "kv"; readonly operation: Exclude<Operation, "expire">; readonly key: Key }
  | {
    /** A vector index that was made or dropped, with or without vectors: `update` for one that was made again. */
    readonly type: "vectorIndex";
    readonly operation: Exclude<Operation, "expire">;
    /** Its name. */
    readonly index: string;
  }
  | {
    /** A vector of a node. */
    readonly type: "vector";
    readonly operation: Exclude<Operation, "expire">;
    /** Name of its index. */
    readonly index: string;
    /** The node. */
    readonly nodeId: NodeId;
  };
