/** Vectors as the library gets them. */

import type { VectorMetric } from "../../backend/vector.ts";

/**
 * Writes a vector as the library gets it: for cosine with length 1, divided here with 64 bits, because the squares of small and
 * large numbers do not fit into 32.
 */
export function asLibraryVector(vector: Float32Array, metric: VectorMetric, target: Float32Array): void {
  if (metric !== "cosine") return target.set(vector);
  let square = 0;
  for (let at = 0; at < vector.length; at++) square += (vector[at] as number) ** 2;
  const length = Math.sqrt(square);
  for (let at = 0; at < vector.length; at++) target[at] = vector[at] as number / length;
}
