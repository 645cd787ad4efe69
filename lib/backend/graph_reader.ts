/** The read half of the contract: what a database, a transaction and a snapshot all answer. */

import type { KeyValueReader } from "./key_value.ts";
import type { Gang, Projection, ProjectOptions } from "./projection.ts";
import type {
  BfsOptions,
  ChainStep,
  EdgeFilter,
  EdgesOfOptions,
  EdgesOptions,
  GraphPattern,
  MatchOptions,
  NeighborOptions,
  NodeFilter,
  NodePage,
  NodesOptions,
} from "./query.ts";
import type {
  AnySchema,
  EdgeHeaderOf,
  EdgeId,
  EdgeOf,
  EdgeOfType,
  EdgeTypeOf,
  KindOf,
  NodeHeaderOf,
  NodeId,
  NodeOf,
  NodeOfKind,
  Schema,
} from "./schema.ts";
import type { VectorIndexInfo, VectorIndexReader, VectorInput, VectorMatch, VectorSearchOptions } from "./vector.ts";

/** Leaves `data` out of a record. */
export interface WithoutData {
  /** False: without `data`, faster. */
  readonly data: false;
}

/**
 * Reads of a graph. Every id is checked: anything but a positive safe integer throws `InvalidArgumentError`. Calls that need
 * a node (traversals, `neighbors`, `degree`, `edgesOf`) throw `NotFoundError` when it is missing. Iterators show the state at
 * their first step, also while the same thread writes. A closed database throws `ClosedError`.
 */
export interface GraphReader<S extends Schema = AnySchema> {
  /** Number of the commit that the reads show (inside a transaction: the last one before it). */
  readonly lsn: number;
  /** The key-value store. */
  readonly kv: KeyValueReader;

  /** The node, or undefined. O(log n). */
  getNode(id: NodeId): NodeOf<S> | undefined;
  /** The node when it is of this kind, else undefined. O(log n). */
  getNode<K extends KindOf<S>>(id: NodeId, kind: K): NodeOfKind<S, K> | undefined;
  /** The node without its `data`, or undefined. O(log n). */
  getNode(id: NodeId, options: WithoutData): NodeHeaderOf<S> | undefined;
  /** The node. @throws {NotFoundError} when there is none. O(log n). */
  requireNode(id: NodeId): NodeOf<S>;
  /** The node, which must be of this kind. @throws {NotFoundError} when there is none of the kind. O(log n). */
  requireNode<K extends KindOf<S>>(id: NodeId, kind: K): NodeOfKind<S, K>;
  /** Name of the node, or undefined. O(log n). */
  nodeName(id: NodeId): string | undefined;
  /** Kind of the node, or undefined. O(log n). */
  nodeKind(id: NodeId): KindOf<S> | undefined;
  /** Whether the node exists. O(log n). */
  hasNode(id: NodeId): boolean;
  /** Number of nodes that pass the filter. O(n). */
  countNodes(filter?: NodeFilter<KindOf<S>>): number;
  /** Nodes without their `data`, in ascending ids. */
  nodes<K extends KindOf<S>>(options: NodesOptions<K> & WithoutData): IterableIterator<NodeHeaderOf<S>>;
  /** Nodes of one kind, in ascending ids. */
  nodes<K extends KindOf<S>>(options: NodesOptions<K> & { readonly kind: K }): IterableIterator<NodeOfKind<S, K>>;
  /** Nodes in ascending ids. */
  nodes(options?: NodesOptions<KindOf<S>>): IterableIterator<NodeOf<S>>;
  /** Ids of nodes, ascending. */
  nodeIds(options?: NodePage<KindOf<S>>): IterableIterator<NodeId>;

