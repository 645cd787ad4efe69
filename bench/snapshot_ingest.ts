/** Ingest of many edges through the engine's thread, and what the caller's thread can do meanwhile. */

import { copyFileSync } from "node:fs";
import type { EdgeInput } from "../lib/backend/mod.ts";
import { openGraph } from "../lib/graph/open_graph.ts";
import type { IngestRow } from "../lib/graph/row_source.ts";
import { V3Backend } from "../lib/v3/mod.ts";
import { type Harness, median, peakMemoryMb } from "./harness.ts";
import { apart } from "./v3_apart.ts";
import { bigGraph } from "./v3_big_graph.ts";
import { temporaryPath } from "./v3_files.ts";
import type { GraphFiles } from "./v3_graph_file.ts";
import { TYPE } from "./v3_random_graph.ts";
import { randomNumbers } from "./v3_random.ts";
import type { SuiteOptions } from "./v3_suite_options.ts";

const ROUNDS = 3;
const MS_PER_S = 1000;

/** Edges that come to the nodes of a closed database. */
interface NewEdges {
  readonly path: string;
  readonly nodes: number;
  readonly edges: number;
}

interface Inserted {
  /** From the call to the end of the commit. */
  readonly ms: number;
  readonly peakMb: number;
}

interface Ingested extends Inserted {
  /** Longest time in which a timer did not come to its turn. */
  readonly blockedMs: number;
}

/** Edges per second against `insertEdges` of the backend, each in a process of its own with an equal file. */
export async function measureIngest(bench: Harness, options: SuiteOptions, files: GraphFiles): Promise<void> {
  const { nodes, edges } = bigGraph(options);
  const { path: nodesOnly } = await files.of({ nodes, edges: 0 });
  const onCopy = async <R extends Inserted>(run: (job: NewEdges) => R | Promise<R>): Promise<R> => {
    using copy = temporaryPath();
    copyFileSync(nodesOnly, copy.path);
    return await apart(import.meta.url, run, { path: copy.path, nodes, edges });
  };
  const ingests: Ingested[] = [];
  const references: Inserted[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    if (round % 2 === 0) ingests.push(await onCopy(ingestEdges));
    references.push(await onCopy(insertEdges));
    if (round % 2 === 1) ingests.push(await onCopy(ingestEdges));
  }
  const fromAsync = await onCopy(ingestAsyncEdges);
  const rate = (runs: readonly Inserted[]): number => edges / median(runs.map(({ ms }) => ms)) * MS_PER_S;
  const name = `ingest of ${edges.toLocaleString("en-US")} edges`;
  bench.value({
    name: `${name} / insertEdges of V3Backend in process`,
    unit: "edges/s",
    value: rate(ingests),
    reference: rate(references),
    atLeast: 0.9,
  });
  const blocked = ingests.map(({ blockedMs }) => blockedMs);
  bench.value({
    name: "longest time that it blocked the caller's thread",
    unit: "ms",
    value: median(blocked),
    atMost: 10,
  });
  bench.value({ name: "the same in the worst round", unit: "ms", value: Math.max(...blocked) });
  bench.value({
    name: `${name} from an async generator / insertEdges`,
    unit: "edges/s",
    value: rate([fromAsync]),
    reference: rate(references),
  });
  bench.value({ name: "longest time that this blocked", unit: "ms", value: fromAsync.blockedMs });
  const peak = (runs: readonly Inserted[]): number => Math.max(...runs.map(({ peakMb }) => peakMb));
  bench.value({
    name: "resident memory of the ingest / of insertEdges",
    unit: "MB",
    value: peak(ingests),
    reference: peak(references),
  });
}

/** Ingests rows of a plain generator. */
export async function ingestEdges({ path, nodes, edges }: NewEdges): Promise<Ingested> {
  return await ingest(path, edges, rows(nodes, edges));
}

/** Ingests rows of an async generator. */
export async function ingestAsyncEdges({ path, nodes, edges }: NewEdges): Promise<Ingested> {
  return await ingest(path, edges, asyncRows(nodes, edges));
}

async function ingest(
  path: string,
  edges: number,
  from: Iterable<IngestRow> | AsyncIterable<IngestRow>,
): Promise<Ingested> {
  await using graph = await openGraph(path);
  const start = performance.now();
  let last = start;
  let blockedMs = 0;
  const look = (): void => {
    const now = performance.now();
    blockedMs = Math.max(blockedMs, now - last);
    last = now;
  };
  const timer = setInterval(look, 1);
  const result = await graph.ingest(from);
  const ms = performance.now() - start;
  look();
  clearInterval(timer);
  if (result.edges !== edges) throw new Error(`${result.edges} edges were ingested instead of ${edges}`);
  return { ms, blockedMs, peakMb: peakMemoryMb() };
}

/** The same edges by the backend itself. */
export function insertEdges({ path, nodes, edges }: NewEdges): Inserted {
  using db = V3Backend.open(path);
  const start = performance.now();
  const ids = db.insertEdges(edgesOf(nodes, edges));
  const ms = performance.now() - start;
  if (ids.length !== edges) throw new Error(`${ids.length} edges were inserted instead of ${edges}`);
  return { ms, peakMb: peakMemoryMb() };
}

function* edgesOf(nodes: number, edges: number): Generator<EdgeInput> {
  const next = randomNumbers(2);
  for (let index = 0; index < edges; index++) yield { from: 1 + next(nodes), to: 1 + next(nodes), type: TYPE };
}

function* rows(nodes: number, edges: number): Generator<IngestRow> {
  const next = randomNumbers(2);
  for (let index = 0; index < edges; index++) {
    yield { edge: { from: 1 + next(nodes), to: 1 + next(nodes), type: TYPE } };
  }
}

async function* asyncRows(nodes: number, edges: number): AsyncGenerator<IngestRow> {
  const next = randomNumbers(2);
  for (let index = 0; index < edges; index++) {
    yield { edge: { from: 1 + next(nodes), to: 1 + next(nodes), type: TYPE } };
  }
}
