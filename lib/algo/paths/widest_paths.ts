/** The paths whose narrowest edge is the widest. */

import type { NodeId } from "../../backend/schema.ts";
import type { Algorithm } from "../define.ts";
import { Pace } from "../pace.ts";
import { checkParams, type ParamSpecs } from "../params.ts";
import { edgesOfPlaces } from "./cost_search.ts";
import { COST_PARAMS, type CostParams, LinkCosts } from "./link_costs.ts";
import { NodeHeap } from "./node_heap.ts";
import { defineForOneThread } from "../one_thread.ts";
import { PathTree } from "./path_tree.ts";
import { START_PARAMS, startIndexes, type StartParams } from "./starts.ts";

/** Parameters of `widestPaths`. */
export interface WidestPathsParams extends StartParams, CostParams {
  /** Stops when the path to this node is known; other nodes may be missing then. Default: goes on to all. */
  readonly target?: NodeId | undefined;
}

/** What `widestPaths` takes. */
export const WIDEST_PATHS_PARAMS: ParamSpecs<WidestPathsParams> = {
  ...START_PARAMS,
  target: { kind: "node", doc: "node to stop at", optional: true },
  ...COST_PARAMS,
};

/**
 * The widest path from the start to each node, or from any of several starts: the one whose narrowest edge is as wide as possible. The
 * `cost` of a path is the width of that edge; starts have Infinity. The width of an edge is its weight, or what `cost` says (Infinity:
 * it cannot be followed), and may be negative. Edges are followed in their direction; of parallel edges the widest counts. Only nodes
 * whose paths are final are in the result. Of equally wide paths it keeps the one whose last node but one was final first; nodes become
 * final from the widest on, then by id.
 *
 * One thread. Progress counts links that were followed. O((n + m) log n). Pollack, The maximum capacity through a network, 1960.
 *
 * @throws {InvalidArgumentError} for bad parameters, and without weights and cost function
 * @throws {NotFoundError} for nodes that are not in the projection
 */
export const widestPaths: Algorithm<WidestPathsParams, PathTree> = defineForOneThread(
  import.meta.url,
  "widestPaths",
  (projection, params: WidestPathsParams, context) => {
    const checked = checkParams<WidestPathsParams, keyof WidestPathsParams>(
      WIDEST_PATHS_PARAMS,
      params,
      projection,
      "widestPaths",
    );
    const starts = startIndexes(projection, checked, "widestPaths");
    const end = checked.target === undefined ? -1 : projection.indexOf(checked.target);
    const linkCosts = new LinkCosts(projection, checked, { call: "widestPaths", isNegativeFine: true });
    const { nodeCount } = projection;
    const { offsets, targets } = projection.out;
    const pace = new Pace(context, targets.length);
    const widths = new Float64Array(new SharedArrayBuffer(8 * nodeCount)).fill(-Infinity);
    const parents = new Int32Array(new SharedArrayBuffer(4 * nodeCount)).fill(-1);
    const places = new Int32Array(nodeCount);
    const heap = new NodeHeap(nodeCount);
    for (const start of starts) {
      widths[start] = Infinity;
      heap.put(start, -Infinity);
    }
    for (let node = heap.take(); node >= 0 && node !== end; node = heap.take()) {
      const width = widths[node] as number;
      const start = offsets[node] as number;
      const stop = offsets[node + 1] as number;
      for (let place = start; place < stop; place++) {
        const target = targets[place] as number;
        const link = linkCosts.of(place, node, target);
        const narrowest = link < width ? link : width;
        if (link === Infinity || narrowest <= (widths[target] as number)) continue;
        widths[target] = narrowest;
        parents[target] = node;
        places[target] = place;
        heap.put(target, -narrowest);
      }
      pace.step(stop - start + 1);
    }
    // What waits is not final.
    for (let node = heap.take(); node >= 0; node = heap.take()) {
      widths[node] = -Infinity;
      parents[node] = -1;
    }
    pace.end();
    return PathTree.of(projection, {
      costs: widths,
      parents,
      edges: edgesOfPlaces(projection, parents, places),
      none: -Infinity,
    });
  },
);
