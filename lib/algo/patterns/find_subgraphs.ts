/** Finds all places where a graph looks like a pattern. */

import type { GraphReader } from "../../backend/graph_reader.ts";
import type { AnySchema, NodeId, Schema } from "../../backend/schema.ts";
import { checkObject, show } from "../../backend/validate.ts";
import type { Projection } from "../../projection/mod.ts";
import { callHere } from "../../task/direct_call.ts";
import { defineTask, type Task } from "../../task/task.ts";
import type { Algorithm, TaskContext } from "../define.ts";
import { type NodeLists, NodeListsBuilder } from "../node_lists.ts";
import { checkParams, invalid, type ParamSpecs } from "../params.ts";
import { defineForOneThread } from "../one_thread.ts";
import { type Search, searchProjection, searchReader } from "./layered_graph.ts";
import { MatchSearch } from "./match_search.ts";
import { checkSubgraphPattern, type SubgraphPattern } from "./pattern.ts";
import { symmetryPairs } from "./symmetry.ts";

/** What to find in a projection. */
export interface FindSubgraphsParams {
  /** The pattern. */
  readonly pattern: SubgraphPattern;
  /** True: between the nodes of a match there is no link that the pattern does not ask for. Default false. */
  readonly induced?: boolean | undefined;
  /**
   * True: of the matches that differ by a symmetry of the pattern (a triangle has six) only one, that with the smallest id for the
   * pattern's first node, then for the next one. Default false: all of them.
   */
  readonly unique?: boolean | undefined;
  /** Most matches; default 10,000. */
  readonly limit?: number | undefined;
}

/** What to find in a state of a graph. */
export interface FindSubgraphPatternsParams extends FindSubgraphsParams {
  /** Only edges of these types count, also for `induced`; default all. */
  readonly types?: readonly string[] | undefined;
}

/** Where the pattern was found. */
export interface SubgraphMatches {
  /** Names of the pattern's nodes. */
  readonly names: readonly string[];
  /**
   * A list for each match: the nodes in the order of `names`. The matches ascend by the node for `searchOrder[0]`, then by that for
   * `searchOrder[1]`, and so on.
   */
  readonly matches: NodeLists;
  /** The names in the order in which their nodes were looked for. */
  readonly searchOrder: readonly string[];
  /** Whether these are all matches; false when `limit` ended the search. */
  readonly isComplete: boolean;
}

/** A match: by the name of each node of the pattern the node that was found for it. */
export type SubgraphMatch = Readonly<Record<string, NodeId>>;

/** Parameters as the command line knows them. */
export const FIND_SUBGRAPHS_PARAMS: ParamSpecs<FindSubgraphsParams> = {
  pattern: {
    kind: "value",
    doc: "nodes by name and edges between them",
    example: '{"nodes":{"a":{},"b":{},"c":{}},"edges":[{"from":"a","to":"b"},{"from":"b","to":"c"}]}',
  },
  induced: { kind: "flag", doc: "whether there may be no other links between the nodes of a match", default: false },
  unique: { kind: "flag", doc: "whether matches that differ by a symmetry of the pattern count once", default: false },
  limit: { kind: "integer", doc: "most matches", default: 10_000, min: 0, max: 50_000_000 },
};

/**
 * Finds the subgraphs that look like a pattern: a different node for each node of it, so that each of its edges is a link (subgraph
 * isomorphism). In an undirected projection edges can be followed both ways. Parallel links count as one, self-loops only where the
 * pattern has them. Of nodes only `nodeIds` can be asked for, since a projection knows neither kinds nor types:
 * `findSubgraphPatterns` does.
 *
 * Progress counts candidates and links that were looked at.
 *
 * The search is exponential in the pattern in the worst case, and near its output where labels or the form of the pattern leave
 * few candidates; a byte for each node of the graph and of the pattern. Jüttner, Madarasi, VF2++: An improved subgraph isomorphism
 * algorithm, 2018; its comparison of neighbors is made once for each node, not in every state.
 *
 * @throws {InvalidArgumentError} for bad patterns and parameters
 * @throws {NotFoundError} for `nodeIds` that are not in the projection
 *
 * @example
 * ```ts ignore
 * const triangle = projectEdges({ from: [1, 2, 3], to: [2, 3, 1], undirected: true });
 * const pattern = { nodes: { a: {}, b: {}, c: {} }, edges: [{ from: "a", to: "b" }, { from: "b", to: "c" }] };
 * console.log(findSubgraphs(triangle, { pattern, unique: true }).matches.count); // 3
 * ```
 */
export const findSubgraphs: Algorithm<FindSubgraphsParams, SubgraphMatches> = defineForOneThread(
  import.meta.url,
  "findSubgraphs",
  (projection, params: FindSubgraphsParams, context) => {
    const checked = checkParams(FIND_SUBGRAPHS_PARAMS, params, projection, "findSubgraphs");
    const pattern = checkSubgraphPattern(checked.pattern, "findSubgraphs");
    const search = searchProjection(projection, pattern, checked.induced, "findSubgraphs");
    return collect(search, pattern.names, checked.unique, checked.limit, context);
  },
);

