/** Networks in which nodes have a capacity. */

import type { Adjacency } from "../../projection/mod.ts";
import { filled, touched } from "../define.ts";
import type { Pace } from "../pace.ts";
import { directedNetwork, type FlowNetwork } from "./flow_network.ts";

/**
 * Each node is split in two: links enter node v at v and leave it at v + n, and 1 can flow from there to there. Parallel links count
 * as one, self-loops not at all. O(n + m).
 *
 * @param linkCapacity what can flow through a link
 */
export function splitNetwork({ offsets, targets }: Adjacency, linkCapacity: number, pace: Pace): FlowNetwork {
  const nodeCount = offsets.length - 1;
  const rows = touched(new Uint32Array(2 * nodeCount + 1));
  const heads = touched(new Uint32Array(nodeCount + targets.length));
  const capacities = filled(new Float64Array(nodeCount + targets.length), linkCapacity);
  for (let node = 0; node < nodeCount; node++) {
    rows[node + 1] = node + 1;
    heads[node] = node + nodeCount;
    capacities[node] = 1;
  }
  let next = nodeCount;
  for (let node = 0; node < nodeCount; node++) {
    const end = offsets[node + 1] as number;
    let last = node;
    for (let link = offsets[node] as number; link < end; link++) {
      const target = targets[link] as number;
      if (target === last || target === node) continue;
      last = target;
      heads[next++] = target;
    }
    rows[nodeCount + node + 1] = next;
    pace.step(0, 1 + end - (offsets[node] as number));
  }
  return directedNetwork({ offsets: rows, targets: heads.subarray(0, next) }, capacities, pace);
}
