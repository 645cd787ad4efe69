/** Import of databases that the reference wrote: nodes and edges per second, against plain inserts of the same records. */

import { readFileSync } from "node:fs";
import type { GraphBackend } from "../../lib/backend/mod.ts";
import { importReference } from "../../lib/reference/import_reference.ts";
import { V3Backend } from "../../lib/v3/mod.ts";
import type { Family, WrittenGraph } from "../../tests/support/reference_writer.ts";
import { type Harness, median } from "../harness.ts";
import { insertPlainly, referenceGraph, writeFiles } from "../reference_graph.ts";
import { newPath, removeFiles } from "../v3_files.ts";
import { sized, type SuiteOptions } from "../v3_suite_options.ts";

/** Records a second that an import into memory is meant to reach. */
const BAR = 300_000;

/** What is imported: the versions differ in how edges are stored and in what lies beside the main file. */
const FILES: readonly { readonly family: Family; readonly hasSidecars: boolean; readonly title: string }[] = [
  { family: "3.2.5", hasSidecars: true, title: "3.2.5, a page for each edge list" },
  { family: "3.9.0", hasSidecars: false, title: "3.9.0, shared pages, without property sidecar" },
  { family: "3.9.0", hasSidecars: true, title: "3.9.0, shared pages and property sidecar" },
];

/** Measures imports into memory and into a file. */
export default async function reference(bench: Harness, options: SuiteOptions): Promise<void> {
  const graph = referenceGraph(options);
  for (const { family, hasSidecars, title } of FILES) {
    using files = writeFiles(graph, family, hasSidecars);
    measure(bench, options, graph, { title, path: files.path, target: "memory", salvage: false });
    if (family === "3.9.0" && !hasSidecars) {
      measure(bench, options, graph, { title, path: files.path, target: "memory", salvage: true });
      measure(bench, options, graph, { title, path: files.path, target: "file", salvage: false });
      await measureReading(bench, graph, files.path);
    }
  }
}

interface Import {
  readonly title: string;
  readonly path: string;
  readonly target: "memory" | "file";
  readonly salvage: boolean;
}

/** Records a second; the reference inserts the same records plainly into the same sort of database. */
function measure(
  bench: Harness,
  options: SuiteOptions,
  graph: WrittenGraph,
  { title, path, target, salvage }: Import,
): void {
  const records = graph.nodes.length + graph.edges.length;
  const perSecond = { imported: [] as number[], inserted: [] as number[] };
  const rounds = sized(options, 3, 1);
  for (let round = -1; round < rounds; round++) {
    const imported = timed(target, (db) => {
      const report = importReference(path, db, { salvage });
      if (report.nodes + report.edges !== records) throw new Error(`${report.nodes} nodes, ${report.edges} edges`);
    });
    const inserted = timed(target, (db) => insertPlainly(db, graph));
    if (round < 0) continue; // the first one warms up
    perSecond.imported.push(records / imported * 1000);
    perSecond.inserted.push(records / inserted * 1000);
  }
  const value = median(perSecond.imported);
  const inserted = median(perSecond.inserted);
  const name = `import into ${target === "memory" ? ":memory:" : "a V3 file"}${
    salvage ? " with salvage" : ""
  }: ${title}`;
  bench.value({ name, unit: "records/s", value, ...(target === "memory" && !salvage ? { atLeast: BAR } : {}) });
  bench.value({ name: "  time against plain inserts of the same records", unit: "ratio", value: inserted / value });
}

/** Milliseconds from the empty database to the end of the commit. */
function timed(target: "memory" | "file", run: (db: GraphBackend) => void): number {
  const path = target === "memory" ? ":memory:" : newPath();
  const db = V3Backend.open(path);
  try {
    const start = performance.now();
    run(db);
    return performance.now() - start;
  } finally {
    db.close();
    if (target === "file") removeFiles(path);
  }
}

/** What the import costs beyond the bytes themselves. */
async function measureReading(bench: Harness, graph: WrittenGraph, path: string): Promise<void> {
  await bench.job({
    name: `import of ${graph.nodes.length + graph.edges.length} records / reading the file's bytes`,
    prepare: () => V3Backend.open(":memory:"),
    measured: (db) => importReference(path, db),
    reference: () => readFileSync(path),
    cleanUp: (db) => db.close(),
  });
}
