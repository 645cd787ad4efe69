/** Snapshots on the caller's thread: taking them, and what reading through shared memory costs. */

import { copyFileSync } from "node:fs";
import type { GraphReader } from "../lib/backend/mod.ts";
import { openGraph } from "../lib/graph/open_graph.ts";
import { V3Backend } from "../lib/v3/mod.ts";
import { type Harness, median } from "./harness.ts";
import { apart } from "./v3_apart.ts";
import { temporaryPath } from "./v3_files.ts";
import { KIND, TYPE } from "./v3_random_graph.ts";
import { randomIds, randomNumbers, randomText } from "./v3_random.ts";
import { sized, type SuiteOptions } from "./v3_suite_options.ts";

/** Random ids that are read in turns, and how many of them one measured call reads. */
const IDS = 20_000;
const READS = 1000;
const SNAPSHOTS = 1000;
const DEGREE = 4;
const TEXT_LENGTH = 40;
const US_PER_MS = 1000;
/** Each process of its own reads all ids so often; the first times warm it up. */
const PASSES = 200;
const WARM_PASSES = 50;
const PROCESSES = 3;

const isBun = "Bun" in globalThis;

/** `graph.snapshot()` and `release()`: again and again of one state, and the first of a new one. */
export async function measureSnapshot(bench: Harness, options: SuiteOptions): Promise<void> {
  using file = temporaryPath();
  buildPeople(file.path, countOfPeople(options));
  await using graph = await openGraph(file.path, { durability: "off" });
  await bench.operation({
    name: "snapshot and release",
    unit: "us",
    operations: SNAPSHOTS,
    measured: () => {
      for (let count = 0; count < SNAPSHOTS; count++) graph.snapshot().release();
    },
    atMost: isBun ? 1 : 2,
  });
  const times: number[] = [];
  for (let commit = 0; commit < sized(options, 2000, 200); commit++) {
    await graph.insertNode({ kind: KIND, name: `after ${commit}` });
    const start = performance.now();
    graph.snapshot().release();
    times.push((performance.now() - start) * US_PER_MS);
  }
  bench.value({ name: "the first snapshot after a commit, and its release", unit: "us", value: median(times) });
}

/** One read of a node; a number that depends on what was found. */
type ReadOne = (from: GraphReader, id: number) => number;

type ReadName = "getNode" | "getNode without data" | "neighbors";

const READ_ONE: Readonly<Record<ReadName, ReadOne>> = {
  "getNode": (from, id) => {
    const node = from.getNode(id);
    return node === undefined ? 0 : node.name.length + (node.data["text"] as string).length;
  },
  "getNode without data": (from, id) => {
    const node = from.getNode(id, { data: false });
    return node === undefined ? 0 : node.kind.length + node.name.length;
  },
  "neighbors": (from, id) => from.neighbors(id).length,
};

/** Random nodes, with and without their data. */
export async function measureSnapshotGetNode(bench: Harness, options: SuiteOptions): Promise<void> {
  await measureReads(bench, options, "getNode");
  await measureReads(bench, options, "getNode without data");
}

/** Neighbours of random nodes. */
export async function measureSnapshotNeighbors(bench: Harness, options: SuiteOptions): Promise<void> {
  await measureReads(bench, options, "neighbors");
}

/**
 * A snapshot of a graph with threads against the backend in process, both over equal files: in the same rounds, and each in a
 * process of its own, where the code that they have in common runs for one of them alone.
 */
async function measureReads(bench: Harness, options: SuiteOptions, name: ReadName): Promise<void> {
  using file = temporaryPath();
  using reference = temporaryPath();
  const nodes = countOfPeople(options);
  buildPeople(file.path, nodes);
  copyFileSync(file.path, reference.path);
  const ids = randomIds(IDS, nodes);
  {
    await using graph = await openGraph(file.path);
    using snapshot = graph.snapshot();
    using db = V3Backend.open(reference.path);
    const measured = readerOf(snapshot, ids, READ_ONE[name]);
    const byReference = readerOf(db, ids, READ_ONE[name]);
    for (let first = 0; first < IDS; first += READS) {
      const found = [measured(first), byReference(first)];
      if (found[0] === found[1] && found[0] !== 0) continue;
      throw new Error(`${name}: the two differ in ids ${first} on: ${found.join(" and ")}`);
    }
    await bench.operation({
      name: `${name} of a snapshot / V3Backend in process`,
      unit: "us",
      operations: READS,
      measured: inTurns(measured),
      reference: inTurns(byReference),
      atMost: 1.2,
    });
  }
  const alone: number[] = [];
  const referenceAlone: number[] = [];
  for (let round = 0; round < PROCESSES; round++) {
    alone.push(await apart(import.meta.url, readSnapshotAlone, { path: file.path, nodes, name }));
    referenceAlone.push(await apart(import.meta.url, readBackendAlone, { path: reference.path, nodes, name }));
  }
  bench.value({
    name: "the same, each in a process of its own",
    unit: "us",
    value: median(alone),
    reference: median(referenceAlone),
  });
}

interface Alone {
  readonly path: string;
  readonly nodes: number;
  readonly name: ReadName;
}

/** Time of a read in a process that has only a graph with threads, in microseconds. */
export async function readSnapshotAlone({ path, nodes, name }: Alone): Promise<number> {
  await using graph = await openGraph(path);
  using snapshot = graph.snapshot();
  return timeOfReads(readerOf(snapshot, randomIds(IDS, nodes), READ_ONE[name]));
}

/** Time of a read in a process that has only the backend. */
export function readBackendAlone({ path, nodes, name }: Alone): number {
  using db = V3Backend.open(path);
  return timeOfReads(readerOf(db, randomIds(IDS, nodes), READ_ONE[name]));
}

function timeOfReads(read: (first: number) => number): number {
  const times: number[] = [];
  for (let pass = 0; pass < PASSES; pass++) {
    const start = performance.now();
    for (let first = 0; first < IDS; first += READS) read(first);
    if (pass >= WARM_PASSES) times.push((performance.now() - start) * US_PER_MS / IDS);
  }
  return median(times);
}

/** Reads `READS` ids, from the given place on. */
function readerOf(from: GraphReader, ids: readonly number[], readOne: ReadOne): (first: number) => number {
  return (first) => {
    let sum = 0;
    for (let at = first; at < first + READS; at++) sum += readOne(from, ids[at] as number);
    return sum;
  };
}

/** A function that reads the next ids with each call. */
function inTurns(read: (first: number) => number): () => number {
  let first = 0;
  return () => {
    first = (first + READS) % IDS;
    return read(first);
  };
}

function countOfPeople(options: SuiteOptions): number {
  return sized(options, 100_000, 5_000);
}

/** A closed file of nodes with data, and of edges between random ones. */
function buildPeople(path: string, nodes: number): void {
  const next = randomNumbers(1);
  using db = V3Backend.open(path);
  db.transaction((tx) => {
    for (let id = 1; id <= nodes; id++) {
      tx.insertNode({ kind: KIND, name: `n${id}`, data: { born: next(3000), text: randomText(next, TEXT_LENGTH) } });
    }
    for (let index = 0; index < nodes * DEGREE; index++) {
      tx.insertEdge({ from: 1 + next(nodes), to: 1 + next(nodes), type: TYPE });
    }
  });
}
