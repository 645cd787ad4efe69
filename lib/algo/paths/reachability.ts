/** What can be reached. */

import type { Projection } from "../../backend/projection.ts";
import { type Algorithm, defineAlgorithm, type TaskContext } from "../define.ts";
import { NodeSet } from "../node_set.ts";
import { checkParams } from "../params.ts";
import { hopPath } from "./hop_path.ts";
import { hopDistances } from "./hop_search.ts";
import { defineForOneThread } from "../one_thread.ts";
import { linksOf, PAIR_PARAMS, type PairParams, START_PARAMS, startIndexes, type StartParams } from "./starts.ts";

/**
 * The nodes that can be reached from the start, or from any of several starts, which are among them. Edges are followed in their
 * direction. Weights, parallel edges and self-loops do not count.
 *
 * Threads share one run, and find the same. Progress counts nodes. O(n + m). See `bfsDistances`.
 *
 * @throws {InvalidArgumentError} for bad parameters
 * @throws {NotFoundError} for nodes that are not in the projection
 *
 * @example
 * ```ts ignore
 * console.log([...reachableFrom(projectEdges({ from: [1, 3], to: [2, 1] }), { start: 1 })]); // [1, 2]
 * ```
 */
export const reachableFrom: Algorithm<StartParams, NodeSet> = defineAlgorithm(
  import.meta.url,
  "reachableFrom",
  (projection, params: StartParams, context) => reached(projection, params, context, "reachableFrom", "out", true),
);

/** The nodes from which the start, or any of several starts, can be reached: `reachableFrom` against the direction of edges. */
export const reverseReachableFrom: Algorithm<StartParams, NodeSet> = defineAlgorithm(
  import.meta.url,
  "reverseReachableFrom",
  (projection, params: StartParams, context) =>
    reached(projection, params, context, "reverseReachableFrom", "in", true),
);

/** The nodes that cannot be reached from the start, nor from any of several starts: all but those of `reachableFrom`. */
export const unreachableFrom: Algorithm<StartParams, NodeSet> = defineAlgorithm(
  import.meta.url,
  "unreachableFrom",
  (projection, params: StartParams, context) => reached(projection, params, context, "unreachableFrom", "out", false),
);

/**
 * Whether a path leads from one node to another; each node reaches itself. It searches from both ends: see `bidirectionalBfs`.
 *
 * @throws {InvalidArgumentError} for bad parameters
 * @throws {NotFoundError} for nodes that are not in the projection
 */
export const canReach: Algorithm<PairParams, boolean> = defineForOneThread(
  import.meta.url,
  "canReach",
  (projection, params: PairParams, context) => {
    const { from, to } = checkParams(PAIR_PARAMS, params, projection, "canReach");
    return hopPath(projection, projection.indexOf(from), projection.indexOf(to), context) !== undefined;
  },
);

function reached(
  projection: Projection,
  params: StartParams,
  context: TaskContext,
  call: string,
  direction: "out" | "in",
  isWanted: boolean,
): NodeSet {
  const checked = checkParams<StartParams, keyof StartParams>(START_PARAMS, params, projection, call);
  const starts = startIndexes(projection, checked, call);
  const links = linksOf(projection, direction);
  const depths = hopDistances(context, links, projection.isUndirected ? links : undefined, starts, Infinity);
  const bits = new Int32Array(new SharedArrayBuffer(4 * (depths.length + 31 >>> 5)));
  for (let node = 0; node < depths.length; node++) {
    if ((depths[node] as number) >= 0 === isWanted) bits[node >>> 5] = (bits[node >>> 5] as number) | 1 << (node & 31);
  }
  return NodeSet.of(projection, bits);
}
