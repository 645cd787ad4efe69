/** Databases with the clustered vectors, made once a run. */

import type { GraphReader } from "../lib/backend/graph_reader.ts";
import type { VectorFilter, VectorStorage } from "../lib/backend/vector.ts";
import { V3Backend } from "../lib/v3/mod.ts";
import type { GraphFiles } from "./v3_graph_file.ts";
import type { SuiteOptions } from "./v3_suite_options.ts";
import { BUILD, measuredSet } from "./vector_build_options.ts";
import { DIMENSION, type Distribution, K, type VectorSet } from "./vector_data.ts";
import { type PlaceSearch, recallOf } from "./vector_recall.ts";

/** Name of the index in every database. */
export const INDEX = "vectors";

/** Candidates of searches whose recalls are compared: few, so that a worse graph shows. */
export const COMPARED_EF = 24;

/** A closed database. */
export interface VectorDatabase {
  readonly path: string;
  /** Time of the transaction with all vectors. */
  readonly setMs: number;
  /** Recall with `COMPARED_EF` candidates before it was closed. */
  readonly recall: number;
}

const made = new WeakMap<GraphFiles, Map<string, VectorDatabase>>();

/** The V3 database with a set of vectors: node `place + 1` has the vector of that place. Nobody may change it. */
export function vectorDatabase(
  files: GraphFiles,
  options: SuiteOptions,
  storage: VectorStorage,
  distribution: Distribution = "clustered",
): VectorDatabase {
  const databases = made.get(files) ?? new Map<string, VectorDatabase>();
  made.set(files, databases);
  const key = `${distribution} ${storage}`;
  const database = databases.get(key) ?? makeDatabase(files.newPath(), measuredSet(options, distribution), storage);
  databases.set(key, database);
  return database;
}

function makeDatabase(path: string, set: VectorSet, storage: VectorStorage): VectorDatabase {
  using db = V3Backend.open(path);
  db.insertNodes(kindsOf(set.clusters).map((kind, place) => ({ kind, name: `v${place}` })));
  db.createVectorIndex(INDEX, { dimension: DIMENSION, metric: "euclidean", storage, ...BUILD });
  const start = performance.now();
  db.setVectors(INDEX, set.vectors.map((vector, place) => ({ nodeId: place + 1, vector })));
  const setMs = performance.now() - start;
  const recall = recallOf(set, searchIn(db), COMPARED_EF);
  db.close();
  return { path, setMs, recall };
}

/** Searches in the state of a database or snapshot. */
export function searchIn(reader: Pick<GraphReader, "searchVectors">, filter?: VectorFilter): PlaceSearch {
  return (query, ef) => reader.searchVectors(INDEX, query, { k: K, ef, filter }).map(({ nodeId }) => nodeId - 1);
}

/** Ranks within a cluster below which a vector is of the rarer kinds, as shares of all vectors. */
const RARE = [["rarest", 0.0001], ["rare", 0.001]] as const;

/** A kind for each cluster, with rarer ones for its first members. */
function kindsOf(clusters: Uint8Array): string[] {
  const ranks = new Map<number, number>();
  return Array.from(clusters, (cluster) => {
    const rank = ranks.get(cluster) ?? 0;
    ranks.set(cluster, rank + 1);
    const rare = RARE.find(([, share]) => rank < Math.max(1, share * clusters.length))?.[0] ?? "common";
    return kindOf(cluster, rare);
  });
}

/** Kind of a vector of a cluster. */
export function kindOf(cluster: number, rarity: "rarest" | "rare" | "common"): string {
  return `C${cluster}_${rarity}`;
}
