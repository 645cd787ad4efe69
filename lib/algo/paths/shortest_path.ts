/** The best path between two nodes. */

import type { Algorithm } from "../define.ts";
import { checkParams } from "../params.ts";
import {
  BIDIRECTIONAL_DIJKSTRA_PARAMS,
  type BidirectionalDijkstraParams,
  cheapestPath,
} from "./bidirectional_dijkstra.ts";
import { hopPath } from "./hop_path.ts";
import type { CostParams } from "./link_costs.ts";
import { defineForOneThread } from "../one_thread.ts";
import type { Path } from "./path.ts";

/**
 * The best path from one node to another; undefined when there is none: the cheapest one when the projection has weights or there is a
 * cost function (`bidirectionalDijkstra`), otherwise one with the fewest edges (`bidirectionalBfs`), whose cost is their number.
 *
 * @throws {InvalidArgumentError} for bad parameters, and for negative costs that it meets
 * @throws {NotFoundError} for nodes that are not in the projection
 *
 * @example
 * ```ts ignore
 * const path = shortestPath(projectEdges({ from: [1, 2, 3], to: [2, 3, 4] }), { from: 1, to: 4 });
 * console.log(path?.nodeIds); // [1, 2, 3, 4]
 * ```
 */
export const shortestPath: Algorithm<BidirectionalDijkstraParams, Path | undefined> = defineForOneThread(
  import.meta.url,
  "shortestPath",
  (projection, params: BidirectionalDijkstraParams, context) => {
    const checked = checkParams<BidirectionalDijkstraParams, keyof CostParams>(
      BIDIRECTIONAL_DIJKSTRA_PARAMS,
      params,
      projection,
      "shortestPath",
    );
    const { from, to, cost, where, whereEdge } = checked;
    if (!projection.hasWeights && cost === undefined && where === undefined && whereEdge === undefined) {
      return hopPath(projection, projection.indexOf(from), projection.indexOf(to), context);
    }
    return cheapestPath(projection, checked, context, "shortestPath", true);
  },
);
