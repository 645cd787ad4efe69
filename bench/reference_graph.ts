/** Databases of the reference's format for the benchmark, written by the tests' own writer. */

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import type { GraphBackend } from "../lib/backend/mod.ts";
import { type Family, writeReference, type WrittenEdge, type WrittenGraph } from "../tests/support/reference_writer.ts";
import { FOLDER } from "./v3_files.ts";
import { randomNumbers } from "./v3_random.ts";
import { sized, type SuiteOptions } from "./v3_suite_options.ts";

const KINDS = ["Function", "Class", "Module", "File", "Test"];
const TYPES = ["calls", "imports", "uses", "contains"];
/** A node has four edges: the ratio of the graphs of source code that the reference is made for. */
const EDGES_OF_A_NODE = 4;

/** Nodes like those of source code, and random edges between them. */
export function referenceGraph(options: SuiteOptions): WrittenGraph {
  const next = randomNumbers(1);
  const count = sized(options, 100_000, 5_000);
  const nodes = Array.from({ length: count }, (_, index) => ({
    id: index + 1,
    kind: KINDS[index % KINDS.length] as string,
    name: `module${index % 997}::symbol_${index}`,
    // One in ten does not fit its record.
    data: JSON.stringify(index % 10 === 0 ? { line: index, text: "x".repeat(120) } : { line: index }),
  }));
  const edges: WrittenEdge[] = [];
  for (let edge = 0; edge < EDGES_OF_A_NODE * count; edge++) {
    edges.push({ from: 1 + next(count), to: 1 + next(count), type: TYPES[edge % TYPES.length] as string });
  }
  return { nodes, edges };
}

/** A database on disk; it is removed at the end of the block. */
export interface ReferenceFiles extends Disposable {
  /** The main file. */
  readonly path: string;
}

/** Writes a graph as one of the versions does. */
export function writeFiles(graph: WrittenGraph, family: Family, hasSidecars: boolean): ReferenceFiles {
  mkdirSync(FOLDER, { recursive: true });
  const folder = mkdtempSync(`${FOLDER}/reference-`);
  writeReference(`${folder}/db.graph`, graph, { family, hasSidecars });
  return { path: `${folder}/db.graph`, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}

/** The same records by plain inserts in one transaction. */
export function insertPlainly(db: GraphBackend, graph: WrittenGraph): void {
  db.transaction((tx) => {
    for (const { kind, name, data } of graph.nodes) tx.insertNode({ kind, name, data: JSON.parse(data) });
    for (const { from, to, type } of graph.edges) tx.insertEdge({ from: from as number, to: to as number, type });
  });
}