  /** The edge, or undefined. O(log n). */
  getEdge(id: EdgeId): EdgeOf<S> | undefined;
  /** The edge when it is of this type, else undefined. O(log n). */
  getEdge<T extends EdgeTypeOf<S>>(id: EdgeId, type: T): EdgeOfType<S, T> | undefined;
  /** The edge without its `data`, or undefined. O(log n). */
  getEdge(id: EdgeId, options: WithoutData): EdgeHeaderOf<S> | undefined;
  /** The edge. @throws {NotFoundError} when there is none. O(log n). */
  requireEdge(id: EdgeId): EdgeOf<S>;
  /** Whether the edge exists. O(log n). */
  hasEdge(id: EdgeId): boolean;
  /** Number of edges, or of those of one type. O(n). */
  countEdges(filter?: { readonly type?: EdgeTypeOf<S> | undefined }): number;
  /** Edges without their `data`, in ascending ids. */
  edges(options: EdgesOptions<EdgeTypeOf<S>> & WithoutData): IterableIterator<EdgeHeaderOf<S>>;
  /** Edges of one type, in ascending ids. */
  edges<T extends EdgeTypeOf<S>>(options: EdgesOptions<T> & { readonly type: T }): IterableIterator<EdgeOfType<S, T>>;
  /** Edges in ascending ids. */
  edges(options?: EdgesOptions<EdgeTypeOf<S>>): IterableIterator<EdgeOf<S>>;
  /** Edges of a node without their `data`, by neighbour id, then edge id; a self-loop once. */
  edgesOf(id: NodeId, options: EdgesOfOptions<EdgeTypeOf<S>> & WithoutData): EdgeHeaderOf<S>[];
  /** Edges of a node, by neighbour id, then edge id; a self-loop once. O(degree). */
  edgesOf(id: NodeId, options?: EdgesOfOptions<EdgeTypeOf<S>>): EdgeOf<S>[];
  /**
   * Edges from one node to another, in ascending ids (direction `in`: from the second to the first, `both`: either way).
   * Missing nodes have none. O(degree).
   */
  edgesBetween(from: NodeId, to: NodeId, options?: EdgeFilter<EdgeTypeOf<S>>): EdgeOf<S>[];

  /** Ids of neighbours, ascending; each once, or once per edge with `distinct: false`. O(degree). */
  neighbors(id: NodeId, options?: NeighborOptions<EdgeTypeOf<S>>): NodeId[];
  /** Number of edges of a node; `both` is out plus in, so a self-loop counts twice there. O(degree). */
  degree(id: NodeId, options?: EdgeFilter<EdgeTypeOf<S>>): number;
  /**
   * Breadth-first: the start, then nodes by distance and, within one, in the order of discovery (ascending neighbours). With
   * an empty list of types nothing, not even the start.
   */
  bfs(start: NodeId, options?: BfsOptions<EdgeTypeOf<S>>): NodeId[];
  /** Nodes at distance 1 to `depth`, without the start, by distance, then id. */
  kHop(start: NodeId, depth: number, options?: EdgeFilter<EdgeTypeOf<S>>): NodeId[];
  /**
   * A path with the fewest edges, both ends included, or undefined. Among equally short ones, the one that a breadth-first
   * search with ascending neighbours finds first. `from` equal to `to` gives that node.
   */
  shortestPath(from: NodeId, to: NodeId, options?: EdgeFilter<EdgeTypeOf<S>>): NodeId[] | undefined;
  /** Where the steps lead, one after the other: distinct ids, ascending. Without steps the start. */
  chain(start: NodeId, steps: readonly ChainStep<{ kind: KindOf<S>; type: EdgeTypeOf<S> }>[]): NodeId[];
  /**
   * Matches of a path-shaped pattern: one node id per position, in lexicographic order, each sequence once. Nodes may repeat
   * within a sequence. With a `start`, only matches that begin there.
   */
  matchPattern(pattern: GraphPattern<KindOf<S>, EdgeTypeOf<S>>, options?: MatchOptions): NodeId[][];

  /**
   * The adjacency of all nodes, or of some, in flat arrays that threads share: what whole-graph algorithms run on. Costs 4
   * bytes a link (8 more with edge ids, 8 more with weights) and 12 to 20 a node. O(n + m).
   *
   * @param gang in a task, its context: then its threads make the projection together, and each of them must call this
   * @throws {InvalidArgumentError} for an edge without the asked weight where there is no default
   */
  project(options?: ProjectOptions<KindOf<S>, EdgeTypeOf<S>>, gang?: Gang): Projection;

  /** All vector indexes, by name in byte order. */
  vectorIndexes(): VectorIndexInfo[];
  /** A vector index, to read. @throws {NotFoundError} when there is none. */
  vectorIndex(name: string): VectorIndexReader<S>;
  /** Vector of a node in an index, or undefined. @throws {NotFoundError} when there is no such index. O(log n). */
  getVector(name: string, nodeId: NodeId): Float32Array | undefined;
  /**
   * The nearest vectors of an index, by ascending distance, then node id.
   *
   * @throws {NotFoundError} when there is no such index
   * @throws {InvalidArgumentError} for a query of another dimension or with numbers that are not finite
   */
  searchVectors(name: string, query: VectorInput, options?: VectorSearchOptions<S>): VectorMatch[];
  /** The same for many queries; results in their order. */
  searchVectors(name: string, queries: readonly VectorInput[], options?: VectorSearchOptions<S>): VectorMatch[][];
}
