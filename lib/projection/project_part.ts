/** Projections of a part of another projection. */

import type { Adjacency, Projection } from "../backend/projection.ts";
import { adjacencyOf, newAdjacency } from "./adjacency.ts";
import { nodeIndexOf } from "./node_index.ts";
import { projectionOf } from "./projection.ts";

/** Links that are copied between two looks whether it is to end. */
const CHECK_EVERY = 1_048_576;

/**
 * The nodes with a mark, and all links between them; ids, weights and edge ids stay as they are. O(n + links that leave the
 * part's nodes).
 *
 * @param isInside 1 for each node of the part, 0 for the others, by dense index
 * @param throwIfAborted called now and then
 */
export function projectPart(whole: Projection, isInside: Uint8Array, throwIfAborted: () => void): Projection {
  const { nodeCount, nodeIds, isUndirected, out } = whole;
  const { offsets, targets } = out;
  const newIndexes = new Uint32Array(nodeCount);
  let count = 0;
  for (let node = 0; node < nodeCount; node++) if (isInside[node] === 1) newIndexes[node] = count++;
  const ids = new Float64Array(count);
  let links = 0;
  let loops = 0;
  let checkAt = CHECK_EVERY;
  for (let node = 0; node < nodeCount; node++) {
    if (isInside[node] !== 1) continue;
    ids[newIndexes[node] as number] = nodeIds[node] as number;
    const end = offsets[node + 1] as number;
    for (let at = offsets[node] as number; at < end; at++) {
      const target = targets[at] as number;
      if (isInside[target] === 1) links++;
      if (target === node) loops++;
    }
    if (end < checkAt) continue;
    throwIfAborted();
    checkAt = end + CHECK_EVERY;
  }
  const shape = {
    nodeCount: count,
    linkCount: links,
    hasEdgeIds: out.edgeIds !== undefined,
    hasWeights: out.weights !== undefined,
  };
  const newBuffer = (byteLength: number): SharedArrayBuffer => new SharedArrayBuffer(byteLength);
  const handle = newAdjacency(shape, newBuffer);
  copyRows(out, adjacencyOf(handle), isInside, newIndexes, throwIfAborted);
  return projectionOf({
    nodes: nodeIndexOf(ids).handle,
    edgeCount: isUndirected ? (links + loops) / 2 : links,
    isUndirected,
    out: handle,
    reverse: isUndirected ? undefined : { links: newAdjacency(shape, newBuffer), state: newBuffer(4) },
  });
}

/** Rows stay in order, because the new indexes ascend with the old ones. */
function copyRows(
  from: Adjacency,
  to: Adjacency,
  isInside: Uint8Array,
  newIndexes: Uint32Array,
  throwIfAborted: () => void,
): void {
  let row = 0;
  let link = 0;
  let checkAt = CHECK_EVERY;
  for (let node = 0; node < isInside.length; node++) {
    if (isInside[node] !== 1) continue;
    const end = from.offsets[node + 1] as number;
    for (let at = from.offsets[node] as number; at < end; at++) {
      const target = from.targets[at] as number;
      if (isInside[target] !== 1) continue;
      to.targets[link] = newIndexes[target] as number;
      if (to.edgeIds !== undefined && from.edgeIds !== undefined) to.edgeIds[link] = from.edgeIds[at] as number;
      if (to.weights !== undefined && from.weights !== undefined) to.weights[link] = from.weights[at] as number;
      link++;
    }
    to.offsets[++row] = link;
    if (end < checkAt) continue;
    throwIfAborted();
    checkAt = end + CHECK_EVERY;
  }
}
