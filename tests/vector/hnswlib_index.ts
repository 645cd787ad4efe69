/** Indexes of the engine `hnswlib` for tests, and the vectors that would be stored beside them. */

import type { VectorMatch } from "../../lib/backend/vector.ts";
import type { CheckedVectorSearch, VectorIndexDefinition } from "../../lib/backend/vector_input.ts";
import { distanceBy } from "../../lib/vector/distance.ts";
import { hnswlibEngine } from "../../lib/vector/hnswlib/engine.ts";
import { Nearest } from "../../lib/vector/nearest.ts";
import type { VectorChange } from "../../lib/vector/vector_changes.ts";
import type { VectorEngine } from "../../lib/vector/vector_engine.ts";

/** Vectors by node. */
export type Vectors = Map<number, Float32Array>;

/** What an index is like: small enough to be built quickly. */
export function definitionOf(options: Partial<VectorIndexDefinition> = {}): VectorIndexDefinition {
  return {
    name: "bio",
    dimension: 8,
    metric: "euclidean",
    m: 12,
    efConstruction: 60,
    efSearch: 64,
    storage: "f32",
    seed: 7,
    engine: "hnswlib",
    ...options,
  };
}

/** A search with defaults. */
export function searchOf(query: Float32Array, options: Partial<CheckedVectorSearch> = {}): CheckedVectorSearch {
  return {
    query,
    k: 10,
    ef: 0,
    maxDistance: Infinity,
    isExact: false,
    allowed: undefined,
    signal: undefined,
    ...options,
  };
}

/** Opens an index over vectors as of a commit. */
export function openIndex(definition: VectorIndexDefinition, vectors: Vectors, lsn: number): VectorEngine {
  return hnswlibEngine(definition, {
    eachVector(visit) {
      for (const [nodeId, vector] of vectors) visit(nodeId, 0, lsn, new Uint8Array(vector.buffer), 0);
    },
  }, lsn);
}

/** Runs a test with an index of commit 1, which is closed afterwards. */
export function withIndex(
  definition: VectorIndexDefinition,
  vectors: Vectors,
  run: (index: VectorEngine) => void,
): void {
  const index = openIndex(definition, vectors, 1);
  try {
    run(index);
  } finally {
    index.release();
  }
}

/** A change of the index. */
export function put(nodeId: number, vector: Float32Array | undefined): VectorChange {
  return { index: 1, nodeId, vector };
}

/** Reads vectors as an engine would. */
export function readFrom(vectors: ReadonlyMap<number, Float32Array>): (nodeId: number) => Float32Array {
  return (nodeId) => {
    const vector = vectors.get(nodeId);
    if (vector === undefined) throw new Error(`node ${nodeId} has no vector`);
    return vector;
  };
}

/** What a search finds that compares everything. */
export function bruteForce(
  { metric }: VectorIndexDefinition,
  vectors: ReadonlyMap<number, Float32Array>,
  { query, k, maxDistance, allowed }: CheckedVectorSearch,
): VectorMatch[] {
  const distance = distanceBy(metric);
  const nearest = new Nearest(k, maxDistance);
  for (const [nodeId, vector] of vectors) {
    if (allowed?.has(nodeId) === false) continue;
    nearest.offer({ nodeId, distance: distance(query, vector) });
  }
  return nearest.sorted();
}

/** The part of the expected matches that was found. */
export function recallOf(found: readonly VectorMatch[], expected: readonly VectorMatch[]): number {
  const ids = new Set(found.map((match) => match.nodeId));
  return expected.filter((match) => ids.has(match.nodeId)).length / expected.length;
}

/** A generator of vectors with numbers between -1 and 1, the same for the same seed. */
export function randomVectors(seed: number, dimension: number): () => Float32Array {
  let state = seed >>> 0;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  };
  return () => Float32Array.from({ length: dimension }, next);
}

/** So many vectors of nodes from some id on. */
export function manyVectors(count: number, dimension: number, seed = 1, firstId = 1): Vectors {
  const next = randomVectors(seed, dimension);
  return new Map(Array.from({ length: count }, (_, at) => [firstId + at, next()]));
}
