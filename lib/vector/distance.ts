/** Distances between vectors, computed with 64-bit floats: what searches without an index, and tests, compare with. */

import type { VectorMetric } from "../backend/vector.ts";

/** Distance of two vectors of the same length. */
export type Distance = (one: Float32Array, other: Float32Array) => number;

/** How to measure by a metric. */
export function distanceBy(metric: VectorMetric): Distance {
  return DISTANCES[metric];
}

const DISTANCES: Readonly<Record<VectorMetric, Distance>> = {
  cosine: cosineDistance,
  euclidean: euclideanDistance,
  dot: negativeDotProduct,
  manhattan: manhattanDistance,
};

function cosineDistance(one: Float32Array, other: Float32Array): number {
  let product = 0;
  let square = 0;
  let otherSquare = 0;
  for (let at = 0; at < one.length; at++) {
    const a = one[at] as number;
    const b = other[at] as number;
    product += a * b;
    square += a * a;
    otherSquare += b * b;
  }
  // Rounding must not take a distance out of its range.
  return Math.min(2, Math.max(0, 1 - product / Math.sqrt(square * otherSquare)));
}

function euclideanDistance(one: Float32Array, other: Float32Array): number {
  let square = 0;
  for (let at = 0; at < one.length; at++) {
    const difference = (one[at] as number) - (other[at] as number);
    square += difference * difference;
  }
  return Math.sqrt(square);
}

function negativeDotProduct(one: Float32Array, other: Float32Array): number {
  let product = 0;
  for (let at = 0; at < one.length; at++) product += (one[at] as number) * (other[at] as number);
  return -product;
}

function manhattanDistance(one: Float32Array, other: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < one.length; at++) sum += Math.abs((one[at] as number) - (other[at] as number));
  return sum;
}
