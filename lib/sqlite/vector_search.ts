/** Search without an index in memory: every stored vector is compared. */

import type { VectorMatch } from "../backend/vector.ts";
import type { CheckedVectorSearch } from "../backend/vector_input.ts";
import type { StoredVectorIndex } from "../backend/vector_store.ts";
import { distanceBy } from "../vector/distance.ts";
import { Nearest } from "../vector/nearest.ts";
import type { Connection } from "./connection.ts";
import { vectorChunks } from "./vector_chunk.ts";
import { readVector, requireFinite } from "./vector_rows.ts";

/** Vectors that are read one by one take so many times as long as in a scan. */
const LOOK_UP_COST = 6;

/** Look-ups between two looks at the signal. */
const LOOK_UPS = 1024;

/**
 * The nearest of all stored vectors. O(vectors · dimension), or of those that a filter lets pass where they are few.
 *
 * @throws {CorruptionError} when it meets a vector that is none
 */
export function searchStored(
  connection: Connection,
  index: StoredVectorIndex,
  search: CheckedVectorSearch,
): VectorMatch[] {
  const { allowed } = search;
  const isFew = allowed !== undefined && allowed.size * LOOK_UP_COST < index.count;
  return isFew ? searchNodes(connection, index, search, allowed.ids) : searchAll(connection, index, search);
}

function searchNodes(
  connection: Connection,
  index: StoredVectorIndex,
  { query, k, maxDistance, signal }: CheckedVectorSearch,
  nodeIds: Float64Array,
): VectorMatch[] {
  const distance = distanceBy(index.definition.metric);
  const nearest = new Nearest(k, maxDistance);
  for (let at = 0; at < nodeIds.length; at++) {
    if (at % LOOK_UPS === 0) signal?.throwIfAborted();
    const nodeId = nodeIds[at] as number;
    const vector = readVector(connection, index, nodeId);
    if (vector !== undefined) nearest.offer({ nodeId, distance: distance(query, vector) });
  }
  return nearest.sorted();
}

function searchAll(
  connection: Connection,
  index: StoredVectorIndex,
  { query, k, maxDistance, allowed, signal }: CheckedVectorSearch,
): VectorMatch[] {
  const { dimension, metric } = index.definition;
  const distance = distanceBy(metric);
  const nearest = new Nearest(k, maxDistance);
  signal?.throwIfAborted();
  for (const { vectorIds, nodeIds, floats } of vectorChunks(connection, index)) {
    for (let at = 0; at < vectorIds.length; at++) {
      const nodeId = nodeIds[at] as number;
      if (allowed !== undefined && !allowed.has(nodeId)) continue;
      const vector = floats.subarray(at * dimension, (at + 1) * dimension);
      const far = distance(query, vector);
      // A number that is not finite shows in the distance; so does a vector without a direction, which is no match.
      if (!Number.isFinite(far)) requireFinite(vector, index, vectorIds[at] as number);
      nearest.offer(
        nodeId > 0 ? { nodeId, distance: far } : { nodeId, distance: far, vectorId: vectorIds[at] as number },
      );
    }
    signal?.throwIfAborted();
  }
  return nearest.sorted();
}
