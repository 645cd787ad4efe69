/** The paths that distances come from. */

import type { Adjacency } from "../../backend/projection.ts";
import type { Pace } from "../pace.ts";

/** The last link of a path to each node. */
export interface Parents {
  /** Dense index of the node before each one, or -1. */
  readonly parents: Int32Array<SharedArrayBuffer>;
  /** Edge from there; undefined when edges are not known. */
  readonly edges: Float64Array<SharedArrayBuffer> | undefined;
}

/**
 * Finds the last link of a path to each node among those that explain its distance. The node before it is the one with the smallest
 * index of those that are nearer. Where none is nearer, since weights are 0, paths go on from the nodes that have one. O(n + m).
 */
export function parentsOf(
  links: Adjacency & { readonly weights: Float64Array },
  distances: Float64Array,
  starts: readonly number[],
  pace: Pace,
): Parents {
  const { offsets, targets, weights, edgeIds } = links;
  const nodeCount = distances.length;
  const parents = new Int32Array(new SharedArrayBuffer(4 * nodeCount)).fill(-1);
  const edges = edgeIds === undefined ? undefined : new Float64Array(new SharedArrayBuffer(8 * nodeCount));
  // Nodes in ascending order: the first one that explains a distance has the smallest index.
  for (let node = 0; node < nodeCount; node++) {
    const distance = distances[node] as number;
    if (distance === Infinity) continue;
    const start = offsets[node] as number;
    const stop = offsets[node + 1] as number;
    for (let place = start; place < stop; place++) {
      const target = targets[place] as number;
      const there = distances[target] as number;
      if (distance + (weights[place] as number) !== there || distance >= there || (parents[target] as number) >= 0) {
        continue;
      }
      parents[target] = node;
      if (edges !== undefined && edgeIds !== undefined) edges[target] = edgeIds[place] as number;
    }
    pace.step(stop - start + 1);
  }
  const found = { parents, edges };
  if (hasOrphans(distances, parents, starts)) adopt(links, distances, starts, found, pace);
  pace.end();
  return found;
}

function hasOrphans(distances: Float64Array, parents: Int32Array, starts: readonly number[]): boolean {
  let orphans = 0;
  for (let node = 0; node < distances.length; node++) {
    if (distances[node] !== Infinity && (parents[node] as number) < 0) orphans++;
  }
  return orphans > starts.length;
}

/** Finds parents at the same distance, breadth-first from all nodes that have one already, in ascending order. */
function adopt(
  { offsets, targets, weights, edgeIds }: Adjacency & { readonly weights: Float64Array },
  distances: Float64Array,
  starts: readonly number[],
  { parents, edges }: Parents,
  pace: Pace,
): void {
  const isStart = new Set(starts);
  const queue = new Int32Array(distances.length);
  let end = 0;
  for (let node = 0; node < distances.length; node++) {
    if ((parents[node] as number) >= 0 || isStart.has(node)) queue[end++] = node;
  }
  for (let head = 0; head < end; head++) {
    const node = queue[head] as number;
    const distance = distances[node] as number;
    const start = offsets[node] as number;
    const stop = offsets[node + 1] as number;
    for (let place = start; place < stop; place++) {
      const target = targets[place] as number;
      if (distances[target] !== distance || distance + (weights[place] as number) !== distance) continue;
      if ((parents[target] as number) >= 0 || isStart.has(target)) continue;
      parents[target] = node;
      if (edges !== undefined && edgeIds !== undefined) edges[target] = edgeIds[place] as number;
      queue[end++] = target;
    }
    pace.step(stop - start + 1);
  }
}
