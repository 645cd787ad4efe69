/** What whole-graph algorithms run on: the adjacency of a state in flat arrays, which all threads share. */

import type { Direction } from "./query.ts";
import type { NodeId } from "./schema.ts";

/**
 * The links of all nodes in compressed sparse rows: those of the node with dense index i are at `offsets[i]` to
 * `offsets[i + 1]` - 1 of the other arrays, by ascending target, then edge id. The arrays lie in shared memory and must not be
 * changed.
 */
export interface Adjacency {
  /** Where each row begins; one more than there are nodes. */
  readonly offsets: Uint32Array<SharedArrayBuffer>;
  /** Dense index of the node at the other end of each link. */
  readonly targets: Uint32Array<SharedArrayBuffer>;
  /** Edge of each link; only with the option `edgeIds`. */
  readonly edgeIds: Float64Array<SharedArrayBuffer> | undefined;
  /** Weight of each link; only with the option `weight`. */
  readonly weights: Float64Array<SharedArrayBuffer> | undefined;
}

/**
 * A graph, or a part of one, as algorithms read it: nodes are numbered without gaps from 0 (their dense index), in ascending
 * ids. It does not change, needs no database any more, and is shared with other threads through its `handle`.
 *
 * @example
 * ```ts
 * import { open } from "@sqlitegraph/sqlitegraph";
 *
 * using db = open(":memory:");
 * const [ada, charles] = db.insertNodes([{ kind: "Person", name: "Ada" }, { kind: "Person", name: "Charles" }]);
 * db.insertEdge({ from: ada!, to: charles!, type: "KNOWS" });
 *
 * const projection = db.project({ types: ["KNOWS"] });
 * const { offsets, targets } = projection.out;
 * for (let node = 0; node < projection.nodeCount; node++) {
 *   for (let at = offsets[node]!; at < offsets[node + 1]!; at++) {
 *     console.log(projection.nodeId(node), projection.nodeId(targets[at]!)); // 1 2
 *   }
 * }
 * ```
 */
export interface Projection {
  /** Number of nodes. */
  readonly nodeCount: number;
  /** Number of edges. In an undirected projection each is two links, a self-loop one. */
  readonly edgeCount: number;
  /** Whether each edge can be followed both ways: then `out` and `in` are the same. */
  readonly isUndirected: boolean;
  /** Whether links have weights. */
  readonly hasWeights: boolean;
  /** The links that leave each node. */
  readonly out: Adjacency;
  /**
   * The links that enter each node. Made when a thread first asks for it, then there for all threads. O(n + m) the first time.
   */
  readonly in: Adjacency;
  /** Id of each node, by dense index: ascending. It lies in shared memory and must not be changed. */
  readonly nodeIds: Float64Array<SharedArrayBuffer>;
  /** Id of the node with a dense index from 0 to `nodeCount` - 1. O(1). */
  nodeId(index: number): NodeId;
  /** Dense index of a node, -1 when it is not here. O(1), or O(log n) where ids lie far apart. */
  indexOf(nodeId: NodeId): number;
  /** What another thread makes the same projection of: cloneable by `postMessage`, nothing is copied. */
  readonly handle: unknown;
}

/** Where the weight of an edge comes from. */
export interface WeightField {
  /** Top-level member of the edge's `data`. */
  readonly field: string;
  /** Weight of edges where the member is missing or no finite number. Without it they are an error. */
  readonly default?: number | undefined;
}

/** Which part of a graph to project, and what to keep of its edges. */
export interface ProjectOptions<K extends string = string, T extends string = string> {
  /** Only edges of these types; an empty list lets nothing pass; default all. */
  readonly types?: readonly T[] | undefined;
  /** Only nodes of these kinds, and edges between them; default all. */
  readonly kinds?: readonly K[] | undefined;
  /** Only nodes with one of these labels, and edges between them; a node's kind counts as a label. Default all. */
  readonly labels?: readonly string[] | undefined;
  /** What `out` holds: edges as they are (`out`, the default), turned round (`in`), or `both`: the same as `undirected`. */
  readonly direction?: Direction | undefined;
  /** True: each edge can be followed both ways; a self-loop is one link. */
  readonly undirected?: boolean | undefined;
  /** Gives links weights, from the data of their edges: half a microsecond each, more where few of many edges are read. */
  readonly weight?: WeightField | undefined;
  /** True: links know their edges. Eight bytes more for each. */
  readonly edgeIds?: boolean | undefined;
  /**
   * True: no self-loops, and at most one link from one node to another, that of the edge with the smallest id (in an undirected
   * projection: of the edges of either direction). Default false: parallel edges and self-loops are kept.
   */
  readonly simple?: boolean | undefined;
  /** Only nodes whose id passes. For projections that the calling thread makes: functions cannot be sent to others. */
  readonly where?: ((nodeId: NodeId) => boolean) | undefined;
}

/** Threads that do something together: what they need to meet. The context of a task is one. */
export interface Gang {
  /** Number of threads. */
  readonly workers: number;
  /** Which of them this is, from 0. */
  readonly worker: number;
  /** Throws when the work was cancelled. */
  throwIfAborted(): void;
  /** Adds to the units done. */
  progress(units: number): void;
  /** Sets the units in all. */
  total(units: number): void;
  /** Waits until all threads are here. */
  barrier(): void;
  /** Zeroed memory that all threads share: each calls it, in the same order and with the same size. */
  sharedBuffer(byteLength: number): SharedArrayBuffer;
}

/** Most links of an adjacency, in each direction: 2^30 - 1, an array of 4 GiB. */
export const MAX_PROJECTED_LINKS: number = 2 ** 30 - 1;

/** Most links of an adjacency with weights or edge ids, whose arrays take twice as much: 2^29 - 1. */
export const MAX_PROJECTED_WIDE_LINKS: number = 2 ** 29 - 1;

/** Most nodes of a projection. */
export const MAX_PROJECTED_NODES: number = 2 ** 29 - 1;
