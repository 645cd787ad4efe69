/** Components of nodes that can reach each other. */

import { type Algorithm, lookUp, NodeGroups } from "../define.ts";
import { checkParams } from "../params.ts";
import { defineForOneThread } from "../one_thread.ts";
import type { Rows, Watch } from "./rows.ts";

/**
 * Strongly connected components: two nodes are in one when each can reach the other along edges. A node on no cycle is a
 * component. In an undirected projection these are the connected components. Parallel edges and self-loops change nothing.
 *
 * The groups are numbered from the largest on, equal ones from that with the smallest node id on; `condensation` gives their
 * topological order. Progress counts nodes.
 *
 * O(n + m), with 13 bytes for each node besides the result. Pearce, A space-efficient algorithm for finding strongly connected
 * components, 2016 (after Tarjan 1972), without recursion.
 *
 * @throws {InvalidArgumentError} for parameters: there are none
 *
 * @example
 * ```ts ignore
 * const components = strongComponents(projectEdges({ from: [1, 2, 3], to: [2, 1, 1] }));
 * console.log([...components]); // [{ group: 0, nodeIds: [1, 2] }, { group: 1, nodeIds: [3] }]
 * ```
 */
export const strongComponents: Algorithm<Record<never, never>, NodeGroups> = defineForOneThread(
  import.meta.url,
  "strongComponents",
  (projection, params: Record<never, never>, context) => {
    checkParams({}, params, projection, "strongComponents");
    return NodeGroups.of(projection, strongLabels(projection.out, context).labels);
  },
);

/** Strong components by number. */
export interface StrongLabels {
  /** Number of components. */
  readonly count: number;
  /** Component of each node, from 0 on in a topological order: links between components lead to larger numbers. */
  readonly labels: Int32Array;
}

/**
 * Finds strong components.
 *
 * `ranks` of a node is 0 before it is met, then its place among the nodes that are not yet in a component (or the smallest such
 * place that it can reach), which is below every number of a component; these count down from n. So one comparison does for all.
 */
export function strongLabels({ offsets, targets }: Rows, context: Watch): StrongLabels {
  const nodeCount = offsets.length - 1;
  const ranks = new Int32Array(nodeCount);
  // From the left the path from the root to where the search is, from the right nodes that wait for their component.
  const stack = new Int32Array(nodeCount);
  // Next link of each node of the path.
  const cursors = new Uint32Array(nodeCount);
  const isOpen = new Uint8Array(nodeCount);
  let waiting = nodeCount;
  let rank = 1;
  let component = nodeCount;
  let budget = 16_384;
  let finished = 0;
  context.total(nodeCount);
  for (let root = 0; root < nodeCount; root++) {
    if (ranks[root] !== 0) continue;
    let depth = 0;
    let node = root;
    let low = rank++;
    ranks[node] = low;
    isOpen[node] = 0;
    let at = offsets[node] as number;
    let end = offsets[node + 1] as number;
    for (;;) {
      // Hot: links to nodes that were met.
      let next = -1;
      while (at < end) {
        const target = targets[at++] as number;
        const found = ranks[target] as number;
        if (found === 0) {
          next = target;
          break;
        }
        if (found < low) {
          low = found;
          isOpen[node] = 1;
        }
      }
      if (next >= 0) {
        if (--budget <= 0) {
          context.throwIfAborted();
          budget = 16_384;
        }
        ranks[node] = low;
        stack[depth] = node;
        cursors[depth] = at;
        depth++;
        node = next;
        low = rank++;
        ranks[node] = low;
        at = offsets[node] as number;
        end = offsets[node + 1] as number;
        continue;
      }
      ranks[node] = low;
      finished++;
      budget -= 1 + end - (offsets[node] as number);
      if (budget <= 0) {
        context.throwIfAborted();
        context.progress(finished);
        finished = 0;
        budget = 16_384;
      }
      if (isOpen[node] === 0) {
        // The node is the first one of a component.
        rank--;
        while (waiting < nodeCount && (ranks[stack[waiting] as number] as number) >= low) {
          ranks[stack[waiting] as number] = component;
          waiting++;
          rank--;
        }
        ranks[node] = component;
        component--;
      } else {
        stack[--waiting] = node;
      }
      if (depth === 0) break;
      const found = ranks[node] as number;
      depth--;
      node = stack[depth] as number;
      low = ranks[node] as number;
      at = cursors[depth] as number;
      end = offsets[node + 1] as number;
      if (found < low) {
        low = found;
        isOpen[node] = 1;
      }
    }
  }
  lookUp();
  for (let node = 0; node < nodeCount; node++) ranks[node] = (ranks[node] as number) - component - 1;
  context.progress(finished);
  return { count: nodeCount - component, labels: ranks };
}
