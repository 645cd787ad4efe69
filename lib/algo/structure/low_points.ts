/** Depth-first trees of undirected graphs, and how far back the links of each subtree lead. */

import type { TaskContext } from "../define.ts";
import type { Rows } from "./rows.ts";

/** A depth-first forest. */
export interface LowPoints {
  /** Nodes in the order in which they were met. */
  readonly order: Uint32Array;
  /** Place of each node in that order. */
  readonly places: Int32Array;
  /** Smallest place that a link of the node's subtree leads to, other than the link to the node's parent. */
  readonly lows: Int32Array;
  /** Parent of each node; -1 for roots. */
  readonly parents: Int32Array;
}

/**
 * Searches an undirected graph depth first, from the smallest node of each component on, links in their order. Of parallel links
 * to the parent, all but one count as links back. O(n + m), 20 bytes for each node. Hopcroft, Tarjan, Algorithm 447, 1973, without
 * recursion.
 */
export function lowPoints({ offsets, targets }: Rows, context: TaskContext): LowPoints {
  const nodeCount = offsets.length - 1;
  const places = new Int32Array(nodeCount).fill(-1);
  const lows = new Int32Array(nodeCount);
  const parents = new Int32Array(nodeCount).fill(-1);
  const order = new Uint32Array(nodeCount);
  // Next link of each node that the search is in.
  const cursors = new Uint32Array(nodeCount);
  let length = 0;
  let told = 0;
  let budget = 16_384;
  context.total(nodeCount);
  for (let root = 0; root < nodeCount; root++) {
    if (places[root] !== -1) continue;
    let node = root;
    let parent = -1;
    // The first link to the parent is the one that led here.
    let isParentDue = false;
    let low = length;
    places[node] = length;
    order[length++] = node;
    let at = offsets[node] as number;
    let end = offsets[node + 1] as number;
    for (;;) {
      let next = -1;
      // Hot: links to nodes that were met.
      while (at < end) {
        const target = targets[at++] as number;
        const place = places[target] as number;
        if (place === -1) {
          next = target;
          break;
        }
        if (target === parent && isParentDue) isParentDue = false;
        else if (place < low) low = place;
      }
      if (next >= 0) {
        lows[node] = low;
        cursors[node] = at;
        parents[next] = node;
        parent = node;
        isParentDue = true;
        node = next;
        low = length;
        places[node] = length;
        order[length++] = node;
        at = offsets[node] as number;
        end = offsets[node + 1] as number;
        continue;
      }
      lows[node] = low;
      budget -= 1 + end - (offsets[node] as number);
      if (budget <= 0) {
        context.throwIfAborted();
        context.progress(length - told);
        told = length;
        budget = 16_384;
      }
      if (parent === -1) break;
      const below = low;
      node = parent;
      parent = parents[node] as number;
      at = cursors[node] as number;
      end = offsets[node + 1] as number;
      low = lows[node] as number;
      if (below < low) low = below;
      // Targets ascend: when that of the link just followed is smaller, the links to the parent are still to come.
      isParentDue = parent > (targets[at - 1] as number);
    }
  }
  context.progress(length - told);
  return { order, places, lows, parents };
}
