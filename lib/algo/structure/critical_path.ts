/** How long a plan takes, and which of its steps must not be late. */

import { InvalidArgumentError } from "../../backend/errors.ts";
import type { NodeId } from "../../backend/schema.ts";
import { type Algorithm, NodeValues } from "../define.ts";
import { checkParams } from "../params.ts";
import { defineForOneThread } from "../one_thread.ts";
import { requireDirected } from "../require.ts";
import { anyOrder, findCycleOutside } from "./topological_sort.ts";

/** Times of a plan. */
export interface CriticalPath {
  /** How long all takes: the length of the longest path. 0 without nodes. */
  readonly duration: number;
  /** The nodes of a longest path, in its order; empty without nodes. */
  readonly path: readonly NodeId[];
  /** When each node can be reached at the earliest: the length of the longest path to it, 0 where none leads. */
  readonly earliest: NodeValues;
  /** When each node may be reached at the latest, so that nothing takes longer. */
  readonly latest: NodeValues;
  /** How late each node may be: latest - earliest, 0 for nodes that must not be late. */
  readonly slack: NodeValues;
}

/**
 * The critical path of a directed graph without cycles: nodes are events, edges are steps from one event to a later one, and weights
 * how long they take. Without weights each edge takes 1. Of parallel edges the longest counts. Weights may be negative: then a node may be
 * reached before its predecessors.
 *
 * Of several longest paths, the one is returned that ends at the smallest node id and has, from there backwards, the smallest node id at
 * each step. Progress counts nodes, twice each.
 *
 * O(n + m). Kelley, Walker, Critical-path planning and scheduling, 1959.
 *
 * @throws {InvalidArgumentError} for a graph with a cycle, with the code `not-acyclic` and the nodes of the cycle as its value; for
 * an undirected projection, and for parameters: there are none
 *
 * @example
 * ```ts ignore
 * const plan = criticalPath(projectEdges({ from: [1, 1, 2], to: [2, 3, 3], weights: [2, 4, 3] }));
 * console.log(plan.duration, plan.path, plan.slack.get(2)); // 5 [1, 2, 3] 0
 * ```
 */
export const criticalPath: Algorithm<Record<never, never>, CriticalPath> = defineForOneThread(
  import.meta.url,
  "criticalPath",
  (projection, params: Record<never, never>, context) => {
    checkParams({}, params, projection, "criticalPath");
    requireDirected(projection, "criticalPath");
    const { nodeCount, nodeIds, out: { offsets, targets, weights } } = projection;
    const order = anyOrder(projection.out, context);
    if (order.length < nodeCount) throw notAcyclic(findCycleOutside(projection, order));
    const earliest = values(nodeCount);
    const latest = values(nodeCount);
    const slack = values(nodeCount);
    // The node before each one on a longest path to it; -1 where none leads.
    const before = new Int32Array(nodeCount).fill(-1);
    context.total(2 * nodeCount);
    let budget = 16_384;
    for (let at = 0; at < nodeCount; at++) {
      const node = order[at] as number;
      const time = earliest[node] as number;
      const end = offsets[node + 1] as number;
      for (let link = offsets[node] as number; link < end; link++) {
        const target = targets[link] as number;
        const reached = time + (weights === undefined ? 1 : weights[link] as number);
        const last = before[target] as number;
        const best = earliest[target] as number;
        if (last !== -1 && (reached < best || (reached === best && node >= last))) continue;
        earliest[target] = reached;
        before[target] = node;
      }
      budget -= 1 + end - (offsets[node] as number);
      if (budget > 0) continue;
      context.throwIfAborted();
      budget = 16_384;
    }
    let last = 0;
    for (let node = 1; node < nodeCount; node++) {
      if ((earliest[node] as number) > (earliest[last] as number)) last = node;
    }
    const duration = nodeCount === 0 ? 0 : earliest[last] as number;
    for (let at = nodeCount - 1; at >= 0; at--) {
      const node = order[at] as number;
      const end = offsets[node + 1] as number;
      let time = duration;
      for (let link = offsets[node] as number; link < end; link++) {
        const due = (latest[targets[link] as number] as number) - (weights === undefined ? 1 : weights[link] as number);
        if (due < time) time = due;
      }
      latest[node] = time;
      budget -= 1 + end - (offsets[node] as number);
      if (budget > 0) continue;
      context.throwIfAborted();
      budget = 16_384;
    }
    const path: NodeId[] = [];
    for (let node = nodeCount === 0 ? -1 : last; node !== -1; node = before[node] as number) {
      path.push(nodeIds[node] as number);
      // Sums in another order may differ in the last bits: what is on the path has no slack.
      latest[node] = earliest[node] as number;
    }
    for (let node = 0; node < nodeCount; node++) slack[node] = (latest[node] as number) - (earliest[node] as number);
    return {
      duration,
      path: path.reverse(),
      earliest: NodeValues.of(projection, earliest),
      latest: NodeValues.of(projection, latest),
      slack: NodeValues.of(projection, slack),
    };
  },
);

function values(nodeCount: number): Float64Array<SharedArrayBuffer> {
  return new Float64Array(new SharedArrayBuffer(8 * nodeCount));
}

function notAcyclic(cycle: readonly NodeId[]): InvalidArgumentError {
  const shown = cycle.length > 10
    ? `${cycle.slice(0, 10).join(" -> ")} -> ... (${cycle.length} nodes)`
    : cycle.join(" -> ");
  return new InvalidArgumentError(
    `criticalPath: the projection has the cycle ${shown} -> ${cycle[0]}; project without one of its edges`,
    { code: "not-acyclic", field: "projection", value: cycle },
  );
}
