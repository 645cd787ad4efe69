/** How soon each algorithm of the catalogue would see that it is cancelled: the longest time between two looks. */

import process from "node:process";
import { FAMILIES } from "../lib/algo/catalogue.ts";
import type { CatalogueEntry } from "../lib/algo/catalogue_entry.ts";
import { kronecker, tree } from "../lib/algo/generate/mod.ts";
import { isRequired } from "../lib/cli/algo_params.ts";
import type { Projection } from "../lib/projection/mod.ts";
import type { TaskContext } from "../lib/task/mod.ts";
import { busiestNode } from "./algo_kronecker.ts";
import type { Harness } from "./harness.ts";
import { sized, type SuiteOptions } from "./v3_suite_options.ts";

/** An algorithm is cancelled after so long. */
const LONGEST_MS = 1_000;
const ROUNDS = 3;
const BAR_MS = 50;
const SAMPLES = 64;

/** One entry for all algorithms, with the name of the one that took longest; those above the bar have entries of their own. */
export function measureCancellation(bench: Harness, options: SuiteOptions): void {
  const generated = kronecker({ scale: sized(options, 18, 10) }).withWeights();
  const leaves = tree({ nodes: sized(options, 1_000_000, 1_000), branching: 3 }).withWeights();
  const graphs = [
    generated.project({ edgeIds: true }),
    generated.project({ undirected: true, edgeIds: true }),
    // Without cycles, and in two colours.
    leaves.project({ edgeIds: true }),
    leaves.project({ undirected: true, edgeIds: true }),
    // For what takes small graphs only.
    kronecker({ scale: 7, edgeFactor: 4 }).withWeights().project({ undirected: true, simple: true }),
  ];
  let worst = { name: "", ms: 0 };
  let count = 0;
  for (const { entries } of FAMILIES) {
    for (const entry of entries) {
      const ms = longestGap(entry, graphs);
      count++;
      if (ms > worst.ms) worst = { name: entry.name, ms };
      if (ms > BAR_MS) bench.value({ name: `cancelling ${entry.name}`, unit: "ms", value: ms, atMost: BAR_MS });
    }
  }
  const name = `cancelling any of ${count} algorithms, longest: ${worst.name}`;
  bench.value({ name, unit: "ms", value: worst.ms, atMost: BAR_MS });
}

/** The best of a few runs: what else the machine does is not the algorithm's. */
function longestGap(entry: CatalogueEntry, graphs: readonly Projection[]): number {
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    let longest = 0;
    // On each graph that it takes.
    let taken = 0;
    for (const projection of graphs) {
      const gap = gapOf(entry, projection);
      if (gap === undefined) continue;
      taken++;
      longest = Math.max(longest, gap);
    }
    if (taken === 0) throw new Error(`${entry.name} takes none of the graphs`);
    best = Math.min(best, longest);
    if (best < BAR_MS / 2) break;
  }
  return best;
}

/** Undefined when the algorithm refuses the graph before it has looked up. */
function gapOf(entry: CatalogueEntry, projection: Projection): number | undefined {
  const params = paramsOf(entry, projection);
  const stop = new Error("long enough");
  const start = performance.now();
  let last = start;
  let lastCpu = cpuMs();
  let longest = 0;
  let looks = 0;
  const note = (): void => {
    const [now, cpu] = [performance.now(), cpuMs()];
    // A thread that has to wait for a processor is not the algorithm's fault.
    longest = Math.max(longest, Math.min(now - last, cpu - lastCpu));
    [last, lastCpu] = [now, cpu];
  };
  const look = (): void => {
    looks++;
    note();
    if (last - start > LONGEST_MS) throw stop;
  };
  const context: TaskContext = {
    workers: 1,
    worker: 0,
    isAborted: false,
    throwIfAborted: look,
    progress() {},
    total() {},
    barrier: look,
    sharedBuffer: (byteLength) => new SharedArrayBuffer(byteLength),
  };
  try {
    entry.algorithm(projection, params, context);
  } catch (error) {
    if (error !== stop && looks < 2) return undefined;
  }
  note();
  return longest;
}

/** Values for parameters: of those that must be given, and of those that choose where to start or how long to work. */
interface Values {
  readonly needed: Readonly<Record<string, unknown>>;
  readonly chosen: Readonly<Record<string, unknown>>;
}

/** Made once for each graph: an algorithm is not to pay for what was thrown away before it. */
const valuesOf = new WeakMap<Projection, Values>();

function makeValues(projection: Projection): Values {
  const { nodeCount, nodeIds } = projection;
  const [first, last] = [busiestNode(projection), nodeIds[nodeCount - 1] as number];
  const halves = [Array.from(nodeIds.subarray(0, nodeCount >> 1)), Array.from(nodeIds.subarray(nodeCount >> 1))];
  const zeros = new Float64Array(nodeCount);
  return {
    needed: {
      ...{ from: first, to: last, source: first, sink: last, entry: first, exit: last, node: first },
      ...{ nodes: [first], sources: [first], sinks: [last], k: 8, parts: 8, hops: 4, pairs: [[first, last]] },
      ...{ communities: halves, partition: halves, other: projection, after: projection },
      pattern: { nodes: { a: {}, b: {}, c: {} }, edges: [{ from: "a", to: "b" }, { from: "b", to: "c" }] },
    },
    chosen: { start: first, samples: Math.min(SAMPLES, nodeCount), coordinates: { x: zeros, y: zeros } },
  };
}

function paramsOf({ params }: CatalogueEntry, projection: Projection): Record<string, unknown> {
  const values = valuesOf.get(projection) ?? makeValues(projection);
  valuesOf.set(projection, values);
  return Object.fromEntries(
    Object.entries(params).flatMap(([name, spec]) => {
      const value = (isRequired(spec) ? values.needed : values.chosen)[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** Time that the system has let this process run. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
