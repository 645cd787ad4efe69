/** The links that enter each node, made from those that leave it. */

import type { Adjacency } from "../backend/projection.ts";

/**
 * Turns links round by counting: rows ascend by target and edge id, because the rows that are read ascend by both. Every place
 * is written once and with the same content whoever writes it, so that two threads may do it at the same time. O(n + m).
 */
export function fillReverse(from: Adjacency, to: Adjacency): void {
  const { offsets, targets } = from;
  const nodeCount = offsets.length - 1;
  // Where the next link of each node goes; private, unlike the result.
  const next = new Uint32Array(nodeCount + 1);
  for (let at = 0; at < targets.length; at++) {
    const place = (targets[at] as number) + 1;
    next[place] = (next[place] as number) + 1;
  }
  for (let node = 0; node < nodeCount; node++) {
    next[node + 1] = (next[node + 1] as number) + (next[node] as number);
  }
  to.offsets.set(next);
  for (let node = 0; node < nodeCount; node++) {
    const end = offsets[node + 1] as number;
    for (let at = offsets[node] as number; at < end; at++) {
      const target = targets[at] as number;
      const place = next[target] as number;
      next[target] = place + 1;
      to.targets[place] = node;
      if (from.edgeIds !== undefined && to.edgeIds !== undefined) to.edgeIds[place] = from.edgeIds[at] as number;
      if (from.weights !== undefined && to.weights !== undefined) to.weights[place] = from.weights[at] as number;
    }
  }
}
