/** Searches: against `hnswlib-node`, with exact and with coded vectors, and on two threads against one. */

import process from "node:process";
import type { VectorStorage } from "../lib/backend/vector.ts";
import { openGraph } from "../lib/graph/open_graph.ts";
import { V3Backend } from "../lib/v3/mod.ts";
import type { Harness } from "./harness.ts";
import type { GraphFiles } from "./v3_graph_file.ts";
import type { SuiteOptions } from "./v3_suite_options.ts";
import { buildBoth, kernelSearch } from "./vector_build.ts";
import { byRuntime, judged, measuredSet } from "./vector_build_options.ts";
import { DIMENSION, K, type VectorSet } from "./vector_data.ts";
import { INDEX, searchIn, vectorDatabase } from "./vector_database.ts";
import { described, fewestCandidates, type PlaceSearch, searchAll } from "./vector_recall.ts";
import { reckonOnThreads } from "./vector_threads.ts";

const ROUNDS = 11;

/** How often the threads search for each query. */
const REPEATED = 4;
/** Pieces of arithmetic: a run takes about as long as one of searches. */
const PIECES = 500;

/** Snapshots of a V3 database on one thread, and informative the index without a database. */
export async function measureSearch(bench: Harness, options: SuiteOptions, files: GraphFiles): Promise<void> {
  await compareSearches(bench, options, files, "f32", byRuntime({ bun: 1, deno: 1.2 }));
  const set = measuredSet(options, "clustered");
  const { memory, peer } = buildBoth(set);
  const search = kernelSearch(memory);
  await against(bench, set, peer?.index.searchFor(set.queries), search, "the index alone", {});
}

/** The same of an index that walks over codes of a byte. */
export async function measureSearchOfCodes(bench: Harness, options: SuiteOptions, files: GraphFiles): Promise<void> {
  await compareSearches(bench, options, files, "i8", 1.6);
}

async function compareSearches(
  bench: Harness,
  options: SuiteOptions,
  files: GraphFiles,
  storage: VectorStorage,
  atLeast: number,
): Promise<void> {
  const set = measuredSet(options, "clustered");
  const peerSearch = buildBoth(set).peer?.index.searchFor(set.queries);
  using db = V3Backend.open(vectorDatabase(files, options, storage).path, { readonly: true });
  using snapshot = db.snapshot();
  const name = `a snapshot, ${storage}`;
  await against(bench, set, peerSearch, searchIn(snapshot), name, judged(options, { atLeast }));
}

async function against(
  bench: Harness,
  set: VectorSet,
  peerSearch: PlaceSearch | undefined,
  search: PlaceSearch,
  name: string,
  bar: { readonly atLeast?: number },
): Promise<void> {
  const ours = fewestCandidates(set, search);
  const queries = set.queries.length.toLocaleString("en-US");
  const measured = () => searchAll(set, search, ours.ef);
  if (peerSearch === undefined) {
    await bench.job({ name: `${queries} queries: ${name} (${described(ours)})`, measured, rounds: ROUNDS });
    return;
  }
  const theirs = fewestCandidates(set, peerSearch);
  await bench.job({
    name: `${queries} queries: hnswlib-node (${described(theirs)}) / ${name} (${described(ours)})`,
    measured: () => searchAll(set, peerSearch, theirs.ef),
    reference: measured,
    rounds: ROUNDS,
    ...bar,
  });
}

/** Many queries at once, which the threads of a graph share; and what the second thread takes of memory. */
export async function measureThreads(bench: Harness, options: SuiteOptions, files: GraphFiles): Promise<void> {
  const set = measuredSet(options, "clustered");
  const { path } = vectorDatabase(files, options, "f32");
  await using graph = await openGraph(path, { threads: 2 });
  const search = (workers: number, queries = set.queries) => graph.searchVectors(INDEX, queries, { k: K, workers });
  await search(1);
  const before = process.memoryUsage().rss;
  // Both threads start, and each of them may be the one that works alone.
  for (let time = 0; time < 5; time++) await search(2);
  const grown = process.memoryUsage().rss - before;
  for (let time = 0; time < 5; time++) await search(1);
  // Long runs: what interrupts the machine falls on both sides.
  const queries = Array.from({ length: REPEATED }, () => set.queries).flat();
  await bench.job({
    name: `${queries.length.toLocaleString("en-US")} queries at once: one thread / two threads`,
    measured: () => search(1, queries),
    reference: () => search(2, queries),
    rounds: ROUNDS,
    ...judged(options, { atLeast: 1.8 }),
  });
  const reckon = (workers: number) =>
    graph.run(reckonOnThreads, { pieces: PIECES, taken: new SharedArrayBuffer(4) }, { workers });
  await reckon(2);
  await bench.job({
    name: "for comparison, arithmetic in registers: one thread / two threads",
    measured: () => reckon(1),
    reference: () => reckon(2),
    rounds: ROUNDS,
  });
  // A copy of the index would be 1.4.
  const bytes = set.vectors.length * DIMENSION * Float32Array.BYTES_PER_ELEMENT;
  const name = "memory of the second searching thread, against the bytes of all vectors";
  bench.value({ name, unit: "x", value: grown / bytes, ...judged(options, { atMost: 1 }) });
}
