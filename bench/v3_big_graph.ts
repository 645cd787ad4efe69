/** A million nodes and ten million edges: load, size, opening and comparing of commits. */

import { V3Backend } from "../lib/v3/mod.ts";
import { type Harness, median } from "./harness.ts";
import { apart } from "./v3_apart.ts";
import { temporaryPath } from "./v3_files.ts";
import type { GraphFiles } from "./v3_graph_file.ts";
import { loadByHand } from "./v3_hand_sqlite.ts";
import { KIND, type RandomGraph, TYPE } from "./v3_random_graph.ts";
import { sized, type SuiteOptions } from "./v3_suite_options.ts";

/** The graph that is meant. */
export function bigGraph(options: SuiteOptions): RandomGraph {
  return { nodes: sized(options, 1_000_000, 20_000), edges: sized(options, 10_000_000, 200_000) };
}

/** Edges per second of the whole load, nodes, commit and close included, against raw inserts. */
export async function measureBigLoad(bench: Harness, options: SuiteOptions, files: GraphFiles): Promise<void> {
  const graph = bigGraph(options);
  const times: number[] = [];
  const references: number[] = [];
  let peakMb = 0;
  for (let round = 0; round < 3; round++) {
    const file = round === 0 ? await files.of(graph) : await files.make(graph);
    times.push(file.ms);
    peakMb = Math.max(peakMb, file.peakMb);
    // One that takes minutes is measured once.
    if (references.length > 0 && (references[0] as number) > 60_000) continue;
    using reference = temporaryPath();
    references.push(
      await apart(new URL("./v3_hand_sqlite.ts", import.meta.url).href, loadByHand, { path: reference.path, graph }),
    );
  }
  bench.value({
    name: `load of ${count(graph.nodes)} nodes and ${count(graph.edges)} edges / the runtime's SQLite`,
    unit: "edges/s",
    value: graph.edges / median(times) * 1000,
    reference: graph.edges / median(references) * 1000,
    atLeast: 4,
  });
  bench.value({ name: "resident memory of this load", unit: "MB", value: peakMb });
}

/** Bytes of an edge, which stands in the file three times (by id and at both ends). */
export async function measureBytesPerEdge(bench: Harness, options: SuiteOptions, files: GraphFiles): Promise<void> {
  const graph = bigGraph(options);
  const { bytes } = await files.of(graph);
  const nodesOnly = await files.of({ ...graph, edges: 0 });
  const name = `bytes of an edge without data`;
  bench.value({ name, unit: "B", value: (bytes - nodesOnly.bytes) / graph.edges, atMost: 24 });
  bench.value({ name: "bytes of the whole file for each edge", unit: "B", value: bytes / graph.edges });
}

/** Opening after a clean close. */
export async function measureOpen(bench: Harness, options: SuiteOptions, files: GraphFiles): Promise<void> {
  const big = bigGraph(options);
  const graphs = [{ nodes: 1000, edges: 10_000 }, { nodes: big.nodes / 10, edges: big.edges / 10 }, big];
  const databases: { nodes: number; path: string; openMs: number[]; closeMs: number[] }[] = [];
  for (const graph of graphs) {
    databases.push({ nodes: graph.nodes, path: (await files.of(graph)).path, openMs: [], closeMs: [] });
  }
  for (let round = -5; round < 50; round++) {
    for (const { path, openMs, closeMs } of databases) {
      const start = performance.now();
      const db = V3Backend.open(path);
      const opened = performance.now();
      db.close();
      if (round >= 0) {
        openMs.push(opened - start);
        closeMs.push(performance.now() - opened);
      }
    }
  }
  for (const { nodes, openMs, closeMs } of databases) {
    bench.value({ name: `open of ${count(nodes)} nodes`, unit: "ms", value: median(openMs), atMost: 5 });
    bench.value({ name: `close of ${count(nodes)} nodes`, unit: "ms", value: median(closeMs) });
  }
}

const CHANGES = 10;

/** What differs between two commits, against reading everything once. */
export async function measureDiff(bench: Harness, options: SuiteOptions, files: GraphFiles): Promise<void> {
  const graph = bigGraph(options);
  using db = V3Backend.open(await files.copyOf(graph));
  const before = db.tag("before").lsn;
  for (let change = 0; change < CHANGES; change++) {
    const id = 1 + change * Math.floor(graph.nodes / CHANGES);
    if (change % 2 === 0) db.updateNode(id, { name: "changed" });
    else db.insertEdge({ from: id, to: 1, type: TYPE });
  }
  const after = db.tag("after").lsn;
  const scanMs = timeOf(() => {
    let length = 0;
    for (const { kind } of db.nodes({ data: false })) length += kind.length;
    for (const { type } of db.edges({ data: false })) length += type.length;
    if (length !== graph.nodes * KIND.length + (graph.edges + CHANGES / 2) * TYPE.length) {
      throw new Error("the scan is not whole");
    }
  });
  const diffs = Array.from({ length: 51 }, () =>
    timeOf(() => {
      let found = 0;
      for (const _ of db.diff(before, after)) found++;
      if (found !== CHANGES) throw new Error(`diff shows ${found} changes instead of ${CHANGES}`);
    }));
  const name = `diff of ${CHANGES} changes among ${count(graph.edges)} edges`;
  bench.value({ name, unit: "ms", value: median(diffs) });
  bench.value({ name: `${name}: a full scan / it`, unit: "times", value: scanMs / median(diffs), atLeast: 1000 });
}

function timeOf(run: () => void): number {
  const start = performance.now();
  run();
  return performance.now() - start;
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}
