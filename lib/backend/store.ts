/**
 * What a storage engine supplies: reads and writes of single records whose arguments were checked. Everything above it
 * (checks, errors, orders of calls, traversals, paging) is one implementation for all engines: `CheckedReader` and
 * `CheckedWriter`.
 */

import type { LinkBatch, LinkPosition } from "./links.ts";
import type { Direction } from "./query.ts";
import type {
  CheckedEdge,
  CheckedEdgeUpdate,
  CheckedNode,
  CheckedNodeFilter,
  CheckedNodeUpdate,
} from "./record_input.ts";
import type { EdgeRecord, NodeRecord } from "./schema.ts";
import type { KeyValue } from "./key_value.ts";
import type { CheckedValue } from "./value_input.ts";
import type { VectorReads, VectorWrites } from "./vector_store.ts";

/** A page of results and where the next one starts. */
export interface Page<T, C> {
  /** Results in order. */
  readonly items: readonly T[];
  /** Key of the last record that was looked at; undefined at the end. A page may be empty and not the last one. */
  readonly next: C | undefined;
}

/** What a page of nodes yields: ids, records without `data`, records. */
export type NodeShapeWanted = "id" | "header" | "record";

/** A value that has not expired. */
export interface StoredValue {
  /** The value. */
  readonly value: KeyValue;
  /** When it expires, in milliseconds since 1970; undefined when it never does. */
  readonly expiresAt: number | undefined;
}

/** A key with its value. The bytes belong to whoever reads them. */
export interface StoredEntry extends StoredValue {
  /** The key. */
  readonly key: Uint8Array;
}

/** Where a page of keys starts. An engine may return positions that know more, for when they come back. */
export interface KeyPosition {
  /** A key, which need not exist. */
  readonly key: Uint8Array;
  /** Whether the key itself belongs to the page. */
  readonly isInclusive: boolean;
}

/**
 * Reads of one state. Ids are positive safe integers, texts well-formed. A list of types without entries lets nothing pass,
 * undefined all; it holds no type twice. `withData` false leaves `data` out of records.
 */
export interface ReadStore extends VectorReads {
  /** Number of the last commit (inside a transaction: of the last one before it). */
  readonly lsn: number;

  /** The node, or undefined. Hot. */
  readNode(id: number, withData: boolean): NodeRecord | undefined;
  /** Whether the node exists. */
  nodeExists(id: number): boolean;
  /** Kind of the node, or undefined. */
  nodeKind(id: number): string | undefined;
  /** Name of the node, or undefined. */
  nodeName(id: number): string | undefined;
  /** Stored JSON text of the node's `data`, or undefined when there is no such node. */
  nodeDataText(id: number): string | undefined;
  /** Number of nodes that pass the filter; with a glob it may be undefined: then their ids are listed and counted. */
  countNodes(filter: CheckedNodeFilter): number | undefined;
  /** The nodes that pass the filter after an id (0: from the first on), in ascending ids, at most `size`; `T` is as `wanted`. */
  nodePage<T>(filter: CheckedNodeFilter, wanted: NodeShapeWanted, after: number, size: number): Page<T, number>;