/**
 * As `findSubgraphs`, in a state of a graph and with conditions on kinds, names and labels of nodes and types of edges:
 * `findSubgraphPatterns(snapshot, params)`, or `graph.run(findSubgraphPatterns, params)`. Edges are directed unless the pattern says
 * `both`. With `induced`, between two nodes of a match there is no edge (of those of `types`) whose type no edge of the pattern
 * between them takes.
 *
 * First it projects the edges of each set of types in the pattern, O(n + m) each; kinds, names and labels are asked for once.
 *
 * @throws {InvalidArgumentError} for bad patterns and parameters
 * @throws {NotFoundError} for `nodeIds` that are not in the graph
 *
 * @example
 * ```ts ignore
 * const { names, matches } = findSubgraphPatterns(snapshot, {
 *   pattern: {
 *     nodes: { author: { kind: "Person" }, book: { kind: "Book" } },
 *     edges: [{ from: "author", to: "book", type: "WROTE" }],
 *   },
 * });
 * ```
 */
export const findSubgraphPatterns: Task<FindSubgraphPatternsParams, SubgraphMatches> = defineTask(
  import.meta.url,
  "findSubgraphPatterns",
  (snapshot, params: FindSubgraphPatternsParams, context) => {
    if (context.worker > 0) return undefined as unknown as SubgraphMatches;
    const { search, names, unique, limit } = readerSearch(snapshot, params, "findSubgraphPatterns", context);
    return collect(search, names, unique, limit, context);
  },
);

/**
 * Matches as they are read: stop reading, and nothing more is done. As `findSubgraphs` in a projection, as `findSubgraphPatterns` in a
 * snapshot, a transaction or a database; there is no limit unless one is given. Iterating reads nothing of a database any more.
 *
 * @throws as these two, at once
 *
 * @example
 * ```ts ignore
 * for (const { author, book } of subgraphMatches(snapshot, { pattern })) {
 *   if (snapshot.nodeName(author) === "Ada") break;
 * }
 * ```
 */
export function subgraphMatches<S extends Schema = AnySchema>(
  source: Projection | GraphReader<S>,
  params: FindSubgraphPatternsParams,
): IterableIterator<SubgraphMatch> {
  return callHere("subgraphMatches", undefined, (context) => {
    const given = { ...checkObject(params, "subgraphMatches", "params"), limit: params.limit ?? LARGEST };
    // Patterns are not typed: a schema makes no difference.
    const { search, names, unique } = readerOrProjection(
      source as unknown as Projection | GraphReader,
      given as FindSubgraphPatternsParams,
      context,
    );
    return iterate(startSearch(search, unique, () => {}), search, names, params.limit ?? Infinity);
  });
}

/** More matches than anybody reads. */
const LARGEST = 50_000_000;

function* iterate(
  matching: MatchSearch,
  { graph: { nodeIds } }: Search,
  names: readonly string[],
  limit: number,
): IterableIterator<SubgraphMatch> {
  const { found } = matching;
  for (let count = 0; count < limit && matching.next(); count++) {
    yield Object.fromEntries(names.map((name, place) => [name, nodeIds[found[place] as number] as number]));
  }
}

interface NamedSearch {
  readonly search: Search;
  readonly names: readonly string[];
  readonly unique: boolean;
  readonly limit: number;
}

function readerOrProjection(
  source: Projection | GraphReader,
  params: FindSubgraphPatternsParams,
  context: TaskContext,
): NamedSearch {
  const call = "subgraphMatches";
  if ("project" in source) return readerSearch(source, params, call, context);
  const { induced, unique, limit, pattern: given } = checkParams(FIND_SUBGRAPHS_PARAMS, params, source, call);
  const pattern = checkSubgraphPattern(given, call);
  return { search: searchProjection(source, pattern, induced, call), names: pattern.names, unique, limit };
}

function readerSearch(
  reader: GraphReader,
  params: FindSubgraphPatternsParams,
  call: string,
  context: TaskContext,
): NamedSearch {
  const { types, ...rest } = checkObject(params, call, "params") as unknown as FindSubgraphPatternsParams;
  if (types !== undefined && !Array.isArray(types)) {
    throw invalid(call, "types", types, `is ${show(types)}; give an array of types`);
  }
  // None of these parameters is a node, so no projection is asked.
  const { induced, unique, limit, pattern: given } = checkParams(FIND_SUBGRAPHS_PARAMS, rest, undefined as never, call);
  const pattern = checkSubgraphPattern(given, call);
  return { search: searchReader(reader, pattern, induced, types, call, context), names: pattern.names, unique, limit };
}

/** A search that is about to begin. */
export function startSearch({ shape, graph }: Search, unique: boolean, onWork: (units: number) => void): MatchSearch {
  const pairs = unique ? symmetryPairs(shape, graph.layers.map(({ isUndirected }) => isUndirected), onWork) : [];
  return new MatchSearch(shape, graph, pairs, onWork);
}

function collect(
  search: Search,
  names: readonly string[],
  unique: boolean,
  limit: number,
  context: TaskContext,
): SubgraphMatches {
  context.throwIfAborted();
  const matching = startSearch(search, unique, (units) => {
    context.progress(units);
    context.throwIfAborted();
  });
  const lists = new NodeListsBuilder(search.graph.nodeIds);
  let isComplete = true;
  while (matching.next()) {
    if (lists.count === limit) {
      isComplete = false;
      break;
    }
    for (let place = 0; place < names.length; place++) lists.push(matching.found[place] as number);
    lists.endList();
  }
  matching.end();
  return {
    names,
    matches: lists.build(),
    searchOrder: matching.plan.map(({ place }) => names[place] as string),
    isComplete,
  };
}
