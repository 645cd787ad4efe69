/** Parts of a graph that no single node can split. */

import { type Algorithm, filled, lookUp, type TaskContext, touched } from "../define.ts";
import { NodeLists } from "../node_lists.ts";
import { checkParams } from "../params.ts";
import { defineForOneThread } from "../one_thread.ts";
import { requireUndirected } from "../require.ts";
import { lowPoints } from "./low_points.ts";

/**
 * Biconnected components (blocks) of an undirected graph: the largest parts that stay connected when any one node is lost. A
 * bridge is a block of two nodes. Each edge between different nodes lies in exactly one block; a node is in several when it is an
 * articulation point, and in none when it has no edges but self-loops. Parallel edges and self-loops change nothing.
 *
 * Blocks are in ascending order of their nodes: of the first ones, then of the second ones; the nodes of each ascend. Progress counts
 * nodes.
 *
 * O(n + m). Hopcroft, Tarjan, Algorithm 447: efficient algorithms for graph manipulation, 1973, without recursion.
 *
 * @throws {InvalidArgumentError} for a directed projection, and for parameters: there are none
 *
 * @example
 * ```ts ignore
 * const blocks = biconnectedComponents(projectEdges({ from: [1, 2, 3, 3], to: [2, 3, 1, 4], undirected: true }));
 * console.log([...blocks]); // [[1, 2, 3], [3, 4]]
 * ```
 */
export const biconnectedComponents: Algorithm<Record<never, never>, NodeLists> = defineForOneThread(
  import.meta.url,
  "biconnectedComponents",
  (projection, params: Record<never, never>, context) => {
    checkParams({}, params, projection, "biconnectedComponents");
    requireUndirected(projection, "biconnectedComponents");
    const { nodeCount, nodeIds } = projection;
    const { order, places, lows, parents } = lowPoints(projection.out, context);
    // Each node but the roots belongs to the block of the edge to its parent; the block's first node in the search is its head.
    const blockOf = filled(new Int32Array(nodeCount), -1);
    const heads: number[] = [];
    for (let at = 0; at < nodeCount; at++) {
      if ((at & 65_535) === 0) context.throwIfAborted();
      const node = order[at] as number;
      const parent = parents[node] as number;
      if (parent === -1) continue;
      if ((lows[node] as number) < (places[parent] as number)) {
        blockOf[node] = blockOf[parent] as number;
      } else {
        blockOf[node] = heads.length;
        heads.push(parent);
      }
    }
    return listsOf(blockOf, heads, nodeIds, context);
  },
);

function listsOf(
  blockOf: Int32Array,
  heads: readonly number[],
  nodeIds: Float64Array,
  context: TaskContext,
): NodeLists {
  const count = heads.length;
  // The head is one more.
  const sizes = filled(new Uint32Array(count), 1);
  for (let node = 0; node < blockOf.length; node++) {
    if ((node & 65_535) === 0) context.throwIfAborted();
    const block = blockOf[node] as number;
    if (block >= 0) sizes[block] = (sizes[block] as number) + 1;
  }
  const next = new Uint32Array(count + 1);
  for (let block = 0; block < count; block++) next[block + 1] = (next[block] as number) + (sizes[block] as number);
  context.throwIfAborted();
  const starts = next.slice();
  const members = touched(new Uint32Array(starts[count] as number));
  for (let block = 0; block < count; block++) {
    if ((block & 65_535) === 0) context.throwIfAborted();
    members[next[block] as number] = heads[block] as number;
    next[block] = (next[block] as number) + 1;
  }
  for (let node = 0; node < blockOf.length; node++) {
    if ((node & 65_535) === 0) context.throwIfAborted();
    const block = blockOf[node] as number;
    if (block < 0) continue;
    members[next[block] as number] = node;
    next[block] = (next[block] as number) + 1;
  }
  for (let block = 0; block < count; block++) {
    if ((block & 65_535) === 0) context.throwIfAborted();
    // All but the head ascend already.
    const start = starts[block] as number;
    const end = starts[block + 1] as number;
    const head = members[start] as number;
    let at = start;
    while (at + 1 < end && (members[at + 1] as number) < head) {
      members[at] = members[at + 1] as number;
      at++;
    }
    members[at] = head;
  }
  return sortedLists(starts, members, nodeIds, context);
}

/** Puts lists in the order of their first two nodes, which tell them apart: two blocks share at most one node. */
function sortedLists(
  starts: Uint32Array,
  members: Uint32Array,
  nodeIds: Float64Array,
  context: TaskContext,
): NodeLists {
  const count = starts.length - 1;
  const nodeCount = nodeIds.length;
  // Sorting by two counts: first by the second nodes, then, keeping that order, by the first ones.
  const all = new Uint32Array(count);
  for (let block = 0; block < count; block++) all[block] = block;
  const bySecond = sortedByNode(all, starts, members, 1, nodeCount);
  context.throwIfAborted();
  const blocks = sortedByNode(bySecond, starts, members, 0, nodeCount);
  const offsets = new Uint32Array(new SharedArrayBuffer(4 * (count + 1)));
  const lists = new Float64Array(new SharedArrayBuffer(8 * members.length));
  let length = 0;
  for (let at = 0; at < count; at++) {
    if ((at & 65_535) === 0) context.throwIfAborted();
    const block = blocks[at] as number;
    const end = starts[block + 1] as number;
    for (let from = starts[block] as number; from < end; from++) {
      lists[length++] = nodeIds[members[from] as number] as number;
    }
    offsets[at + 1] = length;
  }
  return NodeLists.from({ offsets, nodeIds: lists });
}

/** The blocks by the node that each has at a place; equal ones stay in their order. O(n + b). */
function sortedByNode(
  blocks: Uint32Array,
  starts: Uint32Array,
  members: Uint32Array,
  place: number,
  nodeCount: number,
): Uint32Array {
  const next = touched(new Uint32Array(nodeCount + 1));
  for (let at = 0; at < blocks.length; at++) {
    if ((at & 65_535) === 0) lookUp();
    const node = members[(starts[blocks[at] as number] as number) + place] as number;
    next[node + 1] = (next[node + 1] as number) + 1;
  }
  for (let node = 0; node < nodeCount; node++) next[node + 1] = (next[node + 1] as number) + (next[node] as number);
  const sorted = touched(new Uint32Array(blocks.length));
  for (let at = 0; at < blocks.length; at++) {
    if ((at & 65_535) === 0) lookUp();
    const block = blocks[at] as number;
    const node = members[(starts[block] as number) + place] as number;
    const to = next[node] as number;
    next[node] = to + 1;
    sorted[to] = block;
  }
  return sorted;
}
