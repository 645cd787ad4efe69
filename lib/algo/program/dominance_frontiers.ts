/** Where the dominance of nodes ends. */

import type { Algorithm } from "../define.ts";
import { checkParams } from "../params.ts";
import { defineForOneThread } from "../one_thread.ts";
import { ENTRY_PARAMS, type EntryParams, entryTree } from "./dominators.ts";
import { frontierRows } from "./frontier_rows.ts";
import { NodeRelation } from "./node_relation.ts";

/**
 * Dominance frontiers: node b is in the frontier of node a when a dominates the source of an edge into b, but does not strictly
 * dominate b. There paths that avoid a meet those that pass it; compilers put φ-functions there.
 *
 * `of(nodeId)` is the frontier of a node, in ascending ids; `inverse()` tells in whose frontiers it is. Nodes that the entry
 * cannot reach have no frontier, are in none, and their edges do not count. Parallel edges change nothing; a node with a
 * self-loop is in its own frontier. Progress counts links that are looked at.
 *
 * O(m log n + size of the result), which is at most 2^27 pairs. Cytron, Ferrante, Rosen, Wegman, Zadeck, Efficiently Computing
 * Static Single Assignment Form and the Control Dependence Graph, 1991; found as in Cooper, Harvey, Kennedy 2001.
 *
 * @throws {NotFoundError} when the entry is not in the projection
 * @throws {InvalidArgumentError} for an undirected projection, for bad parameters, and when the result would be too large
 *
 * @example
 * ```ts ignore
 * const diamond = projectEdges({ from: [1, 1, 2, 3], to: [2, 3, 4, 4] });
 * console.log(dominanceFrontiers(diamond, { entry: 1 }).of(2)); // [4]
 * ```
 */
export const dominanceFrontiers: Algorithm<EntryParams, NodeRelation> = defineForOneThread(
  import.meta.url,
  "dominanceFrontiers",
  (projection, params: EntryParams, context) => {
    const { entry } = checkParams(ENTRY_PARAMS, params, projection, "dominanceFrontiers");
    const { tree, pace } = entryTree(projection, entry, "dominanceFrontiers", 4, context);
    const rows = frontierRows(tree, projection.in, "dominanceFrontiers", pace);
    pace.end();
    return NodeRelation.of(projection, rows);
  },
);
