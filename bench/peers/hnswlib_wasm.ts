/**
 * Times `hnswlib-wasm`, alone and behind the engine `hnswlib`: `bun bench/peers/hnswlib_wasm.ts [count]`, or with
 * `deno run -A`.
 *
 * Uniform vectors of 128 dimensions, M 16, efConstruction 200.
 */

import process from "node:process";
import { distanceBy } from "../../lib/vector/distance.ts";
import { hnswlibEngine } from "../../lib/vector/hnswlib/engine.ts";
import { loadLibrary } from "../../lib/vector/hnswlib/library.ts";
import { Nearest } from "../../lib/vector/nearest.ts";

/** A built index of a peer, by places of vectors. */
export interface Peer {
  /** Time that linking took. */
  readonly buildMs: number;
  /** Places of the nearest vectors. */
  search(query: Float32Array, k: number, ef: number): readonly number[];
}

/** How a peer is built. */
export interface PeerOptions {
  readonly m: number;
  readonly efConstruction: number;
  readonly seed: number;
}

/** Builds an index of `hnswlib-wasm` in this thread, by Euclidean distance. */
export async function hnswlibWasm(
  vectors: readonly Float32Array[],
  options: PeerOptions,
): Promise<Peer> {
  const { HierarchicalNSW } = await loadLibrary();
  const index = new HierarchicalNSW("l2", vectors[0]?.length ?? 1, "");
  index.initIndex(
    vectors.length,
    options.m,
    options.efConstruction,
    options.seed,
  );
  const start = performance.now();
  // All at once, as its documentation advises: after each call it looks through all its labels.
  index.addPoints(vectors, vectors.map((_, at) => at), false);
  return {
    buildMs: performance.now() - start,
    search(query, k, ef) {
      index.setEfSearch(ef);
      return index.searchKnn(query, k, undefined).neighbors;
    },
  };
}

/** Builds an index of the engine `hnswlib`: the same library in a thread of its own. */
function hnswlibInThread(
  vectors: readonly Float32Array[],
  { m, efConstruction, seed }: PeerOptions,
): Peer {
  const definition = {
    name: "peer",
    dimension: vectors[0]?.length ?? 1,
    metric: "euclidean",
    m,
    efConstruction,
    efSearch: 64,
    storage: "f32",
    seed,
    engine: "hnswlib",
  } as const;
  const start = performance.now();
  const engine = hnswlibEngine(definition, {
    eachVector(visit) {
      vectors.forEach((vector, at) => visit(at + 1, 0, 1, new Uint8Array(vector.buffer), 0));
    },
  }, 1);
  const readStored = (nodeId: number) => vectors[nodeId - 1] as Float32Array;
  const search = {
    maxDistance: Infinity,
    isExact: false,
    allowed: undefined,
    signal: undefined,
  };
  return {
    buildMs: performance.now() - start,
    search: (query, k, ef) =>
      engine.search({ ...search, query, k, ef }, 1, readStored).map((
        { nodeId },
      ) => nodeId - 1),
  };
}

const DIMENSION = 128;
const QUERIES = 500;
const ROUNDS = 5;
const K = 10;

if (import.meta.main) await run(Number(process.argv[2] ?? 10_000));

async function run(count: number): Promise<void> {
  const random = randomOf(42);
  const next = () => Float32Array.from({ length: DIMENSION }, random);
  const vectors = Array.from({ length: count }, next);
  const queries = Array.from({ length: QUERIES }, next);
  const truth = queries.map((query) => nearestOf(vectors, query));
  const options = { m: 16, efConstruction: 200, seed: 1 };
  report("hnswlib-wasm", await hnswlibWasm(vectors, options), queries, truth);
  report("engine hnswlib", hnswlibInThread(vectors, options), queries, truth);
}

function report(
  name: string,
  peer: Peer,
  queries: readonly Float32Array[],
  truth: readonly ReadonlySet<number>[],
): void {
  console.log(`${name}: built in ${peer.buildMs.toFixed(0)} ms`);
  for (const ef of [10, 64, 100, 200, 400]) {
    let hits = 0;
    queries.forEach((query, at) => hits += peer.search(query, K, ef).filter((found) => truth[at]?.has(found)).length);
    const times = Array.from({ length: ROUNDS }, () => {
      const start = performance.now();
      for (const query of queries) peer.search(query, K, ef);
      return performance.now() - start;
    });
    const perSecond = QUERIES * 1000 /
      (times.toSorted((a, b) => a - b)[ROUNDS >> 1] as number);
    console.log(
      `${name}: ef ${ef}, recall ${(hits / QUERIES / K).toFixed(4)}, ${perSecond.toFixed(0)} queries/s`,
    );
  }
}

function nearestOf(
  vectors: readonly Float32Array[],
  query: Float32Array,
): ReadonlySet<number> {
  const distance = distanceBy("euclidean");
  const nearest = new Nearest(K, Infinity);
  vectors.forEach((vector, at) => nearest.offer({ nodeId: at, distance: distance(query, vector) }));
  return new Set(nearest.sorted().map((match) => match.nodeId));
}

/** xorshift32. */
function randomOf(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
