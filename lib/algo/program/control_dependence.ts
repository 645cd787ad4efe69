/** Which decisions decide whether a node runs. */

import type { NodeId } from "../../backend/schema.ts";
import type { Algorithm } from "../define.ts";
import { checkParams } from "../params.ts";
import { defineForOneThread } from "../one_thread.ts";
import { frontierRows } from "./frontier_rows.ts";
import { inverseRows, NodeRelation } from "./node_relation.ts";
import { EXIT_PARAMS, type ExitParams, exitTree } from "./post_dominators.ts";

/** Control dependences, both ways round. */
export interface ControlDependences {
  /** The nodes at which flow ends, ascending: the given exit, or those that were found. */
  readonly exits: readonly NodeId[];
  /** For each node, those on whose decision it depends. */
  readonly dependencies: NodeRelation;
  /** For each node, those that depend on its decision. */
  readonly controls: NodeRelation;
}

/**
 * Control dependence: node b depends on node a when a has an edge from which every path to the exit passes b, and b does not
 * strictly post-dominate a: so a decides whether b runs. A node can depend on itself, as the head of a loop does. Nodes that run
 * in any case depend on nothing.
 *
 * The ends of control flow are those of `postDominators`. Nodes that cannot reach the exit take no part. Parallel edges change
 * nothing. Rows are in ascending ids. Progress counts links that are looked at.
 *
 * O(m log n + size of the result), which is at most 2^27 pairs. Ferrante, Ottenstein, Warren, The Program Dependence Graph and
 * Its Use in Optimization, 1987; found as dominance frontiers of the reversed graph, as in Cytron et al. 1991.
 *
 * @throws {NotFoundError} when the exit is not in the projection
 * @throws {InvalidArgumentError} for an undirected projection, for bad parameters, and when the result would be too large
 *
 * @example
 * ```ts ignore
 * const branch = projectEdges({ from: [1, 1, 2, 3], to: [2, 3, 4, 4] });
 * const { dependencies, controls } = controlDependenceGraph(branch, { exit: 4 });
 * console.log(dependencies.of(2), controls.of(1)); // [1] [2, 3]
 * ```
 */
export const controlDependenceGraph: Algorithm<ExitParams, ControlDependences> = defineForOneThread(
  import.meta.url,
  "controlDependenceGraph",
  (projection, params: ExitParams, context) => {
    const call = "controlDependenceGraph";
    const { exit } = checkParams<ExitParams, "exit">(EXIT_PARAMS, params, projection, call);
    const { tree, exits, pace } = exitTree(projection, exit, call, 4, context);
    const rows = frontierRows(tree, projection.out, call, pace);
    const controls = inverseRows(rows.offsets, rows.targets, pace);
    pace.end();
    return {
      exits: exits.map((node) => projection.nodeId(node)),
      dependencies: NodeRelation.of(projection, rows),
      controls: NodeRelation.of(projection, controls),
    };
  },
);
