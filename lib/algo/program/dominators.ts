/** Which nodes every path from an entry passes. */

import type { NodeId } from "../../backend/schema.ts";
import type { Projection } from "../../projection/mod.ts";
import type { Algorithm, TaskContext } from "../define.ts";
import { Pace } from "../pace.ts";
import { checkParams, type ParamSpecs } from "../params.ts";
import { defineForOneThread } from "../one_thread.ts";
import { requireDirected } from "../require.ts";
import { DominatorTree } from "./dominator_tree.ts";
import { type FlowTree, flowTree } from "./flow_tree.ts";

/** Where control flow begins. */
export interface EntryParams {
  /** The node at which all paths begin. */
  readonly entry: NodeId;
}

/** Parameters of algorithms on control flow from an entry. */
export const ENTRY_PARAMS: ParamSpecs<EntryParams> = {
  entry: { kind: "node", doc: "node at which all paths begin" },
};

/**
 * Dominators: node a dominates node b when every path from the entry to b passes a. The result is a tree, in which the ancestors
 * of a node are its dominators; it answers `dominates(a, b)` in O(1).
 *
 * Nodes that the entry cannot reach have no dominators and are not in the tree. Parallel edges and self-loops change nothing.
 * Progress counts links that are looked at.
 *
 * O(m log n) in practice; about 40 bytes for each node besides the result. Semi-NCA: Georgiadis, Linear-Time Algorithms for Dominators
 * and Related Problems, 2005 (after Lengauer and Tarjan 1979), without recursion.
 *
 * @throws {NotFoundError} when the entry is not in the projection
 * @throws {InvalidArgumentError} for an undirected projection and for bad parameters
 *
 * @example
 * ```ts ignore
 * const diamond = projectEdges({ from: [1, 1, 2, 3], to: [2, 3, 4, 4] });
 * const tree = dominators(diamond, { entry: 1 });
 * console.log(tree.immediateDominator(4), tree.dominates(2, 4)); // 1 false
 * ```
 */
export const dominators: Algorithm<EntryParams, DominatorTree> = defineForOneThread(
  import.meta.url,
  "dominators",
  (projection, params: EntryParams, context) => {
    const { entry } = checkParams(ENTRY_PARAMS, params, projection, "dominators");
    const { tree, pace } = entryTree(projection, entry, "dominators", 2, context);
    const found = DominatorTree.of(projection, tree, pace);
    pace.end();
    return found;
  },
);

/** What is reached from an entry, with dominators; `passes` is how often the algorithm looks at each link, twice of it here. */
export function entryTree(
  projection: Projection,
  entry: NodeId,
  call: string,
  passes: number,
  context: TaskContext,
): { readonly tree: FlowTree; readonly pace: Pace } {
  requireDirected(projection, call);
  const pace = new Pace(context, passes * projection.out.targets.length);
  return { tree: flowTree(projection.out, projection.in, [projection.indexOf(entry)], pace), pace };
}
