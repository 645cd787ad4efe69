/** The SQLite backend against SQL written by hand on the same driver, on WordNet 3.1 (117,791 nodes, 378,203 edges). */

import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { open } from "../../mod.ts";
import { type PointerRow, readPointers, readSynsets, type SynsetRow, type WordNet } from "../../scripts/wordnet.ts";
import { type Harness, runInOwnProcess } from "../harness.ts";

const FOLDER = fileURLToPath(new URL("../../.tmp/bench", import.meta.url));
const LOOKUPS = 2_000;

/** The part of both drivers that hand-written SQL needs. */
interface HandStatement {
  get(...parameters: unknown[]): Record<string, unknown>;
  all(...parameters: unknown[]): Record<string, unknown>[];
  run(...parameters: unknown[]): { lastInsertRowid: number | bigint };
  safeIntegers?(on: boolean): void;
  setReadBigInts?(on: boolean): void;
}

interface HandDatabase {
  exec(sql: string): void;
  prepare(sql: string): HandStatement;
  close(): void;
}

/** The runtime's own driver, without anything of ours. */
function openByHand(path: string): HandDatabase {
  const [module, name] = "Bun" in globalThis ? ["bun:sqlite", "Database"] : ["node:sqlite", "DatabaseSync"];
  const driver = process.getBuiltinModule(module as "node:sqlite") as unknown as Record<
    string,
    new (path: string) => HandDatabase
  >;
  const database = new driver[name as string]!(path);
  database.exec(
    `PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -65536;
    PRAGMA temp_store = MEMORY;`,
  );
  return database;
}

/** A statement whose integers are bigint, so that none is rounded. */
function prepareSafely(database: HandDatabase, sql: string): HandStatement {
  const statement = database.prepare(sql);
  statement.safeIntegers?.(true);
  statement.setReadBigInts?.(true);
  return statement;
}

function emptyDatabase(): string {
  const path = `${FOLDER}/${randomBytes(6).toString("hex")}.graph`;
  open(path, { backend: "sqlite" }).close();
  return path;
}

function remove(path: string): void {
  for (const suffix of ["", "-wal", "-shm"]) rmSync(`${path}${suffix}`, { force: true });
}

function load(path: string, synsets: readonly SynsetRow[], pointers: readonly PointerRow[]): void {
  using db = open<WordNet>(path);
  db.transaction((tx) => {
    const ids = new Map<number, number>();
    for (const { key, node } of synsets) ids.set(key, tx.insertNode(node));
    for (const { fromKey, toKey, type, data } of pointers) {
      tx.insertEdge({ from: ids.get(fromKey)!, to: ids.get(toKey)!, type, data: data ?? {} });
    }
  });
}

function loadByHand(path: string, synsets: readonly SynsetRow[], pointers: readonly PointerRow[]): void {
  const database = openByHand(path);
  const node = prepareSafely(database, "INSERT INTO graph_entities (kind, name, file_path, data) VALUES (?, ?, ?, ?)");
  const label = prepareSafely(database, "INSERT INTO graph_labels (entity_id, label) VALUES (?, ?)");
  const edge = prepareSafely(database, "INSERT INTO graph_edges (from_id, to_id, edge_type, data) VALUES (?, ?, ?, ?)");
  database.exec("BEGIN IMMEDIATE");
  const ids = new Map<number, number>();
  for (const { key, node: { kind, name, labels, data } } of synsets) {
    const id = Number(node.run(kind, name, null, JSON.stringify(data)).lastInsertRowid);
    label.run(id, kind);
    for (const further of labels ?? []) label.run(id, further);
    ids.set(key, id);
  }
  for (const { fromKey, toKey, type, data } of pointers) {
    edge.run(ids.get(fromKey)!, ids.get(toKey)!, type, JSON.stringify(data ?? {}));
  }
  database.exec("COMMIT");
  database.close();
}

/** Ids spread over all nodes, the same in every run. */
function spreadIds(count: number): number[] {
  return Array.from({ length: LOOKUPS }, (_, index) => 1 + (index * 48_271) % count);
}

/** Measures load, lookups and memory. */
export default async function sqlite(bench: Harness): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  const synsets = [...readSynsets()];
  const pointers = [...readPointers()];
  await bench.job({
    name: "bulk load of WordNet",
    prepare: emptyDatabase,
    measured: (path) => load(path, synsets, pointers),
    reference: (path) => loadByHand(path, synsets, pointers),
    cleanUp: remove,
    atMost: 1.25,
  });

  const path = emptyDatabase();
  try {
    load(path, synsets, pointers);
    using db = open<WordNet>(path);
    const hand = openByHand(path);
    const select = hand.prepare("SELECT id, kind, name, file_path, data FROM graph_entities WHERE id = ?");
    const neighbors = hand.prepare("SELECT to_id FROM graph_edges WHERE from_id = ?");
    const ids = spreadIds(synsets.length);
    await bench.operation({
      name: "getNode",
      unit: "us",
      operations: ids.length,
      measured: () => {
        let glosses = 0;
        for (const id of ids) glosses += db.getNode(id)!.data.gloss.length;
        return glosses;
      },
      reference: () => {
        let glosses = 0;
        for (const id of ids) glosses += JSON.parse(select.get(id)["data"] as string).gloss.length;
        return glosses;
      },
      atMost: 1.5,
    });
    await bench.operation({
      name: "neighbors",
      unit: "us",
      operations: ids.length,
      measured: () => {
        let found = 0;
        for (const id of ids) found += db.neighbors(id, { distinct: false }).length;
        return found;
      },
      reference: () => {
        let found = 0;
        for (const id of ids) found += neighbors.all(id).length;
        return found;
      },
      atMost: 1.5,
    });
    hand.close();
  } finally {
    remove(path);
  }

  const peakMb = await runInOwnProcess(new URL("../sqlite_load.ts", import.meta.url));
  bench.value({ name: "resident memory of the load", unit: "MB", value: Number(peakMb), atMost: 300 });
}
