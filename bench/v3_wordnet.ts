/** WordNet 3.1 in memory, and how it is put into a database of either engine. */

import type { GraphBackend } from "../lib/backend/mod.ts";
import { SqliteBackend } from "../lib/sqlite/mod.ts";
import { V3Backend } from "../lib/v3/mod.ts";
import {
  type PointerData,
  readPointers,
  readSynsets,
  type Relation,
  type SynsetNode,
  type WordNet,
} from "../scripts/wordnet.ts";
import { sized, type SuiteOptions } from "./v3_suite_options.ts";

/** What is loaded, ready to be inserted: what is measured is the database alone. */
export interface WordNetRows {
  readonly nodes: readonly SynsetNode[];
  readonly edges: readonly WordNetEdge[];
}

/** An edge between two of the nodes, by their places. */
export interface WordNetEdge {
  readonly from: number;
  readonly to: number;
  readonly type: Relation;
  readonly data: PointerData;
}

/** What of it is stored: everything, or nodes with kind and name only and edges without data. */
export type Content = "all" | "structure";

const NO_DATA = {};

/** Reads all of it, or a tenth for a quick run. */
export function readWordNet(options: SuiteOptions): WordNetRows {
  const nodes: SynsetNode[] = [];
  const places = new Map<number, number>();
  for (const { key, node } of readSynsets()) places.set(key, nodes.push(node) - 1);
  const count = sized(options, nodes.length, Math.floor(nodes.length / 10));
  const edges: WordNetEdge[] = [];
  for (const { fromKey, toKey, type, data = NO_DATA } of readPointers()) {
    const from = places.get(fromKey) as number;
    const to = places.get(toKey) as number;
    if (from < count && to < count) edges.push({ from, to, type, data });
  }
  return { nodes: nodes.slice(0, count), edges };
}

/** Opens a database of either engine as anybody would. */
export function openWordNet(backend: "v3" | "sqlite", path: string): GraphBackend<WordNet> {
  return backend === "v3" ? V3Backend.open<WordNet>(path) : SqliteBackend.open<WordNet>(path);
}

/** Puts it into a database in one transaction. */
export function insertWordNet(db: GraphBackend<WordNet>, rows: WordNetRows, content: Content = "all"): void {
  const isWhole = content === "all";
  db.transaction((tx) => {
    const ids: number[] = [];
    for (const node of rows.nodes) ids.push(tx.insertNode(isWhole ? node : structureOf(node)));
    for (const { from, to, type, data } of rows.edges) {
      tx.insertEdge({ from: ids[from] as number, to: ids[to] as number, type, data: isWhole ? data : NO_DATA });
    }
  });
}

/** A node without its text. Its data is absent, which the schema does not know. */
function structureOf({ kind, name }: SynsetNode): SynsetNode {
  return { kind, name } as SynsetNode;
}

/** Opens, loads and closes. */
export function loadWordNet(backend: "v3" | "sqlite", path: string, rows: WordNetRows, content: Content = "all"): void {
  using db = openWordNet(backend, path);
  insertWordNet(db, rows, content);
}
