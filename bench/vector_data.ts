/** Sets of vectors that look random and are the same in every run, with the true nearest ones of some queries. */

import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import process from "node:process";
import { FOLDER } from "./v3_files.ts";
import { randomNumbers } from "./v3_random.ts";

/** Numbers in each vector. */
export const DIMENSION = 128;
/** Results of a search. */
export const K = 10;
/** Clusters of the clustered set. */
export const CLUSTERS = 100;

const LATENT = 16;
const SPREAD = 0.5;
const NOISE = 0.05;
const SEED = 42;

/** `clustered`: normal distributions around 100 centres in a space of 16 dimensions; `uniform`: each number from 0 to 1. */
export type Distribution = "clustered" | "uniform";

/** Vectors to build an index of, by place from 0 on, and queries of the same distribution. */
export interface VectorSet {
  readonly name: Distribution;
  readonly vectors: readonly Float32Array[];
  readonly queries: readonly Float32Array[];
  /** Places of the nearest vectors of each query, by Euclidean distance. */
  readonly truth: readonly ReadonlySet<number>[];
  /** Cluster of each vector; 0 in the uniform set. */
  readonly clusters: Uint8Array;
}

const sets = new Map<string, VectorSet>();

/** A set, which is kept: for the run in memory, for later runs in files. */
export function vectorSet(name: Distribution, count: number, queryCount: number): VectorSet {
  const key = `vectors_${name}_${count}_${queryCount}_${SEED}`;
  const set = sets.get(key) ?? readSet(key, name, count, queryCount);
  sets.set(key, set);
  return set;
}

function readSet(key: string, name: Distribution, count: number, queryCount: number): VectorSet {
  const all = kept(`${key}.f32`, () => bytesOf(generate(name, count + queryCount)));
  const floats = new Float32Array(all.buffer, all.byteOffset, all.byteLength / Float32Array.BYTES_PER_ELEMENT);
  const rows = Array.from(
    { length: count + queryCount },
    (_, at) => floats.subarray(at * DIMENSION, (at + 1) * DIMENSION),
  );
  const [vectors, queries] = [rows.slice(0, count), rows.slice(count)];
  const found = kept(`${key}_nearest.u32`, () => {
    return bytesOf(Uint32Array.from(queries.flatMap((query) => nearestPlaces(query, vectors, vectors.keys()))));
  });
  const places = new Uint32Array(found.buffer, found.byteOffset, found.byteLength / Uint32Array.BYTES_PER_ELEMENT);
  return {
    name,
    vectors,
    queries,
    truth: queries.map((_, at) => new Set(places.subarray(at * K, (at + 1) * K))),
    clusters: name === "uniform" ? new Uint8Array(count) : clustersOf(count),
  };
}

/** Reads a file of the benchmarks' folder, which is made when it is not there. */
function kept(name: string, make: () => Uint8Array): Uint8Array {
  const path = `${FOLDER}/${name}`;
  try {
    return aligned(readFileSync(path));
  } catch (error) {
    if ((error as { code?: string }).code !== "ENOENT") throw error;
  }
  const bytes = make();
  mkdirSync(FOLDER, { recursive: true });
  // Half a file is never found under the name.
  writeFileSync(`${path}.${process.pid}`, bytes);
  renameSync(`${path}.${process.pid}`, path);
  return bytes;
}

function aligned(bytes: Uint8Array): Uint8Array {
  return bytes.byteOffset % Float64Array.BYTES_PER_ELEMENT === 0 ? bytes : new Uint8Array(bytes);
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function clustersOf(count: number): Uint8Array {
  const next = randomNumbers(SEED);
  return Uint8Array.from({ length: count }, () => next(CLUSTERS));
}

function generate(name: Distribution, count: number): Float32Array {
  const next = randomNumbers(SEED + 1);
  const random = () => next(2 ** 32) / 2 ** 32;
  if (name === "uniform") return Float32Array.from({ length: count * DIMENSION }, random);
  const gaussian = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const centres = Float64Array.from({ length: CLUSTERS * LATENT }, gaussian);
  const projection = Float64Array.from({ length: LATENT * DIMENSION }, gaussian);
  const clusters = clustersOf(count);
  const vectors = new Float32Array(count * DIMENSION);
  const sum = new Float64Array(DIMENSION);
  for (let row = 0; row < count; row++) {
    for (let to = 0; to < DIMENSION; to++) sum[to] = gaussian() * NOISE;
    for (let from = 0; from < LATENT; from++) {
      const value = (centres[(clusters[row] as number) * LATENT + from] as number) + gaussian() * SPREAD;
      for (let to = 0; to < DIMENSION; to++) {
        sum[to] = (sum[to] as number) + value * (projection[from * DIMENSION + to] as number);
      }
    }
    vectors.set(sum, row * DIMENSION);
  }
  return vectors;
}

/** Places of the nearest of some vectors, found by comparing all of them. The nearest are last. */
export function nearestPlaces(
  query: Float32Array,
  vectors: readonly Float32Array[],
  places: Iterable<number>,
): number[] {
  const found: { readonly place: number; readonly square: number }[] = [];
  let worst = Infinity;
  for (const place of places) {
    const square = squaredDistance(query, vectors[place] as Float32Array, worst);
    if (square >= worst) continue;
    found.push({ place, square });
    found.sort((a, b) => b.square - a.square);
    if (found.length > K) found.shift();
    if (found.length === K) worst = found[0]?.square ?? Infinity;
  }
  return found.map(({ place }) => place);
}

/** Something from `enough` on when it is not less. */
function squaredDistance(a: Float32Array, b: Float32Array, enough: number): number {
  let sum = 0;
  for (let at = 0; at < DIMENSION && sum < enough; at += 16) {
    for (let next = at; next < at + 16; next++) {
      const difference = (a[next] as number) - (b[next] as number);
      sum += difference * difference;
    }
  }
  return sum;
}
