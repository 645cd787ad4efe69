/** An undirected graph whose nodes are merged until few are left. */

import { copied, filled, lookUp, touched } from "../define.ts";
import type { Pace } from "../pace.ts";
import type { Rows } from "../structure/rows.ts";
import type { Capacities } from "./flow_network.ts";

/** The graph as it is now. */
export interface MergedGraph extends Rows {
  /** Weight of each link; parallel ones are one, and there are no self-loops. */
  readonly weights: Float64Array;
  /** Node now that each node of the first graph belongs to. */
  readonly nodeOf: Uint32Array;
}

/** The graph before nodes are merged. */
export function wholeGraph({ offsets, targets }: Rows, weights: Capacities, pace: Pace): MergedGraph {
  const nodeOf = new Uint32Array(offsets.length - 1);
  for (let node = 0; node < nodeOf.length; node++) nodeOf[node] = node;
  const links = typeof weights === "number" ? filled(new Float64Array(targets.length), weights) : weights;
  return merged({ offsets, targets, weights: links, nodeOf }, nodeOf.slice(), pace);
}

/**
 * Merges nodes. `parents` are trees of the nodes that become one: the smallest of these is the root, and its own parent; it is
 * changed. O(n + m).
 */
export function merged(
  { offsets, targets, weights, nodeOf }: MergedGraph,
  parents: Uint32Array,
  pace: Pace,
): MergedGraph {
  const oldCount = parents.length;
  const names = touched(new Uint32Array(oldCount));
  let count = 0;
  for (let node = 0; node < oldCount; node++) {
    const parent = parents[node] as number;
    names[node] = parent === node ? count++ : names[parent] as number;
  }
  // Nodes by the one that they become.
  const starts = touched(new Uint32Array(count + 1));
  for (let node = 0; node < oldCount; node++) {
    if ((node & 65_535) === 0) lookUp();
    const next = (names[node] as number) + 1;
    starts[next] = (starts[next] as number) + 1;
  }
  for (let node = 0; node < count; node++) starts[node + 1] = (starts[node + 1] as number) + (starts[node] as number);
  lookUp();
  const places = starts.slice();
  const members = touched(new Uint32Array(oldCount));
  for (let node = 0; node < oldCount; node++) {
    if ((node & 65_535) === 0) lookUp();
    const name = names[node] as number;
    const place = places[name] as number;
    members[place] = node;
    places[name] = place + 1;
  }
  const newOffsets = new Uint32Array(count + 1);
  const newTargets = new Uint32Array(targets.length);
  const newWeights = new Float64Array(targets.length);
  // Place of the link to each node, if it is in the row that is being made.
  const links = filled(new Int32Array(count), -1);
  let next = 0;
  for (let name = 0; name < count; name++) {
    const start = next;
    for (let member = starts[name] as number; member < (starts[name + 1] as number); member++) {
      const old = members[member] as number;
      const end = offsets[old + 1] as number;
      for (let link = offsets[old] as number; link < end; link++) {
        const target = names[targets[link] as number] as number;
        if (target === name) continue;
        const known = links[target] as number;
        if (known >= start) {
          newWeights[known] = (newWeights[known] as number) + (weights[link] as number);
          continue;
        }
        links[target] = next;
        newTargets[next] = target;
        newWeights[next++] = weights[link] as number;
      }
      pace.step(0, 1 + end - (offsets[old] as number));
    }
    newOffsets[name + 1] = next;
  }
  const newNodeOf = new Uint32Array(nodeOf.length);
  for (let node = 0; node < nodeOf.length; node++) {
    if ((node & 65_535) === 0) lookUp();
    newNodeOf[node] = names[nodeOf[node] as number] as number;
  }
  return {
    offsets: newOffsets,
    targets: copied(newTargets.subarray(0, next), new Uint32Array(next)),
    weights: copied(newWeights.subarray(0, next), new Float64Array(next)),
    nodeOf: newNodeOf,
  };
}

/** The root of a node's tree; trees get flatter on the way. */
export function rootOf(parents: Uint32Array, node: number): number {
  let at = node;
  for (let parent = parents[at] as number; parent !== at; parent = parents[at] as number) {
    const above = parents[parent] as number;
    parents[at] = above;
    at = above;
  }
  return at;
}

/** Makes one tree of two; the smaller root stays one. */
export function join(parents: Uint32Array, first: number, second: number): void {
  const [one, other] = [rootOf(parents, first), rootOf(parents, second)];
  if (one < other) parents[other] = one;
  else parents[one] = other;
}
