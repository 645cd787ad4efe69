/** Edges as results. */

import { lookUp, touched } from "../define.ts";

/** Edges between nodes, in flat arrays in shared memory. */
export interface EdgeList {
  /** Number of edges. */
  readonly count: number;
  /** Id of the node that each edge leaves. Must not be changed. */
  readonly from: Float64Array<SharedArrayBuffer>;
  /** Id of the node that each edge enters. Must not be changed. */
  readonly to: Float64Array<SharedArrayBuffer>;
}

/** The edges of pairs of dense indexes, by ascending `from`, then `to`. O(n + m). */
export function edgeList(from: ArrayLike<number>, to: ArrayLike<number>, nodeIds: Float64Array): EdgeList {
  const count = from.length;
  lookUp();
  const all = new Uint32Array(count);
  for (let at = 0; at < count; at++) all[at] = at;
  const places = sorted(sorted(all, to, nodeIds.length), from, nodeIds.length);
  const list = { count, from: sharedNumbers(count), to: sharedNumbers(count) };
  for (let at = 0; at < count; at++) {
    if ((at & 65_535) === 0) lookUp();
    const place = places[at] as number;
    list.from[at] = nodeIds[from[place] as number] as number;
    list.to[at] = nodeIds[to[place] as number] as number;
  }
  return list;
}

/** Zeroed numbers in shared memory. */
export function sharedNumbers(length: number): Float64Array<SharedArrayBuffer> {
  return new Float64Array(new SharedArrayBuffer(8 * length));
}

/** Places sorted by what they hold; equal ones stay in their order. */
function sorted(places: Uint32Array, nodes: ArrayLike<number>, nodeCount: number): Uint32Array {
  const next = touched(new Uint32Array(nodeCount + 1));
  for (let at = 0; at < places.length; at++) {
    if ((at & 65_535) === 0) lookUp();
    const node = (nodes[at] as number) + 1;
    next[node] = (next[node] as number) + 1;
  }
  for (let node = 0; node < nodeCount; node++) next[node + 1] = (next[node + 1] as number) + (next[node] as number);
  const result = touched(new Uint32Array(places.length));
  for (let at = 0; at < places.length; at++) {
    if ((at & 65_535) === 0) lookUp();
    const place = places[at] as number;
    const node = nodes[place] as number;
    const to = next[node] as number;
    next[node] = to + 1;
    result[to] = place;
  }
  return result;
}
