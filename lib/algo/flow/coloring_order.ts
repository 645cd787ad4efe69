/** Orders in which nodes are coloured. */

import type { Pace } from "../pace.ts";
import type { Rows } from "../structure/rows.ts";

/** Number of neighbours of each node: parallel links and self-loops do not count. */
export function neighborCounts({ offsets, targets }: Rows, pace: Pace): Uint32Array {
  const counts = new Uint32Array(offsets.length - 1);
  for (let node = 0; node < counts.length; node++) {
    const end = offsets[node + 1] as number;
    let last = node;
    let count = 0;
    for (let link = offsets[node] as number; link < end; link++) {
      const target = targets[link] as number;
      if (target === node || target === last) continue;
      last = target;
      count++;
    }
    counts[node] = count;
    pace.step(0, 1 + end - (offsets[node] as number));
  }
  return counts;
}

/** Nodes with the most neighbours first, equal ones by index (Welsh, Powell 1967); or the fewest. O(n + m). */
export function orderByDegree(rows: Rows, isAscending: boolean, pace: Pace): Uint32Array {
  const counts = neighborCounts(rows, pace);
  let most = 0;
  for (let node = 0; node < counts.length; node++) most = Math.max(most, counts[node] as number);
  const ranks = isAscending ? counts : counts.map((count) => most - count);
  const next = new Uint32Array(most + 2);
  for (let node = 0; node < ranks.length; node++) {
    const place = (ranks[node] as number) + 1;
    next[place] = (next[place] as number) + 1;
  }
  for (let rank = 0; rank <= most; rank++) next[rank + 1] = (next[rank + 1] as number) + (next[rank] as number);
  const order = new Uint32Array(ranks.length);
  for (let node = 0; node < ranks.length; node++) {
    const rank = ranks[node] as number;
    order[next[rank] as number] = node;
    next[rank] = (next[rank] as number) + 1;
  }
  return order;
}

/**
 * Takes out a node with the fewest neighbours again and again; those that were taken last come first (Matula, Beck, Smallest-last
 * ordering and clustering and graph coloring algorithms, 1983). O(n + m).
 */
export function smallestLastOrder(rows: Rows, pace: Pace): Uint32Array {
  const { offsets, targets } = rows;
  const left = neighborCounts(rows, pace);
  const nodeCount = left.length;
  // Nodes by the number of neighbours that are left, and where those of each number begin.
  const nodes = orderByDegree(rows, true, pace);
  const places = new Uint32Array(nodeCount);
  let most = 0;
  for (let place = 0; place < nodeCount; place++) {
    const node = nodes[place] as number;
    places[node] = place;
    most = Math.max(most, left[node] as number);
  }
  const starts = new Uint32Array(most + 2);
  for (let node = 0; node < nodeCount; node++) {
    const above = (left[node] as number) + 1;
    starts[above] = (starts[above] as number) + 1;
  }
  for (let count = 0; count <= most; count++) {
    starts[count + 1] = (starts[count + 1] as number) + (starts[count] as number);
  }
  for (let place = 0; place < nodeCount; place++) {
    const node = nodes[place] as number;
    const end = offsets[node + 1] as number;
    let last = node;
    for (let link = offsets[node] as number; link < end; link++) {
      const target = targets[link] as number;
      if (target === last || target === node) continue;
      last = target;
      if ((places[target] as number) <= place) continue;
      // It changes places with the first of its number, whose row it then leaves at the front.
      const count = left[target] as number;
      const front = Math.max(starts[count] as number, place + 1);
      const other = nodes[front] as number;
      const own = places[target] as number;
      nodes[own] = other;
      places[other] = own;
      nodes[front] = target;
      places[target] = front;
      starts[count] = front + 1;
      left[target] = count - 1;
    }
    pace.step(1 + end - (offsets[node] as number));
  }
  return nodes.reverse();
}
