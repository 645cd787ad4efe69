/** What the writers of the golden databases were told to store and left no byte of, with the reasons in words. Everything
 * else must come over or be named. */

/** Keys of some databases. */
export interface KeyExemption {
  readonly reason: string;
  readonly folders: readonly string[];
  /** As text. */
  readonly keys: readonly string[] | "all";
}

/** Keys that no log and no checkpoint holds. */
export const KEYS_WITHOUT_A_BYTE: readonly KeyExemption[] = [
  {
    reason: "these versions write no checkpoint, and there was no log",
    folders: ["2.0.7/deleted", "2.0.7/reopened", "2.2.2/deleted", "2.2.2/mixed", "2.2.2/reopened"],
    keys: "all",
  },
  {
    reason: "set after the log's last block of 64 KiB was written out, then the process ended",
    folders: ["2.0.7/wal", "2.2.2/wal", "3.2.5/wal", "3.9.0/wal"],
    keys: ["last"],
  },
  {
    reason: "less than 64 KiB were logged, so nothing was written out before the process ended",
    folders: ["2.0.7/wal_unflushed", "2.2.2/wal_unflushed", "3.2.5/wal_unflushed", "3.9.0/wal_unflushed"],
    keys: ["a"],
  },
  {
    reason: "native calls are never logged, and the process ended before a checkpoint",
    folders: ["2.0.7/wal", "2.2.2/wal", "3.2.5/wal", "3.9.0/wal"],
    keys: ["native"],
  },
  {
    reason: "null stands for a deleted key, so the checkpoint leaves it out",
    folders: ["3.2.5/deleted", "3.2.5/mixed", "3.9.0/deleted", "3.9.0/edge_batch_then_changes", "3.9.0/mixed"],
    keys: ["null"],
  },
  {
    reason: "a time to live of 0 expires at once, and the checkpoint leaves expired keys out",
    folders: ["3.2.5/deleted", "3.2.5/mixed", "3.9.0/deleted", "3.9.0/edge_batch_then_changes", "3.9.0/mixed"],
    keys: ["ttl/zero"],
  },
  {
    reason: "expired after its second, before the checkpoint was written",
    folders: ["3.9.0/edge_batch_then_changes"],
    keys: ["ttl/one"],
  },
];

/** Records of some databases of which only the header's counter is left. */
export interface CountExemption {
  readonly reason: string;
  /** How many of each database. */
  readonly counts: Readonly<Record<string, number>>;
}

/** Edges that are only counted: no page, log or sidecar names their ends. */
export const COUNTED_EDGES: readonly CountExemption[] = [
  {
    reason: "this version keeps edges in memory alone",
    counts: {
      "2.0.7/deleted": 74,
      "2.0.7/pages": 8970,
      "2.0.7/reopened": 8,
      "2.0.7/tiny": 2,
      "2.0.7/wal": 2,
      "2.0.7/wal_all_records": 1,
      "2.0.7/wal_unflushed": 1,
    },
  },
  {
    reason:
      "the self-loop 1 -> 1: a later flush wrote shorter lists over both of its lists, of which only type texts remain",
    counts: { "2.2.2/deleted": 1, "3.2.5/deleted": 1 },
  },
  {
    reason: "later sessions wrote over the pages of the lists and of their mirrors",
    counts: { "2.2.2/reopened": 5 },
  },
  {
    reason: "the process ended before lists were flushed, and the log of a first session names no edges",
    counts: {
      "2.2.2/wal": 2,
      "2.2.2/wal_unflushed": 1,
      "3.2.5/wal": 2,
      "3.2.5/wal_after_flush": 1,
      "3.2.5/wal_unflushed": 1,
    },
  },
];

/** Nodes that are only counted: nothing names their ids. */
export const COUNTED_NODES: readonly CountExemption[] = [
  {
    reason: "a later session wrote over the page of nodes and the root of their tree, and there is no index of names",
    counts: { "2.0.7/reopened": 6 },
  },
];

/** How many records of a database are only counted. */
export function countedOf(exemptions: readonly CountExemption[], folder: string): number {
  return exemptions.reduce((sum, { counts }) => sum + (counts[folder] ?? 0), 0);
}