  /** The edge, or undefined. */
  readEdge(id: number, withData: boolean): EdgeRecord | undefined;
  /** Whether the edge exists. */
  edgeExists(id: number): boolean;
  /** Stored JSON text of the edge's `data`, or undefined when there is no such edge. */
  edgeDataText(id: number): string | undefined;
  /** Number of edges, or of those of one type. */
  countEdges(type: string | undefined): number;
  /** The edges (of one type) after an id (0: from the first on), in ascending ids, at most `size`. */
  edgePage(type: string | undefined, withData: boolean, after: number, size: number): Page<EdgeRecord, number>;
  /** Edges of a node, by neighbour id, then edge id; a self-loop once. None when there is no such node. */
  edgesOf(id: number, direction: Direction, types: readonly string[] | undefined, withData: boolean): EdgeRecord[];
  /** Edges between two nodes (`both`: either way), in ascending ids, with `data`. None when a node is missing. */
  edgesBetween(from: number, to: number, direction: Direction, types: readonly string[] | undefined): EdgeRecord[];
  /**
   * Ids at the other end of a node's edges, ascending: one per edge (a self-loop once), or each once. None when there is no
   * such node. The array belongs to the caller. Hot.
   */
  neighbors(id: number, direction: Direction, types: readonly string[] | undefined, distinct: boolean): number[];
  /** Number of edges of a node; `both` is out plus in. 0 when there is no such node. */
  degree(id: number, direction: Direction, types: readonly string[] | undefined): number;
  /**
   * Fills a batch with the links of the nodes from a position to `untilNode`, by node: those that leave it (`out`) or enter it
   * (`in`). Within a node the order is the engine's own, the same in each call; a position is one that this store returned, or
   * the begin of a node. Edge ids may be left out unless asked for.
   *
   * @returns where the next batch starts; undefined at the end
   */
  linkPage(
    direction: "out" | "in",
    types: readonly string[] | undefined,
    from: LinkPosition,
    untilNode: number,
    withEdges: boolean,
    batch: LinkBatch,
  ): LinkPosition | undefined;

  /** The value of a key, or undefined when it is absent or has expired at `now`. */
  readValue(key: Uint8Array, now: number): StoredValue | undefined;
  /** Whether a key exists and has not expired at `now`. */
  keyExists(key: Uint8Array, now: number): boolean;
  /**
   * The entries that have not expired at `now` and whose key starts with `prefix`, from a position on, in byte order, at most
   * `size`.
   */
  valuePage(prefix: Uint8Array, after: KeyPosition, now: number, size: number): Page<StoredEntry, KeyPosition>;
  /** Number of keys that have not expired at `now`. */
  countValues(now: number): number;
}

/**
 * Reads and writes of the running transaction. Each write notes its changes for listeners and for the commit. A call that
 * needs a record that exists is only made for one.
 */
export interface WriteStore extends ReadStore, VectorWrites {
  /** Inserts a node and returns its id. Hot. */
  insertNode(node: CheckedNode): number;
  /** Smallest id of a node with this kind and name, or undefined. */
  findNode(kind: string, name: string): number | undefined;
  /** Replaces what is not undefined (something is) in an existing node, and returns the node as it is then. */
  updateNode(id: number, update: CheckedNodeUpdate): NodeRecord;
  /** Deletes a node with its edges and labels, whose deletions are noted first; false when there is no such node. */
  deleteNode(id: number): boolean;
  /** Adds a label to an existing node; false, and no change, when the node has it already (its kind is one). */
  addLabel(id: number, label: string): boolean;
  /** Removes a label that is not the kind of an existing node; false, and no change, when the node does not have it. */
  removeLabel(id: number, label: string): boolean;

  /** Inserts an edge between existing nodes and returns its id. Hot. */
  insertEdge(edge: CheckedEdge): number;
  /** Smallest id of an edge with these ends and this type, or undefined. */
  findEdge(from: number, to: number, type: string): number | undefined;
  /** Replaces what is not undefined (something is) in an existing edge, and returns the edge as it is then. */
  updateEdge(id: number, update: CheckedEdgeUpdate): EdgeRecord;
  /** Deletes an edge; false when there is no such edge. */
  deleteEdge(id: number): boolean;

  /**
   * Writes a key: an insert when it was absent or had expired at `now`, else an update. Key and bytes value belong to the
   * user: what is kept is a copy. `expiresAt` (milliseconds since 1970) undefined means for ever.
   */
  setValue(key: Uint8Array, value: CheckedValue, now: number, expiresAt: number | undefined): void;
  /** Removes a key; false, and no change, when it is absent or has expired at `now`. */
  deleteValue(key: Uint8Array, now: number): boolean;
}
