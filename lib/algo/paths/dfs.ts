/** Depth-first search. */

import type { NodeId } from "../../backend/schema.ts";
import { type Algorithm, copied, filled } from "../define.ts";
import { Pace } from "../pace.ts";
import { checkParams, type ParamSpecs } from "../params.ts";
import { defineForOneThread } from "../one_thread.ts";
import { SearchTree } from "./search_tree.ts";
import { DIRECTION_PARAMS, type DirectionParams, linksOf } from "./starts.ts";

/** Parameters of `dfs`. */
export interface DfsParams extends DirectionParams {
  /** The node that it starts from. Default: it starts from each node that was not visited yet, in ascending ids. */
  readonly start?: NodeId | undefined;
}

/** What `dfs` takes. */
export const DFS_PARAMS: ParamSpecs<DfsParams> = {
  start: {
    kind: "node",
    doc: "node that it starts from; by default from each that was not visited yet",
    optional: true,
  },
  ...DIRECTION_PARAMS,
};

/**
 * Depth-first search: the nodes in pre-order and in post-order, as if it called itself for each neighbour in ascending ids that was not
 * visited yet. Depths are those in its tree, not distances. Weights, parallel edges and self-loops do not count. It uses no stack of
 * calls: chains of any length are fine.
 *
 * One thread. Progress counts nodes. O(n + m). Tarjan, Depth-first search and linear graph algorithms, 1972.
 *
 * @throws {InvalidArgumentError} for bad parameters
 * @throws {NotFoundError} for a start that is not in the projection
 */
export const dfs: Algorithm<DfsParams, SearchTree> = defineForOneThread(
  import.meta.url,
  "dfs",
  (projection, params: DfsParams, context) => {
    const checked = checkParams<DfsParams, "start">(DFS_PARAMS, params, projection, "dfs");
    const { offsets, targets } = linksOf(projection, checked.direction);
    const { nodeCount } = projection;
    const pace = new Pace(context);
    context.total(nodeCount);
    const only = checked.start === undefined ? -1 : projection.indexOf(checked.start);
    const depths = filled(new Int32Array(new SharedArrayBuffer(4 * nodeCount)), -1);
    const parents = filled(new Int32Array(new SharedArrayBuffer(4 * nodeCount)), -1);
    const order = new Int32Array(new SharedArrayBuffer(4 * nodeCount));
    const postOrder = new Int32Array(new SharedArrayBuffer(4 * nodeCount));
    // The link of each node that is next; the way back is in `parents`.
    const next = copied(offsets, new Uint32Array(nodeCount + 1));
    let entered = 0;
    let left = 0;
    for (let root = Math.max(only, 0); root < (only < 0 ? nodeCount : only + 1); root++) {
      if ((depths[root] as number) >= 0) continue;
      depths[root] = 0;
      order[entered++] = root;
      for (let node = root; node >= 0;) {
        const stop = offsets[node + 1] as number;
        const start = next[node] as number;
        let place = start;
        while (place < stop && (depths[targets[place] as number] as number) >= 0) place++;
        if (place < stop) {
          const child = targets[place] as number;
          next[node] = place + 1;
          depths[child] = (depths[node] as number) + 1;
          parents[child] = node;
          order[entered++] = child;
          node = child;
          pace.step(0, place + 1 - start);
        } else {
          postOrder[left++] = node;
          pace.step(1, place - start);
          node = parents[node] as number;
        }
      }
    }
    pace.end();
    return SearchTree.of(projection, {
      order: order.subarray(0, entered),
      postOrder: postOrder.subarray(0, left),
      depths,
      parents,
    });
  },
);
