/** Edges of one node that has very many already. */

import { V3Backend, type V3Database } from "../lib/v3/mod.ts";
import { type Harness, median } from "./harness.ts";
import { apart } from "./v3_apart.ts";
import { temporaryPath } from "./v3_files.ts";
import { KIND, TYPE } from "./v3_random_graph.ts";
import { randomNumbers } from "./v3_random.ts";
import { sized, type SuiteOptions } from "./v3_suite_options.ts";

const ROUNDS = 20;
const EDGES_OF_SMALL = 10_000;
const BATCHES = 5;
const BATCH = 1000;
const SINGLES = 200;
const US_PER_MS = 1000;

/** How edges are appended. */
interface Way {
  readonly name: string;
  /** Whether neighbours are new ones, in ascending ids, or random ones. */
  readonly isAscending: boolean;
  /** Edges of one transaction, and transactions of one round. */
  readonly batch: number;
  readonly batches: number;
}

const WAYS: readonly Way[] = [
  { name: `in batches of ${BATCH}, to new neighbours`, isAscending: true, batch: BATCH, batches: BATCHES },
  { name: `in batches of ${BATCH}, to any neighbours`, isAscending: false, batch: BATCH, batches: BATCHES },
  { name: "one by one, to new neighbours", isAscending: true, batch: 1, batches: SINGLES },
  { name: "one by one, to any neighbours", isAscending: false, batch: 1, batches: SINGLES },
];

/** Time of an edge at a large hub, against one at small hubs of the same database. */
export async function measureHub(bench: Harness, options: SuiteOptions): Promise<void> {
  using file = temporaryPath();
  const hub = { path: file.path, nodes: sized(options, 1_000_000, 20_000), edges: sized(options, 10_000_000, 200_000) };
  const times = await apart(import.meta.url, appendToHubs, hub);
  for (const [at, { large, small }] of times.entries()) {
    const { name } = WAYS[at] as Way;
    const value = median(large);
    bench.value({
      name: `edge of a hub with 10 million / 10 thousand: ${name}`,
      unit: "us",
      value,
      reference: median(small),
      atMost: 1.5,
    });
  }
}

/** Where the hubs are: the large one is node 1, then come the small ones, a fresh one for each round and way. */
interface Hubs {
  readonly path: string;
  readonly nodes: number;
  readonly edges: number;
}

/** Builds the hubs; microseconds per edge of each round, for each way. */
export function appendToHubs(hubs: Hubs): { readonly large: number[]; readonly small: number[] }[] {
  const smallHubs = ROUNDS * WAYS.length;
  const spare = ROUNDS * BATCHES * BATCH;
  const { nodes } = hubs;
  using db = V3Backend.open(hubs.path, { durability: "normal" });
  db.transaction((tx) => {
    for (let id = 1; id <= nodes + spare; id++) tx.insertNode({ kind: KIND, name: `n${id}` });
    // Several edges go to each neighbour, which is cheaper to make than ten million of these.
    for (let index = 0; index < hubs.edges; index++) tx.insertEdge({ from: 1, to: 1 + index % nodes, type: TYPE });
    for (let hub = 0; hub < smallHubs; hub++) {
      for (let index = 0; index < EDGES_OF_SMALL; index++) {
        tx.insertEdge({ from: 2 + hub, to: 1 + Math.floor(index * nodes / EDGES_OF_SMALL), type: TYPE });
      }
    }
  });
  db.checkpoint();
  return WAYS.map((way, at) => {
    const large: number[] = [];
    const small: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const isLargeFirst = round % 2 === 0;
      for (const isLarge of isLargeFirst ? [true, false] : [false, true]) {
        const hub = isLarge ? 1 : 2 + at * ROUNDS + round;
        const firstNew = nodes + 1 + (isLarge ? round * way.batch * way.batches : 0);
        (isLarge ? large : small).push(append(db, way, hub, nodes, firstNew));
      }
      db.checkpoint();
    }
    return { large, small };
  });
}

/** Appends the edges of a round, to the nodes from `firstNew` on or to any before; returns the median microseconds per edge. */
function append(db: V3Database, way: Way, hub: number, nodes: number, firstNew: number): number {
  const next = randomNumbers(hub * ROUNDS + firstNew);
  const times: number[] = [];
  let to = firstNew;
  for (let batch = 0; batch < way.batches; batch++) {
    const start = performance.now();
    db.transaction((tx) => {
      for (let index = 0; index < way.batch; index++) {
        tx.insertEdge({ from: hub, to: way.isAscending ? to++ : 1 + next(nodes), type: TYPE });
      }
    });
    times.push((performance.now() - start) * US_PER_MS / way.batch);
  }
  return median(times);
}
