/** Traversals as tasks, for `graph.run`: the same calls that a snapshot has, on a thread of the pool. */

import type { BfsOptions, EdgeFilter, GraphPattern, MatchOptions } from "../backend/query.ts";
import type { NodeId } from "../backend/schema.ts";
import { defineTask, type Task } from "../task/task.ts";

/** Breadth-first search: what it starts at, and its options. */
export interface BfsParams extends BfsOptions {
  /** The first node. */
  readonly start: NodeId;
}

/** Nodes within so many steps. */
export interface KHopParams extends EdgeFilter {
  /** The node in the middle, which is no result. */
  readonly start: NodeId;
  /** Number of steps. */
  readonly depth: number;
}

/** The ends of a path. */
export interface ShortestPathParams extends EdgeFilter {
  /** Where it starts. */
  readonly from: NodeId;
  /** Where it ends. */
  readonly to: NodeId;
}

/** A pattern, and how it is matched. */
export interface MatchPatternParams extends MatchOptions {
  /** What is looked for. */
  readonly pattern: GraphPattern;
}

/** `snapshot.bfs` on another thread. */
export const bfsTask: Task<BfsParams, NodeId[]> = defineTask(
  import.meta.url,
  "sqlitegraph:bfs",
  (snapshot, { start, ...options }: BfsParams) => snapshot.bfs(start, options),
);

/** `snapshot.kHop` on another thread. */
export const kHopTask: Task<KHopParams, NodeId[]> = defineTask(
  import.meta.url,
  "sqlitegraph:kHop",
  (snapshot, { start, depth, ...filter }: KHopParams) => snapshot.kHop(start, depth, filter),
);

/** `snapshot.shortestPath` on another thread. */
export const shortestPathTask: Task<ShortestPathParams, NodeId[] | undefined> = defineTask(
  import.meta.url,
  "sqlitegraph:shortestPath",
  (snapshot, { from, to, ...filter }: ShortestPathParams) => snapshot.shortestPath(from, to, filter),
);

/** `snapshot.matchPattern` on another thread. */
export const matchPatternTask: Task<MatchPatternParams, NodeId[][]> = defineTask(
  import.meta.url,
  "sqlitegraph:matchPattern",
  (snapshot, { pattern, ...options }: MatchPatternParams) => snapshot.matchPattern(pattern, options),
);
