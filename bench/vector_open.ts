/** Time to the first result of a database that was closed, and the memory of its index. */

import process from "node:process";
import type { GraphBackend } from "../lib/backend/graph_backend.ts";
import { SqliteBackend } from "../lib/sqlite/mod.ts";
import { V3Backend } from "../lib/v3/mod.ts";
import { type Harness, median } from "./harness.ts";
import { apart } from "./v3_apart.ts";
import type { GraphFiles } from "./v3_graph_file.ts";
import type { SuiteOptions } from "./v3_suite_options.ts";
import { BUILD, judged, measuredSet } from "./vector_build_options.ts";
import { DIMENSION, K } from "./vector_data.ts";
import { INDEX, vectorDatabase } from "./vector_database.ts";

const ROUNDS = 5;
const BAR_MS = 150;

/** A database and what is searched for in it. */
export interface FirstSearch {
  readonly engine: "v3" | "sqlite";
  readonly path: string;
  readonly query: readonly number[];
}

/** What it took. */
export interface FirstResult {
  readonly ms: number;
  /** The same once more in this process. */
  readonly againMs: number;
  readonly memoryBytes: number;
  /** How much the process grew. */
  readonly grownBytes: number;
}

/** Opens a database and searches once; and again. */
export function searchFirst(search: FirstSearch): FirstResult {
  collectGarbage();
  const before = process.memoryUsage().rss;
  const first = openAndSearch(search);
  const { memoryBytes } = first.db.vectorIndex(INDEX).stats();
  collectGarbage();
  const grownBytes = process.memoryUsage().rss - before;
  first.db.close();
  const second = openAndSearch(search);
  second.db.close();
  return { ms: first.ms, againMs: second.ms, memoryBytes, grownBytes };
}

function openAndSearch({ engine, path, query }: FirstSearch): { readonly db: GraphBackend; readonly ms: number } {
  const start = performance.now();
  const db = (engine === "v3" ? V3Backend : SqliteBackend).open(path, { readonly: true });
  const found = db.searchVectors(INDEX, query, { k: K });
  const ms = performance.now() - start;
  if (found.length !== K) throw new Error("vectors are missing");
  if (db.vectorIndex(INDEX).stats().searches !== "memory") throw new Error("the index is not in memory");
  return { db, ms };
}

function collectGarbage(): void {
  (globalThis as { gc?: () => void }).gc?.();
}

/** From the call to open until the first result, in a new process each time. */
export async function measureOpening(bench: Harness, options: SuiteOptions, files: GraphFiles): Promise<void> {
  const { path } = vectorDatabase(files, options, "f32");
  const { ms, againMs, count } = await firstResults(options, "v3", path);
  const name = `opening ${count.toLocaleString("en-US")} vectors to the first result`;
  bench.value({ name, unit: "ms", value: ms, ...judged(options, { atMost: BAR_MS }) });
  bench.value({ name: "the same once more in the same process", unit: "ms", value: againMs });
}

/** The same of a SQLite file. */
export async function measureSqliteOpening(bench: Harness, options: SuiteOptions, files: GraphFiles): Promise<void> {
  const { vectors } = measuredSet(options, "clustered");
  const path = files.newPath();
  {
    using db = SqliteBackend.open(path);
    db.insertNodes(vectors.map((_, place) => ({ kind: "Vector", name: `v${place}` })));
    db.createVectorIndex(INDEX, { dimension: DIMENSION, metric: "euclidean", ...BUILD });
    const start = performance.now();
    db.setVectors(INDEX, vectors.map((vector, place) => ({ nodeId: place + 1, vector })));
    bench.value({ name: "setVectors in one SQLite transaction", unit: "ms", value: performance.now() - start });
  }
  const { ms, count } = await firstResults(options, "sqlite", path);
  const name = `opening ${count.toLocaleString("en-US")} vectors of a SQLite file to the first result`;
  bench.value({ name, unit: "ms", value: ms });
}

/** Of the index, and of a process that opened it, against the bytes of all vectors. */
export async function measureVectorMemory(bench: Harness, options: SuiteOptions, files: GraphFiles): Promise<void> {
  const { path } = vectorDatabase(files, options, "f32");
  const { memoryBytes, grownBytes, count } = await firstResults(options, "v3", path);
  const bytes = count * DIMENSION * Float32Array.BYTES_PER_ELEMENT;
  for (
    const [name, value] of [["index in memory", memoryBytes], [
      "growth of a process that opens it",
      grownBytes,
    ]] as const
  ) {
    const bar = judged(options, { atMost: 1.5 });
    bench.value({ name: `${name}, against the bytes of all vectors`, unit: "x", value: value / bytes, ...bar });
  }
}

async function firstResults(
  options: SuiteOptions,
  engine: FirstSearch["engine"],
  path: string,
): Promise<FirstResult & { readonly count: number }> {
  const { queries, vectors } = measuredSet(options, "clustered");
  const query = Array.from(queries[0] as Float32Array);
  const results: FirstResult[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    results.push(await apart(import.meta.url, searchFirst, { engine, path, query }));
  }
  return {
    ms: median(results.map(({ ms }) => ms)),
    againMs: median(results.map(({ againMs }) => againMs)),
    memoryBytes: median(results.map(({ memoryBytes }) => memoryBytes)),
    grownBytes: median(results.map(({ grownBytes }) => grownBytes)),
    count: vectors.length,
  };
}
