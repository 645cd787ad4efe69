/** Networks of arcs, each with its opposite. */

import { lookUp, touched } from "../define.ts";
import type { Pace } from "../pace.ts";
import type { Rows } from "../structure/rows.ts";

/** Arcs in compressed sparse rows, as an `Adjacency`; what can still flow through each of them changes. */
export interface FlowNetwork {
  /** Where the arcs that leave each node begin; one more than there are nodes. */
  readonly offsets: Uint32Array;
  /** Node at the other end of each arc. */
  readonly heads: Uint32Array;
  /** The opposite of each arc: what flows through one gives room to the other. */
  readonly mates: Uint32Array;
  /** What can still flow through each arc. */
  readonly residuals: Float64Array;
  /** How far behind its link each arc of a row is; undefined when links and arcs are the same. */
  readonly shifts: Uint32Array | undefined;
}

/** Capacity of each link; a number when they are all the same. */
export type Capacities = Float64Array | number;

/**
 * The network of links that are followed one way: the arcs of a node are its links, then the opposites of those that enter it.
 * Nothing flows through self-loops. O(n + m).
 */
export function directedNetwork(
  { offsets, targets }: Rows,
  capacities: Capacities,
  pace: Pace,
): FlowNetwork {
  const nodeCount = offsets.length - 1;
  const linkCount = targets.length;
  // How many links enter the nodes before each one.
  const shifts = touched(new Uint32Array(nodeCount + 1));
  for (let node = 0; node < nodeCount; node++) {
    const end = offsets[node + 1] as number;
    for (let link = offsets[node] as number; link < end; link++) {
      const next = (targets[link] as number) + 1;
      shifts[next] = (shifts[next] as number) + 1;
    }
    pace.step(0, 1 + end - (offsets[node] as number));
  }
  for (let node = 0; node < nodeCount; node++) {
    shifts[node + 1] = (shifts[node + 1] as number) + (shifts[node] as number);
  }
  lookUp();
  const next = shifts.slice();
  lookUp();
  const rows = new Uint32Array(nodeCount + 1);
  for (let node = 0; node <= nodeCount; node++) rows[node] = (offsets[node] as number) + (shifts[node] as number);
  const heads = touched(new Uint32Array(2 * linkCount));
  const mates = touched(new Uint32Array(2 * linkCount));
  const residuals = touched(new Float64Array(2 * linkCount));
  for (let node = 0; node < nodeCount; node++) {
    const end = offsets[node + 1] as number;
    for (let link = offsets[node] as number; link < end; link++) {
      const target = targets[link] as number;
      const arc = link + (shifts[node] as number);
      const back = (offsets[target + 1] as number) + (next[target] as number);
      next[target] = (next[target] as number) + 1;
      heads[arc] = target;
      heads[back] = node;
      mates[arc] = back;
      mates[back] = arc;
      residuals[arc] = target === node ? 0 : typeof capacities === "number" ? capacities : capacities[link] as number;
    }
    pace.step(0, 1 + end - (offsets[node] as number));
  }
  return { offsets: rows, heads, mates, residuals, shifts };
}

/** The network of links that can be followed both ways: the two links of an edge are opposites. O(n + m). */
export function undirectedNetwork({ offsets, targets }: Rows, capacities: Capacities, pace: Pace): FlowNetwork {
  const nodeCount = offsets.length - 1;
  const mates = touched(new Uint32Array(targets.length));
  const residuals = touched(new Float64Array(targets.length));
  // The links of a node to smaller ones are in the order in which these are reached.
  const next = offsets.slice();
  for (let node = 0; node < nodeCount; node++) {
    const end = offsets[node + 1] as number;
    for (let link = offsets[node] as number; link < end; link++) {
      const target = targets[link] as number;
      if (target < node) continue;
      if (target === node) {
        mates[link] = link;
        continue;
      }
      const back = next[target] as number;
      next[target] = back + 1;
      mates[link] = back;
      mates[back] = link;
      const capacity = typeof capacities === "number" ? capacities : capacities[link] as number;
      residuals[link] = capacity;
      residuals[back] = capacity;
    }
    pace.step(0, 1 + end - (offsets[node] as number));
  }
  return { offsets, heads: targets, mates, residuals, shifts: undefined };
}

/** Nodes from which something can still flow to a node: 1, others 0. */
export function reaching({ offsets, heads, mates, residuals }: FlowNetwork, sink: number, pace: Pace): Uint8Array {
  const nodeCount = offsets.length - 1;
  const isReaching = touched(new Uint8Array(nodeCount));
  const queue = new Uint32Array(nodeCount);
  queue[0] = sink;
  isReaching[sink] = 1;
  for (let first = 0, last = 1; first < last; first++) {
    const node = queue[first] as number;
    const end = offsets[node + 1] as number;
    for (let arc = offsets[node] as number; arc < end; arc++) {
      const head = heads[arc] as number;
      if (isReaching[head] === 1 || !((residuals[mates[arc] as number] as number) > 0)) continue;
      isReaching[head] = 1;
      queue[last++] = head;
    }
    pace.step(1 + end - (offsets[node] as number));
  }
  return isReaching;
}
