/** Single reads of what is in the cache, against the SQLite backend. */

import type { GraphBackend } from "../lib/backend/mod.ts";
import { SqliteBackend } from "../lib/sqlite/mod.ts";
import { V3Backend } from "../lib/v3/mod.ts";
import type { Harness } from "./harness.ts";
import { temporaryPath } from "./v3_files.ts";
import { insertRandomGraph } from "./v3_random_graph.ts";
import { randomIds } from "./v3_random.ts";
import { sized, type SuiteOptions } from "./v3_suite_options.ts";
import { loadWordNet, openWordNet, readWordNet } from "./v3_wordnet.ts";

/** Random ids that are read in turns, and how many of them one measured call reads: short calls are seldom interrupted. */
const IDS = 20_000;
const READS = 1000;
const DEGREE = 10;

const isBun = "Bun" in globalThis;

/** Kind and name of random nodes. */
export async function measureGetNode(bench: Harness, options: SuiteOptions): Promise<void> {
  using file = temporaryPath();
  using reference = temporaryPath();
  const rows = readWordNet(options);
  loadWordNet("v3", file.path, rows);
  loadWordNet("sqlite", reference.path, rows);
  using db = openWordNet("v3", file.path);
  using other = openWordNet("sqlite", reference.path);
  const ids = randomIds(IDS, rows.nodes.length);
  const read = (from: typeof db) => (first: number) => {
    let length = 0;
    for (let at = first; at < first + READS; at++) {
      const node = from.getNode(ids[at] as number, { data: false });
      if (node !== undefined) length += node.kind.length + node.name.length;
    }
    return length;
  };
  await measureBoth(bench, "getNode without data", isBun ? 1 : 1.3, read(db), read(other));
}

/** Neighbours of random nodes with ten edges each. */
export async function measureNeighbors(bench: Harness, options: SuiteOptions): Promise<void> {
  using file = temporaryPath();
  using reference = temporaryPath();
  const nodes = sized(options, 30_000, 10_000);
  using db = V3Backend.open(file.path);
  using other = SqliteBackend.open(reference.path);
  const ids = randomIds(IDS, nodes);
  for (const each of [db, other]) insertRandomGraph(each, { nodes, edges: nodes * DEGREE, isRegular: true });
  db.checkpoint();
  other.checkpoint();
  const read = (from: GraphBackend) => (first: number) => {
    let found = 0;
    for (let at = first; at < first + READS; at++) found += from.neighbors(ids[at] as number).length;
    return found;
  };
  await measureBoth(bench, `neighbors (degree ${DEGREE})`, 1.5, read(db), read(other));
}

/** One line for the ratio, one for the time itself. */
async function measureBoth(
  bench: Harness,
  name: string,
  atMostUs: number,
  measured: (first: number) => number,
  reference: (first: number) => number,
): Promise<void> {
  for (let first = 0; first < IDS; first += READS) {
    const found = [measured(first), reference(first)];
    if (found[0] !== found[1]) {
      throw new Error(`${name}: the engines differ in ids ${first} on: ${found.join(" and ")}`);
    }
  }
  const { median } = await bench.operation({
    name: `${name} / SQLite backend`,
    unit: "us",
    operations: READS,
    measured: inTurns(measured),
    reference: inTurns(reference),
    atMost: 0.2,
  });
  bench.value({ name, unit: "us", value: median, atMost: atMostUs });
}

/** A function that reads the next ids with each call. */
function inTurns(read: (first: number) => number): () => number {
  let first = 0;
  return () => {
    first = (first + READS) % IDS;
    return read(first);
  };
}
