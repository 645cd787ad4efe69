/** WordNet 3.1 in memory, and how it is put into a database of either engine. */

import type { GraphBackend } from "../lib/backend/mod.ts";
import { SqliteBackend } from "../lib/sqlite/mod.ts";
import { V3Backend } from "../lib/v3/mod.ts";
import { type PointerRow, readPointers, readSynsets, type SynsetRow, type WordNet } from "../scripts/wordnet.ts";
import type { SuiteOptions } from "./v3_suite_options.ts";

/** What is loaded. */
export interface WordNetRows {
  /** Nodes. */
  readonly synsets: readonly SynsetRow[];
  /** Edges. */
  readonly pointers: readonly PointerRow[];
}

/** What of it is stored: everything, or nodes with kind and name only and edges without data. */
export type Content = "all" | "structure";

/** Reads all of it, or a tenth for a quick run. */
export function readWordNet(options: SuiteOptions): WordNetRows {
  const synsets = [...readSynsets()];
  const pointers = [...readPointers()];
  if (!options.isQuick) return { synsets, pointers };
  const some = synsets.slice(0, synsets.length / 10);
  const keys = new Set(some.map(({ key }) => key));
  return { synsets: some, pointers: pointers.filter(({ fromKey, toKey }) => keys.has(fromKey) && keys.has(toKey)) };
}

/** Opens a database of either engine as anybody would. */
export function openWordNet(backend: "v3" | "sqlite", path: string): GraphBackend<WordNet> {
  return backend === "v3" ? V3Backend.open<WordNet>(path) : SqliteBackend.open<WordNet>(path);
}

/** Puts it into a database in one transaction. */
export function insertWordNet(db: GraphBackend<WordNet>, rows: WordNetRows, content: Content = "all"): void {
  db.transaction((tx) => {
    const ids = new Map<number, number>();
    for (const { key, node } of rows.synsets) {
      ids.set(key, tx.insertNode(content === "all" ? node : structureOf(node)));
    }
    for (const { fromKey, toKey, type, data } of rows.pointers) {
      const from = ids.get(fromKey) as number;
      const to = ids.get(toKey) as number;
      tx.insertEdge({ from, to, type, data: content === "all" ? data ?? {} : {} });
    }
  });
}

/** A node without its text. Its data is absent, which the schema does not know. */
function structureOf({ kind, name }: SynsetRow["node"]): SynsetRow["node"] {
  return { kind, name } as SynsetRow["node"];
}

/** Opens, loads and closes. */
export function loadWordNet(backend: "v3" | "sqlite", path: string, rows: WordNetRows, content: Content = "all"): void {
  using db = openWordNet(backend, path);
  insertWordNet(db, rows, content);
}
