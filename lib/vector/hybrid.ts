/** Reads that combine a search for vectors with a walk along edges. */

import type { GraphReader } from "../backend/graph_reader.ts";
import { nodeNotFound } from "../backend/not_found.ts";
import type { EdgeFilter } from "../backend/query.ts";
import type { AnySchema, EdgeTypeOf, NodeId, Schema } from "../backend/schema.ts";
import { checkCount, type CheckedEdgeFilter, checkEdgeFilter, checkId, checkObject } from "../backend/validate.ts";
import type { VectorFilter, VectorInput, VectorMatch, VectorSearchOptions } from "../backend/vector.ts";
import { checkVectorFilter } from "../backend/vector_input.ts";

/** Looks at the signal after so many nodes of a walk. */
const NODES_PER_LOOK = 256;

/** Where `searchNear` looks, and how it searches. */
export interface SearchNearOptions<S extends Schema = AnySchema>
  extends VectorSearchOptions<S>, EdgeFilter<EdgeTypeOf<S>> {
  /** The node, or the nodes, around which it looks. */
  readonly from: NodeId | readonly NodeId[];
  /** Most edges between one of them and a result, from 0. Default 1. */
  readonly hops?: number | undefined;
}

/** How `searchAndExpand` goes on from a node that it found. */
export interface ExpandOptions<T extends string = string> extends EdgeFilter<T> {
  /** Most edges between a found node and a node of its surroundings, from 0. Default 1. */
  readonly hops?: number | undefined;
  /** Most nodes that each found node brings, fewest hops first, then by id. Default all. */
  readonly limit?: number | undefined;
}

/** How `searchAndExpand` searches, and how it goes on from there. */
export interface SearchAndExpandOptions<S extends Schema = AnySchema> extends VectorSearchOptions<S> {
  /** Which surroundings the results have. Default the neighbours along all edges that leave a node. */
  readonly expand?: ExpandOptions<EdgeTypeOf<S>> | undefined;
}

/** A node that `searchAndExpand` found, or one of its surroundings. */
export interface ExpandedMatch {
  /** The node. */
  readonly nodeId: NodeId;
  /** How far the vector of `from` is from the query. */
  readonly distance: number;
  /** Edges between `from` and the node; 0 for a node that the search found. */
  readonly hops: number;
  /** The node that the search found and that this one belongs to; itself with 0 hops. */
  readonly from: NodeId;
  /** Number of a vector in a SQLite file of the Rust system, which belongs to no node; absent for vectors of nodes. */
  readonly vectorId?: number;
}

/**
 * The nearest vectors among the nodes that are at most so many hops away from a node, or from one of several; these nodes
 * themselves are among them. By ascending distance, then node id. A `filter` holds as well.
 *
 * Plan: a breadth-first walk collects the nodes; one search among only them finds the nearest. That search compares the
 * query with each of them when they are few, and walks the index on the way through them when they are many: no result is lost
 * to nearer vectors outside. O(edges of the nodes that are walked) for the walk. Several calls on a database that another
 * process writes may show several states: hand in a snapshot there.
 *
 * @throws {NotFoundError} when there is no such index, or no node `from`
 * @throws {InvalidArgumentError} for options that make no sense, and as `searchVectors` does
 *
 * @example
 * ```ts
 * import { open, searchNear } from "@sqlitegraph/sqlitegraph";
 *
 * using db = open(":memory:");
 * const [ada, bob, eve] = db.insertNodes(["Ada", "Bob", "Eve"].map((name) => ({ kind: "Person", name })));
 * db.insertEdge({ from: ada!, to: bob!, type: "KNOWS" });
 * db.createVectorIndex("taste", { dimension: 2, metric: "euclidean" });
 * db.setVectors("taste", [{ nodeId: bob!, vector: [1, 1] }, { nodeId: eve!, vector: [0, 0] }]);
 *
 * // Eve would be nearer, but Ada does not know her.
 * console.log(searchNear(db, "taste", [1, 0], { from: ada!, hops: 1, k: 1 })); // [ { nodeId: 2, distance: 1 } ]
 * ```
 */
export function searchNear<S extends Schema = AnySchema>(
  graph: GraphReader<S>,
  index: string,
  query: VectorInput,
  options: SearchNearOptions<S>,
): VectorMatch[] {
  const call = "searchNear";
  checkObject(options, call, "options");
  const { from, hops, direction, types, filter, ...search } = options;
  const starts = (Array.isArray(from) ? from : [from]).map((id) => checkId(id, call, "from"));
  const depth = checkCount(hops, 1, call, "hops");
  const edges = checkEdgeFilter({ direction, types }, call);
  const given = filter === undefined ? undefined : checkVectorFilter(filter as object as VectorFilter, call).nodeIds;
  for (const id of starts) if (!graph.hasNode(id)) throw nodeNotFound(call, id, "from");

  const reached = new Map<NodeId, number>();
  for (const _level of walk(graph, starts, depth, edges, reached, options.signal)) { /* fills `reached` */ }
  const nodeIds = given === undefined ? [...reached.keys()] : given.filter((id) => reached.has(id));
  return graph.searchVectors(index, query, { ...search, filter: { ...filter, nodeIds } });
}

