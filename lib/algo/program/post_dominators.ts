/** Which nodes every path to the exit passes. */

import type { NodeId } from "../../backend/schema.ts";
import type { Projection } from "../../projection/mod.ts";
import type { Algorithm, TaskContext } from "../define.ts";
import { Pace } from "../pace.ts";
import { checkParams, type ParamSpecs } from "../params.ts";
import { defineForOneThread } from "../one_thread.ts";
import { requireDirected } from "../require.ts";
import { strongLabels } from "../structure/strong_components.ts";
import { DominatorTree } from "./dominator_tree.ts";
import { type FlowTree, flowTree } from "./flow_tree.ts";

/** Where control flow ends. */
export interface ExitParams {
  /** The node at which all paths end; default: found, see `postDominators`. */
  readonly exit?: NodeId | undefined;
}

/** Parameters of algorithms on control flow to an exit. */
export const EXIT_PARAMS: ParamSpecs<ExitParams> = {
  exit: { kind: "node", optional: true, doc: "node at which all paths end; without it the ends are found" },
};

/**
 * Post-dominators: node a post-dominates node b when every path from b to the exit passes a. The result is a tree with the exit
 * as its root; nodes that cannot reach the exit are not in it.
 *
 * Without `exit`, flow ends at every node that no edge leaves, and in every infinite loop (a cycle of nodes that nothing leaves)
 * at the nodes through which the loop is entered, or at the one with the smallest id when nothing leads into it. If that is one
 * node, it is the exit. If there are several, a virtual exit behind them is the root: `root` is null, and so are the immediate
 * post-dominators of nodes whose paths meet nowhere else. So every node is in the tree.
 *
 * Parallel edges and self-loops change nothing. Progress counts links that are looked at (nodes, while the ends are looked for).
 * O(m log n) in practice. Semi-NCA on the reversed graph: see `dominators`.
 *
 * @throws {NotFoundError} when the exit is not in the projection
 * @throws {InvalidArgumentError} for an undirected projection and for bad parameters
 *
 * @example
 * ```ts ignore
 * const diamond = projectEdges({ from: [1, 1, 2, 3], to: [2, 3, 4, 4] });
 * console.log(postDominators(diamond).immediateDominator(1)); // 4
 * ```
 */
export const postDominators: Algorithm<ExitParams, DominatorTree> = defineForOneThread(
  import.meta.url,
  "postDominators",
  (projection, params: ExitParams, context) => {
    const { exit } = checkParams<ExitParams, "exit">(EXIT_PARAMS, params, projection, "postDominators");
    const { tree, pace } = exitTree(projection, exit, "postDominators", 2, context);
    const found = DominatorTree.of(projection, tree, pace);
    pace.end();
    return found;
  },
);

/** What leads to an exit, or to all ends, with post-dominators; `passes` as in `entryTree`. */
export function exitTree(
  projection: Projection,
  exit: NodeId | undefined,
  call: string,
  passes: number,
  context: TaskContext,
): { readonly tree: FlowTree; readonly exits: readonly number[]; readonly pace: Pace } {
  requireDirected(projection, call);
  const exits = exit === undefined ? endsOf(projection, context) : [projection.indexOf(exit)];
  const { length } = projection.out.targets;
  const pace = new Pace(context, passes * length + (exit === undefined ? projection.nodeCount + length : 0));
  return { tree: flowTree(projection.in, projection.out, exits, pace), exits, pace };
}

/** Where flow ends, as `postDominators` says: dense indexes, ascending. */
function endsOf({ out, nodeCount }: Projection, context: TaskContext): number[] {
  const { offsets, targets } = out;
  const { count, labels } = strongLabels(out, context);
  const pace = new Pace(context, nodeCount + targets.length);
  const isLeft = new Uint8Array(count);
  const isEntered = new Uint8Array(count);
  const isEntry = new Uint8Array(nodeCount);
  for (let node = 0; node < nodeCount; node++) {
    const label = labels[node] as number;
    const end = offsets[node + 1] as number;
    for (let at = offsets[node] as number; at < end; at++) {
      const target = targets[at] as number;
      const other = labels[target] as number;
      if (other === label) continue;
      isLeft[label] = 1;
      isEntered[other] = 1;
      isEntry[target] = 1;
    }
    pace.step(end - (offsets[node] as number), 1);
  }
  pace.end();
  const ends: number[] = [];
  for (let node = 0; node < nodeCount; node++) {
    const label = labels[node] as number;
    if (isLeft[label] === 1) continue;
    if (isEntered[label] === 0) {
      // Nothing leads into it: its first node stands for all.
      isEntered[label] = 1;
      ends.push(node);
    } else if (isEntry[node] === 1) {
      ends.push(node);
    }
  }
  return ends;
}
