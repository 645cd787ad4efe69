/** Links from each node to its neighbors of higher degree, which name each triangle once. */

import type { Projection } from "../../projection/mod.ts";
import { ParallelRange, type TaskContext } from "../define.ts";

/**
 * Undirected links without self-loops and parallels, each once. Rows are numbered by rank: that of the node with the highest
 * degree is 0. A row holds the ranks of the node's neighbors that are smaller than its own.
 */
export interface ForwardRows {
  /** Where each row begins; one more than there are rows. */
  readonly offsets: Uint32Array;
  /** Ranks. */
  readonly targets: Uint32Array;
  /** Dense index of the node with each rank. */
  readonly nodeOf: Uint32Array;
  /** Number of neighbors of each node, by dense index. */
  readonly degrees: Uint32Array<SharedArrayBuffer>;
}

/** The rows of an undirected projection. For all threads of a run together. O(n + m). */
export function forwardRows(projection: Projection, context: TaskContext): ForwardRows {
  const { nodeCount, out: { offsets: starts, targets: links } } = projection;
  const rankOf = new Uint32Array(context.sharedBuffer(4 * nodeCount));
  const nodeOf = new Uint32Array(context.sharedBuffer(4 * nodeCount));
  const degrees = new Uint32Array(context.sharedBuffer(4 * nodeCount));
  const offsets = new Uint32Array(context.sharedBuffer(4 * nodeCount + 4));
  if (context.worker === 0) rank(starts, rankOf, nodeOf);
  context.barrier();
  const nodes = new ParallelRange(context, nodeCount);
  while (nodes.next()) {
    for (let node = nodes.start; node < nodes.end; node++) {
      const end = starts[node + 1] as number;
      const own = rankOf[node] as number;
      let last = node;
      let degree = 0;
      let length = 0;
      for (let at = starts[node] as number; at < end; at++) {
        const target = links[at] as number;
        if (target === last || target === node) continue;
        last = target;
        degree++;
        if ((rankOf[target] as number) < own) length++;
      }
      degrees[node] = degree;
      offsets[own + 1] = length;
    }
  }
  if (context.worker === 0) {
    for (let row = 0; row < nodeCount; row++) {
      offsets[row + 1] = (offsets[row + 1] as number) + (offsets[row] as number);
    }
  }
  context.barrier();
  const targets = new Uint32Array(context.sharedBuffer(4 * (offsets[nodeCount] as number)));
  while (nodes.next()) {
    for (let node = nodes.start; node < nodes.end; node++) {
      const end = starts[node + 1] as number;
      const own = rankOf[node] as number;
      let last = node;
      let place = offsets[own] as number;
      for (let at = starts[node] as number; at < end; at++) {
        const target = links[at] as number;
        if (target === last || target === node) continue;
        last = target;
        const other = rankOf[target] as number;
        if (other < own) targets[place++] = other;
      }
    }
  }
  return { offsets, targets, nodeOf, degrees };
}

/** Numbers nodes by descending number of links, equal ones by dense index: sorted by counting. */
function rank(starts: Uint32Array, rankOf: Uint32Array, nodeOf: Uint32Array): void {
  const nodeCount = rankOf.length;
  let most = 0;
  for (let node = 0; node < nodeCount; node++) {
    const length = (starts[node + 1] as number) - (starts[node] as number);
    if (length > most) most = length;
  }
  const next = new Uint32Array(most + 2);
  for (let node = 0; node < nodeCount; node++) {
    const place = most - ((starts[node + 1] as number) - (starts[node] as number)) + 1;
    next[place] = (next[place] as number) + 1;
  }
  for (let place = 0; place <= most; place++) next[place + 1] = (next[place + 1] as number) + (next[place] as number);
  for (let node = 0; node < nodeCount; node++) {
    const place = most - ((starts[node + 1] as number) - (starts[node] as number));
    const found = next[place] as number;
    next[place] = found + 1;
    rankOf[node] = found;
    nodeOf[found] = node;
  }
}
