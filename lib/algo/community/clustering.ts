/** How often neighbors of a node are linked. */

import { type Algorithm, defineAlgorithm, NodeValues, ParallelRange } from "../define.ts";
import { checkParams } from "../params.ts";
import { requireUndirected } from "../require.ts";
import { forwardRows } from "./forward_rows.ts";
import { allTriangles, nodeTriangles } from "./triangles.ts";

/** Clustering coefficients. */
export interface Clustering {
  /** Coefficient of each node: from 0 to 1; 0 for nodes with fewer than two neighbors. */
  readonly coefficients: NodeValues;
  /** Mean of them all; 0 when there are no nodes. */
  readonly average: number;
}

/**
 * Local clustering coefficients of an undirected graph, and their mean: of the pairs of neighbors of a node, the part that is linked.
 * Parallel edges count once, self-loops not at all, weights do not count. Threads share one run. Progress counts nodes.
 *
 * O(m^1.5), as `triangles`. Watts, Strogatz, Collective dynamics of 'small-world' networks, 1998.
 *
 * @throws {InvalidArgumentError} for a directed projection, and for parameters: there are none
 *
 * @example
 * ```ts ignore
 * const graph = projectEdges({ from: [1, 2, 3, 3], to: [2, 3, 1, 4], undirected: true });
 * console.log(clusteringCoefficients(graph).coefficients.get(3)); // 1 of 3 pairs: 0.333
 * ```
 */
export const clusteringCoefficients: Algorithm<Record<never, never>, Clustering> = defineAlgorithm(
  import.meta.url,
  "clusteringCoefficients",
  (projection, params: Record<never, never>, context) => {
    checkParams({}, params, projection, "clusteringCoefficients");
    requireUndirected(projection, "clusteringCoefficients");
    const { nodeCount } = projection;
    context.total(nodeCount);
    const rows = forwardRows(projection, context);
    const { counts: values } = nodeTriangles(projection, rows, context);
    const nodes = new ParallelRange(context, nodeCount);
    while (nodes.next()) {
      let sum = 0;
      for (let node = nodes.start; node < nodes.end; node++) {
        const degree = rows.degrees[node] as number;
        if (degree < 2) continue;
        const coefficient = 2 * (values[node] as number) / (degree * (degree - 1));
        values[node] = coefficient;
        sum += coefficient;
      }
      nodes.put(sum);
    }
    const average = nodeCount === 0 ? 0 : nodes.sum() / nodeCount;
    return { coefficients: NodeValues.of(projection, values), average };
  },
);

/**
 * Transitivity of an undirected graph, also called its global clustering coefficient: of the pairs of edges that meet in a node, the
 * part whose other ends are linked, which is three times the number of triangles over the number of such pairs. 0 when there are
 * none. Parallel edges count once, self-loops not at all. Threads share one run. Progress counts nodes.
 *
 * O(m^1.5), as `triangleCount`. Newman, Strogatz, Watts, Random graphs with arbitrary degree distributions, 2001.
 *
 * @throws {InvalidArgumentError} for a directed projection, and for parameters: there are none
 *
 * @example
 * ```ts ignore
 * console.log(transitivity(projectEdges({ from: [1, 2, 3, 3], to: [2, 3, 1, 4], undirected: true }))); // 0.6
 * ```
 */
export const transitivity: Algorithm<Record<never, never>, number> = defineAlgorithm(
  import.meta.url,
  "transitivity",
  (projection, params: Record<never, never>, context) => {
    checkParams({}, params, projection, "transitivity");
    requireUndirected(projection, "transitivity");
    context.total(projection.nodeCount);
    const rows = forwardRows(projection, context);
    let pairs = 0;
    for (let node = 0; node < projection.nodeCount; node++) {
      const degree = rows.degrees[node] as number;
      pairs += degree * (degree - 1) / 2;
    }
    const triangles = allTriangles(rows, context);
    return pairs === 0 ? 0 : 3 * triangles / pairs;
  },
);
