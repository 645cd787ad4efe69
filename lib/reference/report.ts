/** What an import of a file of the reference brought over, and every loss by name. */

import type { Progress } from "../backend/care.ts";

/** An id as the reference stores it (64 bits, signed): a bigint only where a number would not be exact. */
export type ReferenceId = number | bigint;

/** How to import. */
export interface ImportReferenceOptions {
  /**
   * True also scans all pages for nodes and edges that no tree reaches, and brings back what does not contradict the trees.
   * Default false: they are only counted and named.
   */
  readonly salvage?: boolean | undefined;
  /** Called now and then; may abort the signal. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Stops the import: nothing is imported, and the signal's reason is thrown. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Why something did not come over as it was, or not at all:
 *
 * - `header-field`: the header holds what no version writes; the import went on with the value that the message names
 * - `page-unreadable`: an index or node page is outside the file, fails its checksum or contradicts itself
 * - `tree-damaged`: a tree has a cycle, or keys out of order
 * - `node-missing`: the tree has the id, but no page has its record
 * - `node-unreadable`: the record is there, but its payload is outside the file
 * - `node-kind-lost`: an update by the reference dropped kind and name; what stands for them is in the message
 * - `node-text-damaged`: kind or name is no UTF-8; damaged bytes became U+FFFD
 * - `node-data-damaged`: `data` is no JSON; it became `{}`, the message shows how it begins
 * - `node-data-cut`: the stored length of a payload is too short by a multiple of 32,768 bytes
 * - `node-duplicate`: another record with an id that is in use
 * - `node-orphaned`: a record that the tree does not reach; `salvage` brings it back
 * - `node-renumbered`: the id is outside 1 to 2^53 - 1; the node came over with the id in the message
 * - `node-count`: the header counts more nodes than there are
 * - `node-not-restored`: only a sidecar still knows the node
 * - `cluster-foreign`: an edge list belongs to another node than the tree says: it was overwritten
 * - `cluster-cut`: an edge list does not end inside its page
 * - `cluster-damaged`: an edge list contradicts itself
 * - `cluster-orphaned`: an edge list that the tree does not reach holds edges that nothing else does; `salvage` brings them back
 * - `edge-end-missing`: an end of the edge does not exist
 * - `edge-type-damaged`: a type is no UTF-8; damaged bytes became U+FFFD
 * - `edge-data-damaged`: the edge's properties are no JSON; they became `{}`
 * - `edge-only-in-log`: the log names an edge that the file lacks; its type is unknown
 * - `edge-only-in-properties`: the property sidecar names an edge that the file lacks
 * - `edge-count`: the header counts more edges than there are
 * - `key-value-damaged`: a key's value cannot be read
 * - `log-damaged`: a part of the log cannot be read
 * - `checkpoint-damaged`: the key-value checkpoint, or its end, cannot be read
 * - `sidecar-damaged`: another sidecar cannot be read
 * - `sidecar-stale`: a sidecar describes another state than the main file
 */
export type ReferenceLossCode =
  | "header-field"
  | "page-unreadable"
  | "tree-damaged"
  | "node-missing"
  | "node-unreadable"
  | "node-kind-lost"
  | "node-text-damaged"
  | "node-data-damaged"
  | "node-data-cut"
  | "node-duplicate"
  | "node-orphaned"
  | "node-renumbered"
  | "node-count"
  | "node-not-restored"
  | "cluster-foreign"
  | "cluster-cut"
  | "cluster-damaged"
  | "cluster-orphaned"
  | "edge-end-missing"
  | "edge-type-damaged"
  | "edge-data-damaged"
  | "edge-only-in-log"
  | "edge-only-in-properties"
  | "edge-count"
  | "key-value-damaged"
  | "log-damaged"
  | "checkpoint-damaged"
  | "sidecar-damaged"
  | "sidecar-stale";

/** An edge that a loss is about. */
export interface LostEdge {
  /** Source, as the file has it. */
  readonly from: ReferenceId;
  /** Target, as the file has it. */
  readonly to: ReferenceId;
  /** Type; absent where it is unknown. */
  readonly type?: string | undefined;
}

/** One loss and its place. */
export interface ReferenceLoss {
  /** Stable reason. */
  readonly code: ReferenceLossCode;
  /** What was lost, where, and what stands for it. */
  readonly message: string;
  /** The file: the main file or a sidecar. */
  readonly file: string;
  /** Page of the main file. */
  readonly page?: number | undefined;
  /** Byte offset in the file. */
  readonly offset?: number | undefined;
  /** The node. */
  readonly node?: ReferenceId | undefined;
  /** The edge. */
  readonly edge?: LostEdge | undefined;
  /** The key: a text where its bytes are one. */
  readonly key?: string | Uint8Array | undefined;
  /** How many records it concerns, where they cannot be named. */
  readonly count?: number | undefined;
}

/** Records by sort. */
export interface ReferenceCounts {
  /** Nodes. */
  readonly nodes: number;
  /** Edges. */
  readonly edges: number;
  /** Key-values. */
  readonly keyValues: number;
}

/** Values that came over unchanged although the contract takes no new ones like them, by how often they occur. */
export interface UnusualValues {
  /** Kinds and types that are blank (an untyped edge has the type ""). */
  readonly blankTerms: number;
  /** Kinds, names and types with NUL. */
  readonly nulTexts: number;
  /** Kinds, names and types over 65,536 bytes. */
  readonly longTexts: number;
}

/** Most losses that a report lists; further ones are only counted. */
export const MAX_LISTED_LOSSES = 10_000;

/** What came over. */
export interface ReferenceReport extends ReferenceCounts {
  /** Versions of the reference that can have written the file, for example `2.0.7 to 2.0.8`. */
  readonly version: string;
  /** What only the scan of all pages (`salvage`) brought back; the other counts include it. */
  readonly salvaged: ReferenceCounts;
  /** Values that the contract would refuse. */
  readonly unusual: UnusualValues;
  /** The losses in the order in which they were found, at most `MAX_LISTED_LOSSES`. */
  readonly losses: readonly ReferenceLoss[];
  /** Number of all losses, also of those that are not listed. */
  readonly lossCount: number;
}
