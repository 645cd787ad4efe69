/** Linking vectors: against `hnswlib-node`, and on two threads against one. */

import { openGraph } from "../lib/graph/open_graph.ts";
import type { VectorMemory } from "../lib/vector/memory.ts";
import { createVectorMemory } from "../lib/vector/shared_vectors.ts";
import type { VectorStorage } from "../lib/backend/vector.ts";
import type { Harness } from "./harness.ts";
import type { GraphFiles } from "./v3_graph_file.ts";
import { sized, type SuiteOptions } from "./v3_suite_options.ts";
import { BUILD, judged, measuredSet } from "./vector_build_options.ts";
import { DIMENSION, K, type VectorSet } from "./vector_data.ts";
import { vectorDatabase } from "./vector_database.ts";
import { PeerIndex, peerLibrary } from "./vector_peer.ts";
import type { PlaceSearch } from "./vector_recall.ts";
import { linkOnThreads } from "./vector_threads.ts";

/** Vectors that one side adds before it is the other's turn: what slows the machine down slows down both. */
const SLICE = 2_000;
/** On threads: each turn starts a run on them, which is to take little against the linking. */
const THREADS_SLICE = 25_000;

/** Both sides of the comparison, built. */
export interface BothBuilt {
  readonly memory: VectorMemory;
  readonly ms: number;
  readonly peer: { readonly index: PeerIndex; readonly ms: number } | undefined;
}

const built = new WeakMap<VectorSet, BothBuilt>();

/** An index in memory and one of `hnswlib-node`, if it is installed, built in turns on this thread; once a run. */
export function buildBoth(set: VectorSet): BothBuilt {
  const both = built.get(set) ?? buildInTurns(set);
  built.set(set, both);
  return both;
}

function buildInTurns({ vectors }: VectorSet): BothBuilt {
  const memory = emptyMemory();
  const library = peerLibrary();
  const index = library && new PeerIndex(library, vectors.length);
  const writer = memory.writer();
  let [ms, peerMs] = [0, 0];
  for (let from = 0; from < vectors.length; from += SLICE) {
    const slice = vectors.slice(from, from + SLICE);
    const start = performance.now();
    slice.forEach((vector, at) => writer.addPending(from + at + 1, vector, 1, 1));
    writer.linkPending(slice.length);
    ms += performance.now() - start;
    peerMs += index?.add(slice, from) ?? 0;
  }
  writer.release();
  return { memory, ms, peer: index && { index, ms: peerMs } };
}

/** An index without a database. */
export function emptyMemory(storage: VectorStorage = "f32"): VectorMemory {
  return createVectorMemory({ dimension: DIMENSION, metric: "euclidean", storage, ...BUILD });
}

/** Searches of an index in memory, without a database. */
export function kernelSearch(memory: VectorMemory): PlaceSearch {
  const reader = memory.reader();
  return (query, ef) => reader.search({ query, k: K, ef, lsn: 1 }).nodeIds.map((nodeId) => nodeId - 1);
}

/** In memory, and as a transaction of a database: each against the peer's time. */
export function measureBuild(bench: Harness, options: SuiteOptions, files: GraphFiles): void {
  const set = measuredSet(options, "clustered");
  const count = set.vectors.length.toLocaleString("en-US");
  const { ms, peer } = buildBoth(set);
  const database = vectorDatabase(files, options, "f32");
  if (peer === undefined) {
    bench.value({ name: `build of ${count} vectors`, unit: "ms", value: ms });
    bench.value({ name: "the same as one transaction", unit: "ms", value: database.setMs });
    return;
  }
  const name = `build of ${count} vectors: hnswlib-node / one thread`;
  bench.value({ name, unit: "ms", value: peer.ms, reference: ms, ...judged(options, { atLeast: 1 }) });
  const inDatabase = "build: hnswlib-node / setVectors in one V3 transaction";
  bench.value({ name: inDatabase, unit: "ms", value: peer.ms, reference: database.setMs });
}

/** One thread and two, each with a memory of its own, in turns. */
export async function measureLinkers(bench: Harness, options: SuiteOptions, files: GraphFiles): Promise<void> {
  const vectors = measuredSet(options, "clustered").vectors.slice(0, sized(options, 50_000, 5_000));
  // An empty one, for its threads.
  await using graph = await openGraph(files.newPath(), { threads: 2 });
  const link = async (workers: number, memory: VectorMemory): Promise<number> => {
    const start = performance.now();
    await graph.run(linkOnThreads, { handle: memory.handle }, { workers });
    return performance.now() - start;
  };
  // Threads start, and their code is compiled.
  const warmUp = emptyMemory();
  using warmUpWriter = warmUp.writer();
  for (let workers = 2; workers > 0; workers--) {
    vectors.slice(0, SLICE).forEach((vector, at) => warmUpWriter.addPending(at + 1, vector, 1, 1));
    await link(workers, warmUp);
  }
  const sides = [1, 2].map((workers) => {
    const memory = emptyMemory();
    return { workers, memory, writer: memory.writer(), ms: 0 };
  });
  for (let from = 0; from < vectors.length; from += THREADS_SLICE) {
    const slice = vectors.slice(from, from + THREADS_SLICE);
    for (const side of from / THREADS_SLICE % 2 === 0 ? sides : sides.toReversed()) {
      slice.forEach((vector, at) => side.writer.addPending(from + at + 1, vector, 1, 1));
      side.ms += await link(side.workers, side.memory);
    }
  }
  for (const { memory } of sides) {
    if (memory.stats().pending > 0) throw new Error("vectors are not linked");
  }
  const [one, two] = sides.map(({ ms }) => ms) as [number, number];
  const name = `linking ${vectors.length.toLocaleString("en-US")} vectors: one thread / two threads`;
  bench.value({ name, unit: "ms", value: one, reference: two, ...judged(options, { atLeast: 1.7 }) });
}
