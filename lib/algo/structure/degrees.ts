/** How many edges nodes have. */

import type { Projection } from "../../projection/mod.ts";
import { type Algorithm, NodeValues, type TaskContext } from "../define.ts";
import { checkParams, type ParamSpecs } from "../params.ts";
import { defineForOneThread } from "../one_thread.ts";

/** Parameters of `nodesByDegree` and `degreeHistogram`. */
export interface DegreeParams {
  /** Edges that leave a node (`out`), enter it (`in`), or `both` together, the default. Of undirected projections all are the same. */
  readonly direction?: "out" | "in" | "both" | undefined;
}

/** What `nodesByDegree` and `degreeHistogram` take. */
export const DEGREE_PARAMS: ParamSpecs<DegreeParams> = {
  direction: {
    kind: "choice",
    doc: "edges that leave a node, enter it, or both together",
    options: ["out", "in", "both"],
    default: "both",
  },
};

/**
 * The degree of each node: its number of edges. Parallel edges count each; a self-loop leaves its node and enters it, so that it
 * counts twice where both count, and in undirected projections. `top(10)` gives the nodes with the largest degrees, equal ones by id.
 * Progress counts nodes.
 *
 * O(n + m), for `out` O(n).
 *
 * @throws {InvalidArgumentError} for bad parameters
 *
 * @example
 * ```ts ignore
 * console.log(nodesByDegree(projectEdges({ from: [1, 2], to: [2, 3] })).top(1)); // [{ nodeId: 2, value: 2 }]
 * ```
 */
export const nodesByDegree: Algorithm<DegreeParams, NodeValues> = defineForOneThread(
  import.meta.url,
  "nodesByDegree",
  (projection, params: DegreeParams, context) => {
    const { direction } = checkParams(DEGREE_PARAMS, params, projection, "nodesByDegree");
    return NodeValues.of(projection, degreesOf(projection, direction, context));
  },
);

/** How many nodes have each degree. */
export interface DegreeHistogram {
  /** The degrees that nodes have, ascending. Must not be changed. */
  readonly degrees: Uint32Array<SharedArrayBuffer>;
  /** Number of nodes with each of these. Must not be changed. */
  readonly counts: Uint32Array<SharedArrayBuffer>;
}

/**
 * How many nodes have each degree; degrees as `nodesByDegree` counts them. Progress counts nodes.
 *
 * O(n + m), for `out` O(n).
 *
 * @throws {InvalidArgumentError} for bad parameters
 *
 * @example
 * ```ts ignore
 * const { degrees, counts } = degreeHistogram(projectEdges({ from: [1, 2], to: [2, 3] }));
 * console.log(degrees, counts); // [1, 2] [2, 1]
 * ```
 */
export const degreeHistogram: Algorithm<DegreeParams, DegreeHistogram> = defineForOneThread(
  import.meta.url,
  "degreeHistogram",
  (projection, params: DegreeParams, context) => {
    const { direction } = checkParams(DEGREE_PARAMS, params, projection, "degreeHistogram");
    const all = degreesOf(projection, direction, context);
    let most = 0;
    for (let node = 0; node < all.length; node++) most = Math.max(most, all[node] as number);
    const countOf = new Uint32Array(most + 1);
    for (let node = 0; node < all.length; node++) {
      const degree = all[node] as number;
      countOf[degree] = (countOf[degree] as number) + 1;
    }
    let length = 0;
    for (let degree = 0; degree <= most; degree++) if (countOf[degree] !== 0) length++;
    const degrees = new Uint32Array(new SharedArrayBuffer(4 * length));
    const counts = new Uint32Array(new SharedArrayBuffer(4 * length));
    for (let degree = 0, at = 0; degree <= most; degree++) {
      if (countOf[degree] === 0) continue;
      degrees[at] = degree;
      counts[at] = countOf[degree] as number;
      at++;
    }
    return { degrees, counts };
  },
);

/** The degree of each node. */
function degreesOf(
  projection: Projection,
  direction: "out" | "in" | "both",
  context: TaskContext,
): Uint32Array<SharedArrayBuffer> {
  const { nodeCount, isUndirected, out: { offsets, targets } } = projection;
  const degrees = new Uint32Array(new SharedArrayBuffer(4 * nodeCount));
  context.total(nodeCount);
  for (let start = 0; start < nodeCount; start += 16_384) {
    context.throwIfAborted();
    const last = Math.min(start + 16_384, nodeCount);
    for (let node = start; node < last; node++) {
      const first = offsets[node] as number;
      const end = offsets[node + 1] as number;
      if (isUndirected || direction !== "in") degrees[node] = (degrees[node] as number) + end - first;
      if (!isUndirected && direction === "out") continue;
      for (let at = first; at < end; at++) {
        const target = targets[at] as number;
        // In undirected graphs only a loop is one link in place of two.
        if (!isUndirected || target === node) degrees[target] = (degrees[target] as number) + 1;
      }
    }
    context.progress(last - start);
  }
  return degrees;
}
