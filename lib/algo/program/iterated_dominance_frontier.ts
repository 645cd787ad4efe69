/** Where definitions meet. */

import type { NodeId } from "../../backend/schema.ts";
import type { Algorithm } from "../define.ts";
import type { Pace } from "../pace.ts";
import { checkParams, type ParamSpecs } from "../params.ts";
import { defineForOneThread } from "../one_thread.ts";
import type { Rows } from "../structure/rows.ts";
import { entryTree } from "./dominators.ts";
import type { FlowTree } from "./flow_tree.ts";

/** Parameters of `iteratedDominanceFrontier`. */
export interface IteratedFrontierParams {
  /** The node at which all paths begin. */
  readonly entry: NodeId;
  /** The nodes whose frontier is wanted, such as those that define a variable. */
  readonly nodes: ArrayLike<NodeId>;
}

/** Its parameters. */
export const ITERATED_FRONTIER_PARAMS: ParamSpecs<IteratedFrontierParams> = {
  entry: { kind: "node", doc: "node at which all paths begin" },
  nodes: { kind: "nodes", doc: "nodes whose frontier is wanted, such as those that define a variable" },
};

/**
 * Iterated dominance frontier of a set of nodes: their dominance frontiers, the frontiers of the nodes in these, and so on. For
 * the nodes that define a variable it is where a compiler puts φ-functions.
 *
 * The result is in ascending ids. A given node is in it only when it is in such a frontier. Nodes that the entry cannot reach
 * have no frontier. Parallel edges change nothing. Progress counts links that are looked at.
 *
 * O(m log n): dominators, then one visit of each node, without the frontiers themselves. Cytron et al. 1991; found as in Sreedhar
 * and Gao, A Linear Time Algorithm for Placing φ-Nodes, 1995.
 *
 * @throws {NotFoundError} when a node is not in the projection
 * @throws {InvalidArgumentError} for an undirected projection and for bad parameters
 *
 * @example
 * ```ts ignore
 * const loop = projectEdges({ from: [1, 2, 3, 2], to: [2, 3, 2, 4] });
 * console.log(iteratedDominanceFrontier(loop, { entry: 1, nodes: [3] })); // [2]
 * ```
 */
export const iteratedDominanceFrontier: Algorithm<IteratedFrontierParams, NodeId[]> = defineForOneThread(
  import.meta.url,
  "iteratedDominanceFrontier",
  (projection, params: IteratedFrontierParams, context) => {
    const call = "iteratedDominanceFrontier";
    const { entry, nodes } = checkParams(ITERATED_FRONTIER_PARAMS, params, projection, call);
    const { tree, pace } = entryTree(projection, entry, call, 3, context);
    const isMember = placeJoins(tree, projection.out, Array.from(nodes, (id) => projection.indexOf(id)), pace);
    const found: NodeId[] = [];
    for (let node = 0; node < projection.nodeCount; node++) {
      pace.step(0, 1);
      const vertex = tree.numbers[node] as number;
      if (vertex >= 0 && isMember[vertex] === 1) found.push(projection.nodeId(node));
    }
    pace.end();
    return found;
  },
);

/** Marks the vertices of the iterated frontier: from the deepest given node on, each subtree of the dominator tree once. */
function placeJoins(
  { count, numbers, order, dominators }: FlowTree,
  { offsets, targets }: Rows,
  nodes: readonly number[],
  pace: Pace,
): Uint8Array {
  const { firstChild, nextChild, levels, deepest } = childrenOf(dominators, pace);
  const isMember = new Uint8Array(count);
  const isVisited = new Uint8Array(count);
  const isWaiting = new Uint8Array(count);
  // Vertices that wait, in lists by their level.
  const heads = new Int32Array(deepest + 1).fill(-1);
  const rest = new Int32Array(count);
  const wait = (vertex: number): void => {
    if (isWaiting[vertex] === 1) return;
    isWaiting[vertex] = 1;
    const level = levels[vertex] as number;
    rest[vertex] = heads[level] as number;
    heads[level] = vertex;
  };
  for (const node of nodes) if ((numbers[node] as number) >= 0) wait(numbers[node] as number);
  const stack = new Int32Array(count);
  for (let level = deepest; level >= 0; level--) {
    while ((heads[level] as number) >= 0) {
      const top = heads[level] as number;
      heads[level] = rest[top] as number;
      if (isVisited[top] === 1) continue;
      isVisited[top] = 1;
      let depth = 0;
      stack[depth++] = top;
      while (depth > 0) {
        const vertex = stack[--depth] as number;
        const node = order[vertex] as number;
        const start = offsets[node] as number;
        const end = offsets[node + 1] as number;
        for (let at = start; at < end; at++) {
          const target = numbers[targets[at] as number] as number;
          // Everything at this level or above it lies outside of what `top` strictly dominates.
          if ((levels[target] as number) > level || isMember[target] === 1) continue;
          isMember[target] = 1;
          wait(target);
        }
        for (let child = firstChild[vertex] as number; child >= 0; child = nextChild[child] as number) {
          if (isVisited[child] === 1) continue;
          isVisited[child] = 1;
          stack[depth++] = child;
        }
        pace.step(end - start, 1);
      }
    }
  }
  return isMember;
}

/** Children and depth of each vertex of a tree whose parents have smaller numbers. */
function childrenOf(parents: Int32Array, pace: Pace): {
  readonly firstChild: Int32Array;
  readonly nextChild: Int32Array;
  readonly levels: Int32Array;
  readonly deepest: number;
} {
  const firstChild = new Int32Array(parents.length).fill(-1);
  const nextChild = new Int32Array(parents.length).fill(-1);
  const levels = new Int32Array(parents.length);
  let deepest = 0;
  for (let vertex = 1; vertex < parents.length; vertex++) {
    const parent = parents[vertex] as number;
    nextChild[vertex] = firstChild[parent] as number;
    firstChild[parent] = vertex;
    const level = (levels[parent] as number) + 1;
    levels[vertex] = level;
    if (level > deepest) deepest = level;
    pace.step(0, 1);
  }
  return { firstChild, nextChild, levels, deepest };
}
