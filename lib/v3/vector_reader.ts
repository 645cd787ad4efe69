/** Reads of the vectors of a state. */

import type { Page } from "../backend/store.ts";
import type { StoredVector, VectorMatch } from "../backend/vector.ts";
import type { CheckedVectorSearch } from "../backend/vector_input.ts";
import type { StoredVectorIndex, VectorShapeWanted } from "../backend/vector_store.ts";
import { distanceBy } from "../vector/distance.ts";
import { Nearest } from "../vector/nearest.ts";
import type { ByteTree } from "./byte_tree.ts";
import { noteGarbage } from "./garbage.ts";
import { damagedVector, VectorCursor } from "./vector_cursor.ts";
import { VECTOR_HEAD_SIZE, VECTOR_KEY_SIZE, vectorBytes, writeVectorKey } from "./vector_key.ts";

/** Vectors that are compared at once. The signal is looked at before each part. */
const PART = 1024;
/** A set of nodes that is smaller than the index by this factor is looked up one by one. */
const LOOKUP_FACTOR = 16;
/** What an object for a vector leaves besides its numbers. */
const VECTOR_GARBAGE = 160;

/** Distances of some vectors, one after the other. */
export interface DistancePart {
  count: number;
  readonly nodeIds: Float64Array;
  readonly distances: Float64Array;
  /** Where the next part begins; undefined behind the last one. */
  next: number | undefined;
}

/** Vector of a node, or undefined. */
export function readVector(tree: ByteTree, index: StoredVectorIndex, nodeId: number): Float32Array | undefined {
  const { dimension } = index.definition;
  const key = new Uint8Array(VECTOR_KEY_SIZE);
  writeVectorKey(key, index.number, nodeId, 0);
  let part = tree.get(key);
  if (part === undefined) return undefined;
  const vector = new Float32Array(dimension);
  const bytes = new Uint8Array(vector.buffer);
  noteGarbage(VECTOR_GARBAGE + 2 * bytes.length);
  let rest = vectorBytes(dimension);
  let at = -VECTOR_HEAD_SIZE;
  for (let number = 1;; number++) {
    rest -= part.length;
    if (rest < 0 || part.length < (at < 0 ? VECTOR_HEAD_SIZE : 1)) throw damagedVector(index.number, nodeId);
    bytes.set(at < 0 ? part.subarray(VECTOR_HEAD_SIZE) : part, Math.max(0, at));
    at += part.length;
    if (rest === 0) return vector;
    writeVectorKey(key, index.number, nodeId, number);
    part = tree.get(key);
    if (part === undefined) throw damagedVector(index.number, nodeId);
  }
}

/** The vectors, or the ids of their nodes, behind a node. */
export function vectorPage<T extends number | StoredVector>(
  tree: ByteTree,
  index: StoredVectorIndex,
  wanted: VectorShapeWanted,
  after: number,
  size: number,
): Page<T, number> {
  const { dimension } = index.definition;
  const items: (number | StoredVector)[] = [];
  const cursor = new VectorCursor(tree, index.number, dimension);
  for (cursor.seek(after); cursor.next();) {
    const { nodeId } = cursor;
    if (wanted === "nodeId") items.push(nodeId);
    else {
      const vector = new Float32Array(dimension);
      cursor.read(new Uint8Array(vector.buffer), 0);
      items.push({ nodeId, vector });
    }
    if (items.length === size) break;
  }
  noteGarbage(items.length * (wanted === "nodeId" ? 16 : VECTOR_GARBAGE + 4 * dimension));
  return { items: items as T[], next: items.length === size ? cursor.nodeId : undefined };
}

/** Memory for the parts of a search. */
export function newDistancePart(): DistancePart {
  return { count: 0, nodeIds: new Float64Array(PART), distances: new Float64Array(PART), next: 0 };
}

/** Compares vectors behind a node with the query; what the part held before is gone. */
export function compareVectors(
  tree: ByteTree,
  index: StoredVectorIndex,
  { query, allowed }: CheckedVectorSearch,
  after: number,
  part: DistancePart,
): void {
  const { dimension, metric } = index.definition;
  const distance = distanceBy(metric);
  const vector = new Float32Array(dimension);
  const bytes = new Uint8Array(vector.buffer);
  const cursor = new VectorCursor(tree, index.number, dimension);
  let count = 0;
  let met = 0;
  // Hot: 100,000 vectors of 128 numbers are read in about 20 ms.
  for (cursor.seek(after); met < PART && cursor.next(); met++) {
    if (allowed !== undefined && !allowed.has(cursor.nodeId)) continue;
    cursor.read(bytes, 0);
    part.nodeIds[count] = cursor.nodeId;
    part.distances[count++] = distance(query, vector);
  }
  part.count = count;
  part.next = met === PART ? cursor.nodeId : undefined;
}

/** What a search asks of a state: each call answers at once, or is repeated by whoever answers it. */
export interface VectorSource {
  readVector(index: StoredVectorIndex, nodeId: number): Float32Array | undefined;
  compareVectors(index: StoredVectorIndex, search: CheckedVectorSearch, after: number, part: DistancePart): void;
}

/** The nearest of all stored vectors. O(vectors · dimension); of few allowed nodes O(nodes · (log n + dimension)). */
export function searchStored(
  source: VectorSource,
  index: StoredVectorIndex,
  search: CheckedVectorSearch,
): VectorMatch[] {
  const { allowed, signal, query } = search;
  const nearest = new Nearest(search.k, search.maxDistance);
  if (allowed !== undefined && allowed.size * LOOKUP_FACTOR < index.count) {
    const distance = distanceBy(index.definition.metric);
    allowed.ids.forEach((nodeId, at) => {
      if (at % PART === 0) signal?.throwIfAborted();
      const vector = source.readVector(index, nodeId);
      if (vector !== undefined) nearest.offer({ nodeId, distance: distance(query, vector) });
    });
    return nearest.sorted();
  }
  const part = newDistancePart();
  for (let after: number | undefined = 0; after !== undefined; after = part.next) {
    signal?.throwIfAborted();
    source.compareVectors(index, search, after, part);
    for (let at = 0; at < part.count; at++) {
      nearest.offer({ nodeId: part.nodeIds[at] as number, distance: part.distances[at] as number });
    }
  }
  return nearest.sorted();
}
