/** What a change stream delivers, after commit, in commit order. */

import type { Key } from "./key_value.ts";

/** What happened to a record. `expire`: a key's time to live had passed and a checkpoint removed it. */
export type Operation = "insert" | "update" | "delete" | "expire";

/** A node was inserted, updated (its labels too) or deleted. */
export interface NodeChange {
  /** Tells the kinds of change apart. */
  readonly type: "node";
  /** What happened. */
  readonly operation: "insert" | "update" | "delete";
  /** Id of the node. */
  readonly id: number;
  /** Commit that it belongs to. */
  readonly lsn: number;
}

/** An edge was inserted, updated or deleted (also because one of its nodes was). */
export interface EdgeChange {
  /** Tells the kinds of change apart. */
  readonly type: "edge";
  /** What happened. */
  readonly operation: "insert" | "update" | "delete";
  /** Id of the edge. */
  readonly id: number;
  /** Node that the edge leaves. */
  readonly from: number;
  /** Node that the edge enters. */
  readonly to: number;
  /** Commit that it belongs to. */
  readonly lsn: number;
}

/** A key was inserted, updated, deleted or removed after its expiry. */
export interface KeyValueChange {
  /** Tells the kinds of change apart. */
  readonly type: "kv";
  /** What happened. */
  readonly operation: Operation;
  /** The key: text when it is UTF-8, else bytes. */
  readonly key: Key;
  /** Commit that it belongs to. */
  readonly lsn: number;
}

/** How many changes of each sort a commit holds. */
export interface ChangeCounts {
  /** Changes of nodes. */
  readonly nodes: number;
  /** Changes of edges. */
  readonly edges: number;
  /** Changes of keys. */
  readonly keyValues: number;
}

/** End of a commit: everything before it with the same LSN belongs to it. */
export interface CommitChange {
  /** Tells the kinds of change apart. */
  readonly type: "commit";
  /** The commit. */
  readonly lsn: number;
  /** Its changes, also those that the filter leaves out. */
  readonly counts: ChangeCounts;
}

/** A commit of more than 65,536 changes, instead of its single changes and its `commit`; delivered to every subscriber. */
export interface BulkChange {
  /** Tells the kinds of change apart. */
  readonly type: "bulk";
  /** The commit. */
  readonly lsn: number;
  /** Its changes. */
  readonly counts: ChangeCounts;
}

/** One delivered change. */
export type Change = NodeChange | EdgeChange | KeyValueChange | CommitChange | BulkChange;

/** Which changes a subscriber gets. Nothing set means all of them. */
export interface ChangeFilter {
  /** Changes of nodes. */
  readonly nodes?: boolean | undefined;
  /** Changes of edges. */
  readonly edges?: boolean | undefined;
  /** Changes of keys. */
  readonly kv?: boolean | undefined;
  /** Ends of commits. */
  readonly commits?: boolean | undefined;
}

/** How to read changes as an async iterator. */
export interface ChangesOptions extends ChangeFilter {
  /** Ends the stream; the iterator then throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Most changes that wait for the reader (default 131,072); one more ends the stream with `QueueOverflowError`. */
  readonly queueSize?: number | undefined;
}

/** A running subscription with a callback. */
export interface Subscription extends Disposable {
  /** Ends the subscription; false when it had ended. */
  unsubscribe(): boolean;
}
