/** Neighbors of nodes, each once. */

import type { Adjacency } from "../../backend/projection.ts";
import { ParallelRange, type TaskContext } from "../define.ts";

/** Links without self-loops and parallels, in compressed sparse rows of ascending targets. */
export interface NeighborRows {
  /** Where each row begins; one more than there are nodes. */
  readonly offsets: Uint32Array;
  /** Dense indexes of neighbors. */
  readonly targets: Uint32Array;
}

/** The rows of an adjacency: its own arrays when nothing is to be left out. For all threads of a run together. O(n + m). */
export function neighborRows({ offsets: starts, targets: links }: Adjacency, context: TaskContext): NeighborRows {
  const nodeCount = starts.length - 1;
  const offsets = new Uint32Array(context.sharedBuffer(4 * nodeCount + 4));
  const nodes = new ParallelRange(context, nodeCount);
  while (nodes.next()) {
    let sum = 0;
    for (let node = nodes.start; node < nodes.end; node++) {
      const end = starts[node + 1] as number;
      let last = node;
      let length = 0;
      for (let at = starts[node] as number; at < end; at++) {
        const target = links[at] as number;
        if (target === last || target === node) continue;
        last = target;
        length++;
      }
      offsets[node + 1] = length;
      sum += length;
    }
    nodes.put(sum);
  }
  if (nodes.sum() === links.length) return { offsets: starts, targets: links };
  if (context.worker === 0) {
    for (let node = 0; node < nodeCount; node++) {
      offsets[node + 1] = (offsets[node + 1] as number) + (offsets[node] as number);
    }
  }
  context.barrier();
  const targets = new Uint32Array(context.sharedBuffer(4 * (offsets[nodeCount] as number)));
  while (nodes.next()) {
    let place = offsets[nodes.start] as number;
    for (let node = nodes.start; node < nodes.end; node++) {
      const end = starts[node + 1] as number;
      let last = node;
      for (let at = starts[node] as number; at < end; at++) {
        const target = links[at] as number;
        if (target === last || target === node) continue;
        last = target;
        targets[place++] = target;
      }
    }
  }
  return { offsets, targets };
}