/**
 * The nearest vectors, each with the surroundings of its node: the nodes that are reached from it along edges. By distance of
 * the found node, then its id, then hops, then id. Each node is there once: a found one as itself, another with the nearest
 * found node that reaches it, and with the fewest hops from that one. What is reached needs no vector, and `filter` is not
 * asked about it.
 *
 * Plan: one search finds the nodes; from each, nearest first, a breadth-first walk goes as many hops as wanted, and leaves
 * out what a nearer one has walked as far. O(edges of the nodes that are walked), with a `limit` for each found node anew.
 * Several calls on a database that another process writes may show several states: hand in a snapshot there.
 *
 * @throws {NotFoundError} when there is no such index
 * @throws {InvalidArgumentError} for options that make no sense, and as `searchVectors` does
 *
 * @example
 * ```ts
 * import { open, searchAndExpand } from "@sqlitegraph/sqlitegraph";
 *
 * using db = open(":memory:");
 * const [soup, bread, salt] = db.insertNodes(["soup", "bread", "salt"].map((name) => ({ kind: "Food", name })));
 * db.insertEdges([soup!, bread!].map((from) => ({ from, to: salt!, type: "NEEDS" })));
 * db.createVectorIndex("taste", { dimension: 2, metric: "euclidean" });
 * db.setVectors("taste", [{ nodeId: soup!, vector: [0, 1] }, { nodeId: bread!, vector: [1, 0] }]);
 *
 * for (const { nodeId, distance, hops, from } of searchAndExpand(db, "taste", [0, 0.5], { k: 1 })) {
 *   console.log(db.nodeName(nodeId), distance, hops, db.nodeName(from)); // soup 0.5 0 soup, then salt 0.5 1 soup
 * }
 * ```
 */
export function searchAndExpand<S extends Schema = AnySchema>(
  graph: GraphReader<S>,
  index: string,
  query: VectorInput,
  options: SearchAndExpandOptions<S> = {},
): ExpandedMatch[] {
  const call = "searchAndExpand";
  checkObject(options, call, "options");
  const { expand = {}, ...search } = options;
  checkObject(expand, call, "expand");
  const depth = checkCount(expand.hops, 1, call, "expand.hops");
  const limit = checkCount(expand.limit, Infinity, call, "expand.limit");
  const edges = checkEdgeFilter(expand, call);

  const hits = graph.searchVectors(index, query, search);
  const taken = new Set<NodeId>(hits.map(({ nodeId }) => nodeId));
  const matches: ExpandedMatch[] = [];
  const walked = new Map<NodeId, number>();
  for (const hit of hits) {
    const { nodeId: from, distance } = hit;
    matches.push({ ...hit, hops: 0, from });
    // A vector of the Rust system, which belongs to no node.
    if (hit.vectorId !== undefined) continue;
    // What a nearer hit passed over because of the limit is not to be passed over from here.
    const reached = limit === Infinity ? walked : new Map<NodeId, number>();
    let free = limit;
    for (const { hops, nodeIds } of walk(graph, [from], depth, edges, reached, options.signal)) {
      const fresh = nodeIds.filter((id) => !taken.has(id)).sort((one, other) => one - other);
      for (const nodeId of fresh.slice(0, free)) {
        taken.add(nodeId);
        matches.push({ nodeId, distance, hops, from });
      }
      free -= fresh.length;
      if (free <= 0) break;
    }
  }
  return matches;
}

/** Nodes that are equally far from where a walk began. */
interface Level {
  readonly hops: number;
  readonly nodeIds: readonly NodeId[];
}

/**
 * Breadth-first from several nodes, level by level. Nodes that `reached` holds with as few hops are left out with all behind
 * them; those that are met are noted there.
 */
function* walk<S extends Schema>(
  graph: GraphReader<S>,
  starts: readonly NodeId[],
  depth: number,
  edges: CheckedEdgeFilter,
  reached: Map<NodeId, number>,
  signal: AbortSignal | undefined,
): Generator<Level, void, undefined> {
  // Checked: an edge filter of names that this schema may not have passes nothing more than one of those that it has.
  const filter = edges as EdgeFilter<EdgeTypeOf<S>>;
  let level = starts.filter((id) => isCloser(reached, id, 0));
  let steps = 0;
  for (let hops = 0; level.length > 0; hops++) {
    yield { hops, nodeIds: level };
    if (hops >= depth) return;
    const next: NodeId[] = [];
    for (const id of level) {
      if (++steps % NODES_PER_LOOK === 0) signal?.throwIfAborted();
      for (const neighbor of graph.neighbors(id, filter)) {
        if (isCloser(reached, neighbor, hops + 1)) next.push(neighbor);
      }
    }
    level = next;
  }
}

/** Whether a node was not met with as few hops yet; notes it. */
function isCloser(reached: Map<NodeId, number>, id: NodeId, hops: number): boolean {
  const before = reached.get(id);
  if (before !== undefined && before <= hops) return false;
  reached.set(id, hops);
  return true;
}
