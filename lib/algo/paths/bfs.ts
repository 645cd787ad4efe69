/** Breadth-first search. */

import type { Algorithm } from "../define.ts";
import { Pace } from "../pace.ts";
import { checkParams } from "../params.ts";
import { BFS_DISTANCES_PARAMS, type BfsDistancesParams } from "./bfs_distances.ts";
import { defineForOneThread } from "../one_thread.ts";
import { SearchTree } from "./search_tree.ts";
import { linksOf, startIndexes } from "./starts.ts";

/**
 * Breadth-first search from the start, or from several starts at once: the nodes by distance, those of a level in the order of their
 * parents, children of one parent in ascending ids; the starts, in ascending ids, are first. `maxDepth` is the largest depth that is
 * visited. Weights, parallel edges and self-loops do not count.
 *
 * One thread; `bfsDistances` finds distances alone, on several threads and faster. Progress counts links that were followed. O(n + m).
 * Moore, The shortest path through a maze, 1959.
 *
 * @throws {InvalidArgumentError} for bad parameters
 * @throws {NotFoundError} for nodes that are not in the projection
 *
 * @example
 * ```ts ignore
 * for (const { nodeId, depth } of bfs(projection, { start: 1, maxDepth: 2 })) console.log(depth, nodeId);
 * ```
 */
export const bfs: Algorithm<BfsDistancesParams, SearchTree> = defineForOneThread(
  import.meta.url,
  "bfs",
  (projection, params: BfsDistancesParams, context) => {
    const checked = checkParams<BfsDistancesParams, "start" | "starts">(
      BFS_DISTANCES_PARAMS,
      params,
      projection,
      "bfs",
    );
    const starts = startIndexes(projection, checked, "bfs");
    const { offsets, targets } = linksOf(projection, checked.direction);
    const { nodeCount } = projection;
    const pace = new Pace(context, targets.length);
    const depths = new Int32Array(new SharedArrayBuffer(4 * nodeCount)).fill(-1);
    const parents = new Int32Array(new SharedArrayBuffer(4 * nodeCount)).fill(-1);
    const queue = new Int32Array(new SharedArrayBuffer(4 * nodeCount));
    let end = 0;
    for (const start of starts) {
      depths[start] = 0;
      queue[end++] = start;
    }
    for (let head = 0; head < end; head++) {
      const node = queue[head] as number;
      const depth = (depths[node] as number) + 1;
      if (depth > checked.maxDepth) break;
      const start = offsets[node] as number;
      const stop = offsets[node + 1] as number;
      for (let place = start; place < stop; place++) {
        const target = targets[place] as number;
        if ((depths[target] as number) >= 0) continue;
        depths[target] = depth;
        parents[target] = node;
        queue[end++] = target;
      }
      pace.step(stop - start);
    }
    pace.end();
    return SearchTree.of(projection, { order: queue.subarray(0, end), postOrder: undefined, depths, parents });
  },
);
