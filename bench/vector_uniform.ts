/** Build and search of uniform vectors against `hnswlib-wasm`. */

import { V3Backend } from "../lib/v3/mod.ts";
import { type Harness, median } from "./harness.ts";
import { hnswlibWasm } from "./peers/hnswlib_wasm.ts";
import type { GraphFiles } from "./v3_graph_file.ts";
import type { SuiteOptions } from "./v3_suite_options.ts";
import { emptyMemory } from "./vector_build.ts";
import { BUILD, judged, measuredSet } from "./vector_build_options.ts";
import { K, type VectorSet } from "./vector_data.ts";
import { searchIn, vectorDatabase } from "./vector_database.ts";
import { described, fewestCandidates, type PlaceSearch, searchAll } from "./vector_recall.ts";

/** Uniform vectors in 128 dimensions have no near neighbours: more takes many times the candidates. */
const RECALL = 0.95;
const ROUNDS = 5;

/** Both on one thread. */
export async function measureWasm(bench: Harness, options: SuiteOptions, files: GraphFiles): Promise<void> {
  const set = measuredSet(options, "uniform");
  // Before and after, as the library adds its vectors at once.
  const times = [buildMs(set), buildMs(set)];
  const peer = await hnswlibWasm(set.vectors, BUILD);
  times.push(buildMs(set), buildMs(set));
  const build = `build of ${set.vectors.length.toLocaleString("en-US")} uniform vectors: hnswlib-wasm / one thread`;
  bench.value({
    name: build,
    unit: "ms",
    value: peer.buildMs,
    reference: median(times),
    ...judged(options, { atLeast: 5 }),
  });
  const peerSearch: PlaceSearch = (query, ef) => peer.search(query, K, ef);
  const theirs = fewestCandidates(set, peerSearch, RECALL);
  using db = V3Backend.open(vectorDatabase(files, options, "f32", "uniform").path, { readonly: true });
  using snapshot = db.snapshot();
  const search = searchIn(snapshot);
  const ours = fewestCandidates(set, search, Math.min(RECALL, theirs.recall));
  const queries = set.queries.length.toLocaleString("en-US");
  await bench.job({
    name: `${queries} queries: hnswlib-wasm (${described(theirs)}) / a snapshot (${described(ours)})`,
    measured: () => searchAll(set, peerSearch, theirs.ef),
    reference: () => searchAll(set, search, ours.ef),
    rounds: ROUNDS,
    ...judged(options, { atLeast: 4 }),
  });
}

function buildMs({ vectors }: VectorSet): number {
  using writer = emptyMemory().writer();
  const start = performance.now();
  vectors.forEach((vector, at) => writer.addPending(at + 1, vector, 1, 1));
  writer.linkPending(vectors.length);
  return performance.now() - start;
}
