/** Dominance frontiers, in flat arrays. */

import type { Pace } from "../pace.ts";
import type { Rows } from "../structure/rows.ts";
import type { FlowTree } from "./flow_tree.ts";
import { newRows, type NodeRelationHandle } from "./node_relation.ts";

/**
 * The frontier of each node: Cooper, Harvey, Kennedy, A Simple, Fast Dominance Algorithm, 2001. For every node, from the source
 * of each link into it up the tree to its immediate dominator: it is in the frontiers of all that are passed. Nodes are taken in
 * ascending order, so rows are. O(m + size of the result).
 *
 * @param back the links into each node
 * @throws {InvalidArgumentError} when the result would be too large
 */
export function frontierRows(tree: FlowTree, back: Rows, call: string, pace: Pace): Omit<NodeRelationHandle, "nodes"> {
  const nodeCount = tree.numbers.length;
  const next = new Uint32Array(nodeCount);
  const rows = newRows(nodeCount, walkFrontiers(tree, back, pace, next, undefined), call);
  for (let node = 0; node < nodeCount; node++) {
    rows.offsets[node + 1] = (rows.offsets[node] as number) + (next[node] as number);
    pace.step(0, 1);
  }
  next.set(rows.offsets.subarray(0, nodeCount));
  walkFrontiers(tree, back, pace, next, rows.targets);
  return rows;
}

/** Moves the place of each node on by the size of its frontier, and writes the frontiers there; returns their size in all. */
function walkFrontiers(
  { numbers, order, dominators, count }: FlowTree,
  { offsets, targets }: Rows,
  pace: Pace,
  next: Uint32Array,
  members: Uint32Array | undefined,
): number {
  const nodeCount = numbers.length;
  // The last node whose links each vertex was passed for.
  const last = new Int32Array(count).fill(-1);
  let pairs = 0;
  for (let node = 0; node < nodeCount; node++) {
    const vertex = numbers[node] as number;
    if (vertex < 0) continue;
    const stop = dominators[vertex] as number;
    const start = offsets[node] as number;
    const end = offsets[node + 1] as number;
    const before = pairs;
    for (let at = start; at < end; at++) {
      let runner = numbers[targets[at] as number] as number;
      if (runner < 0) continue;
      // What is above a vertex that was passed for this node was passed as well.
      while (runner !== stop && last[runner] !== node) {
        last[runner] = node;
        const row = order[runner] as number;
        const place = next[row] as number;
        next[row] = place + 1;
        if (members !== undefined) members[place] = node;
        pairs++;
        runner = dominators[runner] as number;
      }
    }
    pace.step(end - start, 1 + pairs - before);
  }
  return pairs;
}
