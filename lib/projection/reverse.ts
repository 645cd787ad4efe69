/** The links that enter each node, made from those that leave it. */

import type { Adjacency } from "../backend/projection.ts";
import { lookUp } from "./current_run.ts";
import { touched } from "./memory.ts";

/** Links between two looks at the signal. */
const CHECK_EVERY = 65_536;

/**
 * Turns links round by counting: rows ascend by target and edge id, because the rows that are read ascend by both. Every place
 * is written once and with the same content whoever writes it, so that two threads may do it at the same time. O(n + m).
 *
 * @throws when the run of this thread was cancelled
 */
export function fillReverse(from: Adjacency, to: Adjacency): void {
  const { offsets, targets } = from;
  const nodeCount = offsets.length - 1;
  // Where the next link of each node goes; private, unlike the result.
  const next = touched(new Uint32Array(nodeCount + 1));
  for (let start = 0; start < targets.length; start += CHECK_EVERY) {
    lookUp();
    const end = Math.min(start + CHECK_EVERY, targets.length);
    for (let at = start; at < end; at++) {
      const place = (targets[at] as number) + 1;
      next[place] = (next[place] as number) + 1;
    }
  }
  for (let node = 0; node < nodeCount; node++) {
    next[node + 1] = (next[node + 1] as number) + (next[node] as number);
  }
  to.offsets.set(next);
  // Links go to places all over these.
  touched(to.targets);
  if (to.edgeIds !== undefined) touched(to.edgeIds);
  if (to.weights !== undefined) touched(to.weights);
  let budget = CHECK_EVERY;
  for (let node = 0; node < nodeCount; node++) {
    const start = offsets[node] as number;
    const end = offsets[node + 1] as number;
    for (let at = start; at < end; at++) {
      const target = targets[at] as number;
      const place = next[target] as number;
      next[target] = place + 1;
      to.targets[place] = node;
      if (from.edgeIds !== undefined && to.edgeIds !== undefined) to.edgeIds[place] = from.edgeIds[at] as number;
      if (from.weights !== undefined && to.weights !== undefined) to.weights[place] = from.weights[at] as number;
    }
    budget -= 1 + end - start;
    if (budget > 0) continue;
    lookUp();
    budget = CHECK_EVERY;
  }
}
