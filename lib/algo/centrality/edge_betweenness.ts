/** How many shortest paths follow edges. */

import type { Projection } from "../../backend/projection.ts";
import type { Algorithm } from "../define.ts";
import { Pace } from "../pace.ts";
import { checkParams } from "../params.ts";
import { defineForOneThread } from "../one_thread.ts";
import { BETWEENNESS_PARAMS, type BetweennessParams } from "./betweenness_centrality.ts";
import { DependencySearch } from "./dependency_search.ts";
import { checkWeights } from "./link_weights.ts";
import { sampledNodes, withLinks } from "./sampled_nodes.ts";

/** Edges with scores, in flat arrays in shared memory. */
export interface EdgeScores {
  /** Number of edges. */
  readonly count: number;
  /** Id of the node that each edge leaves; in undirected projections that with the smaller id. Must not be changed. */
  readonly from: Float64Array<SharedArrayBuffer>;
  /** Id of the node that each edge enters. Must not be changed. */
  readonly to: Float64Array<SharedArrayBuffer>;
  /** Id of each edge, when the projection knows them. Must not be changed. */
  readonly edgeIds: Float64Array<SharedArrayBuffer> | undefined;
  /** Score of each edge. Must not be changed. */
  readonly scores: Float64Array<SharedArrayBuffer>;
}

/**
 * Betweenness of edges: for each pair of nodes, the part of the shortest paths between them that follow an edge; summed up, and where
 * `normalized` divided by the number of pairs: n (n - 1), or half of it in undirected projections, where a pair counts once. The result
 * is by ascending `from`, then `to`, then edge id. Parallel edges share the paths between their ends, where they are equally long;
 * self-loops have 0. Otherwise as `betweennessCentrality`, and equal to `networkx.edge_betweenness_centrality` for graphs without
 * parallel edges.
 *
 * One thread. Progress counts nodes that were searched from. O(n m), or O(samples m); weighted O(n (n + m) log n). 8 bytes for each
 * link besides the result. Brandes, On variants of shortest-path betweenness centrality and their generic computation, 2008.
 *
 * @throws {InvalidArgumentError} for bad parameters, missing weights and such as are not above 0
 */
export const edgeBetweenness: Algorithm<BetweennessParams, EdgeScores> = defineForOneThread(
  import.meta.url,
  "edgeBetweenness",
  (projection, params: BetweennessParams, context) => {
    const { samples, seed, weighted, normalized } = checkParams<BetweennessParams, "samples">(
      BETWEENNESS_PARAMS,
      params,
      projection,
      "edgeBetweenness",
    );
    if (weighted) checkWeights(projection, "edgeBetweenness", context, false);
    const { nodeCount } = projection;
    const chosen = sampledNodes(projection, samples, seed);
    const sources = withLinks(projection.out, chosen);
    context.total(sources.length);
    const linkSums = new Float64Array(projection.out.targets.length);
    const search = new DependencySearch(projection, weighted, () => context.throwIfAborted(), linkSums);
    for (let at = 0; at < sources.length; at++) {
      context.throwIfAborted();
      search.run(sources[at] as number);
      context.progress(1);
    }
    const pairs = normalized && nodeCount > 1 ? nodeCount * (nodeCount - 1) : projection.isUndirected ? 2 : 1;
    const pace = new Pace({ throwIfAborted: () => context.throwIfAborted(), progress() {}, total() {} });
    return edgeScores(projection, linkSums, nodeCount / Math.max(1, chosen.length) / pairs, pace);
  },
);

/** One score for each edge: in undirected projections that of both of its links. */
function edgeScores(projection: Projection, linkSums: Float64Array, scale: number, pace: Pace): EdgeScores {
  const { nodeCount, nodeIds, edgeCount, isUndirected, out: { offsets, targets, edgeIds } } = projection;
  const numbers = (): Float64Array<SharedArrayBuffer> => new Float64Array(new SharedArrayBuffer(8 * edgeCount));
  const [from, to, scores] = [numbers(), numbers(), numbers()];
  const ids = edgeIds === undefined ? undefined : numbers();
  // Rows ascend by target and edge: so the links back to smaller nodes come in the order in which these are met.
  const back = isUndirected ? offsets.slice(0, nodeCount) : new Uint32Array(0);
  let edge = 0;
  for (let node = 0; node < nodeCount; node++) {
    const start = offsets[node] as number;
    const end = offsets[node + 1] as number;
    for (let at = start; at < end; at++) {
      const target = targets[at] as number;
      if (isUndirected && target < node) continue;
      let sum = linkSums[at] as number;
      if (isUndirected && target > node) {
        const place = back[target] as number;
        back[target] = place + 1;
        sum += linkSums[place] as number;
      }
      from[edge] = nodeIds[node] as number;
      to[edge] = nodeIds[target] as number;
      if (ids !== undefined) ids[edge] = edgeIds?.[at] as number;
      scores[edge] = scale * sum;
      edge++;
    }
    pace.step(end - start, 1);
  }
  return { count: edgeCount, from, to, edgeIds: ids, scores };
}
